//! How a run failed, and in which state it left the site: no refusal is silent about that.

use patchwright_hooks_api::{Error, ErrorKind};
use serde::Serialize;
use std::fmt;

/// A run that did not do what was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// What failed, where and why.
    pub error: Error,
    /// What failed in addition, while the first fault was being dealt with.
    pub also: Vec<Error>,
    /// The state that the site is in now.
    pub state: SiteState,
}

/// The state that a failed run left the site in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SiteState {
    /// Nothing was changed.
    Untouched,
    /// Nothing was changed: a patch could not be taken in.
    NotTakenIn,
    /// Nothing was changed: questions are open that nobody answered.
    Undecided,
    /// Nothing was changed: another run is active.
    Busy,
    /// Nothing was changed: the site is at a later version than the one that is wanted.
    Ahead,
    /// The run that failed was taken back; the patches before it are in force.
    TakenBack,
    /// The run that failed was taken back but for what nothing takes back, which the operator had accepted.
    TakenBackInPart,
    /// The patch is in force; something after its commit failed.
    InForce,
    /// What was to be done is done; a restart command after it failed, and is still due.
    RestartPending,
    /// What was to be done is done; the site does not say that it is healthy.
    Unhealthy,
    /// Between versions, gate shut, until recovery is through.
    NeedsRecovery,
}

impl Failure {
    /// A failure that left the site in this state.
    pub fn new(error: Error, state: SiteState) -> Self {
        Self { error, also: Vec::new(), state }
    }

    /// A failure before anything was changed. Where somebody else holds what is needed, it may be tried again.
    pub fn untouched(error: Error) -> Self {
        let state = if error.kind == ErrorKind::Busy { SiteState::Busy } else { SiteState::Untouched };
        Self::new(error, state)
    }

    /// Adds what failed while the first fault was being dealt with.
    #[must_use]
    pub fn and(mut self, error: Error) -> Self {
        self.also.push(error);
        self
    }
}

impl SiteState {
    /// One sentence for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Untouched | Self::NotTakenIn | Self::Undecided | Self::Busy | Self::Ahead => "the site is untouched",
            Self::TakenBack => "what had begun was taken back; the site is as before it",
            Self::TakenBackInPart => {
                "what had begun was taken back, but for what nothing takes back; look at the database"
            }
            Self::InForce => "the patch is in force",
            Self::RestartPending => "what was committed stays, and a restart is still due",
            Self::Unhealthy => "what was committed stays, and the site is not healthy",
            Self::NeedsRecovery => "the site needs recovery, and the gate stays shut until it is through",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.error, self.state.sentence())
    }
}

impl std::error::Error for Failure {}
