//! Firebird's errors in the words of the contract: what failed, at which place of the patch, and what to do next.

use patchwright_hooks_api::{Error, ErrorKind, Statement};
use rsfbclient_core::FbError;

/// Lines of a message that say nothing to people.
const EMPTY_LINES: [&str; 3] = ["Dynamic SQL Error", "unsuccessful metadata update", "Invalid command"];

/// The error of something that has no place in a patch.
pub(crate) fn error(fault: &FbError) -> Error {
    match fault {
        FbError::Sql { msg, code } => of_server(msg, *code),
        FbError::Io(error) => Error::new(ErrorKind::Io, format!("the database server can't be reached: {error}"))
            .hint("check host and port, and that the server runs"),
        FbError::Other(message) => of_driver(message),
    }
}

/// The error of a statement, at its place in the patch.
pub(crate) fn statement_error(fault: &FbError, statement: &Statement) -> Error {
    let error = error(fault);
    let Some(start) = &statement.position else { return error };
    match fault {
        FbError::Sql { msg, .. } => match place(msg) {
            Some((line, column)) => error.at(&start.offset_by(line, column)),
            None => error.at(start),
        },
        _ => error.at(start),
    }
}

/// The error for a change of the structure inside a transaction.
pub(crate) fn commits_by_itself() -> Error {
    Error::refused("Firebird can't hold this statement in a transaction with others")
        .hint("run it outside a transaction: it commits by itself")
}

/// Whether another transaction has, or has had, what this one wants.
pub(crate) fn is_conflict(fault: &FbError) -> bool {
    const SIGNS: [&str; 4] =
        ["lock conflict", "deadlock", "lock time-out", "violation of PRIMARY or UNIQUE KEY constraint"];
    matches!(fault, FbError::Sql { msg, .. } if SIGNS.iter().any(|sign| msg.contains(sign)))
}

/// Whether the database is not there.
pub(crate) fn is_missing(fault: &FbError) -> bool {
    matches!(fault, FbError::Sql { msg, .. } if msg.contains("No such file or directory"))
}

fn of_server(message: &str, code: i32) -> Error {
    let coded = format!("SQL error code = {code}");
    let lines: Vec<&str> = message
        .lines()
        .map(|line| line.trim_start_matches('-').trim())
        .filter(|line| {
            !line.is_empty() && !EMPTY_LINES.contains(line) && *line != coded && !line.starts_with("At line ")
        })
        .collect();
    let said = if lines.is_empty() { message.trim().to_owned() } else { lines.join(": ") };
    let has = |sign: &str| message.contains(sign);
    let error = Error::new(ErrorKind::Database, format!("{said} (Firebird, SQLCODE {code})"));
    if has("operation was cancelled") {
        Error::new(ErrorKind::Cancelled, "the statement was ended before it was through")
    } else if has("No such file or directory") {
        Error { kind: ErrorKind::Missing, ..error }
            .hint("check the database in the site's URL; an existing database is opened, none is made")
    } else if has("user name and password are not defined") {
        error.hint("check user and password in the site's URL")
    } else if has("is in use") {
        error.hint("something else uses the table; end its transactions and connections, and try again")
    } else if has("lock conflict") || has("deadlock") || has("lock time-out") {
        error.hint("another transaction has changed the same rows; wait until it has finished, and try again")
    } else {
        error
    }
}

/// What the driver says by itself; its words are for programmers.
fn of_driver(message: &str) -> Error {
    let numbers: Vec<&str> =
        message.split(|character: char| !character.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    match numbers[..] {
        [wanted, given] if message.starts_with("Tried to execute a statement that has") => {
            Error::wrong_values(wanted, given).hint("give one value for each ?, or quote it if it is not a placeholder")
        }
        _ => Error::new(ErrorKind::Database, message),
    }
}

/// The line and column (both 1-based) that a message names.
fn place(message: &str) -> Option<(u32, u32)> {
    let (_, rest) = message.rsplit_once("line ")?;
    let (line, rest) = rest.split_once(", column ")?;
    let column = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Position;

    #[test]
    fn an_error_says_what_is_wrong_and_where() {
        let msg = "Dynamic SQL Error\nSQL error code = -204\nTable unknown\nT\nAt line 2, column 13".to_owned();
        let statement = Statement::new("INSERT\nINTO t").at(Position::new("patch.xml", 10, 5));
        let error = statement_error(&FbError::Sql { msg, code: -204 }, &statement);
        assert_eq!(error.to_string(), "patch.xml:11:13: Table unknown: T (Firebird, SQLCODE -204)");
    }

    #[test]
    fn a_message_without_a_place_has_the_statement_s() {
        assert_eq!(place("Token unknown - line 1, column 19\nCOLUMN"), Some((1, 19)));
        assert_eq!(place("deadline, column x"), None);
    }

    #[test]
    fn the_driver_s_own_words_are_translated() {
        let message = "Tried to execute a statement that has 2 parameters while providing 1";
        let error = error(&FbError::Other(message.to_owned()));
        assert_eq!(error.message, "the statement has 2 placeholders and 1 values");
    }
}
