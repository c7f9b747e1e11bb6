"""A new database on each kind of server, spoken to by the server's own client and never by Patchwright."""

import csv
import io
import os
import re
import secrets
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

# The ledger lies in the site's database, beside the product's tables.
LEDGER = "patches"


class Database:
    """What every kind can."""

    # The shared library that speaks to it, where the command can't by itself.
    library = None

    def refuses(self, statement):
        """Whether the database refuses a statement."""
        try:
            self.execute(statement)
        except ClientFailed:
            return True
        return False


class Sqlite(Database):
    """A database file in a folder of its own."""

    dialect = "sqlite"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="patchwright-test-")
        self.path = Path(self.folder.name) / "site.db"
        self.url = f"sqlite:{self.path}"

    def __enter__(self):
        # An existing database is opened, none is made; an empty file is one.
        self.path.touch()
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def run(self, script):
        """Gives a script to the client as a whole."""
        # As an argument, because from its input the client changes line endings; a blank keeps it from being an option.
        client("sqlite3", "-bail", self.path, " " + Path(script).read_bytes().decode())

    def execute(self, statement):
        client("sqlite3", "-bail", self.path, statement)

    def rows(self, query):
        with closing(sqlite3.connect(self.path)) as database:
            return [tuple(None if cell is None else str(cell) for cell in row) for row in database.execute(query)]

    def dump(self):
        """Everything but the ledger: structure and rows."""
        dumped = client("sqlite3", self.path, ".dump --nosys").stdout
        return without(dumped, rf'^(CREATE (TABLE|INDEX|UNIQUE INDEX).*|INSERT INTO )"?{LEDGER}')

    def statements_seen(self, script):
        """Runs a script and gives the statements that SQLite itself saw in it."""
        seen = []
        with closing(sqlite3.connect(self.path)) as database:
            database.set_trace_callback(seen.append)
            database.executescript(Path(script).read_bytes().decode())
        # SQLite tells a statement again for each trigger that it fires.
        return [text for text, _ in groupby(seen)]


class Server(Database):
    """A database of a random name on a server that is told by a URL."""

    def __enter__(self):
        self.name = f"proof_{secrets.token_hex(6)}"
        self.make()
        self.url = urlunsplit(self.server._replace(path=f"/{self.name}"))
        return self

    def make(self):
        self.execute_on_server(f"CREATE DATABASE {self.name}{self.options}")

    @property
    def address(self):
        return self.server.hostname, self.server.port or self.usual_port

    def url_through(self, port):
        """Its URL for who is carried on to the server from this port of the loopback, and without TLS, which has turns of its own."""
        place = f"{self.server.username}@127.0.0.1:{port}"
        return urlunsplit(self.server._replace(netloc=place, path=f"/{self.name}", query=self.without_tls))

    def __exit__(self, *_):
        self.execute_on_server(self.drop.format(self.name))


class Postgres(Server):
    """A database on the PostgreSQL server that PATCHWRIGHT_TEST_POSTGRES names."""

    usual_port, without_tls = 5432, "sslmode=disable"
    dialect, options, drop = "postgres", " ENCODING 'UTF8' TEMPLATE template0", "DROP DATABASE {} WITH (FORCE)"

    def __init__(self, like=None):
        """Empty, or with all that another one holds, to which nobody may be connected."""
        self.server = urlsplit(os.environ["PATCHWRIGHT_TEST_POSTGRES"])
        self.options = f" TEMPLATE {like.name}" if like else self.options

    def execute_on_server(self, statement):
        client("psql", "-qX", urlunsplit(self.server), "-c", statement)

    def run(self, script, *options):
        return client("psql", "-qX", "-v", "ON_ERROR_STOP=1", *options, self.url, "-f", script)

    def execute(self, statement):
        client("psql", "-qX", "-v", "ON_ERROR_STOP=1", self.url, "-c", statement)

    def rows(self, query):
        told = client("psql", "-qXt", "--csv", "-P", "null=<null>", "-v", "ON_ERROR_STOP=1", self.url, "-c", query)
        return [tuple(None if cell == "<null>" else cell for cell in row) for row in csv.reader(io.StringIO(told.stdout))]

    def dump(self):
        dumped = client("pg_dump", "--no-owner", "--inserts", f"--exclude-table={LEDGER}*", self.url).stdout
        return without(dumped, r"^(--|\\(un)?restrict|$)")

    def statements_seen(self, script):
        """The server tells its client what it logs, so no log file needs to be found."""
        told = client("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", self.url, "-f", script,
                      PGOPTIONS="-c log_statement=all -c client_min_messages=log").stderr
        messages = re.split(rf"^psql:{re.escape(str(script))}:\d+: ", told, flags=re.MULTILINE)
        marker = "LOG:  statement: "
        return [message[len(marker):] for message in messages if message.startswith(marker)]


class MariaDb(Server):
    """A database on the MariaDB server that PATCHWRIGHT_TEST_MARIADB names."""

    dialect, options, drop = "mysql", " CHARACTER SET utf8mb4", "DROP DATABASE {}"
    usual_port, without_tls, whole = 3306, "ssl-mode=DISABLED", None

    def __init__(self, like=None):
        """Empty, or with all that another one holds."""
        self.server = urlsplit(os.environ["PATCHWRIGHT_TEST_MARIADB"])
        self.like = like
        host, port = self.address
        self.login = [f"--host={host}", f"--port={port}", "--protocol=TCP",
                      f"--user={unquote(self.server.username or 'root')}", "--default-character-set=utf8mb4"]

    def make(self):
        super().make()
        if self.like:
            self.run(self.like.everything())

    def everything(self):
        """A file that makes another database hold what this one holds now, the ledger too. Made once."""
        if not self.whole:
            self.whole = tempfile.NamedTemporaryFile(suffix=".sql")
            self.whole.write(self.client("mariadb-dump", "--skip-comments", self.name).stdout.encode())
            self.whole.flush()
        return self.whole.name

    def client(self, program, *options, **more):
        return client(program, "--no-defaults", *self.login, *options, MYSQL_PWD=unquote(self.server.password or ""), **more)

    def execute_on_server(self, statement):
        self.client("mariadb", "-e", statement)

    def run(self, script):
        # By default this client leaves comments out, of bodies too, and changes line endings.
        self.client("mariadb", "--comments", "--binary-mode", self.name, script=script)

    def execute(self, statement):
        self.client("mariadb", self.name, "-e", statement)

    def rows(self, query):
        told = self.client("mariadb", "--batch", "--skip-column-names", self.name, "-e", query).stdout
        return [tuple(map(plain, line.split("\t"))) for line in told.splitlines()]

    def dump(self):
        tables = [name for (name,) in self.rows("SHOW TABLES") if name.startswith(LEDGER)]
        dumped = self.client("mariadb-dump", "--skip-comments", "--routines", "--events", "--triggers",
                             *(f"--ignore-table={self.name}.{table}" for table in tables), self.name).stdout
        return dumped.replace(self.name, "the_database")

    def statements_seen(self, script):
        """Needs a server of one's own: it switches the log of all its statements on."""
        self.execute_on_server("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = ON")
        try:
            self.run(script)
        finally:
            self.execute_on_server("SET GLOBAL general_log = OFF")
        told = self.rows(
            "SELECT HEX(argument) FROM mysql.general_log WHERE command_type = 'Query' AND thread_id = ("
            f"SELECT max(thread_id) FROM mysql.general_log WHERE command_type = 'Connect' AND argument LIKE '% on {self.name} %')"
            " ORDER BY event_time"
        )
        seen = [whole_characters(bytes.fromhex(text)).decode() for (text,) in told]
        # What a trigger runs is logged too.
        return [text for at, text in enumerate(seen) if not any(text in earlier for earlier in seen[:at])]


class Firebird(Database):
    """A database on the Firebird server that PATCHWRIGHT_TEST_FIREBIRD names, spoken to by a dialect from a shared library."""

    dialect = "firebird"

    def __init__(self):
        self.server = urlsplit(os.environ["PATCHWRIGHT_TEST_FIREBIRD"])
        self.library = os.environ["PATCHWRIGHT_FIREBIRD_LIBRARY"]

    def __enter__(self):
        # The second slash makes a path of it, and no alias.
        path = f"{self.server.path}/proof_{secrets.token_hex(6)}.fdb"
        self.url = urlunsplit(self.server._replace(path=path))
        self.place = f"{self.server.hostname}/{self.server.port}:{path[1:]}"
        login = f"USER '{self.server.username}' PASSWORD '{self.server.password}'"
        self.isql(f"CREATE DATABASE '{self.place}' {login} DEFAULT CHARACTER SET UTF8;", connected=False)
        return self

    def __exit__(self, *_):
        self.isql("DROP DATABASE;")

    def isql(self, script, connected=True):
        login = ["-u", self.server.username, "-p", self.server.password, self.place] if connected else []
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(script)
            file.flush()
            return client("isql-fb", "-q", "-bail", "-ch", "UTF8", "-i", file.name, *login).stdout

    def execute(self, statement):
        self.isql(f"{statement};")

    def rows(self, query):
        """The client prints a line for each value, its name in the first 32 places, and an empty line behind each row."""
        told = self.isql(f"SET LIST ON;\n{query};")
        rows = [[line[32:] for line in row.splitlines() if line] for row in told.split("\n\n") if row.strip()]
        return [tuple(None if cell == "<null>" else cell for cell in row) for row in rows]


# Those that the command speaks to by itself.
ALL = [Sqlite, Postgres, MariaDb]


def whole_characters(text):
    """The text with those characters that the table of the log has no place for, which it escapes."""
    return re.sub(rb"\\x([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), text)


def plain(cell):
    """A cell as the batch mode of the client writes it."""
    escapes = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}
    return None if cell == "NULL" else re.sub(r"\\([nt0\\])", lambda found: escapes[found[1]], cell)


def without(text, pattern):
    """The text without the lines that match."""
    return "\n".join(line for line in text.splitlines() if not re.match(pattern, line))


class ClientFailed(Exception):
    """The server's own client ended with an error."""


def client(*command, script=None, **environment):
    """Runs a client, with a script as its input, and fails loudly."""
    words = [str(word) for word in command]
    with open(script or os.devnull, "rb") as given:
        ended = subprocess.run(words, stdin=given, capture_output=True, env={**os.environ, **environment})
    told = subprocess.CompletedProcess(words, ended.returncode, ended.stdout.decode(), ended.stderr.decode())
    if ended.returncode:
        raise ClientFailed(f"`{' '.join(words)}` ended with {ended.returncode}:\n{told.stderr}")
    return told
