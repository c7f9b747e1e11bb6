//! The versions of the product's components (B21). The row of a component's patch in `patches` leaves the product's version as
//! it is; how the patch moved its component stands in a table of its own, under the same run.
//!
//! So the newest row in force tells the product's version to every engine, and what is taken back in `patches` is taken back here.

use super::bulk::Bulk;
use super::rows::Cells;
use super::{Ledger, PatchRow};
use patchwright_hooks_api::{Error, Statement, Value, Version};
use serde::Serialize;
use std::collections::BTreeMap;

/// The table's columns.
pub(super) const COLUMNS: &str = "run, n, component, from_version, to_version";

/// How a patch moved a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComponentStep {
    /// The component's name.
    pub name: String,
    /// The version before; nothing where the patch installed it.
    pub from: Option<Version>,
    /// The version after.
    pub to: Version,
}

impl Ledger<'_> {
    /// The versions of the components that are installed.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn components(&self) -> Result<BTreeMap<String, Version>, Error> {
        if !self.keeps_components()? {
            return Ok(BTreeMap::new());
        }
        let (joined, number) = (self.in_force_joined(), self.tables.columns("number"));
        let text = format!(
            "SELECT c.component, c.to_version {joined} AND p.{number} = \
             (SELECT MAX(q.{number}) FROM {patches} q INNER JOIN {components} d ON d.run = q.run \
             WHERE q.status <> 'taken-back' AND d.component = c.component)",
            patches = self.tables.quoted("patches"),
            components = self.tables.quoted("patches_components"),
        );
        let rows = self.database.query(&Statement::new(text))?.rows;
        let read = |row: &Vec<Value>| {
            let mut cells = Cells::of(row);
            Ok((cells.text()?, cells.parsed()?))
        };
        rows.iter().map(read).collect()
    }

    /// Whether the ledger has the table: that of an earlier engine has not.
    pub(super) fn keeps_components(&self) -> Result<bool, Error> {
        self.database.has_table(self.tables.name("patches_components"))
    }

    /// What asks for the newest version of one component, with its name as the value; a part of another query.
    pub(super) fn newest_of_component(&self) -> String {
        let (joined, number) = (self.in_force_joined(), self.tables.columns("number"));
        format!(
            "SELECT c.to_version {joined} AND c.component = ? AND p.{number} = \
             (SELECT MAX(p.{number}) {joined} AND c.component = ?)"
        )
    }

    /// From where rows of components in force come.
    fn in_force_joined(&self) -> String {
        format!(
            "FROM {} c INNER JOIN {} p ON p.run = c.run WHERE p.status <> 'taken-back'",
            self.tables.quoted("patches_components"),
            self.tables.quoted("patches")
        )
    }

    /// The rows of the components that the site has when the engine comes to it.
    pub(super) fn first_components(&self, run: &str, components: &BTreeMap<String, Version>) -> Result<Bulk, Error> {
        let mut rows = Bulk::new(&self.tables, "patches_components", COLUMNS, run, 0);
        for (n, (name, version)) in (0_i64..).zip(components) {
            let step = ComponentStep { name: name.clone(), from: None, to: version.clone() };
            rows.add(step.values(run, n), |statement| self.run(statement))?;
        }
        Ok(rows)
    }

    pub(super) fn component_row(&self, run: &str, step: &ComponentStep) -> Bulk {
        Bulk::one(&self.tables, "patches_components", COLUMNS, run, step.values(run, 0))
    }

    /// The rows with how each moved a component, if it did.
    pub(super) fn with_components(&self, mut rows: Vec<PatchRow>) -> Result<Vec<PatchRow>, Error> {
        let mut steps = self.component_steps()?;
        for row in &mut rows {
            row.component = steps.remove(&row.run);
        }
        Ok(rows)
    }

    /// How patches moved components, by the runs that brought them.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn component_steps(&self) -> Result<BTreeMap<String, ComponentStep>, Error> {
        if !self.keeps_components()? {
            return Ok(BTreeMap::new());
        }
        let (components, patches) = (self.tables.quoted("patches_components"), self.tables.quoted("patches"));
        let rows = self.database.query(&Statement::new(format!(
            "SELECT c.run, c.component, c.from_version, c.to_version FROM {components} c \
             INNER JOIN {patches} p ON p.run = c.run WHERE p.status <> 'baseline'"
        )))?;
        rows.rows.iter().map(|row| ComponentStep::read(row)).collect()
    }
}

impl ComponentStep {
    /// From where to where it led, as texts.
    pub(super) fn course(&self) -> (Option<String>, String) {
        let Self { name, from, to } = self;
        (from.as_ref().map(|from| format!("{name} {from}")), format!("{name} {to}"))
    }

    fn values(&self, run: &str, n: i64) -> Vec<Value> {
        let from = self.from.as_ref().map_or(Value::Null, |from| from.to_string().into());
        vec![run.into(), n.into(), self.name.as_str().into(), from, self.to.to_string().into()]
    }

    /// The run that brought it, and how it moved the component.
    fn read(row: &[Value]) -> Result<(String, Self), Error> {
        let mut cells = Cells::of(row);
        let (run, name) = (cells.text()?, cells.text()?);
        let from = cells.optional()?.and_then(Value::as_text).map(str::parse).transpose();
        let from = from.map_err(super::rows::unreadable)?;
        Ok((run, Self { name, from, to: cells.parsed()? }))
    }
}

impl PatchRow {
    /// From where to where it led, as texts; nothing for where it installed a component.
    pub fn course(&self) -> (Option<String>, String) {
        match &self.component {
            None => (Some(self.from.to_string()), self.to.to_string()),
            Some(step) => step.course(),
        }
    }
}
