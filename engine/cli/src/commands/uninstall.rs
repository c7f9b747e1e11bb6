//! `uninstall`: takes one patch back, wherever it stands in the history.

use super::taking_back::TakingBack;
use crate::arguments::{Cli, Ended};
use clap::Args;
use patchwright_engine::Unwanted;

/// Take one patch back that no later one depends on; the site is then as if it had never been applied
#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// The patch's id, as `history` shows it
    #[arg(value_name = "ID")]
    patch: String,
    #[command(flatten)]
    taking_back: TakingBack,
}

impl Uninstall {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        self.taking_back.run(cli, &Unwanted::Patch(self.patch.clone()))
    }
}
