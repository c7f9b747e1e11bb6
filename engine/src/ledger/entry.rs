//! The entry of a run that does something about a patch which is in force already: its rows, and at the end the seal on them.

use super::bulk::Bulk;
use super::chain::{Head, Seal};
use super::{AfterHook, Executed, FileRow, Ledger, PatchRow, RunRow, rows};
use crate::database::Touched;
use crate::site::change::Change;
use patchwright_hooks_api::{Error, ErrorKind, Statement, Version};
use std::collections::BTreeSet;

/// How many columns name a row of a patch's files: its run and its number.
const KEY_COLUMNS: usize = 2;

/// What a run writes into the ledger, in the run's own transaction. It is whole once it is sealed.
#[must_use = "an entry that is not sealed is found to be forged"]
pub(crate) struct Entry<'a> {
    ledger: &'a Ledger<'a>,
    run: String,
    seals: Vec<Seal>,
    /// The runs of the patches whose rows were changed.
    changed: BTreeSet<String>,
}

impl Ledger<'_> {
    /// Begins the entry of a run.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn enter(&self, run: &RunRow<'_>) -> Result<Entry<'_>, Error> {
        let mut entry = self.entry(run.run);
        entry.write(self.run_row(run))?;
        Ok(entry)
    }

    /// Records that the `after` hook of a patch failed. What the hook did was taken back, its run with it.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn after_failed(&self, after_run: &str, patch_run: &str) -> Result<(), Error> {
        self.in_transaction(|| {
            let mut entry = self.entry(after_run);
            entry.set_after(patch_run, AfterHook::Failed)?;
            entry.seal().map(drop)
        })
    }

    fn entry(&self, run: &str) -> Entry<'_> {
        Entry { ledger: self, run: run.to_owned(), seals: Vec::new(), changed: BTreeSet::new() }
    }
}

impl Entry<'_> {
    /// Records files of a patch, after `first` that are there already (C35, C36).
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn add_files(&mut self, patch_run: &str, first: usize, changes: &[Change]) -> Result<(), Error> {
        self.write(self.ledger.file_rows(patch_run, first, changes)?)
    }

    /// Records what the run itself did, or was told to do.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn add_actions(&mut self, actions: &[String]) -> Result<(), Error> {
        self.write(self.ledger.action_rows(&self.run, actions.iter().cloned())?)
    }

    /// Remembers how the run leaves what it touched.
    ///
    /// # Errors
    /// When the database can't be asked, or refuses.
    pub(crate) fn add_structures(&mut self, touched: Touched) -> Result<(), Error> {
        let last = if touched.is_empty() { None } else { self.ledger.last_structure()? };
        let rows = self.ledger.structure_rows(&self.run, last, touched)?;
        rows.map_or(Ok(()), |rows| self.write(rows))
    }

    /// Adds statements to those that a patch is recorded to have run.
    ///
    /// # Errors
    /// When the database refuses, or has no such patch.
    pub(crate) fn add_statements(&mut self, patch_run: &str, more: Vec<Executed>) -> Result<(), Error> {
        let mut statements = PatchRow::read(&self.ledger.raw_patch(patch_run)?)?.statements;
        statements.extend(more);
        let json = serde_json::to_string(&statements).expect("statements hold nothing that JSON can't");
        self.set(patch_run, "statements", &json)
    }

    /// Adds to what the scripts of a patch note for the report.
    ///
    /// # Errors
    /// When the database can't be asked, or refuses.
    pub(crate) fn add_notes(&mut self, patch_run: &str, more: &[String]) -> Result<(), Error> {
        if more.is_empty() {
            return Ok(());
        }
        let first = self.ledger.notes(patch_run)?.len();
        self.write(self.ledger.note_rows(patch_run, first, more)?)
    }

    /// Records how the `after` hook of a patch ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn set_after(&mut self, patch_run: &str, after: AfterHook) -> Result<(), Error> {
        self.set(patch_run, "after_hook", after.word())
    }

    /// Records that a row of a patch's files says something else, now that an earlier patch was taken back.
    ///
    /// # Errors
    /// When the database refuses, or has no such row.
    pub(crate) fn change_file(&mut self, patch_run: &str, number: i64, change: &Change) -> Result<(), Error> {
        let row = FileRow { number, change: change.clone() };
        let values = row.values(patch_run);
        let tables = &self.ledger.tables;
        let columns: Vec<String> = rows::FILE_COLUMNS.split(", ").map(|column| tables.columns(column)).collect();
        let set: Vec<String> = columns[KEY_COLUMNS..].iter().map(|column| format!("{column} = ?")).collect();
        let text = format!("UPDATE {} SET {} WHERE run = ? AND n = ?", tables.quoted("patches_files"), set.join(", "));
        let key = values[..KEY_COLUMNS].iter();
        let statement = Statement::with(text, values[KEY_COLUMNS..].iter().chain(key).cloned());
        if self.ledger.database.execute(&statement)? != 1 {
            return Err(Error::new(
                ErrorKind::Database,
                format!("the ledger has no row {number} of the run {patch_run}"),
            ));
        }
        let mut seal = Seal::new("patches_files", patch_run, number);
        seal.add(&values);
        self.seals.push(seal);
        Ok(())
    }

    /// Records the version that the product has beside a component's patch, now that an earlier patch was taken back.
    ///
    /// # Errors
    /// When the database refuses, or has no such patch.
    pub(crate) fn set_product_version(&mut self, patch_run: &str, version: &Version) -> Result<(), Error> {
        self.set(patch_run, "from_version", version.as_str())?;
        self.set(patch_run, "to_version", version.as_str())
    }

    /// Records that a patch was taken back.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn take_back(&mut self, patch_run: &str) -> Result<(), Error> {
        self.set(patch_run, "status", "taken-back")
    }

    /// Seals what was written, and the rows of the patches that were changed as they stand now.
    ///
    /// # Errors
    /// When the database can't be asked, or refuses.
    pub(crate) fn seal(mut self) -> Result<Head, Error> {
        for run in &self.changed {
            let mut seal = Seal::new("patches", run, 0);
            seal.add(&self.ledger.raw_patch(run)?);
            self.seals.push(seal);
        }
        self.ledger.link(self.ledger.head()?, &self.run, &self.seals)
    }

    fn write(&mut self, rows: Bulk) -> Result<(), Error> {
        self.seals.push(rows.finish(|statement| self.ledger.run(statement))?);
        Ok(())
    }

    fn set(&mut self, patch_run: &str, column: &str, value: &str) -> Result<(), Error> {
        let text = format!("UPDATE {} SET {column} = ? WHERE run = ?", self.ledger.tables.quoted("patches"));
        let touched = self.ledger.database.execute(&Statement::with(text, [value.into(), patch_run.into()]))?;
        if touched != 1 {
            return Err(Error::new(ErrorKind::Database, format!("the ledger has no patch of the run {patch_run}")));
        }
        self.changed.insert(patch_run.to_owned());
        Ok(())
    }
}
