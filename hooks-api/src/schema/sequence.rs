//! Sequences: counters that belong to no column.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A counter that gives out numbers. What it has reached is not told: that is data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sequence {
    /// Its name, without quotes.
    pub name: String,
    /// The first number that it gives out.
    #[serde(default = "one")]
    pub start: i64,
    /// From one number to the next.
    #[serde(default = "one")]
    pub increment: i64,
    /// What the database says of it beyond that, such as `CYCLE`, in its own words; `None` where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

impl Sequence {
    /// Whether both are known to give out other numbers.
    pub(super) fn differs_from(&self, other: &Self) -> bool {
        let says_otherwise = |(one, other): (&String, &String)| one != other;
        (self.start, self.increment) != (other.start, other.increment)
            || self.details.as_ref().zip(other.details.as_ref()).is_some_and(says_otherwise)
    }
}

fn one() -> i64 {
    1
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} by {}", self.start, self.increment)?;
        match self.details.as_deref() {
            Some(details) if !details.is_empty() => write!(f, " {details}"),
            _ => Ok(()),
        }
    }
}
