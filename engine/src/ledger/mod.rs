//! The permanent record of what is in force, in the site's own database: which patches, which files and actions, which
//! statements.
//!
//! Its rows are written in the same transaction as the patch's own database changes, and the row of a run is the commit
//! mark of both database and files. It speaks plain SQL that every dialect understands.

mod components;
mod lookups;
mod progress;
mod record;
mod rows;
mod structures;
mod sums;
mod tables;

use crate::database::Database;
use crate::journal::Purpose;
use crate::site::change::{Change, State};
pub use components::ComponentStep;
pub use lookups::{Step, Summary};
use patchwright_hooks_api::{Error, ErrorKind, Rows, SitePath, Statement, Value, Version};
pub use progress::{Probe, ProgressRow, ProgressState, shortened};
pub(crate) use record::Record;
use rows::Bulk;
pub use rows::{AfterHook, Executed, FileRow, PatchRow, Status};
use std::collections::BTreeMap;
pub use structures::{Object, Remembered};
pub use sums::ContentSums;
use tables::Tables;

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
            self.begin_structures()?;
            self.add_run(run)?;
            self.begin_components(run.run, components)?;
            self.run(&row.insert(&self.tables))
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
        if !self.keeps_components()? || !self.database.has_table(self.tables.name("patches_structures"))? {
            self.create_tables()?;
        }
        if self.remembers_structures()? {
            return Ok(());
        }
        self.in_transaction(|| self.begin_structures())
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

    /// Records a run. In the run's own transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn add_run(&self, run: &RunRow<'_>) -> Result<(), Error> {
        self.run(&self.run_row(run))
    }

    fn run_row(&self, run: &RunRow<'_>) -> Statement {
        let text = format!(
            "INSERT INTO {} ({}) VALUES (?, ?, ?, ?, ?, ?)",
            self.tables.quoted("patches_runs"),
            self.tables.columns("run, purpose, patch, at, approved_by, plan")
        );
        Statement::with(text, [run.run, run.purpose.word(), run.patch, run.at, run.by, run.plan].map(Value::from))
    }

    /// Records the files of a patch, after `first` that are there already, and what was done to them (C35, C36).
    ///
    /// # Errors
    /// When the database refuses.
    pub fn add_files(&self, run: &str, first: usize, changes: &[Change]) -> Result<(), Error> {
        self.file_rows(run, first, changes)?.finish(|statement| self.run(statement))
    }

    /// The rows of files, of which all are written but for the last.
    fn file_rows(&self, run: &str, first: usize, changes: &[Change]) -> Result<Bulk, Error> {
        let columns = "run, n, path, action, before_kind, before_sha256, before_mode, before_uid, before_gid, before_size, \
                       after_kind, after_sha256, after_mode, after_uid, after_gid, after_size, slot";
        let mut bulk = Bulk::new(&self.tables, "patches_files", columns);
        for (n, change) in (first..).zip(changes) {
            let row = FileRow { number: i64::try_from(n).unwrap_or(i64::MAX), change: change.clone() };
            bulk.add(row.values(run), |statement| self.run(statement))?;
        }
        Ok(bulk)
    }

    /// The rows of what each step did, of which all are written but for the last.
    fn action_rows(&self, run: &str, actions: &[String]) -> Result<Bulk, Error> {
        let mut bulk = Bulk::new(&self.tables, "patches_files_actions", "run, n, action");
        for (n, action) in (0_i64..).zip(actions) {
            bulk.add(vec![run.into(), n.into(), action.as_str().into()], |statement| self.run(statement))?;
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

    /// Records that a patch was taken back. In the run's own transaction.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn take_back(&self, patch_run: &str) -> Result<(), Error> {
        self.set(patch_run, "status", "taken-back")
    }

    /// Records how the `after` hook of a patch ended.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn set_after(&self, patch_run: &str, after: AfterHook) -> Result<(), Error> {
        self.set(patch_run, "after_hook", after.word())
    }

    /// Adds statements to those that a patch is recorded to have run. In the run's own transaction.
    ///
    /// # Errors
    /// When the database refuses, or has no such patch.
    pub fn add_statements(&self, patch_run: &str, more: Vec<Executed>) -> Result<(), Error> {
        let mut statements = self.row_of_run(patch_run)?.statements;
        statements.extend(more);
        let json = serde_json::to_string(&statements).expect("statements hold nothing that JSON can't");
        self.set(patch_run, "statements", &json)
    }

    fn set(&self, patch_run: &str, column: &str, value: &str) -> Result<(), Error> {
        let text = format!("UPDATE {} SET {column} = ? WHERE run = ?", self.tables.quoted("patches"));
        let touched = self.database.execute(&Statement::with(text, [value.into(), patch_run.into()]))?;
        if touched == 1 {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Database, format!("the ledger has no patch of the run {patch_run}")))
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
