//! Reads the structure of a database: from the texts in its own catalog.

use crate::definition::Definition;
use crate::schema;
use crate::types;
use patchwright_hooks_api::schema::{Column, Index, Part, PartSource, Schema, Table, Trigger, View};
use patchwright_hooks_api::{Connection, Error, Rows, Statement, Value};
use std::collections::BTreeMap;

/// The most names in one query; SQLite takes more, but such a query is soon prepared.
const NAMES_PER_QUERY: usize = 500;

/// One row of `sqlite_schema`.
struct Entry {
    kind: String,
    name: String,
    /// The table that it belongs to.
    table: String,
    text: String,
    /// Whether the database has virtual tables, which keep what is their own in others.
    beside_virtual: bool,
}

/// The tables and views of these names, or all.
pub(crate) fn introspect(connection: &mut dyn Connection, names: Option<&[&str]>) -> Result<Schema, Error> {
    let mut entries = Vec::new();
    match names {
        None => entries = entries_where(connection, "1", &[])?,
        Some(names) => {
            for names in names.chunks(NAMES_PER_QUERY) {
                let places = vec!["?"; names.len()].join(", ");
                let condition = format!("tbl_name COLLATE NOCASE IN ({places})");
                entries.extend(entries_where(connection, &condition, names)?);
            }
        }
    }
    if entries.iter().any(|entry| entry.beside_virtual) {
        let hidden = hidden_tables(connection)?;
        entries.retain(|entry| !hidden.contains(&entry.table));
    }
    let mut hanging: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in &entries {
        hanging.entry(entry.table.to_ascii_lowercase()).or_default().push(entry);
    }
    let mut found = Schema::default();
    for entry in entries.iter().filter(|entry| entry.kind == "table") {
        let hanging = hanging.get(&entry.name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        found.tables.push(table(connection, entry, hanging)?);
    }
    for entry in entries.iter().filter(|entry| entry.kind == "view") {
        let query = schema::view_query(&entry.text).map_err(|error| in_catalog(error, entry))?;
        let mut view = View::new(&entry.name, query);
        view.details = Some(Vec::new());
        let hanging = hanging.get(&entry.name.to_ascii_lowercase()).map_or(&[][..], Vec::as_slice);
        for trigger in hanging.iter().filter(|other| other.kind == "trigger") {
            view.tell(Part::Trigger(trigger.name.clone()), trigger.text.as_str());
        }
        found.views.push(view);
    }
    name_targets(connection, &mut found)?;
    found.tables.sort_by(|a, b| a.name.cmp(&b.name));
    found.views.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What the catalog holds but for SQLite's own.
fn entries_where(connection: &mut dyn Connection, condition: &str, names: &[&str]) -> Result<Vec<Entry>, Error> {
    let text = format!(
        "SELECT type, name, tbl_name, sql, \
         EXISTS (SELECT 1 FROM sqlite_master WHERE rootpage = 0 AND type = 'table') FROM sqlite_master \
         WHERE {condition} AND sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
    );
    let names = names.iter().map(|name| Value::from(*name));
    let entry = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(kind), Value::Text(name), Value::Text(table), Value::Text(text), Value::Integer(virtuals)] => {
            let (kind, name, table, text) = (kind.clone(), name.clone(), table.clone(), text.clone());
            Some(Entry { kind, name, table, text, beside_virtual: *virtuals == 1 })
        }
        _ => None,
    };
    let rows = connection.query(&Statement::with(text, names))?;
    Ok(rows.rows.iter().filter_map(entry).collect())
}

/// The tables in which a virtual table keeps what is its own.
fn hidden_tables(connection: &mut dyn Connection) -> Result<Vec<String>, Error> {
    let text = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'";
    let rows = connection.query(&Statement::new(text))?;
    Ok(rows.rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
}

fn table(connection: &mut dyn Connection, entry: &Entry, hanging: &[&Entry]) -> Result<Table, Error> {
    let mut table = match Definition::read(&entry.text) {
        Ok(definition) => schema::table(&entry.name, &entry.text, &definition),
        // A virtual table, or what this reader doesn't know: SQLite itself says the columns, and nothing rebuilds it.
        Err(_) => {
            let mut table = Table { text: Some(entry.text.clone()), ..plain_table(connection, &entry.name)? };
            table.tell(Part::Table, entry.text.as_str());
            table
        }
    };
    for other in hanging {
        match other.kind.as_str() {
            "index" => {
                let index = schema::index(&other.name, &other.text).map_err(|error| in_catalog(error, other))?;
                table.indexes.push(with_columns_of(&table, index));
            }
            "trigger" => table.triggers.push(Trigger { name: other.name.clone(), text: other.text.clone() }),
            _ => {}
        }
    }
    table.sort();
    Ok(table)
}

/// The index with the names of columns as the table has them.
fn with_columns_of(table: &Table, mut index: Index) -> Index {
    for part in &mut index.parts {
        if let PartSource::Column(name) = &mut part.source
            && let Some(column) = table.column(name)
        {
            name.clone_from(&column.name);
        }
    }
    index
}

/// A table as SQLite's pragmas tell it.
fn plain_table(connection: &mut dyn Connection, name: &str) -> Result<Table, Error> {
    let text = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?) ORDER BY cid";
    let Rows { rows, .. } = connection.query(&Statement::with(text, [Value::from(name)]))?;
    let mut table = Table { name: name.to_owned(), ..Table::default() };
    let mut key = Vec::new();
    for row in rows {
        let [Value::Text(name), Value::Text(declared), Value::Integer(not_null), Value::Integer(place)] =
            row.as_slice()
        else {
            continue;
        };
        let column = Column::new(name, types::read(declared, false));
        table.columns.push(if *not_null == 0 { column } else { column.not_null() });
        if *place > 0 {
            key.push((*place, name.clone()));
        }
    }
    key.sort();
    table.primary_key = key.into_iter().map(|(_, name)| name).collect();
    Ok(table)
}

/// Gives each foreign key its table's own name, and the columns that it refers to where it doesn't say.
fn name_targets(connection: &mut dyn Connection, found: &mut Schema) -> Result<(), Error> {
    let mut wanted: Vec<String> = Vec::new();
    for key in found.tables.iter().flat_map(|table| &table.foreign_keys) {
        let is_known = found.table(&key.table).is_some_and(|known| known.name == key.table) && !key.targets.is_empty();
        if !is_known && !wanted.iter().any(|name| name.eq_ignore_ascii_case(&key.table)) {
            wanted.push(key.table.clone());
        }
    }
    let mut parents: Vec<Table> = Vec::new();
    for names in wanted.chunks(NAMES_PER_QUERY) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let condition = format!("type = 'table' AND name COLLATE NOCASE IN ({})", vec!["?"; names.len()].join(", "));
        for entry in entries_where(connection, &condition, &names)? {
            if let Ok(definition) = Definition::read(&entry.text) {
                parents.push(schema::table(&entry.name, &entry.text, &definition));
            }
        }
    }
    for key in found.tables.iter_mut().flat_map(|table| &mut table.foreign_keys) {
        let Some(parent) = parents.iter().find(|parent| parent.name.eq_ignore_ascii_case(&key.table)) else { continue };
        key.table.clone_from(&parent.name);
        if key.targets.is_empty() {
            key.targets.clone_from(&parent.primary_key);
        }
    }
    Ok(())
}

fn in_catalog(error: Error, entry: &Entry) -> Error {
    error.while_doing(format!("the {} {} in the database's catalog", entry.kind, entry.name))
}
