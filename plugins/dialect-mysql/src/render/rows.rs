//! Rows: their values as the server reads them, and what happens where a row is there already.

use super::{Words, same, unsupported};
use crate::instant::in_utc;
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::change::{Assignment, Condition, OnConflict, Source};
use patchwright_hooks_api::schema::{ColumnType, Schema, Table};
use patchwright_hooks_api::{Change, Error, Statement, Value};

/// The statements of a change of rows.
pub(super) fn render(words: Words, change: &Change, before: &Schema) -> Result<Vec<Statement>, Error> {
    let table = before.table(change.target());
    match change {
        Change::InsertRows { table: name, columns, rows, on_conflict } => {
            let mut rows = rows.clone();
            for row in &mut rows {
                columns.iter().zip(row).for_each(|(column, value)| to_utc(table, column, value));
            }
            Ok(sql::insert(&words, name, columns, &rows, &conflict(words, columns, *on_conflict)))
        }
        Change::UpdateRows { table: name, set, condition, .. } => {
            let set = in_order(in_utc_of(table, set))?;
            Ok(vec![sql::update(&words, name, &set, &condition_in_utc(table, condition))])
        }
        Change::DeleteRows { table: name, condition } => {
            Ok(vec![sql::delete(&words, name, &condition_in_utc(table, condition))])
        }
        Change::CopyRows { from, table: name, set, condition } => {
            let condition = condition_in_utc(before.table(from), condition);
            Ok(vec![sql::copy(&words, from, name, &in_utc_of(table, set), &condition)])
        }
        // It commits by itself, as quick ways do here.
        Change::TruncateTable { table } => Ok(vec![Statement::new(format!("TRUNCATE TABLE {}", words.quoted(table)))]),
        other => Err(unsupported(format!("MySQL can't {other}"))),
    }
}

/// IGNORE would swallow other faults as well, so a row that is there is set to what it is.
fn conflict(words: Words, columns: &[String], on_conflict: OnConflict) -> String {
    let quoted = columns.iter().map(|column| words.quoted(column));
    let set: Vec<String> = match on_conflict {
        OnConflict::Fail => return String::new(),
        OnConflict::Ignore => quoted.take(1).map(|column| format!("{column} = {column}")).collect(),
        OnConflict::Update => quoted.map(|column| format!("{column} = VALUES({column})")).collect(),
    };
    format!("ON DUPLICATE KEY UPDATE {}", set.join(", "))
}

/// MySQL sets columns one after the other, and one that is read later has its new value already. So those that are read are
/// set last.
fn in_order(mut left: Vec<Assignment>) -> Result<Vec<Assignment>, Error> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_read = |at: usize| {
            let reads =
                |other: &Assignment| matches!(&other.source, Source::Column(name) if same(name, &left[at].column));
            left.iter().enumerate().any(|(other, assignment)| other != at && reads(assignment))
        };
        let Some(free) = (0..left.len()).find(|&at| !is_read(at)) else {
            return Err(unsupported("MySQL can't exchange the values of columns in one statement"));
        };
        ordered.push(left.remove(free));
    }
    Ok(ordered)
}

fn in_utc_of(table: Option<&Table>, set: &[Assignment]) -> Vec<Assignment> {
    let mut set = set.to_vec();
    for assignment in &mut set {
        if let Source::Value(value) = &mut assignment.source {
            to_utc(table, &assignment.column, value);
        }
    }
    set
}

fn condition_in_utc(table: Option<&Table>, condition: &Condition) -> Condition {
    let mut condition = condition.clone();
    condition.0.iter_mut().for_each(|wanted| to_utc(table, &wanted.column, &mut wanted.value));
    condition
}

/// An instant with an offset, in a column of instants.
fn to_utc(table: Option<&Table>, column: &str, value: &mut Value) {
    let kind = table.and_then(|table| table.column(column)).map(|column| &column.kind);
    if let (Some(ColumnType::Timestamp { zone: true, .. }), Value::Text(text)) = (kind, &*value) {
        *value = Value::Text(in_utc(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: &str, source: &str) -> Assignment {
        Assignment { column: column.into(), source: Source::Column(source.into()) }
    }

    #[test]
    fn a_column_is_set_after_those_that_read_it() {
        let ordered = in_order(vec![read("b", "c"), read("a", "b"), read("d", "a"), read("e", "e")]).unwrap();
        let names: Vec<&str> = ordered.iter().map(|assignment| assignment.column.as_str()).collect();
        assert_eq!(names, ["d", "a", "b", "e"]);
        assert!(in_order(vec![read("a", "b"), read("b", "a")]).is_err());
    }
}
