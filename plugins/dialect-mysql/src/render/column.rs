//! Columns. A MODIFY states the whole column anew: what it does not say is lost.

use super::index::has_own_index;
use super::{Words, same, unsupported};
use crate::definition::{self, Extras};
use crate::{bound, defaults, stored, types};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::change::sql::Spelling;
use patchwright_hooks_api::change::{Alteration, Place};
use patchwright_hooks_api::schema::{Column, ColumnType, Index, Table};

impl Words {
    /// The column as it stands in CREATE TABLE, after ADD COLUMN and after MODIFY, with what it had beyond the model.
    pub(super) fn column(self, column: &Column, extras: Option<&Extras>) -> Result<String, Error> {
        let of = |error: Error| error.while_doing(format!("the column {}", column.name));
        let mut text = format!("{} {}", self.quoted(&column.name), types::spelled(&column.kind).map_err(of)?);
        let mut add = |words: &str| {
            text.push(' ');
            text.push_str(words);
        };
        if let Some(extras) = extras.filter(|_| types::is_textual(&column.kind)) {
            if let Some(charset) = &extras.charset {
                add(&format!("CHARACTER SET {charset}"));
            }
            if let Some(collation) = &extras.collation {
                add(&format!("COLLATE {collation}"));
            }
        }
        if !is_generated(column) {
            // Said even where it seems plain: a TIMESTAMP is never null on some servers unless it is said.
            add(if column.null { "NULL" } else { "NOT NULL" });
        }
        if let Some(default) = &column.default {
            if defaults::is_expression(default, &column.kind) {
                self.need(self.server.has_expression_defaults(), "such defaults").map_err(of)?;
            }
            add(&format!("DEFAULT {}", defaults::spelled(default, &column.kind).map_err(of)?));
        }
        if let Some(now) = extras.and_then(|extras| extras.on_update.as_ref()) {
            add(&format!("ON UPDATE {now}"));
        }
        if column.auto {
            add(self.numbered());
        }
        if extras.is_some_and(|extras| extras.invisible) {
            add("INVISIBLE");
        }
        if let Some(comment) = column.comment.as_ref().filter(|comment| !comment.is_empty()) {
            add(&format!("COMMENT {}", bound::quoted(comment)));
        }
        if let Some(check) = extras.and_then(|extras| extras.check.as_ref()) {
            add(&format!("CHECK {check}"));
        }
        Ok(text)
    }

    /// A column that the server numbers needs a key at once, and the change brings none.
    pub(super) fn add_column(self, column: &Column, place: &Place) -> Result<Vec<String>, Error> {
        if column.auto {
            let message =
                format!("MySQL can't number rows by the new column {}, as no key begins with it", column.name);
            return Err(unsupported(message));
        }
        let place = match place {
            Place::Last => String::new(),
            Place::First => " FIRST".to_owned(),
            Place::After(name) => format!(" AFTER {}", self.quoted(name)),
        };
        Ok(vec![format!("ADD COLUMN {}{place}", self.column(column, None)?)])
    }

    /// Drops a column with the foreign keys and indexes that it belongs to. The server would shorten an index of several
    /// columns, and a unique one would keep other rows out then.
    pub(super) fn drop_column(self, table: &Table, column: &str) -> Vec<String> {
        let keys = table.foreign_keys.iter().filter(|key| key.columns.iter().any(|name| same(name, column)));
        let mut actions: Vec<String> = keys
            .flat_map(|key| {
                let key_name = self.quoted(&key.name);
                let index = has_own_index(table, key).then(|| format!("DROP INDEX {key_name}"));
                std::iter::once(format!("DROP FOREIGN KEY {key_name}")).chain(index)
            })
            .collect();
        let holds =
            |index: &&Index| index.parts.iter().any(|part| part.as_column().is_some_and(|name| same(name, column)));
        actions
            .extend(table.indexes.iter().filter(holds).map(|index| format!("DROP INDEX {}", self.quoted(&index.name))));
        actions.push(format!("DROP COLUMN {}", self.quoted(column)));
        actions
    }

    /// Older servers state the column anew.
    pub(super) fn rename_column(self, table: &Table, column: &str, to: &str) -> Result<Vec<String>, Error> {
        if self.server.can_rename_columns() {
            return Ok(vec![format!("RENAME COLUMN {} TO {}", self.quoted(column), self.quoted(to))]);
        }
        let known = known_column(table, column)?;
        let extras = extras_of(table, known);
        let renamed = Column { name: to.to_owned(), ..known.clone() };
        Ok(vec![format!("CHANGE COLUMN {} {}", self.quoted(column), self.column(&renamed, Some(&extras))?)])
    }

    /// An index whose part gets another length with the type is made anew in the same statement.
    pub(super) fn alter_column(
        self,
        table: &Table,
        column: &str,
        alteration: &Alteration,
    ) -> Result<Vec<String>, Error> {
        if alteration.using.is_some() {
            let message =
                format!("MySQL can't make new values of {column} by an expression while it alters the column");
            return Err(unsupported(message)
                .hint("for the dialect mysql, change the rows by <sql> before, and alter the column without using"));
        }
        let known = known_column(table, column)?;
        let altered = alteration.applied_to(known);
        let mut actions = vec![self.modify(table, known, &altered)?];
        let mut after = table.clone();
        for column in after.columns.iter_mut().filter(|column| same(&column.name, &known.name)) {
            *column = altered.clone();
        }
        for index in &table.indexes {
            let (mut old, mut new) = (index.clone(), index.clone());
            stored::set_lengths(&mut old, &table.columns);
            stored::set_lengths(&mut new, &after.columns);
            if is_descending(&old) && !is_descending(&new) {
                // Nothing would bring the order back when the change is taken back.
                return Err(unsupported(format!(
                    "MySQL would keep the unique index {} by a hash, which has no order, for a column {column} that is so long",
                    index.name
                ))
                .hint("drop the index before, and make it anew without the order"));
            }
            if old != new {
                actions.push(format!("DROP INDEX {}", self.quoted(&index.name)));
                actions.push(format!("ADD {}", self.index(index, &after.columns)?));
            }
        }
        Ok(actions)
    }

    pub(super) fn comment_column(
        self,
        table: &Table,
        column: &str,
        comment: &Option<String>,
    ) -> Result<Vec<String>, Error> {
        let known = known_column(table, column)?;
        let commented = Column { comment: comment.clone(), ..known.clone() };
        Ok(vec![self.modify(table, known, &commented)?])
    }

    /// A column of text as it is, in another character set or collation.
    pub(super) fn modify_text(
        self,
        table: &Table,
        column: &Column,
        charset: Option<&String>,
        collation: Option<&String>,
    ) -> Result<String, Error> {
        let extras = Extras { charset: charset.cloned(), collation: collation.cloned(), ..extras_of(table, column) };
        Ok(format!("MODIFY COLUMN {}", self.column(column, Some(&extras))?))
    }

    fn modify(self, table: &Table, known: &Column, new: &Column) -> Result<String, Error> {
        let mut extras = extras_of(table, known);
        if known.kind != new.kind {
            extras.on_update = extras.on_update.filter(|_| matches!(new.kind, ColumnType::Timestamp { .. }));
        }
        if is_generated(known) && known.kind != new.kind {
            return Err(unsupported(format!(
                "{} is computed from other columns and has no type of its own",
                known.name
            )));
        }
        Ok(format!("MODIFY COLUMN {}", self.column(new, Some(&extras))?))
    }
}

fn is_descending(index: &Index) -> bool {
    index.parts.iter().any(|part| part.descending)
}

/// What the column has beyond the model.
fn extras_of(table: &Table, column: &Column) -> Extras {
    let mut extras = definition::extras(table.text.as_deref(), &column.name);
    if column.kind == ColumnType::Json {
        // MariaDB's own way to hold JSON: it goes with the type, and comes with it.
        (extras.charset, extras.collation, extras.check) = (None, None, None);
    }
    extras
}

/// A generated column's type is its whole definition.
fn is_generated(column: &Column) -> bool {
    matches!(&column.kind, ColumnType::Native(text) if text.to_ascii_uppercase().contains(" GENERATED ALWAYS AS "))
}

fn known_column<'a>(table: &'a Table, name: &str) -> Result<&'a Column, Error> {
    table.column(name).ok_or_else(|| Error::missing(format!("the table {} has no column {name}", table.name)))
}
