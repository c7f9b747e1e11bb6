//! What is asked of the history without reading all of it: with ten thousand patches in the ledger the next one costs what the
//! first one did.

use super::rows::Cells;
use super::{AfterHook, FileRow, InForce, Ledger, PatchRow, count};
use crate::site::change::Change;
use patchwright_hooks_api::{Error, ErrorKind, Rows, SitePath, Statement, Value, Version};
use std::collections::{BTreeMap, BTreeSet};

/// How many values are asked for in one query.
pub(super) const VALUES_PER_QUERY: usize = 500;

/// From so many sums on, those of the newest patches are asked for without naming them: a folder with the whole history is what is
/// offered most, and a question that names a thousand sums takes a server longer to read than to answer.
const MANY_SUMS: usize = 100;

/// A patch in force, without what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The run that brought it.
    pub run: String,
    /// Its id.
    pub patch: String,
    /// The version of the product before.
    pub from: Version,
    /// The version of the product after.
    pub to: Version,
    /// The SHA-256 sum of its archive.
    pub archive_sha256: String,
}

/// How many patches are in force, and what is still to be done about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many are in force; the baseline is none.
    pub patches: usize,
    /// The last one.
    pub last: Option<String>,
    /// Those whose `after` hook has not run to its end.
    pub unfinished: Vec<String>,
}

/// What is said where a ledger should be and is not.
pub fn never_begun() -> Error {
    Error::missing("the site's database has no ledger").hint(
        "make the site known with `patchwright init`; one that was cut off goes on when it is run again as it was",
    )
}

impl Ledger<'_> {
    /// What is in force, or `None` before [`Ledger::begin`].
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn in_force(&self) -> Result<Option<InForce>, Error> {
        if !self.exists()? {
            return Ok(None);
        }
        let newest = self.newest("product, to_version")?;
        newest.rows.first().map(|row| InForce::read(row)).transpose()
    }

    /// What is in force, of a site that is known.
    ///
    /// # Errors
    /// When the ledger was never begun; and as [`Ledger::in_force`].
    pub fn must_be_in_force(&self) -> Result<InForce, Error> {
        self.in_force()?.ok_or_else(never_begun)
    }

    /// The newest row in force: a patch, or the baseline.
    ///
    /// # Errors
    /// When the database can't be asked, or the row can't be read.
    pub fn newest_patch(&self) -> Result<Option<PatchRow>, Error> {
        let newest = self.newest(&PatchRow::columns(&self.tables))?;
        let newest = newest.rows.first().map(|row| PatchRow::read(row)).transpose()?;
        Ok(self.with_components(newest.into_iter().collect())?.pop())
    }

    /// Columns of the newest row in force.
    pub(super) fn newest(&self, columns: &str) -> Result<Rows, Error> {
        self.newest_with(columns, Vec::new())
    }

    /// Columns of the newest row in force, with the values that they ask for.
    pub(super) fn newest_with(&self, columns: &str, values: Vec<Value>) -> Result<Rows, Error> {
        let (number, table) = (self.tables.columns("number"), self.tables.quoted("patches"));
        let text = format!(
            "SELECT {columns} FROM {table} WHERE {number} = \
             (SELECT MAX({number}) FROM {table} WHERE status <> 'taken-back')"
        );
        self.database.query(&Statement::with(text, values))
    }

    /// All patches ever recorded, oldest first, the baseline too; without the statements that they ran, which are most of what
    /// there is to read.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn patches_in_brief(&self) -> Result<Vec<PatchRow>, Error> {
        let (columns, table) = (PatchRow::columns_in_brief(&self.tables), self.tables.quoted("patches"));
        let text = format!("SELECT {columns} FROM {table} ORDER BY {}", self.tables.columns("number"));
        let rows = self.database.query(&Statement::new(text))?.rows;
        self.with_components(rows.iter().map(|row| PatchRow::read(row)).collect::<Result<_, _>>()?)
    }

    /// The patch that a run brought.
    ///
    /// # Errors
    /// When there is none, or the database can't be asked.
    pub fn patch_of_run(&self, run: &str) -> Result<PatchRow, Error> {
        let row = PatchRow::read(&self.raw_patch(run)?)?;
        Ok(PatchRow { component: self.component_steps()?.remove(run), ..row })
    }

    /// The patch of this id; the last one if it came, went and came again. `None` if it never was in force.
    ///
    /// # Errors
    /// When the database can't be asked, or the row can't be read.
    pub fn last_of(&self, patch: &str) -> Result<Option<PatchRow>, Error> {
        let table = self.tables.quoted("patches");
        let text = format!("SELECT run FROM {table} WHERE patch = ? ORDER BY {}", self.tables.columns("number"));
        let rows = self.database.query(&Statement::with(text, [patch.into()]))?.rows;
        let run = rows.last().and_then(|row| row.first()?.as_text());
        run.map(|run| self.patch_of_run(run)).transpose()
    }

    /// The patches in force from this number on, oldest first.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn applied_from(&self, number: i64) -> Result<Vec<PatchRow>, Error> {
        let (columns, table) = (PatchRow::columns(&self.tables), self.tables.quoted("patches"));
        let column = self.tables.columns("number");
        let text =
            format!("SELECT {columns} FROM {table} WHERE status = 'applied' AND {column} >= ? ORDER BY {column}");
        let rows = self.database.query(&Statement::with(text, [number.into()]))?.rows;
        self.with_components(rows.iter().map(|row| PatchRow::read(row)).collect::<Result<_, _>>()?)
    }

    /// The row of the patch that a run brought, as the database gives it.
    pub(super) fn raw_patch(&self, run: &str) -> Result<Vec<Value>, Error> {
        let (columns, table) = (PatchRow::columns(&self.tables), self.tables.quoted("patches"));
        let text = format!("SELECT {columns} FROM {table} WHERE run = ?");
        let found = self.database.query(&Statement::with(text, [run.into()]))?.rows.into_iter().next();
        found.ok_or_else(|| Error::new(ErrorKind::Database, format!("the ledger has no patch of the run {run}")))
    }

    /// Those of these sums that an archive of a patch in force has.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn archives_in_force(&self, sums: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
        if sums.is_empty() || !self.exists()? {
            return Ok(BTreeSet::new());
        }
        let mut left = sums.clone();
        let mut found = BTreeSet::new();
        let mut take = |rows: Vec<Vec<Value>>, left: &mut BTreeSet<String>| {
            found.extend(rows.iter().filter_map(|row| left.take(row.first()?.as_text()?)));
        };
        if sums.len() >= MANY_SUMS {
            take(self.newest_archives(sums.len())?, &mut left);
        }
        if !left.is_empty() {
            take(self.among("archive_sha256", "status = 'applied' AND archive_sha256", &left)?, &mut left);
        }
        Ok(found)
    }

    /// The sums of the archives of the newest patches in force, so many at the most.
    fn newest_archives(&self, most: usize) -> Result<Vec<Vec<Value>>, Error> {
        let (number, table) = (self.tables.columns("number"), self.tables.quoted("patches"));
        let text = format!(
            "SELECT archive_sha256 FROM {table} \
             WHERE status = 'applied' AND {number} > (SELECT MAX({number}) FROM {table}) - {most}"
        );
        Ok(self.database.query(&Statement::new(text))?.rows)
    }

    /// The patches in force that have one of these ids.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn steps_among(&self, ids: &BTreeSet<String>) -> Result<Vec<Step>, Error> {
        let rows = self.among(&self.tables.columns(STEP), "status = 'applied' AND patch", ids)?;
        rows.iter().map(|row| Step::read(row)).collect()
    }

    /// All patches in force, oldest first.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        let (columns, table) = (self.tables.columns(STEP), self.tables.quoted("patches"));
        let number = self.tables.columns("number");
        let text = format!("SELECT {columns} FROM {table} WHERE status = 'applied' ORDER BY {number}");
        self.database.query(&Statement::new(text))?.rows.iter().map(|row| Step::read(row)).collect()
    }

    /// How many patches are in force, and what is still to be done about them.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn summary(&self) -> Result<Summary, Error> {
        let table = self.tables.quoted("patches");
        let applied = format!("FROM {table} WHERE status = 'applied'");
        let patches = count(&self.database.query(&Statement::new(format!("SELECT COUNT(*) {applied}")))?)?;
        let [pending, failed] = [AfterHook::Pending, AfterHook::Failed].map(AfterHook::word);
        let text = format!(
            "SELECT patch {applied} AND after_hook IN ('{pending}', '{failed}') ORDER BY {}",
            self.tables.columns("number")
        );
        let texts = |rows: Rows| rows.rows.into_iter().filter_map(|row| row.first()?.as_text().map(str::to_owned));
        let unfinished = texts(self.database.query(&Statement::new(text))?).collect();
        let last = if patches == 0 { None } else { texts(self.newest("patch")?).next() };
        Ok(Summary { patches: usize::try_from(patches).unwrap_or_default(), last, unfinished })
    }

    /// The slots of all changes that were ever recorded.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn slots(&self) -> Result<BTreeSet<String>, Error> {
        if !self.exists()? {
            return Ok(BTreeSet::new());
        }
        let text = format!("SELECT slot FROM {}", self.tables.quoted("patches_files"));
        let rows = self.database.query(&Statement::new(text))?.rows;
        Ok(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    }

    /// What was ever changed at a path, whether it is still in force or not.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn changes_at(&self, path: &SitePath) -> Result<Vec<Change>, Error> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.database.query(&FileRow::select(&self.tables, "path", path.as_str()))?;
        rows.rows.iter().map(|row| Ok(FileRow::read(row)?.change)).collect()
    }

    /// The last answer to each question that was ever asked about patches in force.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn last_answers(&self) -> Result<BTreeMap<String, String>, Error> {
        let (table, number) = (self.tables.quoted("patches"), self.tables.columns("number"));
        let decisions = self.tables.columns("decisions");
        let text = format!("SELECT {decisions} FROM {table} WHERE status = 'applied' ORDER BY {number}");
        let mut last = BTreeMap::new();
        for row in &self.database.query(&Statement::new(text))?.rows {
            let decisions: BTreeMap<String, String> =
                serde_json::from_str(&Cells::of(row).text()?).map_err(super::rows::unreadable)?;
            last.extend(decisions);
        }
        Ok(last)
    }

    /// The columns of all rows of patches for which the last column of the condition has one of these values.
    pub(super) fn among<T: AsRef<str>>(
        &self,
        columns: &str,
        condition: &str,
        values: &BTreeSet<T>,
    ) -> Result<Vec<Vec<Value>>, Error> {
        let values: Vec<Value> = values.iter().map(|value| value.as_ref().into()).collect();
        let mut found = Vec::new();
        for some in values.chunks(VALUES_PER_QUERY) {
            let (table, places) = (self.tables.quoted("patches"), vec!["?"; some.len()].join(", "));
            let text = format!("SELECT {columns} FROM {table} WHERE {condition} IN ({places})");
            found.extend(self.database.query(&Statement::with(text, some.iter().cloned()))?.rows);
        }
        Ok(found)
    }
}

const STEP: &str = "run, patch, from_version, to_version, archive_sha256";

impl Step {
    fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self {
            run: cells.text()?,
            patch: cells.text()?,
            from: cells.parsed()?,
            to: cells.parsed()?,
            archive_sha256: cells.text()?,
        })
    }
}

impl InForce {
    fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self { product: cells.text()?, version: cells.parsed()? })
    }
}
