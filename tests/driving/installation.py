"""The command, and an installation that it patches."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# Exit codes: see `patchwright --help`.
DONE, NOTHING_TO_DO, REFUSED, QUESTIONS, ANOTHER_RUNS, TAKEN_BACK = 0, 10, 20, 21, 24, 30

MANIFEST = """\
<patch format="1" product="{product}" id="{product}-{to}" from="{old}" to="{to}" severity="recommended">
  <title>Version {to}</title>
  <steps>
{steps}
  </steps>
</patch>
"""


def patchwright(*arguments, expect=DONE):
    """Runs the command, checks its exit code, or that it is one of some, and gives what it printed: (standard output, standard error)."""
    words = [PATCHWRIGHT, *map(str, arguments)]
    ended = subprocess.run(words, capture_output=True, text=True)
    assert ended.returncode in (expect if isinstance(expect, tuple) else (expect,)), (
        f"`{' '.join(words)}` ended with {ended.returncode}, not {expect}\n{ended.stdout[-4000:]}\n{ended.stderr[-4000:]}"
    )
    return ended.stdout, ended.stderr


def patchwright_json(*arguments, expect=DONE):
    """The result as programs see it."""
    return json.loads(patchwright("--json", *arguments, expect=expect)[0])


def pack(archive, product, old, to, steps, files=None):
    """Makes a patch of steps; `files` names those that lie in the archive, each with where it comes from or its text."""
    with tempfile.TemporaryDirectory() as folder:
        for name, given in (files or {}).items():
            member = Path(folder) / name
            member.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(given, Path):
                shutil.copyfile(given, member)
            else:
                member.write_text(given)
        (Path(folder) / "patch.xml").write_text(MANIFEST.format(product=product, old=old, to=to, steps=steps))
        patchwright("pack", folder, "--output", archive)
    return archive


class Installation:
    """A site in a folder of its own."""

    def __init__(self, folder, release, product, version, *more):
        """Installs the release and makes it known."""
        self.folder = Path(folder)
        self.root = self.folder / "public"
        self.product = product
        shutil.copytree(release, self.root)
        patchwright("--site", folder, "init", "--root", "public", "--product", product, "--version", version, *more)

    def apply(self, *archives, expect=DONE):
        return patchwright("--site", self.folder, "apply", "--yes", *archives, expect=expect)

    def apply_for_good(self, *archives, expect=DONE):
        """Applies, and accepts of each statement that nothing takes back that it stays, should a later one fail.

        Where DDL commits by itself, that is asked for statements without an undo.
        """
        ended = subprocess.run([PATCHWRIGHT, "--json", "--site", str(self.folder), "plan", *map(str, archives)],
                               capture_output=True, text=True)
        assert ended.returncode in (DONE, REFUSED, QUESTIONS), ended.stderr[-4000:]
        decisions = {}
        for patch in json.loads(ended.stdout)["patches"]:
            questions = [finding["severity"]["question"]["id"] for finding in patch["findings"]
                         if isinstance(finding["severity"], dict)]
            decisions[patch["manifest"]["id"]] = {question: "go-on" for question in questions}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(decisions, file)
            file.flush()
            return self.apply("--decisions", file.name, *archives, expect=expect)

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


class DatabaseSite(Installation):
    """A site that is little but its database, in a temporary folder with its patches."""

    def __init__(self, database, product="acme", version="0"):
        self.temporary = tempfile.TemporaryDirectory(prefix="patchwright-test-")
        folder = Path(self.temporary.name)
        self.archives = folder / "archives"
        self.archives.mkdir()
        (folder / "release").mkdir()
        (folder / "site").mkdir()
        dialect = ["--dialect", database.library] if database.library else []
        super().__init__(folder / "site", folder / "release", product, version, "--database", database.url, *dialect)
        self.database = database

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def pack(self, old, to, steps, files=None):
        """Puts a patch beside the site's others."""
        return pack(self.archives / f"{to}.tar", self.product, old, to, steps, files)


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
