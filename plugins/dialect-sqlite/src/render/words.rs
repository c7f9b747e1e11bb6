//! How SQLite spells what all databases have.

use crate::definition::Definition;
use crate::types;
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::schema::{Column, ColumnType, Table};
use patchwright_hooks_api::{Error, Value};

/// The words for a table that takes every type, or one that takes five (`STRICT`).
#[derive(Clone, Copy)]
pub(super) struct Words {
    strict: bool,
}

impl Words {
    /// For an ordinary table.
    pub(super) const LOOSE: Self = Self { strict: false };

    /// For this table.
    pub(super) fn of(table: &Table) -> Self {
        let definition = table.text.as_deref().and_then(|text| Definition::read(text).ok());
        Self { strict: definition.is_some_and(|definition| definition.strict) }
    }

    /// Whether it takes but five types.
    pub(super) fn is_strict(self) -> bool {
        self.strict
    }

    /// A name as a quoted identifier.
    pub(super) fn quoted(name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// A column as CREATE TABLE and ADD COLUMN want it.
    pub(super) fn column(self, column: &Column) -> Result<String, Error> {
        if column.auto {
            // SQLite numbers by no other word, and holds 64 bits by it.
            let integer = ColumnType::Integer { bits: 32, unsigned: false };
            return sql::column(&self, &Column { kind: integer, ..column.clone() });
        }
        Ok(sql::column(&self, column)? + &types::enum_check(&Self::quoted(&column.name), &column.kind))
    }
}

impl Spelling for Words {
    fn quoted(&self, name: &str) -> String {
        Self::quoted(name)
    }

    fn column_type(&self, kind: &ColumnType) -> Result<String, Error> {
        Ok(types::declared(kind, self.strict))
    }

    fn literal(&self, value: &Value, _kind: &ColumnType) -> Result<String, Error> {
        types::literal(value).ok_or_else(|| Error::invalid(format!("SQLite can't write the constant {value}")))
    }

    fn numbered(&self) -> &'static str {
        "PRIMARY KEY AUTOINCREMENT"
    }

    fn now(&self, kind: &ColumnType) -> String {
        match kind {
            ColumnType::Date => "CURRENT_DATE",
            ColumnType::Time { .. } => "CURRENT_TIME",
            _ => "CURRENT_TIMESTAMP",
        }
        .to_owned()
    }
}
