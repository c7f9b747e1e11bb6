//! Which tables the statements of patches touch, noted as they run: what the ledger has to look at afterwards.
//!
//! A statement mostly says by its first words what it touches, and a portable change always does. Before the first one that
//! doesn't, everything is looked at, so that what it changed can be told afterwards.

use super::Database;
use patchwright_hooks_api::statements::{Touched as Words, touched};
use patchwright_hooks_api::{Change, Error, ErrorKind, Schema, Statement};
use std::collections::BTreeSet;

/// The tables and views that statements of patches touched.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Their names, as far as the statements say them; where the database folds the case of names, in each case.
    pub names: BTreeSet<String>,
    /// All that there was before the first statement that might have touched anything, if there was one.
    pub before: Option<Schema>,
}

impl Touched {
    /// Whether nothing was touched.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.before.is_none()
    }
}

impl Database {
    /// The structure of these tables and views as far as they are there, or with `None` of all; nothing where the dialect
    /// can't tell.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn structure(&self, names: Option<&[&str]>) -> Result<Option<Schema>, Error> {
        match self.line()?.introspect(names) {
            Ok(schema) => Ok(Some(schema)),
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(None),
            Err(error) => Err(error.while_doing("the structure of the database could not be read")),
        }
    }

    /// What statements of patches have touched since this was asked last, or since a transaction was taken back.
    pub(crate) fn take_touched(&self) -> Touched {
        self.watch.take()
    }

    /// Notes what a statement of a patch is about to touch.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub(crate) fn note_statement(&self, statement: &Statement) -> Result<(), Error> {
        match touched(&statement.text, &self.info.lexical) {
            Words::Nothing => Ok(()),
            Words::Anything => self.note_anything(),
            Words::Only(names) => {
                // What was not quoted is folded to either case by some databases.
                let cases = |name: String| [name.to_lowercase(), name.to_uppercase(), name];
                self.watch.borrow_mut().names.extend(names.into_iter().flat_map(cases));
                Ok(())
            }
        }
    }

    /// Notes what a portable change is about to touch.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub(crate) fn note_change(&self, change: &Change) -> Result<(), Error> {
        match change {
            _ if change.is_of_rows() => return Ok(()),
            // Databases carry a new name into views, triggers and foreign keys of other tables.
            Change::RenameTable { .. } | Change::RenameColumn { .. } | Change::RenameSequence { .. } => {
                self.note_anything()?;
            }
            _ => {}
        }
        self.watch.borrow_mut().names.extend(change.names().into_iter().map(str::to_owned));
        Ok(())
    }

    fn note_anything(&self) -> Result<(), Error> {
        if self.watch.borrow().before.is_none() {
            let before = self.structure(None)?;
            self.watch.borrow_mut().before = before;
        }
        Ok(())
    }
}
