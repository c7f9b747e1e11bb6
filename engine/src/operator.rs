//! Who decides and is told: the person at the terminal, the console, or the program that embeds the engine.

use patchwright_hooks_api::{Finding, Level, Question};
use serde::Serialize;

/// Decides questions and is told what happens.
pub trait Operator: Send + Sync {
    /// Is told what happens, in order. Must return soon: the run waits.
    fn event(&self, event: &Event);

    /// Decides a question that a check asked, or leaves it open with `None`; an open question stops the patch before
    /// anything is changed.
    fn answer(&self, patch: &str, finding: &Finding, question: &Question) -> Option<String>;

    /// Whether the run shall stop. Asked before every step; once the patch is in force it is too late.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Who approved a plan, and when.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The person or program.
    pub by: String,
    /// In RFC 3339.
    pub at: String,
}

/// What happens during a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Another engine is at work on the site, and is waited for. Told again when there is more to say of it.
    Waiting {
        /// Who it is, and what it does, as far as that is known.
        reason: String,
    },
    /// A patch's archive was read and verified.
    Unpacked {
        /// The patch's id.
        patch: String,
        /// How many files it brings along.
        members: usize,
    },
    /// A step is being rehearsed; nothing is changed.
    Rehearsing {
        /// The patch's id.
        patch: String,
        /// Which step, from 1.
        step: usize,
        /// How many there are.
        of: usize,
    },
    /// The gate is shut: users are kept out.
    GateShut,
    /// A step is being staged behind the shut gate.
    Staging {
        /// The patch's id.
        patch: String,
        /// Which step, from 1.
        step: usize,
        /// How many there are.
        of: usize,
        /// What it does.
        summary: String,
    },
    /// The staged files are being switched with the live ones.
    Switching {
        /// The patch's id.
        patch: String,
        /// How many changes.
        changes: usize,
    },
    /// The patch is in force.
    Committed {
        /// The patch's id.
        patch: String,
        /// The version that the site now has.
        version: String,
    },
    /// A patch was taken back: the site is as before it.
    TakenBack {
        /// The patch's id.
        patch: String,
    },
    /// A run that had been cut off was brought to an end.
    Recovered {
        /// The run's patch.
        patch: String,
        /// Whether the patch is in force now.
        in_force: bool,
        /// Files that somebody changed in the meantime, and where their bytes are now.
        rescued: Vec<String>,
        /// Statements that stay although their patch was taken back: nothing takes them back, which was accepted.
        kept: Vec<String>,
    },
    /// The gate is open.
    GateOpen,
    /// A step or script tells something.
    Log {
        /// How loud.
        level: Level,
        /// What.
        message: String,
    },
}

/// An operator that decides nothing and listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Operator for Silent {
    fn event(&self, _: &Event) {}

    fn answer(&self, _: &str, _: &Finding, _: &Question) -> Option<String> {
        None
    }
}
