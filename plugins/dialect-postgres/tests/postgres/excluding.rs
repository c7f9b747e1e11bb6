//! Locks that keep other engines out, and die with their holder.

use crate::database::{Database, scalar};
use patchwright_hooks_api::{Connection, Error, ErrorKind, Value};
use std::time::{Duration, Instant};

fn named(error: &Error, holder: &mut dyn Connection) {
    let process = scalar(holder, "SELECT pg_backend_pid()");
    assert_eq!(error.kind, ErrorKind::Busy);
    let message = &error.message;
    assert!(message.contains("another engine holds the database: patchwright of "), "{message}");
    assert!(message.contains(&format!("server process {process}")), "{message}");
}

#[test]
fn a_lock_keeps_others_out_until_it_is_given_back_and_names_its_holder() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    let name = "a site's name that is far longer than what a server takes for a name of its own ".repeat(3);
    first.lock(&name).unwrap();
    first.lock(&name).unwrap();
    named(&second.lock(&name).unwrap_err(), &mut *first);
    second.lock("another").unwrap();
    first.unlock(&name).unwrap();
    first.unlock(&name).unwrap();
    second.lock(&name).unwrap();
    first.unlock(&name).unwrap();
    assert!(first.lock(&name).is_err());
}

#[test]
fn a_lock_outlives_transactions_and_dies_with_its_holder() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    first.begin().unwrap();
    first.lock("site").unwrap();
    first.roll_back().unwrap();
    assert_eq!(second.lock("site").unwrap_err().kind, ErrorKind::Busy);
    drop(first);
    let started = Instant::now();
    second.lock("site").unwrap();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_transaction_keeps_others_out_until_they_lose_patience_and_are_told_by_whom() {
    let database = Database::new();
    let (mut first, mut second) = (database.connect(), database.connect());
    first.begin().unwrap();
    let error = second.begin().unwrap_err();
    named(&error, &mut *first);
    second.commit().unwrap_err();
    first.commit().unwrap();
    second.begin().unwrap();
    // A failure inside it doesn't let go of it.
    second.query(&patchwright_hooks_api::Statement::new("SELEKT")).unwrap_err();
    assert!(first.begin().is_err());
    second.roll_back().unwrap();
    first.begin().unwrap();
}

#[test]
fn eight_at_once_each_get_their_turn() {
    let database = Database::new();
    crate::database::run(&mut *database.connect(), "CREATE TABLE t (n int)").unwrap();
    crate::database::run(&mut *database.connect(), "INSERT INTO t VALUES (0)").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = database.connect();
                for _ in 0..5 {
                    connection.begin().unwrap();
                    crate::database::run(&mut *connection, "UPDATE t SET n = n + 1").unwrap();
                    connection.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(scalar(&mut *database.connect(), "SELECT n FROM t"), Value::from(40));
}
