# Sourced by who needs database servers of his own: `start_servers` starts PostgreSQL and MariaDB and `start_firebird` Firebird, each
# says where they are, and the end of the script stops them.

servers=$(mktemp --directory)
chmod 755 "$servers" # The servers' own users must get in.
server_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

stop_servers() {
    for server in postgres mariadb firebird; do
        [[ ! -d $servers/$server ]] || "$server_scripts/$server" stop "$servers/$server" || true
    done
    rm -rf "$servers"
}
trap stop_servers EXIT

start_servers() {
    PATCHWRIGHT_TEST_POSTGRES=$("$server_scripts/postgres" start "$servers/postgres")
    PATCHWRIGHT_TEST_MARIADB=$("$server_scripts/mariadb" start "$servers/mariadb")
    export PATCHWRIGHT_TEST_POSTGRES PATCHWRIGHT_TEST_MARIADB
}

start_firebird() {
    PATCHWRIGHT_TEST_FIREBIRD=$("$server_scripts/firebird" start "$servers/firebird")
    export PATCHWRIGHT_TEST_FIREBIRD
}
