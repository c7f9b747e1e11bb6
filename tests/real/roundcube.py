"""Roundcube's schema history, 33 files since 2008, each a patch (A10 C20 C41)."""

import shutil
import sqlite3
import tempfile
from itertools import pairwise
from pathlib import Path

import database
from downloads import debian_tree, debian_version
from installation import REFUSED, Installation, patchwright

PACKAGE = "roundcube-core"
DATA = Path(__file__).parent / "roundcube"
FIRST_VERSION = "0.1"
# The file whose unique index does not fit a site that knows a user twice.
UNIQUE_USERS = "2010100600"

MANIFEST = """\
<patch format="1" product="roundcube" id="roundcube-{to}" from="{old}" to="{to}" severity="recommended">
  <title>Schema {to}</title>
  <steps>
{steps}
  </steps>
</patch>
"""


def schema_folder():
    return debian_tree(PACKAGE) / "usr/share/roundcube/SQL"


def history():
    """The numbered files, oldest first."""
    files = sorted((schema_folder() / "sqlite").glob("*.sql"))
    assert len(files) > 30, f"{PACKAGE} {debian_version(PACKAGE)} has another history"
    return files


def versions():
    return [FIRST_VERSION, *(file.stem for file in history())]


def pack(archives, old, *files):
    """Makes the patch of the last file, with the others before it."""
    to = files[-1].stem
    with tempfile.TemporaryDirectory() as folder:
        sql = Path(folder) / "sql"
        sql.mkdir()
        for file in files:
            shutil.copy(file, sql)
        steps = "\n".join(f'    <sql dialect="sqlite" src="sql/{file.name}"/>' for file in files)
        (Path(folder) / "patch.xml").write_text(MANIFEST.format(old=old, to=to, steps=steps))
        archive = Path(archives) / f"{to}.tar"
        patchwright("pack", folder, "--output", archive)
    return archive


def pack_history(archives):
    for old, file in zip(versions(), history()):
        pack(archives, old, file)


class World:
    """A Roundcube of the first release, and the patches for all its history."""

    def __init__(self, *more_rows):
        self.more_rows = more_rows

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        folder = Path(self.temporary.name)
        self.archives, self.folder = folder / "archives", folder / "site"
        self.archives.mkdir()
        self.folder.mkdir()
        pack_history(self.archives)
        self.database = self.folder / "roundcube.db"
        database.run_script(self.database, DATA / "first-release.sql", *self.more_rows)
        self.site = Installation(self.folder, schema_folder() / "sqlite", "roundcube", FIRST_VERSION, "--database",
                                 "sqlite:roundcube.db")
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()


def fresh_description():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fresh.db"
        database.run_script(path, schema_folder() / "sqlite.initial.sql")
        return database.description(path)


def expected_differences():
    lines = (DATA / "expected-differences.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def assert_schema_of_today(path):
    fresh, upgraded = fresh_description(), database.description(path)
    found = {f"only fresh: {line}" for line in fresh - upgraded} | {f"only upgraded: {line}" for line in upgraded - fresh}
    unexpected, not_found = sorted(found - expected_differences()), sorted(expected_differences() - found)
    assert not unexpected and not not_found, "\n".join(["differences:", *unexpected, "no longer there:", *not_found])
    assert database.broken_keys(path) == []
    return len(fresh)


def all_of_the_history_leads_to_the_schema_of_today():
    with World() as world:
        world.site.apply(world.archives)
        assert world.site.version() == versions()[-1]
        things = assert_schema_of_today(world.database)
        people = database.rows(world.database, "SELECT user_id, username, language, preferences FROM users ORDER BY 1")
        assert people == [(1, "ada", "en", 'a:1:{s:4:"skin";s:1:";";}'), (2, "bjørn", None, "-- not a comment")]
        names = database.rows(world.database, "SELECT user_id, name FROM contacts ORDER BY contact_id")
        assert names == [(1, "Émilie O'Neill"), (2, "Chen")]
        signatures = database.rows(world.database, "SELECT email, signature FROM identities ORDER BY identity_id")
        assert signatures == [("ada@mail.example", "--\nAda;"), ("bjorn@mail.example", "")]
    print(f"       {PACKAGE} {debian_version(PACKAGE)}: {len(history())} patches, {things} things of the schema compared")


def one_patch_at_a_time_leads_to_the_same_schema():
    with World() as world:
        for version in versions()[1:]:
            world.site.apply(world.archives / f"{version}.tar")
            assert world.site.version() == version
        assert_schema_of_today(world.database)


def a_patch_that_fails_halfway_leaves_nothing_behind():
    with World(DATA / "same-user-twice.sql") as world:
        world.site.apply("--to", before(UNIQUE_USERS), world.archives)
        as_it_was = database.dump(world.database)
        archive = world.archives / f"{UNIQUE_USERS}.tar"

        # The file does fail halfway where nobody takes it back.
        alone = world.folder / "alone.db"
        shutil.copy(world.database, alone)
        assert fails(alone, schema_folder() / f"sqlite/{UNIQUE_USERS}.sql")
        assert database.dump(alone) != as_it_was

        shown, problem = world.site.apply(archive, expect=REFUSED)
        told = shown + problem
        for word in ["statement 2 of 10", f"sql/{UNIQUE_USERS}.sql:4", "UNIQUE constraint failed", "untouched"]:
            assert word in told, f"{word!r} is not in:\n{told}"
        [patch] = world.site.plan(archive, expect=REFUSED)["patches"]
        [blocker] = [finding for finding in patch["findings"] if finding["severity"] == "blocker"]
        position = blocker["position"]
        assert (position["file"], position["line"]) == (f"sql/{UNIQUE_USERS}.sql", 4), blocker
        assert database.dump(world.database) == as_it_was
        assert world.site.version() == before(UNIQUE_USERS)
    print("       " + " ".join(problem.split()))


def a_plan_that_fails_in_the_middle_changes_nothing():
    with World(DATA / "same-user-twice.sql") as world:
        as_it_was = database.dump(world.database)
        told = "".join(world.site.apply(world.archives, expect=REFUSED))
        assert f"roundcube-{UNIQUE_USERS}" in told, told
        assert database.dump(world.database) == as_it_was
        assert world.site.version() == FIRST_VERSION


def a_corrected_patch_goes_on_where_the_first_one_failed():
    with World(DATA / "same-user-twice.sql") as world:
        world.site.apply(world.archives, expect=REFUSED)
        pack(world.archives, before(UNIQUE_USERS), DATA / "merge-users.sql", schema_folder() / f"sqlite/{UNIQUE_USERS}.sql")
        world.site.apply(world.archives)
        assert world.site.version() == versions()[-1]
        assert_schema_of_today(world.database)
        owners = database.rows(world.database, "SELECT contact_id, user_id FROM contacts ORDER BY 1")
        assert owners == [(1, 1), (2, 2), (3, 1)], "a contact of the second account is lost"


def before(version):
    return next(old for old, new in pairwise(versions()) if new == version)


def fails(path, script):
    try:
        database.run_script(path, script)
    except sqlite3.IntegrityError:
        return True
    return False


STORIES = [
    all_of_the_history_leads_to_the_schema_of_today,
    one_patch_at_a_time_leads_to_the_same_schema,
    a_patch_that_fails_halfway_leaves_nothing_behind,
    a_plan_that_fails_in_the_middle_changes_nothing,
    a_corrected_patch_goes_on_where_the_first_one_failed,
]
