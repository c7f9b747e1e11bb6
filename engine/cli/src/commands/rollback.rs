//! `rollback`: takes the last patch back, or the last ones down to a version.

use super::taking_back::TakingBack;
use crate::arguments::{Cli, Ended};
use crate::part::PartVersion;
use clap::Args;
use patchwright_engine::Unwanted;

/// Take the last patch back, or all down to a version: files and database, as one unit
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Take back all patches since the product (or NAME, a component) was at this version
    #[arg(long, value_name = "[NAME=]VERSION")]
    to: Option<PartVersion>,
    #[command(flatten)]
    taking_back: TakingBack,
}

impl Rollback {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let unwanted = match self.to.clone() {
            None => Unwanted::Last,
            Some(PartVersion { component, version }) => Unwanted::Since { component, version },
        };
        self.taking_back.run(cli, &unwanted)
    }
}
