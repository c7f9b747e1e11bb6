//! The progress of a run on a database whose DDL commits by itself: a row for each statement, written before or with it.
//!
//! The rows are there only while a run is between before and after: the transaction that commits the run deletes them, and so
//! does whoever has taken the run back. A row that is found under the database's lock belongs to a run that was cut off.

use super::Ledger;
use super::rows::{Cells, unreadable};
use crate::journal::Purpose;
use patchwright_hooks_api::{Error, Inverse, Sha256, Statement, Value};
use serde::{Deserialize, Serialize};

/// How much of a statement is kept for people, in characters.
const DEED_CHARACTERS: usize = 200;

/// One statement of a run, or one inverse that takes it back.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgressRow {
    /// The run.
    pub run: String,
    /// Its number within the run, from 1.
    pub number: i64,
    /// What the run is for.
    pub purpose: Purpose,
    /// The run's patch.
    pub patch: String,
    /// The number of the statement that this one takes back; `None` on the way forward.
    pub takes_back: Option<i64>,
    /// How far it has come.
    pub state: ProgressState,
    /// The statement, or the beginning of it, for people.
    pub deed: String,
    /// What takes it back: `None` if nobody knows.
    pub inverse: Option<Vec<Inverse>>,
    /// What tells whether it has happened.
    pub probe: Probe,
    /// What the probe gave before it.
    pub fingerprint: Option<Sha256>,
}

/// How far a statement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressState {
    /// It is about to be run: after a crash it has happened, or it never will.
    Intent,
    /// It has happened.
    Done,
    /// It was in flight at a crash, and nothing tells whether it has happened.
    InDoubt,
    /// It is an inverse that the database refused.
    Refused,
    /// It has happened and was taken back.
    Undone,
}

/// What tells whether a statement has happened: something that is otherwise after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The structure of these tables and views.
    Structure(Vec<String>),
    /// Whether these tables hold rows.
    Rows(Vec<String>),
    /// What this query gives.
    Query(String),
    /// It may simply be done once more: it wants to reach a state.
    Again,
    /// Nothing that the engine knows of.
    Nothing,
}

impl ProgressState {
    const ALL: [Self; 5] = [Self::Intent, Self::Done, Self::InDoubt, Self::Refused, Self::Undone];

    fn word(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Done => "done",
            Self::InDoubt => "in-doubt",
            Self::Refused => "refused",
            Self::Undone => "undone",
        }
    }
}

/// A statement as far as it is shown to people.
pub fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(DEED_CHARACTERS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl Ledger<'_> {
    /// Writes a row of progress.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn add_progress(&self, row: &ProgressRow) -> Result<(), Error> {
        let values = [
            row.run.as_str().into(),
            row.number.into(),
            row.purpose.word().into(),
            row.patch.as_str().into(),
            row.takes_back.into(),
            row.state.word().into(),
            shortened(&row.deed).into(),
            row.inverse.as_ref().map(to_json).into(),
            to_json(&row.probe).into(),
            row.fingerprint.map(|sum| sum.to_string()).into(),
        ];
        let text = format!("INSERT INTO {} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", self.progress_table());
        self.run(&Statement::with(text, values))
    }

    /// Writes how far a statement has come.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn mark_progress(&self, run: &str, number: i64, state: ProgressState) -> Result<(), Error> {
        let text = format!("UPDATE {} SET state = ? WHERE run = ? AND n = ?", self.progress_table());
        self.run(&Statement::with(text, [state.word().into(), run.into(), number.into()]))
    }

    /// Deletes the rows of a run from a number on.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn forget_progress(&self, run: &str, from: i64) -> Result<(), Error> {
        let text = format!("DELETE FROM {} WHERE run = ? AND n >= ?", self.progress_table());
        self.run(&Statement::with(text, [run.into(), from.into()]))
    }

    /// The progress of all runs that are neither before nor after, in order.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn progress(&self) -> Result<Vec<ProgressRow>, Error> {
        if self.database.is_transactional() || !self.database.has_table(self.tables.name("patches_progress"))? {
            return Ok(Vec::new());
        }
        let text = format!("SELECT {COLUMNS} FROM {} ORDER BY run, n", self.progress_table());
        self.database.query(&Statement::new(text))?.rows.iter().map(|row| ProgressRow::read(row)).collect()
    }

    fn progress_table(&self) -> &str {
        self.tables.quoted("patches_progress")
    }
}

const COLUMNS: &str = "run, n, purpose, patch, takes_back, state, deed, inverse, probe, fingerprint";

impl ProgressRow {
    fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self {
            run: cells.text()?,
            number: cells.integer()?,
            purpose: {
                let word = cells.text()?;
                Purpose::of_word(&word).ok_or_else(|| unreadable(word))?
            },
            patch: cells.text()?,
            takes_back: cells.optional()?.and_then(Value::as_integer),
            state: {
                let word = cells.text()?;
                ProgressState::ALL.into_iter().find(|state| state.word() == word).ok_or_else(|| unreadable(word))?
            },
            deed: cells.text()?,
            inverse: cells.optional()?.and_then(Value::as_text).map(from_json).transpose()?,
            probe: from_json(&cells.text()?)?,
            fingerprint: cells.optional()?.and_then(Value::as_text).map(str::parse).transpose()?,
        })
    }
}

fn to_json(what: &impl Serialize) -> String {
    serde_json::to_string(what).expect("statements hold nothing that JSON can't")
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_statement_is_shown_by_its_beginning_on_one_line() {
        assert_eq!(shortened("A\n  b"), "A b");
        assert_eq!(shortened(&"é".repeat(300)), format!("{}…", "é".repeat(200)));
    }
}
