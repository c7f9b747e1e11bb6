//! What changes of rows are made of: which rows, and what they get.

use super::Change;
use crate::error::Error;
use crate::schema::{ColumnType, DefaultValue, Table};
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// Which rows: those for which all of it holds. Empty means every row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(pub Vec<Match>);

/// What one column must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// The column.
    pub column: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what. Null can only be equal or not.
    pub value: Value,
}

/// How a column is compared with a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// The same; null is the same as null.
    #[default]
    Equal,
    /// Another value; null is another than every value.
    Other,
    /// Less.
    Less,
    /// Less or the same.
    AtMost,
    /// More.
    More,
    /// More or the same.
    AtLeast,
    /// A text that has this shape: `%` stands for any text and `_` for any character.
    Like,
}

/// What a column gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// The column.
    pub column: String,
    /// Where its value comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// This value.
    Value(Value),
    /// Another column of the same row.
    Column(String),
}

/// What happens to a row that is to be added where one with the same key is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnConflict {
    /// The change fails, and with it the patch.
    #[default]
    Fail,
    /// The row that is there stays.
    Ignore,
    /// The row that is there gets the new one's values.
    Update,
}

impl Change {
    /// How many values of the table's key one statement takes at most, where the change is to be made in parts.
    pub fn batch(&self) -> Option<u32> {
        match self {
            Self::UpdateRows { batch, .. } => *batch,
            _ => None,
        }
    }

    /// The part of the change that is about rows whose key is in this range.
    #[must_use]
    pub fn part(&self, key: &str, from: i64, to: i64) -> Self {
        let mut part = self.clone();
        if let Self::UpdateRows { condition, batch, .. } = &mut part {
            *batch = None;
            for (comparison, value) in [(Comparison::AtLeast, from), (Comparison::AtMost, to)] {
                condition.0.push(Match { column: key.to_owned(), comparison, value: Value::Integer(value) });
            }
        }
        part
    }

    /// Whether it gives this column of rows a value.
    pub fn sets(&self, column: &str) -> bool {
        match self {
            Self::UpdateRows { set, .. } | Self::CopyRows { set, .. } => {
                set.iter().any(|assignment| assignment.column.eq_ignore_ascii_case(column))
            }
            Self::InsertRows { columns, .. } => columns.iter().any(|name| name.eq_ignore_ascii_case(column)),
            _ => false,
        }
    }

    /// The change with every value, and every new default, of the kind that its column holds: a manifest knows nothing but
    /// text.
    ///
    /// # Errors
    /// When a column is not there, or a text does not say such a value.
    pub fn typed_by(&self, table: &Table) -> Result<Self, Error> {
        let mut change = self.clone();
        match &mut change {
            Self::InsertRows { columns, rows, .. } => {
                for row in rows {
                    for (column, value) in columns.iter().zip(row) {
                        *value = typed(table, column, value)?;
                    }
                }
            }
            Self::UpdateRows { set, condition, .. } => {
                type_assignments(set, table)?;
                type_condition(condition, table)?;
            }
            Self::DeleteRows { condition, .. } => type_condition(condition, table)?,
            Self::AlterColumn { column, alteration, .. } => {
                if let Some(Some(DefaultValue::Literal(value))) = &mut alteration.default {
                    *value = match (&alteration.kind, &*value) {
                        (Some(kind), Value::Text(text)) => kind.value_of(text)?,
                        (None, _) => typed(table, column, value)?,
                        (Some(_), other) => other.clone(),
                    };
                }
            }
            // The condition of a copy speaks of the other table, whose columns the database knows.
            Self::CopyRows { set, .. } => type_assignments(set, table)?,
            _ => {}
        }
        Ok(change)
    }
}

impl ColumnType {
    /// The value that a text says in a column of this type, as a manifest writes it: `true` and `false` for booleans,
    /// a decimal point, ISO 8601 for dates and times.
    ///
    /// # Errors
    /// When the text does not say such a value.
    pub fn value_of(&self, text: &str) -> Result<Value, Error> {
        let wrong = || Error::invalid(format!("{text:?} is no {self}"));
        match self {
            Self::Integer { .. } => match text.parse::<i64>() {
                Ok(number) => Ok(Value::Integer(number)),
                // Numbers above the signed range travel as text.
                Err(_) if text.parse::<u64>().is_ok() => Ok(Value::from(text)),
                Err(_) => Err(wrong()),
            },
            Self::Boolean => match text {
                "true" | "1" => Ok(Value::Integer(1)),
                "false" | "0" => Ok(Value::Integer(0)),
                _ => Err(wrong().hint("write true or false")),
            },
            Self::Float { .. } => {
                text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Real).ok_or_else(wrong)
            }
            Self::Enum(words) if !words.iter().any(|word| word == text) => Err(wrong()),
            _ => Ok(Value::from(text)),
        }
    }
}

fn typed(table: &Table, column: &str, value: &Value) -> Result<Value, Error> {
    let Some(known) = table.column(column) else {
        return Err(Error::missing(format!("the table {} has no column {column}", table.name)));
    };
    match value {
        Value::Text(text) => known
            .kind
            .value_of(text)
            .map_err(|error| error.while_doing(format!("the column {column} of {}", table.name))),
        other => Ok(other.clone()),
    }
}

fn type_assignments(set: &mut [Assignment], table: &Table) -> Result<(), Error> {
    for assignment in set {
        if let Source::Value(value) = &mut assignment.source {
            *value = typed(table, &assignment.column, value)?;
        }
    }
    Ok(())
}

fn type_condition(condition: &mut Condition, table: &Table) -> Result<(), Error> {
    for wanted in &mut condition.0 {
        if wanted.comparison != Comparison::Like {
            wanted.value = typed(table, &wanted.column, &wanted.value)?;
        }
    }
    Ok(())
}
