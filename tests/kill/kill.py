"""Kills `patchwright` before each of its changing system calls, and fails each of them, and checks the promise.

A run is counted per system call and thread: the n-th `renameat2`, the n-th `pwrite64`, and so on, until a run comes through
with nothing left to hit. After each the next start must bring the site exactly before or exactly after the patch: files with
modes, the application's tables, the ledger, and a state folder without leftovers. The command needs nothing of the
application to do so. An `init` that is hit leaves a site that is known, or one that the same `init` makes known. (Rows A40, A43, B13,
C41, C52.)
"""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import hits

HERE = Path(__file__).parent
PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# The calls that change files, or make changes durable. `openat` also reads, which does no harm here.
CALLS = """openat write pwrite64 renameat2 renameat rename linkat link unlink unlinkat mkdir mkdirat rmdir fchmod fchmodat
chmod fchownat ftruncate fallocate fsync fdatasync syncfs""".split()
# Calls that are failed with an error as well: the disk is full, the disk is broken.
FAILING = {"write": "ENOSPC", "pwrite64": "ENOSPC", "mkdirat": "ENOSPC", "renameat2": "EIO", "fsync": "EIO",
           "fdatasync": "EIO", "syncfs": "EIO", "fchmod": "EIO", "openat": "EIO", "unlinkat": "EIO", "unlink": "EIO"}
INIT = ["init", "--root", "public", "--product", "acme", "--version", "1.0", "--database", "sqlite:cms.db"]
CLEAN_EXITS = {0, 20, 30, 31, 32, 1}
# What the sides of a run's beginning and its end begin with.
ENDS = {"apply": ("1.0", "1.1"), "rollback": ("1.1", "1.0"), "uninstall": ("the forum is there", "the forum is gone")}


def main():
    with tempfile.TemporaryDirectory(prefix="patchwright-kill-") as folder:
        work = Path(folder)
        template, archive = make_site(work)
        applied = work / "applied"
        shutil.copytree(template, applied, symlinks=True)
        command(applied, "apply", "--yes", archive)
        sides = {"1.0": picture(template), "1.1": picture(applied)}
        if sides["1.0"] == sides["1.1"]:
            sys.exit("the reference patch changes nothing")
        # A patch whose `after` hook was cut off is in force without what the hook brings.
        sides["1.1 without its after hook"] = without_after_hook(sides["1.1"])
        stories = [(template, ["apply", "--yes", str(archive)]), (applied, ["rollback", "--yes"])]
        stories = [(sides, *story) for story in stories] + [uninstalling(work, template, archive)]
        tasks = [task(told_of, start, arguments, call, fault)
                 for told_of, start, arguments in stories for fault in ("KILL", "ERROR")
                 for call in (CALLS if fault == "KILL" else FAILING)]
        bare = work / "bare"
        make_bare_site(bare)
        tasks += [(f"init, {fault} at {call}", bare, hits.step(), lambda site, number, call=call, fault=fault:
                   story_of_init(sides["1.0"], site, call, fault, number))
                  for fault in ("KILL", "ERROR") for call in (CALLS if fault == "KILL" else FAILING)]
        passed, faults = hits.everywhere(work, tasks)
        for fault in faults:
            print(f"FAILED {fault}")
        print(f"{passed} passed, {len(faults)} failed")
        sys.exit(1 if faults else 0)


def make_site(work):
    """A site before the patch, and the packed patch."""
    site = work / "site"
    make_bare_site(site)
    archive = work / "acme-1.1.patch.tar.gz"
    run([PATCHWRIGHT, "pack", str(HERE / "patch"), "-o", str(archive)])
    run([PATCHWRIGHT, *INIT], cwd=site)
    return site, archive


def uninstalling(work, template, archive):
    """A patch in the middle that nothing later needs, with the sides, the site and the command that takes it back."""
    site, after = work / "forum", work / "no-forum"
    shutil.copytree(template, site, symlinks=True)
    command(site, "apply", "--yes", pack_forum(work), archive)
    uninstall = ["uninstall", "forum-2.0", "--yes"]
    shutil.copytree(site, after, symlinks=True)
    command(after, *uninstall)
    start, end = ENDS["uninstall"]
    return {start: picture(site), end: picture(after)}, site, uninstall


def pack_forum(work):
    folder = work / "forum-patch"
    (folder / "files/forum").mkdir(parents=True)
    for name in ("index.php", "search.php"):
        (folder / "files/forum" / name).write_text("<?php // the forum\n")
    (folder / "patch.xml").write_text("""<patch format="1" product="acme" component="forum" id="forum-2.0" to="2.0" severity="optional">
<title>A forum</title><steps>
<sql>CREATE TABLE forum (id INTEGER PRIMARY KEY, name TEXT)<undo>DROP TABLE forum</undo></sql>
<add path="forum/index.php"/><add path="forum/search.php" mode="750"/>
<alter path="tools/edit.php"><replace><from>$columns = 80;</from><to>$columns = 100;</to></replace></alter></steps></patch>""")
    run([PATCHWRIGHT, "pack", str(folder), "-o", str(work / "forum-2.0.patch.tar.gz")])
    return work / "forum-2.0.patch.tar.gz"


def make_bare_site(site):
    """An application that nobody has made known."""
    shutil.copytree(HERE / "site", site)
    with sqlite3.connect(site / "cms.db") as database:
        database.executescript((site / "schema.sql").read_text())
    database.close()
    (site / "schema.sql").unlink()


def task(sides, start, arguments, call, fault):
    """All hits of a call."""
    name = f"{arguments[0]}, {fault} at {call}"
    return name, start, hits.step(), lambda site, number: story(sides, site, arguments, call, fault, number)


def story(sides, site, arguments, call, fault, hit):
    """One run that is hit once, the next start, and a look. Gives whether it was hit, and what is wrong, if anything."""
    how = "signal=KILL" if fault == "KILL" else f"error={FAILING[call]}"
    hit_run, was_hit = hits.hit(site, arguments, call, hit, how)
    if fault == "ERROR" and hit_run.returncode not in CLEAN_EXITS | {2, 10, 101, 127}:
        return was_hit, f"the command ended with {hit_run.returncode}: {hit_run.stderr[-400:]}"
    if fault == "ERROR" and hit_run.returncode == 101:
        return was_hit, f"the command panicked: {hit_run.stderr[-400:]}"
    recovered = subprocess.run([PATCHWRIGHT, "--site", str(site), "recover"], stdin=subprocess.DEVNULL,
                               capture_output=True, text=True, check=False)
    if recovered.returncode not in (0, 10):
        return was_hit, f"recover ended with {recovered.returncode}: {recovered.stderr[-400:]}"
    now = picture(site)
    side = next((name for name, expected in sides.items() if expected == now), None)
    if side is None:
        return was_hit, f"the site is on no side: {difference(sides, now)}; recovery said: {recovered.stderr[-300:]}"
    if fault == "ERROR":
        told = untruthful(hit_run.returncode, side, arguments[0])
        if told:
            return was_hit, told + ": " + hit_run.stderr[-300:]
    return was_hit, leftovers(site)


def story_of_init(whole, site, call, fault, hit):
    """One `init` that is hit once: whatever it left, the same `init` makes the site whole, unless it is whole already."""
    how = "signal=KILL" if fault == "KILL" else f"error={FAILING[call]}"
    hit_run, was_hit = hits.hit(site, INIT, call, hit, how)
    if fault == "ERROR" and hit_run.returncode not in {0, 1, 2, 20, 127}:
        return was_hit, f"init ended with {hit_run.returncode}: {hit_run.stderr[-400:]}"
    status = subprocess.run([PATCHWRIGHT, "--site", str(site), "status"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            check=False)
    if status.returncode != 0 and "patchwright init" not in status.stderr:
        return was_hit, f"status does not say what to do: {status.stderr[-400:]}"
    again = subprocess.run([PATCHWRIGHT, "--site", str(site), *INIT], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           check=False)
    if (again.returncode == 0) == (status.returncode == 0):
        return was_hit, f"status ended with {status.returncode} and init with {again.returncode}: {again.stderr[-400:]}"
    command(site, "status")
    if picture(site) != whole:
        return was_hit, "the site is not as an init that nobody hit leaves it"
    # A journal that nobody needs any more is SQLite's own affair.
    known = {"public", "cms.db", "cms.db-journal", "patchwright.toml", ".patchwright"}
    strays = {path.name for path in site.iterdir()} - known
    return was_hit, f"left beside the site: {strays}" if strays else leftovers(site)


def untruthful(code, side, command_name):
    """Exit codes say in which state the site is: a failed run that says `taken back` must have left it as it was."""
    start, end = ENDS[command_name]
    if code in (20, 30) and not side.startswith(start):
        return f"it said that the site is as before (exit {code}), which is at {side}"
    if code in (0, 31) and not side.startswith(end):
        return f"it said that the change is in force (exit {code}), and the site is at {side}"
    return None


def picture(site):
    """All that counts of a site: files with modes, the application's tables, what the ledger says is in force."""
    return {"files": files(site / "public"), "database": tables(site / "cms.db"), "ledger": ledger(site / "cms.db")}


def files(root):
    found = {}
    for path in sorted(root.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        found[str(path.relative_to(root))] = (mode, None if path.is_dir() else path.read_bytes())
    return found


def tables(path):
    with sqlite3.connect(path) as database:
        dump = [line for line in database.iterdump() if "patches" not in line]
        dump.append(str(database.execute("PRAGMA integrity_check").fetchall()))
    database.close()
    return dump


def ledger(path):
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT patch, to_version FROM patches WHERE status <> 'taken-back' ORDER BY number").fetchall()
    database.close()
    return rows


def without_after_hook(after):
    left = {path: file for path, file in after["files"].items() if path != "var/cache/menu.html"}
    dump = [line for line in after["database"] if "cache built" not in line]
    return {"files": left, "database": dump, "ledger": after["ledger"]}


def leftovers(site):
    """What lies in the state folder and should not."""
    state = site / ".patchwright"
    wrong = [name for name in os.listdir(state) if name not in ("lock", "ballast", "kept", "head.json", "head.json.new", "tally.json", "tally.json.new")]
    with sqlite3.connect(site / "cms.db") as database:
        rows = database.execute("SELECT run, after_hook FROM patches WHERE status = 'applied'").fetchall()
    database.close()
    known = {run for run, _ in rows} | {f"{run}-after" for run, after_hook in rows if after_hook == "done"}
    kept = state / "kept"
    wrong += [f"kept/{run}" for run in (os.listdir(kept) if kept.exists() else []) if run not in known]
    return f"left in the state folder: {wrong}" if wrong else None


def difference(sides, now):
    """The first thing that differs from each side."""
    told = {}
    for name, side in sides.items():
        for part, expected in side.items():
            if expected != now[part]:
                if part == "files":
                    paths = [p for p in set(expected) | set(now[part]) if expected.get(p) != now[part].get(p)]
                    told[name] = f"files {sorted(paths)[:6]}"
                else:
                    told[name] = f"{part}: {[x for x in now[part] if x not in expected][:3]} / {[x for x in expected if x not in now[part]][:3]}"
                break
    return json.dumps(told)


def command(site, *arguments):
    run([PATCHWRIGHT, "--site", str(site)] + [str(argument) for argument in arguments])


def run(words, cwd=None):
    done = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


main()
