//! `recover`: brings to an end what a crash cut off.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use serde_json::json;

/// Bring to an end what a crash cut off; every command that changes the site does so first
#[derive(Debug, Args)]
pub(crate) struct Recover;

impl Recover {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let was_needed = site.status()?.needs_recovery;
        let session = cli.begin(&site, &cli.terminal())?;
        let version = site.status()?.version;
        let json = json!({ "recovered": session.recovered(), "version": version });
        let Some(recovered) = session.recovered() else {
            let found = if was_needed { "a run was cut off before it changed anything" } else { "no run was cut off" };
            cli.output.result(format_args!("{found}; the site is at version {version}\n"), json);
            return Ok(if was_needed { Exit::Done } else { Exit::NothingToDo });
        };
        let now = if recovered.in_force { "is in force" } else { "was taken back" };
        cli.output.result(
            format_args!("the run of {} was cut off and {now}; the site is at version {version}\n", recovered.patch),
            json,
        );
        Ok(Exit::Done)
    }
}
