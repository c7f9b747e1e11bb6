//! Tables, put together from the catalog's rows.

use super::{defaults, types, views};
use crate::enumeration;
use patchwright_hooks_api::schema::{
    Check, Column, ColumnType, ForeignKey, Index, IndexPart, OnTarget, Part, PartSource, Sequence, Table, Trigger, View,
};
use patchwright_hooks_api::{Error, ErrorKind, Rows, Schema, Value};
use std::collections::HashMap;

/// What has been read so far.
pub(super) struct Assembly {
    tables: Vec<Table>,
    places: HashMap<String, usize>,
    views: Vec<View>,
    sequences: Vec<Sequence>,
}

/// A key or a check, whose columns come in rows of their own.
struct Key<'a> {
    kind: &'a str,
    name: &'a str,
    columns: Vec<String>,
    targets: Vec<String>,
    row: Row<'a>,
}

/// An index as its definition would spell its parts if nothing about them were out of the ordinary.
struct Spelled<'a> {
    row: Row<'a>,
    parts: Vec<String>,
}

impl Spelled<'_> {
    /// What the definition says beyond that, such as a method or the columns that it includes.
    fn details(&self) -> Result<String, Error> {
        let text = self.row.text(5)?;
        let filter = self.row.optional(4).map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
        let parts = self.parts.join(", ");
        let said = match text.split_once(" USING ") {
            Some((_, said)) if !self.row.truth(3) => said.to_owned(),
            _ => text.to_owned(),
        };
        let is_usual = said == format!("btree ({parts}){filter}") || said == format!("UNIQUE ({parts})");
        let validity = if self.row.truth(9) { "" } else { "not valid " };
        Ok(format!("{validity}{}", if is_usual { "" } else { &said }).trim_end().to_owned())
    }
}

/// A row of the catalog.
#[derive(Clone, Copy)]
struct Row<'a>(&'a [Value]);

impl Assembly {
    /// From the columns of all tables.
    pub(super) fn new(rows: &Rows) -> Result<Self, Error> {
        let mut assembly =
            Self { tables: Vec::new(), places: HashMap::new(), views: Vec::new(), sequences: Vec::new() };
        for row in rows.rows.iter().map(|row| Row(row)) {
            let name = row.text(0)?;
            if assembly.tables.last().is_none_or(|table| table.name != name) {
                assembly.places.insert(name.to_owned(), assembly.tables.len());
                let (comment, details) = (row.optional(1).map(str::to_owned), Some(Vec::new()));
                assembly.tables.push(Table { name: name.to_owned(), comment, details, ..Table::default() });
            }
            if row.optional(2).is_some() {
                let table = assembly.tables.last_mut().expect("the table of this row was just looked at");
                let (column, details) = column(row)?;
                table.tell(Part::Column(column.name.clone()), details);
                table.columns.push(column);
            }
        }
        Ok(assembly)
    }

    /// Adds primary keys, foreign keys and checks.
    pub(super) fn add_keys(&mut self, rows: &Rows) -> Result<(), Error> {
        let mut keys: Vec<(&str, Key<'_>)> = Vec::new();
        for row in rows.rows.iter().map(|row| Row(row)) {
            let (table, kind, name) = (row.text(0)?, row.text(1)?, row.text(2)?);
            if keys.last().is_none_or(|(known, key)| *known != table || key.name != name) {
                keys.push((table, Key { kind, name, columns: Vec::new(), targets: Vec::new(), row }));
            }
            let (_, key) = keys.last_mut().expect("the key of this row was just looked at");
            key.columns.extend(row.optional(3).map(str::to_owned));
            key.targets.extend(row.optional(5).map(str::to_owned));
        }
        for (table, key) in keys {
            if let Some(table) = self.table(table) {
                add_key(table, key)?;
            }
        }
        Ok(())
    }

    /// Adds indexes and unique constraints.
    pub(super) fn add_indexes(&mut self, rows: &Rows) -> Result<(), Error> {
        let mut indexes: Vec<Spelled<'_>> = Vec::new();
        for row in rows.rows.iter().map(|row| Row(row)) {
            let name = row.text(1)?;
            let Some(table) = self.table(row.text(0)?) else { continue };
            if table.indexes.last().is_none_or(|index| index.name != name) {
                table.indexes.push(Index {
                    name: name.to_owned(),
                    unique: row.truth(2),
                    parts: Vec::new(),
                    filter: row.optional(4).map(str::to_owned),
                    constraint: row.truth(3),
                    text: row.optional(5).map(str::to_owned),
                });
            }
            let source = match row.optional(6) {
                Some(column) => PartSource::Column(column.to_owned()),
                None => PartSource::Expression(row.text(7)?.to_owned()),
            };
            let index = table.indexes.last_mut().expect("the index of this row was just looked at");
            index.parts.push(IndexPart { source, descending: row.truth(8), length: None });
            let spelled = format!("{}{}", row.text(7)?, if row.truth(8) { " DESC" } else { "" });
            match indexes.last_mut() {
                Some(known) if known.row.0[..2] == row.0[..2] => known.parts.push(spelled),
                _ => indexes.push(Spelled { row, parts: vec![spelled] }),
            }
        }
        for index in indexes {
            let (name, details) = (index.row.text(1)?.to_owned(), index.details()?);
            if let Some(table) = self.table(index.row.text(0)?) {
                table.tell(Part::Index(name), details);
            }
        }
        Ok(())
    }

    /// Adds views and sequences, and what is said of tables as a whole.
    pub(super) fn add_relations(&mut self, rows: &Rows) -> Result<(), Error> {
        for row in rows.rows.iter().map(|row| Row(row)) {
            let (name, details) = (row.text(0)?.to_owned(), row.text(5)?.to_owned());
            match row.text(1)? {
                "v" | "m" => {
                    let mut view = View::new(name, views::query(row.text(2)?));
                    view.tell(Part::Option("definition".to_owned()), details);
                    self.views.push(view);
                }
                "S" => {
                    let (start, increment) = (row.integer(3)?, row.integer(4)?);
                    self.sequences.push(Sequence { name, start, increment, details: Some(details) });
                }
                _ => {
                    if let Some(table) = self.table(&name) {
                        table.tell(Part::Table, details);
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the triggers of tables and views, with the functions that they run.
    pub(super) fn add_triggers(&mut self, rows: &Rows) -> Result<(), Error> {
        for row in rows.rows.iter().map(|row| Row(row)) {
            let (owner, trigger) =
                (row.text(0)?, Trigger { name: row.text(1)?.to_owned(), text: row.text(2)?.to_owned() });
            let part = Part::Trigger(trigger.name.clone());
            if let Some(table) = self.table(owner) {
                table.tell(part, row.text(3)?);
                table.triggers.push(trigger);
            } else if let Some(view) = self.views.iter_mut().find(|view| view.name == owner) {
                view.tell(part, format!("{} {}", trigger.text, row.text(3)?));
            }
        }
        Ok(())
    }

    /// All of it, sorted by the bytes of the names: the server sorts by its language.
    pub(super) fn into_schema(mut self) -> Schema {
        self.tables.iter_mut().for_each(Table::sort);
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        self.views.sort_by(|a, b| a.name.cmp(&b.name));
        self.sequences.sort_by(|a, b| a.name.cmp(&b.name));
        Schema { tables: self.tables, views: self.views, sequences: self.sequences }
    }

    fn table(&mut self, name: &str) -> Option<&mut Table> {
        self.places.get(name).map(|&at| &mut self.tables[at])
    }
}

/// A column, without what its checks make of it, and what is said of it in PostgreSQL's own words.
fn column(row: Row<'_>) -> Result<(Column, String), Error> {
    let (kind, default) = (row.text(3)?, row.optional(5));
    // Another collation, and what is computed, belong to the type: no portable type could say them.
    let collation = row.optional(10).map(|collation| format!(" COLLATE {collation}"));
    let computed = row.truth(7).then(|| format!(" GENERATED ALWAYS AS ({}) STORED", default.unwrap_or_default()));
    let kind = match (&collation, &computed) {
        (None, None) => types::kind(kind),
        (collation, computed) => {
            let words = [collation, computed].map(|words| words.as_deref().unwrap_or_default());
            ColumnType::Native(format!("{kind}{}", words.concat()))
        }
    };
    let is_serial = row.truth(9) && default.is_some_and(|default| default.starts_with("nextval("));
    let auto = row.truth(6) || is_serial;
    let mut details = row.text(11)?.to_owned();
    if let Some(numbers) = default.filter(|_| is_serial) {
        // Which sequence it is, a column that is numbered by a default tells there alone.
        details.push_str(&format!("DEFAULT {numbers}"));
    }
    let default = default.filter(|_| !auto && !row.truth(7)).and_then(|default| defaults::read(default, &kind));
    let (name, comment) = (row.text(2)?.to_owned(), row.optional(8).map(str::to_owned));
    Ok((Column { name, kind, null: !row.truth(4), default, auto, comment, collation: None }, details))
}

fn add_key(table: &mut Table, key: Key<'_>) -> Result<(), Error> {
    let part = match key.kind {
        "p" => Part::PrimaryKey,
        "f" => Part::ForeignKey(key.name.to_owned()),
        _ => Part::Check(key.name.to_owned()),
    };
    table.tell(part, key.row.optional(9).unwrap_or_default());
    match key.kind {
        "p" => table.primary_key = key.columns,
        "f" => table.foreign_keys.push(ForeignKey {
            name: key.name.to_owned(),
            columns: key.columns,
            table: key.row.text(4)?.to_owned(),
            targets: key.targets,
            on_delete: on_target(key.row.text(6)?),
            on_update: on_target(key.row.text(7)?),
        }),
        _ => {
            let condition = key.row.text(8)?;
            if !take_enumeration(table, &key, condition) {
                table.checks.push(Check { name: key.name.to_owned(), condition: condition.to_owned() });
            }
        }
    }
    Ok(())
}

/// Whether the check is what makes an enumeration of its column; the column's type then says so.
fn take_enumeration(table: &mut Table, key: &Key<'_>, condition: &str) -> bool {
    let [column] = key.columns.as_slice() else { return false };
    if key.name != enumeration::check_name(&table.name, column) {
        return false;
    }
    let Some(column) = table.columns.iter_mut().find(|known| known.name == *column) else { return false };
    match (&column.kind, enumeration::words(condition)) {
        (ColumnType::Varchar(_), Some(words)) => {
            column.kind = ColumnType::Enum(words);
            true
        }
        _ => false,
    }
}

fn on_target(letter: &str) -> OnTarget {
    match letter {
        "c" => OnTarget::Cascade,
        "n" => OnTarget::SetNull,
        "d" => OnTarget::SetDefault,
        _ => OnTarget::Refuse,
    }
}

impl<'a> Row<'a> {
    fn optional(self, column: usize) -> Option<&'a str> {
        self.0.get(column)?.as_text()
    }

    fn text(self, column: usize) -> Result<&'a str, Error> {
        self.optional(column).ok_or_else(|| {
            Error::new(ErrorKind::Database, format!("the catalog gave no text in column {}", column + 1))
                .hint("a part of the schema was dropped while it was read: try again")
        })
    }

    fn integer(self, column: usize) -> Result<i64, Error> {
        self.0.get(column).and_then(Value::as_integer).ok_or_else(|| {
            Error::new(ErrorKind::Database, format!("the catalog gave no number in column {}", column + 1))
        })
    }

    fn truth(self, column: usize) -> bool {
        self.0.get(column).and_then(Value::as_integer) == Some(1)
    }
}
