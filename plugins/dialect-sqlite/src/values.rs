//! Values on their way into SQLite and out of it.

use patchwright_hooks_api::{Error, ErrorKind, Value};
use sqlx::error::BoxDynError;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{Arguments, Decode, Row, Sqlite, TypeInfo, ValueRef};

/// The values for the placeholders of a statement.
pub(crate) fn arguments(parameters: &[Value]) -> Result<SqliteArguments, Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(parameters.len(), 0);
    for parameter in parameters {
        add(&mut arguments, parameter)
            .map_err(|error| Error::invalid(format!("a parameter can't be bound: {error}")))?;
    }
    Ok(arguments)
}

/// The values of a row, each by its own type: in SQLite a column's type binds nobody.
pub(crate) fn row(row: &SqliteRow) -> Result<Vec<Value>, Error> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).map_err(|error| unreadable(index, &error))?;
            decode(value).map_err(|error| unreadable(index, error.as_ref()))
        })
        .collect()
}

fn add(arguments: &mut SqliteArguments, parameter: &Value) -> Result<(), BoxDynError> {
    match parameter {
        Value::Null => arguments.add(None::<i64>),
        Value::Integer(number) => arguments.add(*number),
        // SQLite would store it as NULL.
        Value::Real(number) if number.is_nan() => Err("SQLite has no number that is none (NaN)".into()),
        Value::Real(number) => arguments.add(*number),
        Value::Text(text) => arguments.add(text.as_str()),
        Value::Bytes(bytes) => arguments.add(bytes.as_slice()),
        other => Err(format!("SQLite has no such kind of value: {other:?}").into()),
    }
}

fn decode(value: SqliteValueRef<'_>) -> Result<Value, BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match value.type_info().name() {
        "INTEGER" => read(value).map(Value::Integer),
        "REAL" => read(value).map(Value::Real),
        "BLOB" => read(value).map(Value::Bytes),
        // Old sites keep ISO-8859-1 in text columns. Such bytes are given as they are: replaced characters could
        // never be put back.
        _ => read::<Vec<u8>>(value)
            .map(|bytes| String::from_utf8(bytes).map_or_else(|error| Value::Bytes(error.into_bytes()), Value::Text)),
    }
}

/// Says for which database: beside other dialects, sqlx knows several.
fn read<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(value)
}

fn unreadable(index: usize, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Database, format!("the value in column {} can't be read: {error}", index + 1))
}
