//! The dialect against a real MariaDB server: what every dialect must keep, and what is MySQL's own.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

#[path = "mysql/database.rs"]
mod database;
#[path = "mysql/drift.rs"]
mod drift;
#[path = "mysql/encrypted.rs"]
mod encrypted;
#[path = "mysql/excluding.rs"]
mod excluding;
#[path = "mysql/random.rs"]
mod random;
#[path = "mysql/structure.rs"]
mod structure;
#[path = "mysql/talking.rs"]
mod talking;

use database::Database;
use patchwright_dialect_mysql::MySql;

// A10, A11, C41
#[test]
fn it_keeps_what_every_dialect_must_keep() {
    let database = Database::new();
    patchwright_conformance::dialect::dialect(&MySql, &database.spec());
}

// A12
#[test]
fn it_does_portable_changes_as_the_contract_has_them() {
    let database = Database::new();
    // Indexes with a filter, and on MariaDB those on an expression.
    assert_eq!(patchwright_conformance::changes(&MySql, &database.spec()), 2);
}
