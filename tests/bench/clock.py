"""How long a command takes, and how much memory.

A command is started by a small process of its own, this file run as a program: Linux counts what a process had before it became
another program, and a copy of the whole benchmark would hide what a lean command takes.
"""

import json
import os
import subprocess
import sys
import time


def measure(command, expected=(0,)):
    """The wall and CPU seconds that a command takes, the processes that it starts included, and the MiB of the largest of them."""
    words = [sys.executable, "-I", "-S", __file__, *(str(word) for word in command)]
    told = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    code, wall, cpu, mebibytes = json.loads(told.stdout)
    if code not in expected:
        sys.exit(f"{' '.join(words[4:])} ended with {code}: {told.stderr.decode(errors='replace')[-2000:]}")
    return wall, cpu, mebibytes


def main(words):
    began = time.monotonic()
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    print(json.dumps([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))


if __name__ == "__main__":
    main(sys.argv[1:])
