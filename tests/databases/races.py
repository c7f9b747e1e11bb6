"""Several starts of one application at the same moment: one brings its site to the version, the others wait (A43 B18).

Each statement of the patches must run once, and every start must end with 0, also where one of them is killed.
"""

import functools
import os
import random
import shlex
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from databases import ALL, MariaDb, Postgres
from installation import ANOTHER_RUNS, DONE, NOTHING_TO_DO, PATCHWRIGHT, REFUSED, DatabaseSite, pack, patchwright_json

# How often each race is run: the issue that asked for it says 100 times, a change that goes in is tried a few times.
RACES = int(os.environ.get("PATCHWRIGHT_RACES", "3"))
WAIT = ["--wait", "120s"]
# The second patch makes the version between visible for a moment; nobody may take it for the end.
STEPS = ["<sql>UPDATE counted SET times = times + 1 WHERE id = 1<undo>UPDATE counted SET times = times - 1</undo></sql>"
         "<sql>CREATE TABLE made (id INTEGER PRIMARY KEY)<undo>DROP TABLE made</undo></sql>",
         "<sql>INSERT INTO made VALUES (1)<undo/></sql>"
         "<sql>UPDATE counted SET times = times + 1 WHERE id = 1<undo/></sql>"]


def count_from_nothing(database):
    database.execute("CREATE TABLE counted (id INTEGER PRIMARY KEY, times INTEGER)")
    database.execute("INSERT INTO counted VALUES (1, 0)")


@functools.cache
def patches():
    """A folder with both, which goes with the process."""
    folder = tempfile.TemporaryDirectory(prefix="patchwright-test-")
    for number, steps in enumerate(STEPS):
        pack(Path(folder.name) / f"{number + 1}.tar", "acme", str(number), str(number + 1), steps)
    return folder


def archives():
    return patches().name


def start(*words):
    # In a group of its own, so that a shell and what it runs end together.
    return subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                            start_new_session=True)


def ensure(site):
    return [PATCHWRIGHT, "--site", site, "ensure", archives(), "--to", "2", *WAIT]


def ended(runs):
    """The exit codes, with what those said that failed."""
    told = [(run.communicate()[1], run.returncode) for run in runs]
    return [code for _, code in told], "\n".join(f"{code}: {said}" for said, code in told if code != DONE)


def assert_all_done(kind, runs):
    codes, said = ended(runs)
    assert codes == [DONE] * len(runs), f"{kind.dialect}: {codes}\n{said}"


def assert_each_statement_ran_once(kind, database):
    assert database.rows("SELECT times FROM counted") == [("2",)], f"{kind.dialect}: not once"
    assert database.rows("SELECT id FROM made") == [("1",)], f"{kind.dialect}: not once"
    applied = database.rows("SELECT patch FROM patches ORDER BY number")
    assert applied == [("baseline",), ("acme-1",), ("acme-2",)], f"{kind.dialect}: {applied}"


def race(kind, processes):
    """All at one state folder."""
    with kind() as database, DatabaseSite(database) as site:
        count_from_nothing(database)
        assert_all_done(kind, [start(*ensure(site.folder)) for _ in range(processes)])
        assert_each_statement_ran_once(kind, database)
        assert site.plan(archives(), expect=NOTHING_TO_DO)["installed"] == "2"


def two_starts_at_once_end_well_and_run_each_statement_once():
    for kind in ALL:
        for _ in range(RACES):
            race(kind, 2)


def eight_starts_at_once_end_well_and_run_each_statement_once():
    for kind in ALL:
        for _ in range(RACES):
            race(kind, 8)


def eight_starts_on_machines_of_their_own_end_well_and_run_each_statement_once():
    """Each has a state folder of its own; the server's lock keeps them apart. One SQLite file is no business of several machines."""
    for kind in [Postgres, MariaDb]:
        for _ in range(RACES):
            with kind() as database, DatabaseSite(database) as site, tempfile.TemporaryDirectory() as others:
                count_from_nothing(database)
                config = (site.folder / "patchwright.toml").read_text()
                machines = [Path(others) / str(number) for number in range(8)]
                for machine in machines:
                    for folder in ["public", ".patchwright"]:
                        (machine / folder).mkdir(parents=True)
                    (machine / "patchwright.toml").write_text(config)
                assert_all_done(kind, [start(*ensure(machine)) for machine in machines])
                assert_each_statement_ran_once(kind, database)
                runs = database.rows("SELECT run FROM patches_runs")
                assert len(set(runs)) == len(runs) == 3, runs


def where_one_of_eight_starts_is_killed_the_others_end_well_and_each_statement_counts_once():
    for kind in ALL:
        for _ in range(RACES):
            with kind() as database, DatabaseSite(database) as site:
                count_from_nothing(database)
                runs = [start(*ensure(site.folder)) for _ in range(8)]
                time.sleep(random.uniform(0.01, 0.4))
                victim = runs.pop(random.randrange(len(runs)))
                victim.send_signal(signal.SIGKILL)
                victim.communicate()
                assert_all_done(kind, runs)
                assert_each_statement_ran_once(kind, database)
                assert patchwright_json("--site", site.folder, "status")["gate"] == {}


def init(site, database):
    return [PATCHWRIGHT, "--site", site, "init", "--root", "public", "--product", "acme", "--version", "0",
            "--database", database.url]


def eight_first_starts_at_once_make_the_site_known_once_and_end_well():
    """Each makes the site known and then brings it to the version, as an entrypoint does that runs for the first time."""
    for kind in ALL:
        for _ in range(RACES):
            with kind() as database, tempfile.TemporaryDirectory() as folder:
                count_from_nothing(database)
                site = Path(folder) / "site"
                (site / "public").mkdir(parents=True)
                entrypoint = f"{shlex.join(map(str, init(site, database)))}; exec {shlex.join(map(str, ensure(site)))}"
                assert_all_done(kind, [start("sh", "-c", entrypoint) for _ in range(8)])
                assert_each_statement_ran_once(kind, database)


def of_eight_folders_that_are_made_known_with_one_database_at_once_one_is():
    for kind in ALL:
        for _ in range(RACES):
            with kind() as database, tempfile.TemporaryDirectory() as folder:
                sites = [Path(folder) / str(number) for number in range(8)]
                for site in sites:
                    (site / "public").mkdir(parents=True)
                codes, said = ended([start(*init(site, database)) for site in sites])
                assert codes.count(DONE) == 1 and set(codes) <= {DONE, REFUSED, ANOTHER_RUNS}, f"{kind.dialect}: {codes}\n{said}"
                known = [site for site in sites if (site / "patchwright.toml").exists()]
                assert len(known) == 1, f"{kind.dialect}: {known}"
                assert database.rows("SELECT patch FROM patches") == [("baseline",)]


STORIES = [
    two_starts_at_once_end_well_and_run_each_statement_once,
    eight_starts_at_once_end_well_and_run_each_statement_once,
    eight_starts_on_machines_of_their_own_end_well_and_run_each_statement_once,
    where_one_of_eight_starts_is_killed_the_others_end_well_and_each_statement_counts_once,
    eight_first_starts_at_once_make_the_site_known_once_and_end_well,
    of_eight_folders_that_are_made_known_with_one_database_at_once_one_is,
]
