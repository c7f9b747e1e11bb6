//! Column types in Firebird's words, and back.

use patchwright_hooks_api::schema::{ColumnType, Size};
use patchwright_hooks_api::{Error, ErrorKind};

/// What holds a text of any length.
pub(crate) const LONG_TEXT: &str = "BLOB SUB_TYPE TEXT CHARACTER SET UTF8";
/// The most characters of a VARCHAR in UTF-8 (32,765 bytes).
pub(crate) const MAX_VARCHAR: u32 = 8191;
/// The most digits of a decimal.
pub(crate) const MAX_PRECISION: u16 = 18;
/// The digits of a second that Firebird keeps.
pub(crate) const SECOND_DIGITS: u8 = 4;

/// The words for a type.
pub(crate) fn words(kind: &ColumnType) -> Result<String, Error> {
    Ok(match kind {
        ColumnType::Integer { bits: 0..=16, .. } => "SMALLINT".to_owned(),
        ColumnType::Integer { bits: 17..=32, .. } => "INTEGER".to_owned(),
        ColumnType::Integer { .. } => "BIGINT".to_owned(),
        ColumnType::Boolean => "BOOLEAN".to_owned(),
        ColumnType::Decimal { precision, scale } if *precision <= MAX_PRECISION => {
            format!("NUMERIC({precision}, {scale})")
        }
        ColumnType::Float { bits: 0..=32 } => "FLOAT".to_owned(),
        ColumnType::Float { .. } => "DOUBLE PRECISION".to_owned(),
        ColumnType::Char(size) if *size <= MAX_VARCHAR => format!("CHAR({size}) CHARACTER SET UTF8"),
        ColumnType::Varchar(size) if *size <= MAX_VARCHAR => format!("VARCHAR({size}) CHARACTER SET UTF8"),
        ColumnType::Text(_) => LONG_TEXT.to_owned(),
        ColumnType::Blob(_) => "BLOB SUB_TYPE BINARY".to_owned(),
        ColumnType::Date => "DATE".to_owned(),
        ColumnType::Time { .. } => "TIME".to_owned(),
        ColumnType::Timestamp { .. } => "TIMESTAMP".to_owned(),
        ColumnType::Native(words) => words.clone(),
        other => {
            let hint = "choose a type within Firebird 3's limits: decimals have 18 digits, texts 8191 characters or any length";
            return Err(Error::new(ErrorKind::Unsupported, format!("Firebird has no type for {other}")).hint(hint));
        }
    })
}

/// A type as the catalog reads it back.
pub(crate) fn stored(kind: &ColumnType) -> ColumnType {
    match kind {
        ColumnType::Integer { bits: 0..=16, .. } => ColumnType::Integer { bits: 16, unsigned: false },
        ColumnType::Integer { bits: 17..=32, .. } => ColumnType::Integer { bits: 32, unsigned: false },
        ColumnType::Integer { .. } => ColumnType::Integer { bits: 64, unsigned: false },
        ColumnType::Float { bits: 0..=32 } => ColumnType::Float { bits: 32 },
        ColumnType::Float { .. } => ColumnType::Float { bits: 64 },
        ColumnType::Varchar(size) if *size > MAX_VARCHAR => ColumnType::Text(Size::Normal),
        ColumnType::Text(_) | ColumnType::Json => ColumnType::Text(Size::Normal),
        // Bytes in a VARCHAR come back as text, and fail where they are none.
        ColumnType::Blob(_) | ColumnType::Binary(_) => ColumnType::Blob(Size::Normal),
        ColumnType::Time { .. } => ColumnType::Time { precision: SECOND_DIGITS },
        // Instants are kept in UTC; the type has no place for a zone.
        ColumnType::Timestamp { .. } => ColumnType::Timestamp { zone: false, precision: SECOND_DIGITS },
        ColumnType::Uuid => ColumnType::Char(36),
        ColumnType::Enum(words) => {
            let longest = words.iter().map(|word| word.chars().count()).max().unwrap_or(1);
            ColumnType::Varchar(u32::try_from(longest.max(1)).unwrap_or(MAX_VARCHAR))
        }
        other => other.clone(),
    }
}

/// A type as the catalog has it (`RDB$FIELDS`).
pub(crate) struct Field<'a> {
    /// The number of the type.
    pub kind: i64,
    pub sub_type: i64,
    /// In bytes.
    pub length: i64,
    /// In characters.
    pub characters: i64,
    pub precision: i64,
    /// Not above zero.
    pub scale: i64,
    pub charset: &'a str,
}

impl Field<'_> {
    /// What it is to everybody else.
    pub(crate) fn kind(&self) -> ColumnType {
        let digits = |number: i64| u16::try_from(number).unwrap_or_default();
        let size = u32::try_from(if self.characters > 0 { self.characters } else { self.length }).unwrap_or_default();
        let is_text = !matches!(self.charset, "OCTETS" | "BINARY");
        match self.kind {
            7 | 8 | 16 if self.scale < 0 || self.sub_type > 0 => {
                let precision = if self.precision > 0 { digits(self.precision) } else { MAX_PRECISION };
                ColumnType::Decimal { precision, scale: digits(-self.scale) }
            }
            7 => ColumnType::Integer { bits: 16, unsigned: false },
            8 => ColumnType::Integer { bits: 32, unsigned: false },
            16 => ColumnType::Integer { bits: 64, unsigned: false },
            10 => ColumnType::Float { bits: 32 },
            27 => ColumnType::Float { bits: 64 },
            12 => ColumnType::Date,
            13 => ColumnType::Time { precision: SECOND_DIGITS },
            35 => ColumnType::Timestamp { zone: false, precision: SECOND_DIGITS },
            14 if is_text => ColumnType::Char(size),
            37 if is_text => ColumnType::Varchar(size),
            14 => ColumnType::Native(format!("CHAR({size}) CHARACTER SET OCTETS")),
            37 => ColumnType::Native(format!("VARCHAR({size}) CHARACTER SET OCTETS")),
            23 => ColumnType::Boolean,
            261 if self.sub_type == 1 => ColumnType::Text(Size::Normal),
            261 if self.sub_type == 0 => ColumnType::Blob(Size::Normal),
            261 => ColumnType::Native(format!("BLOB SUB_TYPE {}", self.sub_type)),
            other => ColumnType::Native(format!("type {other} of Firebird")),
        }
    }
}

/// Whether every value of a type has the same meaning in another, so that Firebird's own ALTER can do it.
pub(crate) fn widens(from: &ColumnType, to: &ColumnType) -> bool {
    use ColumnType::{Char, Decimal, Float, Integer, Varchar};
    match (from, to) {
        (Integer { bits: old, .. }, Integer { bits: new, .. }) | (Float { bits: old }, Float { bits: new }) => {
            new >= old
        }
        (Varchar(old), Varchar(new)) | (Char(old), Char(new)) => new >= old,
        (Decimal { precision: old, scale }, Decimal { precision: new, scale: new_scale }) => {
            new >= old && scale == new_scale
        }
        _ => from == to,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_has_words_and_is_stored_as_it_is() {
        let kinds = [
            ColumnType::Integer { bits: 32, unsigned: true },
            ColumnType::Decimal { precision: 18, scale: 4 },
            ColumnType::Varchar(9000),
            ColumnType::Binary(16),
            ColumnType::Timestamp { zone: true, precision: 6 },
            ColumnType::Uuid,
            ColumnType::Json,
            ColumnType::Enum(vec!["red".into(), "green".into()]),
        ];
        for kind in kinds {
            let once = stored(&kind);
            assert_eq!(stored(&once), once);
            assert!(words(&once).is_ok(), "{kind}");
        }
        assert_eq!(stored(&ColumnType::Enum(vec!["red".into(), "green".into()])), ColumnType::Varchar(5));
        assert!(words(&ColumnType::Decimal { precision: 30, scale: 2 }).is_err());
    }
}
