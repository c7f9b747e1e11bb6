//! What is asked of runs by their ids: which are in force, which took others back, which left somebody something to do.

use super::lookups::VALUES_PER_QUERY;
use super::rows::Cells;
use super::{AfterHook, Ledger};
use crate::journal::Purpose;
use patchwright_hooks_api::{Error, Statement, Value};
use std::collections::BTreeSet;

impl Ledger<'_> {
    /// Those of these runs that took patches back.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn ways_back_among(&self, runs: &BTreeSet<&str>) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        if runs.is_empty() || !self.exists()? {
            return Ok(found);
        }
        let runs: Vec<Value> = runs.iter().map(|run| Value::from(*run)).collect();
        for some in runs.chunks(VALUES_PER_QUERY) {
            let (table, places) = (self.tables.quoted("patches_runs"), vec!["?"; some.len()].join(", "));
            let text =
                format!("SELECT run FROM {table} WHERE purpose = '{}' AND run IN ({places})", Purpose::RollBack.word());
            let rows = self.database.query(&Statement::with(text, some.iter().cloned()))?.rows;
            found.extend(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)));
        }
        Ok(found)
    }

    /// The patches in force that left somebody something to do: their runs.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn runs_with_messages(&self) -> Result<BTreeSet<String>, Error> {
        let condition = self.leaves_messages()?;
        let text = format!("SELECT run FROM {} WHERE {condition}", self.tables.quoted("patches"));
        let rows = self.database.query(&Statement::new(text))?.rows;
        Ok(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    }

    /// Those of these runs whose patches are in force and left somebody something to do.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn runs_with_messages_among(&self, runs: &BTreeSet<&str>) -> Result<BTreeSet<String>, Error> {
        let rows = self.among("run", &format!("{} AND run", self.leaves_messages()?), runs)?;
        Ok(rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
    }

    fn leaves_messages(&self) -> Result<String, Error> {
        let permissions = self.tables.quoted("patches_permissions");
        let decided = "status = 'applied' AND (decisions <> '{}'";
        Ok(match self.database.has_table(self.tables.name("patches_permissions"))? {
            true => format!("{decided} OR run IN (SELECT run FROM {permissions}))"),
            false => format!("{decided})"),
        })
    }

    /// The runs that took this patch back, in no order.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn ways_back_of(&self, patch: &str) -> Result<Vec<String>, Error> {
        let table = self.tables.quoted("patches_runs");
        let text = format!("SELECT run, patch FROM {table} WHERE purpose = '{}'", Purpose::RollBack.word());
        let rows = self.database.query(&Statement::new(text))?.rows;
        let of = |row: &Vec<Value>| {
            let (run, names) = (row.first()?.as_text()?, row.get(1)?.as_text()?);
            names.split(", ").any(|name| name == patch).then(|| run.to_owned())
        };
        Ok(rows.iter().filter_map(of).collect())
    }

    /// Those of these runs that brought a patch in force, each with how the patch's `after` hook stands.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn runs_in_force(&self, runs: &BTreeSet<&str>) -> Result<Vec<(String, bool)>, Error> {
        if runs.is_empty() || !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.among("run, after_hook", "status = 'applied' AND run", runs)?;
        rows.iter()
            .map(|row| {
                let mut cells = Cells::of(row);
                Ok((cells.text()?, cells.text()? == AfterHook::Done.word()))
            })
            .collect()
    }

    /// Whether each of these runs brought a patch that is in force: a row for hundreds of them, where telling which takes one each.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn are_in_force(&self, runs: &BTreeSet<&str>) -> Result<bool, Error> {
        if runs.is_empty() || !self.exists()? {
            return Ok(runs.is_empty());
        }
        let counts = self.among("COUNT(*)", "status = 'applied' AND run", runs)?;
        let counted: i64 = counts.iter().filter_map(|row| row.first()?.as_integer()).sum();
        Ok(usize::try_from(counted).is_ok_and(|counted| counted == runs.len()))
    }

    /// Those of these runs that the ledger has.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn runs_among(&self, runs: &[String]) -> Result<BTreeSet<String>, Error> {
        let mut found = BTreeSet::new();
        for some in runs.chunks(VALUES_PER_QUERY) {
            let (table, places) = (self.tables.quoted("patches_runs"), vec!["?"; some.len()].join(", "));
            let text = format!("SELECT run FROM {table} WHERE run IN ({places})");
            let rows = self.database.query(&Statement::with(text, some.iter().map(|run| Value::from(run.as_str()))))?;
            found.extend(rows.rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)));
        }
        Ok(found)
    }
}
