"""Times `status`, `history`, `plan`, `apply` and `rollback` of the next patch by how many patches are in force."""

import argparse
import io
import os
import sqlite3
import statistics
import tarfile
import tempfile
import time
from hashlib import md5, sha256
from pathlib import Path

from clock import measure
from installation import MANIFEST, PATCHWRIGHT, Installation

STEPS = """\
    <overwrite path="version.txt" md5="{old}" sha256="{new}"/>
    <add path="docs/{to}.txt" sha256="{new}"/>
    <sql>INSERT INTO note (text) VALUES ('{to}')<undo>DELETE FROM note WHERE text = '{to}'</undo></sql>"""


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--patches", default="10,10000")
    options.add_argument("--rounds", type=int, default=11)
    options = options.parse_args()
    print(f"medians of {options.rounds} rounds in ms (wall, cpu of the command), SQLite\n")
    columns = {int(count): figures(int(count), options.rounds) for count in options.patches.split(",")}
    print(f"{'patches in force':20}" + "".join(f"{count:>18}" for count in columns))
    for name in next(iter(columns.values())):
        print(f"{name:20}" + "".join(f"{figures[name][0]:11.1f}{figures[name][1]:7.1f}" for figures in columns.values()))


def figures(count, rounds):
    """Medians by command, on a site with so many patches in force."""
    with tempfile.TemporaryDirectory(prefix="bench-history-", dir=os.environ.get("BENCH_DIR")) as folder:
        folder = Path(folder)
        (folder / "release/docs").mkdir(parents=True)
        (folder / "release/version.txt").write_text("0\n")
        (folder / "site").mkdir()
        sqlite3.connect(folder / "cms.db").execute("VACUUM").connection.close()
        site = Installation(folder / "site", folder / "release", "acme", "0", "--database", f"sqlite:{folder}/cms.db")
        (folder / "patches").mkdir()
        first = "    <sql>CREATE TABLE note (text VARCHAR(20))<undo>DROP TABLE note</undo></sql>"
        write(folder / "patches/1.tar", 1, first, {})
        for number in range(2, count + 1):
            write_link(folder / f"patches/{number}.tar", number)
        write_link(folder / "next.tar", count + 1)
        began = time.monotonic()
        site.apply(folder / "patches")
        print(f"{count} patches in one plan: {time.monotonic() - began:.1f} s")
        command = [PATCHWRIGHT, "--site", site.folder]
        commands = {
            "status": [*command, "status"],
            "history": [*command, "history"],
            "plan": [*command, "plan", folder / "next.tar"],
            "apply": [*command, "apply", "--yes", folder / "next.tar"],
            "rollback": [*command, "rollback", "--yes"],
        }
        rows = {name: [] for name in commands}
        for _ in range(rounds):
            for name, words in commands.items():
                rows[name].append(measure(words))
        return {name: [1000 * statistics.median(column) for column in list(zip(*of))[:2]] for name, of in rows.items()}


def write_link(archive, number):
    """A patch that replaces a file, adds one and writes a row."""
    old = "0\n" if number == 2 else f"{number - 1}\n"
    new = f"{number}\n"
    steps = STEPS.format(old=md5(old.encode()).hexdigest(), new=sha256(new.encode()).hexdigest(), to=number)
    write(archive, number, steps, {"files/version.txt": new, f"files/docs/{number}.txt": new})


def write(archive, number, steps, files):
    manifest = MANIFEST.format(product="acme", old=number - 1, to=number, steps=steps)
    with tarfile.open(archive, "w") as tar:
        for name, text in {"patch.xml": manifest, **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))


if __name__ == "__main__":
    main()
