//! `plan`: what patches would do, rehearsed, with nothing changed.

use super::archives::Archives;
use crate::arguments::{Cli, Ended};
use crate::decisions::Decisions;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::plan;
use crate::terminal::Terminal;
use crate::worksheet;
use clap::Args;
use patchwright_engine::Site;
use patchwright_engine::planning::{self, MAKE_WRITABLE, READ_ONLY, check_ready};
use std::path::PathBuf;

/// Rehearse patches and show what they would do; changes nothing
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    archives: Archives,
    #[command(flatten)]
    answers: Answers,
    /// Show what was changed locally, as diffs
    #[arg(long)]
    diff: bool,
    /// Write all open questions, with their answers to choose from, into a new file for `--decisions`
    #[arg(long, value_name = "FILE")]
    write_decisions: Option<PathBuf>,
}

/// Answers to what patches ask.
#[derive(Debug, Args)]
pub(crate) struct Answers {
    /// Answers given in advance: TOML or JSON, a map from patch to question to answer, a word or { use = "FILE" }
    #[arg(long, value_name = "FILE")]
    decisions: Option<PathBuf>,
    /// Open directories that are read-only for the run, and close them again after it; read-only files are replaced
    #[arg(long)]
    make_writable: bool,
}

impl Plan {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let (plan, exit) = run(cli, &self.archives, &self.answers, self.diff)?;
        if let Some(file) = &self.write_decisions {
            worksheet::write(file, plan.open_questions())?;
        }
        Ok(exit)
    }
}

/// Plans and shows it. A plan that could not be applied is shown too, and its exit code says so.
pub(crate) fn run(
    cli: &Cli,
    archives: &Archives,
    answers: &Answers,
    diffs: bool,
) -> Result<(planning::Plan, Exit), Problem> {
    let files = archives.files()?;
    let site = cli.site()?;
    let operator = answers.operator(cli, &site)?;
    let made = site.plan(&files, &archives.wanted()?, &operator)?;
    let detail = plan::Detail { all: cli.global.verbose, diffs };
    let (dialect, after) = (site.dialect(), &site.config().restarts);
    cli.output.result(plan::text(&made, dialect, after, detail), plan::json(&made, dialect, after));
    let can_be_applied = if made.is_empty() { Exit::NothingToDo } else { Exit::Done };
    let exit = check_ready(&made).map_or_else(|failure| Exit::of_failure(&failure), |()| can_be_applied);
    Ok((made, exit))
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
        let mut decisions = self.decisions.as_deref().map(Decisions::read).transpose()?.unwrap_or_default();
        if self.make_writable {
            decisions = decisions.with(READ_ONLY, MAKE_WRITABLE);
        }
        Ok(terminal.deciding(decisions, site.config().local_changes))
    }
}
