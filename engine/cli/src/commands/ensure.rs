//! `ensure`: before an application starts, its site is at the version that it needs (B18).

use super::archives::Offered;
use super::plan::Answers;
use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::handover::launch::give_way;
use crate::handover::rest::{Rest, hand_over};
use crate::problem::Problem;
use crate::render;
use crate::terminal::watch_interrupts;
use clap::Args;
use jiff::SignedDuration;
use patchwright_engine::{Goal, Outcome, Site};
use patchwright_hooks_api::Version;
use serde_json::json;
use std::time::{Duration, Instant};

/// Before the application starts: bring the site to a version, or wait for who does
///
/// For a start script or a container's entrypoint, also where several start at once: one applies the patches, the others wait.
/// Nothing is asked; what leads to the version is approved, and what needs a person's answer is refused. If the one that is
/// waited for dies, its run is brought to an end and another takes its place. A database's server that is not up yet is waited
/// for too. Restart commands and the probe are left out: what follows is the application's own start.
///
/// Ends with 0 once the site is at the version, whoever brought it there. After 24 or 32, try again; anything else needs a
/// person.
#[derive(Debug, Args)]
pub(crate) struct Ensure {
    #[command(flatten)]
    offered: Offered,
    /// The version to be at [default: the one that the application's code says it has]
    #[arg(long, value_name = "VERSION")]
    to: Option<Version>,
    /// How long to wait for the database's server and for another run, such as 90s or 10m
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    wait: Duration,
    #[command(flatten)]
    answers: Answers,
}

impl Ensure {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let archives = self.offered.files()?;
        watch_interrupts()?;
        let began = Instant::now();
        let site = cli.engine.open_when_up(cli.at(), self.wait, &cli.unattended())?;
        let version = self.version(&site)?;
        let operator = self.answers.unattended(cli, &site)?;
        let patience = self.wait.saturating_sub(began.elapsed());
        let goal = Goal { version: &version, archives: &archives, patience, by: &approver() };
        let Outcome { receipts, failure, handed_over } = site.ensure(&goal, &operator);
        if let (None, Some(handed_over)) = (&failure, &handed_over) {
            let folder = tempfile::tempdir()?;
            let (exit, json) = hand_over(cli, handed_over, &Rest::default(), folder.path(), receipts.clone())?;
            if exit == Exit::Done {
                // The new one does the same once more, from where this one has come to, and this one has come to its end.
                give_way(cli);
            }
            cli.output.json(json);
            return Ok(exit);
        }
        let text = render::plan::receipts(&receipts);
        if let Some(failure) = failure {
            cli.output.text(text);
            return Err(Problem::of_run(failure, receipts, operator.last_step()));
        }
        // A fix of the version suits it, too. That it is there is known, whether or not the ledger can be asked once more.
        let at = site.ledger().in_force().ok().flatten().map_or(version, |in_force| in_force.version);
        let json = json!({ "version": at, "receipts": receipts });
        cli.output.result(format_args!("{text}{} is at {at}\n", site.config().product), json);
        Ok(Exit::Done)
    }

    fn version(&self, site: &Site) -> Result<Version, Problem> {
        let version = match &self.to {
            Some(version) => Some(version.clone()),
            None => site.code_version()?,
        };
        version.ok_or_else(|| {
            let hint = "say --to VERSION, or let patchwright.toml say where the application's code has its version";
            Problem::wrong_use("nothing says which version the site is to be at", hint)
        })
    }
}

/// A length of time in the words of people, such as `90s` or `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: SignedDuration = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    Duration::try_from(duration).map_err(|_| "a time to wait is not below zero".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_wait_is_said_in_the_words_of_people() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert!(duration("-1s").is_err() && duration("90").is_err() && duration("soon").is_err());
    }
}
