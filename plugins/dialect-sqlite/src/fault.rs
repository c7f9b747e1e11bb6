//! SQLite's errors in the words of the contract: what failed, at which place of the patch, and what to do next.

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
        BUSY | LOCKED => Error { kind: ErrorKind::Busy, ..error("another process holds the database: ") }
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
    let error = error(fault);
    let Some(start) = &statement.position else { return error };
    match named_token(fault).and_then(|token| place(&statement.text, token)) {
        Some((line, column)) => error.at(&start.offset_by(line, column)),
        None => error.at(start),
    }
}

/// An error of the statement itself, found before SQLite saw it.
pub(crate) fn at_statement(error: Error, statement: &Statement) -> Error {
    match &statement.position {
        Some(position) => error.at(position),
        None => error,
    }
}

/// The error for a statement after SQLite has taken the transaction back by itself.
pub(crate) fn transaction_lost() -> Error {
    Error::new(ErrorKind::Database, "SQLite has taken the transaction back after an earlier error")
        .hint("nothing of the transaction is left; mend the first error, and begin again")
}

/// The error for a second transaction.
pub(crate) fn transaction_open() -> Error {
    Error::new(ErrorKind::Internal, "a transaction is open already on this connection")
}

/// The error for a commit without a transaction.
pub(crate) fn no_transaction() -> Error {
    Error::new(ErrorKind::Internal, "there is no transaction to commit on this connection")
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

/// The line and column (both 1-based) of a token that stands in the text once; of several it might be any.
fn place(text: &str, token: &str) -> Option<(u32, u32)> {
    let in_word = |character: char| character.is_alphanumeric() || character == '_';
    let is_whole = |at: usize| {
        let joins_before = token.starts_with(in_word) && text[..at].ends_with(in_word);
        let joins_after = token.ends_with(in_word) && text[at + token.len()..].starts_with(in_word);
        !joins_before && !joins_after
    };
    let mut places = text.match_indices(token).map(|(at, _)| at).filter(|&at| is_whole(at));
    let (Some(at), None) = (places.next().filter(|_| !token.is_empty()), places.next()) else { return None };
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Position;

    #[test]
    fn a_token_that_stands_once_has_a_place_in_characters() {
        assert_eq!(place("SELECT 1", "SELECT"), Some((1, 1)));
        assert_eq!(place("SELECT 'é',\n  'ü' FORM t", "FORM"), Some((2, 7)));
    }

    #[test]
    fn a_part_of_a_word_is_not_the_token() {
        assert_eq!(place("SELECT selected FROM select_log WHERE elect", "elect"), Some((1, 39)));
    }

    #[test]
    fn a_token_that_stands_twice_has_no_certain_place() {
        assert_eq!(place("SELECT , , 1", ","), None);
        assert_eq!(place("SELECT 1", ""), None);
    }

    #[test]
    fn a_place_in_a_statement_counts_from_where_the_statement_begins() {
        let (line, column) = place("UPDATE t\nSET x = nil", "nil").unwrap();
        assert_eq!(Position::new("patch.xml", 7, 9).offset_by(line, column), Position::new("patch.xml", 8, 9));
    }
}
