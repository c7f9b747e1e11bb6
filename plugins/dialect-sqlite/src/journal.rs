//! The file with SQLite's rollback journal: kept from one transaction to the next.
//!
//! By default it is deleted after each transaction, which is the commit, and made anew for the next: each is a change to the
//! directory, and the disk is waited for twice more, for the new name and for the name to be gone. In a file that stays, the
//! commit is a header that is overwritten and waited for.

use crate::connection::SqliteConnection;
use patchwright_hooks_api::{Connection, Error, Statement, Value};

/// What becomes of the file after a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Journal {
    /// Nobody has looked yet.
    Unknown,
    /// It is deleted each time, or the database has a write-ahead log instead.
    OfTheSite,
    /// It is kept, and deleted at the end.
    Kept,
}

impl SqliteConnection {
    /// Keeps the file from now on, but for what a large transaction has made of it. Outside of a transaction.
    ///
    /// A write-ahead log stays: it is a property of the database, and the site's to choose.
    pub(crate) fn keep_journal(&mut self) -> Result<(), Error> {
        if self.journal == Journal::Unknown {
            self.journal = Journal::OfTheSite;
            if self.journal_mode()? == "delete" {
                self.control("PRAGMA journal_mode = PERSIST; PRAGMA journal_size_limit = 1048576")?;
                self.journal = Journal::Kept;
            }
        }
        Ok(())
    }

    /// Deletes the file, if it was kept. One that a dead process left does no harm: its header says that there is nothing in it.
    pub(crate) fn forget_journal(&mut self) -> Result<(), Error> {
        // Meanwhile somebody may have turned to a write-ahead log, and this would turn it back.
        if self.journal != Journal::Kept || self.journal_mode()? != "persist" {
            return Ok(());
        }
        self.journal = Journal::OfTheSite;
        self.control("PRAGMA journal_mode = DELETE")
    }

    fn journal_mode(&mut self) -> Result<String, Error> {
        let rows = self.query(&Statement::new("PRAGMA journal_mode"))?;
        Ok(rows.scalar().and_then(Value::as_text).unwrap_or_default().to_owned())
    }
}
