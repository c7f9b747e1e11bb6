"""The other tools, each doing the part of the job that it does: which part is said beside it in the table."""

import hashlib
import os
import shutil
import sqlite3
import sys
from pathlib import Path


def tar_and_sync(archive, site):
    """Unpacks the archive into a staging folder and makes that durable: no check, no backup, nothing in place."""
    staging = site.parent / "staging"
    staging.mkdir()
    return ["sh", "-c", f"tar xf '{archive}' -C '{staging}' && sync -f '{staging}'"]


def make_packages(work, v2, changed):
    """Debian packages of the changed files alone: packed as `dpkg-deb` does by itself, and with gzip as the other archives are."""
    tree = work / "package"
    for path in changed:
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(v2 / path, target)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text("Package: acme\nVersion: 2\nArchitecture: all\nMaintainer: a <a@example.org>\n"
                                         "Description: changed files\n")
    packages = {"": work / "acme.deb", "-Zgzip": work / "acme-gzip.deb"}
    for option, package in packages.items():
        os.system(f"dpkg-deb --root-owner-group {option} -b '{tree}' '{package}' >/dev/null")
    return packages.values()


def dpkg(package, site):
    """Replaces the files one by one, each made durable by itself."""
    admin = site.parent / "admin"
    for folder in ("info", "updates", "triggers"):
        (admin / folder).mkdir(parents=True)
    (admin / "status").touch()
    (admin / "available").touch()
    return ["dpkg", f"--admindir={admin}", f"--instdir={site}", "--force-not-root,overwrite,bad-path", "-i", str(package)]


def rsync(listing, v2, site, *options):
    """Replaces the files one by one and keeps the old ones; durable by one sync at the end, or with --fsync by its own."""
    backup = site.parent / "backup"
    words = ["rsync", "-a", *options, "--backup", f"--backup-dir={backup}", f"--files-from={listing}", f"{v2}/", f"{site}/"]
    return words if options else ["sh", "-c", " ".join(words) + f" && sync -f {site}"]


def git_apply(diff, site):
    """Writes the changed files in place, from a diff that holds old and new; one sync at the end."""
    return ["sh", "-c", f"cd '{site}' && git apply --whitespace=nowarn '{diff}' && sync -f ."]


def file_by_file(v1, v2, listing, site):
    """What ATutor's patcher does, file by file: compare with the vendor's copy, back up beside, write in place, a row each in
    `patches_files` and `patches_files_actions`. The vendor's copies come from a local folder, where ATutor asked a server."""
    return [sys.executable, str(Path(__file__)), str(v1), str(v2), str(listing), str(site)]


def imitate(v1, v2, listing, site):
    database = sqlite3.connect(site.parent / "imitation.db", isolation_level=None)
    database.execute("CREATE TABLE IF NOT EXISTS patches_files (path TEXT, action TEXT, changed INTEGER)")
    database.execute("CREATE TABLE IF NOT EXISTS patches_files_actions (path TEXT, action TEXT)")
    for path in listing.read_text().split("\n"):
        if not path:
            continue
        target, new = site / path, (v2 / path).read_bytes()
        action, changed = "add", False
        if target.exists():
            old = target.read_bytes()
            action, changed = "overwrite", hashlib.md5(old).digest() != hashlib.md5((v1 / path).read_bytes()).digest()
            Path(f"{target}.acme.old").write_bytes(old)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(new)
        database.execute("INSERT INTO patches_files VALUES (?, ?, ?)", (path, action, changed))
        database.execute("INSERT INTO patches_files_actions VALUES (?, ?)", (path, action))
    database.close()
    os.sync()


if __name__ == "__main__":
    imitate(*map(Path, sys.argv[1:5]))
