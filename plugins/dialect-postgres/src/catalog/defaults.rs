//! Defaults: what PostgreSQL writes them as, and what they are.

use crate::values;
use patchwright_hooks_api::Value;
use patchwright_hooks_api::schema::{ColumnType, DefaultValue};

/// The instant of now, in each of the ways to say it.
const NOW: [&str; 4] = ["current_timestamp", "localtimestamp", "now()", "transaction_timestamp()"];

/// The default that PostgreSQL writes so, such as `'new'::character varying`; `None` for NULL, which is none.
pub(super) fn read(text: &str, kind: &ColumnType) -> Option<DefaultValue> {
    match literal(unwrapped(text)) {
        Some(Literal::Null) => None,
        Some(Literal::Text(value)) => Some(DefaultValue::Literal(settled(Value::Text(value), kind))),
        None if is_now(text) => Some(DefaultValue::Now),
        None => Some(DefaultValue::Expression(text.to_owned())),
    }
}

/// The value in the one form that this dialect gives it in a column of this type.
pub(crate) fn settled(value: Value, kind: &ColumnType) -> Value {
    let text = match value {
        Value::Text(text) => text,
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        other => return other,
    };
    match kind {
        ColumnType::Blob(_) | ColumnType::Binary(_) => values::bytes_of(&text).map_or(Value::Text(text), Value::Bytes),
        ColumnType::Uuid => Value::Text(text.to_lowercase()),
        ColumnType::Timestamp { zone: true, .. } => Value::Text(with_zone(text)),
        kind => kind.value_of(&text).unwrap_or(Value::Text(text)),
    }
}

/// Sessions of this dialect are in UTC.
fn with_zone(text: String) -> String {
    let time = text.split_once([' ', 'T']).map(|(_, time)| time);
    let bare = time.is_some_and(|time| time.chars().all(|sign| sign.is_ascii_digit() || ":.".contains(sign)));
    if bare { format!("{text}+00") } else { text }
}

enum Literal {
    Null,
    Text(String),
}

/// A constant, with or without casts behind it.
fn literal(text: &str) -> Option<Literal> {
    let (literal, rest) = match text.strip_prefix('\'') {
        Some(quoted) => {
            let (value, rest) = string(quoted)?;
            (Literal::Text(value), rest)
        }
        None => {
            let end = text.find("::").unwrap_or(text.len());
            let (word, rest) = text.split_at(end);
            let word = unwrapped(word);
            let is_number = word.starts_with(|first: char| first.is_ascii_digit() || "-.".contains(first));
            match word {
                "NULL" => (Literal::Null, rest),
                "true" | "false" => (Literal::Text(word.to_owned()), rest),
                _ if is_number && word.parse::<f64>().is_ok() => (Literal::Text(word.to_owned()), rest),
                _ => return None,
            }
        }
    };
    is_casts(rest).then_some(literal)
}

/// The string whose content `text` begins with, and what stands behind its end.
fn string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('\'')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('\'') {
            Some(further) => {
                value.push('\'');
                rest = further;
            }
            None => return Some((value, rest)),
        }
    }
}

/// Nothing, or types alone: an operator or another constant makes an expression of it.
fn is_casts(text: &str) -> bool {
    let in_type = |sign: char| sign.is_alphanumeric() || "_ (),.:\"[]".contains(sign);
    text.is_empty() || text.starts_with("::") && text.chars().all(in_type)
}

fn is_now(text: &str) -> bool {
    let text = unwrapped(text).to_lowercase();
    // A precision, as in `CURRENT_TIMESTAMP(0)`, is no more than the column's own.
    let precise = |now: &str| {
        let digits = text.strip_prefix(now).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
        digits.is_some_and(|digits| digits.chars().all(|digit| digit.is_ascii_digit()))
    };
    NOW.contains(&text.as_str()) || NOW[..2].iter().any(|now| precise(now))
}

/// The text without parentheses around the whole of it.
fn unwrapped(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else { return text };
    let mut depth = 0_i32;
    let closes_early = inner.chars().any(|sign| {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        depth < 0
    });
    if closes_early || inner.contains('\'') { text } else { unwrapped(inner) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_told_from_expressions() {
        let integer = ColumnType::Integer { bits: 32, unsigned: false };
        let varchar = ColumnType::Varchar(80);
        let value = |value: Value| Some(DefaultValue::Literal(value));
        for (text, kind, default) in [
            ("0", &integer, value(Value::from(0))),
            ("'-1'::integer", &integer, value(Value::from(-1))),
            ("(-1)", &integer, value(Value::from(-1))),
            ("NULL::character varying", &varchar, None),
            ("'it''s \\ \"new\"'::character varying", &varchar, value(Value::from("it's \\ \"new\""))),
            ("''::text", &varchar, value(Value::from(""))),
            ("true", &ColumnType::Boolean, value(Value::from(1))),
            ("0.500", &ColumnType::Decimal { precision: 12, scale: 3 }, value(Value::from("0.500"))),
            ("'0.25'::double precision", &ColumnType::Float { bits: 64 }, value(Value::Real(0.25))),
            ("'\\x00ff'::bytea", &ColumnType::Blob(Default::default()), value(Value::Bytes(vec![0, 255]))),
            ("CURRENT_TIMESTAMP", &ColumnType::Date, Some(DefaultValue::Now)),
            ("now()", &ColumnType::Date, Some(DefaultValue::Now)),
            ("LOCALTIMESTAMP(0)", &ColumnType::Date, Some(DefaultValue::Now)),
        ] {
            assert_eq!(read(text, kind), default, "{text}");
        }
        for text in
            ["'a'::text || 'b'::text", "(1 + 2)", "lower('A'::text)", "nextval('s'::regclass)", "('a'::text)::x || y"]
        {
            assert_eq!(read(text, &varchar), Some(DefaultValue::Expression(text.into())));
        }
    }

    #[test]
    fn an_instant_without_a_zone_is_in_utc() {
        let instant = ColumnType::Timestamp { zone: true, precision: 6 };
        let settled = |text: &str| settled(Value::from(text), &instant);
        assert_eq!(settled("2024-02-29 12:00:00"), Value::from("2024-02-29 12:00:00+00"));
        assert_eq!(settled("2024-02-29 12:00:00+02"), Value::from("2024-02-29 12:00:00+02"));
    }
}
