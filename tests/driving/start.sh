# Sourced by the suites that drive the command from Python: finds or builds it, and starts the servers that are asked for.
#
# PATCHWRIGHT names the binary. PATCHWRIGHT_TEST_POSTGRES and PATCHWRIGHT_TEST_MARIADB are not taken over: the suites
# change settings of the servers, so each run has servers of its own.

driving=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$driving/../.." && pwd)

if [[ -z ${PATCHWRIGHT:-} ]]; then
    cargo build --release --quiet --locked --manifest-path "$repository/Cargo.toml" -p patchwright
    PATCHWRIGHT=${CARGO_TARGET_DIR:-$repository/target}/release/patchwright
fi
if [[ ! -x $PATCHWRIGHT ]]; then
    echo "PATCHWRIGHT=$PATCHWRIGHT is not a program" >&2
    exit 2
fi
PATCHWRIGHT=$(realpath "$PATCHWRIGHT")
PATCHWRIGHT_CACHE=${PATCHWRIGHT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/patchwright-tests}
export PATCHWRIGHT PATCHWRIGHT_CACHE
mkdir -p "$PATCHWRIGHT_CACHE"
export PYTHONPATH=$driving PYTHONDONTWRITEBYTECODE=1

source "$repository/tests/servers/own.sh"
