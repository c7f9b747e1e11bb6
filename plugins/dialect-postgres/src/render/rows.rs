//! Changes of rows, and the counter that they must not leave behind.

use super::Renderer;
use super::words::identifier;
use patchwright_hooks_api::change::sql::{self, Spelling, quoted_text};
use patchwright_hooks_api::change::{Assignment, Condition, OnConflict};
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{Error, ErrorKind, Statement, Value};

impl Renderer<'_> {
    pub(super) fn insert(
        &self,
        table: &str,
        columns: &[String],
        rows: &[Vec<Value>],
        on_conflict: OnConflict,
    ) -> Result<Vec<Statement>, Error> {
        let conflict = match on_conflict {
            OnConflict::Fail => String::new(),
            OnConflict::Ignore => "ON CONFLICT DO NOTHING".to_owned(),
            OnConflict::Update => self.on_conflict_update(table, columns)?,
        };
        let mut statements = sql::insert(&self.words, table, columns, rows, &conflict);
        statements.extend(self.advance_counter(table, columns.iter()));
        Ok(statements)
    }

    pub(super) fn copy(&self, from: &str, table: &str, set: &[Assignment], which: &Condition) -> Vec<Statement> {
        let mut statements = vec![sql::copy(&self.words, from, table, set, which)];
        statements.extend(self.advance_counter(table, set.iter().map(|assignment| &assignment.column)));
        statements
    }

    fn on_conflict_update(&self, table: &str, columns: &[String]) -> Result<String, Error> {
        let key = self.before.table(table).and_then(|known| key_of(known, columns));
        let Some(key) = key else {
            let message = format!("no key of {table} tells which of its rows is to be updated");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .hint("name all columns of its primary key, or of a unique index, in the rows"));
        };
        let is_key = |column: &&String| key.iter().any(|part| part.eq_ignore_ascii_case(column));
        let set: Vec<String> = columns
            .iter()
            .filter(|column| !is_key(column))
            .map(|column| self.words.quoted(column))
            .map(|name| format!("{name} = EXCLUDED.{name}"))
            .collect();
        let key = sql::names(&self.words, &key);
        Ok(match set.as_slice() {
            [] => format!("ON CONFLICT {key} DO NOTHING"),
            set => format!("ON CONFLICT {key} DO UPDATE SET {}", set.join(", ")),
        })
    }

    /// Rows that bring their own numbers leave the counter behind, and the site's next row would meet one of them.
    ///
    /// ALTER SEQUENCE and not `setval`, which a rollback doesn't take back.
    fn advance_counter<'a>(&self, table: &str, mut columns: impl Iterator<Item = &'a String>) -> Option<Statement> {
        let known = self.before.table(table)?;
        let numbered = columns.find_map(|column| known.column(column).filter(|column| column.auto))?;
        let (table, column) = (identifier(&known.name), identifier(&numbered.name));
        let (table_text, column_text) = (quoted_text(&table), quoted_text(&numbered.name));
        let (declared, read, restart) = (
            "counter text; top bigint; reached bigint;",
            "EXECUTE 'SELECT last_value FROM ' || counter INTO reached;",
            "EXECUTE pg_catalog.format('ALTER SEQUENCE %s RESTART WITH %s', counter, top + 1);",
        );
        Some(Statement::new(format!(
            "DO $patchwright$ DECLARE {declared} BEGIN \
             counter := pg_catalog.pg_get_serial_sequence({table_text}, {column_text}); \
             SELECT max({column}) INTO top FROM {table}; \
             IF counter IS NOT NULL AND top > 0 THEN {read} IF top >= reached THEN {restart} END IF; END IF; \
             END $patchwright$"
        )))
    }
}

/// The primary key, or else the first unique index, if the rows bring all of its columns.
fn key_of(table: &Table, columns: &[String]) -> Option<Vec<String>> {
    let is_brought = |key: &Vec<String>| {
        !key.is_empty() && key.iter().all(|part| columns.iter().any(|column| column.eq_ignore_ascii_case(part)))
    };
    let unique = table.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let keys = unique.filter_map(|index| {
        index.parts.iter().map(|part| part.as_column().map(str::to_owned)).collect::<Option<Vec<String>>>()
    });
    std::iter::once(table.primary_key.clone()).chain(keys).find(is_brought)
}
