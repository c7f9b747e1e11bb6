//! Statements, values, and what is said of errors.

use crate::database::{Database, query, run, scalar};
use patchwright_hooks_api::{ErrorKind, Position, Statement, Value};

#[test]
fn every_type_comes_in_its_exact_text_and_the_plain_ones_as_what_they_are() {
    let mut connection = Database::new().kept();
    let rows = query(
        &mut *connection,
        "SELECT 7::smallint, 1.10::numeric(5, 2), true, '2026-11-21 10:00'::timestamptz, ARRAY[1, 2], '{\"a\": 1.0}'::jsonb, \
         '\\x00ff'::bytea, 'NaN'::float8 > 1, 'infinity'::float8, '192.168.0.1/24'::inet, NULL::text, 'a'::\"char\"",
    );
    let expected = [
        Value::from(7),
        Value::from("1.10"),
        Value::from(true),
        Value::from("2026-11-21 10:00:00+00"),
        Value::from("{1,2}"),
        Value::from("{\"a\": 1.0}"),
        Value::Bytes(vec![0, 255]),
        Value::from(true),
        Value::Real(f64::INFINITY),
        Value::from("192.168.0.1/24"),
        Value::Null,
        Value::from("a"),
    ];
    assert_eq!(rows.rows, [expected]);
}

#[test]
fn a_value_becomes_what_its_place_asks_for() {
    // Each of these is refused where a value travels with a type.
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (a boolean, b date, c numeric(9, 2), d jsonb, e uuid, f bytea, g real)")
        .unwrap();
    let values = [
        Value::from(1),
        Value::from("2026-11-21"),
        Value::from("9.90"),
        Value::from("{\"a\": \"it's \\\\ ?\"}"),
        Value::from("6f1c1a34-5c2f-4d0e-9c1e-0a1b2c3d4e5f"),
        Value::Bytes(b"'\\\0".to_vec()),
        Value::Real(0.1),
    ];
    let insert = Statement::with("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", values);
    assert_eq!(connection.execute(&insert), Ok(1));
    let rows = query(&mut *connection, "SELECT * FROM t").rows;
    assert_eq!((&rows[0][0], &rows[0][5]), (&Value::from(1), &Value::Bytes(b"'\\\0".to_vec())));
    let found =
        Statement::with("SELECT count(*) FROM t WHERE a = ? AND c >= ? LIMIT ?", ["t", "9", "1"].map(Value::from));
    assert_eq!(connection.query(&found).unwrap().scalar(), Some(&Value::from(1)));
}

#[test]
fn a_question_mark_is_an_operator_where_there_are_no_values() {
    let mut connection = Database::new().kept();
    assert_eq!(scalar(&mut *connection, "SELECT '{\"a\": 1}'::jsonb ? 'a'"), Value::from(true));
}

#[test]
fn an_error_stands_where_postgres_puts_it_behind_values_too() {
    // C41
    let mut connection = Database::new().kept();
    let start = Position::new("patch.xml", 12, 9);
    let error = connection.execute(&Statement::new("SELECT 1,\n  'é' FORM t").at(start.clone())).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:13:12: syntax error at or near \"t\" (PostgreSQL error 42601)");
    let statement = Statement::with("SELECT ?, titel", ["a long value"].map(Value::from)).at(start);
    let error = connection.query(&statement).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:12:19: column \"titel\" does not exist (PostgreSQL error 42703)");
}

#[test]
fn an_error_tells_the_row_that_is_to_blame_and_the_line_of_a_function() {
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (id int PRIMARY KEY)").unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap();
    let error = run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap_err();
    assert!(error.message.contains("Key (id)=(1) already exists"), "{error}");
    let error = run(&mut *connection, "DO $$ BEGIN\n  PERFORM 1 / 0;\nEND $$").unwrap_err();
    assert!(error.message.contains("division by zero"), "{error}");
    let error = run(&mut *connection, "DO $$ BEGIN\n  RAISE EXCEPTION 'no' USING HINT = 'ask';\nEND $$").unwrap_err();
    assert!(error.message.contains("line 2"), "{error}");
    assert_eq!(error.hint.as_deref(), Some("ask"));
}

#[test]
fn rows_that_copy_would_bring_are_refused_and_nothing_hangs() {
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (id int)").unwrap();
    assert_eq!(run(&mut *connection, "COPY t FROM STDIN").unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(run(&mut *connection, "INSERT INTO t VALUES (1)"), Ok(1));
}

#[test]
fn only_rows_that_a_statement_touches_are_counted() {
    let mut connection = Database::new().kept();
    for (text, count) in [
        ("CREATE TABLE t AS SELECT generate_series(1, 5) AS id", 0),
        ("SELECT * FROM t", 0),
        ("WITH n AS (SELECT 9 AS id) INSERT INTO t SELECT id FROM n", 1),
        ("WITH n AS (SELECT 9 AS id) SELECT * FROM t", 0),
        ("UPDATE t SET id = id + 1 RETURNING id", 6),
    ] {
        assert_eq!(run(&mut *connection, text), Ok(count), "{text}");
    }
}

#[test]
fn a_query_without_rows_names_the_columns_that_the_table_has_now() {
    let mut connection = Database::new().kept();
    connection.begin().unwrap();
    run(&mut *connection, "CREATE TABLE t (a int)").unwrap();
    assert_eq!(query(&mut *connection, "SELECT * FROM t").columns, ["a"]);
    run(&mut *connection, "ALTER TABLE t ADD COLUMN b int").unwrap();
    assert_eq!(query(&mut *connection, "SELECT * FROM t").columns, ["a", "b"]);
    connection.commit().unwrap();
}
