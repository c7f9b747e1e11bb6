"""Seven releases of Wagtail, about 4,000 files each: forward in one plan, and back step by step (A5 A9 A15 A43 C52)."""

import random
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from downloads import wheel_tree
from installation import Installation, assert_same, patchwright_json, picture

RELEASES = ["6.0", "6.0.3", "6.0.6", "6.1.3", "6.2.3", "6.3.3", "6.4.2"]


def release(version):
    return wheel_tree("wagtail", version)


def build_patches(folder, *options):
    """A patch for each step from release to release. Gives the counts of all their steps."""
    counts = {"added": 0, "overwritten": 0, "altered": 0, "deleted": 0, "bytes": 0}
    for old, new in pairwise(RELEASES):
        archive = Path(folder) / f"wagtail-{new}.patch.tar.gz"
        built = patchwright_json("build", release(old), release(new), "--product", "wagtail", "--from", old, "--to", new,
                                 "--output", archive, *options)
        counts = {name: count + built[name] for name, count in counts.items()}
    return counts


def whole_files_lead_through_all_releases_and_back():
    counts = there_and_back()
    assert counts["altered"] == 0


def edits_lead_through_all_releases_and_back():
    counts = there_and_back("--alter")
    assert counts["altered"] > 0


def there_and_back(*options):
    expected = {version: picture(release(version)) for version in RELEASES}
    with tempfile.TemporaryDirectory() as patches, tempfile.TemporaryDirectory() as folder:
        site = Installation(folder, release(RELEASES[0]), "wagtail", RELEASES[0])
        assert_same(picture(site.root), expected[RELEASES[0]], "the installation")
        counts, seconds = {}, {}
        with stopwatch(seconds, "build"):
            counts = build_patches(patches, *options)
        with stopwatch(seconds, "apply"):
            site.apply(patches)
        assert site.version() == RELEASES[-1]
        assert_same(picture(site.root), expected[RELEASES[-1]], "after all patches")
        with stopwatch(seconds, "verify"):
            verified = site.verify()
        for version in reversed(RELEASES[:-1]):
            with stopwatch(seconds, "roll back"):
                site.roll_back()
            assert site.version() == version
            assert_same(picture(site.root), expected[version], f"back at {version}")
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    times = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items())
    print(f"       {told}; {verified} paths verified; {times}")
    return counts


def the_order_of_the_archives_does_not_matter():
    with tempfile.TemporaryDirectory() as patches, tempfile.TemporaryDirectory() as folder:
        build_patches(patches)
        site = Installation(folder, release(RELEASES[0]), "wagtail", RELEASES[0])
        archives = sorted(Path(patches).iterdir())
        in_order = site.plan(*archives)["hash"]
        for seed in range(2):
            random.Random(seed).shuffle(archives)
            assert site.plan(*archives)["hash"] == in_order, archives


class stopwatch:
    """Adds the time that its block takes to a table of seconds."""

    def __init__(self, seconds, name):
        self.seconds, self.name = seconds, name

    def __enter__(self):
        self.began = time.monotonic()

    def __exit__(self, *_):
        self.seconds[self.name] = self.seconds.get(self.name, 0.0) + time.monotonic() - self.began


STORIES = [
    whole_files_lead_through_all_releases_and_back,
    edits_lead_through_all_releases_and_back,
    the_order_of_the_archives_does_not_matter,
]
