"""The command killed, and cut off from its server, at every turn of their conversation (A43 C20 C41).

A patch with steps of every kind is applied, and taken back, through a line that breaks at one turn: the command is killed, the
connection is cut, or the server is gone, each before the turn reaches the server, while it works on it, and after it is done. The next
start must bring the site exactly before or exactly after: files with modes, structure, rows and ledger; and a command that lived
must have told the truth. With `PATCHWRIGHT_CUTS=all` every turn breaks in every way. Otherwise every commit does in those ways in
which its outcome is in doubt, every other turn that changes something in one way, the next in turn, and no turn that only asks.
"""

import itertools
import os
import re
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from databases import MariaDb, Postgres
from installation import ANOTHER_RUNS, DONE, NOTHING_TO_DO, PATCHWRIGHT, TAKEN_BACK, pack, picture
from line import Break, Line

PATIENCE_SECONDS = 60
# The other exit codes after which something is known: refused, in force but not well, to be recovered.
REFUSED, UNWELL, INTERRUPTED = 20, 31, 32
EVERY_WAY = [("before", "killed"), ("during", "killed"), ("after", "killed"), ("before", "cut"), ("after", "cut"),
             ("before", "gone"), ("after", "gone")]
IN_DOUBT = [way for way in EVERY_WAY if way[0] != "before"]
# What the label of a turn begins with that is told without PATCHWRIGHT_CUTS=all; one byte of the protocol may stand before it.
COMMITS = re.compile(r".?(COMMIT|SET SESSION .*; COMMIT)$")
CHANGES = re.compile(r".?(INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|RENAME|BEGIN|SET autocommit)\b")

FILES = {
    "index.php": "<?php echo 'one';\n",
    "old/gone.txt": "nobody needs this\n",
    "site.conf": "color = blue\n",
    "tools/edit.php": "<?php\n$rows = 20;\n",
}
TABLES = """\
CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(80) NOT NULL);
INSERT INTO item VALUES (1, 'first'), (2, 'second');
CREATE TABLE visitor (name VARCHAR(80) NOT NULL PRIMARY KEY);
INSERT INTO visitor VALUES ('Ada');
CREATE TABLE log (line VARCHAR(80));
"""
STEPS = """\
    <create-table name="tag">
      <column name="id"><integer null="false"/></column>
      <column name="name"><varchar size="40" null="false"/></column>
      <primary-key><column>id</column></primary-key>
      <unique name="tag_name"><column>name</column></unique>
    </create-table>
    <insert-rows table="tag"><row><set column="id">1</set><set column="name">news</set></row></insert-rows>
    <add-column table="item" name="state"><integer null="false" default="0"/></add-column>
    <overwrite path="index.php" payload="index.php" md5="{index}"/>
    <add path="docs/calendar.txt" payload="calendar.txt" mode="755"/>
    <delete path="old/gone.txt" md5="{gone}"/>
    <delete path="old" directory="true"/>
    <sql dialect="postgres">
      INSERT INTO item (id, title) VALUES (3, 'third');
      ALTER TABLE item ALTER title TYPE varchar(200);
      CREATE INDEX item_title ON item (title);
      <undo>DROP INDEX item_title; ALTER TABLE item ALTER title TYPE varchar(80); DELETE FROM item WHERE id = 3</undo>
    </sql>
    <sql dialect="mysql">
      INSERT INTO item (id, title) VALUES (3, 'third');
      ALTER TABLE item MODIFY title VARCHAR(200) NOT NULL;
      CREATE INDEX item_title ON item (title);
      <undo>
        DROP INDEX item_title ON item; ALTER TABLE item MODIFY title VARCHAR(80) NOT NULL; DELETE FROM item WHERE id = 3
      </undo>
    </sql>
    <rename-table name="visitor" to="guest"/>
    <alter path="tools/edit.php"><replace><from>$rows = 20;</from><to>$rows = 40;</to></replace></alter>
    <script src="upgrade.rhai"/>"""
SCRIPT = """\
fn upgrade() {
    fs::write("site.conf", text::replace_once(fs::read("site.conf"), "blue", "green"));
    db::execute("INSERT INTO log (line) VALUES (?)", ["upgraded to " + site::to()], "DELETE FROM log");
}
"""
AFTER_HOOK = """\
fn after() {
    fs::write("menu.html", "<ul></ul>\\n");
    db::execute("INSERT INTO log (line) VALUES ('menu built')", [], "DELETE FROM log WHERE line = 'menu built'");
}
"""


@dataclass
class Start:
    """A site as it is before the command, with its database, and the command."""

    folder: Path
    database: object
    words: list


class Scene:
    """The two starts on one kind of server, and the pictures that a site may show afterwards."""

    def __init__(self, kind, folder):
        self.kind, self.folder = kind, folder
        self.archive = self._pack("acme-1", SCRIPT + AFTER_HOOK)
        without_hook = self._pack("acme-1-without-hook", SCRIPT)
        fresh = kind()
        self.databases = [fresh.__enter__()]
        for statement in filter(str.strip, TABLES.split(";\n")):
            fresh.execute(statement)
        before = self._install(fresh)
        self.fresh = Start(before, fresh, ["apply", "--yes", str(self.archive)])
        self.sides = {"before": self._seen(before, fresh)}
        with kind(like=fresh) as hookless:
            site = self._copied(before, "hookless")
            self._ended(site, hookless, "apply", "--yes", str(without_hook))
            self.sides["after, but for its hook"] = self._seen(site, hookless)
        patched = kind(like=fresh)
        self.databases.append(patched.__enter__())
        after = self._copied(before, "after")
        self._ended(after, patched, *self.fresh.words)
        self.patched = Start(after, patched, ["rollback", "--yes"])
        self.sides["after"] = self._seen(after, patched)
        assert len({str(side) for side in self.sides.values()}) == 3, "the patch or its hook changes nothing"

    def close(self):
        for database in self.databases:
            database.__exit__()

    def turns(self, start):
        """What the command says to the server in each turn when nothing breaks."""
        with self.kind(like=start.database) as database, Line(*database.address) as line:
            site = self._copied(start.folder, "counted")
            self._run(site, database, line, start.words)
            shutil.rmtree(site)
            return [words(said) for said in line.turns]

    def told(self, start, to_break, label):
        """The story of one break; gives what is wrong, and on which side the site came out."""
        story = f"{self.kind.dialect}, {start.words[0]}, {to_break} ({label})"
        name = re.sub(r"\W+", "-", story)[:60]
        site = self._copied(start.folder, name)
        with self.kind(like=start.database) as database:
            with Line(*database.address, to_break) as line:
                code, heard = self._run(site, database, line, start.words)
            if not line.broken:
                return f"{story}: the line never came to break", None
            recovery = self._recover(site, database)
            seen = self._seen(site, database)
            side = next((name for name, expected in self.sides.items() if expected == seen), None)
            wrong = recovery or self._wrong(start, to_break, code, side, seen, site, database)
        shutil.rmtree(site)
        return f"{story}: {wrong}\n{heard}" if wrong else None, side

    def _wrong(self, start, to_break, code, side, seen, site, database):
        if side is None:
            return f"the site is on no side: {differences(self.sides, seen)}"
        is_before = side == "before"
        began_before = start is self.fresh
        if to_break.how != "killed":
            if code in (REFUSED, TAKEN_BACK) and is_before != began_before:
                return f"it said that nothing has changed (exit {code}), and the site is {side}"
            if code in (DONE, UNWELL) and is_before == began_before:
                return f"it said that the change is in force (exit {code}), and the site is {side}"
            if code not in (DONE, REFUSED, TAKEN_BACK, UNWELL, INTERRUPTED):
                return f"it ended with {code}"
        verified = self._ended_with(site, database, "verify")
        if verified[0] != DONE:
            return f"verify ended with {verified[0]}: {verified[1]}"
        return leftovers(site, database)

    def _pack(self, name, script):
        sums = {name: md5(FILES[path].encode()).hexdigest() for name, path in
                [("index", "index.php"), ("gone", "old/gone.txt")]}
        files = {"index.php": "<?php echo 'two';\n", "calendar.txt": "monday\n", "upgrade.rhai": script}
        return pack(self.folder / f"{name}.tar", "acme", "0", "1", STEPS.format(**sums), files)

    def _install(self, database):
        site = self.folder / "before"
        for path, text in FILES.items():
            (site / "public" / path).parent.mkdir(parents=True, exist_ok=True)
            (site / "public" / path).write_text(text)
        known = ["--product", "acme", "--version", "0", "--database", "${ACME_DATABASE}"]
        self._ended(site, database, "init", "--root", "public", *known)
        return site

    def _copied(self, folder, name):
        copy = self.folder / name
        shutil.copytree(folder, copy, symlinks=True)
        return copy

    def _started(self, site, url, words):
        environment = {**os.environ, "ACME_DATABASE": url}
        return subprocess.Popen([PATCHWRIGHT, "--site", str(site), *words], env=environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def _run(self, site, database, line, words):
        """Runs the command through the line; gives its exit code and what it said."""
        process = self._started(site, database.url_through(line.port), words)
        line.carries(process)
        heard, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, heard[-2000:]

    def _ended_with(self, site, database, *words):
        process = self._started(site, database.url, words)
        heard, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return process.returncode, heard

    def _ended(self, site, database, *words):
        code, heard = self._ended_with(site, database, *words)
        assert code == DONE, f"`{' '.join(words)}` ended with {code}: {heard}"

    def _recover(self, site, database):
        """Recovers, as soon as the server has let the dead one's lock go; gives what is wrong."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            code, heard = self._ended_with(site, database, "recover")
            if code != ANOTHER_RUNS or time.monotonic() > end:
                return None if code in (DONE, NOTHING_TO_DO) else f"recover ended with {code}: {heard[-1000:]}"
            time.sleep(0.02)

    def _seen(self, site, database):
        """All that counts: files with modes, structure and rows, what the ledger says is in force."""
        in_force = database.rows("SELECT to_version FROM patches WHERE status <> 'taken-back' ORDER BY number")
        return {"files": picture(site / "public"), "database": without_counters(database.dump()).splitlines(),
                "ledger": in_force}


def without_counters(dump):
    """The dump without what a server never takes back."""
    return re.sub(r" AUTO_INCREMENT=[0-9]+", "", dump)


def leftovers(site, database):
    """What a run left behind that should be gone."""
    known = ("lock", "ballast", "kept", "head.json", "head.json.new", "tally.json", "tally.json.new")
    wrong = [entry for entry in os.listdir(site / ".patchwright") if entry not in known]
    if database.dialect == "mysql" and database.rows("SELECT * FROM patches_progress"):
        wrong.append("rows of progress")
    return f"left behind: {wrong}" if wrong else None


def differences(sides, seen):
    """The first lines that differ from each side."""
    told = []
    for name, side in sides.items():
        for part, expected in side.items():
            now = seen[part]
            if now != expected:
                more, fewer = ([x for x in one if x not in other][:3] if part != "files" else
                               sorted(path for path in one if one[path] != other.get(path))[:5]
                               for one, other in [(now, expected), (expected, now)])
                told.append(f"not {name}, for of the {part} there is {more} and not {fewer}")
                break
    return "; ".join(told)


def words(said):
    """What can be read of a turn, to name it."""
    readable = re.findall(rb"[\x20-\x7e\n]{4,}", said)
    return " ".join(max(readable, key=len, default=b"?").decode().split())[:60]


def chosen(turns):
    """Which breaks are told, each with what is said at it."""
    every_turn, next_way = os.environ.get("PATCHWRIGHT_CUTS") == "all", itertools.cycle(EVERY_WAY)
    for at, label in enumerate(turns, 1):
        if every_turn:
            ways = EVERY_WAY
        elif COMMITS.match(label):
            ways = IN_DOUBT
        else:
            ways = [next(next_way)] if CHANGES.match(label) else []
        for when, how in ways:
            yield Break(at, when, how), label


def cut_off_anywhere(kind):
    with tempfile.TemporaryDirectory(prefix="patchwright-test-") as folder:
        scene = Scene(kind, Path(folder))
        try:
            for start in [scene.fresh, scene.patched]:
                tell_all(scene, start)
        finally:
            scene.close()


def tell_all(scene, start):
    turns = scene.turns(start)
    breaks = list(chosen(turns))
    sides, faults = {}, []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong, side in pool.map(lambda known: scene.told(start, *known), breaks):
            sides[side] = sides.get(side, 0) + 1
            faults += [wrong] if wrong else []
    ends = ", ".join(f"{count} {side}" for side, count in sides.items())
    print(f"       {scene.kind.dialect}, {start.words[0]}: {len(turns)} turns, {len(breaks)} breaks, ended {ends}", flush=True)
    assert not faults, "\n".join([f"{len(faults)} of {len(breaks)} went wrong", *faults[:10]])
    assert len(sides) > 1, "all ended on one side"


def killed_or_cut_off_at_any_turn_of_postgres_the_site_is_before_or_after():
    cut_off_anywhere(Postgres)


def killed_or_cut_off_at_any_turn_of_mariadb_the_site_is_before_or_after():
    cut_off_anywhere(MariaDb)


STORIES = [
    killed_or_cut_off_at_any_turn_of_postgres_the_site_is_before_or_after,
    killed_or_cut_off_at_any_turn_of_mariadb_the_site_is_before_or_after,
]
