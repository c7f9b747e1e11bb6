//! Locks that keep other engines out: named, of the server, and gone with the connection that holds them.

use crate::connection::MySqlLine;
use patchwright_hooks_api::{Error, ErrorKind, Statement, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// How long another holder is waited for, in seconds: a dying one needs less, an operator would not wait longer.
const PATIENCE: i64 = 5;

/// The name under which transactions keep each other out; no lock of the engine can be called so.
const TRANSACTION: &str = "\0transaction";

/// A lock's name on the server: locks are the whole server's, and names are short.
fn server_name(database: &str, name: &str) -> String {
    let digest = Sha256::new().chain_update(database).chain_update([0]).chain_update(name).finalize();
    digest[..20].iter().fold("patchwright-".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

impl MySqlLine {
    /// Takes the lock that every transaction of an engine holds.
    pub(crate) fn lock_transaction(&mut self) -> Result<(), Error> {
        self.acquire(TRANSACTION)
    }

    /// Gives it back.
    pub(crate) fn unlock_transaction(&mut self) -> Result<(), Error> {
        self.release(TRANSACTION)
    }

    /// Takes a lock, or says who has it.
    pub(crate) fn acquire(&mut self, name: &str) -> Result<(), Error> {
        let name = server_name(self.database(), name);
        let got = self.ask("SELECT GET_LOCK(?, ?)", [name.as_str().into(), PATIENCE.into()])?;
        if got == Some(Value::Integer(1)) {
            return Ok(());
        }
        let holder = self.holder(&name).unwrap_or_else(|_| "another connection".to_owned());
        Err(Error::new(
            ErrorKind::Busy,
            format!("another engine is at work on the database {}: {holder}", self.database()),
        )
        .hint("wait until it has finished; a lock is gone as soon as its connection and its last statement have ended"))
    }

    /// Gives a lock back. The server keeps silent of one that is not held.
    pub(crate) fn release(&mut self, name: &str) -> Result<(), Error> {
        let name = server_name(self.database(), name);
        self.ask("SELECT RELEASE_LOCK(?)", [name.into()]).map(drop)
    }

    /// Who holds a lock, as an administrator finds it in the server's list of connections.
    fn holder(&mut self, name: &str) -> Result<String, Error> {
        let Some(Value::Integer(id)) = self.ask("SELECT IS_USED_LOCK(?)", [name.into()])? else {
            return Ok("a connection that has just ended".to_owned());
        };
        let select = "SELECT CONCAT(USER, ' from ', HOST, IF(INFO IS NULL, CONCAT(', idle for ', TIME, ' s'), CONCAT(', for ', \
                      TIME, ' s at ', LEFT(INFO, 60)))) FROM information_schema.PROCESSLIST WHERE ID = ?";
        let who = self.ask(select, [id.into()]).unwrap_or_default();
        let who = who.as_ref().and_then(Value::as_text).map_or_else(String::new, |who| format!(", {who}"));
        Ok(format!("connection {id}{who}"))
    }

    fn ask(&mut self, text: &str, values: impl IntoIterator<Item = Value>) -> Result<Option<Value>, Error> {
        Ok(self.query_own(&Statement::with(text, values))?.scalar().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_belongs_to_one_database_and_has_a_short_name() {
        let name = server_name("cms", &"x".repeat(500));
        assert!(name.len() <= 64, "{name}");
        assert_ne!(server_name("cms", "a"), server_name("shop", "a"));
        assert_ne!(server_name("cms", "a"), server_name("cms", "b"));
    }
}
