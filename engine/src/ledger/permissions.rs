//! What was made writable for a patch, and is to be made read-only again (C53, C54). Most patches find all that they change
//! writable and have no row.

use super::Ledger;
use super::bulk::Bulk;
use super::rows::{Cells, unreadable};
use crate::site::asked::Modes;
use patchwright_hooks_api::{Error, Statement, Value};

/// The table's columns.
pub(super) const COLUMNS: &str = "run, n, path, mode";

impl Ledger<'_> {
    pub(super) fn permission_rows(&self, run: &str, given: &Modes) -> Result<Bulk, Error> {
        let mut rows = Bulk::new(&self.tables, "patches_permissions", COLUMNS, run, 0);
        for (n, (path, mode)) in (0_i64..).zip(given) {
            let row = vec![run.into(), n.into(), path.as_str().into(), i64::from(*mode).into()];
            rows.add(row, |statement| self.run(statement))?;
        }
        Ok(rows)
    }

    /// The paths that were made writable for the patch that a run brought, with the modes that they had before.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn permissions(&self, run: &str) -> Result<Modes, Error> {
        if !self.database.has_table(self.tables.name("patches_permissions"))? {
            return Ok(Modes::new());
        }
        let (columns, table) = (self.tables.columns("path, mode"), self.tables.quoted("patches_permissions"));
        let text = format!("SELECT {columns} FROM {table} WHERE run = ?");
        let rows = self.database.query(&Statement::with(text, [run.into()]))?.rows;
        let read = |row: &Vec<Value>| {
            let mut cells = Cells::of(row);
            Ok((cells.text()?, u32::try_from(cells.integer()?).map_err(unreadable)?))
        };
        rows.iter().map(read).collect()
    }
}
