//! What a transaction of this dialect is.

use crate::database::{Database, query, run, scalar};
use patchwright_hooks_api::{ErrorKind, Value};

#[test]
fn a_failed_statement_takes_nothing_back_but_itself() {
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (id int PRIMARY KEY)").unwrap();
    connection.begin().unwrap();
    for text in
        ["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "SELEKT", "DROP TABLE x"]
    {
        let _ = run(&mut *connection, text);
    }
    run(&mut *connection, "INSERT INTO t VALUES (3)").unwrap();
    connection.commit().unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT string_agg(id::text, ',' ORDER BY id) FROM t"), Value::from("1,2,3"));
}

#[test]
fn a_commit_that_a_deferred_key_prevents_is_an_error_and_keeps_nothing() {
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        .unwrap();
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1, 9)").unwrap();
    connection.commit().unwrap_err();
    connection.commit().unwrap_err();
    run(&mut *connection, "INSERT INTO t VALUES (2, NULL)").unwrap_err();
    connection.roll_back().unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t"), Value::from(0));
}

#[test]
fn a_search_path_that_a_function_changes_hides_nothing() {
    let database = Database::new();
    let mut connection = database.connect();
    run(&mut *connection, "CREATE TABLE ledger (id int)").unwrap();
    run(&mut *connection, "CREATE SCHEMA elsewhere").unwrap();
    let change = "DO $$ BEGIN PERFORM set_config('search' || '_path', 'elsewhere', false); END $$";
    connection.begin().unwrap();
    run(&mut *connection, change).unwrap();
    assert!(connection.has_table("ledger").unwrap());
    run(&mut *connection, "INSERT INTO ledger VALUES (1)").unwrap();
    run(&mut *connection, change).unwrap();
    connection.commit().unwrap();
    assert!(connection.has_table("ledger").unwrap());
    let error = run(&mut *connection, "SET search_path TO elsewhere").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.hint.unwrap().contains("options[search_path]"));
}

#[test]
fn a_schema_of_its_own_is_named_in_the_url() {
    let database = Database::new();
    run(&mut *database.connect(), "CREATE SCHEMA app").unwrap();
    let mut connection = database.connect_with("options[search_path]=app");
    connection.begin().unwrap();
    run(&mut *connection, "CREATE TABLE t (id int)").unwrap();
    connection.commit().unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM app.t"), Value::from(0));
    assert_eq!(connection.introspect(None).unwrap().tables.len(), 1);
    assert!(database.connect().introspect(None).unwrap().tables.is_empty());
}

#[test]
fn an_index_that_is_asked_for_concurrently_is_part_of_the_transaction() {
    // C20
    let mut connection = Database::new().kept();
    run(&mut *connection, "CREATE TABLE t (id int)").unwrap();
    connection.begin().unwrap();
    run(&mut *connection, "CREATE INDEX CONCURRENTLY t_id ON t (id)").unwrap();
    connection.roll_back().unwrap();
    let indexes = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass";
    assert_eq!(scalar(&mut *connection, indexes), Value::from(0));
    connection.begin().unwrap();
    run(&mut *connection, "CREATE UNIQUE INDEX CONCURRENTLY t_id ON t (id)").unwrap();
    run(&mut *connection, "DROP INDEX CONCURRENTLY t_id").unwrap();
    run(&mut *connection, "CREATE INDEX CONCURRENTLY t_id ON t (id)").unwrap();
    connection.commit().unwrap();
    assert_eq!(scalar(&mut *connection, indexes), Value::from(1));
}

#[test]
fn a_session_is_set_to_what_a_patch_needs_whatever_the_role_says() {
    let database = Database::new();
    for setting in
        ["statement_timeout = '1s'", "idle_in_transaction_session_timeout = '1s'", "synchronous_commit = off"]
    {
        run(&mut *database.connect(), &format!("ALTER DATABASE {} SET {setting}", database.name)).unwrap();
    }
    let mut connection = database.connect();
    for (setting, value) in [
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("synchronous_commit", "on"),
        ("standard_conforming_strings", "on"),
        ("lock_timeout", "5s"),
        ("tcp_keepalives_idle", "30"),
        ("application_name", "patchwright"),
    ] {
        assert_eq!(scalar(&mut *connection, &format!("SHOW {setting}")), Value::from(value), "{setting}");
    }
    assert_eq!(query(&mut *connection, "SHOW transaction_isolation").columns, ["transaction_isolation"]);
}

#[test]
fn a_session_that_is_ended_by_an_administrator_leaves_nothing_and_says_so() {
    let database = Database::new();
    let mut connection = database.connect();
    run(&mut *connection, "CREATE TABLE t (id int)").unwrap();
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap();
    database.end_sessions();
    let error = run(&mut *connection, "INSERT INTO t VALUES (2)").unwrap_err();
    assert!(error.hint.is_some(), "{error}");
    connection.commit().unwrap_err();
    connection.roll_back().unwrap_err();
    connection.begin().unwrap_err();
    assert_eq!(scalar(&mut *database.connect(), "SELECT count(*) FROM t"), Value::from(0));
}
