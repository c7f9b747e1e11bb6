//! The ledger's rows, to and from values of the database.

use super::bulk::Bulk;
use super::tables::Tables;
use super::{ComponentStep, RunRow};
use crate::site::change::{Change, State};
use patchwright_hooks_api::{Error, ErrorKind, Inverse, SitePath, Statement, Value, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// A patch that is, or was, in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PatchRow {
    /// The run that brought it.
    pub run: String,
    /// Its number in the order of application; the baseline has 1.
    pub number: i64,
    /// Its id; for the baseline, `baseline`.
    pub patch: String,
    /// The product.
    pub product: String,
    /// The version of the product before.
    pub from: Version,
    /// The version of the product after; as before where the patch is for a component.
    pub to: Version,
    /// How it moved the component that it is for, if it is for one (B21).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentStep>,
    /// How urgent its vendor called it.
    pub severity: String,
    /// Its title.
    pub title: String,
    /// The SHA-256 sum of its archive.
    pub archive_sha256: String,
    /// Whether it is in force.
    pub status: Status,
    /// How its `after` hook stands.
    pub after_hook: AfterHook,
    /// When it came into force, in RFC 3339.
    pub at: String,
    /// Who approved it.
    pub approved_by: String,
    /// The statements that it ran, in order.
    pub statements: Vec<Executed>,
    /// The questions that were asked, with the answers.
    pub decisions: BTreeMap<String, String>,
}

/// Whether a patch is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The version that the site had when the engine came to it.
    Baseline,
    /// In force.
    Applied,
    /// Taken back.
    TakenBack,
}

impl Status {
    /// Whether the site has what the patch brought.
    pub fn is_in_force(self) -> bool {
        self != Self::TakenBack
    }
}

/// How a patch's `after` hook stands (A44).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterHook {
    /// It has none.
    None,
    /// It is still to be run.
    Pending,
    /// It ran.
    Done,
    /// It failed; what it did was taken back.
    Failed,
}

impl AfterHook {
    /// Whether it is still to be run, or to be run again.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Failed)
    }

    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A statement that a patch ran, and what takes it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Executed {
    /// The statement.
    pub statement: Statement,
    /// What takes it back: `None` if nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse: Option<Vec<Inverse>>,
}

/// A file that a patch changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its number within the patch, from 0.
    pub number: i64,
    /// What was changed.
    pub change: Change,
}

impl PatchRow {
    /// The row of the version that the site had when the engine came to it.
    pub(super) fn baseline(product: &str, version: &Version, run: &RunRow<'_>) -> Self {
        Self {
            run: run.run.to_owned(),
            number: 1,
            patch: "baseline".to_owned(),
            product: product.to_owned(),
            from: version.clone(),
            to: version.clone(),
            component: None,
            severity: "none".to_owned(),
            title: "what was installed before".to_owned(),
            archive_sha256: String::new(),
            status: Status::Baseline,
            after_hook: AfterHook::None,
            at: run.at.to_owned(),
            approved_by: run.by.to_owned(),
            statements: Vec::new(),
            decisions: BTreeMap::new(),
        }
    }

    pub(super) fn row(&self, tables: &Tables) -> Bulk {
        let status = match self.status {
            Status::Baseline => "baseline",
            Status::Applied => "applied",
            Status::TakenBack => "taken-back",
        };
        let statements = serde_json::to_string(&self.statements).expect("statements hold nothing that JSON can't");
        let decisions = serde_json::to_string(&self.decisions).expect("decisions hold nothing that JSON can't");
        let values = vec![
            self.run.as_str().into(),
            self.number.into(),
            self.patch.as_str().into(),
            self.product.as_str().into(),
            self.from.to_string().into(),
            self.to.to_string().into(),
            self.severity.as_str().into(),
            self.title.as_str().into(),
            self.archive_sha256.as_str().into(),
            status.into(),
            self.after_hook.word().into(),
            self.at.as_str().into(),
            self.approved_by.as_str().into(),
            statements.into(),
            decisions.into(),
        ];
        Bulk::one(tables, "patches", COLUMNS, &self.run, values)
    }

    pub(super) fn select(tables: &Tables) -> Statement {
        let (columns, table) = (Self::columns(tables), tables.quoted("patches"));
        Statement::new(format!("SELECT {columns} FROM {table} ORDER BY {}", tables.columns("number")))
    }

    pub(super) fn columns(tables: &Tables) -> String {
        tables.columns(COLUMNS)
    }

    /// The same columns without what is in the longest.
    pub(super) fn columns_in_brief(tables: &Tables) -> String {
        Self::columns(tables).replace(&tables.columns("statements"), "'[]'")
    }

    pub(super) fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        Ok(Self {
            run: cells.text()?,
            number: cells.integer()?,
            patch: cells.text()?,
            product: cells.text()?,
            from: cells.parsed()?,
            to: cells.parsed()?,
            component: None,
            severity: cells.text()?,
            title: cells.text()?,
            archive_sha256: cells.text()?,
            status: status(cells.str()?)?,
            after_hook: match cells.text()?.as_str() {
                "none" => AfterHook::None,
                "pending" => AfterHook::Pending,
                "done" => AfterHook::Done,
                "failed" => AfterHook::Failed,
                other => return Err(unreadable(other)),
            },
            at: cells.text()?,
            approved_by: cells.text()?,
            statements: serde_json::from_str(&cells.text()?).map_err(unreadable)?,
            decisions: serde_json::from_str(&cells.text()?).map_err(unreadable)?,
        })
    }
}

/// What a word in the ledger says of a patch.
pub(super) fn status(word: &str) -> Result<Status, Error> {
    match word {
        "baseline" => Ok(Status::Baseline),
        "applied" => Ok(Status::Applied),
        "taken-back" => Ok(Status::TakenBack),
        other => Err(unreadable(other)),
    }
}

pub(super) const COLUMNS: &str = "run, number, patch, product, from_version, to_version, severity, title, archive_sha256, status, \
                       after_hook, at, approved_by, statements, decisions";

/// The columns of a file's row.
pub(super) const FILE_COLUMNS: &str = "run, n, path, action, before_kind, before_sha256, before_mode, before_uid, before_gid, \
                                       before_size, after_kind, after_sha256, after_mode, after_uid, after_gid, \
                                       after_size, slot";

impl FileRow {
    pub(super) fn values(&self, run: &str) -> Vec<Value> {
        let mut values =
            vec![run.into(), self.number.into(), self.change.path.as_str().into(), self.change.action().into()];
        values.extend(state_values(&self.change.before));
        values.extend(state_values(&self.change.after));
        values.push(self.change.slot.as_str().into());
        values
    }

    pub(super) fn select(tables: &Tables, column: &str, value: &str) -> Statement {
        let text = format!(
            "SELECT n, path, before_kind, before_sha256, before_mode, before_uid, before_gid, before_size, after_kind, \
             after_sha256, after_mode, after_uid, after_gid, after_size, slot FROM {} WHERE {column} = ? ORDER BY n",
            tables.quoted("patches_files")
        );
        Statement::with(text, [value.into()])
    }

    pub(super) fn read(row: &[Value]) -> Result<Self, Error> {
        let mut cells = Cells::of(row);
        let number = cells.integer()?;
        let path = SitePath::new(cells.str()?)?;
        let (before, after) = (cells.state()?, cells.state()?);
        let slot = SitePath::new(cells.str()?)?;
        Ok(Self { number, change: Change { path, before, after, slot } })
    }
}

/// Asks for what a run left at its paths, of the changes with these numbers, the last first.
pub(super) fn select_left(tables: &Tables, run: &str, numbers: Range<i64>) -> Statement {
    let text = format!(
        "SELECT path, after_kind, after_sha256, after_mode, after_uid, after_gid, after_size FROM {} \
         WHERE run = ? AND n >= ? AND n < ? ORDER BY n DESC",
        tables.quoted("patches_files")
    );
    Statement::with(text, [run.into(), numbers.start.into(), numbers.end.into()])
}

pub(super) fn read_left(row: &[Value]) -> Result<(SitePath, State), Error> {
    let mut cells = Cells::of(row);
    Ok((SitePath::new(cells.str()?)?, cells.state()?))
}

fn state_values(state: &State) -> [Value; 6] {
    let number = |number: u32| Value::Integer(number.into());
    match *state {
        State::Absent => ["absent".into(), Value::Null, Value::Null, Value::Null, Value::Null, Value::Null],
        State::Directory { mode, owner: (user, group) } => {
            ["directory".into(), Value::Null, number(mode), number(user), number(group), Value::Null]
        }
        State::File { sha256, size, mode, owner: (user, group) } => {
            let size = Value::Integer(i64::try_from(size).unwrap_or(i64::MAX));
            ["file".into(), sha256.to_string().into(), number(mode), number(user), number(group), size]
        }
    }
}

/// The values of a row, one after the other.
pub(super) struct Cells<'a>(std::slice::Iter<'a, Value>);

impl<'a> Cells<'a> {
    pub(super) fn of(row: &'a [Value]) -> Self {
        Self(row.iter())
    }

    pub(super) fn text(&mut self) -> Result<String, Error> {
        self.str().map(str::to_owned)
    }

    pub(super) fn str(&mut self) -> Result<&'a str, Error> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(text),
            other => Err(unreadable(format_args!("{other:?}"))),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, Error> {
        match self.0.next() {
            Some(Value::Integer(number)) => Ok(*number),
            other => Err(unreadable(format_args!("{other:?}"))),
        }
    }

    /// The next value, or nothing if it is null.
    pub(super) fn optional(&mut self) -> Result<Option<&'a Value>, Error> {
        self.0.next().map(|value| Some(value).filter(|value| !value.is_null())).ok_or_else(|| unreadable("a short row"))
    }

    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self) -> Result<T, Error> {
        self.text()?.parse().map_err(unreadable)
    }

    fn state(&mut self) -> Result<State, Error> {
        let kind = self.str()?;
        if kind == "absent" {
            self.0.nth(4);
            return Ok(State::Absent);
        }
        let sha256 = self.0.next();
        let mode = self.number()?;
        let owner = (self.number()?, self.number()?);
        let size = self.0.next();
        match (kind, sha256, size) {
            ("directory", ..) => Ok(State::Directory { mode, owner }),
            ("file", Some(Value::Text(sum)), Some(Value::Integer(size))) => {
                let size = u64::try_from(*size).map_err(unreadable)?;
                Ok(State::File { sha256: sum.parse()?, size, mode, owner })
            }
            _ => Err(unreadable(kind)),
        }
    }

    fn number(&mut self) -> Result<u32, Error> {
        u32::try_from(self.integer()?).map_err(unreadable)
    }
}

pub(super) fn unreadable(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Database, format!("a row of the ledger can't be read: {what}"))
        .hint("was the ledger written by a later engine, or changed by hand?")
}
