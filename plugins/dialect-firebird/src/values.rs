//! Values on their way into Firebird and out of it.

use patchwright_hooks_api::{Error, Value};
use rsfbclient_core::{Column, SqlType};

/// The values for the placeholders of a statement.
pub(crate) fn parameters(values: &[Value]) -> Result<Vec<SqlType>, Error> {
    values.iter().map(parameter).collect()
}

fn parameter(value: &Value) -> Result<SqlType, Error> {
    Ok(match value {
        Value::Null => SqlType::Null,
        Value::Integer(number) => SqlType::Integer(*number),
        Value::Real(number) => SqlType::Floating(*number),
        Value::Text(text) => SqlType::Text(text.clone()),
        Value::Bytes(bytes) => SqlType::Binary(bytes.clone()),
        other => return Err(Error::invalid(format!("Firebird has no such kind of value: {other:?}"))),
    })
}

/// A value as the contract has it: truth is a number, and what has no kind of its own is text.
pub(crate) fn value(column: Column) -> Value {
    match column.value {
        SqlType::Null => Value::Null,
        SqlType::Integer(number) => Value::Integer(number),
        SqlType::Int128(number) => Value::Text(number.to_string()),
        SqlType::Floating(number) => Value::Real(number),
        SqlType::Text(text) => Value::Text(text),
        SqlType::Binary(bytes) => Value::Bytes(bytes),
        SqlType::Boolean(truth) => Value::from(truth),
        SqlType::Timestamp(instant) => Value::Text(instant.to_string()),
    }
}

/// What a value takes in memory.
pub(crate) fn size(value: &Value) -> usize {
    let content = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    size_of::<Value>() + content
}
