//! Changes of rows. Firebird takes one row an INSERT, and wants to know the type of a value that stands alone.

use super::{Words, known, unsupported};
use crate::{defaults, names};
use patchwright_hooks_api::change::{Assignment, Condition, OnConflict, Source, sql};
use patchwright_hooks_api::schema::{Column, Table};
use patchwright_hooks_api::{Change, Error, Schema, Statement, Value};

/// The statements of a change of rows.
pub(super) fn render(change: &Change, before: &Schema) -> Result<Vec<Statement>, Error> {
    let table = known(before, change.target())?;
    Ok(match change {
        Change::InsertRows { columns, rows, on_conflict, .. } => {
            let insert = insert(table, columns, *on_conflict)?;
            let row = |row: &Vec<Value>| {
                let values = columns.iter().zip(row).map(|(column, value)| suited(table, column, value));
                let mut values: Vec<Value> = values.collect::<Result<_, _>>()?;
                // The key once more, to be looked for.
                if *on_conflict == OnConflict::Ignore {
                    let key = table.primary_key.iter().filter_map(|key| place(columns, key));
                    values.extend(key.map(|at| values[at].clone()).collect::<Vec<_>>());
                }
                Ok(Statement::with(insert.clone(), values))
            };
            rows.iter().map(row).collect::<Result<_, Error>>()?
        }
        Change::UpdateRows { set, condition, .. } => {
            vec![sql::update(&Words, &table.name, &suited_set(table, set)?, &suited_condition(table, condition)?)]
        }
        Change::DeleteRows { condition, .. } => {
            vec![sql::delete(&Words, &table.name, &suited_condition(table, condition)?)]
        }
        Change::CopyRows { from, set, condition, .. } => {
            let condition = suited_condition(known(before, from)?, condition)?;
            vec![copy(from, table, &suited_set(table, set)?, &condition)]
        }
        Change::TruncateTable { .. } => truncate(table),
        other => {
            return Err(unsupported(format!("Firebird can't {other}"), "write the change as <sql> for this dialect"));
        }
    })
}

/// Firebird has no word for it. That its numbers begin anew is a statement of its own, which commits.
fn truncate(table: &Table) -> Vec<Statement> {
    let name = names::quoted(&table.name);
    let restart = |column: &Column| {
        Statement::new(format!("ALTER TABLE {name} ALTER COLUMN {} RESTART", names::quoted(&column.name)))
    };
    let mut statements = vec![Statement::new(format!("DELETE FROM {name}"))];
    statements.extend(table.columns.iter().filter(|column| column.auto).map(restart));
    statements
}

/// INSERT for one row.
fn insert(table: &Table, columns: &[String], on_conflict: OnConflict) -> Result<String, Error> {
    let (name, listed) = (names::quoted(&table.name), sql::names(&Words, columns));
    let places = vec!["?"; columns.len()].join(", ");
    let plain = format!("INTO {name} {listed} VALUES ({places})");
    if on_conflict == OnConflict::Fail {
        return Ok(format!("INSERT {plain}"));
    }
    if table.primary_key.is_empty() || !table.primary_key.iter().all(|key| place(columns, key).is_some()) {
        let message =
            format!("Firebird finds the rows of {} by their primary key, which the change doesn't name", table.name);
        return Err(unsupported(message, "name the columns of the primary key, or let a conflict fail"));
    }
    Ok(if on_conflict == OnConflict::Update {
        format!("UPDATE OR INSERT {plain} MATCHING {}", sql::names(&Words, &table.primary_key))
    } else {
        let typed: Vec<String> = columns.iter().map(|column| typed_place(table, column)).collect();
        let key: Vec<String> = table.primary_key.iter().map(|key| format!("{} = ?", names::quoted(key))).collect();
        format!(
            "INSERT INTO {name} {listed} SELECT {} FROM RDB$DATABASE WHERE NOT EXISTS (SELECT 1 FROM {name} WHERE {})",
            typed.join(", "),
            key.join(" AND ")
        )
    })
}

/// A placeholder with the type of its column.
fn typed_place(table: &Table, column: &str) -> String {
    format!("CAST(? AS TYPE OF COLUMN {}.{})", names::quoted(&table.name), names::quoted(column))
}

/// INSERT of what a SELECT gives, in which each value has the type of its column.
fn copy(from: &str, table: &Table, set: &[Assignment], condition: &Condition) -> Statement {
    let mut values = Vec::new();
    let source = |assignment: &Assignment| match &assignment.source {
        Source::Column(name) => names::quoted(name),
        Source::Value(value) => {
            values.push(value.clone());
            typed_place(table, &assignment.column)
        }
    };
    let sources: Vec<String> = set.iter().map(source).collect();
    let columns: Vec<String> = set.iter().map(|assignment| assignment.column.clone()).collect();
    let (from, into) = (names::quoted(from), names::quoted(&table.name));
    // The condition stands in a SELECT as in a DELETE.
    let delete = sql::delete(&Words, &table.name, condition);
    let which = delete.text.strip_prefix(&format!("DELETE FROM {into}")).unwrap_or_default();
    let columns = sql::names(&Words, &columns);
    let text = format!("INSERT INTO {into} {columns} SELECT {} FROM {from}{which}", sources.join(", "));
    values.extend(delete.parameters);
    Statement::with(text, values)
}

fn suited(table: &Table, column: &str, value: &Value) -> Result<Value, Error> {
    match table.column(column) {
        Some(known) => defaults::suited(value.clone(), &known.kind)
            .map_err(|error| error.while_doing(format!("the column {column} of {}", table.name))),
        None => Ok(value.clone()),
    }
}

fn suited_set(table: &Table, set: &[Assignment]) -> Result<Vec<Assignment>, Error> {
    let suit = |assignment: &Assignment| {
        let source = match &assignment.source {
            Source::Value(value) => Source::Value(suited(table, &assignment.column, value)?),
            Source::Column(name) => Source::Column(name.clone()),
        };
        Ok(Assignment { column: assignment.column.clone(), source })
    };
    set.iter().map(suit).collect()
}

fn suited_condition(table: &Table, condition: &Condition) -> Result<Condition, Error> {
    let mut condition = condition.clone();
    for wanted in &mut condition.0 {
        wanted.value = suited(table, &wanted.column, &wanted.value)?;
    }
    Ok(condition)
}

fn place(columns: &[String], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.eq_ignore_ascii_case(name))
}
