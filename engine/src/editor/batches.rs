//! An update of a large table in parts, by its key: each statement is bounded, and can be ended by the operator between two of them.
//!
//! All parts are in the transaction that the patch's other statements of rows are in, and are taken back with it. In the plan
//! and in the ledger they are the one statement that they come to, since where it is cut depends on the rows.

use super::Lane;
use patchwright_hooks_api::schema::ColumnType;
use patchwright_hooks_api::{Change, Error, ErrorKind, Statement, Value};

/// Makes the change in parts of so many values of the table's key.
///
/// # Errors
/// When the table has no key to go by, or the database fails.
pub(super) fn run(lane: &mut (impl Lane + ?Sized), change: &Change, size: u32) -> Result<(), Error> {
    let key = key_of(lane, change)?;
    let info = lane.database().info();
    let (column, table) = (info.quoted(&key), info.quoted(change.target()));
    let first = format!("SELECT MIN({column}) FROM {table}");
    let next = format!("{first} WHERE {column} > ?");
    let mut begin = lane.query(&Statement::new(first))?;
    // What takes the whole back stands with the first part.
    let mut inverse = None;
    while let Some(from) = begin.scalar().filter(|value| !value.is_null()) {
        let from = from.as_integer().ok_or_else(|| no_key(change))?;
        let to = from.saturating_add(i64::from(size) - 1);
        for statement in lane.rendered(&change.part(&key, from, to))?.statements {
            lane.execute(&statement, inverse.as_deref())?;
            inverse = Some(Vec::new());
        }
        begin = lane.query(&Statement::with(next.clone(), [Value::Integer(to)]))?;
    }
    Ok(())
}

/// The one column of the table's primary key, if it is a number that the change leaves alone.
fn key_of(lane: &(impl Lane + ?Sized), change: &Change) -> Result<String, Error> {
    let schema = lane.structure(&[change.target()])?;
    let table = schema.table(change.target()).ok_or_else(|| no_key(change))?;
    let [key] = table.primary_key.as_slice() else { return Err(no_key(change)) };
    let is_number = table.column(key).is_some_and(|column| matches!(column.kind, ColumnType::Integer { .. }));
    if !is_number || change.sets(key) {
        return Err(no_key(change));
    }
    Ok(key.clone())
}

fn no_key(change: &Change) -> Error {
    let message =
        format!("can't {change} in parts: the table needs a primary key of one number, which the change leaves alone");
    Error::new(ErrorKind::Unsupported, message).hint("leave out batch, and all rows are changed by one statement")
}
