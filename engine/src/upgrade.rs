//! The staircase: how one plan goes from approval to ledger, stage by stage.
//!
//! 1. The plan has no blockers and no open questions, and its hash is what was approved.
//! 2. The gate is shut.
//! 3. For each patch: its steps are staged into files and a transaction ([`Ready`](crate::running::Ready)); the ledger's rows
//!    go into the same transaction; the files are switched ([`Applied`](crate::running::Applied)); the transaction is
//!    committed, which is the instant at which the patch is in force.
//! 4. Its `after` hook runs, as a unit of its own.
//! 5. The gate is opened, at the one version that the site is now at.
//!
//! Whatever fails before the commit takes that patch back; the patches before it stay in force.

use crate::editor::facts_for;
use crate::failure::{Failure, SiteState};
use crate::journal::Purpose;
use crate::ledger::{AfterHook, PatchRow, RunRow, Status};
use crate::operator::Event;
use crate::planning::{Plan, PlannedPatch, check_ready};
use crate::running::{Context, stage_patch, take_back};
use crate::site::{layout, sweep};
use crate::{after, ledger};
use patchwright_hooks_api::{Error, SiteFacts, SitePath, Version};
use serde::Serialize;
use std::collections::BTreeSet;

/// Who approved a plan, and when.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The person or program.
    pub by: String,
    /// In RFC 3339.
    pub at: String,
}

/// A patch that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The patch's id.
    pub patch: String,
    /// The id of the run that brought it.
    pub run: String,
    /// The version that the site now has.
    pub version: Version,
    /// How many paths it changed.
    pub files: usize,
    /// How many statements it ran.
    pub statements: usize,
}

/// The receipts of the patches that came into force, and what ended the run early, if anything did.
#[derive(Debug, Serialize)]
#[must_use = "a run may have failed"]
pub struct Outcome {
    /// The patches that are now in force, in order.
    pub receipts: Vec<Receipt>,
    /// Why the run ended before the plan's end.
    pub failure: Option<Failure>,
}

/// Applies a plan.
pub(crate) fn apply(context: &Context<'_>, plan: &Plan, approval: &Approval) -> Outcome {
    let mut receipts = Vec::new();
    let failure = climb(context, plan, approval, &mut receipts).err();
    Outcome { receipts, failure }
}

fn climb(context: &Context<'_>, plan: &Plan, approval: &Approval, receipts: &mut Vec<Receipt>) -> Result<(), Failure> {
    check_ready(plan)?;
    if plan.is_empty() {
        return Ok(());
    }
    let hash = plan.hash().to_string();
    shut_gate(context, plan, approval)?;
    let mut version = plan.installed.clone();
    let mut ended = Ok(());
    for planned in &plan.patches {
        let facts = facts_for(context.config, context.database, &version, &planned.patch.manifest);
        ended = apply_one(context, planned, approval, &hash, facts).map(|receipt| receipts.push(receipt));
        if ended.is_err() {
            break;
        }
        version = planned.patch.manifest.to.clone();
        ended = after::run_after(context, planned, approval);
        if ended.is_err() {
            break;
        }
    }
    open_gate(context, ended)
}

fn apply_one(
    context: &Context<'_>,
    planned: &PlannedPatch,
    approval: &Approval,
    plan_hash: &str,
    facts: SiteFacts,
) -> Result<Receipt, Failure> {
    let manifest = &planned.patch.manifest;
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let dialect = facts.dialect.name.clone();
    let (ready, executed) = stage_patch(context, planned, facts)?;
    let (files, statements) = (ready.changes.len(), executed.len());
    let record = || -> Result<(), Error> {
        let ledger = context.ledger();
        ledger.add_run(&RunRow {
            run: &planned.run,
            purpose: Purpose::Apply,
            patch: &manifest.id,
            at: &approval.at,
            by: &approval.by,
            plan: plan_hash,
        })?;
        ledger.add_patch(&row(planned, approval, ledger.next_number()?, executed, &dialect))?;
        ledger.add_files(&planned.run, 0, &ready.changes)?;
        let steps = crate::planning::steps_for(&planned.patch.steps, &dialect);
        let actions: Vec<String> = steps.iter().map(|step| step.step.summary()).collect();
        ledger.add_actions(&planned.run, &actions)
    };
    if let Err(error) = record() {
        return Err(take_back(context, &ready.header, &[], error));
    }
    let spent: BTreeSet<SitePath> = ready.changes.iter().map(|change| change.slot.clone()).collect();
    ready.switch(context)?.commit(context)?;
    planned.patch.members.spend(|slot| spent.contains(&layout::slot(&planned.run, slot)));
    let version = manifest.to.clone();
    context.operator.event(&Event::Committed { patch: manifest.id.clone(), version: version.to_string() });
    Ok(Receipt { patch: manifest.id.clone(), run: planned.run.clone(), version, files, statements })
}

fn row(
    planned: &PlannedPatch,
    approval: &Approval,
    number: i64,
    statements: Vec<ledger::Executed>,
    dialect: &str,
) -> PatchRow {
    let manifest = &planned.patch.manifest;
    let after = crate::planning::steps_for(&planned.patch.steps, dialect).iter().any(|step| step.step.has_after());
    PatchRow {
        run: planned.run.clone(),
        number,
        patch: manifest.id.clone(),
        product: manifest.product.clone(),
        from: manifest.from.clone(),
        to: manifest.to.clone(),
        severity: manifest.severity.as_str().to_owned(),
        title: manifest.title.clone(),
        archive_sha256: planned.patch.sha256.to_string(),
        status: Status::Applied,
        after_hook: if after { AfterHook::Pending } else { AfterHook::None },
        at: approval.at.clone(),
        approved_by: approval.by.clone(),
        statements,
        decisions: planned.answers.clone(),
    }
}

/// Shuts the gate before the first change, and puts the disk's reserve in place.
fn shut_gate(context: &Context<'_>, plan: &Plan, approval: &Approval) -> Result<(), Failure> {
    let message = format!("upgrading {} from {} to {}", plan.product, plan.installed, plan.target());
    sweep::keep_ballast(context.disk()).map_err(|error| Failure::untouched(error.into()))?;
    if let Err(error) = context.gate.shut_for_run(&approval.by, &message) {
        return open_gate(context, Err(Failure::untouched(error)));
    }
    context.operator.event(&Event::GateShut);
    Ok(())
}

/// Opens the gate, unless recovery must come first. An error of the run counts more than one of the gate.
pub(crate) fn open_gate(context: &Context<'_>, ended: Result<(), Failure>) -> Result<(), Failure> {
    if matches!(&ended, Err(failure) if failure.state == SiteState::NeedsRecovery) {
        return ended;
    }
    match (context.gate.open_after_run(), ended) {
        (Ok(()), ended) => {
            context.operator.event(&Event::GateOpen);
            ended
        }
        (Err(error), Ok(())) => Err(Failure::new(error, SiteState::NeedsRecovery)),
        (Err(error), Err(failure)) => Err(Failure { state: SiteState::NeedsRecovery, ..failure }.and(error)),
    }
}
