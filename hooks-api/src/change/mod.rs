//! Portable changes: database changes that are written once and rendered for the live dialect (A12).
//!
//! A [`Change`] is plain data. What it finds already done ([`Change::standing`]), what the schema is after it
//! ([`Change::applied_to`]) and what takes it back ([`Change::inverse`]) is the same for every dialect and lives here; how it
//! is said in SQL is the dialect's ([`Dialect::render`](crate::Dialect::render)), which finds the words that databases share
//! in [`sql`].

mod applied;
mod inverse;
mod prefix;
mod read;
mod rendered;
mod rows;
pub mod sql;
mod standing;
#[cfg(test)]
mod tests;
mod told;

pub use read::ELEMENTS;
pub use rendered::{Rendered, rendered, rendered_for};
pub use rows::{Assignment, Comparison, Condition, Match, OnConflict, Source};
pub use standing::Standing;

use crate::schema::{Check, Column, ColumnType, DefaultValue, ForeignKey, Index, Sequence, Table, TableOptions};
use crate::value::Value;
use serde::{Deserialize, Serialize};

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
    /// Makes a sequence.
    CreateSequence(Sequence),
    /// Drops a sequence; what it has reached is forgotten.
    DropSequence {
        /// The sequence.
        sequence: String,
    },
    /// Gives a sequence another name.
    RenameSequence {
        /// The sequence.
        sequence: String,
        /// Its new name.
        to: String,
    },
    /// Lets a sequence go on at another number.
    RestartSequence {
        /// The sequence.
        sequence: String,
        /// The next number that it gives out.
        at: i64,
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
    /// Sets a whole table to something, with its columns of text; nothing happens on a database whose tables are all alike.
    SetTableOptions {
        /// The table.
        table: String,
        /// What it is set to. What is not said stays.
        options: TableOptions,
        /// The columns that follow a new character set or collation; `None`: those that have the table's, and not one of
        /// their own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        columns: Option<Vec<String>>,
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
        /// How many values of the table's key one statement takes at most; `None`: one statement takes all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<u32>,
    },
    /// Deletes rows.
    DeleteRows {
        /// The table.
        table: String,
        /// Which rows.
        condition: Condition,
    },
    /// Empties a table at once, and lets it number its rows from the beginning again.
    TruncateTable {
        /// The table.
        table: String,
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

/// The longest name, in bytes: what PostgreSQL keeps of one. A longer one would be cut there, and only there.
pub const MAX_NAME_BYTES: usize = 63;

/// Whether every database takes such a name, quoted or not: letters, digits and `_`.
pub fn is_portable_name(name: &str) -> bool {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && name.chars().all(fits)
}

impl Change {
    /// The table, view or sequence that it changes: what a connection has to read before it can be rendered.
    pub fn target(&self) -> &str {
        match self {
            Self::CreateTable(table) => &table.name,
            Self::CreateView { view, .. } | Self::DropView { view } => view,
            Self::CreateSequence(sequence) => &sequence.name,
            Self::DropSequence { sequence }
            | Self::RenameSequence { sequence, .. }
            | Self::RestartSequence { sequence, .. } => sequence,
            Self::DropTable { table }
            | Self::TruncateTable { table }
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
            | Self::SetTableOptions { table, .. }
            | Self::InsertRows { table, .. }
            | Self::UpdateRows { table, .. }
            | Self::DeleteRows { table, .. }
            | Self::CopyRows { table, .. } => table,
        }
    }

    /// Whether it changes rows, or other data, and not the structure.
    pub fn is_of_rows(&self) -> bool {
        matches!(
            self,
            Self::InsertRows { .. }
                | Self::UpdateRows { .. }
                | Self::DeleteRows { .. }
                | Self::TruncateTable { .. }
                | Self::RestartSequence { .. }
                | Self::CopyRows { .. }
        )
    }
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
