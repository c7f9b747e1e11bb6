//! `plan`: what patches would do, rehearsed, with nothing changed.

use super::archives::Archives;
use crate::arguments::{Cli, Ended};
use crate::decisions::Decisions;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::plan;
use crate::terminal::Terminal;
use clap::Args;
use patchwright_engine::Site;
use patchwright_engine::planning::check_ready;
use std::path::PathBuf;

/// Rehearse patches and show what they would do; changes nothing
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    archives: Archives,
    #[command(flatten)]
    answers: Answers,
}

/// Answers to what patches ask.
#[derive(Debug, Args)]
pub(crate) struct Answers {
    /// Answers given in advance: TOML or JSON, a map from patch to question to answer
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
}

impl Plan {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        run(cli, &self.archives, &self.answers)
    }
}

/// Plans and shows it. A plan that could not be applied is shown too, and its exit code says so.
pub(crate) fn run(cli: &Cli, archives: &Archives, answers: &Answers) -> Ended {
    let files = archives.files()?;
    let site = cli.site()?;
    let operator = answers.operator(cli, &site)?;
    let made = site.plan(&files, &archives.wanted()?, &operator)?;
    cli.output.result(plan::text(&made, site.dialect(), cli.global.verbose), plan::json(&made, site.dialect()));
    let can_be_applied = if made.is_empty() { Exit::NothingToDo } else { Exit::Done };
    Ok(check_ready(&made).map_or_else(|failure| Exit::of_failure(&failure), |()| can_be_applied))
}

impl Answers {
    /// Who decides: the file, then the person, then the site's policy.
    pub(crate) fn operator(&self, cli: &Cli, site: &Site) -> Result<Terminal, Problem> {
        self.deciding(cli.terminal(), site)
    }

    /// Who decides where nobody is there: the file, then the site's policy.
    pub(crate) fn unattended(&self, cli: &Cli, site: &Site) -> Result<Terminal, Problem> {
        self.deciding(cli.unattended(), site)
    }

    fn deciding(&self, terminal: Terminal, site: &Site) -> Result<Terminal, Problem> {
        let decisions = self.decisions.as_deref().map(Decisions::read).transpose()?;
        Ok(terminal.deciding(decisions.unwrap_or_default(), site.config().local_changes))
    }
}
