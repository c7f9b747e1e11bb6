//! `recover`: brings to an end what a crash cut off.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::{Recovered, Session, Status as SiteStatus};
use patchwright_hooks_api::Version;
use serde_json::{Value, json};

/// Bring to an end what a crash cut off; every command that changes the site does so first
#[derive(Debug, Args)]
pub(crate) struct Recover;

impl Recover {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let SiteStatus { needs_recovery: was_needed, restart_pending, .. } = site.status()?;
        let over_restart = restart_pending.is_some_and(|pending| pending.failed.is_none());
        let session = cli.begin(&site, &cli.terminal())?;
        let version = site.status()?.version;
        let json = json!({ "recovered": session.recovered(), "version": version });
        let Some(recovered) = session.recovered() else {
            let found = match (was_needed || over_restart, over_restart) {
                (false, _) => "no run was cut off",
                (true, false) => "a run was cut off before it changed anything",
                (true, true) => "a run was cut off before its restart",
            };
            cli.output.text(format_args!("{found}; the site is at version {version}\n"));
            let exit = ended(cli, &session, json)?;
            return Ok(if was_needed || over_restart { exit } else { Exit::NothingToDo });
        };
        cli.output.text(text(recovered, &version));
        ended(cli, &session, json)
    }
}

/// The run itself is at its end; its restart may have failed.
fn ended(cli: &Cli, session: &Session<'_>, json: Value) -> Ended {
    if let Some(failure) = session.not_restarted() {
        return Err(failure.clone().into());
    }
    cli.output.json(json);
    Ok(Exit::Done)
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

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::SitePath;

    #[test]
    fn what_stays_and_what_was_rescued_is_told() {
        let recovered = Recovered {
            patch: "acme-2".into(),
            in_force: false,
            rescued: vec![SitePath::new("index.php").unwrap()],
            kept: vec!["DROP TABLE visitor".into()],
        };
        let told = text(&recovered, &"1.0".parse().unwrap());
        assert_eq!(
            told.lines().collect::<Vec<_>>(),
            [
                "the run of acme-2 was cut off and was taken back; the site is at version 1.0",
                "changed since; the bytes are in rescued/ of the state folder:",
                "  index.php",
                "not taken back, since nothing takes it back; look at the database:",
                "  DROP TABLE visitor",
            ]
        );
    }

    #[test]
    fn a_run_that_left_nothing_behind_is_one_line() {
        let recovered = Recovered { patch: "acme-2".into(), in_force: true, rescued: Vec::new(), kept: Vec::new() };
        assert_eq!(text(&recovered, &"2.0".parse().unwrap()).lines().count(), 1);
    }
}
