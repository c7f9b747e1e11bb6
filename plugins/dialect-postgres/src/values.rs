//! Values on their way out of PostgreSQL, all of them as text.

use patchwright_hooks_api::{Error, ErrorKind, Value};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::{Row, TypeInfo, ValueRef};

/// The values of a row, each by its column's type.
pub(crate) fn row(row: &PgRow) -> Result<Vec<Value>, Error> {
    let value = |index| -> Result<Value, Error> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Database, format!("the value in column {} can't be read: {error}", index + 1))
        };
        let value = row.try_get_raw(index).map_err(|error| unreadable(&error))?;
        decoded(&value).map_err(|error| unreadable(error.as_ref()))
    };
    (0..row.len()).map(value).collect()
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

fn decoded(value: &PgValueRef<'_>) -> Result<Value, BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let bytes = value.as_bytes()?;
    // A database without an encoding (SQL_ASCII) may hold anything. Such bytes are given as they are: replaced characters
    // could never be put back.
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(Value::Bytes(bytes.to_vec())) };
    Ok(match value.type_info().name() {
        "INT2" | "INT4" | "INT8" | "OID" => Value::Integer(text.parse()?),
        "FLOAT4" | "FLOAT8" => Value::Real(text.parse()?),
        "BOOL" => Value::from(text == "t"),
        "BYTEA" => Value::Bytes(bytes_of(text).ok_or("bytes that are not in hexadecimal notation")?),
        _ => Value::from(text),
    })
}

/// The bytes that `\x00ff` says.
pub(crate) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?);
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_hexadecimal_notation() {
        assert_eq!(bytes_of("\\x00fF27"), Some(vec![0, 255, 39]));
        assert_eq!(bytes_of("\\x"), Some(Vec::new()));
        for text in ["00ff", "\\x0", "\\xzz"] {
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }
}
