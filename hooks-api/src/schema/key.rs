//! Indexes, foreign keys and checks.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An index. One that is unique and a unique constraint are the same thing here: both keep the same rows out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Index {
    /// Its name, without quotes. Unique among all indexes of a database, as PostgreSQL and SQLite have it.
    pub name: String,
    /// Whether no two rows may have the same values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// What it is made of, in order.
    pub parts: Vec<IndexPart>,
    /// Which rows it holds, as a condition in SQL; `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Whether the database holds it as a constraint of its table, which is dropped by other words than an index.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub constraint: bool,
    /// The statement that made it, where the database keeps that (SQLite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// How a database holds an index is no part of what the index means.
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.unique, &self.parts, &self.filter) == (&other.name, other.unique, &other.parts, &other.filter)
    }
}

/// One part of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct IndexPart {
    /// What is indexed.
    pub source: PartSource,
    /// Whether it runs from high to low.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
    /// How many characters of a text are indexed, where the database needs to be told (MySQL); nothing elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
}

/// What a part of an index is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartSource {
    /// A column's values.
    Column(String),
    /// What an expression gives, in SQL.
    Expression(String),
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ForeignKey {
    /// Its name, without quotes.
    pub name: String,
    /// The columns that refer, in order.
    pub columns: Vec<String>,
    /// The table that is referred to.
    pub table: String,
    /// Its columns, in the same order.
    pub targets: Vec<String>,
    /// What happens to a row when the one that it refers to goes.
    #[serde(default)]
    pub on_delete: OnTarget,
    /// What happens to it when that one's key changes.
    #[serde(default)]
    pub on_update: OnTarget,
}

/// What happens to a row when what it refers to goes or changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnTarget {
    /// The change is refused. Databases call it NO ACTION or RESTRICT, which differ only within one statement.
    #[default]
    Refuse,
    /// It goes or changes too.
    Cascade,
    /// It refers to nothing afterwards.
    SetNull,
    /// It refers to the column's default afterwards.
    SetDefault,
}

/// A condition that every row of a table must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, without quotes.
    pub name: String,
    /// The condition, in SQL.
    pub condition: String,
}

impl IndexPart {
    /// A column, from low to high.
    pub fn column(name: impl Into<String>) -> Self {
        Self { source: PartSource::Column(name.into()), descending: false, length: None }
    }

    /// The column's name, if it is one.
    pub fn as_column(&self) -> Option<&str> {
        match &self.source {
            PartSource::Column(name) => Some(name),
            PartSource::Expression(_) => None,
        }
    }
}

impl OnTarget {
    /// The words of standard SQL after `ON DELETE` and `ON UPDATE`.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Refuse => "NO ACTION",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }

    /// Reads the words of standard SQL, `RESTRICT` among them.
    pub fn from_sql(words: &str) -> Option<Self> {
        Some(match words.to_ascii_uppercase().as_str() {
            "NO ACTION" | "RESTRICT" => Self::Refuse,
            "CASCADE" => Self::Cascade,
            "SET NULL" => Self::SetNull,
            "SET DEFAULT" => Self::SetDefault,
            _ => return None,
        })
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts.iter().map(ToString::to_string).collect();
        write!(f, "{}({})", if self.unique { "unique " } else { "" }, parts.join(", "))?;
        match &self.filter {
            Some(filter) => write!(f, " where {filter}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for IndexPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            PartSource::Column(name) => f.write_str(name)?,
            PartSource::Expression(text) => write!(f, "({text})")?,
        }
        if let Some(length) = self.length {
            write!(f, "({length})")?;
        }
        f.write_str(if self.descending { " descending" } else { "" })
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) to {}({})", self.columns.join(", "), self.table, self.targets.join(", "))?;
        if self.on_delete != OnTarget::Refuse {
            write!(f, ", on delete {}", self.on_delete.sql().to_lowercase())?;
        }
        if self.on_update != OnTarget::Refuse {
            write!(f, ", on update {}", self.on_update.sql().to_lowercase())?;
        }
        Ok(())
    }
}
