//! `retire`: lets go of what a patch replaced (D9).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::figure;
use clap::Args;
use patchwright_engine::Retirement;
use serde_json::json;

/// Drop the backups of a patch: it can't be taken back any more then. Of one that was taken back, drop your own files that it kept
#[derive(Debug, Args)]
pub(crate) struct Retire {
    /// The patch's id, as `history` shows it
    #[arg(value_name = "ID")]
    patch: String,
    /// Show what would be dropped and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Retire {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let operator = cli.terminal();
        if self.dry_run {
            let retirement = site.plan_retirement(&self.patch)?;
            cli.output.result(text(&retirement, "would be dropped"), json!(retirement));
            return Ok(if retirement.files.is_empty() { Exit::NothingToDo } else { Exit::Done });
        }
        if !cli.global.yes && !operator.asks() {
            return Err(Problem::wrong_use("nobody is there to approve it", "approve with --yes"));
        }
        let session = cli.begin(&site, &operator)?;
        let retirement = site.plan_retirement(&self.patch)?;
        if retirement.files.is_empty() {
            cli.output.result(text(&retirement, "was dropped"), json!(retirement));
            return Ok(Exit::NothingToDo);
        }
        cli.output.text(text(&retirement, "will be dropped"));
        if !cli.global.yes && !operator.confirms("Drop these files? Nothing brings them back.") {
            cli.output.note("not dropped");
            return Ok(Exit::Refused);
        }
        session.retire(&retirement)?;
        cli.output.result(format_args!("{} is retired\n", self.patch), json!(retirement));
        Ok(Exit::Done)
    }
}

fn text(retirement: &Retirement, what: &str) -> String {
    let Retirement { patch, files, dropped, .. } = retirement;
    if files.is_empty() {
        return format!("nothing is kept for {patch}\n");
    }
    let lines: String = files.iter().map(|path| format!("  file       {path}\n")).collect();
    format!("{patch}: {} {what}\n{lines}", figure(*dropped))
}
