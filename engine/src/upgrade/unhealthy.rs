//! What follows the last patch of a plan: the restart and, where the site is not healthy after it, the way back of all the plan's
//! patches or the operator's word that they stay. The gate is shut throughout.

use super::{NewRun, Reached, Receipt};
use crate::failure::{Failure, SiteState};
use crate::ledger::Head;
use crate::operator::{Answer, Approval, Asked, Event};
use crate::planning::Plan;
use crate::restart::Restarted;
use crate::rollback::{self, Unwanted};
use crate::running::Context;
use crate::site::restarts::Unhealthy;
use patchwright_hooks_api::{Error, ErrorKind, Finding, Severity, Version};

/// The answers to the question what becomes of patches whose site is not healthy.
const ROLL_BACK: &str = "roll-back";
const KEEP: &str = "keep";

/// Does the restart that the plan's patches have made due, and settles what becomes of them if the site is not healthy. Gives how
/// the plan ended; the receipts of patches that were taken back are gone.
pub(super) fn follow(
    context: &Context<'_>,
    plan: &Plan,
    approval: &Approval,
    new_run: &NewRun<'_>,
    ended: Result<(), Failure>,
    reached: &mut Reached,
) -> Result<(), Failure> {
    let receipts = &reached.receipts;
    let version = reached.version().unwrap_or(&plan.installed);
    let restarted = context.restarter.follow(&ended, version, context.operator);
    let Restarted::Unhealthy(error) = restarted else { return restarted.after(ended, !receipts.is_empty()) };
    let Some(first) = receipts.first() else { return Restarted::Unhealthy(error).after(ended, false) };
    if !is_to_go(context, receipts, &error) {
        let error = stays(plan, error);
        return Restarted::Unhealthy(error).after(ended, true);
    }
    match take_back(context, first.run.clone(), approval, new_run) {
        Ok((sealed, after)) => {
            *reached = Reached { head: Some(sealed), ..Reached::default() };
            let failure = Failure::new(error, SiteState::TakenBack);
            let failure = ended.err().into_iter().fold(failure, |failure, earlier| failure.and(earlier.error));
            after.after(Err(failure), false)
        }
        Err(refused) if refused.state == SiteState::NeedsRecovery => {
            Err(Failure { error, also: [vec![refused.error], refused.also].concat(), state: refused.state })
        }
        Err(refused) => {
            let refused_error = refused.error.while_doing("the patches can't be taken back, and stay");
            Restarted::Unhealthy(stays(plan, error)).after(ended, true).map_err(|failure| failure.and(refused_error))
        }
    }
}

/// Whether the patches are to be taken back: by the site's policy, or by the operator's word. Who calls the probe off wants an end, and
/// nobody knows then whether the site is healthy.
fn is_to_go(context: &Context<'_>, receipts: &[Receipt], error: &Error) -> bool {
    match context.config.restarts.unhealthy {
        _ if error.kind == ErrorKind::Cancelled => false,
        Unhealthy::Keep => false,
        Unhealthy::RollBack => true,
        Unhealthy::Ask => {
            let all = if receipts.len() == 1 { "the patch" } else { "all patches of this plan" };
            let (back, keep) = (format!("take {all} back"), format!("keep {all}, and open the gate"));
            let finding = Finding::question("unhealthy", &error.message, &[(ROLL_BACK, &back), (KEEP, &keep)]);
            let Severity::Question(question) = &finding.severity else { return false };
            let patch = receipts.last().map_or("", |receipt| receipt.patch.as_str());
            let asked = Asked { patch, finding: &finding, question, last: None };
            context.operator.answer(&asked) == Some(Answer::Word(ROLL_BACK.to_owned()))
        }
    }
}

/// Takes back the patches from this run on, and restarts what ran their code.
fn take_back(
    context: &Context<'_>,
    first: String,
    approval: &Approval,
    new_run: &NewRun<'_>,
) -> Result<(Head, Restarted), Failure> {
    let plan = rollback::plan_rollback(context, &Unwanted::SinceRun(first)).map_err(Failure::untouched)?;
    let run = new_run().map_err(Failure::untouched)?;
    let head = rollback::roll_back_gated(context, &plan, &run, approval)?;
    for row in &plan.patches {
        context.operator.event(&Event::TakenBack { patch: row.patch.clone() });
    }
    let restarted = context.restarter.follow(&Ok(()), plan.version_after(), context.operator);
    // What is kept for nothing costs disk space until somebody collects it.
    let _ = rollback::clear_away(context, &plan, &head);
    Ok((head, restarted))
}

/// The error where the patches stay, with the command that takes them back.
fn stays(plan: &Plan, error: Error) -> Error {
    let Some(way_back) = way_back(plan) else { return error };
    let hint = format!("`{way_back}` takes back what this plan brought; `patchwright restart` asks once more");
    let hint = error.hint.as_ref().map_or_else(|| hint.clone(), |first| format!("{first}; {hint}"));
    error.hint(hint)
}

/// The command that takes back all patches of the plan.
fn way_back(plan: &Plan) -> Option<String> {
    let first = &plan.patches.first()?.patch.manifest;
    let to = |version: &Version| match &first.component {
        Some(name) => format!("patchwright rollback --to {name}={version}"),
        None => format!("patchwright rollback --to {version}"),
    };
    Some(match (&first.component, &first.from) {
        (None, _) => to(&plan.installed),
        (Some(_), Some(from)) => to(from),
        (Some(_), None) => format!("patchwright uninstall {}", first.id),
    })
}
