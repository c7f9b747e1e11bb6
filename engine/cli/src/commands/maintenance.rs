//! `maintenance`: shuts the gate for the site's owner, and opens it again.

use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::closure;
use clap::{Args, Subcommand};
use patchwright_engine::Site;
use serde_json::json;

/// Keep users out, or let them in again
#[derive(Debug, Args)]
pub(crate) struct Maintenance {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shut the gate
    On {
        /// What for, in words for the users
        #[arg(default_value = "maintenance")]
        message: String,
    },
    /// Open the gate, unless a run has shut it too
    Off,
    /// Say whether the gate is open, and if not since when and for what
    Status,
}

impl Maintenance {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        match &self.action {
            Action::Status => {}
            Action::On { message } => change(cli, &site, || site.gate().begin_maintenance(&approver(), message))?,
            Action::Off => change(cli, &site, || site.gate().end_maintenance())?,
        }
        let gate = site.gate().closure()?;
        let mut json = json!(gate);
        json["open"] = json!(gate.is_open());
        cli.output.result(format_args!("the gate is {}\n", closure(&gate)), json);
        Ok(Exit::Done)
    }
}

/// Only who holds the site's lock changes its gate: a run keeps it shut as long as it needs.
fn change(
    cli: &Cli,
    site: &Site,
    change: impl FnOnce() -> Result<(), patchwright_hooks_api::Error>,
) -> Result<(), Problem> {
    let _session = cli.begin(site, &cli.terminal())?;
    Ok(change()?)
}
