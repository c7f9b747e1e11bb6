//! The sums of a patch's content, by which the ledger tells an archive that is offered again from the one that was applied.

use super::Ledger;
use super::bulk::Bulk;
use patchwright_hooks_api::{Error, Sha256, Statement, Value};

/// The columns of a row.
pub(super) const COLUMNS: &str = "run, version, scripts, statements, rest";

/// What a patch is made of, in sums. The archive's own sum is in the row of the patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentSums {
    /// The number of the form that `statements` was taken over: sums of different forms can't be compared.
    pub version: u32,
    /// Over its scripts for the site's database, byte by byte.
    pub scripts: Sha256,
    /// Over the tokens of these scripts: layout and comments don't count.
    pub statements: Sha256,
    /// Over everything else that it does and brings.
    pub rest: Sha256,
}

impl Ledger<'_> {
    pub(super) fn sums_row(&self, run: &str, sums: &ContentSums) -> Bulk {
        let [scripts, statements, rest] =
            [sums.scripts, sums.statements, sums.rest].map(|sum| Value::from(sum.to_string()));
        let row = vec![run.into(), Value::Integer(sums.version.into()), scripts, statements, rest];
        Bulk::one(&self.tables, "patches_sums", COLUMNS, run, row)
    }

    /// The sums of the patch that a run brought, if the ledger kept any then.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn sums(&self, run: &str) -> Result<Option<ContentSums>, Error> {
        if !self.database.has_table(self.tables.name("patches_sums"))? {
            return Ok(None);
        }
        let table = self.tables.quoted("patches_sums");
        let text = format!("SELECT version, scripts, statements, rest FROM {table} WHERE run = ?");
        let rows = self.database.query(&Statement::with(text, [run.into()]))?;
        let Some(row) = rows.rows.first() else { return Ok(None) };
        let sum = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default().parse();
        let version = row.first().and_then(Value::as_integer).and_then(|version| version.try_into().ok());
        let version = version.unwrap_or_default();
        Ok(Some(ContentSums { version, scripts: sum(1)?, statements: sum(2)?, rest: sum(3)? }))
    }
}
