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


def logic(database):
    """What can be compared between databases: columns by name and nullness, keys and indexes by what they hold."""
    return set(LOGIC[database.dialect](database))


def indexes(rows):
    """Rows of (table, index, unique, column), in order, as one line an index."""
    held = {}
    for table, name, unique, column in rows:
        held.setdefault((table, name, unique in ("1", "t")), []).append(column)
    for (table, _, unique), columns in held.items():
        yield f"{'unique' if unique else 'index'} {table}: {', '.join(columns)}"


def foreign_keys(rows):
    """Rows of (table, column, parent, parent's column, on delete, on update)."""
    for table, column, parent, to, delete, update in rows:
        yield f"key {table}.{column}: {parent}.{to}, {delete.lower()}, {update.lower()}"


def sqlite_logic(database):
    for (table,) in database.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'patches%'"
    ):
        primary = []
        for _, name, _, not_null, _, key in database.rows(f'PRAGMA table_info("{table}")'):
            yield f"column {table}.{name}{' not null' if not_null == '1' or key != '0' else ''}"
            primary += [(key, name)] if key != "0" else []
        if primary:
            yield f"primary key {table}: {', '.join(name for _, name in sorted(primary))}"
        yield from indexes(database.rows(
            f"SELECT '{table}', l.name, l.\"unique\", i.name FROM pragma_index_list('{table}') AS l,"
            " pragma_index_info(l.name) AS i WHERE l.origin <> 'pk' ORDER BY l.name, i.seqno"
        ))
        yield from foreign_keys(database.rows(
            f"SELECT '{table}', \"from\", \"table\", \"to\", on_delete, on_update FROM pragma_foreign_key_list('{table}')"
        ))


def postgres_logic(database):
    ours = "n.nspname = 'public' AND c.relname NOT LIKE 'patches%'"
    for table, name, not_null in database.rows(
        "SELECT c.relname, a.attname, a.attnotnull FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" JOIN pg_attribute a ON a.attrelid = c.oid WHERE {ours} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"
    ):
        yield f"column {table}.{name}{' not null' if not_null == 't' else ''}"
    rows = database.rows(
        "SELECT c.relname, i.relname, x.indisunique, a.attname, x.indisprimary FROM pg_index x"
        " JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN unnest(x.indkey) WITH ORDINALITY AS k (number, place) ON true"
        f" JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number WHERE {ours} ORDER BY 1, 2, k.place"
    )
    yield from indexes(row[:4] for row in rows if row[4] == "f")
    yield from (line.replace("unique", "primary key", 1) for line in indexes(row[:4] for row in rows if row[4] == "t"))
    actions = "CASE {} WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set null' WHEN 'd' THEN 'set default' ELSE 'no action' END"
    yield from foreign_keys(database.rows(
        "SELECT c.relname, a.attname, p.relname, b.attname,"
        f" {actions.format('f.confdeltype')}, {actions.format('f.confupdtype')}"
        " FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_class p ON p.oid = f.confrelid JOIN unnest(f.conkey, f.confkey) AS k (own, other) ON true"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.own"
        f" JOIN pg_attribute b ON b.attrelid = p.oid AND b.attnum = k.other WHERE f.contype = 'f' AND {ours}"
    ))


def mysql_logic(database):
    ours = ("table_schema = database() AND table_name NOT LIKE 'patches%' AND table_name NOT IN"
            " (SELECT table_name FROM information_schema.views WHERE table_schema = database())")
    # The server makes an index for a foreign key that has none, and calls it as the key.
    own = ("SELECT constraint_name FROM information_schema.referential_constraints r"
           " WHERE r.constraint_schema = database() AND r.table_name = s.table_name")
    for table, name, null in database.rows(
        f"SELECT table_name, column_name, is_nullable FROM information_schema.columns WHERE {ours}"
    ):
        yield f"column {table}.{name}{'' if null == 'YES' else ' not null'}"
    rows = database.rows(
        "SELECT table_name, index_name, 1 - non_unique, column_name FROM information_schema.statistics s"
        f" WHERE {ours} AND index_name NOT IN ({own}) ORDER BY table_name, index_name, seq_in_index"
    )
    yield from indexes(row for row in rows if row[1] != "PRIMARY")
    yield from (line.replace("unique", "primary key", 1) for line in indexes(row for row in rows if row[1] == "PRIMARY"))
    yield from foreign_keys(database.rows(
        "SELECT k.table_name, k.column_name, k.referenced_table_name, k.referenced_column_name, r.delete_rule, r.update_rule"
        " FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r"
        " ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name"
        " WHERE k.table_schema = database() AND k.referenced_table_name IS NOT NULL"
    ))


def firebird_logic(database):
    """Names in lower case, as an author writes them."""
    ours = "LOWER({}) NOT LIKE 'patch%'"
    for table, name, not_null in database.rows(
        "SELECT LOWER(TRIM(f.RDB$RELATION_NAME)), LOWER(TRIM(f.RDB$FIELD_NAME)), COALESCE(f.RDB$NULL_FLAG, 0)"
        " FROM RDB$RELATION_FIELDS f JOIN RDB$RELATIONS r ON r.RDB$RELATION_NAME = f.RDB$RELATION_NAME"
        f" WHERE r.RDB$SYSTEM_FLAG = 0 AND r.RDB$VIEW_BLR IS NULL AND {ours.format('r.RDB$RELATION_NAME')}"
    ):
        yield f"column {table}.{name}{' not null' if not_null == '1' else ''}"
    rows = database.rows(
        "SELECT LOWER(TRIM(i.RDB$RELATION_NAME)), TRIM(i.RDB$INDEX_NAME), COALESCE(i.RDB$UNIQUE_FLAG, 0),"
        " LOWER(TRIM(s.RDB$FIELD_NAME)), TRIM(k.RDB$CONSTRAINT_TYPE) FROM RDB$INDICES i"
        " JOIN RDB$INDEX_SEGMENTS s ON s.RDB$INDEX_NAME = i.RDB$INDEX_NAME"
        " LEFT JOIN RDB$RELATION_CONSTRAINTS k ON k.RDB$INDEX_NAME = i.RDB$INDEX_NAME"
        f" WHERE i.RDB$SYSTEM_FLAG = 0 AND {ours.format('i.RDB$RELATION_NAME')} ORDER BY 1, 2, s.RDB$FIELD_POSITION"
    )
    yield from indexes(row[:4] for row in rows if row[4] in (None, "UNIQUE"))
    keys = indexes(row[:4] for row in rows if row[4] == "PRIMARY KEY")
    yield from (line.replace("unique", "primary key", 1) for line in keys)
    # RESTRICT is what Firebird calls it when nothing is said.
    rule = "CASE r.RDB${} WHEN 'RESTRICT' THEN 'no action' ELSE LOWER(TRIM(r.RDB${})) END"
    yield from foreign_keys(database.rows(
        "SELECT LOWER(TRIM(k.RDB$RELATION_NAME)), LOWER(TRIM(s.RDB$FIELD_NAME)), LOWER(TRIM(o.RDB$RELATION_NAME)),"
        f" LOWER(TRIM(t.RDB$FIELD_NAME)), {rule.format(*['DELETE_RULE'] * 2)}, {rule.format(*['UPDATE_RULE'] * 2)}"
        " FROM RDB$REF_CONSTRAINTS r JOIN RDB$RELATION_CONSTRAINTS k ON k.RDB$CONSTRAINT_NAME = r.RDB$CONSTRAINT_NAME"
        " JOIN RDB$RELATION_CONSTRAINTS o ON o.RDB$CONSTRAINT_NAME = r.RDB$CONST_NAME_UQ"
        " JOIN RDB$INDEX_SEGMENTS s ON s.RDB$INDEX_NAME = k.RDB$INDEX_NAME"
        " JOIN RDB$INDEX_SEGMENTS t ON t.RDB$INDEX_NAME = o.RDB$INDEX_NAME AND t.RDB$FIELD_POSITION = s.RDB$FIELD_POSITION"
    ))


LOGIC = {"sqlite": sqlite_logic, "postgres": postgres_logic, "mysql": mysql_logic, "firebird": firebird_logic}
