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
}

fn one() -> i64 {
    1
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {} by {}", self.start, self.increment)
    }
}
