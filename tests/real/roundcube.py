"""Roundcube's schema history since 2008 on three databases, each file a patch (A10 A11 C20 C41)."""

import tempfile
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from databases import ALL, ClientFailed, MariaDb, Postgres, Sqlite
from description import description, logic
from downloads import debian_tree, debian_version
from installation import REFUSED, DatabaseSite
from splitting import assert_split_as_the_server_saw, pieces

PACKAGE = "roundcube-core"
DATA = Path(__file__).parent / "roundcube"
FIRST_VERSION = "0.1"
# The file whose unique index does not fit a site that knows a user twice.
UNIQUE_USERS = "2010100600"
DIALECTS = [kind.dialect for kind in ALL]


def schema_folder():
    return debian_tree(PACKAGE) / "usr/share/roundcube/SQL"


def history(dialect):
    """The numbered files of a dialect, oldest first."""
    files = sorted((schema_folder() / dialect).glob("*.sql"))
    assert len(files) > 30, f"{PACKAGE} {debian_version(PACKAGE)} has another history"
    return files


def numbers():
    """Every number that one of the dialects has a file for."""
    return sorted({file.stem for dialect in DIALECTS for file in history(dialect)})


def versions():
    return [FIRST_VERSION, *numbers()]


def before(version):
    return next(old for old, new in pairwise(versions()) if new == version)


def as_sql(number):
    """The step that holds a number's files as they are, a variant for each dialect, and the members that it needs."""
    steps, files = [], {}
    for dialect in DIALECTS:
        file = schema_folder() / dialect / f"{number}.sql"
        if file.exists():
            name = f"sql/{dialect}/{file.name}"
            files[name] = file
            undo = DATA / dialect / f"undo-{number}.sql"
            if undo.exists():
                files[f"sql/{dialect}/{undo.name}"] = undo
                steps.append(f'    <sql dialect="{dialect}" src="{name}"><undo src="sql/{dialect}/{undo.name}"/></sql>')
            else:
                steps.append(f'    <sql dialect="{dialect}" src="{name}"/>')
        else:
            steps.append(f'    <sql dialect="{dialect}"/>')
    return "\n".join(steps), files


def as_portable(number):
    """The step that says a number's changes once for all dialects, as far as portable changes can."""
    return (DATA / "portable" / f"{number}.xml").read_text().replace("<steps>", "").replace("</steps>", ""), {}


def install_first_release(database, *more_rows):
    for script in [DATA / database.dialect / "first-release.sql", DATA / "people.sql", *more_rows]:
        database.run(script)


class World:
    """A Roundcube of the first release on one kind of database, and the patches for all its history."""

    def __init__(self, kind, *more_rows, steps=as_sql):
        self.database = kind()
        self.more_rows = more_rows
        self.steps = steps

    def __enter__(self):
        self.database.__enter__()
        install_first_release(self.database, *self.more_rows)
        self.site = DatabaseSite(self.database, "roundcube", FIRST_VERSION)
        for old, new in pairwise(versions()):
            self.site.pack(old, new, *self.steps(new))
        self.archives = self.site.archives
        return self

    def __exit__(self, *_):
        self.site.temporary.cleanup()
        self.database.__exit__()


def expected_differences(dialect):
    lines = (DATA / dialect / "expected-differences.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def assert_schema_of_today(database):
    """Compares with a database that the file for new installations made."""
    with type(database)() as fresh_database:
        fresh_database.run(schema_folder() / f"{database.dialect}.initial.sql")
        fresh = description(fresh_database)
    upgraded = description(database)
    found = {f"only fresh: {line}" for line in fresh - upgraded} | {f"only upgraded: {line}" for line in upgraded - fresh}
    assert_only(found, expected_differences(database.dialect))
    if database.dialect == "sqlite":
        assert database.rows("PRAGMA foreign_key_check") == []
    return len(fresh)


def assert_only(found, expected):
    unexpected, not_found = sorted(found - expected), sorted(expected - found)
    assert not unexpected and not not_found, "\n".join(["differences:", *unexpected, "no longer there:", *not_found])


def assert_people_are_still_there(database):
    people = database.rows("SELECT user_id, username, language, preferences FROM users ORDER BY 1")
    assert people == [("1", "ada", "en", 'a:1:{s:4:"skin";s:1:";";}'), ("2", "bjørn", "nb", "-- not a comment")], people
    names = database.rows("SELECT user_id, name FROM contacts ORDER BY contact_id")
    assert names == [("1", "Émilie O'Neill"), ("2", "Chen")], names
    signatures = database.rows("SELECT email, signature FROM identities WHERE del = 0 ORDER BY identity_id")
    assert signatures == [("ada@mail.example", "--\nAda;"), ("bjorn@mail.example", "")], signatures


def all_of_the_history_leads(kind):
    with World(kind) as world:
        world.site.apply_for_good(world.archives)
        assert world.site.version() == versions()[-1]
        things = assert_schema_of_today(world.database)
        assert_people_are_still_there(world.database)
    print(f"       {PACKAGE} {debian_version(PACKAGE)}: {len(numbers())} patches, {things} things of the schema compared")


def all_of_the_history_leads_to_the_schema_of_today_on_sqlite():
    all_of_the_history_leads(Sqlite)


def all_of_the_history_leads_to_the_schema_of_today_on_postgres():
    all_of_the_history_leads(Postgres)


def all_of_the_history_leads_to_the_schema_of_today_on_mariadb():
    all_of_the_history_leads(MariaDb)


def one_patch_at_a_time_leads_to_the_same_schema():
    for kind in ALL:
        with World(kind) as world:
            for version in numbers():
                world.site.apply_for_good(world.archives / f"{version}.tar")
                assert world.site.version() == version
            assert_schema_of_today(world.database)


def the_history_is_split_as_the_statement_logs_of_the_servers_say():
    counts = []
    for kind in ALL:
        with kind() as database:
            install_first_release(database)
            count = sum(assert_split_as_the_server_saw(database, file) for file in history(kind.dialect))
        counts.append(f"{kind.dialect} {count} in {len(history(kind.dialect))} files")
    print(f"       statements: {', '.join(counts)}")


def everything(database):
    """Structure and rows; an index that was dropped and made again may stand elsewhere."""
    return description(database), sorted(database.dump().splitlines()) if database.dialect != "mysql" else None


def a_patch_that_fails_halfway_leaves_nothing_behind():
    for kind in ALL:
        with World(kind, DATA / "same-user-twice.sql") as world:
            world.site.apply_for_good("--to", before(UNIQUE_USERS), world.archives)
            as_it_was = everything(world.database)
            file = schema_folder() / kind.dialect / f"{UNIQUE_USERS}.sql"
            told = "".join(world.site.apply_for_good(world.archives / f"{UNIQUE_USERS}.tar", expect=FAILS[kind]))
            for word in ["statement 2 of", f"sql/{kind.dialect}/{UNIQUE_USERS}.sql:4", STANDS[kind]]:
                assert word in told, f"{word!r} is not in:\n{told}"
            assert everything(world.database) == as_it_was
            assert world.site.version() == before(UNIQUE_USERS)

            # The file does fail halfway where nobody takes it back.
            try:
                world.database.run(file)
            except ClientFailed:
                assert everything(world.database) != as_it_was
            else:
                raise AssertionError(f"{file} does not fail")


# SQLite and PostgreSQL rehearse a patch in a transaction. MariaDB can't: what fails there is taken back.
FAILS = {Sqlite: REFUSED, Postgres: REFUSED, MariaDb: 30}
STANDS = {Sqlite: "untouched", Postgres: "untouched", MariaDb: "taken back"}


def a_plan_that_fails_in_the_middle_changes_nothing():
    for kind in [Sqlite, Postgres]:
        with World(kind, DATA / "same-user-twice.sql") as world:
            as_it_was = world.database.dump()
            told = "".join(world.site.apply_for_good(world.archives, expect=REFUSED))
            assert f"roundcube-{UNIQUE_USERS}" in told, told
            assert world.database.dump() == as_it_was
            assert world.site.version() == FIRST_VERSION


def a_corrected_patch_goes_on_where_the_first_one_failed():
    for kind in ALL:
        with World(kind, DATA / "same-user-twice.sql") as world:
            world.site.apply_for_good("--to", before(UNIQUE_USERS), world.archives)
            world.site.apply_for_good(world.archives, expect=FAILS[kind])
            steps, files = as_sql(UNIQUE_USERS)
            steps = f'    <sql src="merge-users.sql"/>\n{steps}'
            world.site.pack(before(UNIQUE_USERS), UNIQUE_USERS, steps, {**files, "merge-users.sql": DATA / "merge-users.sql"})
            world.site.apply_for_good(world.archives)
            assert world.site.version() == versions()[-1]
            assert_schema_of_today(world.database)
            owners = world.database.rows("SELECT contact_id, user_id FROM contacts ORDER BY 1")
            assert owners == [("1", "1"), ("2", "2"), ("3", "1")], "a contact of the second account is lost"


def the_history_as_portable_changes_leads_to_one_schema_on_every_database():
    found, left = {}, []
    for kind in ALL:
        with kind() as database, DatabaseSite(database, "roundcube", "0") as site:
            site.apply_for_good(site.pack("0", FIRST_VERSION, *as_portable(FIRST_VERSION)))
            database.run(DATA / "people.sql")
            for old, new in pairwise(versions()):
                # One by one: where DDL can't be rolled back, what SQL makes of a table is known only once it has happened.
                site.apply_for_good(site.pack(old, new, *as_portable(new)))
            assert site.version() == versions()[-1]
            assert_people_are_still_there(database)
            found[kind.dialect] = logic(database)
        with kind() as fresh_database:
            fresh_database.run(schema_folder() / f"{kind.dialect}.initial.sql")
            fresh = logic(fresh_database)
        differences = {f"{kind.dialect}: {line}" for line in fresh ^ found[kind.dialect]}
        assert_only(differences, {line for line in expected_differences("portable") if line.startswith(kind.dialect)})
        left.append(f"{kind.dialect} {statements_left(kind.dialect)} of {statements_before(kind.dialect)}")
    galera = {"column dictionary.id not null", "primary key dictionary: id"}
    assert found["sqlite"] == found["postgres"] == found["mysql"] - galera, found["sqlite"] ^ found["postgres"]
    print(f"       {len(found['sqlite'])} things of one logical schema; statements still in SQL: {', '.join(left)}")


def statements_before(dialect):
    return sum(len(pieces(dialect, file)) for file in history(dialect))


def statements_left(dialect):
    """How many statements of a dialect the portable history still has."""
    count = 0
    for number in numbers():
        for element in ElementTree.fromstring((DATA / "portable" / f"{number}.xml").read_text()).iter("sql"):
            if dialect in element.get("dialect").split() and element.text:
                with tempfile.NamedTemporaryFile("w") as script:
                    script.write(element.text)
                    script.flush()
                    count += len(pieces(dialect, script.name))
    return count


STORIES = [
    all_of_the_history_leads_to_the_schema_of_today_on_sqlite,
    all_of_the_history_leads_to_the_schema_of_today_on_postgres,
    all_of_the_history_leads_to_the_schema_of_today_on_mariadb,
    one_patch_at_a_time_leads_to_the_same_schema,
    the_history_is_split_as_the_statement_logs_of_the_servers_say,
    the_history_as_portable_changes_leads_to_one_schema_on_every_database,
    a_patch_that_fails_halfway_leaves_nothing_behind,
    a_plan_that_fails_in_the_middle_changes_nothing,
    a_corrected_patch_goes_on_where_the_first_one_failed,
]
