//! PostgreSQL's errors in the words of the contract: what failed, at which place of the patch, and what to do next.

use crate::bound::Bound;
use crate::location::Location;
use patchwright_hooks_api::{Error, ErrorKind, Statement};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgSeverity};

const LOCK_NOT_AVAILABLE: &str = "55P03";
const STARTING_OR_ENDING: &str = "57P03";
const TOO_MANY_CONNECTIONS: &str = "53300";
const UNDEFINED_STATEMENT: &str = "26000";

/// Why a text that was sent did not run to its end.
pub(crate) enum Fault {
    /// The server, or the line to it, said so.
    Told(sqlx::Error),
    /// It was found out on this side, and the line is as good as before.
    Found(Error),
    /// The server's machine has stopped to answer.
    Silent(Error),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    /// Whether the line can't be used any more.
    pub(crate) fn is_fatal(&self) -> bool {
        match self {
            Self::Told(fault) => match told(fault) {
                Some(told) => matches!(told.severity(), PgSeverity::Fatal | PgSeverity::Panic),
                None => true,
            },
            Self::Found(_) => false,
            Self::Silent(_) => true,
        }
    }

    /// Whether a statement was not prepared in this session, or is no longer.
    pub(crate) fn is_unprepared(&self) -> bool {
        matches!(self, Self::Told(fault) if told(fault).is_some_and(|told| told.code() == UNDEFINED_STATEMENT))
    }

    /// The error of something that has no place in a patch.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Told(fault) => error(&fault),
            Self::Found(error) | Self::Silent(error) => error,
        }
    }

    /// The error of a statement, at its place in the patch if the server names one.
    pub(crate) fn at(self, statement: &Statement, sent: &Bound) -> Error {
        let place = self.place(&statement.text, sent).zip(statement.position.as_ref());
        let error = self.into_error();
        match place {
            Some(((line, column), start)) => error.at(&start.offset_by(line, column)),
            None => error,
        }
    }

    /// An error of opening a database: with its place, and never with the password.
    pub(crate) fn opening(self, location: &Location) -> Error {
        let is_missing = matches!(&self, Self::Told(fault) if told(fault).is_some_and(|told| told.code() == "3D000"));
        let mut error = self.into_error().while_doing(format!("the database {location}"));
        if is_missing {
            error.kind = ErrorKind::Missing;
        }
        error
    }

    fn place(&self, text: &str, sent: &Bound) -> Option<(u32, u32)> {
        let Self::Told(fault) = self else { return None };
        let PgErrorPosition::Original(character) = told(fault)?.position()? else { return None };
        place(text, sent.origin(character.saturating_sub(1)))
    }
}

fn error(fault: &sqlx::Error) -> Error {
    let Some(told) = told(fault) else { return other(fault) };
    let code = told.code();
    let mut message = told.message().to_owned();
    if let Some(detail) = told.detail() {
        message = format!("{message}: {}", detail.trim_end_matches('.'));
    }
    if let Some(place) = told.r#where().and_then(|context| context.lines().next()) {
        message = format!("{message}, in {place}");
    }
    let kind = match code {
        LOCK_NOT_AVAILABLE | STARTING_OR_ENDING | TOO_MANY_CONNECTIONS => ErrorKind::Busy,
        _ => ErrorKind::Database,
    };
    let error = Error::new(kind, format!("{message} (PostgreSQL error {code})"));
    match hint(code).or(told.hint()) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The error for a statement in a transaction that is no longer whole.
pub(crate) fn transaction_lost() -> Error {
    Error::new(ErrorKind::Database, "PostgreSQL has given the transaction up after an earlier error")
        .hint("nothing of the transaction is kept; mend the first error, and begin again")
}

/// The error for a connection that is broken.
pub(crate) fn closed() -> Error {
    Error::new(ErrorKind::Io, "the connection to the database is broken")
        .hint("see that the server runs and can be reached; it takes an open transaction back by itself")
}

/// The error for a server that does not answer, or has stopped to.
pub(crate) fn silent(location: &Location) -> Error {
    Error::new(ErrorKind::Io, format!("the server of the database {location} does not answer"))
        .hint("see that the server runs and can be reached; it takes an open transaction back by itself")
}

/// Whether the server has no entry for who came, or for the way in which he came.
pub(crate) fn is_turned_away(fault: &sqlx::Error) -> bool {
    told(fault).is_some_and(|told| told.code() == "28000")
}

/// What PostgreSQL itself said.
fn told(fault: &sqlx::Error) -> Option<&PgDatabaseError> {
    fault.as_database_error()?.try_downcast_ref::<PgDatabaseError>()
}

fn other(fault: &sqlx::Error) -> Error {
    let unreachable = "see that the server runs, and that its address in the database URL is right";
    let not_encrypted = |error: &dyn std::fmt::Display| {
        Error::new(ErrorKind::Io, format!("no encrypted connection: {error}")).hint(
            "sslrootcert=FILE names the authority that signed the server's certificate; sslmode=require encrypts and checks \
             no certificate",
        )
    };
    match fault {
        sqlx::Error::Tls(error) => not_encrypted(error),
        // rustls tells what it thinks of a certificate through the socket.
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => not_encrypted(error),
        sqlx::Error::Io(error) => {
            Error::new(ErrorKind::Io, format!("the server can't be reached: {error}")).hint(unreachable)
        }
        other => Error::new(ErrorKind::Database, other.to_string()),
    }
}

/// What to do about an error, where PostgreSQL's own hint would not help an operator.
fn hint(code: &str) -> Option<&'static str> {
    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    Some(match code {
        "28P01" | "28000" => "check user and password in the site's database URL, and the server's pg_hba.conf",
        "3D000" => "check the database URL of the site; an existing database is opened, none is made",
        "3F000" => "make the schema, or name another one in the database URL: ?options[search_path]=app",
        "25006" => "the server is a standby or read-only: name the primary server in the database URL",
        "42501" => "give the role of the database URL this right, or use the role that owns the tables",
        "53100" => "free disk space on the server, and try again",
        "53300" => "the server has no connection left: stop clients, or raise max_connections",
        "55P03" => "another session holds the table: see pg_stat_activity, wait for it or stop it, and try again",
        "40P01" => "another session was in the way: see that nobody writes while the gate is shut, and try again",
        "57P01" | "57P02" => "an administrator ended the session; nothing of an open transaction is kept",
        "57P03" => "the server is starting or shutting down: wait, and try again",
        // A view that uses the column, or a table that refers to it.
        "0A000" | "2BP01" => "change what depends on it in the same patch: drop it before, and make it again after",
        _ => return None,
    })
}

/// The line and column (both 1-based) of a character (0-based).
fn place(text: &str, character: usize) -> Option<(u32, u32)> {
    let mut place = (1, 1);
    let mut characters = text.chars();
    for _ in 0..character {
        place = if characters.next()? == '\n' { (place.0 + 1, 1) } else { (place.0, place.1 + 1) };
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        assert_eq!(place("SELECT é,\n  ü FORM t", 14), Some((2, 5)));
        assert_eq!(place("SELECT", 0), Some((1, 1)));
        assert_eq!(place("SELECT", 6), Some((1, 7)), "an error at the end of the text");
        assert_eq!(place("SELECT", 7), None);
    }
}
