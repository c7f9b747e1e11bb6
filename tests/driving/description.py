"""The structure of a database as a set of lines that can be compared, read from the server's own catalog."""

import re


def description(database):
    """A line for each thing in the product's schema; the ledger is left out."""
    return set(LINES[database.dialect](database))


def sqlite_lines(database):
    for kind, name in database.rows(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite_%'"
        " AND name NOT LIKE 'patches%'"
    ):
        yield f"{kind} {name}"
        if kind == "table":
            yield from sqlite_table(database, name)


def sqlite_table(database, table):
    for number, name, kind, not_null, default, key in database.rows(f'PRAGMA table_info("{table}")'):
        yield f"column {table}.{name}: number {number}, {kind.lower()}, {not_null=}, {default=}, {key=}"
    for _, name, unique, origin, partial in database.rows(f'PRAGMA index_list("{table}")'):
        # SQLite makes up the names of the indexes behind keys.
        named = name if origin == "c" else "of its own"
        columns = [column for *_, column in database.rows(f'PRAGMA index_info("{name}")')]
        yield f"index {table} {named}: {columns}, {unique=}, {origin=}, {partial=}"
    for _, _, parent, column, to, update, delete, _ in database.rows(f'PRAGMA foreign_key_list("{table}")'):
        yield f"key {table}.{column}: {parent}.{to}, {update=}, {delete=}"


def postgres_lines(database):
    columns = database.rows(
        "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
        " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'patches%'"
        " ORDER BY c.relname, a.attnum"
    )
    order = {}
    for table, column, kind, not_null, default in columns:
        yield f"column {table}.{column}: {kind}, {not_null=}, {default=}"
        order.setdefault(table, []).append(column)
    for table, names in order.items():
        yield f"order of {table}: {', '.join(names)}"
    for table, name, definition in database.rows(
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'patches%'"
    ):
        yield f"constraint {table} {name}: {definition}"
    for name, definition in database.rows(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'patches%'"
    ):
        yield f"index {name}: {definition}"
    for (name,) in database.rows(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename NOT LIKE 'patches%'"
    ):
        yield f"sequence {name}"


def mysql_lines(database):
    for (table,) in database.rows("SHOW TABLES"):
        if table.startswith("patches"):
            continue
        [(_, made)] = database.rows(f"SHOW CREATE TABLE `{table}`")
        _, *lines, options = made.splitlines()
        yield f"table {table}: {re.sub(r' AUTO_INCREMENT=[0-9]+', '', options)}"
        columns = []
        for line in (line.strip().rstrip(",") for line in lines):
            if line.startswith("`"):
                columns.append(line.split("`")[1])
            yield f"{table}: {line}"
        yield f"order of {table}: {', '.join(columns)}"


LINES = {"sqlite": sqlite_lines, "postgres": postgres_lines, "mysql": mysql_lines}
