"""The command, and an installation that it patches."""

import json
import os
import shutil
import stat
import subprocess
from hashlib import sha256
from pathlib import Path

PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# Exit codes: see `patchwright --help`.
DONE, REFUSED = 0, 20


def patchwright(*arguments, expect=DONE):
    """Runs the command, checks its exit code, and gives what it printed: (standard output, standard error)."""
    words = [PATCHWRIGHT, *map(str, arguments)]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode == expect, (
        f"`{' '.join(words)}` ended with {ended.returncode}, not {expect}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    )
    return ended.stdout, ended.stderr


def patchwright_json(*arguments, expect=DONE):
    """The result as programs see it."""
    return json.loads(patchwright("--json", *arguments, expect=expect)[0])


class Installation:
    """A site in a folder of its own."""

    def __init__(self, folder, release, product, version, *more):
        """Installs the release and makes it known."""
        self.folder = Path(folder)
        self.root = self.folder / "public"
        shutil.copytree(release, self.root)
        patchwright("--site", folder, "init", "--root", "public", "--product", product, "--version", version, *more)

    def apply(self, *archives, expect=DONE):
        return patchwright("--site", self.folder, "apply", "--yes", *archives, expect=expect)

    def plan(self, *archives, expect=DONE):
        return patchwright_json("--site", self.folder, "plan", *archives, expect=expect)

    def roll_back(self):
        patchwright("--site", self.folder, "rollback", "--yes")

    def verify(self):
        """How many paths were found to be as the patches left them."""
        verification = patchwright_json("--site", self.folder, "verify")
        assert verification["clean"], verification
        return verification["checked"]

    def version(self):
        return patchwright_json("--site", self.folder, "status")["version"]


def picture(root):
    """Everything in a tree: each path with its kind, mode and, if it is a file, the sum of its bytes."""
    found = {}
    for path in sorted(Path(root).rglob("*")):
        status = path.lstat()
        is_file = stat.S_ISREG(status.st_mode)
        content = sha256(path.read_bytes()).hexdigest() if is_file else stat.filemode(status.st_mode)[0]
        found[str(path.relative_to(root))] = (oct(stat.S_IMODE(status.st_mode)), content)
    return found


def assert_same(found, expected, what):
    """Compares two pictures and names the first differences."""
    different = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    first = [f"{name}: {found.get(name)} instead of {expected.get(name)}" for name in different[:10]]
    assert not different, "\n".join([f"{what}: {len(different)} differences", *first])
