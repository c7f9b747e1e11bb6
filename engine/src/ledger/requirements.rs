//! What patches in force require of others (A34, B21, D2): whoever takes one of those back has to know it, and by then no archive
//! may be at hand. Most patches require nothing and have no row.

use super::bulk::Bulk;
use super::lookups::VALUES_PER_QUERY;
use super::rows::{Cells, unreadable};
use super::{Ledger, PatchRow};
use patchwright_hooks_api::{Error, Statement, Value, VersionRequirement};
use std::collections::BTreeMap;

/// The table's columns.
pub(super) const COLUMNS: &str = "run, n, subject, name, version";

/// Something that a patch needs to be there.
#[derive(Clone, Debug, PartialEq)]
pub enum Requirement {
    /// A patch in force, by its id.
    Patch(String),
    /// A component in some of its versions.
    Component(String, VersionRequirement),
    /// The product in some of its versions.
    Product(VersionRequirement),
}

impl Ledger<'_> {
    pub(super) fn requirement_rows(&self, run: &str, all: &[Requirement]) -> Result<Bulk, Error> {
        let mut rows = Bulk::new(&self.tables, "patches_requirements", COLUMNS, run, 0);
        for (n, requirement) in (0_i64..).zip(all) {
            let (subject, name, version) = match requirement {
                Requirement::Patch(id) => ("patch", id.as_str(), None),
                Requirement::Component(name, version) => ("component", name.as_str(), Some(version)),
                Requirement::Product(version) => ("product", "", Some(version)),
            };
            let version = version.map_or(Value::Null, |version| version.to_string().into());
            let row = vec![run.into(), n.into(), subject.into(), name.into(), version];
            rows.add(row, |statement| self.run(statement))?;
        }
        Ok(rows)
    }

    /// What these patches require, by their runs. One of an engine that did not write it down is taken to require nothing.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn requirements(&self, patches: &[PatchRow]) -> Result<BTreeMap<String, Vec<Requirement>>, Error> {
        let mut found: BTreeMap<String, Vec<Requirement>> = BTreeMap::new();
        if patches.is_empty() || !self.database.has_table(self.tables.name("patches_requirements"))? {
            return Ok(found);
        }
        let table = self.tables.quoted("patches_requirements");
        for some in patches.chunks(VALUES_PER_QUERY) {
            let places = vec!["?"; some.len()].join(", ");
            let text = format!("SELECT {} FROM {table} WHERE run IN ({places})", self.tables.columns(COLUMNS));
            let runs = some.iter().map(|row| Value::from(row.run.as_str()));
            for row in &self.database.query(&Statement::with(text, runs))?.rows {
                let mut cells = Cells::of(row);
                let (run, _) = (cells.text()?, cells.integer()?);
                let (subject, name) = (cells.text()?, cells.text()?);
                let requirement = match subject.as_str() {
                    "patch" => Requirement::Patch(name),
                    "component" => Requirement::Component(name, cells.parsed()?),
                    "product" => Requirement::Product(cells.parsed()?),
                    other => return Err(unreadable(other)),
                };
                found.entry(run).or_default().push(requirement);
            }
        }
        Ok(found)
    }
}
