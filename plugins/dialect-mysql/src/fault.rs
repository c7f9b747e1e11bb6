//! MySQL's errors in the words of the contract: what failed, at which place of the patch, and what to do next.

use crate::bound::Bound;
use patchwright_hooks_api::statements::only_place;
use patchwright_hooks_api::{Error, ErrorKind, Statement};
use sqlx::mysql::MySqlDatabaseError;

// Numbers of errors: https://mariadb.com/kb/en/mariadb-error-codes/
const DISK_FULL: u16 = 1021;
const TOO_MANY_CONNECTIONS: u16 = 1040;
const ACCESS_TO_DATABASE_DENIED: u16 = 1044;
const ACCESS_DENIED: u16 = 1045;
const UNKNOWN_DATABASE: u16 = 1049;
const ACCESS_DENIED_BY_PLUGIN: u16 = 1698;
const TABLE_FULL: u16 = 1114;
const COMMAND_DENIED: u16 = 1142;
const PACKET_TOO_LARGE: u16 = 1153;
const LOCK_WAIT_TIMEOUT: u16 = 1205;
const DEADLOCK: u16 = 1213;
const SYNTAX_ERROR: u16 = 1064;
/// Those whose message names first, in quotes, what stands in the statement: unknown or doubled columns, tables, keys.
const NAMING: [u16; 11] = [1051, 1054, 1060, 1061, 1072, 1091, 1146, 1176, 1305, 1347, 1364];

/// The number of the server's error, if it is one.
pub(crate) fn number(fault: &sqlx::Error) -> Option<u16> {
    server_error(fault).map(MySqlDatabaseError::number)
}

/// Whether the server has, or may have, taken the whole transaction back.
pub(crate) fn loses_transaction(fault: &sqlx::Error) -> bool {
    matches!(number(fault), Some(LOCK_WAIT_TIMEOUT | DEADLOCK))
}

/// Whether the line is of no use any more.
pub(crate) fn breaks_line(fault: &sqlx::Error) -> bool {
    matches!(fault, sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed)
}

/// The error of something that has no place in a patch.
pub(crate) fn error(fault: &sqlx::Error) -> Error {
    let Some(server) = server_error(fault) else { return other(fault) };
    let (number, state) = (server.number(), server.code().unwrap_or("HY000"));
    let of_kind =
        |kind| Error::new(kind, format!("{} (error {number}, SQLSTATE {state})", server.message().trim_end()));
    let error = of_kind(ErrorKind::Database);
    match number {
        LOCK_WAIT_TIMEOUT | DEADLOCK => of_kind(ErrorKind::Busy)
            .hint("another connection works on the same tables: let it finish, or stop it, and try again"),
        TOO_MANY_CONNECTIONS => of_kind(ErrorKind::Busy).hint("try again when fewer programs use the server"),
        DISK_FULL | TABLE_FULL => error.hint("free disk space on the server, and try again"),
        ACCESS_DENIED | ACCESS_DENIED_BY_PLUGIN => {
            error.hint("check the user and the password in the database URL of the site")
        }
        ACCESS_TO_DATABASE_DENIED | COMMAND_DENIED => error.hint("let an administrator grant the right to this user"),
        UNKNOWN_DATABASE => of_kind(ErrorKind::Missing)
            .hint("check the database URL of the site; an existing database is used, none is made"),
        PACKET_TOO_LARGE => {
            of_kind(ErrorKind::Limit).hint("raise the server's max_allowed_packet, or say it in smaller parts")
        }
        _ => error,
    }
}

/// The error of a statement, at its place in the patch.
pub(crate) fn statement_error(fault: &sqlx::Error, statement: &Statement, sent: &Bound) -> Error {
    let place = server_error(fault).and_then(|server| place(&sent.text, server.number(), server.message()));
    statement.placed(error(fault), place.map(|byte| sent.origin(byte)))
}

/// The error for a statement after the server has taken the transaction back by itself.
pub(crate) fn transaction_lost() -> Error {
    Error::new(ErrorKind::Database, "the server has taken the transaction back after an earlier error")
        .hint("what the transaction changed in rows is gone; mend the first error, and begin again")
}

/// The error for a line that is broken: it is not opened again by itself, as its transaction and its locks are gone.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Database, "the connection to the database is lost")
        .hint("the server takes back what was not committed; see that it is running, and begin again")
}

/// The error for a commit whose answer never came.
pub(crate) fn commit_unknown(fault: &sqlx::Error) -> Error {
    error(fault)
        .while_doing("the connection was lost during the commit, and whether it came through is unknown")
        .hint("ask the database on a new connection before anything else is done")
}

fn server_error(fault: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    fault.as_database_error()?.try_downcast_ref()
}

fn other(fault: &sqlx::Error) -> Error {
    match fault {
        sqlx::Error::Io(error) => Error::new(ErrorKind::Io, format!("the database server can't be reached: {error}"))
            .hint("see that the server is running and that the database URL of the site names it"),
        sqlx::Error::Tls(error) => {
            Error::new(ErrorKind::Io, format!("no encrypted connection to the database server: {error}")).hint(
                "name the certificate of the server's authority with ssl-ca=…, or choose another ssl-mode in the database URL",
            )
        }
        sqlx::Error::Configuration(error) => Error::invalid(format!("the database URL is of no use: {error}")),
        other => Error::new(ErrorKind::Database, format!("the database server can't be understood: {other}")),
    }
}

/// The byte of the text that was sent at which the server sees the fault.
fn place(sent: &str, number: u16, message: &str) -> Option<usize> {
    if number == SYNTAX_ERROR {
        return syntax_place(sent, message);
    }
    if !NAMING.contains(&number) {
        return None;
    }
    let start = message.find(['\'', '`'])?;
    let quote = message[start..].chars().next()?;
    let (name, _) = message[start + 1..].split_once(quote)?;
    // A table is named with its database, a column as it stands.
    only_place(sent, name).or_else(|| only_place(sent, name.rsplit('.').next()?))
}

/// `… near 'FORM t' at line 2`: the text is cut off after 80 bytes, and may hold quotes itself.
fn syntax_place(sent: &str, message: &str) -> Option<usize> {
    let (_, rest) = message.split_once(" near '")?;
    let (near, line) = rest.rsplit_once("' at line ")?;
    let line: usize = line.trim().parse().ok()?;
    if near.is_empty() {
        return Some(sent.trim_end().len());
    }
    // The cut may go through a character.
    let near = near.trim_end_matches(['?', '\u{fffd}']);
    let on_line = |at: &usize| sent[..*at].matches('\n').count() + 1 == line;
    let mut places = sent.match_indices(near).map(|(at, _)| at).filter(on_line);
    let place = places.next().filter(|_| !near.is_empty());
    // What ends the text stands there for sure, however often it stands before.
    place.filter(|_| places.next().is_none()).or_else(|| sent.ends_with(near).then(|| sent.len() - near.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::statements::line_and_column;

    #[test]
    fn a_syntax_error_stands_where_the_server_says_it_is_near() {
        let sent = "SELECT 'é' AS near,\n  'ü' FORM t\nWHERE FORM t";
        let message = "You have an error … right syntax to use near 'FORM t\nWHERE FORM t' at line 2";
        let byte = place(sent, SYNTAX_ERROR, message).unwrap();
        assert_eq!(line_and_column(sent, byte), Some((2, 7)));
        let message = "… syntax to use near '' at line 1";
        assert_eq!(place("SELECT", SYNTAX_ERROR, message), Some(6));
    }

    #[test]
    fn an_unknown_name_stands_where_it_stands_once() {
        let sent = "SELECT a.titel FROM a JOIN title";
        assert_eq!(place(sent, 1054, "Unknown column 'a.titel' in 'SELECT'"), Some(7));
        assert_eq!(place(sent, 1146, "Table 'cms.title' doesn't exist"), Some(27));
        assert_eq!(place(sent, 1146, "Table 'cms.a' doesn't exist"), None);
        assert_eq!(place(sent, 1062, "Duplicate entry 'a' for key 'PRIMARY'"), None);
    }
}
