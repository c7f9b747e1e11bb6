//! The permanent record of what is in force, in the site's own database: which patches, which files and actions, which
//! statements.
//!
//! Its rows are written in the same transaction as the patch's own database changes, and the row of a run is the commit
//! mark of both database and files. It speaks plain SQL that every dialect understands.

mod audit;
mod bulk;
mod chain;
mod components;
mod entry;
mod format;
mod listing;
mod lookups;
mod notes;
mod permissions;
mod progress;
mod record;
mod requirements;
mod rows;
mod runs;
mod structures;
mod sums;
mod tables;

use crate::database::Database;
use crate::journal::Purpose;
use crate::site::change::{Change, State};
pub use audit::{Audit, Fault, How};
use bulk::Bulk;
use chain::COMPLETED;
pub(crate) use chain::Head;
pub use components::ComponentStep;
pub use listing::Line;
pub use lookups::{Step, Summary, never_begun};
use patchwright_hooks_api::{Error, ErrorKind, Rows, SitePath, Statement, Value, Version};
pub use progress::{Probe, ProgressRow, ProgressState, shortened};
pub(crate) use record::{End, Record};
pub use requirements::Requirement;
pub use rows::{AfterHook, Executed, FileRow, PatchRow, Status};
use std::collections::BTreeMap;
pub use structures::{Object, Remembered};
pub use sums::ContentSums;
use tables::Tables;

/// The columns of a run's row.
const RUN_COLUMNS: &str = "run, purpose, patch, at, approved_by, plan";
/// The columns of the row of what a step did.
const ACTION_COLUMNS: &str = "run, n, action";
/// How many rows of files are read at a time where not all are needed at once.
const PORTION: i64 = 8192;

/// The ledger of one site.
pub struct Ledger<'a> {
    database: &'a Database,
    tables: Tables,
    prefix: String,
}

/// What a committed run leaves in the ledger.
#[derive(Clone, Debug)]
pub struct RunRow<'a> {
    /// The run's id.
    pub run: &'a str,
    /// What it was for.
    pub purpose: Purpose,
    /// The patch's id.
    pub patch: &'a str,
    /// When, in RFC 3339.
    pub at: &'a str,
    /// Who approved it.
    pub by: &'a str,
    /// The hash of the plan that was approved, empty where there was none.
    pub plan: &'a str,
}

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The product.
    pub product: String,
    /// Its version.
    pub version: Version,
}

impl<'a> Ledger<'a> {
    /// The ledger in this database, whose tables' names begin with `prefix`.
    pub fn new(database: &'a Database, prefix: &str) -> Self {
        Self { database, tables: Tables::new(database.info(), database.plain_sql(), prefix), prefix: prefix.to_owned() }
    }

    /// Whether the ledger's tables are there.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn exists(&self) -> Result<bool, Error> {
        self.database.has_table(self.tables.name("patches_runs"))
    }

    /// The name under which the database is locked: where tables have other prefixes there is another site.
    pub fn lock_name(&self) -> &str {
        self.tables.name("patches_runs")
    }

    /// Makes the ledger, with the versions that the product and its components are at. One transaction where the database can do that; elsewhere it may
    /// be cut off and begun again.
    ///
    /// # Errors
    /// When there is one already, or the database refuses.
    pub fn begin(
        &self,
        product: &str,
        version: &Version,
        components: &BTreeMap<String, Version>,
        run: &RunRow<'_>,
    ) -> Result<(), Error> {
        let row = PatchRow::baseline(product, version, run);
        let write = || {
            // In the transaction nobody else makes one any more.
            if let Some(InForce { product, version }) = self.in_force()? {
                return Err(Error::conflict(format!("the database has a ledger already: {product} {version}")));
            }
            let mut seals = self.begin_structures()?;
            let rows = [self.run_row(run), row.row(&self.tables), self.first_components(run.run, components)?];
            for rows in rows {
                seals.push(rows.finish(|statement| self.run(statement))?);
            }
            self.note_format()?;
            self.link(Head::default(), run.run, &seals).map(drop)
        };
        if self.database.is_transactional() {
            return self.in_transaction(|| self.create_tables().and_then(|()| write()));
        }
        self.create_tables()?;
        self.in_transaction(write)
    }

    fn create_tables(&self) -> Result<(), Error> {
        for (name, statements) in self.tables.create() {
            if !self.database.has_table(name)? {
                statements.iter().try_for_each(|statement| self.run(statement))?;
            }
            if !self.database.without_transactions(&[name.to_owned()])?.is_empty() {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("the table {name} takes part in no transaction"),
                )
                .hint("give the database a default storage engine with transactions, and drop that table"));
            }
        }
        Ok(())
    }

    /// Adds what later engines keep to the ledger of an earlier one. Does nothing to one that has it all.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn complete(&self) -> Result<(), Error> {
        if !self.exists()? {
            return Ok(());
        }
        // It was added last, and is made last but for that of the runs.
        if !self.database.has_table(self.tables.name("patches_format"))? {
            self.create_tables()?;
        } else if self.is_complete()? {
            return Ok(());
        }
        self.in_transaction(|| {
            if self.format()?.is_none() {
                self.note_format()?;
            }
            let head = self.head()?;
            let mut seals = if self.remembers_structures()? { Vec::new() } else { self.begin_structures()? };
            if head.n == 0 {
                seals.extend(self.seal_runs()?);
                return self.link(head, COMPLETED, &seals).map(drop);
            }
            if seals.is_empty() { Ok(()) } else { self.link(head, structures::BASELINE, &seals).map(drop) }
        })
    }

    /// Whether the chain and the memory of structures have begun and the format is noted, where their tables are there.
    fn is_complete(&self) -> Result<bool, Error> {
        let (links, structures) = (self.tables.quoted("patches_chain"), self.tables.quoted("patches_structures"));
        let formats = self.tables.quoted("patches_format");
        let text = format!(
            "SELECT COUNT(*), (SELECT COUNT(*) FROM {structures} WHERE n = 0), (SELECT COUNT(*) FROM {formats}) \
             FROM {links} WHERE n = 1"
        );
        let found = self.database.query(&Statement::new(text))?;
        let counts = found.rows.first().map(Vec::as_slice).unwrap_or_default();
        Ok(counts.len() == 3 && counts.iter().all(|count| count.as_integer() > Some(0)))
    }

    fn in_transaction(&self, write: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        self.database.begin()?;
        match write() {
            Ok(()) => self.database.commit(),
            Err(error) => {
                self.database.roll_back()?;
                Err(error)
            }
        }
    }

    /// All patches ever recorded, oldest first, the baseline too.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn patches(&self) -> Result<Vec<PatchRow>, Error> {
        let rows = self.database.query(&PatchRow::select(&self.tables))?;
        self.with_components(rows.rows.iter().map(|row| PatchRow::read(row)).collect::<Result<_, _>>()?)
    }

    /// Whether the run was committed. This is the commit mark: recovery asks nothing else.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn is_committed(&self, run: &str) -> Result<bool, Error> {
        if !self.exists()? {
            return Ok(false);
        }
        let text = format!("SELECT COUNT(*) FROM {} WHERE run = ?", self.tables.quoted("patches_runs"));
        let rows = self.database.query(&Statement::with(text, [run.into()]))?;
        Ok(count(&rows)? > 0)
    }

    fn run_row(&self, run: &RunRow<'_>) -> Bulk {
        let row = [run.run, run.purpose.word(), run.patch, run.at, run.by, run.plan].map(Value::from).to_vec();
        Bulk::one(&self.tables, "patches_runs", RUN_COLUMNS, run.run, row)
    }

    /// The rows of files, after `first` that are there already, of which all are written but for the last.
    fn file_rows(&self, run: &str, first: usize, changes: &[Change]) -> Result<Bulk, Error> {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut bulk = Bulk::new(&self.tables, "patches_files", rows::FILE_COLUMNS, run, number(first));
        for (n, change) in (first..).zip(changes) {
            let row = FileRow { number: number(n), change: change.clone() };
            bulk.add(row.values(run), |statement| self.run(statement))?;
        }
        Ok(bulk)
    }

    /// The rows of what each step did, of which all are written but for the last.
    fn action_rows(&self, run: &str, actions: impl Iterator<Item = String>) -> Result<Bulk, Error> {
        let mut bulk = Bulk::new(&self.tables, "patches_files_actions", ACTION_COLUMNS, run, 0);
        for (n, action) in (0_i64..).zip(actions) {
            bulk.add(vec![run.into(), n.into(), action.into()], |statement| self.run(statement))?;
        }
        Ok(bulk)
    }

    /// What each step of a patch did, in order.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn actions(&self, run: &str) -> Result<Vec<String>, Error> {
        let text =
            format!("SELECT action FROM {} WHERE run = ? ORDER BY n", self.tables.quoted("patches_files_actions"));
        let rows = self.database.query(&Statement::with(text, [run.into()]))?;
        Ok(rows.rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    }

    /// The files of a patch, in the order of their changes.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn files(&self, run: &str) -> Result<Vec<FileRow>, Error> {
        let rows = self.database.query(&FileRow::select(&self.tables, "run", run))?;
        rows.rows.iter().map(|row| FileRow::read(row)).collect()
    }

    /// Gives what the patches in force left at the paths that they touched, in portions: the newest patch first, and of each
    /// patch the last change first, so that what comes first of a path is what should stand there.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn left_by_patches(&self, mut take: impl FnMut(Vec<(SitePath, State)>)) -> Result<(), Error> {
        let text = format!("SELECT run, COUNT(*) FROM {} GROUP BY run", self.tables.quoted("patches_files"));
        let counts = self.database.query(&Statement::new(text))?.rows;
        let counts: BTreeMap<&str, i64> =
            counts.iter().filter_map(|row| Some((row.first()?.as_text()?, row.get(1)?.as_integer()?))).collect();
        for Step { run, .. } in self.steps()?.iter().rev() {
            let mut end = counts.get(run.as_str()).copied().unwrap_or_default();
            while end > 0 {
                let begin = (end - PORTION).max(0);
                let rows = self.database.query(&rows::select_left(&self.tables, run, begin..end))?;
                take(rows.rows.iter().map(|row| rows::read_left(row)).collect::<Result<_, _>>()?);
                end = begin;
            }
        }
        Ok(())
    }

    fn run(&self, statement: &Statement) -> Result<(), Error> {
        self.database.execute(statement).map(drop).map_err(not_written)
    }
}

fn not_written(error: Error) -> Error {
    error.while_doing("the ledger could not be written")
}

fn count(rows: &Rows) -> Result<i64, Error> {
    rows.scalar()
        .and_then(Value::as_integer)
        .ok_or_else(|| Error::new(ErrorKind::Database, "the database gave no number where the ledger counts rows"))
}
