//! What SQLite's own text of a table or index says, and where each part of it stands.
//!
//! Pragmas lose names of constraints, collations, AUTOINCREMENT and more; the text in `sqlite_schema` loses nothing. It is
//! read here far enough to be edited: every part has its range, and expressions stay text.

mod cursor;
mod index;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use cursor::{Cursor, unquoted};
pub(crate) use index::IndexDefinition;

use patchwright_hooks_api::schema::OnTarget;
use std::ops::Range;

/// What a CREATE TABLE says.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Where the table's name stands, quotes and all.
    pub(crate) name: Range<usize>,
    pub(crate) columns: Vec<ColumnDefinition>,
    /// The constraints of the table itself, in order.
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) without_rowid: bool,
    pub(crate) strict: bool,
}

/// One column in a CREATE TABLE.
#[derive(Debug)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    /// From its name to its last constraint.
    pub(crate) range: Range<usize>,
    /// Its type, as declared; empty, and behind the name, if it has none.
    pub(crate) kind: Range<usize>,
    pub(crate) constraints: Vec<Constraint>,
}

/// One constraint, of a column or of a table.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) name: Option<String>,
    pub(crate) rule: Rule,
    /// From `CONSTRAINT`, if it has a name, to its last word.
    pub(crate) range: Range<usize>,
    /// What it says that no rule speaks of, such as `DEFERRABLE`, in capitals.
    pub(crate) aside: String,
}

/// What a constraint demands. Ranges are those of the expression alone.
#[derive(Debug, PartialEq)]
pub(crate) enum Rule {
    NotNull,
    Default(Range<usize>),
    PrimaryKey {
        columns: Vec<String>,
        auto: bool,
        descending: bool,
    },
    Unique(Vec<KeyPart>),
    Check(Range<usize>),
    References(Reference),
    Generated,
    /// What means nothing to a schema as others know it: COLLATE, NULL, DEFERRABLE.
    Other,
}

/// One part of a key or index.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyPart {
    /// The column, unless it is an expression or has a collation of its own.
    pub(crate) column: Option<String>,
    /// The part without its direction.
    pub(crate) range: Range<usize>,
    pub(crate) descending: bool,
}

/// What a foreign key says.
#[derive(Debug, PartialEq)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<String>,
    pub(crate) table: String,
    /// Empty where the primary key is meant.
    pub(crate) targets: Vec<String>,
    pub(crate) on_delete: OnTarget,
    pub(crate) on_update: OnTarget,
}

impl Definition {
    /// The column of that name.
    pub(crate) fn column(&self, name: &str) -> Option<&ColumnDefinition> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// All constraints: those of the columns in their order, then those of the table.
    pub(crate) fn all_constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.columns.iter().flat_map(|column| &column.constraints).chain(&self.constraints)
    }

    /// The primary key's columns, and whether SQLite numbers it (`AUTOINCREMENT`).
    pub(crate) fn primary_key(&self) -> Option<(&[String], bool)> {
        self.all_constraints().find_map(|constraint| match &constraint.rule {
            Rule::PrimaryKey { columns, auto, .. } => Some((columns.as_slice(), *auto)),
            _ => None,
        })
    }

    /// The column that is another name for the rowid.
    pub(crate) fn rowid_alias(&self, text: &str) -> Option<&ColumnDefinition> {
        let (key, _) = self.primary_key()?;
        let [name] = key else { return None };
        let column = self.column(name)?;
        // Only in this place is INTEGER more than a word; and `INTEGER PRIMARY KEY DESC` is an old mistake that was kept.
        let is_index = |constraint: &Constraint| matches!(constraint.rule, Rule::PrimaryKey { descending: true, .. });
        let is_integer = text[column.kind.clone()].eq_ignore_ascii_case("INTEGER");
        (is_integer && !self.without_rowid && !column.constraints.iter().any(is_index)).then_some(column)
    }
}

impl ColumnDefinition {
    /// The first constraint for which that holds.
    pub(crate) fn constraint(&self, holds: impl Fn(&Rule) -> bool) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| holds(&constraint.rule))
    }

    /// Whether its values are computed from others.
    pub(crate) fn is_generated(&self) -> bool {
        self.constraint(|rule| matches!(rule, Rule::Generated)).is_some()
    }
}
