//! Portable changes: database changes that are written once and rendered for the live dialect (A12).
//!
//! A [`Change`] is plain data. What it finds already done ([`Change::standing`]), what the schema is after it
//! ([`Change::applied_to`]) and what takes it back ([`Change::inverse`]) is the same for every dialect and lives here; how it
//! is said in SQL is the dialect's ([`Dialect::render`](crate::Dialect::render)), which finds the words that databases share
//! in [`sql`].

mod applied;
mod inverse;
mod prefix;
mod rendered;
mod rows;
pub mod sql;
mod standing;
#[cfg(test)]
mod tests;

pub use rendered::{Rendered, rendered, rendered_for};
pub use rows::{Assignment, Comparison, Condition, Match, OnConflict, Source};
pub use standing::Standing;

use crate::schema::{Check, Column, ColumnType, DefaultValue, ForeignKey, Index, Table};
use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One portable change.
///
/// Each wants to reach a state: where the database is in it already, the change has nothing to do and says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
#[non_exhaustive]
pub enum Change {
    /// Makes a table with all that belongs to it.
    CreateTable(Table),
    /// Drops a table with its rows.
    DropTable {
        /// The table.
        table: String,
    },
    /// Gives a table another name.
    RenameTable {
        /// The table.
        table: String,
        /// Its new name.
        to: String,
    },
    /// Adds a column.
    AddColumn {
        /// The table.
        table: String,
        /// The column. Where it may not be null and has no default, a table that holds rows can't take it.
        column: Column,
        /// Where it stands; only MySQL can follow, elsewhere it stands last.
        #[serde(default)]
        place: Place,
    },
    /// Drops a column with what it holds.
    DropColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Gives a column another name.
    RenameColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its new name.
        to: String,
    },
    /// Gives a column another type, default, or lets it be null or not.
    AlterColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What becomes otherwise; what it doesn't name stays.
        alteration: Alteration,
    },
    /// Gives a table a primary key.
    AddPrimaryKey {
        /// The table.
        table: String,
        /// The key's columns, in order.
        columns: Vec<String>,
    },
    /// Takes a table's primary key away.
    DropPrimaryKey {
        /// The table.
        table: String,
    },
    /// Makes an index, a unique one too.
    CreateIndex {
        /// The table.
        table: String,
        /// The index.
        index: Index,
    },
    /// Drops an index, or the unique constraint that it is.
    DropIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// Gives an index another name.
    RenameIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// Its new name.
        to: String,
    },
    /// Adds a foreign key.
    AddForeignKey {
        /// The table that refers.
        table: String,
        /// The key.
        key: ForeignKey,
    },
    /// Drops a foreign key.
    DropForeignKey {
        /// The table that refers.
        table: String,
        /// The key.
        key: String,
    },
    /// Adds a check.
    AddCheck {
        /// The table.
        table: String,
        /// The check.
        check: Check,
    },
    /// Drops a check.
    DropCheck {
        /// The table.
        table: String,
        /// The check.
        check: String,
    },
    /// Makes a view, or gives an existing one another query.
    CreateView {
        /// The view.
        view: String,
        /// Its query.
        query: String,
    },
    /// Drops a view.
    DropView {
        /// The view.
        view: String,
    },
    /// Says what a table or a column is for; nothing happens on a database that keeps no such remarks.
    SetComment {
        /// The table.
        table: String,
        /// The column, or `None` for the table itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<String>,
        /// The remark; `None` takes it away.
        comment: Option<String>,
    },
    /// Adds rows.
    InsertRows {
        /// The table.
        table: String,
        /// The columns that the rows name.
        columns: Vec<String>,
        /// The rows, each with a value a column.
        rows: Vec<Vec<Value>>,
        /// What happens where a row with the same key is there already.
        #[serde(default)]
        on_conflict: OnConflict,
    },
    /// Changes rows.
    UpdateRows {
        /// The table.
        table: String,
        /// What they get.
        set: Vec<Assignment>,
        /// Which rows.
        condition: Condition,
    },
    /// Deletes rows.
    DeleteRows {
        /// The table.
        table: String,
        /// Which rows.
        condition: Condition,
    },
    /// Copies rows from one table to another.
    CopyRows {
        /// The table that they are read from.
        from: String,
        /// The table that they are added to.
        table: String,
        /// The columns that are filled, each with where its value comes from.
        set: Vec<Assignment>,
        /// Which rows.
        condition: Condition,
    },
}

/// Where a new column stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Behind all others.
    #[default]
    Last,
    /// Before all others.
    First,
    /// Behind this one.
    After(String),
}

/// What becomes otherwise with a column. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Alteration {
    /// Another type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ColumnType>,
    /// Whether it may be null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null: Option<bool>,
    /// Another default, or none any more.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "some_option")]
    pub default: Option<Option<DefaultValue>>,
    /// How the old values become new ones, as an expression in the database's own words; without it by its own cast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub using: Option<String>,
}

impl Alteration {
    /// The column as it is afterwards.
    pub fn applied_to(&self, column: &Column) -> Column {
        Column {
            kind: self.kind.clone().unwrap_or_else(|| column.kind.clone()),
            null: self.null.unwrap_or(column.null),
            default: self.default.clone().unwrap_or_else(|| column.default.clone()),
            ..column.clone()
        }
    }
}

impl Change {
    /// The table, or view, that it changes: what a connection has to read before it can be rendered.
    pub fn target(&self) -> &str {
        match self {
            Self::CreateTable(table) => &table.name,
            Self::CreateView { view, .. } | Self::DropView { view } => view,
            Self::DropTable { table }
            | Self::RenameTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::AlterColumn { table, .. }
            | Self::AddPrimaryKey { table, .. }
            | Self::DropPrimaryKey { table }
            | Self::CreateIndex { table, .. }
            | Self::DropIndex { table, .. }
            | Self::RenameIndex { table, .. }
            | Self::AddForeignKey { table, .. }
            | Self::DropForeignKey { table, .. }
            | Self::AddCheck { table, .. }
            | Self::DropCheck { table, .. }
            | Self::SetComment { table, .. }
            | Self::InsertRows { table, .. }
            | Self::UpdateRows { table, .. }
            | Self::DeleteRows { table, .. }
            | Self::CopyRows { table, .. } => table,
        }
    }

    /// Whether it changes rows and not the structure.
    pub fn is_of_rows(&self) -> bool {
        matches!(
            self,
            Self::InsertRows { .. } | Self::UpdateRows { .. } | Self::DeleteRows { .. } | Self::CopyRows { .. }
        )
    }
}

/// One line for the plan, such as `add the column state to item`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable(table) => write!(f, "create the table {}", table.name),
            Self::DropTable { table } => write!(f, "drop the table {table}"),
            Self::RenameTable { table, to } => write!(f, "rename the table {table} to {to}"),
            Self::AddColumn { table, column, .. } => write!(f, "add the column {} to {table}", column.name),
            Self::DropColumn { table, column } => write!(f, "drop the column {column} of {table}"),
            Self::RenameColumn { table, column, to } => write!(f, "rename the column {column} of {table} to {to}"),
            Self::AlterColumn { table, column, .. } => write!(f, "alter the column {column} of {table}"),
            Self::AddPrimaryKey { table, columns } => {
                write!(f, "add the primary key ({}) to {table}", columns.join(", "))
            }
            Self::DropPrimaryKey { table } => write!(f, "drop the primary key of {table}"),
            Self::CreateIndex { table, index } => {
                write!(f, "create the {}index {} on {table}", if index.unique { "unique " } else { "" }, index.name)
            }
            Self::DropIndex { table, index } => write!(f, "drop the index {index} of {table}"),
            Self::RenameIndex { table, index, to } => write!(f, "rename the index {index} of {table} to {to}"),
            Self::AddForeignKey { table, key } => {
                write!(f, "add the foreign key {} from {table} to {}", key.name, key.table)
            }
            Self::DropForeignKey { table, key } => write!(f, "drop the foreign key {key} of {table}"),
            Self::AddCheck { table, check } => write!(f, "add the check {} to {table}", check.name),
            Self::DropCheck { table, check } => write!(f, "drop the check {check} of {table}"),
            Self::CreateView { view, .. } => write!(f, "create the view {view}"),
            Self::DropView { view } => write!(f, "drop the view {view}"),
            Self::SetComment { table, column: Some(column), .. } => write!(f, "comment the column {column} of {table}"),
            Self::SetComment { table, column: None, .. } => write!(f, "comment the table {table}"),
            Self::InsertRows { table, rows, .. } => write!(f, "insert {} into {table}", count(rows.len())),
            Self::UpdateRows { table, .. } => write!(f, "update rows of {table}"),
            Self::DeleteRows { table, .. } => write!(f, "delete rows of {table}"),
            Self::CopyRows { from, table, .. } => write!(f, "copy rows of {from} to {table}"),
        }
    }
}

fn count(rows: usize) -> String {
    if rows == 1 { "a row".to_owned() } else { format!("{rows} rows") }
}

/// `Some(None)` must not become `None` on its way through JSON: it takes a default away.
mod some_option {
    use crate::schema::DefaultValue;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Option<DefaultValue>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<DefaultValue>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}
