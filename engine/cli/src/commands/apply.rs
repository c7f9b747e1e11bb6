//! `apply`: brings patches into force, once their plan is approved.

use super::archives::Archives;
use super::plan::{self, Answers};
use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::handover::rest::{Rest, hand_over};
use crate::problem::Problem;
use crate::render;
use crate::terminal::{Terminal, watch_interrupts};
use clap::Args;
use patchwright_engine::planning::{Plan, check_ready};
use patchwright_engine::{Failure, Outcome, Session, Site};
use patchwright_hooks_api::{Error, Sha256};
use serde_json::json;
use std::path::PathBuf;

/// Bring patches into force: show the plan, ask, and apply it
#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    archives: Archives,
    #[command(flatten)]
    answers: Answers,
    /// Show the plan and change nothing, as `plan` does
    #[arg(long)]
    dry_run: bool,
    /// Approve the plan with this hash and no other
    #[arg(long, value_name = "HASH")]
    plan: Option<Sha256>,
}

impl Apply {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        if self.dry_run {
            return plan::run(cli, &self.archives, &self.answers, false).map(|(_, exit)| exit);
        }
        let files = self.archives.files()?;
        let site = cli.site()?;
        let operator = self.answers.operator(cli, &site)?;
        if !self.can_be_approved(cli, &operator) {
            let message = "nobody is there to approve the plan";
            return Err(Problem::wrong_use(message, "approve with --yes, or with --plan HASH for one plan alone"));
        }
        watch_interrupts()?;
        let session = cli.begin(&site, &operator)?;
        let plan = session.plan(&files, &self.archives.wanted()?, &operator)?;
        let nothing = plan.is_empty() && check_ready(&plan).is_ok();
        if nothing {
            cli.output.result(render::plan::nothing(&plan), json!({ "receipts": [], "version": plan.installed }));
            return Ok(Exit::NothingToDo);
        }
        let detail = render::plan::Detail { all: cli.global.verbose, diffs: false };
        cli.output.text(render::plan::text(&plan, site.dialect(), &site.config().restarts, detail));
        if let Err(failure) = self.check(&plan) {
            session.discard(plan);
            return Err(failure.into());
        }
        if !self.is_approved(cli, &operator) {
            session.discard(plan);
            cli.output.note("not applied; the site is untouched");
            return Ok(Exit::Refused);
        }
        carry_out(cli, &site, session, &plan, &files, &operator)
    }

    fn can_be_approved(&self, cli: &Cli, operator: &Terminal) -> bool {
        cli.global.yes || self.plan.is_some() || operator.asks()
    }

    /// A plan can be applied if nothing stands in its way and it is the one that was approved.
    fn check(&self, plan: &Plan) -> Result<(), Failure> {
        check_ready(plan)?;
        match self.plan {
            Some(approved) if approved != plan.hash() => Err(Failure::untouched(
                Error::refused(format!("the plan is not the one that was approved: its hash is {}", plan.hash()))
                    .hint("the site or a patch has changed since; look at the plan again and approve it"),
            )),
            _ => Ok(()),
        }
    }

    fn is_approved(&self, cli: &Cli, operator: &Terminal) -> bool {
        cli.global.yes || self.plan.is_some() || operator.confirms("Apply this plan?")
    }
}

/// Carries a plan out. Where it brings a new patcher, that one goes on with the rest.
pub(crate) fn carry_out(
    cli: &Cli,
    site: &Site,
    session: Session<'_>,
    plan: &Plan,
    archives: &[PathBuf],
    operator: &Terminal,
) -> Ended {
    let outcome = session.apply(plan, &approver(), operator);
    drop(session);
    match &outcome {
        Outcome { receipts, failure: None, handed_over: Some(handed_over) } => {
            cli.output.text(render::plan::receipts(receipts));
            let folder = tempfile::tempdir()?;
            let rest = Rest::of(plan, &handed_over.patch, archives, folder.path())?;
            let (exit, json) = hand_over(cli, handed_over, &rest, folder.path(), receipts.clone())?;
            cli.output.json(json);
            Ok(exit)
        }
        _ => ended(cli, site, outcome, operator),
    }
}

/// Says what a run brought, and why it ended early if it did.
fn ended(cli: &Cli, site: &Site, outcome: Outcome, operator: &Terminal) -> Ended {
    let Outcome { receipts, failure, .. } = outcome;
    let mut text = render::plan::receipts(&receipts);
    let brought = receipts.iter().map(|receipt| receipt.run.as_str()).collect();
    let messages = site.messages_of(&brought).unwrap_or_else(|error| {
        // The patches are in force all the same.
        cli.output.note(format!("warning: what they left to do can't be told: {error}"));
        Vec::new()
    });
    text.extend(messages.iter().map(|message| render::message::text(message, site.config())));
    match failure {
        None => {
            cli.output.result(text, json!({ "receipts": receipts, "messages": messages }));
            Ok(Exit::Done)
        }
        Some(failure) => {
            cli.output.text(text);
            Err(Problem::of_run(failure, receipts, operator.last_step()))
        }
    }
}
