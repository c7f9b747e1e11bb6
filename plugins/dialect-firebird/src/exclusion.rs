//! The lock that keeps other engines away.
//!
//! Firebird has no advisory locks. A row that a transaction has inserted and not committed keeps every other one with the same key
//! out, and goes with its transaction. The transaction stands beside the work on the *same* attachment: the server lets
//! go of both together, once the last statement of a dead holder has ended. No row is ever committed.

use crate::fault;
use crate::session::{Isolation, Session, Transaction};
use patchwright_hooks_api::{Error, ErrorKind, Statement, Value};
use rsfbclient_core::FbError;
use std::thread;
use std::time::{Duration, Instant};

/// The table whose rows are locks. It is empty for everybody but who holds one.
pub(crate) const TABLE: &str = "PATCHWRIGHT_LOCKS";
/// The variable by which others see who holds a lock.
const VARIABLE: &str = "PATCHWRIGHT_LOCK";
/// How long a dying holder may need.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(50);

/// A lock that is held.
pub(crate) struct Exclusion {
    key: String,
    transaction: Transaction,
}

impl Exclusion {
    /// Takes the lock of that name.
    pub(crate) fn take(session: &mut Session, name: &str) -> Result<Self, Error> {
        let of = |error: FbError| fault::error(&error).while_doing("the lock on the database");
        let key = key(name);
        make_table(session).map_err(of)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match insert(session, &key) {
                Ok(transaction) => return Ok(Self { key, transaction }),
                Err(error) if !fault::is_conflict(&error) => return Err(of(error)),
                Err(_) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(_) => {
                    let who = holder(session, &key).map_err(of)?;
                    let who = who.unwrap_or_else(|| "somebody who can't be seen by this user".to_owned());
                    return Err(Error::new(
                        ErrorKind::Busy,
                        format!("another engine is at work on this database: {who}"),
                    )
                    .hint("wait until it has finished; if it has died, the lock goes with its connection"));
                }
            }
        }
    }

    /// Whether it is the lock of that name.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.key == key(name)
    }

    /// Gives it back.
    pub(crate) fn give_back(self, session: &mut Session) -> Result<(), Error> {
        let given_back = session.roll_back(self.transaction).and_then(|()| {
            let text = format!("SELECT RDB$SET_CONTEXT('USER_SESSION', '{VARIABLE}', NULL) FROM RDB$DATABASE");
            session.alone(|session, transaction| session.ask(transaction, &text, &[]))
        });
        given_back.map(drop).map_err(|error| fault::error(&error))
    }
}

/// Inserts the row and leaves the transaction open.
fn insert(session: &mut Session, key: &str) -> Result<Transaction, FbError> {
    let mut transaction = session.begin(Isolation::Impatient)?;
    let text = format!("INSERT INTO {TABLE} (NAME) VALUES (?)");
    let parameters = [rsfbclient_core::SqlType::Text(key.to_owned())];
    let inserted = session
        .run(&mut transaction, &Statement::new(text), &parameters, true, crate::session::Wanted::Nothing)
        .and_then(|_| {
            let text = format!(
                "SELECT RDB$SET_CONTEXT('USER_SESSION', '{VARIABLE}', CAST(? AS VARCHAR(64))) FROM RDB$DATABASE"
            );
            session.ask(&mut transaction, &text, &[key.into()])
        });
    match inserted {
        Ok(_) => Ok(transaction),
        Err(error) => {
            // The first error is the one to tell.
            let _ = session.roll_back(transaction);
            Err(error)
        }
    }
}

/// Makes the table where it is missing. Of two who make it at once one fails, and finds it made.
fn make_table(session: &mut Session) -> Result<(), FbError> {
    let exists = |session: &mut Session| {
        session.alone(|session, transaction| {
            let text = "SELECT 1 FROM RDB$RELATIONS WHERE RDB$RELATION_NAME = ?";
            Ok(!session.ask(transaction, text, &[TABLE.into()])?.is_empty())
        })
    };
    if exists(session)? {
        return Ok(());
    }
    let create = Statement::new(format!("CREATE TABLE {TABLE} (NAME VARCHAR(64) NOT NULL PRIMARY KEY)"));
    let made = session
        .alone(|session, transaction| session.run(transaction, &create, &[], false, crate::session::Wanted::Nothing));
    match made {
        Ok(_) => Ok(()),
        Err(error) => {
            let deadline = Instant::now() + PATIENCE;
            while Instant::now() < deadline {
                if exists(session)? {
                    return Ok(());
                }
                thread::sleep(PAUSE);
            }
            Err(error)
        }
    }
}

/// Who holds the lock, as the server's monitor tells it.
fn holder(session: &mut Session, key: &str) -> Result<Option<String>, FbError> {
    let text = format!(
        "SELECT TRIM(A.MON$USER), COALESCE(A.MON$REMOTE_ADDRESS, 'this machine'), A.MON$ATTACHMENT_ID, \
         CAST(A.MON$TIMESTAMP AS VARCHAR(24)) FROM MON$CONTEXT_VARIABLES V \
         JOIN MON$ATTACHMENTS A ON A.MON$ATTACHMENT_ID = V.MON$ATTACHMENT_ID \
         WHERE V.MON$VARIABLE_NAME = '{VARIABLE}' AND V.MON$VARIABLE_VALUE = ? AND A.MON$ATTACHMENT_ID <> CURRENT_CONNECTION"
    );
    let rows = session.alone(|session, transaction| session.ask(transaction, &text, &[key.into()]))?;
    Ok(rows.first().map(|row| {
        let shown: Vec<String> = row.iter().map(Value::to_string).collect();
        match &shown[..] {
            [user, address, number, since] => format!("{user} from {address}, connection {number} since {since}"),
            other => other.join(", "),
        }
    }))
}

/// A name of any length as a key: its beginning for people, and a sum (FNV-1a, 64 bits) that tells it from others.
fn key(name: &str) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let sum = name.bytes().fold(OFFSET, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(PRIME));
    let beginning: String = name.chars().filter(char::is_ascii_graphic).take(40).collect();
    format!("{beginning} {sum:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_have_keys_of_their_own() {
        let long = "a".repeat(500);
        assert!(key(&long).len() <= 64);
        assert_ne!(key(&long), key(&format!("{long}b")));
        assert_eq!(key("x"), key("x"));
    }
}
