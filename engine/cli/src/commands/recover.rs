//! `recover`: brings to an end what a crash cut off.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::Recovered;
use patchwright_hooks_api::Version;
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
        cli.output.result(text(recovered, &version), json);
        Ok(Exit::Done)
    }
}

fn text(recovered: &Recovered, version: &Version) -> String {
    let Recovered { patch, in_force, rescued, kept } = recovered;
    let now = if *in_force { "is in force" } else { "was taken back" };
    let mut text = format!("the run of {patch} was cut off and {now}; the site is at version {version}\n");
    let mut list = |heading: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            text.push_str(&format!("{heading}\n"));
        }
        lines.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    };
    list(
        "changed since; the bytes are in rescued/ of the state folder:",
        rescued.iter().map(ToString::to_string).collect(),
    );
    list("not taken back, since nothing takes it back; look at the database:", kept.clone());
    text
}
