//! The types that a column of SQLite can be declared with, and what others call them.
//!
//! To SQLite a declared type is free text that decides what happens to numbers and text on their way in (affinity). What it
//! says to people is kept: a VARCHAR(80) is one here too. UUID and JSON are declared with TEXT behind them, for alone they
//! would turn values that look like numbers into numbers.

use patchwright_hooks_api::Value;
use patchwright_hooks_api::change::sql::quoted_text;
use patchwright_hooks_api::schema::{ColumnType, DefaultValue, Size};

/// What a declared type says. In a STRICT table there are but five types.
pub(crate) fn read(declared: &str, strict: bool) -> ColumnType {
    let native = || ColumnType::Native(declared.trim().to_owned());
    let (base, sizes) = match declared.split_once('(') {
        Some((base, rest)) => (base, rest.trim_end().strip_suffix(')')),
        None => (declared, Some("")),
    };
    let sizes: Option<Vec<u32>> = sizes.and_then(|sizes| match sizes.trim() {
        "" => Some(Vec::new()),
        _ => sizes.split(',').map(|size| size.trim().parse().ok()).collect(),
    });
    let Some(sizes) = sizes else { return native() };
    let base = base.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
    let integer = |bits| ColumnType::Integer { bits, unsigned: false };
    let digits = |size: u32| u8::try_from(size).ok().filter(|digits| *digits <= 6);
    match (base.as_str(), sizes.as_slice()) {
        ("INT" | "INTEGER", []) => integer(if strict { 64 } else { 32 }),
        ("SMALLINT", []) => integer(16),
        ("BIGINT", []) => integer(64),
        ("BOOLEAN" | "BOOL", []) => ColumnType::Boolean,
        ("DECIMAL" | "NUMERIC", &[precision]) => decimal(precision, 0).unwrap_or_else(native),
        ("DECIMAL" | "NUMERIC", &[precision, scale]) => decimal(precision, scale).unwrap_or_else(native),
        ("REAL" | "FLOAT", []) => ColumnType::Float { bits: if strict { 64 } else { 32 } },
        ("DOUBLE" | "DOUBLE PRECISION", []) => ColumnType::Float { bits: 64 },
        ("CHAR" | "CHARACTER", &[size]) => ColumnType::Char(size),
        ("VARCHAR" | "CHARACTER VARYING", &[size]) => ColumnType::Varchar(size),
        ("TEXT" | "CLOB" | "TINYTEXT" | "MEDIUMTEXT" | "LONGTEXT", []) => ColumnType::Text(Size::Normal),
        ("BLOB" | "TINYBLOB" | "MEDIUMBLOB" | "LONGBLOB", []) => ColumnType::Blob(Size::Normal),
        ("BINARY" | "VARBINARY", &[size]) => ColumnType::Binary(size),
        ("DATE", []) => ColumnType::Date,
        ("TIME", []) => ColumnType::Time { precision: 0 },
        ("DATETIME" | "TIMESTAMP", []) => ColumnType::Timestamp { zone: false, precision: 0 },
        ("TIMESTAMPTZ", []) => ColumnType::Timestamp { zone: true, precision: 0 },
        ("TIME", &[size]) => digits(size).map_or_else(native, |precision| ColumnType::Time { precision }),
        ("DATETIME" | "TIMESTAMP" | "TIMESTAMPTZ", &[size]) => digits(size)
            .map_or_else(native, |precision| ColumnType::Timestamp { zone: base == "TIMESTAMPTZ", precision }),
        ("UUID" | "UUID TEXT", []) => ColumnType::Uuid,
        ("JSON" | "JSON TEXT", []) => ColumnType::Json,
        _ => native(),
    }
}

/// The type in the form in which it is read back.
pub(crate) fn stored(kind: &ColumnType, strict: bool) -> ColumnType {
    match kind {
        ColumnType::Integer { bits, .. } => {
            ColumnType::Integer { bits: if strict { 64 } else { *bits }, unsigned: false }
        }
        ColumnType::Text(_) => ColumnType::Text(Size::Normal),
        ColumnType::Blob(_) => ColumnType::Blob(Size::Normal),
        ColumnType::Native(text) => read(text, strict),
        ColumnType::Enum(_) => kind.clone(),
        ColumnType::Boolean if strict => ColumnType::Integer { bits: 64, unsigned: false },
        ColumnType::Float { .. } | ColumnType::Decimal { .. } if strict => ColumnType::Float { bits: 64 },
        ColumnType::Binary(_) if strict => ColumnType::Blob(Size::Normal),
        _ if strict => ColumnType::Text(Size::Normal),
        _ => kind.clone(),
    }
}

/// The type as it is declared; for one of a few words the column's check belongs to it.
pub(crate) fn declared(kind: &ColumnType, strict: bool) -> String {
    match stored(kind, strict) {
        ColumnType::Integer { bits: 64, .. } if strict => "INTEGER".to_owned(),
        ColumnType::Float { .. } if strict => "REAL".to_owned(),
        ColumnType::Integer { bits: 16, .. } => "SMALLINT".to_owned(),
        ColumnType::Integer { bits: 64, .. } => "BIGINT".to_owned(),
        ColumnType::Integer { .. } => "INTEGER".to_owned(),
        ColumnType::Boolean => "BOOLEAN".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        ColumnType::Float { bits: 32 } => "REAL".to_owned(),
        ColumnType::Float { .. } => "DOUBLE".to_owned(),
        ColumnType::Char(size) => format!("CHAR({size})"),
        ColumnType::Varchar(size) => format!("VARCHAR({size})"),
        ColumnType::Blob(_) => "BLOB".to_owned(),
        ColumnType::Binary(size) => format!("BINARY({size})"),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Time { precision } => with_digits("TIME", precision),
        ColumnType::Timestamp { zone: false, precision } => with_digits("DATETIME", precision),
        ColumnType::Timestamp { zone: true, precision } => with_digits("TIMESTAMPTZ", precision),
        ColumnType::Uuid => "UUID TEXT".to_owned(),
        ColumnType::Json => "JSON TEXT".to_owned(),
        ColumnType::Native(text) => text,
        // Among them Text and Enum.
        _ => "TEXT".to_owned(),
    }
}

/// The check that keeps other words out of a column of an enumeration; empty for other types.
pub(crate) fn enum_check(column: &str, kind: &ColumnType) -> String {
    let ColumnType::Enum(words) = kind else { return String::new() };
    let words: Vec<String> = words.iter().map(|word| quoted_text(word)).collect();
    format!(" CHECK ({column} IN ({}))", words.join(", "))
}

/// Whether SQLite turns text that looks like a number into one in such a column.
pub(crate) fn is_numeric(kind: &ColumnType) -> bool {
    matches!(
        kind,
        ColumnType::Integer { .. } | ColumnType::Boolean | ColumnType::Decimal { .. } | ColumnType::Float { .. }
    )
}

/// A default in the form in which it is read back: `5` and `'5'` are the same to a column that makes one of the other. A text
/// that a column of numbers can't make one of is an expression there.
pub(crate) fn stored_default(default: &DefaultValue, kind: &ColumnType) -> DefaultValue {
    let value = match default {
        DefaultValue::Literal(value) => value.clone(),
        DefaultValue::Expression(text) => match text_of(text) {
            Some(text) => Value::Text(text),
            None => return default.clone(),
        },
        _ => return default.clone(),
    };
    DefaultValue::Literal(match (kind, value) {
        (ColumnType::Integer { .. } | ColumnType::Boolean | ColumnType::Float { .. }, Value::Text(text)) => {
            let is_float = matches!(kind, ColumnType::Float { .. });
            let whole = text.parse().ok().filter(|_| !is_float).map(Value::Integer);
            match whole.or_else(|| text.parse().ok().map(Value::Real)) {
                Some(number) => number,
                None => return DefaultValue::Expression(quoted_text(&text)),
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "so SQLite stores it in such a column too")]
        (ColumnType::Float { .. }, Value::Integer(number)) => Value::Real(number as f64),
        (kind, value) if is_numeric(kind) && !matches!(kind, ColumnType::Decimal { .. }) => value,
        (ColumnType::Native(_) | ColumnType::Blob(_), value) => value,
        (_, Value::Integer(number)) => Value::Text(number.to_string()),
        (_, Value::Real(number)) => Value::Text(format!("{number:?}")),
        (_, value) => value,
    })
}

/// The text, if the expression is nothing but a text.
fn text_of(expression: &str) -> Option<String> {
    let inner = expression.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inner.replace("''", "").contains('\'')).then(|| inner.replace("''", "'"))
}

/// A value as a constant; `None` for a number that is none.
pub(crate) fn literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) if number.is_finite() => format!("{number:?}"),
        Value::Text(text) => quoted_text(text),
        Value::Bytes(bytes) => format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        _ => return None,
    })
}

fn decimal(precision: u32, scale: u32) -> Option<ColumnType> {
    Some(ColumnType::Decimal { precision: precision.try_into().ok()?, scale: scale.try_into().ok()? })
}

fn with_digits(name: &str, precision: u8) -> String {
    if precision == 0 { name.to_owned() } else { format!("{name}({precision})") }
}
