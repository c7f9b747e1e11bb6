//! Defaults of columns: how they are written, how the catalog gives them back, and the one form in which both agree.

use crate::bound::{quoted, unquoted};
use crate::instant::{in_utc, with_precision};
use crate::types::is_long;
use patchwright_hooks_api::schema::{ColumnType, DefaultValue};
use patchwright_hooks_api::{Error, Value};
use std::fmt::Write;

/// What stands behind DEFAULT. Expressions are in parentheses, as MySQL wants them; MariaDB takes both.
pub(crate) fn spelled(default: &DefaultValue, kind: &ColumnType) -> Result<String, Error> {
    match canonical(default.clone(), kind) {
        None => Ok("NULL".to_owned()),
        Some(DefaultValue::Now) => Ok(match kind {
            ColumnType::Timestamp { precision: 0, .. } => "CURRENT_TIMESTAMP".to_owned(),
            ColumnType::Timestamp { precision, .. } => format!("CURRENT_TIMESTAMP({precision})"),
            ColumnType::Date => "(CURRENT_DATE)".to_owned(),
            ColumnType::Time { precision: 0 } => "(CURRENT_TIME)".to_owned(),
            ColumnType::Time { precision } => format!("(CURRENT_TIME({precision}))"),
            _ => "(CURRENT_TIMESTAMP)".to_owned(),
        }),
        Some(DefaultValue::Expression(text)) => Ok(format!("({text})")),
        Some(DefaultValue::Literal(value)) => literal(&value, kind),
        Some(other) => Err(Error::invalid(format!("MySQL has no such default: {other}"))),
    }
}

/// Whether it needs a server that has expressions as defaults.
pub(crate) fn is_expression(default: &DefaultValue, kind: &ColumnType) -> bool {
    match default {
        DefaultValue::Now => !matches!(kind, ColumnType::Timestamp { .. }),
        DefaultValue::Expression(_) => true,
        _ => is_long(kind) || matches!(kind, ColumnType::Binary(_)),
    }
}

fn literal(value: &Value, kind: &ColumnType) -> Result<String, Error> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) if number.is_finite() => format!("{number:e}"),
        Value::Text(text) if is_long(kind) => format!("({})", quoted(text)),
        Value::Text(text) => quoted(text),
        // The catalog gives a default back as text, which bytes are not: so they are written as an expression.
        Value::Bytes(bytes) => {
            let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
                write!(digits, "{byte:02X}").expect("a string takes everything");
                digits
            });
            format!("(unhex('{digits}'))")
        }
        other => return Err(Error::invalid(format!("MySQL can't have {other} as a default"))),
    })
}

/// The default in the form in which it is read back, of the kind that its column holds.
pub(crate) fn canonical(default: DefaultValue, kind: &ColumnType) -> Option<DefaultValue> {
    match default {
        DefaultValue::Literal(Value::Null) => None,
        DefaultValue::Literal(value) => Some(DefaultValue::Literal(canonical_value(value, kind))),
        DefaultValue::Expression(text) => Some(DefaultValue::Expression(expression(text))),
        other => Some(other),
    }
}

fn canonical_value(value: Value, kind: &ColumnType) -> Value {
    let text = match &value {
        Value::Bytes(_) | Value::Null => return value,
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    };
    match kind {
        ColumnType::Integer { .. } => text.parse().map_or(Value::Text(text), Value::Integer),
        ColumnType::Boolean => match text.as_str() {
            "true" => Value::Integer(1),
            "false" => Value::Integer(0),
            _ => text.parse().map_or(Value::Text(text), Value::Integer),
        },
        ColumnType::Float { .. } => text.parse().map_or(Value::Text(text), Value::Real),
        ColumnType::Decimal { scale, .. } => Value::Text(decimal(&text, usize::from(*scale))),
        ColumnType::Time { precision } => Value::Text(with_precision(&text, *precision)),
        ColumnType::Timestamp { zone, precision } => {
            let text = if *zone { in_utc(&text) } else { text };
            Value::Text(with_precision(&text, *precision))
        }
        ColumnType::Binary(_) | ColumnType::Blob(_) => Value::Bytes(text.into_bytes()),
        ColumnType::Native(_) => value,
        _ => Value::Text(text),
    }
}

/// An exact number with all digits behind its point. What has more of them is left for the server to round.
fn decimal(text: &str, scale: usize) -> String {
    let (sign, number) = text.strip_prefix('-').map_or(("", text), |number| ("-", number));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    if fraction.len() > scale || !is_number(whole) || !is_number(fraction) {
        return text.to_owned();
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction:0<scale$}") }
}

/// What MariaDB's catalog says of a default: an expression, in which literals are one kind.
pub(crate) fn read(text: &str, kind: &ColumnType) -> Option<DefaultValue> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("NULL") {
        return None;
    }
    if is_now(text, kind) {
        return Some(DefaultValue::Now);
    }
    if let Some((said, "")) = unquoted(text) {
        return canonical(DefaultValue::Literal(Value::Text(said)), kind);
    }
    if let Some(bytes) = unhexed(text) {
        return Some(DefaultValue::Literal(Value::Bytes(bytes)));
    }
    let is_number =
        text.parse::<f64>().is_ok() && text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    if is_number {
        let value = text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Integer);
        return canonical(DefaultValue::Literal(value), kind);
    }
    Some(DefaultValue::Expression(expression(text.to_owned())))
}

/// What MySQL's catalog says: literals stand bare, and only `EXTRA` tells them from expressions.
pub(crate) fn read_mysql(text: &str, extra: &str, kind: &ColumnType) -> Option<DefaultValue> {
    let is_expression = extra.to_ascii_uppercase().contains("DEFAULT_GENERATED");
    if !is_expression && !is_now(text, kind) {
        return canonical(DefaultValue::Literal(Value::from(text)), kind);
    }
    let text = text.replace("\\'", "'");
    let bare = text.strip_prefix("_utf8mb4").filter(|rest| rest.starts_with('\'')).unwrap_or(&text);
    read(bare, kind)
}

/// Whether the expression is the instant of now, in all digits that the column has.
fn is_now(text: &str, kind: &ColumnType) -> bool {
    let lower = text.to_ascii_lowercase();
    let lower = lower.strip_suffix("()").unwrap_or(&lower);
    let of = |name: &str, precision: u8| {
        let rest = lower.strip_prefix(name);
        rest.is_some_and(|rest| {
            if precision == 0 { rest.is_empty() || rest == "(0)" } else { rest == format!("({precision})") }
        })
    };
    match kind {
        ColumnType::Timestamp { precision, .. } => of("current_timestamp", *precision) || of("now", *precision),
        ColumnType::Date => of("curdate", 0) || of("current_date", 0),
        ColumnType::Time { precision } => of("curtime", *precision) || of("current_time", *precision),
        _ => of("current_timestamp", 0),
    }
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("unhex(")?.strip_suffix(')')?;
    let digits = digits.strip_prefix("_utf8mb4").unwrap_or(digits);
    let (digits, "") = unquoted(digits)? else { return None };
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The server prints some functions under another name than authors write, and parentheses around the whole.
pub(crate) fn expression(text: String) -> String {
    let mut text = text;
    for (printed, written) in [("lcase(", "lower("), ("ucase(", "upper(")] {
        if text.contains(printed) {
            text = text.replace(printed, written);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<DefaultValue> {
        Some(DefaultValue::Literal(Value::from(text)))
    }

    #[test]
    fn a_default_of_mariadb_is_told_apart_by_how_it_stands() {
        let varchar = ColumnType::Varchar(80);
        assert_eq!(read("NULL", &varchar), None);
        assert_eq!(read("'NULL'", &varchar), text("NULL"));
        assert_eq!(read("'it\\'s \\\\'", &varchar), text("it's \\"));
        assert_eq!(read("lcase('X')", &varchar), Some(DefaultValue::Expression("lower('X')".into())));
        let integer = ColumnType::Integer { bits: 32, unsigned: false };
        assert_eq!(read("-1", &integer), Some(DefaultValue::Literal(Value::from(-1))));
        assert_eq!(read("(1 + 2)", &integer), Some(DefaultValue::Expression("(1 + 2)".into())));
        assert_eq!(read("0.500", &ColumnType::Decimal { precision: 12, scale: 3 }), text("0.500"));
        assert_eq!(read("1e300", &ColumnType::Float { bits: 64 }), Some(DefaultValue::Literal(Value::Real(1e300))));
        let instant = ColumnType::Timestamp { zone: true, precision: 6 };
        assert_eq!(read("current_timestamp(6)", &instant), Some(DefaultValue::Now));
        assert_ne!(read("current_timestamp()", &instant), Some(DefaultValue::Now));
        assert_eq!(read("curdate()", &ColumnType::Date), Some(DefaultValue::Now));
    }

    #[test]
    fn a_default_of_mysql_is_told_apart_by_what_stands_beside_it() {
        let varchar = ColumnType::Varchar(80);
        assert_eq!(read_mysql("it's", "", &varchar), text("it's"));
        assert_eq!(read_mysql("NULL", "", &varchar), text("NULL"));
        assert_eq!(read_mysql("_utf8mb4\\'x\\'", "DEFAULT_GENERATED", &ColumnType::Json), text("x"));
        let stamp = ColumnType::Timestamp { zone: false, precision: 0 };
        assert_eq!(read_mysql("CURRENT_TIMESTAMP", "DEFAULT_GENERATED", &stamp), Some(DefaultValue::Now));
        assert_eq!(read_mysql("CURRENT_TIMESTAMP", "", &stamp), Some(DefaultValue::Now));
        assert_eq!(
            read_mysql("uuid()", "DEFAULT_GENERATED", &varchar),
            Some(DefaultValue::Expression("uuid()".into()))
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (value, kind) in [
            (Value::Bytes(vec![0, 255, 39]), ColumnType::Binary(16)),
            (Value::from("0.5"), ColumnType::Decimal { precision: 12, scale: 3 }),
            (Value::from("-007"), ColumnType::Decimal { precision: 4, scale: 0 }),
            (Value::from("10:00:00"), ColumnType::Time { precision: 3 }),
            (Value::from("2024-02-29 12:00:00+02:00"), ColumnType::Timestamp { zone: true, precision: 0 }),
            (Value::from("it's \\"), ColumnType::Json),
            (Value::Real(-0.25), ColumnType::Float { bits: 64 }),
        ] {
            let default = DefaultValue::Literal(value);
            let written = spelled(&default, &kind).unwrap();
            let bare = written.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(&written);
            assert_eq!(read(bare, &kind), canonical(default, &kind), "{written}");
        }
    }
}
