//! The history as a list: of each patch what fits into a line. With ten thousand of them most of a row is not worth reading.

use super::rows::{Cells, status, unreadable};
use super::{Ledger, Status};
use patchwright_hooks_api::{Error, Statement, Value};
use serde::Deserialize;

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
        let mut steps = self.component_steps()?;
        let mut lines: Vec<Line> = self
            .brief_rows()?
            .into_iter()
            .map(|row| {
                let step = steps.remove(&row.run);
                let mut line = row.line()?;
                if let Some(step) = step {
                    (line.from, line.to) = step.course();
                }
                Ok(line)
            })
            .collect::<Result<_, Error>>()?;
        lines.sort_by_key(|line| line.number);
        Ok(lines)
    }

    /// All rows in brief, in no order; by way of one text where the database can make one of them.
    fn brief_rows(&self) -> Result<Vec<BriefRow>, Error> {
        let (columns, table) = (self.tables.columns(COLUMNS), self.tables.quoted("patches"));
        let ask = |what: &str| self.database.query(&Statement::new(format!("SELECT {what} FROM {table}")));
        match self.tables.rows_as_json(&columns) {
            None => ask(&columns)?.rows.iter().map(|row| BriefRow::read(row)).collect(),
            Some(all) => {
                let text = ask(&all)?;
                let text = text.scalar().and_then(Value::as_text).ok_or_else(|| unreadable("rows that are no text"))?;
                serde_json::from_str(text).map_err(unreadable)
            }
        }
    }
}

/// The columns above, in their order.
#[derive(Deserialize)]
struct BriefRow {
    run: String,
    number: i64,
    patch: String,
    from: String,
    to: String,
    severity: String,
    status: String,
    at: String,
    approved_by: String,
}

impl BriefRow {
    fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self {
            run: cells.text()?,
            number: cells.integer()?,
            patch: cells.text()?,
            from: cells.text()?,
            to: cells.text()?,
            severity: cells.text()?,
            status: cells.text()?,
            at: cells.text()?,
            approved_by: cells.text()?,
        })
    }

    fn line(self) -> Result<Line, Error> {
        let Self { run: _, number, patch, from, to, severity, status: word, at, approved_by } = self;
        Ok(Line { number, patch, from: Some(from), to, severity, status: status(&word)?, at, approved_by })
    }
}
