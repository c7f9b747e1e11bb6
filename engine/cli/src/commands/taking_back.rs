//! What `rollback` and `uninstall` have in common: the plan is shown, asked about, and carried out.

use super::plan::Answers;
use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{count, findings, listed, restarts};
use crate::terminal::watch_interrupts;
use crate::worksheet;
use clap::Args;
use patchwright_engine::ledger::{ComponentStep, PatchRow};
use patchwright_engine::{RollbackPlan, Status, Unwanted};
use serde_json::json;
use std::path::PathBuf;

/// How many paths are named before the rest is counted, unless all are wanted.
const NAMED_PATHS: usize = 10;

/// What can be said to a command that takes patches back.
#[derive(Debug, Args)]
pub(crate) struct TakingBack {
    /// Show what would be done and change nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: show what was changed locally, as diffs
    #[arg(long, requires = "dry_run")]
    diff: bool,
    /// With --dry-run: write all open questions, with their answers to choose from, into a new file for `--decisions`
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    write_decisions: Option<PathBuf>,
    #[command(flatten)]
    answers: Answers,
}

impl TakingBack {
    pub(crate) fn run(&self, cli: &Cli, unwanted: &Unwanted) -> Ended {
        let site = cli.site()?;
        let operator = self.answers.operator(cli, &site)?;
        let after = &site.config().restarts;
        if self.dry_run {
            let plan = site.plan_rollback(unwanted, &operator)?;
            let mut json = json!(plan);
            json["after"] = restarts::json(after);
            let text = text(&plan, cli.global.verbose, self.diff);
            cli.output.result(format_args!("{text}{}", restarts::text_of_way_back(after)), json);
            if let Some(file) = &self.write_decisions {
                worksheet::write(file, plan.open_questions())?;
            }
            return Ok(match (plan.blockers().next(), plan.open_questions().next()) {
                (None, None) => Exit::Done,
                (None, Some(_)) => Exit::Undecided,
                (Some(_), _) => Exit::Refused,
            });
        }
        if !cli.global.yes && !operator.asks() {
            return Err(Problem::wrong_use("nobody is there to approve it", "approve with --yes"));
        }
        watch_interrupts()?;
        let session = cli.begin(&site, &operator)?;
        let status = site.status()?;
        if is_done(unwanted, &status) {
            cli.output.result("there is no patch to take back\n", json!({ "taken-back": [] }));
            return Ok(Exit::NothingToDo);
        }
        let plan = site.plan_rollback(unwanted, &operator)?;
        cli.output.text(format_args!(
            "{}{}",
            text(&plan, cli.global.verbose, false),
            restarts::text_of_way_back(after)
        ));
        let can_go = plan.blockers().next().is_none() && plan.open_questions().next().is_none();
        let question = if plan.patches.len() == 1 { "Take this patch back?" } else { "Take these patches back?" };
        if can_go && !cli.global.yes && !operator.confirms(question) {
            cli.output.note("not taken back; the site is untouched");
            return Ok(Exit::Refused);
        }
        let patches = session.roll_back(plan, &approver(), &operator)?;
        let ids: Vec<&str> = patches.iter().map(|row| row.patch.as_str()).collect();
        let verb = if ids.len() == 1 { "was" } else { "were" };
        // Nothing is asked any more that could fail: they are taken back.
        let product = patches.iter().rfind(|row| row.component.is_none());
        let version = product.map_or(status.version, |row| row.from.clone());
        let components: Vec<_> = patches.iter().rev().filter_map(|row| row.component.as_ref()).collect();
        cli.output.result(
            format_args!("{} {verb} taken back; {}\n", listed(&ids), now_at(&patches).join(", ")),
            json!({ "taken-back": ids, "version": version, "components": components }),
        );
        Ok(Exit::Done)
    }
}

/// Whether nothing is in force that is to go.
fn is_done(unwanted: &Unwanted, status: &Status) -> bool {
    match unwanted {
        Unwanted::Last => status.last_patch.is_none(),
        Unwanted::Since { component: None, version } => *version == status.version,
        Unwanted::Since { component: Some(name), version } => status.components.get(name) == Some(version),
        Unwanted::Patch(_) | Unwanted::SinceRun(_) => false,
    }
}

/// What the site is at once these patches are taken back, which come the newest first.
pub(crate) fn now_at(taken_back: &[PatchRow]) -> Vec<String> {
    let mut told: Vec<Option<&str>> = Vec::new();
    let mut now = Vec::new();
    for row in taken_back.iter().rev() {
        let part = row.component.as_ref().map(|step| step.name.as_str());
        if told.contains(&part) {
            continue;
        }
        told.push(part);
        now.push(match &row.component {
            None => format!("the site is at version {}", row.from),
            Some(ComponentStep { name, from: Some(from), .. }) => format!("{name} is at version {from}"),
            Some(ComponentStep { name, from: None, .. }) => format!("{name} is not installed any more"),
        });
    }
    now
}

/// What taking patches back will do.
pub(crate) fn text(plan: &RollbackPlan, all: bool, diffs: bool) -> String {
    let mut text = String::new();
    for patch in &plan.patches {
        text.push_str(&match patch.course() {
            (Some(from), to) => format!("{} will be taken back: {to} to {from}\n", patch.patch),
            (None, to) => format!("{} will be taken back: it installed {to}\n", patch.patch),
        });
    }
    let files = &plan.files;
    let shown = if all { files.len() } else { NAMED_PATHS.min(files.len()) };
    text.extend(files.iter().take(shown).map(|path| format!("  file       {path}\n")));
    if files.len() > shown {
        text.push_str(&format!("  … and {} more (-v shows all)\n", count(files.len() - shown, "file")));
    }
    text.extend(plan.statements().map(|statement| format!("  statement  {statement}\n")));
    text.push_str(&findings(plan.findings.iter().map(|found| &found.finding), &plan.answers, diffs));
    text
}
