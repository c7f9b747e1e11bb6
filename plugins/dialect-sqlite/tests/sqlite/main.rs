//! The SQLite dialect against real files: what every dialect must keep, and what is SQLite's own.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "clippy takes the helpers of tests for code that ships")]

mod structure;

use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Error, ErrorKind, Position, Statement, Value};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Tells a copy of this test program, by its environment, which database to write to until it is killed.
const VICTIM: &str = "PATCHWRIGHT_TEST_VICTIM";

fn spec(path: &Path, create: bool) -> ConnectSpec {
    ConnectSpec { url: format!("sqlite://{}", path.display()), create }
}

fn database() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cms.db");
    drop(Sqlite.connect(&spec(&path, true)).unwrap());
    (directory, path)
}

fn connected() -> (TempDir, PathBuf, Box<dyn Connection>) {
    let (directory, path) = database();
    let connection = Sqlite.connect(&spec(&path, false)).unwrap();
    (directory, path, connection)
}

fn refusal(path: &Path, create: bool) -> Error {
    Sqlite.connect(&spec(path, create)).err().expect("the database was opened")
}

fn run(connection: &mut dyn Connection, text: &str) -> Result<u64, Error> {
    connection.execute(&Statement::new(text))
}

fn scalar(connection: &mut dyn Connection, text: &str) -> Value {
    connection.query(&Statement::new(text)).unwrap().scalar().unwrap().clone()
}

// A10, A11, C41
#[test]
fn it_keeps_what_every_dialect_must_keep() {
    let (_directory, path) = database();
    patchwright_conformance::dialect::dialect(&Sqlite, &spec(&path, false));
}

#[test]
fn it_keeps_it_on_a_database_with_a_write_ahead_log_too() {
    let (_directory, path, mut connection) = connected();
    connection.query(&Statement::new("PRAGMA journal_mode = WAL")).unwrap();
    drop(connection);
    patchwright_conformance::dialect::dialect(&Sqlite, &spec(&path, false));
    let mut connection = Sqlite.connect(&spec(&path, false)).unwrap();
    assert_eq!(
        scalar(&mut *connection, "PRAGMA journal_mode"),
        Value::from("wal"),
        "the site's own setting was changed"
    );
}

#[test]
fn a_missing_database_is_named_and_never_made_by_surprise() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("typo.db");
    let error = refusal(&path, false);
    assert_eq!(error.kind, ErrorKind::Missing);
    assert!(error.message.contains("typo.db") && error.hint.is_some());
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notes.txt");
    std::fs::write(&path, "these are notes and not a database, ".repeat(100)).unwrap();
    let error = refusal(&path, false);
    assert!(error.message.contains("notes.txt") && error.message.contains("not a database"), "{error}");
    assert!(refusal(directory.path(), true).message.contains("is not a file"));
}

#[test]
fn a_database_in_utf_16_is_refused_rather_than_misread() {
    let (_directory, path, mut connection) = connected();
    connection.query(&Statement::new("PRAGMA encoding = 'UTF-16le'")).unwrap();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    drop(connection);
    assert_eq!(refusal(&path, false).kind, ErrorKind::Unsupported);
}

#[test]
fn the_journal_is_kept_between_transactions_and_gone_at_the_end() {
    let (_directory, path, mut connection) = connected();
    let journal = path.with_extension("db-journal");
    for text in ["CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"] {
        connection.begin().unwrap();
        run(&mut *connection, text).unwrap();
        connection.commit().unwrap();
        let header = std::fs::read(&journal).unwrap()[..28].to_vec();
        assert_eq!(header, [0; 28], "it says that there is something to take back");
        let mut other = Sqlite.connect(&spec(&path, false)).unwrap();
        assert!(other.has_table("t").unwrap());
    }
    drop(connection);
    assert!(!journal.exists());
}

#[test]
fn the_journal_goes_with_a_connection_that_is_dropped_in_a_transaction() {
    let (_directory, path, mut connection) = connected();
    connection.begin().unwrap();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    drop(connection);
    assert!(!path.with_extension("db-journal").exists());
    assert!(!Sqlite.connect(&spec(&path, false)).unwrap().has_table("t").unwrap());
}

#[test]
fn who_turns_to_a_write_ahead_log_meanwhile_keeps_it() {
    let (_directory, path, mut connection) = connected();
    connection.begin().unwrap();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    connection.commit().unwrap();
    let mut other = Sqlite.connect(&spec(&path, false)).unwrap();
    assert_eq!(scalar(&mut *other, "PRAGMA journal_mode = WAL"), Value::from("wal"));
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap();
    connection.commit().unwrap();
    drop((connection, other));
    let mut connection = Sqlite.connect(&spec(&path, false)).unwrap();
    assert_eq!(scalar(&mut *connection, "PRAGMA journal_mode"), Value::from("wal"));
    assert_eq!(scalar(&mut *connection, "SELECT COUNT(*) FROM t"), Value::from(1));
}

#[test]
fn a_commit_is_synced_with_its_directory_and_keys_are_as_sqlite_has_them() {
    let (_directory, _path, mut connection) = connected();
    assert_eq!(scalar(&mut *connection, "PRAGMA synchronous"), Value::from(3));
    assert_eq!(scalar(&mut *connection, "PRAGMA foreign_keys"), Value::from(0));
    assert_eq!(scalar(&mut *connection, "PRAGMA journal_mode"), Value::from("delete"));
}

#[test]
fn each_value_has_its_own_type_whatever_its_column_says() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a BOOLEAN, b DATETIME)").unwrap();
    run(
        &mut *connection,
        "INSERT INTO t VALUES (1, '2026-11-21 10:00:00'), (2.5, x'00ff'), ('so', NULL), (CAST(x'e9' AS TEXT), 7)",
    )
    .unwrap();
    let rows = connection.query(&Statement::new("SELECT a, b FROM t ORDER BY rowid")).unwrap().rows;
    assert_eq!(rows[0], [Value::from(1), Value::from("2026-11-21 10:00:00")]);
    assert_eq!(rows[1], [Value::Real(2.5), Value::Bytes(vec![0, 255])]);
    assert_eq!(rows[2], [Value::from("so"), Value::Null]);
    assert_eq!(rows[3], [Value::Bytes(vec![0xe9]), Value::from(7)], "text that is not UTF-8 comes as bytes");
}

// C41
#[test]
fn an_error_is_in_sqlites_own_words_and_at_the_word_that_sqlite_names() {
    let (_directory, _path, mut connection) = connected();
    let failing = |text: &str| Statement::new(text).at(Position::new("patch.xml", 12, 9));
    let error = connection.execute(&failing("CREATE TABLE t (a)\n  WITHOUT ROWSID")).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:12:9: unknown table option: ROWSID (SQLite error 1)");
    let error = connection.execute(&failing("SELECT 1\n  FORM t")).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:13:8: near \"t\": syntax error (SQLite error 1)");
    let error = connection.execute(&failing("SELECT titel FROM (SELECT 1 AS title)")).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:12:16: no such column: titel (SQLite error 1)");
}

#[test]
fn a_busy_database_is_said_to_be_held_by_another_process() {
    let (_directory, path, mut first) = connected();
    first.begin().unwrap();
    let error = Sqlite.connect(&spec(&path, false)).unwrap().begin().unwrap_err();
    assert!(error.message.starts_with("another process holds the database"), "{error}");
    assert_eq!(error.kind, ErrorKind::Busy);
    assert!(error.hint.is_some());
}

// C41
#[test]
fn after_sqlite_took_the_transaction_back_by_itself_nothing_runs_until_roll_back() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a INTEGER PRIMARY KEY)").unwrap();
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap();
    run(&mut *connection, "INSERT OR ROLLBACK INTO t VALUES (1)").unwrap_err();
    run(&mut *connection, "INSERT INTO t VALUES (2)").unwrap_err();
    connection.commit().unwrap_err();
    connection.roll_back().unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t"), Value::from(0));
    connection.begin().unwrap();
    run(&mut *connection, "INSERT INTO t VALUES (3)").unwrap();
    connection.commit().unwrap();
}

#[test]
fn placeholders_of_other_notations_are_not_filled_with_null() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    for text in ["INSERT INTO t VALUES (:a)", "INSERT INTO t VALUES (@a)", "INSERT INTO t VALUES ($a)"] {
        run(&mut *connection, text).expect_err(text);
    }
}

#[test]
fn a_with_statement_counts_the_rows_that_it_touches_itself() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    assert_eq!(run(&mut *connection, "WITH n(a) AS (VALUES (1), (2)) INSERT INTO t SELECT a FROM n"), Ok(2));
    assert_eq!(run(&mut *connection, "WITH n(a) AS (VALUES (1), (2)) SELECT a FROM n"), Ok(0));
}

#[test]
fn a_statement_takes_as_many_values_as_sqlite_does_and_not_one_more() {
    let (_directory, _path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    let insert = |count: usize| {
        let text = format!("INSERT INTO t VALUES {}", vec!["(?)"; count].join(","));
        Statement::with(text, std::iter::repeat_n(Value::from("x"), count))
    };
    assert_eq!(connection.execute(&insert(32_766)), Ok(32_766));
    assert_eq!(connection.execute(&insert(32_767)).unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn a_transaction_can_not_be_weakened_from_inside() {
    let (_directory, _path, mut connection) = connected();
    connection.begin().unwrap();
    let error = run(&mut *connection, "PRAGMA synchronous = OFF").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(connection.query(&Statement::new("PRAGMA journal_mode = MEMORY")).is_err());
}

#[test]
fn a_running_statement_is_ended_from_another_thread_and_the_connection_goes_on() {
    let (_directory, _path, mut connection) = connected();
    let cancel = connection.canceller().unwrap();
    // One that comes too early ends nothing.
    cancel().unwrap();
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(200));
            cancel().unwrap();
        });
        connection.query(&Statement::new(endless)).unwrap_err()
    });
    assert_eq!(error.kind, ErrorKind::Cancelled, "{error}");
    assert_eq!(scalar(&mut *connection, "SELECT 7"), Value::from(7));
}

// C41
#[test]
fn a_process_killed_in_its_transaction_leaves_nothing() {
    if let Some(path) = std::env::var_os(VICTIM) {
        write_until_killed(Path::new(&path));
    }
    let (_directory, path, mut connection) = connected();
    run(&mut *connection, "CREATE TABLE t (a)").unwrap();
    drop(connection);

    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_killed_in_its_transaction_leaves_nothing", "--nocapture"])
        .env(VICTIM, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(victim.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap().contains("pages are written")));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(path.with_extension("db-journal").exists(), "nothing is there to be taken back");

    let mut connection = Sqlite.connect(&spec(&path, false)).unwrap();
    assert_eq!(scalar(&mut *connection, "SELECT count(*) FROM t"), Value::from(0));
    assert_eq!(scalar(&mut *connection, "PRAGMA integrity_check"), Value::from("ok"));
}

fn write_until_killed(path: &Path) -> ! {
    let mut connection = Sqlite.connect(&spec(path, false)).unwrap();
    // With so few pages in memory SQLite writes to the file before the commit.
    run(&mut *connection, "PRAGMA cache_size = 10").unwrap();
    connection.begin().unwrap();
    for _ in 0..200 {
        run(&mut *connection, "INSERT INTO t VALUES (randomblob(4000))").unwrap();
    }
    println!("pages are written");
    loop {
        std::thread::park();
    }
}

// A12
#[test]
fn it_does_portable_changes() {
    let (_directory, path) = database();
    assert_eq!(patchwright_conformance::changes(&Sqlite, &spec(&path, false)), 5, "changes are unsupported");
}
