"""What the migration tools of the world get wrong, told of Patchwright on every database (A10 A11 C20 C41 D14).

The lines are those of the table in the README, "Drift, and what else does not fit", and of what a crash leaves.
"""

import signal
import subprocess
import time

from databases import ALL, MariaDb, Postgres, Sqlite
from installation import (DONE, NOTHING_TO_DO, PATCHWRIGHT, REFUSED, TAKEN_BACK, DatabaseSite, patchwright,
                          patchwright_json)
from line import Line
from many_tables import make_tables

PATIENCE_SECONDS = 120
# `verify`: the structure of the database is not as the patches left it.
DRIFTED = 15

# The third statement finds a table in its way that is none of the patch's business.
FOUR_STATEMENTS = """\
    <sql>CREATE TABLE first (id INTEGER PRIMARY KEY, note VARCHAR(20))<undo>DROP TABLE first</undo></sql>
    <sql>INSERT INTO first VALUES (1, 'once')<undo>DELETE FROM first</undo></sql>
    <sql>CREATE TABLE hindrance (id INTEGER PRIMARY KEY)<undo>DROP TABLE hindrance</undo></sql>
    <sql>INSERT INTO first VALUES (2, 'once')<undo>DELETE FROM first WHERE id = 2</undo></sql>"""


def fails_for_an_outside_reason(database):
    """A rehearsal finds it everywhere: in a transaction, or by looking whether the name is taken."""
    database.execute("CREATE TABLE hindrance (id INTEGER PRIMARY KEY)")


def a_script_that_failed_halfway_converges_once_the_cause_is_gone():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            patch = site.pack("0", "1", FOUR_STATEMENTS)
            fails_for_an_outside_reason(database)
            before = database.dump()
            site.apply(patch, expect=REFUSED)
            assert database.dump() == before, f"{kind.dialect}: a refused patch left something behind"
            database.execute("DROP TABLE hindrance")
            site.apply(patch)
            assert database.rows("SELECT id, note FROM first ORDER BY id") == [("1", "once"), ("2", "once")]
            site.apply(patch, expect=NOTHING_TO_DO)


def a_failure_that_only_the_run_meets_is_taken_back_and_converges():
    """On MariaDB the rehearsal can't see that rows of one statement stand in the way of a later DDL."""
    steps = """\
    <sql>CREATE TABLE first (id INTEGER PRIMARY KEY, note VARCHAR(20))<undo>DROP TABLE first</undo></sql>
    <sql>INSERT INTO first SELECT id, note FROM given<undo>DELETE FROM first</undo></sql>
    <sql>CREATE UNIQUE INDEX first_note ON first (note)<undo/></sql>
    <sql>INSERT INTO first VALUES (9, 'once')<undo/></sql>"""
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            database.execute("CREATE TABLE given (id INTEGER PRIMARY KEY, note VARCHAR(20))")
            database.execute("INSERT INTO given VALUES (1, 'twice'), (2, 'twice')")
            before = database.dump()
            patch = site.pack("0", "1", steps)
            site.apply(patch, expect=TAKEN_BACK if kind is MariaDb else REFUSED)
            assert database.dump() == before, f"{kind.dialect}: a failed patch left something behind"
            database.execute("DELETE FROM given WHERE id = 2")
            site.apply(patch)
            assert database.rows("SELECT id, note FROM first ORDER BY id") == [("1", "twice"), ("9", "once")]


def a_second_statement_that_fails_is_never_taken_for_done():
    """As in a packet of several statements, of which a driver tells the first one's success."""
    steps = "<sql>INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)<undo>DELETE FROM t</undo></sql>"
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            told = "".join(site.apply(site.pack("0", "1", steps), expect=REFUSED))
            assert "statement 2 of 2" in told, told
            assert site.version() == "0" and database.rows("SELECT * FROM t") == []


# A statement that takes the server some seconds, and how to see that it is under way.
SLOW = {
    Sqlite: "CREATE INDEX big_text ON big (text, id)",
    Postgres: "ALTER TABLE big ALTER COLUMN text TYPE varchar(200) USING upper(text || repeat(md5(text), 3))",
    MariaDb: "ALTER TABLE big MODIFY text VARCHAR(200) CHARACTER SET latin1, ALGORITHM=COPY",
}
FILL = {
    Sqlite: "INSERT INTO big SELECT value, hex(randomblob(20)) FROM generate_series(1, 400000)",
    Postgres: "INSERT INTO big SELECT n, md5(n::text) FROM generate_series(1, 400000) AS n",
    MariaDb: "INSERT INTO big SELECT seq, md5(seq) FROM seq_1_to_400000",
}
UNDER_WAY = {
    Postgres: "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
              " AND query LIKE 'ALTER TABLE big%'",
    MariaDb: "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE 'ALTER TABLE big%'",
}


def a_client_killed_while_the_server_runs_a_ddl_statement_converges():
    for kind in [Postgres, MariaDb]:
        with kind() as database, DatabaseSite(database) as site:
            database.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, text VARCHAR(100))")
            database.execute(FILL[kind])
            steps = f"""\
    <sql>CREATE TABLE early (id INTEGER PRIMARY KEY)<undo>DROP TABLE early</undo></sql>
    <sql>{SLOW[kind]}<undo>ALTER TABLE big ADD COLUMN never INTEGER; ALTER TABLE big DROP COLUMN never</undo></sql>
    <sql>CREATE TABLE late (id INTEGER PRIMARY KEY)<undo>DROP TABLE late</undo></sql>"""
            patch = site.pack("0", "1", steps)
            run = start(site, patch)
            wait_until(lambda: database.rows(UNDER_WAY[kind]) != [("0",)] or run.poll() is not None)
            assert run.poll() is None, f"{kind.dialect}: the statement was too fast to be caught"
            run.send_signal(signal.SIGKILL)
            run.wait()
            # Who comes next waits for the dead client's lock, which the server holds until the statement has ended.
            wait_until(lambda: apply_code(site, patch) in (DONE, NOTHING_TO_DO))
            assert site.version() == "1"
            assert database.rows("SELECT count(*) FROM big") == [("400000",)]
            assert database.rows("SELECT count(*) FROM early") == database.rows("SELECT count(*) FROM late") == [("0",)]


def start(site, patch):
    words = [PATCHWRIGHT, "--site", site.folder, "apply", "--yes", patch]
    return subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def apply_code(site, patch):
    return start(site, patch).wait()


def wait_until(holds):
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


TWO_LINES = "CREATE TABLE t (\n  id INTEGER PRIMARY KEY\n);\nINSERT INTO t VALUES (1);\n"
AS_A_FILE = '<sql src="t.sql"><undo>DROP TABLE t</undo></sql>'


def other_line_endings_are_no_false_alarm():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            site.apply(site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES}))
            site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES.replace("\n", "\r\n")})
            site.apply(site.archives, expect=NOTHING_TO_DO)


def an_edited_patch_is_told():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            site.apply(site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES}))
            site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES.replace("(1)", "(2)")})
            site.pack("1", "2", "<sql>INSERT INTO t VALUES (3)<undo/></sql>")
            told = "".join(site.apply(site.archives, expect=REFUSED))
            assert "acme-1" in told, told
            assert database.rows("SELECT id FROM t") == [("1",)]


def a_patch_that_arrives_late_is_told_and_policy_decides():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES})
            site.pack("1", "3", "<sql>INSERT INTO t VALUES (3)<undo/></sql>")
            site.apply(site.archives)
            site.pack("1", "2", "<sql>INSERT INTO t VALUES (2)<undo/></sql>")
            before = database.dump()
            told = "".join(site.apply(site.archives, expect=NOTHING_TO_DO))
            assert "acme-2 (1 to 2) arrives late" in told, told
            with open(site.folder / "patchwright.toml", "a") as configuration:
                configuration.write("\n[policy]\nlate-patches = \"refuse\"\n")
            told = "".join(site.apply(site.archives, expect=REFUSED))
            assert "acme-2 (1 to 2) arrives late" in told, told
            assert database.dump() == before and site.version() == "3"


def a_table_dropped_by_hand_is_told():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            site.apply(site.pack("0", "1", AS_A_FILE, {"t.sql": TWO_LINES}))
            patchwright("--site", site.folder, "verify")
            database.execute("DROP TABLE t")
            told = "".join(patchwright("--site", site.folder, "verify", expect=DRIFTED))
            assert "t" in told.split() or "table t" in told, told


def an_index_made_concurrently_runs_outside_of_the_transaction():
    with Postgres() as database, DatabaseSite(database) as site:
        database.execute("CREATE TABLE t (id integer PRIMARY KEY, title text)")
        site.apply(site.pack("0", "1", "<sql>CREATE INDEX CONCURRENTLY t_title ON t (title)"
                                       "<undo>DROP INDEX CONCURRENTLY t_title</undo></sql>"))
        valid = database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_title'::regclass")
        assert valid == [("t",)], valid


def the_structure_of_five_hundred_tables_is_compared_in_as_many_turns_as_that_of_five():
    for kind in [Postgres, MariaDb]:
        turns = []
        for count in [5, 500]:
            with kind() as database:
                make_tables(database, count)
                with DatabaseSite(database) as site, Line(*database.address) as line:
                    configuration = site.folder / "patchwright.toml"
                    through = configuration.read_text().replace(database.url, database.url_through(line.port))
                    configuration.write_text(through)
                    structure = patchwright_json("--site", site.folder, "verify")["structure"]
                    assert (structure["checked"], structure["drift"]) == (count, []), structure
                turns.append(len(line.turns))
        assert turns[0] == turns[1] < 60, f"{kind.dialect}: {turns}"
        print(f"       {kind.dialect}: {turns[0]} turns")


def a_thousand_patches_are_applied_in_one_run():
    for kind in ALL:
        with kind() as database, DatabaseSite(database) as site:
            database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
            for number in range(1, 1001):
                site.pack(str(number - 1), str(number), f"<sql>INSERT INTO t VALUES ({number})<undo/></sql>")
            began = time.monotonic()
            site.apply(site.archives)
            took = time.monotonic() - began
            assert site.version() == "1000"
            assert database.rows("SELECT count(*) FROM t") == [("1000",)]
            site.apply(site.archives, expect=NOTHING_TO_DO)
        print(f"       {kind.dialect}: 1,000 patches in {took:.1f} s")


def a_column_added_keeps_what_a_table_forbids():
    made = ("CREATE TABLE person (id INTEGER PRIMARY KEY, mail VARCHAR(80) NOT NULL UNIQUE, age INTEGER CHECK (age > 0),"
            " boss INTEGER REFERENCES person (id))")
    steps = """\
    <add-column table="person" name="name" after="mail"><varchar size="80" null="false" default="nobody"/></add-column>
    <add-column table="person" name="made"><timestamp null="false" default-now="true"/></add-column>"""
    for kind in [Sqlite, Postgres, MariaDb]:
        if kind is Postgres:
            steps = steps.replace(' after="mail"', "")
        with kind() as database, DatabaseSite(database) as site:
            database.execute(made)
            database.execute("INSERT INTO person (id, mail, age) VALUES (1, 'ada@example.org', 36)")
            site.apply(site.pack("0", "1", steps))
            assert database.rows("SELECT id, mail, age, name FROM person") == [("1", "ada@example.org", "36", "nobody")]
            for row in ["(2, 'ada@example.org', 1)", "(3, 'x@example.org', 0)", "(4, NULL, 1)"]:
                assert database.refuses(f"INSERT INTO person (id, mail, age) VALUES {row}"), f"{kind.dialect} takes {row}"


STORIES = [
    a_script_that_failed_halfway_converges_once_the_cause_is_gone,
    a_failure_that_only_the_run_meets_is_taken_back_and_converges,
    a_second_statement_that_fails_is_never_taken_for_done,
    a_client_killed_while_the_server_runs_a_ddl_statement_converges,
    other_line_endings_are_no_false_alarm,
    an_edited_patch_is_told,
    a_patch_that_arrives_late_is_told_and_policy_decides,
    a_table_dropped_by_hand_is_told,
    an_index_made_concurrently_runs_outside_of_the_transaction,
    the_structure_of_five_hundred_tables_is_compared_in_as_many_turns_as_that_of_five,
    a_thousand_patches_are_applied_in_one_run,
    a_column_added_keeps_what_a_table_forbids,
]
