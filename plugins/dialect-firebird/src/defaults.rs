//! Defaults and values in Firebird's words, and back.

use crate::types::SECOND_DIGITS;
use patchwright_hooks_api::change::sql::quoted_text;
use patchwright_hooks_api::schema::{ColumnType, DefaultValue};
use patchwright_hooks_api::{Error, ErrorKind, Value};

/// Context variables: the only defaults of Firebird's that are no constants.
const VARIABLES: [&str; 8] = [
    "CURRENT_CONNECTION",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_TRANSACTION",
    "CURRENT_USER",
    "USER",
];

/// What stands behind DEFAULT.
pub(crate) fn words(default: &DefaultValue, kind: &ColumnType) -> Result<String, Error> {
    match default {
        DefaultValue::Literal(value) => literal(value, kind),
        DefaultValue::Now => Ok(now(kind).to_owned()),
        DefaultValue::Expression(text) if is_variable(text) => Ok(text.clone()),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            format!("Firebird takes no expression such as {default} for a default"),
        )
        .hint("give a constant, or a context variable such as CURRENT_USER")),
    }
}

/// A constant.
pub(crate) fn literal(value: &Value, kind: &ColumnType) -> Result<String, Error> {
    Ok(match (value, kind) {
        (Value::Null, _) => "NULL".to_owned(),
        (Value::Integer(number), ColumnType::Boolean) => if *number == 0 { "FALSE" } else { "TRUE" }.to_owned(),
        (Value::Integer(number), _) => number.to_string(),
        (Value::Real(number), _) => format!("{number:e}"),
        (Value::Text(text), ColumnType::Decimal { .. } | ColumnType::Integer { .. } | ColumnType::Float { .. })
            if text.parse::<f64>().is_ok() =>
        {
            text.clone()
        }
        (Value::Text(_), ColumnType::Timestamp { .. } | ColumnType::Time { .. }) => {
            match suited(value.clone(), kind)? {
                Value::Text(text) => quoted_text(&text),
                other => other.to_string(),
            }
        }
        (Value::Text(text), _) => quoted_text(text),
        (other, kind) => {
            return Err(Error::new(ErrorKind::Unsupported, format!("Firebird has no constant {other} for {kind}")));
        }
    })
}

/// The instant of now in a column of this type.
fn now(kind: &ColumnType) -> &'static str {
    match kind {
        ColumnType::Date => "CURRENT_DATE",
        ColumnType::Time { .. } => "CURRENT_TIME",
        _ => "CURRENT_TIMESTAMP",
    }
}

/// A default as the catalog has it (`RDB$DEFAULT_SOURCE`).
pub(crate) fn read(source: &str, kind: &ColumnType) -> Option<DefaultValue> {
    let text = source.trim();
    let text = match text.get(..7) {
        Some(word) if word.eq_ignore_ascii_case("DEFAULT") => text[7..].trim(),
        _ => text.strip_prefix('=').unwrap_or(text).trim(),
    };
    let upper = text.to_ascii_uppercase();
    match upper.as_str() {
        "NULL" => return None,
        "TRUE" => return Some(DefaultValue::Literal(Value::Integer(1))),
        "FALSE" => return Some(DefaultValue::Literal(Value::Integer(0))),
        "'NOW'" => return Some(DefaultValue::Now),
        upper if upper == now(kind) => return Some(DefaultValue::Now),
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Some(DefaultValue::Literal(Value::Text(inner.replace("''", "'"))));
    }
    let number = match kind {
        ColumnType::Integer { .. } => text.parse().ok().map(Value::Integer),
        ColumnType::Float { .. } => text.parse().ok().map(Value::Real),
        ColumnType::Decimal { .. } => text.parse::<f64>().ok().map(|_| Value::from(text)),
        _ => None,
    };
    Some(number.map_or_else(|| DefaultValue::Expression(text.to_owned()), DefaultValue::Literal))
}

/// A default as the catalog reads it back.
pub(crate) fn stored(default: &DefaultValue, kind: &ColumnType) -> Option<DefaultValue> {
    match words(default, kind) {
        Ok(words) => read(&words, kind),
        Err(_) => Some(default.clone()),
    }
}

/// A value as Firebird takes it for a column: truth as a word, and an instant in UTC with the digits that Firebird keeps.
pub(crate) fn suited(value: Value, kind: &ColumnType) -> Result<Value, Error> {
    Ok(match (value, kind) {
        (Value::Integer(number), ColumnType::Boolean) => Value::from(if number == 0 { "false" } else { "true" }),
        (Value::Text(text), ColumnType::Timestamp { .. } | ColumnType::Time { .. }) => Value::Text(instant(&text)?),
        (other, _) => other,
    })
}

fn instant(text: &str) -> Result<String, Error> {
    let clock = text.rfind(':').unwrap_or(0);
    let text = text.replace('T', " ");
    let text = ["Z", "+00:00", "+00", "+0000"].iter().find_map(|zone| text.strip_suffix(zone)).unwrap_or(&text);
    if text.len() > clock && text.get(clock..).is_some_and(|rest| rest.contains(['+', '-']))
        || text.matches(':').count() > 2
    {
        return Err(Error::new(ErrorKind::Unsupported, format!("Firebird keeps no time zone, and {text} has one"))
            .hint("write the instant in UTC"));
    }
    Ok(match text.split_once('.') {
        Some((seconds, digits)) => {
            let kept: String = digits.chars().take(SECOND_DIGITS.into()).collect();
            format!("{seconds}.{kept}")
        }
        None => text.to_owned(),
    })
}

fn is_variable(text: &str) -> bool {
    VARIABLES.iter().any(|variable| variable.eq_ignore_ascii_case(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_reads_back_as_what_was_written() {
        let integer = ColumnType::Integer { bits: 32, unsigned: false };
        let decimal = ColumnType::Decimal { precision: 12, scale: 3 };
        let timestamp = ColumnType::Timestamp { zone: false, precision: 4 };
        let literal = |value: Value| DefaultValue::Literal(value);
        for (default, kind) in [
            (literal(Value::Integer(-1)), integer),
            (literal(Value::from("0.500")), decimal),
            (literal(Value::Integer(1)), ColumnType::Boolean),
            (literal(Value::Real(0.25)), ColumnType::Float { bits: 64 }),
            (literal(Value::from("it's \"x\" \\")), ColumnType::Varchar(80)),
            (literal(Value::from("")), ColumnType::Varchar(80)),
            (literal(Value::from("2024-02-29")), ColumnType::Date),
            (DefaultValue::Now, timestamp),
            (DefaultValue::Now, ColumnType::Date),
            (DefaultValue::Expression("CURRENT_USER".into()), ColumnType::Varchar(31)),
        ] {
            let source = format!("DEFAULT {}", words(&default, &kind).unwrap());
            assert_eq!(read(&source, &kind), Some(default.clone()));
            assert_eq!(stored(&default, &kind), Some(default));
        }
        assert_eq!(read("DEFAULT NULL", &ColumnType::Date), None);
        assert!(words(&DefaultValue::Expression("1 + 1".into()), &ColumnType::Date).is_err());
    }

    #[test]
    fn an_instant_is_in_utc_and_has_four_digits_of_a_second() {
        for (text, kept) in [
            ("2024-02-29 12:00:00.123456+00:00", "2024-02-29 12:00:00.1234"),
            ("2024-02-29T12:00:00Z", "2024-02-29 12:00:00"),
            ("23:59:59", "23:59:59"),
        ] {
            assert_eq!(instant(text).unwrap(), kept);
        }
        assert!(instant("2024-02-29 12:00:00+02:00").is_err());
        assert!(instant("2024-02-29 12:00:00-05").is_err());
    }
}
