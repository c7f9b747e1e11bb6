"""The torture files of the splitter, given to the servers."""

from pathlib import Path

from databases import ALL, MariaDb
from installation import DatabaseSite
from splitting import assert_split_as_the_server_saw

SCRIPTS = Path(__file__).parents[2] / "hooks-api/tests/splitting"
# These bodies have no delimiter of their own, so that the client can't read the file.
NOT_FOR_THE_CLIENT = {"routines-without-delimiter.sql"}
# A patch may not begin a statement with a comment that is executed: what it is would depend on the server's version.
NOT_FOR_A_PATCH = {"executable-comments.sql"}


def scripts(dialect):
    return sorted(path for path in (SCRIPTS / dialect).glob("*.sql") if path.name not in NOT_FOR_THE_CLIENT)


def torture_files_are_split_as_the_statement_logs_of_the_servers_say():
    counts = []
    for kind in ALL:
        count = 0
        for script in scripts(kind.dialect):
            with kind() as database:
                count += assert_split_as_the_server_saw(database, script)
        counts.append(f"{kind.dialect} {count}")
    print(f"       statements: {', '.join(counts)}")


def torture_files_leave_what_the_native_client_leaves():
    for kind in ALL:
        for script in (script for script in scripts(kind.dialect) if script.name not in NOT_FOR_A_PATCH):
            with kind() as native, kind() as patched:
                native.run(script)
                apply(patched, script)
                assert_same(patched.dump(), native.dump(), script)


def bodies_without_a_delimiter_leave_what_those_with_one_leave():
    with MariaDb() as native, MariaDb() as patched:
        native.run(SCRIPTS / "mysql/routines.sql")
        apply(patched, SCRIPTS / "mysql/routines-without-delimiter.sql")
        assert_same(patched.dump(), native.dump(), "routines-without-delimiter.sql")


def apply(database, script):
    """Runs the script as the one step of a patch."""
    with DatabaseSite(database) as site:
        step = f'<sql dialect="{database.dialect}" src="script.sql"/>'
        site.apply_for_good(site.pack("0", "1", step, {"script.sql": script}))


def assert_same(found, expected, what):
    ours, theirs = without_session(found), without_session(expected)
    if ours != theirs:
        first = next((pair for pair in zip(ours, theirs) if pair[0] != pair[1]), ("", f"{len(theirs)} lines"))
        raise AssertionError(f"{what}: {first[0]!r} instead of {first[1]!r}, and perhaps more")


SESSION = ("/*!50003 SET sql_mode ", "/*!50003 SET time_zone ", "/*!50106 SET TIME_ZONE")


def without_session(dump):
    """MariaDB keeps with each routine the mode and time zone of the session that made it; a patch's session has known ones."""
    return [line for line in dump.splitlines() if not line.startswith(SESSION)]


STORIES = [
    torture_files_are_split_as_the_statement_logs_of_the_servers_say,
    torture_files_leave_what_the_native_client_leaves,
    bodies_without_a_delimiter_leave_what_those_with_one_leave,
]
