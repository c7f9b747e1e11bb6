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
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    return ["sh", "-c", f"tar xf '{archive}' -C '{staging}' && sync -f '{staging}'"]


def make_package(work, v2, changed):
    """A Debian package of the changed files alone."""
    tree = work / "package"
    for path in changed:
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(v2 / path, target)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text("Package: acme\nVersion: 2\nArchitecture: all\nMaintainer: a <a@example.org>\n"
                                         "Description: changed files\n")
    os.system(f"dpkg-deb --root-owner-group -Zgzip -b '{tree}' '{work}/acme.deb' >/dev/null")
    return work / "acme.deb"


def dpkg(package, site):
    """Replaces the files one by one, each made durable by itself."""
    admin = site.parent / "admin"
    shutil.rmtree(admin, ignore_errors=True)
    for folder in ("info", "updates", "triggers"):
        (admin / folder).mkdir(parents=True)
    (admin / "status").touch()
    (admin / "available").touch()
    return ["dpkg", f"--admindir={admin}", f"--instdir={site}", "--force-all", "-i", str(package)]


def rsync(listing, v2, site):
    """Replaces the files one by one and keeps the old ones; one sync at the end."""
    backup = site.parent / "backup"
    shutil.rmtree(backup, ignore_errors=True)
    command = f"rsync -a --backup --backup-dir='{backup}' --files-from='{listing}' '{v2}/' '{site}/' && sync -f '{site}'"
    return ["sh", "-c", command]


def git_apply(diff, site):
    """Writes the changed files in place, from a diff that holds old and new; one sync at the end."""
    return ["sh", "-c", f"cd '{site}' && git apply --whitespace=nowarn '{diff}' && sync -f ."]


def file_by_file(v2, listing, site):
    """What ATutor's patcher does: compare, back up beside, write in place, one row in the database, file by file."""
    return [sys.executable, str(Path(__file__)), str(v2), str(listing), str(site)]


def imitate(v2, listing, site):
    database = sqlite3.connect(site.parent / "imitation.db", isolation_level=None)
    database.execute("CREATE TABLE IF NOT EXISTS patches_files (path TEXT, action TEXT, md5 TEXT)")
    for path in listing.read_text().split("\n"):
        if not path:
            continue
        target, new = site / path, (v2 / path).read_bytes()
        action, digest = "add", ""
        if target.exists():
            old = target.read_bytes()
            action, digest = "overwrite", hashlib.md5(old).hexdigest()
            Path(f"{target}.acme.old").write_bytes(old)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(new)
        database.execute("INSERT INTO patches_files VALUES (?, ?, ?)", (path, action, digest))
    database.close()
    os.sync()


if __name__ == "__main__":
    imitate(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
