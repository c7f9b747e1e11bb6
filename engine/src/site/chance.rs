//! Chance, behind a seam: what it decides must be the same in every run of a test.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Gives numbers that nobody foresees.
pub trait Chance: Send + Sync {
    /// A number, each with the same chance.
    fn number(&self) -> u64;
}

/// The machine's chance: a hash under a key that the operating system drew.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemChance;

impl Chance for SystemChance {
    fn number(&self) -> u64 {
        RandomState::new().build_hasher().finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_number_comes_twice() {
        let numbers: BTreeSet<u64> = (0..1000).map(|_| SystemChance.number()).collect();
        assert_eq!(numbers.len(), 1000);
    }
}
