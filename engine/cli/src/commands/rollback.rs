//! `rollback`: takes the last patch back.

use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::finding;
use crate::terminal::watch_interrupts;
use clap::Args;
use patchwright_engine::RollbackPlan;
use patchwright_engine::ledger::{ComponentStep, PatchRow};
use patchwright_hooks_api::Finding;
use serde_json::json;

/// How many paths are named before the rest is counted, unless all are wanted.
const NAMED_PATHS: usize = 10;

/// Take the last patch back: its files and its database changes
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// Show what would be done and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Rollback {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let operator = cli.terminal();
        if self.dry_run {
            let plan = site.plan_rollback(&operator)?;
            let blocked = plan.findings.iter().any(Finding::is_blocker);
            cli.output.result(text(&plan, cli.global.verbose), json!(plan));
            return Ok(if blocked { Exit::Refused } else { Exit::Done });
        }
        if !cli.global.yes && !operator.asks() {
            return Err(Problem::wrong_use("nobody is there to approve it", "approve with --yes"));
        }
        watch_interrupts()?;
        let session = cli.begin(&site, &operator)?;
        if site.status()?.last_patch.is_none() {
            cli.output.result("there is no patch to take back\n", json!({ "taken-back": null }));
            return Ok(Exit::NothingToDo);
        }
        let plan = site.plan_rollback(&operator)?;
        cli.output.text(text(&plan, cli.global.verbose));
        let blocked = plan.findings.iter().any(Finding::is_blocker);
        if !blocked && !cli.global.yes && !operator.confirms("Take this patch back?") {
            cli.output.note("not taken back; the site is untouched");
            return Ok(Exit::Refused);
        }
        let row = session.roll_back(plan, &approver(), &operator)?;
        cli.output.result(
            format_args!("{} was taken back; {}\n", row.patch, now_at(&row)),
            json!({ "taken-back": row.patch, "version": row.from, "component": row.component }),
        );
        Ok(Exit::Done)
    }
}

/// What the site is at once the patch is taken back.
pub(crate) fn now_at(taken_back: &PatchRow) -> String {
    match &taken_back.component {
        None => format!("the site is at version {}", taken_back.from),
        Some(ComponentStep { name, from: Some(from), .. }) => format!("{name} is at version {from}"),
        Some(ComponentStep { name, from: None, .. }) => format!("{name} is not installed any more"),
    }
}

/// What taking a patch back will do.
pub(crate) fn text(plan: &RollbackPlan, all: bool) -> String {
    let RollbackPlan { patch, findings, files, .. } = plan;
    let mut text = match patch.course() {
        (Some(from), to) => format!("{} will be taken back: {to} to {from}\n", patch.patch),
        (None, to) => format!("{} will be taken back: it installed {to}\n", patch.patch),
    };
    let shown = if all { files.len() } else { NAMED_PATHS.min(files.len()) };
    text.extend(files.iter().take(shown).map(|path| format!("  file       {path}\n")));
    if files.len() > shown {
        text.push_str(&format!("  … and {} more files (-v shows all)\n", files.len() - shown));
    }
    let inverses = patch.statements.iter().rev().flat_map(|executed| executed.inverse.iter().flatten());
    text.extend(inverses.map(|inverse| format!("  statement  {inverse}\n")));
    text.extend(findings.iter().map(|found| finding("  ", found, None)));
    text
}
