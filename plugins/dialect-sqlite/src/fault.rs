//! SQLite's errors in the words of the contract: what failed, at which place of the patch, and what to do next.

use patchwright_hooks_api::statements::only_place;
use patchwright_hooks_api::{Error, ErrorKind, Statement};

// Primary result codes, the low byte of every code: https://www.sqlite.org/rescode.html
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
const INTERRUPT: i32 = 9;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const NOTADB: i32 = 26;

/// The error of something that has no place in a patch.
pub(crate) fn error(fault: &sqlx::Error) -> Error {
    let sqlx::Error::Database(database) = fault else { return other(fault) };
    let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or_default();
    let message = database.message();
    let error = |what: &str| Error::new(ErrorKind::Database, format!("{what}{message} (SQLite error {code})"));
    match code & 0xff {
        BUSY | LOCKED => error("another process holds the database: ")
            .hint("wait until the other process has finished, or stop it, and try again"),
        READONLY | CANTOPEN => error("").hint("make the database file and its directory writable for this user"),
        INTERRUPT => Error::new(ErrorKind::Cancelled, "the statement was ended before it was through"),
        FULL => error("").hint("free disk space, and try again"),
        IOERR => error("").hint("look for faults of the disk or the file system, and try again"),
        CORRUPT | NOTADB => error("").hint("check that it is a SQLite database, or bring it back from a backup"),
        _ => error(""),
    }
}

/// The error of a statement, at its place in the patch.
pub(crate) fn statement_error(fault: &sqlx::Error, statement: &Statement) -> Error {
    let place = named_token(fault).and_then(|token| only_place(&statement.text, token));
    statement.placed(error(fault), place)
}

/// The error for a statement after SQLite has taken the transaction back by itself.
pub(crate) fn transaction_lost() -> Error {
    Error::new(ErrorKind::Database, "SQLite has taken the transaction back after an earlier error")
        .hint("nothing of the transaction is left; mend the first error, and begin again")
}

/// The error for a connection that a failed rollback has closed.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Database, "the connection to the database is closed")
        .hint("open the database again; SQLite has taken an open transaction back")
}

/// An error of opening a database, with its path: the operator's place to look, as a patch has none for it.
pub(crate) fn opening(error: Error, path: &std::path::Path) -> Error {
    error.while_doing(format!("the database {}", path.display()))
}

fn other(fault: &sqlx::Error) -> Error {
    match fault {
        sqlx::Error::Io(error) => Error::new(ErrorKind::Io, format!("the database can't be reached: {error}")),
        sqlx::Error::WorkerCrashed => Error::new(ErrorKind::Internal, "the database's thread has ended unexpectedly")
            .hint("open the database again; SQLite has taken an open transaction back"),
        other => Error::new(ErrorKind::Database, other.to_string()),
    }
}

/// What SQLite names as the culprit. It knows the byte as well, but sqlx doesn't hand it on.
fn named_token(fault: &sqlx::Error) -> Option<&str> {
    const NAMES: [&str; 6] = [
        "no such column: ",
        "no such table: ",
        "no such function: ",
        "no such index: ",
        "no such view: ",
        "no such trigger: ",
    ];
    let message = fault.as_database_error()?.message();
    if let Some(rest) = message.strip_prefix("near \"") {
        return rest.strip_suffix("\": syntax error");
    }
    NAMES.iter().find_map(|prefix| message.strip_prefix(prefix))
}
