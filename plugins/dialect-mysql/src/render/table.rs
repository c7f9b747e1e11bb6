//! Whole tables.

use super::{Words, begins_with, key_columns, unsupported};
use crate::bound;
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{Error, Statement};

impl Words {
    /// CREATE TABLE with all that belongs to it, indexes and comments too, so that it is there wholly or not at all. The
    /// engine is said, as a transaction and a foreign key need it; character set and collation are the database's, so that
    /// new columns compare with the site's own.
    pub(super) fn create_table(self, table: &Table) -> Result<Statement, Error> {
        check_numbered(table)?;
        self.need(table.checks.is_empty() || self.server.has_checks(), "checks")?;
        let mut parts = Vec::new();
        for column in &table.columns {
            parts.push(self.column(column, None)?);
        }
        if !table.primary_key.is_empty() {
            parts.push(format!("PRIMARY KEY {}", sql::names(&self, &table.primary_key)));
        }
        for index in &table.indexes {
            parts.push(self.index(index, &table.columns)?);
        }
        for key in &table.foreign_keys {
            parts.push(self.foreign_key(key)?);
        }
        parts.extend(table.checks.iter().map(|check| sql::check(&self, check)));
        let mut text = format!("CREATE TABLE {} ({}) ENGINE = InnoDB", self.quoted(&table.name), parts.join(", "));
        if let Some(comment) = table.comment.as_ref().filter(|comment| !comment.is_empty()) {
            text.push_str(&format!(" COMMENT = {}", bound::quoted(comment)));
        }
        Ok(Statement::new(text))
    }

    /// Drops the key, unless the server numbers rows by it. A foreign key that it served gets an index of its own.
    pub(super) fn drop_primary_key(self, table: &Table) -> Result<Vec<String>, Error> {
        let without = Table { primary_key: Vec::new(), ..table.clone() };
        check_numbered(&without)?;
        let key = key_columns(table);
        let served = |columns: &[String]| begins_with(&key, columns);
        let mut actions = self.indexes_for_keys(table, served, None);
        actions.push("DROP PRIMARY KEY".to_owned());
        Ok(actions)
    }
}

/// A column that the server numbers must be the first of a key.
fn check_numbered(table: &Table) -> Result<(), Error> {
    let Some(column) = table.columns.iter().find(|column| column.auto) else { return Ok(()) };
    let begins = |columns: &[&str]| begins_with(columns, std::slice::from_ref(&column.name));
    let of_index = table.indexes.iter().any(|index| {
        let first = index.parts.first().and_then(|part| part.as_column());
        begins(&first.into_iter().collect::<Vec<_>>())
    });
    if of_index || begins(&key_columns(table)) {
        return Ok(());
    }
    let (name, table) = (&column.name, &table.name);
    Err(unsupported(format!("MySQL numbers rows only by a key, and no key of {table} begins with {name}")))
}
