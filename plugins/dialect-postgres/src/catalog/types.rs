//! PostgreSQL's types in the neutral words of the contract.

use patchwright_hooks_api::schema::{ColumnType, Size};

/// The type that PostgreSQL writes so (`format_type`): what the contract has no word for stays in PostgreSQL's own.
pub(super) fn kind(text: &str) -> ColumnType {
    known(text).unwrap_or_else(|| ColumnType::Native(text.to_owned()))
}

fn known(text: &str) -> Option<ColumnType> {
    let (name, sizes) = taken_apart(text)?;
    let integer = |bits| ColumnType::Integer { bits, unsigned: false };
    Some(match (name.as_str(), sizes.as_slice()) {
        ("smallint", []) => integer(16),
        ("integer", []) => integer(32),
        ("bigint", []) => integer(64),
        ("boolean", []) => ColumnType::Boolean,
        ("numeric", &[precision, scale]) => {
            ColumnType::Decimal { precision: precision.try_into().ok()?, scale: scale.try_into().ok()? }
        }
        ("real", []) => ColumnType::Float { bits: 32 },
        ("double precision", []) => ColumnType::Float { bits: 64 },
        ("character", &[size]) => ColumnType::Char(size),
        ("character varying", &[size]) => ColumnType::Varchar(size),
        ("text", []) => ColumnType::Text(Size::Normal),
        ("bytea", []) => ColumnType::Blob(Size::Normal),
        ("date", []) => ColumnType::Date,
        ("time without time zone", sizes) => ColumnType::Time { precision: precision(sizes)? },
        ("timestamp without time zone", sizes) => ColumnType::Timestamp { zone: false, precision: precision(sizes)? },
        ("timestamp with time zone", sizes) => ColumnType::Timestamp { zone: true, precision: precision(sizes)? },
        ("uuid", []) => ColumnType::Uuid,
        ("jsonb", []) => ColumnType::Json,
        _ => return None,
    })
}

/// `numeric(10,2)` as its name and what is in the parentheses, which may stand in its middle.
fn taken_apart(text: &str) -> Option<(String, Vec<u32>)> {
    let Some((before, rest)) = text.split_once('(') else { return Some((text.to_owned(), Vec::new())) };
    let (sizes, after) = rest.split_once(')')?;
    let sizes = sizes.split(',').map(|size| size.trim().parse().ok()).collect::<Option<_>>()?;
    Some((format!("{before}{after}"), sizes))
}

/// Digits of a second: all six unless it says less.
fn precision(sizes: &[u32]) -> Option<u8> {
    match sizes {
        [] => Some(6),
        [precision] => u8::try_from(*precision).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_the_words_of_the_contract() {
        for (text, kind) in [
            ("character varying(80)", ColumnType::Varchar(80)),
            ("numeric(10,2)", ColumnType::Decimal { precision: 10, scale: 2 }),
            ("timestamp(0) without time zone", ColumnType::Timestamp { zone: false, precision: 0 }),
            ("timestamp with time zone", ColumnType::Timestamp { zone: true, precision: 6 }),
            ("time(3) without time zone", ColumnType::Time { precision: 3 }),
        ] {
            assert_eq!(super::kind(text), kind, "{text}");
        }
    }

    #[test]
    fn what_the_contract_has_no_word_for_stays_as_it_is() {
        for text in
            ["numeric", "numeric(3,-2)", "character varying", "character varying(9)[]", "app.mood", "json", "bit(3)"]
        {
            assert_eq!(kind(text), ColumnType::Native(text.into()));
        }
    }
}
