//! What a patch does once it is in force: its `after` hook, as a unit of its own (A44).
//!
//! The hook is not rehearsed, since it builds on the patch being in force. It is staged, journaled and committed like a patch,
//! in the patch's own folder; when it fails, what it did is taken back and the patch stays in force.

use crate::editor::{Editor, facts_for};
use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{AfterHook, RunRow};
use crate::planning::{PlannedPatch, steps_for};
use crate::running::{Context, NewFiles, Ready, Slots, settle_slots, take_back};
use crate::site::disk::{Area, Disk};
use crate::site::layout;
use crate::site::overlay::Overlay;
use crate::upgrade::Approval;
use patchwright_hooks_api::Error;
use std::sync::Arc;

/// Runs the patch's `after` hooks, if it has any.
///
/// # Errors
/// When one fails; the patch stays in force.
pub(crate) fn run_after(context: &Context<'_>, planned: &PlannedPatch, approval: &Approval) -> Result<(), Failure> {
    let steps = steps_for(&planned.patch.steps, &context.database.info().name);
    if !steps.iter().any(|step| step.step.has_after()) {
        return Ok(());
    }
    let folder = planned.run.clone();
    let patch = planned.patch.manifest.id.clone();
    let header = Header { format: FORMAT, run: format!("{folder}-after"), folder, purpose: Purpose::After, patch };
    commit_after(context, planned, approval, &header).or_else(|failure| record_failure(context, &header, failure))
}

fn commit_after(
    context: &Context<'_>,
    planned: &PlannedPatch,
    approval: &Approval,
    header: &Header,
) -> Result<(), Failure> {
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    match stage(context, planned, approval, header) {
        Ok(ready) => ready.switch(context)?.commit(context),
        Err(error) => Err(take_back(context, header, &[], error)),
    }
}

fn stage(context: &Context<'_>, planned: &PlannedPatch, approval: &Approval, header: &Header) -> Result<Ready, Error> {
    let manifest = &planned.patch.manifest;
    let slots = Arc::new(Slots::make(context.tree.disk().clone(), &header.folder)?);
    let first_slot = first_free_slot(context.disk(), &header.folder)?;
    let mut overlay = Overlay::new(context.tree.clone(), slots.clone(), first_slot);
    let facts = facts_for(context.config, context.database, &manifest.to, manifest);
    let members = &planned.patch.members;
    let mut editor = Editor::new(facts, members, &mut overlay, context.database, &planned.answers, context.operator);
    for planned in steps_for(&planned.patch.steps, &context.database.info().name) {
        context.check_cancelled()?;
        planned.step.after(&mut editor).map_err(|error| error.at(&planned.position))?;
    }
    let executed = editor.into_executed();
    let changes = overlay.seal();
    let free_slot = overlay.fresh_slot();
    let changes = settle_slots(context.disk(), NewFiles { changes, slots, free_slot })?;

    let ledger = context.ledger();
    ledger.add_run(&RunRow {
        run: &header.run,
        purpose: header.purpose,
        patch: &manifest.id,
        at: &approval.at,
        by: &approval.by,
        plan: "",
    })?;
    let first_row = ledger.files(&header.folder)?.len();
    ledger.add_files(&header.folder, first_row, &changes)?;
    ledger.add_statements(&header.folder, executed)?;
    ledger.set_after(&header.folder, AfterHook::Done)?;
    Ok(Ready { header: header.clone(), changes })
}

/// The patch is in force whatever became of its hook; the ledger keeps that the hook failed.
fn record_failure(context: &Context<'_>, header: &Header, failure: Failure) -> Result<(), Failure> {
    if failure.state != SiteState::TakenBack {
        return Err(failure);
    }
    let failure = Failure { state: SiteState::InForce, ..failure };
    match context.ledger().set_after(&header.folder, AfterHook::Failed) {
        Ok(()) => Err(failure),
        Err(error) => Err(failure.and(error)),
    }
}

/// The first number that no slot of the run has: its slots hold the patch's old files now.
fn first_free_slot(disk: &dyn Disk, run: &str) -> Result<u32, Error> {
    let names = disk.list(Area::State, Some(&layout::run(run)))?;
    Ok(names.iter().filter_map(|(name, _)| name.parse::<u32>().ok()).max().map_or(0, |last| last + 1))
}
