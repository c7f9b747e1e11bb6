//! Columns, and the types that real schemas use.

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Column {
    /// Its name, without quotes.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
    /// Whether it may be null.
    pub null: bool,
    /// What a row gets that doesn't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultValue>,
    /// Whether the database numbers the rows by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto: bool,
    /// What it is for, where the database keeps such remarks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// How its texts are compared, where that is not as its table has it (MySQL). It is kept, and no part of comparisons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ColumnType {
    /// A whole number of 16, 32 or 64 bits. `unsigned` is a wish that only MySQL can fulfil.
    Integer {
        /// 16, 32 or 64.
        bits: u8,
        /// Without negative numbers.
        unsigned: bool,
    },
    /// True or false.
    Boolean,
    /// An exact number.
    Decimal {
        /// Digits in all.
        precision: u16,
        /// Digits behind the point.
        scale: u16,
    },
    /// A floating number of 32 or 64 bits.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// Text of one length, in characters.
    Char(u32),
    /// Text up to a length, in characters.
    Varchar(u32),
    /// Long text.
    Text(Size),
    /// Long bytes.
    Blob(Size),
    /// Bytes up to a length.
    Binary(u32),
    /// A day.
    Date,
    /// A time of day, with digits of a second.
    Time {
        /// Digits of a second, 0 to 6.
        precision: u8,
    },
    /// A day and a time, with digits of a second.
    Timestamp {
        /// An instant, and not what a clock on the wall shows.
        zone: bool,
        /// Digits of a second, 0 to 6.
        precision: u8,
    },
    /// A universally unique identifier (RFC 9562).
    Uuid,
    /// A JSON text (RFC 8259).
    Json,
    /// One of these words.
    Enum(Vec<String>),
    /// A type of this database alone, in its own words: what none of the others describes.
    Native(String),
}

/// How much a long text or long bytes can hold, where the database makes a difference (MySQL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// 255 bytes.
    Tiny,
    /// 64 KiB.
    #[default]
    Normal,
    /// 16 MiB.
    Medium,
    /// 4 GiB, or what the database can.
    Long,
}

/// What a row gets in a column that it doesn't say anything of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DefaultValue {
    /// This value. Booleans are 0 and 1, dates and decimals their text.
    Literal(Value),
    /// The instant at which the row is made.
    Now,
    /// What this expression gives, in the database's own words.
    Expression(String),
}

impl Column {
    /// A column that may be null and has no default.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind, null: true, default: None, auto: false, comment: None, collation: None }
    }

    /// The same column, never null.
    #[must_use]
    pub fn not_null(mut self) -> Self {
        self.null = false;
        self
    }

    /// The same column with this default.
    #[must_use]
    pub fn with_default(mut self, default: DefaultValue) -> Self {
        self.default = Some(default);
        self
    }

    /// The same column, numbered by the database and so never null.
    #[must_use]
    pub fn numbered(mut self) -> Self {
        self.auto = true;
        self.null = false;
        self
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.auto {
            f.write_str(", numbered")?;
        }
        f.write_str(if self.null { ", may be null" } else { ", never null" })?;
        match &self.default {
            Some(default) => write!(f, ", default {default}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { bits, unsigned } => write!(f, "{bits}-bit integer{}", sign(*unsigned)),
            Self::Boolean => f.write_str("boolean"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Self::Float { bits } => write!(f, "{bits}-bit float"),
            Self::Char(size) => write!(f, "char({size})"),
            Self::Varchar(size) => write!(f, "varchar({size})"),
            Self::Text(size) => write!(f, "{size}text"),
            Self::Blob(size) => write!(f, "{size}blob"),
            Self::Binary(size) => write!(f, "binary({size})"),
            Self::Date => f.write_str("date"),
            Self::Time { precision } => write!(f, "time({precision})"),
            Self::Timestamp { zone: false, precision } => write!(f, "timestamp({precision})"),
            Self::Timestamp { zone: true, precision } => write!(f, "timestamp({precision}) with time zone"),
            Self::Uuid => f.write_str("uuid"),
            Self::Json => f.write_str("json"),
            Self::Enum(words) => write!(f, "enum({})", words.join(", ")),
            Self::Native(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tiny => "tiny ",
            Self::Normal => "",
            Self::Medium => "medium ",
            Self::Long => "long ",
        })
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(value) => write!(f, "{value}"),
            Self::Now => f.write_str("now"),
            Self::Expression(text) => write!(f, "({text})"),
        }
    }
}

fn sign(unsigned: bool) -> &'static str {
    if unsigned { " without sign" } else { "" }
}
