"""What the stories are told of: fetched once, through the ordinary clients, and kept outside the repository."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

CACHE = Path(os.environ["PATCHWRIGHT_CACHE"])


class DownloadFailed(Exception):
    """The real input can't be had, so nothing is tested: a failure, never a skip."""


def wheel_tree(package, version):
    """The folder that holds a release from PyPI as its wheel lays it out."""

    def make(folder):
        run("python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", "--python-version", "3.12", f"{package}=={version}", "--dest", folder / "wheel")
        [wheel] = (folder / "wheel").glob("*.whl")
        unpack(wheel, folder / "tree")

    return kept(f"{package}-{version}", make) / "tree"


def debian_tree(package):
    """The folder that holds the files of a Debian package, which is not installed."""

    def make(folder):
        run("apt-get", "download", "--quiet", "--quiet", package, cwd=folder)
        [archive] = folder.glob("*.deb")
        run("dpkg-deb", "--extract", archive, folder / "tree")

    return kept(f"debian-{package}", make) / "tree"


def debian_version(package):
    """Which version of the package is in the cache."""
    [archive] = (CACHE / f"debian-{package}").glob("*.deb")
    return archive.name.split("_")[1]


def kept(name, make):
    """The folder of that name in the cache, made whole or not at all."""
    folder = CACHE / name
    if folder.is_dir():
        return folder
    unfinished = CACHE / f".{name}.{os.getpid()}"
    unfinished.mkdir(parents=True)
    try:
        make(unfinished)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def unpack(wheel, tree):
    """Unpacks a wheel with the modes that it says; Python's own unpacking leaves them out."""
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            path = archive.extract(member, tree)
            if not member.is_dir():
                os.chmod(path, member.external_attr >> 16 & 0o777 or 0o644)


def run(*command, cwd=None):
    """Runs a client and says loudly when it fails."""
    words = [str(word) for word in command]
    try:
        subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise DownloadFailed(f"there is no {words[0]} on this machine") from error
    except subprocess.CalledProcessError as error:
        sys.stdout.write(error.stderr)
        raise DownloadFailed(f"`{' '.join(words)}` failed with exit code {error.returncode}") from error
