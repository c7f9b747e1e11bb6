//! `restart`: does a restart that is still due, and asks the site whether it is healthy (B19).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::terminal::watch_interrupts;
use clap::Args;
use serde_json::json;

/// Try a restart again that is still due, and ask the site whether it is healthy
///
/// The restart commands and the probe of patchwright.toml run by themselves after each upgrade and each way back. Where one of
/// them failed, or the engine was killed before it came to them, `status` says that a restart is due. The gate is left as it is.
#[derive(Debug, Args)]
pub(crate) struct Restart;

impl Restart {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let operator = cli.terminal();
        watch_interrupts()?;
        let was_due = site.status()?.restart_pending.is_some();
        let session = cli.begin(&site, &operator)?;
        // A run that was cut off had its restart done on the way here.
        if let Some(failure) = session.not_restarted() {
            return Err(failure.clone().into());
        }
        let done = session.restart(&operator)? || was_due;
        let text = if done { "restarted\n" } else { "no restart is due\n" };
        cli.output.result(text, json!({ "restarted": done }));
        Ok(if done { Exit::Done } else { Exit::NothingToDo })
    }
}
