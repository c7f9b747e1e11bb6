//! The history as a list: of each patch what fits into a line. With ten thousand of them most of a row is not worth reading.

use super::rows::{Cells, status};
use super::{Ledger, Status};
use patchwright_hooks_api::{Error, Statement};

const COLUMNS: &str = "run, number, patch, from_version, to_version, severity, status, at, approved_by";

/// A patch that is, or was, in force, in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the order of application; the baseline has 1.
    pub number: i64,
    /// Its id; for the baseline, `baseline`.
    pub patch: String,
    /// From where it led, with the component's name before it where it is for one; nothing where it installed a component.
    pub from: Option<String>,
    /// To where it led.
    pub to: String,
    /// How urgent its vendor called it.
    pub severity: String,
    /// Whether it is in force.
    pub status: Status,
    /// When it came into force, in RFC 3339.
    pub at: String,
    /// Who approved it.
    pub approved_by: String,
}

impl Ledger<'_> {
    /// All patches ever recorded, oldest first, the baseline too.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn listing(&self) -> Result<Vec<Line>, Error> {
        let (columns, table) = (self.tables.columns(COLUMNS), self.tables.quoted("patches"));
        let text = format!("SELECT {columns} FROM {table} ORDER BY {}", self.tables.columns("number"));
        let mut steps = self.component_steps()?;
        let read = |row: &Vec<patchwright_hooks_api::Value>| {
            let mut cells = Cells::of(row);
            let run = cells.str()?;
            let mut line = Line {
                number: cells.integer()?,
                patch: cells.text()?,
                from: Some(cells.text()?),
                to: cells.text()?,
                severity: cells.text()?,
                status: status(cells.str()?)?,
                at: cells.text()?,
                approved_by: cells.text()?,
            };
            if let Some(step) = steps.remove(run) {
                (line.from, line.to) = step.course();
            }
            Ok(line)
        };
        self.database.query(&Statement::new(text))?.rows.iter().map(read).collect()
    }
}
