//! A database's structure as a value: the same words for every dialect.
//!
//! A connection reads it from the catalog ([`Connection::introspect`](crate::Connection::introspect)), portable changes are
//! rendered against it, and two of them are compared in words ([`differences`]). What a database can't tell apart it
//! gives in one form, its *stored* form ([`Dialect::stored`](crate::Dialect::stored)): SQLite has one text, MySQL four.

mod column;
mod detail;
mod difference;
mod key;
mod options;
mod sequence;
mod wording;

pub use column::{Column, ColumnType, DefaultValue, Size};
pub use detail::Detail;
pub use difference::{Difference, How, Part, compare, compare_tables, differences, table_differences};
pub use key::{Check, ForeignKey, Index, IndexPart, OnTarget, PartSource};
pub use options::TableOptions;
pub use sequence::Sequence;

use serde::{Deserialize, Serialize};

/// The tables, views and sequences of one database, each sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// The tables.
    pub tables: Vec<Table>,
    /// The views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// The sequences, but for those that belong to a column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
}

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Table {
    /// Its name, without quotes.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, in order; empty if it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// Its indexes, the unique ones too, sorted by name; the primary key's own is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Its foreign keys, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Its checks, sorted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Its triggers, sorted by name. No portable change makes one; a table that is rebuilt must keep them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// What it is for, where the database keeps such remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What it is set to as a whole, where the database lets each table be otherwise.
    #[serde(default, skip_serializing_if = "TableOptions::is_empty")]
    pub options: TableOptions,
    /// The statement that made it, where the database keeps that (SQLite): what a rebuild goes by, because metadata don't
    /// tell everything. No part of the table's meaning: comparisons leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the database says of its parts beyond all that, such as a column's collation; `None` where nobody asked. No
    /// portable change says it and none is rendered from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
}

/// One view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name, without quotes.
    pub name: String,
    /// Its query, as the database gives it back.
    pub query: String,
    /// What the database has of it besides, such as its triggers; `None` where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Detail>>,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name, without quotes.
    pub name: String,
    /// The statement that makes it, as the database gives it back.
    pub text: String,
}

impl Schema {
    /// The table of that name. Names compare without regard to ASCII case: no two tables of a portable schema differ in
    /// nothing else.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }

    /// The view of that name, compared as [`Schema::table`] does.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name.eq_ignore_ascii_case(name))
    }

    /// The sequence of that name, compared as [`Schema::table`] does.
    pub fn sequence(&self, name: &str) -> Option<&Sequence> {
        self.sequences.iter().find(|sequence| sequence.name.eq_ignore_ascii_case(name))
    }

    /// Whether anything has that name.
    pub fn holds(&self, name: &str) -> bool {
        self.table(name).is_some() || self.view(name).is_some() || self.sequence(name).is_some()
    }
}

impl Table {
    /// The column of that name, compared without regard to ASCII case as databases do.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The index of that name, compared likewise.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name.eq_ignore_ascii_case(name))
    }

    /// The foreign key of that name, compared likewise.
    pub fn foreign_key(&self, name: &str) -> Option<&ForeignKey> {
        self.foreign_keys.iter().find(|key| key.name.eq_ignore_ascii_case(name))
    }

    /// The check of that name, compared likewise.
    pub fn check(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name.eq_ignore_ascii_case(name))
    }

    /// Puts what has no order of its own into the order of names, as comparisons expect it.
    pub fn sort(&mut self) {
        self.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        self.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
        self.checks.sort_by(|a, b| a.name.cmp(&b.name));
        self.triggers.sort_by(|a, b| a.name.cmp(&b.name));
    }
}
