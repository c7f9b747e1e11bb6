//! Indexes, and what foreign keys need of them.

use super::{Words, begins_with, key_columns, same, unsupported};
use crate::{definition, stored, types};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::schema::{Column, ForeignKey, Index, IndexPart, PartSource, Table};

impl Words {
    /// The index as it stands in CREATE TABLE and after ADD.
    pub(super) fn index(self, index: &Index, columns: &[Column]) -> Result<String, Error> {
        if index.filter.is_some() {
            return Err(unsupported(format!("MySQL has no indexes of some rows, such as {}", index.name)));
        }
        let mut index = index.clone();
        stored::set_lengths(&mut index, columns);
        let mut parts = Vec::new();
        for part in &index.parts {
            parts.push(self.part(part, &index, columns)?);
        }
        let kind = match (&index.text, index.unique) {
            (Some(kind), _) => format!("{kind} "),
            (None, true) => "UNIQUE ".to_owned(),
            (None, false) => String::new(),
        };
        Ok(format!("{kind}INDEX {} ({})", self.quoted(&index.name), parts.join(", ")))
    }

    fn part(self, part: &IndexPart, index: &Index, columns: &[Column]) -> Result<String, Error> {
        let mut text = match &part.source {
            PartSource::Column(name) => self.quoted(name),
            PartSource::Expression(text) => {
                self.need(self.server.has_expression_indexes(), "indexes on expressions")?;
                format!("({text})")
            }
        };
        match part.length {
            Some(length) => text.push_str(&format!("({length})")),
            None if index.unique && index.text.is_none() && is_long(part, columns) => {
                self.need(self.server.has_unique_long_texts(), "unique indexes on whole long texts")?;
            }
            None => {}
        }
        if part.descending {
            self.need(self.server.has_descending_indexes(), "indexes from high to low")?;
            text.push_str(" DESC");
        }
        Ok(text)
    }

    /// Drops an index. A foreign key that it served gets one of its own, without which the server would refuse.
    pub(super) fn drop_index(self, table: &Table, name: &str) -> Vec<String> {
        let mut actions = Vec::new();
        if let Some(index) = table.index(name) {
            let columns = columns_of(index);
            actions = self.indexes_for_keys(table, |wanted| begins_with(&columns, wanted), Some(name));
        }
        actions.push(format!("DROP INDEX {}", self.quoted(name)));
        actions
    }

    /// Adds an index for each foreign key that is served by what is dropped, and by nothing else.
    pub(super) fn indexes_for_keys(
        self,
        table: &Table,
        served: impl Fn(&[String]) -> bool,
        dropped: Option<&str>,
    ) -> Vec<String> {
        let others: Vec<&Index> =
            table.indexes.iter().filter(|index| !dropped.is_some_and(|name| same(name, &index.name))).collect();
        let by_key = |columns: &[String]| dropped.is_some() && begins_with(&key_columns(table), columns);
        let needs = |key: &&ForeignKey| {
            served(&key.columns)
                && !by_key(&key.columns)
                && !others.iter().any(|index| begins_with(&columns_of(index), &key.columns))
                && !has_own_index(table, key)
        };
        let add =
            |key: &ForeignKey| format!("ADD INDEX {} {}", self.quoted(&key.name), sql::names(&self, &key.columns));
        table.foreign_keys.iter().filter(needs).map(add).collect()
    }

    /// Older servers make it anew.
    pub(super) fn rename_index(self, table: &Table, name: &str, to: &str) -> Result<Vec<String>, Error> {
        if self.server.can_rename_indexes() {
            return Ok(vec![format!("RENAME INDEX {} TO {}", self.quoted(name), self.quoted(to))]);
        }
        let known = table.index(name);
        let known = known.ok_or_else(|| Error::missing(format!("the table {} has no index {name}", table.name)))?;
        let renamed = Index { name: to.to_owned(), ..known.clone() };
        let index = self.index(&renamed, &table.columns)?;
        Ok(vec![format!("DROP INDEX {}", self.quoted(name)), format!("ADD {index}")])
    }

    /// Drops a foreign key with the index that the server made for it.
    pub(super) fn drop_foreign_key(self, table: &Table, name: &str) -> Vec<String> {
        let mut actions = vec![format!("DROP FOREIGN KEY {}", self.quoted(name))];
        if table.foreign_key(name).is_some_and(|key| has_own_index(table, key)) {
            actions.push(format!("DROP INDEX {}", self.quoted(name)));
        }
        actions
    }
}

/// Whether the server has made an index for the key: told by the table's definition, or where that is not known by whether
/// another index could serve.
pub(super) fn has_own_index(table: &Table, key: &ForeignKey) -> bool {
    match &table.text {
        Some(text) => table.index(&key.name).is_none() && definition::has_index(text, &key.name),
        None => {
            !begins_with(&key_columns(table), &key.columns)
                && !table.indexes.iter().any(|index| begins_with(&columns_of(index), &key.columns))
        }
    }
}

/// The columns that an index begins with, as whole ones.
pub(super) fn columns_of(index: &Index) -> Vec<&str> {
    let whole = |part: &IndexPart| part.length.is_none();
    index.parts.iter().take_while(|part| whole(part)).map_while(IndexPart::as_column).collect()
}

fn is_long(part: &IndexPart, columns: &[Column]) -> bool {
    let name = part.as_column();
    columns.iter().any(|column| name.is_some_and(|name| same(name, &column.name)) && types::is_long(&column.kind))
}
