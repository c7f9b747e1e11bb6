"""The tools that run migrations: what each needs in its folder, and the command that brings a database up to date."""

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from installation import pack, patchwright

PATCHWRIGHT = os.environ["PATCHWRIGHT"]


def statement(number):
    """The one small step of a patch."""
    return f"CREATE TABLE item_{number} (id INTEGER PRIMARY KEY, title VARCHAR(80) NOT NULL)"


class Tool:
    """A tool, ready to bring one new database through `count` patches."""

    def __init__(self, folder, database, count):
        self.folder, self.database, self.count = Path(folder), database, count
        self.scripts = self.folder / "scripts"
        self.scripts.mkdir()
        self.prepare()

    def write(self, name, text):
        (self.scripts / name).write_text(text)

    def numbers(self):
        return range(1, self.count + 1)


class NativeClient(Tool):
    """The lower bound: one connection, one transaction a patch, nothing remembered."""

    name = "native client"

    def prepare(self):
        self.write("all.sql", "".join(f"BEGIN;\n{statement(number)};\nCOMMIT;\n" for number in self.numbers()))

    def command(self):
        script = self.scripts / "all.sql"
        if self.database.dialect == "sqlite":
            return ["sqlite3", "-bail", self.database.path, f".read {script}"]
        return ["psql", "-qX", "-v", "ON_ERROR_STOP=1", self.database.url, "-f", script]

    again = None


@cache
def archives(count):
    """A folder of patches: to make a thousand takes longer than to apply them, and each round reads the same."""
    folder = tempfile.TemporaryDirectory(prefix="bench-patches-")
    atexit.register(folder.cleanup)
    for number in range(1, count + 1):
        archive = Path(folder.name) / f"{number}.tar"
        pack(archive, "acme", str(number - 1), str(number), f"<sql>{statement(number)}</sql>")
    return folder.name


class Patchwright(Tool):
    name = "patchwright apply"

    def prepare(self):
        self.site = self.folder / "site"
        (self.site / "public").mkdir(parents=True)
        patchwright("--site", self.site, "init", "--root", "public", "--product", "acme", "--version", "0", "--database",
                    self.database.url)
        archives(self.count)

    def command(self):
        return [PATCHWRIGHT, "--site", self.site, "apply", "--yes", archives(self.count)]

    again = command
    nothing_to_do = 10


class Sqlx(Tool):
    name = "sqlx migrate run"

    def prepare(self):
        for number in self.numbers():
            self.write(f"{number:04}_step.sql", statement(number) + ";\n")

    def command(self):
        return ["sqlx", "migrate", "run", "--source", self.scripts, "--database-url", self.database.url]

    again = command
    nothing_to_do = 0


class Diesel(Tool):
    name = "diesel migration run"

    def prepare(self):
        for number in self.numbers():
            (self.scripts / f"{number:04}_step").mkdir()
            self.write(f"{number:04}_step/up.sql", statement(number) + ";\n")
            self.write(f"{number:04}_step/down.sql", f"DROP TABLE item_{number};\n")

    def command(self):
        url = str(self.database.path) if self.database.dialect == "sqlite" else self.database.url
        return ["diesel", "migration", "run", "--migration-dir", self.scripts, "--database-url", url]

    again = command
    nothing_to_do = 0


class Refinery(Tool):
    name = "refinery migrate"

    def prepare(self):
        for number in self.numbers():
            self.write(f"V{number}__step.sql", statement(number) + ";\n")
        if self.database.dialect == "sqlite":
            told = f'db_type = "Sqlite"\ndb_path = "{self.database.path}"\n'
        else:
            server = self.database.server
            told = (f'db_type = "Postgres"\ndb_host = "{server.hostname}"\ndb_port = "{server.port or 5432}"\n'
                    f'db_user = "{server.username}"\ndb_pass = "{server.password or ""}"\ndb_name = "{self.database.name}"\n')
        (self.folder / "refinery.toml").write_text("[main]\n" + told)

    def command(self):
        return ["refinery", "migrate", "-c", self.folder / "refinery.toml", "-p", self.scripts]

    again = command
    nothing_to_do = 0


class Sqitch(Tool):
    """Starts the native client for each step."""

    name = "sqitch deploy"

    def prepare(self):
        plan = ["%syntax-version=1.0.0", "%project=acme", ""]
        (self.scripts / "deploy").mkdir()
        for number in self.numbers():
            self.write(f"deploy/step{number}.sql", f"BEGIN;\n{statement(number)};\nCOMMIT;\n")
            plan.append(f"step{number} 2026-01-01T00:00:00Z Acme <acme@example.org>")
        self.write("sqitch.plan", "\n".join(plan) + "\n")
        engine = "sqlite" if self.database.dialect == "sqlite" else "pg"
        self.write("sqitch.conf", f"[core]\n\tengine = {engine}\n[user]\n\tname = Acme\n\temail = acme@example.org\n")

    def command(self):
        if self.database.dialect == "sqlite":
            target = f"db:sqlite:{self.database.path}"
        else:
            target = self.database.url.replace("postgres:", "db:pg:", 1)
        return ["sqitch", "--chdir", self.scripts, "deploy", "--no-verify", target]

    again = command
    nothing_to_do = 0


class Dbmate(Tool):
    name = "dbmate migrate"

    def prepare(self):
        for number in self.numbers():
            self.write(f"{number:04}_step.sql", f"-- migrate:up\n{statement(number)};\n-- migrate:down\n")

    def command(self):
        return ["dbmate", "--url", self.database.url, "--migrations-dir", self.scripts, "--no-dump-schema", "migrate"]

    again = command
    nothing_to_do = 0


def contestants():
    """The tools that are on this machine: the native clients and Patchwright always are."""
    programs = {Sqlx: "sqlx", Diesel: "diesel", Refinery: "refinery", Sqitch: "sqitch", Dbmate: "dbmate"}
    missing = [program for program in programs.values() if not shutil.which(program)]
    if missing:
        print(f"not on this machine: {', '.join(missing)}", file=sys.stderr)
    return [NativeClient, Patchwright, *(tool for tool, program in programs.items() if program not in missing)]
