//! Values on their way out of MySQL: as text, in the exact notation of their types.

use patchwright_hooks_api::{Error, ErrorKind, Value};
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlRow, MySqlValueRef};
use sqlx::{Decode, Row, Type, TypeInfo, ValueRef};

/// The values of a row.
pub(crate) fn row(row: &MySqlRow) -> Result<Vec<Value>, Error> {
    (0..row.len())
        .map(|index| {
            let value = row.try_get_raw(index).map_err(|error| unreadable(index, &error))?;
            decode(value).map_err(|error| unreadable(index, error.as_ref()))
        })
        .collect()
}

fn decode(value: MySqlValueRef<'_>) -> Result<Value, BoxDynError> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let kind = value.type_info().into_owned();
    let bytes = <Vec<u8> as Decode<sqlx::MySql>>::decode(value)?;
    match kind.name() {
        "BIT" => Ok(Value::Integer(bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)))),
        "GEOMETRY" => Ok(Value::Bytes(bytes)),
        // What has the collation `binary` is bytes, whatever its type is called.
        name if is_text(name) && !<str as Type<sqlx::MySql>>::compatible(&kind) => Ok(Value::Bytes(bytes)),
        name => match String::from_utf8(bytes) {
            Ok(text) => number(name, &text).map_or(Ok(Value::Text(text)), Ok),
            // A view or function may give bytes in another character set than the session's.
            Err(error) => Ok(Value::Bytes(error.into_bytes())),
        },
    }
}

fn is_text(name: &str) -> bool {
    ["CHAR", "BINARY", "TEXT", "BLOB"].iter().any(|end| name.ends_with(end))
}

/// Numbers above the signed range stay text.
fn number(kind: &str, text: &str) -> Option<Value> {
    match kind.trim_end_matches(" UNSIGNED") {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => {
            text.parse().ok().map(Value::Integer)
        }
        "FLOAT" | "DOUBLE" => text.parse().ok().map(Value::Real),
        _ => None,
    }
}

fn unreadable(index: usize, error: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Database, format!("the value in column {} can't be read: {error}", index + 1))
}
