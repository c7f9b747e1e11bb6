//! One engine at a time, and lines that break.

use crate::database::{Database, run, scalar};
use patchwright_hooks_api::{ErrorKind, Statement, Value};
use std::time::{Duration, Instant};

#[test]
fn a_lock_keeps_others_out_and_names_its_holder_until_it_is_given_back() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    first.lock("the site").unwrap();
    first.lock("the site").unwrap();
    let error = second.lock("the site").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
    let holder = scalar(&mut *first, "SELECT CONNECTION_ID()").to_string();
    assert!(error.message.contains(&format!("connection {holder}, root from")), "{error}");
    second.lock("another thing").unwrap();
    first.unlock("the site").unwrap();
    first.unlock("the site").unwrap();
    second.lock("the site").unwrap();
}

#[test]
fn a_lock_is_of_one_database_and_goes_with_its_connection() {
    let (database, other) = (Database::new(), Database::new());
    let mut first = database.connect();
    first.lock(&"long ".repeat(100)).unwrap();
    other.connect().lock(&"long ".repeat(100)).unwrap();
    drop(first);
    let since = Instant::now();
    database.connect().lock(&"long ".repeat(100)).unwrap();
    assert!(since.elapsed() < Duration::from_secs(4), "the lock outlived its connection");
}

#[test]
fn a_transaction_keeps_other_engines_out_and_may_begin_under_a_lock() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    first.lock("the site").unwrap();
    first.begin().unwrap();
    assert_eq!(second.begin().unwrap_err().kind, ErrorKind::Busy);
    first.roll_back().unwrap();
    second.begin().unwrap();
    second.roll_back().unwrap();
    assert!(second.lock("the site").is_err(), "the end of the transaction gave up the lock");
}

// C41
#[test]
fn after_a_statement_that_commits_by_itself_rows_are_in_a_transaction_again() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (a INT PRIMARY KEY)");
    line.begin().unwrap();
    run(&mut *line, "INSERT INTO t VALUES (1)");
    run(&mut *line, "CREATE TABLE u (a INT)");
    run(&mut *line, "INSERT INTO t VALUES (2)");
    line.roll_back().unwrap();
    assert_eq!(scalar(&mut *database.connect(), "SELECT group_concat(a) FROM t"), Value::from("1"));
    run(&mut *line, "INSERT INTO t VALUES (3)");
    assert_eq!(scalar(&mut *database.connect(), "SELECT count(*) FROM t"), Value::from(2));
}

// C41
#[test]
fn after_the_server_may_have_taken_the_transaction_back_nothing_runs_until_roll_back() {
    let (database, elsewhere) = (Database::new(), Database::new());
    // A program that knows nothing of the site's locks.
    let (mut line, mut page) = (database.connect(), elsewhere.connect());
    run(&mut *line, "CREATE TABLE t (a INT PRIMARY KEY, b INT)");
    run(&mut *line, "INSERT INTO t VALUES (1, 0), (2, 0)");
    run(&mut *line, "SET innodb_lock_wait_timeout = 1");
    page.begin().unwrap();
    run(&mut *page, &format!("UPDATE {}.t SET b = 2 WHERE a = 1", database.name()));
    line.begin().unwrap();
    run(&mut *line, "UPDATE t SET b = 1 WHERE a = 2");
    let update = Statement::new("UPDATE t SET b = 1 WHERE a = 1");
    assert_eq!(line.execute(&update).unwrap_err().kind, ErrorKind::Busy);
    page.roll_back().unwrap();
    assert!(line.execute(&update).is_err() && line.commit().is_err());
    line.roll_back().unwrap();
    assert_eq!(scalar(&mut *line, "SELECT sum(b) FROM t"), Value::from("0"));
    line.begin().unwrap();
    line.execute(&update).unwrap();
    line.commit().unwrap();
    assert_eq!(scalar(&mut *page, &format!("SELECT sum(b) FROM {}.t", database.name())), Value::from("1"));
}

// C41
#[test]
fn a_broken_line_is_not_mended_and_a_commit_on_it_has_an_unknown_outcome() {
    let database = Database::new();
    let (mut line, mut killer) = (database.connect(), database.connect());
    run(&mut *line, "CREATE TABLE t (a INT)");
    line.lock("the site").unwrap();
    line.begin().unwrap();
    run(&mut *line, "INSERT INTO t VALUES (1)");
    let id = scalar(&mut *line, "SELECT CONNECTION_ID()");
    run(&mut *killer, &format!("KILL {id}"));
    let error = line.commit().unwrap_err();
    assert!(error.message.contains("whether it came through is unknown"), "{error}");
    assert!(line.execute(&Statement::new("INSERT INTO t VALUES (2)")).unwrap_err().hint.is_some());
    assert!(line.server().is_err() && line.begin().is_err() && line.lock("another thing").is_err());
    killer.lock("the site").unwrap();
    assert_eq!(scalar(&mut *killer, "SELECT count(*) FROM t"), Value::from(0));
}
