//! The number of the ledger's format, so that an engine keeps its hands off what a later one has written.
//!
//! Tables are added and never changed, so most later engines leave the number as it is: it rises when an earlier engine would
//! misunderstand what it finds.

use super::Ledger;
use super::bulk::Bulk;
use super::rows::Cells;
use patchwright_hooks_api::{Error, ErrorKind, Statement};

/// The format that this engine writes. It reads all earlier ones.
pub(super) const FORMAT: i64 = 1;
const COLUMNS: &str = "n, format, engine";

impl Ledger<'_> {
    /// The number of the ledger's format, if it has one: that of an engine before there was a number has none.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub(super) fn format(&self) -> Result<Option<i64>, Error> {
        let text =
            format!("SELECT MAX({}) FROM {}", self.tables.columns("format"), self.tables.quoted("patches_format"));
        let rows = self.database.query(&Statement::new(text))?;
        Ok(rows.scalar().and_then(patchwright_hooks_api::Value::as_integer))
    }

    /// Refuses a ledger that a later engine has written.
    ///
    /// # Errors
    /// When it is one, or the database can't be asked.
    pub fn check_format(&self) -> Result<(), Error> {
        if !self.database.has_table(self.tables.name("patches_format"))? {
            return Ok(());
        }
        match self.format()? {
            Some(format) if format > FORMAT => {
                let engine = self.last_engine()?;
                Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("the ledger is of format {format}, which patchwright {engine} wrote, and this one reads up to {FORMAT}"),
                )
                .hint(format!("use patchwright {engine} or a later one for this site")))
            }
            _ => Ok(()),
        }
    }

    fn last_engine(&self) -> Result<String, Error> {
        let (columns, n, table) =
            (self.tables.columns("engine"), self.tables.columns("n"), self.tables.quoted("patches_format"));
        let text = format!("SELECT {columns} FROM {table} WHERE {n} = (SELECT MAX({n}) FROM {table})");
        let rows = self.database.query(&Statement::new(text))?;
        rows.rows.first().map_or_else(|| Ok(String::new()), |row| Cells::of(row).text())
    }

    /// Writes the number into a ledger that has none.
    pub(super) fn note_format(&self) -> Result<(), Error> {
        let row = vec![1_i64.into(), FORMAT.into(), crate::engine_version().to_string().into()];
        Bulk::one(&self.tables, "patches_format", COLUMNS, "", row).finish(|statement| self.run(statement)).map(drop)
    }
}
