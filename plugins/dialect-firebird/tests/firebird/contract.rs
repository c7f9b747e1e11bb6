//! The contract of dialects and connections, and what is Firebird's own.

use super::Database;
use patchwright_dialect_firebird::Firebird;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, ErrorKind, Position, Statement, Value};
use std::time::{Duration, Instant};

fn run(connection: &mut dyn Connection, text: &str) -> u64 {
    connection.execute(&Statement::new(text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn rows(connection: &mut dyn Connection, text: &str) -> Vec<Vec<Value>> {
    connection.query(&Statement::new(text)).unwrap_or_else(|error| panic!("{error}: {text}")).rows
}

// A10, A11, C41
#[test]
fn it_keeps_what_every_dialect_must_keep() {
    let database = Database::new();
    patchwright_conformance::dialect::dialect(&Firebird, &database.spec());
}

// A12
#[test]
fn it_does_portable_changes_as_every_dialect_does() {
    let database = Database::new();
    // Renamed tables, an index on the beginning of a long text, one with a filter and one that descends in part.
    assert_eq!(patchwright_conformance::changes(&Firebird, &database.spec()), 6);
}

#[test]
fn decimals_days_and_instants_come_back_in_their_exact_text_and_floats_as_numbers() {
    let database = Database::new();
    let mut connection = database.connect();
    run(
        &mut *connection,
        "CREATE TABLE t (a NUMERIC(18, 2), b DATE, c TIME, d TIMESTAMP, e DOUBLE PRECISION, f FLOAT, g NUMERIC(18, 14), h BOOLEAN)",
    );
    run(
        &mut *connection,
        "INSERT INTO t VALUES (90071992547409.93, '2024-02-29', '23:59:59', '2024-02-29 12:00:00.1234', 0.1, 0.5, 10, TRUE)",
    );
    let text = Value::from;
    let expected = [
        text("90071992547409.93"),
        text("2024-02-29"),
        text("23:59:59.0000"),
        text("2024-02-29 12:00:00.1234"),
        Value::Real(0.1),
        Value::Real(0.5),
        text("10.00000000000000"),
        Value::Integer(1),
    ];
    let found = connection.query(&Statement::new("SELECT * FROM t")).unwrap();
    assert_eq!(found.columns, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    assert_eq!(found.rows, [expected]);
    assert_eq!(rows(&mut *connection, "SELECT SUM(a), COUNT(*) FROM t"), [[text("90071992547409.93"), Value::from(1)]]);
}

// C41
#[test]
fn an_error_is_in_firebird_s_own_words_and_at_the_place_that_it_names() {
    let database = Database::new();
    let mut connection = database.connect();
    let failing = |text: &str| Statement::new(text).at(Position::new("patch.xml", 12, 9));
    let error = connection.execute(&failing("DELETE\n  FROM absent")).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:13:8: Table unknown: ABSENT (Firebird, SQLCODE -204)");
    let error = connection.execute(&failing("SELEKT 1")).unwrap_err();
    assert!(error.to_string().starts_with("patch.xml:12:9: Token unknown"), "{error}");
}

#[test]
fn a_change_of_the_structure_commits_by_itself_and_is_refused_inside_a_transaction() {
    let database = Database::new();
    let mut connection = database.connect();
    connection.begin().unwrap();
    let error = connection.execute(&Statement::new("CREATE TABLE t (a INTEGER)")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    connection.roll_back().unwrap();
    run(&mut *connection, "CREATE TABLE t (a INTEGER)");
    assert!(database.connect().has_table("t").unwrap());
    assert!(Firebird.info().commits_by_itself("create table t (a integer)"));
}

// C20
#[test]
fn a_lock_keeps_others_out_names_its_holder_and_dies_with_it() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    first.lock("cms").unwrap();
    first.lock("cms").unwrap();
    let error = second.lock("cms").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(error.message.contains("SYSDBA from 127.0.0.1"), "{error}");
    // Another name is another lock, and work goes on under it.
    second.lock("shop").unwrap();
    second.unlock("cms").unwrap();
    run(&mut *first, "CREATE TABLE t (a INTEGER)");
    assert_eq!(first.introspect(None).unwrap().tables.len(), 1);
    second.unlock("shop").unwrap();
    drop(first);
    second.lock("cms").unwrap();
    second.unlock("cms").unwrap();
    database.connect().lock("cms").unwrap();
}

#[test]
fn many_who_want_the_lock_at_once_on_a_new_database_get_it_one_after_the_other() {
    let database = Database::new();
    std::thread::scope(|scope| {
        let wants = || loop {
            let mut connection = database.connect();
            match connection.lock("cms") {
                Ok(()) => return connection.unlock("cms").unwrap(),
                Err(error) => assert_eq!(error.kind, ErrorKind::Busy, "{error}"),
            }
        };
        for _ in 0..8 {
            scope.spawn(wants);
        }
    });
}

#[test]
fn a_running_statement_is_ended_from_another_thread_and_the_connection_goes_on() {
    let database = Database::new();
    let mut connection = database.connect();
    run(&mut *connection, "CREATE TABLE t (a INTEGER)");
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)");
    let cancel = connection.canceller().unwrap();
    cancel().unwrap();
    let since = Instant::now();
    let long =
        Statement::new("SELECT COUNT(*) FROM RDB$FIELDS A, RDB$FIELDS B, RDB$FIELDS C, RDB$FIELDS D, RDB$FIELDS E");
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            cancel().unwrap();
        });
        connection.query(&long).unwrap_err()
    });
    assert_eq!(error.kind, ErrorKind::Cancelled, "{error}");
    assert!(since.elapsed() < Duration::from_secs(10));
    assert_eq!(rows(&mut *connection, "SELECT a FROM t"), [[Value::from(1)]]);
    connection.roll_back().unwrap();
    assert_eq!(rows(&mut *connection, "SELECT COUNT(*) FROM t"), [[Value::from(0)]]);
}

#[test]
fn what_keeps_a_site_from_its_database_is_named() {
    let database = Database::new();
    let refusal = |url: String| Firebird.connect(&ConnectSpec { url, create: false }).err().unwrap();
    let error = refusal(format!("{}x", database.url));
    assert_eq!(error.kind, ErrorKind::Missing, "{error}");
    let error = refusal(database.url.replace("SYSDBA:", "SYSDBA:not"));
    assert!(error.hint.as_ref().is_some_and(|hint| hint.contains("password")), "{error}");
    assert!(!error.message.contains("notmasterkey"), "{error}");
    let error = refusal("firebird://a:b@127.0.0.1:1/x".to_owned());
    assert_eq!(error.kind, ErrorKind::Io, "{error}");
}

#[test]
fn a_routine_with_declarations_is_one_statement() {
    let database = Database::new();
    let mut connection = database.connect();
    run(&mut *connection, "CREATE TABLE t (a INTEGER)");
    run(
        &mut *connection,
        "CREATE TRIGGER doubled FOR t BEFORE INSERT AS DECLARE n INTEGER; BEGIN n = 2; NEW.a = NEW.a * n; END",
    );
    run(&mut *connection, "INSERT INTO t VALUES (4)");
    assert_eq!(rows(&mut *connection, "SELECT a FROM t"), [[Value::from(8)]]);
    let schema = connection.introspect(Some(&["t"])).unwrap();
    assert_eq!(schema.tables[0].triggers[0].name, "doubled");
}
