//! What every dialect must keep.

use crate::database::Database;
use patchwright_dialect_postgres::Postgres;

#[test]
fn it_keeps_what_every_dialect_must_keep() {
    // A10 A11 C41
    patchwright_conformance::dialect::dialect(&Postgres, &Database::new().spec());
}

#[test]
fn it_does_every_portable_change_and_takes_it_back() {
    // A11 A12
    let unsupported = patchwright_conformance::changes(&Postgres, &Database::new().spec());
    assert_eq!(unsupported, 0);
}
