//! What a patch's scripts note for the report: what the operator is to know or do once it is in force. Most patches note nothing and
//! have no row.

use super::Ledger;
use super::bulk::Bulk;
use super::rows::Cells;
use patchwright_hooks_api::{Error, Statement};

/// The table's columns.
pub(super) const COLUMNS: &str = "run, n, note";

impl Ledger<'_> {
    /// The rows of notes, behind `first` that are there already.
    pub(super) fn note_rows(&self, run: &str, first: usize, notes: &[String]) -> Result<Bulk, Error> {
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let mut rows = Bulk::new(&self.tables, "patches_notes", COLUMNS, run, first);
        for (n, note) in (first..).zip(notes) {
            rows.add(vec![run.into(), n.into(), note.as_str().into()], |statement| self.run(statement))?;
        }
        Ok(rows)
    }

    /// What was noted by the patch that a run brought, in order.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn notes(&self, run: &str) -> Result<Vec<String>, Error> {
        if !self.database.has_table(self.tables.name("patches_notes"))? {
            return Ok(Vec::new());
        }
        let (note, table) = (self.tables.columns("note"), self.tables.quoted("patches_notes"));
        let text = format!("SELECT {note} FROM {table} WHERE run = ? ORDER BY n");
        let rows = self.database.query(&Statement::with(text, [run.into()]))?.rows;
        rows.iter().map(|row| Cells::of(row).text()).collect()
    }
}
