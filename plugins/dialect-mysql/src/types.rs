//! Types of columns, as MySQL spells them and as its catalog names them.
//!
//! What reads and what spells fit together: a type's stored form is what is read of its spelling. So a UUID is 36 characters
//! everywhere, because MySQL has no type for it, and MariaDB only in its later versions.

use crate::bound::{quoted, unquoted};
use patchwright_hooks_api::schema::{ColumnType, Size};
use patchwright_hooks_api::{Error, ErrorKind};

/// The type as it stands in a definition.
pub(crate) fn spelled(kind: &ColumnType) -> Result<String, Error> {
    Ok(match kind {
        ColumnType::Integer { bits, unsigned } => {
            let name = match bits {
                16 => "SMALLINT",
                32 => "INT",
                64 => "BIGINT",
                _ => return Err(unsupported(kind)),
            };
            if *unsigned { format!("{name} UNSIGNED") } else { name.to_owned() }
        }
        ColumnType::Boolean => "TINYINT(1)".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        ColumnType::Float { bits: 32 } => "FLOAT".to_owned(),
        ColumnType::Float { bits: 64 } => "DOUBLE".to_owned(),
        ColumnType::Char(length) => format!("CHAR({length})"),
        ColumnType::Varchar(length) => format!("VARCHAR({length})"),
        ColumnType::Text(size) => format!("{}TEXT", prefix(*size)),
        ColumnType::Blob(size) => format!("{}BLOB", prefix(*size)),
        ColumnType::Binary(length) => format!("VARBINARY({length})"),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Time { precision } => format!("TIME{}", digits(*precision)),
        ColumnType::Timestamp { zone: true, precision } => format!("TIMESTAMP{}", digits(*precision)),
        ColumnType::Timestamp { zone: false, precision } => format!("DATETIME{}", digits(*precision)),
        ColumnType::Uuid => "CHAR(36)".to_owned(),
        ColumnType::Json => "JSON".to_owned(),
        ColumnType::Enum(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!("ENUM({})", words.join(","))
        }
        ColumnType::Native(text) => text.clone(),
        _ => return Err(unsupported(kind)),
    })
}

/// The type that the catalog, or an author, calls so: a neutral one where there is one.
pub(crate) fn read(text: &str) -> ColumnType {
    let whole = text.trim();
    let native = || ColumnType::Native(native_form(whole));
    let lower = whole.to_ascii_lowercase();
    let (name, rest) = match lower.find(|character: char| !character.is_ascii_alphanumeric()) {
        Some(end) => lower.split_at(end),
        None => (lower.as_str(), ""),
    };
    if name == "enum" {
        return words(&whole[name.len()..]).map_or_else(native, ColumnType::Enum);
    }
    let Some((numbers, flags)) = arguments(rest) else { return native() };
    let flags = flags.trim();
    let unsigned = flags == "unsigned";
    let can_be_unsigned = matches!(name, "smallint" | "int" | "integer" | "bigint");
    if !(flags.is_empty() || unsigned && can_be_unsigned) {
        return native();
    }
    let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    match (name, numbers.as_slice()) {
        ("tinyint", [1]) | ("bool" | "boolean", []) => ColumnType::Boolean,
        ("smallint", [] | [_]) => ColumnType::Integer { bits: 16, unsigned },
        ("int" | "integer", [] | [_]) => ColumnType::Integer { bits: 32, unsigned },
        ("bigint", [] | [_]) => ColumnType::Integer { bits: 64, unsigned },
        ("decimal" | "numeric" | "dec", sizes) if sizes.len() <= 2 => {
            let short = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
            let precision = short(sizes.first().copied().unwrap_or(10));
            ColumnType::Decimal { precision, scale: short(sizes.get(1).copied().unwrap_or(0)) }
        }
        ("float", []) => ColumnType::Float { bits: 32 },
        ("double" | "real", []) => ColumnType::Float { bits: 64 },
        ("char", [length]) => ColumnType::Char(*length),
        ("varchar", [length]) => ColumnType::Varchar(*length),
        ("varbinary", [length]) => ColumnType::Binary(*length),
        ("tinytext", []) => ColumnType::Text(Size::Tiny),
        ("text", []) => ColumnType::Text(Size::Normal),
        ("mediumtext", []) => ColumnType::Text(Size::Medium),
        ("longtext", []) => ColumnType::Text(Size::Long),
        ("tinyblob", []) => ColumnType::Blob(Size::Tiny),
        ("blob", []) => ColumnType::Blob(Size::Normal),
        ("mediumblob", []) => ColumnType::Blob(Size::Medium),
        ("longblob", []) => ColumnType::Blob(Size::Long),
        ("date", []) => ColumnType::Date,
        ("time", []) => ColumnType::Time { precision: 0 },
        ("time", [precision]) => ColumnType::Time { precision: small(*precision) },
        ("datetime", []) => ColumnType::Timestamp { zone: false, precision: 0 },
        ("datetime", [precision]) => ColumnType::Timestamp { zone: false, precision: small(*precision) },
        ("timestamp", []) => ColumnType::Timestamp { zone: true, precision: 0 },
        ("timestamp", [precision]) => ColumnType::Timestamp { zone: true, precision: small(*precision) },
        ("json", []) => ColumnType::Json,
        _ => native(),
    }
}

/// Whether the database keeps it apart from the row: such a column can be indexed by its beginning alone, and on MySQL has
/// no default but an expression.
pub(crate) fn is_long(kind: &ColumnType) -> bool {
    matches!(kind, ColumnType::Text(_) | ColumnType::Blob(_) | ColumnType::Json)
}

/// Whether values of a type of the server's own, by its name there, can be indexed by their beginning: those of numbers and of
/// times can't.
pub(crate) fn has_a_beginning(native: &str) -> bool {
    let name = native.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    let families = ["char", "text", "blob", "binary", "geometry", "point", "linestring", "polygon", "collection"];
    families.iter().any(|family| name.ends_with(family))
}

/// Whether it holds text, with a character set of its own.
pub(crate) fn is_textual(kind: &ColumnType) -> bool {
    matches!(
        kind,
        ColumnType::Char(_) | ColumnType::Varchar(_) | ColumnType::Text(_) | ColumnType::Enum(_) | ColumnType::Uuid
    )
}

fn prefix(size: Size) -> &'static str {
    match size {
        Size::Tiny => "TINY",
        Size::Normal => "",
        Size::Medium => "MEDIUM",
        Size::Long => "LONG",
    }
}

fn digits(precision: u8) -> String {
    if precision == 0 { String::new() } else { format!("({precision})") }
}

/// The numbers in the parentheses that the text begins with, if it begins so, and what stands behind them.
fn arguments(text: &str) -> Option<(Vec<u32>, &str)> {
    let Some(rest) = text.strip_prefix('(') else { return Some((Vec::new(), text)) };
    let (inside, behind) = rest.split_once(')')?;
    let numbers = inside.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
    Some((numbers, behind))
}

/// The words of `('red','green')`.
fn words(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim().strip_prefix('(')?;
    let mut words = Vec::new();
    loop {
        let (word, behind) = unquoted(rest.trim_start())?;
        words.push(word);
        rest = behind.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (rest == ")").then_some(words),
        }
    }
}

/// The display width of a whole number says nothing, and MySQL 8 leaves it out.
fn native_form(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    for name in ["tinyint", "mediumint", "year"] {
        if let Some(rest) = lower.strip_prefix(name)
            && let Some((_, flags)) = arguments(rest).filter(|(_, flags)| flags.is_empty() || *flags == " unsigned")
        {
            return format!("{name}{flags}");
        }
    }
    text.to_owned()
}

fn unsupported(kind: &ColumnType) -> Error {
    Error::new(ErrorKind::Unsupported, format!("MySQL has no type {kind}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_as_it_is_spelled() {
        for kind in [
            ColumnType::Integer { bits: 16, unsigned: true },
            ColumnType::Integer { bits: 64, unsigned: false },
            ColumnType::Boolean,
            ColumnType::Decimal { precision: 12, scale: 3 },
            ColumnType::Float { bits: 32 },
            ColumnType::Char(2),
            ColumnType::Text(Size::Medium),
            ColumnType::Blob(Size::Normal),
            ColumnType::Binary(16),
            ColumnType::Time { precision: 3 },
            ColumnType::Timestamp { zone: true, precision: 6 },
            ColumnType::Timestamp { zone: false, precision: 0 },
            ColumnType::Json,
            ColumnType::Enum(vec!["it's".into(), "a,b)".into(), "漢\\".into()]),
        ] {
            assert_eq!(read(&spelled(&kind).unwrap()), kind);
        }
        assert_eq!(read(&spelled(&ColumnType::Uuid).unwrap()), ColumnType::Char(36));
    }

    #[test]
    fn names_of_the_catalog_are_read_whatever_their_display_width() {
        for (text, kind) in [
            ("int(11)", ColumnType::Integer { bits: 32, unsigned: false }),
            ("int unsigned", ColumnType::Integer { bits: 32, unsigned: true }),
            ("bigint(20) unsigned", ColumnType::Integer { bits: 64, unsigned: true }),
            ("tinyint(1)", ColumnType::Boolean),
            ("tinyint(4)", ColumnType::Native("tinyint".into())),
            ("mediumint(8) unsigned", ColumnType::Native("mediumint unsigned".into())),
            ("int(5) unsigned zerofill", ColumnType::Native("int(5) unsigned zerofill".into())),
            ("double(10,2)", ColumnType::Native("double(10,2)".into())),
            ("year(4)", ColumnType::Native("year".into())),
            ("set('a','b')", ColumnType::Native("set('a','b')".into())),
            ("binary(16)", ColumnType::Native("binary(16)".into())),
            ("uuid", ColumnType::Native("uuid".into())),
        ] {
            assert_eq!(read(text), kind, "{text}");
        }
    }
}
