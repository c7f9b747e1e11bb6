#!/bin/sh
# Breaks the protocol on purpose, once for each patch file here, and expects the tests of the dying disk, of restarts, of the handover
# and of what is kept to notice. A mutation that nothing notices is a hole in the simulation. Takes the names of mutations, or none for
# all.
set -u
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
# One build folder for all of them: only the engine is built anew.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-"$copy/target"}
export CARGO_TARGET_DIR
survived=0
[ $# -gt 0 ] || set -- $(cd "$here" && ls ./*.patch | sed 's|^\./||; s|\.patch$||')
for mutation in "$@"; do
    rm -rf "$copy/tree" && mkdir "$copy/tree"
    (cd "$project" && tar -cf - --exclude=./target --exclude=./.git .) | tar -xf - -C "$copy/tree"
    if ! (cd "$copy/tree" && git apply --unsafe-paths "$here/$mutation.patch"); then
        echo "$mutation: does not apply any more"
        survived=$((survived + 1))
        continue
    fi
    # The copy is newer than what was built last, whatever the clock of its files says.
    find "$copy/tree/engine/src" -name '*.rs' -exec touch {} +
    report=$(cd "$copy/tree" && RUST_BACKTRACE=0 cargo test -q -p acceptance --test suite -- dying_disk restarts handover kept 2>&1)
    caught=$(echo "$report" | sed -n 's/^    dying_disk:://p; s/^    restarts:://p; s/^    handover:://p; s/^    kept:://p' | sort -u | tr '\n' ' ')
    if echo "$report" | grep -q '^error: could not compile\|^error\['; then
        echo "$mutation: does not compile"
        survived=$((survived + 1))
    elif [ -n "$caught" ]; then
        echo "$mutation: caught by $caught"
    else
        echo "$mutation: SURVIVED"
        survived=$((survived + 1))
    fi
done
exit "$survived"
