//! What is read of a database's structure, and that nothing done to it by hand stays unseen.

use super::{connected, run};
use patchwright_conformance::mutations;
use patchwright_hooks_api::schema::{Column, ColumnType, DefaultValue};
use patchwright_hooks_api::{Connection, Dialect, Value};
use std::time::Instant;

use patchwright_dialect_sqlite::Sqlite;

const SCRIPT: &[&str] = &[
    "CREATE TABLE forum (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(80) NOT NULL DEFAULT 'x')",
    "CREATE TABLE item (id INTEGER PRIMARY KEY, forum INTEGER REFERENCES forum (id) ON DELETE CASCADE, \
     title VARCHAR(80) NOT NULL DEFAULT '', state TEXT CHECK (state IN ('open', 'shut')), price DECIMAL(10, 2), note TEXT, \
     both INT GENERATED ALWAYS AS (id + forum) VIRTUAL, \
     CONSTRAINT item_priced CHECK (price > 0), UNIQUE (title, forum), CHECK (title <> 'none'))",
    "CREATE TABLE log (what TEXT)",
    "CREATE INDEX item_price ON item (price DESC, lower(title)) WHERE price > 5",
    "CREATE UNIQUE INDEX item_title ON item (title)",
    "CREATE TRIGGER item_gone AFTER DELETE ON item BEGIN DELETE FROM log; END",
    "CREATE VIEW titles AS SELECT id, title FROM item",
    "CREATE TRIGGER titles_gone INSTEAD OF DELETE ON titles BEGIN DELETE FROM item WHERE id = OLD.id; END",
];

/// What somebody changes in the script, and what is then said.
const MUTATIONS: &[(&str, &str, &str)] = &[
    ("note TEXT, ", "", "item: the column note is missing"),
    ("note TEXT, ", "note TEXT, extra, ", "item: the column extra was not expected"),
    (
        "VARCHAR(80) NOT NULL DEFAULT ''",
        "VARCHAR(81) NOT NULL DEFAULT ''",
        "item: the column title is varchar(81), never null, default  and not varchar(80), never null, default ",
    ),
    (
        "VARCHAR(80) NOT NULL DEFAULT 'x'",
        "TEXT NOT NULL DEFAULT 'x'",
        "forum: the column name is text, never null, default x and not varchar(80), never null, default x",
    ),
    (
        "NOT NULL DEFAULT 'x'",
        "DEFAULT 'x'",
        "forum: the column name is varchar(80), may be null, default x and not varchar(80), never null, default x",
    ),
    (
        "DEFAULT 'x'",
        "DEFAULT 'y'",
        "forum: the column name is varchar(80), never null, default y and not varchar(80), never null, default x",
    ),
    (
        " DEFAULT 'x'",
        "",
        "forum: the column name is varchar(80), never null and not varchar(80), never null, default x",
    ),
    (
        " AUTOINCREMENT",
        "",
        "forum: the column id is 32-bit integer, never null and not 64-bit integer, numbered, never null",
    ),
    (
        "'open', 'shut'",
        "'open'",
        "item: the column state is enum(open), may be null and not enum(open, shut), may be null",
    ),
    (
        "(id + forum)",
        "(id - forum)",
        "item: the column both is INT GENERATED ALWAYS AS (id - forum) VIRTUAL, may be null and not INT GENERATED ALWAYS AS (id + forum) VIRTUAL, may be null",
    ),
    ("id INTEGER PRIMARY KEY, forum", "id INTEGER NOT NULL, forum", "item: the primary key is none and not id"),
    (
        " ON DELETE CASCADE",
        "",
        "item: the foreign key foreign key(forum) is (forum) to forum(id) and not (forum) to forum(id), on delete cascade",
    ),
    (" REFERENCES forum (id) ON DELETE CASCADE", "", "item: the foreign key foreign key(forum) is missing"),
    ("CHECK (price > 0)", "CHECK (price > 1)", "item: the check item_priced is price > 1 and not price > 0"),
    ("CONSTRAINT item_priced CHECK (price > 0), ", "", "item: the check item_priced is missing"),
    (", CHECK (title <> 'none')", "", "item: the check check 1 is missing"),
    (" UNIQUE (title, forum),", "", "item: the index unique(title, forum) is missing"),
    (
        "item_price ON item (price DESC",
        "item_price ON item (price",
        "item: the index item_price is (price, (lower(title))) where price > 5 and not (price descending, (lower(title))) where price > 5",
    ),
    (
        "lower(title)",
        "upper(title)",
        "item: the index item_price is (price descending, (upper(title))) where price > 5 and not (price descending, (lower(title))) where price > 5",
    ),
    (
        " WHERE price > 5",
        "",
        "item: the index item_price is (price descending, (lower(title))) and not (price descending, (lower(title))) where price > 5",
    ),
    ("UNIQUE INDEX", "INDEX", "item: the index item_title is (title) and not unique (title)"),
    (
        "INDEX item_title",
        "INDEX item_named",
        "item: the index item_title is missing; item: the index item_named was not expected",
    ),
    (
        "AFTER DELETE",
        "BEFORE DELETE",
        "item: the trigger item_gone is CREATE TRIGGER item_gone BEFORE DELETE ON item BEGIN DELETE FROM log; END and not CREATE TRIGGER item_gone AFTER DELETE ON item BEGIN DELETE FROM log; END",
    ),
    ("SELECT id, title", "SELECT title", "the view titles has another query"),
    ("TABLE log", "TABLE logs", "the table log is missing; the table logs was not expected"),
    ("note TEXT, ", "remark TEXT, ", "item: the column note is missing; item: the column remark was not expected"),
    ("price DECIMAL(10, 2), note TEXT", "note TEXT, price DECIMAL(10, 2)", "item: its columns stand in another order"),
    ("note TEXT", "note TEXT NOT NULL", "item: the column note is text, never null and not text, may be null"),
    (
        "note TEXT",
        "note TEXT DEFAULT (lower('A'))",
        "item: the column note is text, may be null, default (lower('A')) and not text, may be null",
    ),
    (
        "forum) VIRTUAL",
        "forum) STORED",
        "item: the column both is INT GENERATED ALWAYS AS (id + forum) STORED, may be null and not INT GENERATED ALWAYS AS (id + forum) VIRTUAL, may be null",
    ),
    ("note TEXT", "note TEXT COLLATE NOCASE", "item: the column note is COLLATE NOCASE and not as usual"),
    (
        "title VARCHAR(80) NOT NULL",
        "title VARCHAR(80) COLLATE RTRIM NOT NULL ON CONFLICT IGNORE",
        "item: the column title is COLLATE RTRIM ON CONFLICT IGNORE and not as usual",
    ),
    ("what TEXT", "what TEXT PRIMARY KEY DESC ON CONFLICT FAIL", "log: the primary key is what and not none"),
    ("(what TEXT)", "(what TEXT) STRICT", "the table log is STRICT and not as usual"),
    (
        "REFERENCES forum (id)",
        "REFERENCES forum (name)",
        "item: the foreign key foreign key(forum) is (forum) to forum(name), on delete cascade and not (forum) to forum(id), on delete cascade",
    ),
    (
        "REFERENCES forum (id)",
        "REFERENCES log (id)",
        "item: the foreign key foreign key(forum) is (forum) to log(id), on delete cascade and not (forum) to forum(id), on delete cascade",
    ),
    (
        "ON DELETE CASCADE",
        "ON DELETE CASCADE ON UPDATE SET NULL",
        "item: the foreign key foreign key(forum) is (forum) to forum(id), on delete cascade, on update set null and not (forum) to forum(id), on delete cascade",
    ),
    (
        "ON DELETE CASCADE",
        "ON DELETE CASCADE ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED",
        "item: the foreign key foreign key(forum) is ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED and not as usual",
    ),
    (
        "UNIQUE (title, forum)",
        "UNIQUE (title, forum) ON CONFLICT REPLACE",
        "item: the index unique(title, forum) is ON CONFLICT REPLACE and not as usual",
    ),
    (
        "item (title)",
        "item (title COLLATE NOCASE)",
        "item: the index item_title is unique ((title COLLATE NOCASE)) and not unique (title)",
    ),
    (
        "price > 5",
        "price > 6",
        "item: the index item_price is (price descending, (lower(title))) where price > 6 and not (price descending, (lower(title))) where price > 5",
    ),
    (
        "CHECK (price > 0), ",
        "CHECK (price > 0), CHECK (forum > 0), ",
        "item: the check check 1 is forum > 0 and not title <> 'none'; item: the check check 2 was not expected",
    ),
    (
        "CREATE TRIGGER item_gone AFTER DELETE ON item BEGIN DELETE FROM log; END",
        "",
        "item: the trigger item_gone is missing",
    ),
    (
        "TRIGGER item_gone",
        "TRIGGER item_left",
        "item: the trigger item_gone is missing; item: the trigger item_left was not expected",
    ),
    (
        "CREATE TRIGGER titles_gone INSTEAD OF DELETE ON titles BEGIN DELETE FROM item WHERE id = OLD.id; END",
        "",
        "titles: the trigger titles_gone is missing",
    ),
    (
        "TRIGGER titles_gone",
        "TRIGGER titles_left",
        "titles: the trigger titles_gone is missing; titles: the trigger titles_left was not expected",
    ),
    (
        "CREATE TABLE log (what TEXT)",
        "CREATE TABLE log (what TEXT, PRIMARY KEY (what COLLATE NOCASE)) WITHOUT ROWID",
        "log: the column what is text, never null and not text, may be null; log: the primary key is what and not none; the table log is WITHOUT ROWID and not as usual",
    ),
];

#[test]
fn what_somebody_did_to_the_database_by_hand_is_named_in_words() {
    // B3
    let (_directory, _path, mut connection) = connected();
    mutations(SCRIPT, MUTATIONS, |script| {
        connection.begin().unwrap();
        make(&mut *connection, script);
        let found = connection.introspect(None).unwrap();
        connection.roll_back().unwrap();
        found
    });
}

#[test]
fn what_is_read_is_in_its_stored_form() {
    let (_directory, _path, mut connection) = connected();
    make(&mut *connection, SCRIPT);
    for table in connection.introspect(None).unwrap().tables {
        assert_eq!(Sqlite.stored(&table), table);
    }
}

#[test]
fn defaults_and_types_are_read_as_they_are_meant() {
    let (_directory, _path, mut connection) = connected();
    let text = "CREATE TABLE t (a DATETIME(3) DEFAULT CURRENT_TIMESTAMP, b decimal (12 , 3) DEFAULT 0.500, \
                c BOOLEAN DEFAULT TRUE, d VARCHAR(9) DEFAULT 5, e DOUBLE PRECISION DEFAULT 1, f [odd] DEFAULT (1 + 1), \
                g BLOB DEFAULT x'00ff', h INT DEFAULT -7, i TEXT DEFAULT NULL, j)";
    run(&mut *connection, text).unwrap();
    let literal = |value| Some(DefaultValue::Literal(value));
    let expected = [
        (ColumnType::Timestamp { zone: false, precision: 3 }, Some(DefaultValue::Now)),
        (ColumnType::Decimal { precision: 12, scale: 3 }, literal(Value::from("0.5"))),
        (ColumnType::Boolean, literal(Value::from(1))),
        (ColumnType::Varchar(9), literal(Value::from("5"))),
        (ColumnType::Float { bits: 64 }, literal(Value::Real(1.0))),
        (ColumnType::Native("[odd]".into()), Some(DefaultValue::Expression("1 + 1".into()))),
        (ColumnType::Blob(patchwright_hooks_api::schema::Size::Normal), literal(Value::Bytes(vec![0, 255]))),
        (ColumnType::Integer { bits: 32, unsigned: false }, literal(Value::from(-7))),
        (ColumnType::Text(patchwright_hooks_api::schema::Size::Normal), None),
        (ColumnType::Native(String::new()), None),
    ];
    let found = connection.introspect(Some(&["T"])).unwrap();
    for (name, (kind, default)) in ('a'..).zip(expected) {
        let expected = Column { default, ..Column::new(name.to_string(), kind) };
        assert_eq!(found.table("t").unwrap().column(&name.to_string()), Some(&expected));
    }
}

#[test]
fn a_virtual_table_is_seen_and_what_it_keeps_for_itself_is_not() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE VIRTUAL TABLE words USING fts5(title, body)").unwrap();
    let found = connection.introspect(None).unwrap();
    let names: Vec<&str> = found.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["words"]);
    assert!(found.tables[0].column("body").is_some());
}

fn make(connection: &mut dyn Connection, script: &[impl AsRef<str>]) {
    for text in script {
        run(connection, text.as_ref()).unwrap();
    }
}

/// A figure to look at: `cargo test -p patchwright-dialect-sqlite -- --ignored --nocapture reading`.
#[test]
#[ignore = "prints a figure, and asserts nothing about time"]
fn reading_five_hundred_tables() {
    let (_directory, _path, mut connection) = connected();
    connection.begin().unwrap();
    for number in 0..500 {
        let named = |text: &&str| {
            ["forum", "item", "log", "titles"]
                .iter()
                .fold((*text).to_owned(), |text, name| text.replace(name, &format!("{name}{number}")))
        };
        let script = SCRIPT.iter().filter(|text| !text.contains("TABLE log") && !text.contains("TABLE forum"));
        make(&mut *connection, &script.map(named).collect::<Vec<_>>());
    }
    let start = Instant::now();
    let found = connection.introspect(None).unwrap();
    println!("{} tables with all that hangs on them: {} ms", found.tables.len(), start.elapsed().as_millis());
    assert_eq!(found.tables.len(), 500);
}
