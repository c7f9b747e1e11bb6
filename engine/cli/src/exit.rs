//! The exit codes: what a caller can tell without reading a word.

use patchwright_engine::{Failure, SiteState};
use patchwright_hooks_api::ErrorKind;
use std::process::ExitCode;

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Done,
    /// A fault of this program.
    Internal,
    /// The command was not used as it can be.
    WrongUse,
    /// What was asked for is so already.
    NothingToDo,
    /// The database is older than the code.
    DatabaseOlder,
    /// The database is newer than the code.
    DatabaseNewer,
    /// The database's structure is not as the patches left it.
    Drift,
    /// The gate is shut.
    GateShut,
    /// The ledger is not as its runs wrote it.
    LedgerChanged,
    /// A patch left something that is still to be done by hand.
    LeftToDo,
    /// A check found something in the way, or the operator said no.
    Refused,
    /// Questions are open.
    Undecided,
    /// A patch can't be taken in.
    BadPatch,
    /// Another run holds the site.
    Busy,
    /// The run failed and was taken back.
    TakenBack,
    /// The patch is in force, and something after its commit failed.
    AfterCommit,
    /// The site is between versions.
    NeedsRecovery,
}

impl Exit {
    /// All, in the order of their codes.
    pub(crate) const ALL: [Self; 17] = [
        Self::Done,
        Self::Internal,
        Self::WrongUse,
        Self::NothingToDo,
        Self::DatabaseOlder,
        Self::DatabaseNewer,
        Self::Drift,
        Self::GateShut,
        Self::LedgerChanged,
        Self::LeftToDo,
        Self::Refused,
        Self::Undecided,
        Self::BadPatch,
        Self::Busy,
        Self::TakenBack,
        Self::AfterCommit,
        Self::NeedsRecovery,
    ];

    /// The number that the caller sees, with what it means.
    pub(crate) fn code_and_meaning(self) -> (u8, &'static str) {
        match self {
            Self::Done => (0, "done"),
            Self::Internal => (1, "internal fault (a bug)"),
            Self::WrongUse => (2, "wrong use; nothing was changed"),
            Self::NothingToDo => (10, "nothing to do"),
            Self::DatabaseOlder => (13, "the database is older than the code: it needs an update"),
            Self::DatabaseNewer => (14, "the database is newer than the code, which can't run on it"),
            Self::Drift => (15, "the structure of the database is not as the patches left it"),
            Self::GateShut => (16, "not ready: the gate is shut"),
            Self::LedgerChanged => (17, "the ledger is not as its runs wrote it"),
            Self::LeftToDo => (18, "a patch left something that is still to be done by hand"),
            Self::Refused => (20, "refused by a check or by the operator; the site is untouched"),
            Self::Undecided => (21, "questions are open and nobody answered; the site is untouched"),
            Self::BadPatch => (22, "a patch is damaged, not authentic or not valid; the site is untouched"),
            Self::Busy => {
                (24, "another run is active, or the database is not up yet; the site is untouched: try again")
            }
            Self::TakenBack => (30, "failed or called off, and taken back: the site is as before it"),
            Self::AfterCommit => {
                (31, "failed after the commit (hook, restart, probe): what was committed stays, attention is needed")
            }
            Self::NeedsRecovery => (32, "interrupted: run `patchwright recover`"),
        }
    }

    /// What a number means; an internal fault where it means nothing.
    pub(crate) fn of_code(code: u8) -> Self {
        Self::ALL.into_iter().find(|exit| exit.code_and_meaning().0 == code).unwrap_or(Self::Internal)
    }

    /// How a run that failed ended.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        match failure.state {
            SiteState::Untouched if failure.error.kind == ErrorKind::Internal => Self::Internal,
            SiteState::Untouched => Self::Refused,
            SiteState::NotTakenIn => Self::BadPatch,
            SiteState::Undecided => Self::Undecided,
            SiteState::Busy => Self::Busy,
            SiteState::Ahead => Self::DatabaseNewer,
            SiteState::TakenBack | SiteState::TakenBackInPart => Self::TakenBack,
            SiteState::InForce | SiteState::RestartPending | SiteState::Unhealthy => Self::AfterCommit,
            SiteState::NeedsRecovery => Self::NeedsRecovery,
        }
    }

    /// How a command ended that failed before there was anything to run.
    pub(crate) fn of_error(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Internal => Self::Internal,
            ErrorKind::Invalid | ErrorKind::Missing | ErrorKind::Unsupported => Self::WrongUse,
            _ => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code_and_meaning().0)
    }
}

/// The table for `--help`.
pub(crate) fn table() -> String {
    let lines = Exit::ALL.map(|exit| {
        let (code, meaning) = exit.code_and_meaning();
        format!("  {code:>2}  {meaning}\n")
    });
    format!("Exit codes:\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Error;

    #[test]
    fn each_state_that_a_run_can_leave_has_a_code_of_its_own() {
        // B17
        let table = [
            (SiteState::Untouched, 20),
            (SiteState::Ahead, 14),
            (SiteState::Undecided, 21),
            (SiteState::NotTakenIn, 22),
            (SiteState::Busy, 24),
            (SiteState::TakenBack, 30),
            (SiteState::InForce, 31),
            (SiteState::RestartPending, 31),
            (SiteState::Unhealthy, 31),
            (SiteState::NeedsRecovery, 32),
        ];
        for (state, code) in table {
            let exit = Exit::of_failure(&Failure::new(Error::conflict("x"), state));
            assert_eq!(exit.code_and_meaning().0, code, "{state:?}");
        }
    }

    #[test]
    fn a_bug_is_told_from_a_refusal() {
        let failure = Failure::untouched(Error::new(ErrorKind::Internal, "x"));
        assert_eq!(Exit::of_failure(&failure), Exit::Internal);
        assert_eq!(Exit::of_error(ErrorKind::Internal), Exit::Internal);
        assert_eq!(Exit::of_error(ErrorKind::Missing), Exit::WrongUse);
        assert_eq!(Exit::of_error(ErrorKind::Database), Exit::Refused);
    }

    #[test]
    fn the_codes_rise_so_that_the_table_reads_well() {
        let codes = Exit::ALL.map(|exit| exit.code_and_meaning().0);
        assert!(codes.is_sorted());
    }
}
