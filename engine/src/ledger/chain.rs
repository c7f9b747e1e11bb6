//! The chain: each run seals the rows that it wrote, and each seal is bound to all before it, so that a row which somebody
//! changed, added or removed by hand can be named later (`audit.rs`).
//!
//! It tells other hands from the engine's. Who can write to the database could forge a whole new chain; therefore the last link
//! is also noted in the state folder, where the end of the ledger can't be cut off unseen.

use super::Ledger;
use super::bulk::Bulk;
use super::tables::Tables;
use crate::site::disk::{Disk, DiskResult};
use crate::site::{layout, note, tree};
use patchwright_hooks_api::{Error, Statement, Value};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of a row's fingerprint: 64 bits, as in the journal.
pub(super) const FINGERPRINT: usize = 16;
/// The longest text of seals in one link, in characters: every database takes it. A run with more has several links.
const LONGEST: usize = 16_000;
/// The columns of a link.
pub(super) const LINK: &str = "n, run, digest, chain, seals";
/// The run of the link with which an engine began the chain of a ledger that had none: it seals the rows of the runs before it,
/// whose other rows are not covered.
pub(super) const COMPLETED: &str = "completed";

/// The fingerprints of rows that stand one behind the other in a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    /// The table, without the site's prefix.
    pub(super) table: String,
    /// What stands in the rows' column `run`.
    pub(super) run: String,
    /// The number of the first row; 0 in a table that has one row a run.
    pub(super) first: i64,
    /// The fingerprints, [`FINGERPRINT`] digits each.
    pub(super) rows: String,
}

/// The last link of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Its number, from 1; 0 before the first.
    pub(crate) n: i64,
    /// The run that made it.
    pub(crate) run: String,
    /// The sum over it and all before it.
    pub(crate) chain: String,
}

impl Seal {
    pub(super) fn new(table: &str, run: &str, first: i64) -> Self {
        Self { table: table.to_owned(), run: run.to_owned(), first, rows: String::new() }
    }

    /// Adds a row, whose values are in the order of the table's columns.
    pub(super) fn add(&mut self, row: &[Value]) {
        self.rows.push_str(&fingerprint(row));
    }

    /// The number of the last row; one less than the first where there is none.
    pub(super) fn last(&self) -> i64 {
        self.numbered().last().map_or(self.first - 1, |(number, _)| number)
    }

    /// The fingerprints with the numbers of their rows.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (i64, &str)> {
        let digits = (0..self.rows.len() / FINGERPRINT).map(|at| &self.rows[at * FINGERPRINT..(at + 1) * FINGERPRINT]);
        (self.first..).zip(digits)
    }

    /// The same in pieces that fit into a link.
    fn pieces(&self) -> impl Iterator<Item = Self> {
        const ROWS: usize = LONGEST / 2 / FINGERPRINT;
        let pieces = self.rows.as_bytes().chunks(ROWS * FINGERPRINT);
        pieces.zip((self.first..).step_by(ROWS)).map(|(digits, first)| Self {
            rows: String::from_utf8_lossy(digits).into_owned(),
            ..Self::new(&self.table, &self.run, first)
        })
    }
}

/// The fingerprint of a row: the same whether the row is about to be written or was read back from any database.
pub(super) fn fingerprint(row: &[Value]) -> String {
    let mut sum = Sha256::new();
    for value in row {
        match value {
            Value::Null => sum.update(b"n"),
            Value::Integer(number) => {
                sum.update(b"i");
                sum.update(number.to_le_bytes());
            }
            Value::Text(text) => {
                sum.update(b"t");
                sum.update((text.len() as u64).to_le_bytes());
                sum.update(text);
            }
            // The ledger writes no other kinds; whoever did, the row is not as it was.
            other => sum.update(format!("?{other:?}")),
        }
    }
    let sum: [u8; 32] = sum.finalize().into();
    let mut digits = patchwright_hooks_api::site::Sum(sum).to_string();
    digits.truncate(FINGERPRINT);
    digits
}

/// The sum over the seals of a link.
pub(super) fn digest(seals: &str) -> String {
    tree::sha256_of(seals.as_bytes()).to_string()
}

/// The sum over a link and all before it.
pub(super) fn chained(before: &str, n: i64, run: &str, digest: &str) -> String {
    tree::sha256_of(format!("{before}\n{n}\n{run}\n{digest}").as_bytes()).to_string()
}

/// The links that a run adds behind `head`, of which all are written by `write` but for the last, and the new head.
pub(super) fn links(
    tables: &Tables,
    mut head: Head,
    run: &str,
    seals: &[Seal],
    write: impl Fn(&Statement) -> Result<(), Error>,
) -> Result<(Bulk, Head), Error> {
    let mut bulk = Bulk::new(tables, "patches_chain", LINK, run, head.n + 1);
    let mut link = |text: &str| {
        let (n, seals) = (head.n + 1, format!("[{text}]"));
        let digest = digest(&seals);
        let chain = chained(&head.chain, n, run, &digest);
        let values = vec![n.into(), run.into(), digest.into(), chain.as_str().into(), seals.into()];
        head = Head { n, run: run.to_owned(), chain };
        bulk.add(values, &write)
    };
    let mut text = String::new();
    for piece in seals.iter().flat_map(Seal::pieces) {
        let json = serde_json::to_string(&piece).expect("seals hold nothing that JSON can't");
        if !text.is_empty() && text.len() + json.len() >= LONGEST {
            link(&std::mem::take(&mut text))?;
        }
        text.extend([if text.is_empty() { "" } else { "," }, &json]);
    }
    if !text.is_empty() {
        link(&text)?;
    }
    Ok((bulk, head))
}

impl Ledger<'_> {
    /// The last link.
    pub(super) fn head(&self) -> Result<Head, Error> {
        let (chain, table) = (self.tables.columns("chain"), self.tables.quoted("patches_chain"));
        let text = format!("SELECT n, run, {chain} FROM {table} WHERE n = (SELECT MAX(n) FROM {table})");
        let rows = self.database.query(&Statement::new(text))?;
        let Some(row) = rows.rows.first() else { return Ok(Head::default()) };
        let text = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default().to_owned();
        let n = row.first().and_then(Value::as_integer).unwrap_or_default();
        Ok(Head { n, run: text(1), chain: text(2) })
    }

    /// Whether the ledger ends before what the state folder has seen of it: the database was put back to an earlier state.
    ///
    /// # Errors
    /// When the database or the disk can't be asked.
    pub(crate) fn is_cut_off(&self, disk: &dyn Disk) -> Result<bool, Error> {
        let Some(noted) = Head::noted(disk)? else { return Ok(false) };
        if !self.database.has_table(self.tables.name("patches_chain"))? {
            return Ok(noted.n > 0);
        }
        let table = self.tables.quoted("patches_chain");
        let text = format!("SELECT {} FROM {table} WHERE n = ?", self.tables.columns("chain"));
        let rows = self.database.query(&Statement::with(text, [noted.n.into()]))?;
        Ok(rows.scalar().and_then(Value::as_text) != Some(noted.chain.as_str()))
    }

    /// Adds the seals of a run behind `head`. In the run's own transaction.
    pub(super) fn link(&self, head: Head, run: &str, seals: &[Seal]) -> Result<Head, Error> {
        let write = |statement: &Statement| self.run(statement);
        let (bulk, head) = links(&self.tables, head, run, seals, write)?;
        bulk.finish(write)?;
        Ok(head)
    }

    /// Seals the rows of all runs so far.
    pub(super) fn seal_runs(&self) -> Result<Vec<Seal>, Error> {
        let (columns, table) = (self.tables.columns(super::RUN_COLUMNS), self.tables.quoted("patches_runs"));
        let rows = self.database.query(&Statement::new(format!("SELECT {columns} FROM {table}")))?.rows;
        let mut seals: Vec<Seal> = rows
            .iter()
            .map(|row| {
                let run = row.first().and_then(Value::as_text).unwrap_or_default();
                let mut seal = Seal::new("patches_runs", run, 0);
                seal.add(row);
                seal
            })
            .collect();
        seals.sort_by(|one, other| one.run.cmp(&other.run));
        Ok(seals)
    }
}

impl Head {
    /// Notes it in the state folder. Nothing waits for that to be durable: an older note is as good, only it knows less.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn note(&self, disk: &dyn Disk) -> DiskResult<()> {
        let bytes = serde_json::to_vec(self).expect("a head holds nothing that JSON can't");
        note::write(disk, &layout::head(), &bytes)
    }

    /// The one that was noted last, if there is a note and a power cut has left it whole.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn noted(disk: &dyn Disk) -> Result<Option<Self>, Error> {
        Ok(note::read(disk, &layout::head())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_dialect_sqlite::Sqlite;
    use patchwright_hooks_api::{Dialect, PlainSql};
    use std::cell::RefCell;

    #[test]
    fn no_two_rows_have_the_same_fingerprint_because_of_where_their_values_part() {
        let rows: [&[Value]; 6] = [
            &["ab".into(), "c".into()],
            &["a".into(), "bc".into()],
            &["abc".into()],
            &["".into(), Value::Null],
            &[Value::Null, "".into()],
            &[Value::Integer(0)],
        ];
        let fingerprints: std::collections::BTreeSet<String> = rows.iter().map(|row| fingerprint(row)).collect();
        assert_eq!(fingerprints.len(), rows.len());
    }

    #[test]
    fn the_links_of_a_very_large_run_are_written_in_portions_each_bound_to_the_one_before() {
        let tables = Tables::new(&Sqlite.info(), PlainSql::default(), "");
        let mut seal = Seal::new("patches_files", "r", 0);
        (0..50_000_i64).for_each(|n| seal.add(&[n.into()]));
        let written = RefCell::new(Vec::new());
        let note = |statement: &Statement| {
            written.borrow_mut().push(statement.clone());
            Ok(())
        };
        let (rest, head) = links(&tables, Head::default(), "r", &[seal], note).unwrap();
        let mut statements = written.into_inner();
        rest.rest(&mut statements);
        let bytes = |statement: &Statement| -> usize {
            statement.parameters.iter().filter_map(Value::as_text).map(str::len).sum()
        };
        assert!(statements.iter().all(|statement| bytes(statement) < 300_000), "a server would refuse it");
        let mut last = Head::default();
        for row in statements.iter().flat_map(|statement| statement.parameters.chunks(LINK.split(", ").count())) {
            let [n, _, sum, bound, seals] = row else { panic!("{row:?} is no link") };
            assert_eq!(sum.as_text(), Some(digest(seals.as_text().unwrap()).as_str()));
            let n = n.as_integer().unwrap();
            assert_eq!(bound.as_text(), Some(chained(&last.chain, n, "r", sum.as_text().unwrap()).as_str()));
            last = Head { n, run: "r".to_owned(), chain: bound.as_text().unwrap().to_owned() };
        }
        assert_eq!(last, head);
        assert!(statements.len() > 2 && head.n > 50, "it was no large run: {head:?}");
    }

    #[test]
    fn a_long_seal_is_cut_into_pieces_that_keep_the_numbers() {
        let mut seal = Seal::new("patches_files", "r", 7);
        (0..2_000_i64).for_each(|n| seal.add(&[n.into()]));
        let pieces: Vec<Seal> = seal.pieces().collect();
        assert!(pieces.len() > 1);
        let together: Vec<(i64, String)> =
            pieces.iter().flat_map(|piece| piece.numbered().map(|(n, digits)| (n, digits.to_owned()))).collect();
        let whole: Vec<(i64, String)> = seal.numbered().map(|(n, digits)| (n, digits.to_owned())).collect();
        assert_eq!(together, whole);
    }
}
