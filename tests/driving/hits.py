"""Hits the command at one system call, by strace: kills it before that call, or has the call fail."""

import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# A run that makes more calls of a kind than this would never come to an end.
MOST = 5_000


def step():
    """Of so many hits one is made: `--every N` of the command line, else each."""
    return int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1


def hit(site, arguments, call, number, how="signal=KILL"):
    """Runs the command on the site and hits a call of its, counted for each process. Gives how it ended, and whether it was hit."""
    log = site.parent / "strace.log"
    ended = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:{how}:when={number}",
         PATCHWRIGHT, "--site", str(site), *map(str, arguments)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    trace = log.read_text(errors="replace")
    return ended, "INJECTED" in trace or "killed by SIGKILL" in trace


def fresh(work, site):
    """A copy of the site, in a folder of its own."""
    copy = Path(tempfile.mkdtemp(prefix="story-", dir=work)) / "site"
    shutil.copytree(site, copy, symlinks=True)
    return copy


def everywhere(work, tasks):
    """For each task, which is a name, a site, a step and a story, hits the 1st, 2nd, … call until there is none left.

    A story is given a copy of the site and the number of the call, and gives whether it was hit, and what is wrong, if anything. Gives
    how many stories passed, and what failed."""
    passed, faults = 0, []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for task_passed, task_faults in pool.map(lambda task: _each(work, *task), tasks):
            passed += task_passed
            faults += task_faults
    return passed, faults


def _each(work, name, start, by, story):
    passed, faults = 0, []
    for number in range(1, MOST, by):
        site = fresh(work, start)
        was_hit, wrong = story(site, number)
        shutil.rmtree(site.parent)
        if wrong:
            faults.append(f"{name} {number}: {wrong}")
        else:
            passed += 1
        if not was_hit:
            break
    return passed, faults
