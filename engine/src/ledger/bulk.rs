//! Rows on their way into the ledger: many in one statement, and sealed as they are gathered.

use super::chain::Seal;
use super::tables::Tables;
use patchwright_hooks_api::{Error, Statement, Value};

/// Values in one INSERT: enough to save round trips, few enough that the text is soon parsed, and then used again.
const VALUES_PER_INSERT: usize = 2_000;
/// Bytes of text in one INSERT, give or take a row: links of the chain are long, and servers refuse long messages.
const BYTES_PER_INSERT: usize = 256 << 10;

/// Rows gathered into few INSERT statements, and the seal on them.
pub(super) struct Bulk {
    head: String,
    most_values: usize,
    rows: usize,
    values: Vec<Value>,
    bytes: usize,
    seal: Seal,
}

impl Bulk {
    /// Rows of a run, of which the first has the number `first`.
    pub(super) fn new(tables: &Tables, table: &str, columns: &str, run: &str, first: i64) -> Self {
        let head = format!("INSERT INTO {} ({}) VALUES ", tables.quoted(table), tables.columns(columns));
        let most_values = if tables.take_many_rows() { VALUES_PER_INSERT } else { 0 };
        Self { head, most_values, rows: 0, values: Vec::new(), bytes: 0, seal: Seal::new(table, run, first) }
    }

    /// The row of a run in a table that has one for each.
    pub(super) fn one(tables: &Tables, table: &str, columns: &str, run: &str, row: Vec<Value>) -> Self {
        let mut bulk = Self::new(tables, table, columns, run, 0);
        bulk.push(row);
        bulk
    }

    pub(super) fn add(
        &mut self,
        row: Vec<Value>,
        run: impl FnOnce(&Statement) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let full = self.values.len() + row.len() > self.most_values || self.bytes > BYTES_PER_INSERT;
        if let Some(statement) = full.then(|| self.take()).flatten() {
            run(&statement)?;
        }
        self.push(row);
        Ok(())
    }

    /// Writes what is not written yet.
    pub(super) fn finish(mut self, run: impl FnOnce(&Statement) -> Result<(), Error>) -> Result<Seal, Error> {
        self.take().map_or(Ok(()), |statement| run(&statement))?;
        Ok(self.seal)
    }

    /// Adds the statement for what is not written yet.
    pub(super) fn rest(mut self, statements: &mut Vec<Statement>) -> Seal {
        statements.extend(self.take());
        self.seal
    }

    /// The number of the last row; one less than the first where there is none.
    pub(super) fn last(&self) -> i64 {
        self.seal.last()
    }

    fn push(&mut self, row: Vec<Value>) {
        self.seal.add(&row);
        self.rows += 1;
        self.bytes += row.iter().filter_map(Value::as_text).map(str::len).sum::<usize>();
        self.values.extend(row);
    }

    fn take(&mut self) -> Option<Statement> {
        self.bytes = 0;
        let (rows, values) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.values));
        if rows == 0 {
            return None;
        }
        let row = format!("({})", vec!["?"; values.len() / rows].join(", "));
        Some(Statement::with(format!("{}{}", self.head, vec![row; rows].join(", ")), values))
    }
}
