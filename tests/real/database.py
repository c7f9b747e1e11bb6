"""What is in a SQLite database: its rows and schema as they are, and the schema in a form that can be compared."""

import sqlite3
from contextlib import closing

# The ledger lies in the site's database, beside the product's tables.
LEDGER = {"patches", "patches_files", "patches_files_actions", "patches_runs"}


def run_script(path, *scripts):
    with closing(sqlite3.connect(path)) as database:
        for script in scripts:
            database.executescript(script.read_text())


def dump(path):
    """Schema and rows of everything, the ledger too."""
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump())


def rows(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def broken_keys(path):
    return rows(path, "PRAGMA foreign_key_check")


def description(path):
    """A line for each thing in the product's schema, and for each row of the table that the fresh schema fills."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        names = [name for (name,) in tables.fetchall() if name not in LEDGER]
        lines = {line for name in names for line in table_lines(database, name)}
        others = database.execute("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')")
        lines.update(f"{kind} {name}" for kind, name in others)
        lines.update(f"row system {name}" for (name,) in database.execute("SELECT name FROM system"))
    return lines


def table_lines(database, table):
    yield f"table {table}"
    for number, name, kind, not_null, default, key in database.execute(f'PRAGMA table_info("{table}")'):
        yield f"column {table}.{name}: number {number}, {kind.lower()}, {not_null=}, {default=}, {key=}"
    for _, name, unique, origin, partial in database.execute(f'PRAGMA index_list("{table}")').fetchall():
        # SQLite makes up the names of the indexes behind keys.
        named = name if origin == "c" else "of its own"
        columns = [column for *_, column in database.execute(f'PRAGMA index_info("{name}")')]
        yield f"index {table} {named}: {columns}, {unique=}, {origin=}, {partial=}"
    for _, _, parent, column, to, update, delete, _ in database.execute(f'PRAGMA foreign_key_list("{table}")'):
        yield f"key {table}.{column}: {parent}.{to}, {update=}, {delete=}"
