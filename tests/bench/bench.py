"""Times `patchwright apply` and `verify` beside other tools on the same trees, round by round, and prints medians."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rivals
from clock import measure
from trees import make_releases

PATCHWRIGHT = os.environ["PATCHWRIGHT"]
# Before the rounds and between runs: disks of virtual machines are slower for a while after much was written to them.
SETTLE_SECONDS = 20
PAUSE_SECONDS = 2


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--files", type=int, default=20_000)
    options.add_argument("--changes", type=int, default=2_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--skip-verify", action="store_true", help="leave the verification out")
    options.add_argument("--only", default="", help="comma separated names of the contestants to run")
    options = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="patchwright-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        work = Path(folder)
        changed, gone = make_releases(work, options.files, options.changes)
        apply_rounds(work, changed, gone, options)
        if not options.skip_verify:
            verify_rounds(work, options)


def apply_rounds(work, changed, gone, options):
    v1, v2 = work / "v1", work / "v2"
    listing = work / "changed.txt"
    listing.write_text("\n".join(changed) + "\n")
    archive = work / "patch.tar.gz"
    quiet([PATCHWRIGHT, "build", v1, v2, "--product", "acme", "--from", "1", "--to", "2", "-o", archive])
    package, gzip_package = rivals.make_packages(work, v2, changed)
    diff = work / "changes.diff"
    make_diff(work, changed, gone, diff)
    contestants = {
        "tar x + syncfs": lambda site: rivals.tar_and_sync(archive, site),
        "patchwright apply": lambda site: [PATCHWRIGHT, "--site", site.parent, "apply", "--yes", archive],
        "dpkg -i": lambda site: rivals.dpkg(package, site),
        "dpkg -i (gzip)": lambda site: rivals.dpkg(gzip_package, site),
        "rsync --backup + sync": lambda site: rivals.rsync(listing, v2, site),
        "rsync --backup --fsync": lambda site: rivals.rsync(listing, v2, site, "--fsync"),
        "git apply": lambda site: rivals.git_apply(diff, site),
        "file by file (ATutor)": lambda site: rivals.file_by_file(v1, v2, listing, site),
    }
    if options.only:
        contestants = {name: make for name, make in contestants.items() if name in options.only.split(",")}
    # Each run has a site of its own, and nothing is deleted before the end: for minutes after many files were deleted, ext4
    # looks through their inodes again and again before it makes a new file, and what is measured is that search.
    rounds = [{name: fresh_site(work / f"site{number}-{turn}", v1) for number, name in enumerate(contestants)}
              for turn in range(options.rounds)]
    os.sync()
    time.sleep(SETTLE_SECONDS)
    figures = {name: [] for name in contestants}
    for sites in rounds:
        for name, make in contestants.items():
            command = make(sites[name] / "public")
            warm(sites[name] / "public")
            os.sync()
            time.sleep(PAUSE_SECONDS)
            figures[name].append(measure(command))
    print(f"\n{options.files} files, {options.changes} changes, medians of {options.rounds} rounds")
    table(figures, "tar x + syncfs")


def verify_rounds(work, options):
    """Every file of the tree is in the ledger: it came with two large patches, since an archive holds 100,000 entries at most."""
    empty, half, site = work / "empty", work / "half", work / "verified"
    for folder in (empty, half, site / "public"):
        folder.mkdir(parents=True)
    for module in sorted((work / "v1").iterdir())[::2]:
        quiet(["cp", "-al", module, half])
    init(site, "0")
    for number, (old, new) in enumerate([(empty, half), (half, work / "v1")]):
        archive = work / f"part{number}.tar"
        quiet([PATCHWRIGHT, "build", old, new, "--product", "acme", "--from", str(number), "--to", str(number + 1), "-o",
               archive])
        quiet([PATCHWRIGHT, "--site", site, "apply", "--yes", archive])
    sums = work / "sums.md5"
    os.system(f"cd '{site}/public' && find . -type f -print0 | xargs -0 md5sum > '{sums}'")
    contestants = {
        "read once": ["sh", "-c", f"cd '{site}/public' && find . -type f -print0 | xargs -0 cat > /dev/null"],
        "patchwright verify": [PATCHWRIGHT, "--site", site, "verify"],
        "md5sum -c": ["sh", "-c", f"cd '{site}/public' && md5sum --quiet -c '{sums}'"],
    }
    figures = {name: [] for name in contestants}
    for _ in range(options.rounds):
        for name, command in contestants.items():
            figures[name].append(measure(command))
    print(f"\nverifying {options.files} files, medians of {options.rounds} rounds")
    table(figures, "read once")


def fresh_site(site, v1):
    site.mkdir()
    quiet(["cp", "-a", v1, site / "public"])
    init(site, "1")
    return site


def warm(site):
    """Reads the tree once: with 100,000 files not all sites stay in memory, and who looks at what he replaces would wait for the
    disk, while who does not look would not. A site that is in use is in memory."""
    os.system(f"find '{site}' -type f -print0 | xargs -0 cat > /dev/null")


def init(site, version):
    quiet([PATCHWRIGHT, "init", "--root", "public", "--product", "acme", "--version", version], cwd=site)


def make_diff(work, changed, gone, diff):
    old, new = work / "old", work / "new"
    for path in changed + gone:
        for source, target in ((work / "v1", old), (work / "v2", new)):
            if (source / path).exists():
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / path, target / path)
    text = subprocess.run(["git", "diff", "--no-index", "--binary", "--no-renames", "old", "new"], cwd=work,
                          stdout=subprocess.PIPE, check=False).stdout
    diff.write_bytes(text.replace(b" a/old/", b" a/").replace(b" b/new/", b" b/"))


def table(figures, base):
    medians = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in figures.items()}
    ratio = {name: statistics.median([row[0] / other[0] for row, other in zip(rows, figures[base])])
             for name, rows in figures.items()}
    print(f"{'':24}{'wall s':>9}{'cpu s':>9}{'MiB':>8}   wall, times {base}")
    for name, (wall, cpu, memory) in medians.items():
        print(f"{name:24}{wall:9.3f}{cpu:9.3f}{memory:8.1f}   {ratio[name]:.2f}")


def quiet(command, cwd=None):
    done = subprocess.run([str(word) for word in command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
