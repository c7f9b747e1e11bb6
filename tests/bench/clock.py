"""How long a command takes."""

import os
import sys
import time


def measure(command, expected):
    """The wall and CPU seconds that a command takes, the processes that it starts included."""
    words = [str(word) for word in command]
    began = time.monotonic()
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ])
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    if os.waitstatus_to_exitcode(status) not in expected:
        sys.exit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime
