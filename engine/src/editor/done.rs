//! What an editor did besides changing files.

use crate::handover::Replacement;
use crate::ledger::Executed;
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::Sha256;

/// What an editor did besides changing files.
#[derive(Default)]
pub(crate) struct Done {
    /// The statements that were run, in order.
    pub executed: Vec<Executed>,
    /// A sum over each deed, on a lane that is stepwise.
    pub deeds: Vec<Sha256>,
    /// What the report is to say.
    pub notes: Vec<String>,
    /// What is to take the patcher's place.
    pub patcher: Option<Replacement>,
}

impl Done {
    /// How much was done to the database, and one digest over all: statements, their parameters and what takes them back, the
    /// notes, the new patcher.
    pub(crate) fn digest(&self) -> (usize, Sha256) {
        let (count, sum) = if self.deeds.is_empty() {
            (self.executed.len(), sha256_of_json(&self.executed))
        } else {
            (self.deeds.len(), sha256_of_json(&self.deeds))
        };
        if self.patcher.is_none() && self.notes.is_empty() {
            return (count, sum);
        }
        (count, sha256_of_json(&(sum, &self.patcher, &self.notes)))
    }
}
