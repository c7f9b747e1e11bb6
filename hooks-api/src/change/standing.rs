//! How a change stands to what the database is already: still to do, done, or in the way of something else.

use super::Change;
use crate::schema::{Schema, Table, differences};
use serde::{Deserialize, Serialize};

/// How a change stands to the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is to be done.
    ToDo,
    /// The database is as the change wants it.
    Done,
    /// It can't be done, with the reason.
    Impossible(String),
}

impl Change {
    /// How the change stands to `found`, which holds at least what [`Change::names`] names as far as it is there. `stored`
    /// gives a table the form in which the dialect reads it back.
    ///
    /// Changes of rows are always to be done: what they find is the database's to judge.
    pub fn standing(&self, found: &Schema, stored: &dyn Fn(&Table) -> Table) -> Standing {
        if self.is_of_rows() {
            let is_of_a_sequence = matches!(self, Self::RestartSequence { .. });
            let kind = if is_of_a_sequence { "sequence" } else { "table" };
            let is_missing = |name: &&str| {
                if is_of_a_sequence {
                    return found.sequence(name).is_none();
                }
                found.table(name).is_none() && found.view(name).is_none()
            };
            let missing = self.names().into_iter().find(is_missing);
            return missing.map_or(Standing::ToDo, |name| Standing::Impossible(format!("there is no {kind} {name}")));
        }
        let mut after = match self.applied_to(found) {
            Ok(after) => after,
            Err(error) => return Standing::Impossible(error.message),
        };
        after.tables = after.tables.iter().map(stored).collect();
        after = after.worded_like(found);
        let differences = differences(&after, found);
        if differences.is_empty() {
            return Standing::Done;
        }
        match self.already_there(found) {
            Some(what) => {
                Standing::Impossible(format!("{what} is there already, and otherwise: {}", differences.join("; ")))
            }
            None => Standing::ToDo,
        }
    }

    /// What the change would make, if something of that name is there: it is never replaced by surprise.
    fn already_there(&self, found: &Schema) -> Option<String> {
        let table = || found.table(self.target());
        let told = |kind: &str, name: &str| format!("the {kind} {name}");
        match self {
            Self::CreateTable(new) => found.table(&new.name).map(|_| told("table", &new.name)),
            Self::CreateSequence(new) => found.sequence(&new.name).map(|_| told("sequence", &new.name)),
            Self::AddColumn { column, .. } => table()?.column(&column.name).map(|_| told("column", &column.name)),
            Self::AddPrimaryKey { .. } => (!table()?.primary_key.is_empty()).then(|| "a primary key".to_owned()),
            Self::CreateIndex { index, .. } => table()?.index(&index.name).map(|_| told("index", &index.name)),
            Self::AddForeignKey { key, .. } => table()?.foreign_key(&key.name).map(|_| told("foreign key", &key.name)),
            Self::AddCheck { check, .. } => table()?.check(&check.name).map(|_| told("check", &check.name)),
            _ => None,
        }
    }
}
