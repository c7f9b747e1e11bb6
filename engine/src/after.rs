//! What a patch does once it is in force: its `after` hook, as a unit of its own (A44).
//!
//! The hook is not rehearsed, since it builds on the patch being in force. It is staged, journaled and committed like a patch,
//! with a folder of its own; when it fails, what it did is taken back and the patch stays in force.

use crate::editor::{Done, Editor, facts_for};
use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{AfterHook, Head, RunRow};
use crate::operator::Approval;
use crate::planning::{PlannedPatch, is_to_be_opened, steps_for};
use crate::progress::Finality;
use crate::restart::Granted;
use crate::running::{Context, NewFiles, Ready, Settled, Slots, settle_slots, take_back};
use crate::site::overlay::Overlay;
use crate::site::tree::Picture;
use crate::site::{layout, sweep};
use crate::store::keep_made;
use patchwright_hooks_api::{Error, SitePath, Version};
use std::sync::Arc;

/// What the `after` hooks of a patch came to.
pub(crate) struct Followed {
    /// Where the ledger then ends.
    pub head: Head,
    /// What they noted for the report.
    pub notes: Vec<String>,
}

/// Runs the patch's `after` hooks, if it has any, on a site whose product is at this version.
///
/// # Errors
/// When one fails; the patch stays in force.
pub(crate) fn run_after(
    context: &Context<'_>,
    planned: &PlannedPatch,
    version: &Version,
    approval: &Approval,
) -> Result<Option<Followed>, Failure> {
    let steps = steps_for(&planned.patch.steps, &context.database.info().name);
    if !steps.iter().any(|step| step.step.has_after()) {
        return Ok(None);
    }
    let patch = planned.patch.manifest.id.clone();
    let header = Header { format: FORMAT, run: layout::after_run(&planned.run), purpose: Purpose::After, patch };
    let ended = commit_after(context, planned, version, approval, &header);
    ended.map(Some).map_err(|failure| record_failure(context, &header.run, &planned.run, failure))
}

fn commit_after(
    context: &Context<'_>,
    planned: &PlannedPatch,
    version: &Version,
    approval: &Approval,
    header: &Header,
) -> Result<Followed, Failure> {
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    match stage(context, planned, version, approval, header) {
        Ok(Staged { ready, head, notes, unused }) => {
            let (applied, head) = ready.switch(context, |_| Ok(head))?;
            applied.commit(context)?;
            sweep::remove_unused(context.disk(), &unused);
            Ok(Followed { head, notes })
        }
        Err(error) => Err(take_back(context, header, &[], error)),
    }
}

/// Hooks that are staged, with their rows in the ledger.
struct Staged {
    ready: Ready,
    head: Head,
    notes: Vec<String>,
    /// Slots that nothing needs any more once they are in force.
    unused: Vec<SitePath>,
}

fn stage(
    context: &Context<'_>,
    planned: &PlannedPatch,
    version: &Version,
    approval: &Approval,
    header: &Header,
) -> Result<Staged, Error> {
    let manifest = &planned.patch.manifest;
    let slots = Arc::new(Slots::of(context.tree.disk().clone(), &header.run));
    let mut overlay = Overlay::new(context.tree.clone(), Picture::new(), slots.clone(), 0);
    let facts = facts_for(context.config, context.database, context.patcher_facts(), version, manifest);
    let members = &planned.patch.members;
    // The hook is not rehearsed, so nobody was asked whether it may do what nothing takes back.
    let mut lane = context.lane(header, Finality::Refused);
    let granted = Granted { restarter: context.restarter, version, operator: context.operator };
    let mut editor =
        Editor::new(facts, members, &mut overlay, lane.as_mut(), &planned.answers, context.store, context.operator)
            .granting(granted);
    for step in steps_for(&planned.patch.steps, &context.database.info().name) {
        context.check_cancelled()?;
        step.step.after(&mut editor).map_err(|error| error.at(&step.position))?;
    }
    let Done { executed, patcher, notes, .. } = editor.into_done();
    if patcher.is_some() {
        return Err(Error::refused("the patcher is replaced by the patch itself, and not by its after hook"));
    }
    let free_slot = overlay.fresh_slot();
    let changes = overlay.into_changes();
    let Settled { changes, unused } = settle_slots(context.disk(), NewFiles { changes, slots, free_slot })?;
    keep_made(context.disk(), members, &changes)?;
    let ledger = context.ledger();
    let mut entry = ledger.enter(&RunRow {
        run: &header.run,
        purpose: header.purpose,
        patch: &manifest.id,
        at: &approval.at,
        by: &approval.by,
        plan: "",
    })?;
    let first_row = ledger.files(&planned.run)?.len();
    entry.add_files(&planned.run, first_row, &changes)?;
    entry.add_statements(&planned.run, executed)?;
    entry.add_notes(&planned.run, &notes)?;
    entry.add_structures(context.database.take_touched())?;
    entry.set_after(&planned.run, AfterHook::Done)?;
    let opens_directories = is_to_be_opened(&planned.answers);
    let ready = Ready { header: header.clone(), changes, opens_directories };
    Ok(Staged { ready, head: entry.seal()?, notes, unused })
}

/// The patch is in force whatever became of its hook; the ledger keeps that the hook failed.
fn record_failure(context: &Context<'_>, after_run: &str, patch_run: &str, failure: Failure) -> Failure {
    if !matches!(failure.state, SiteState::TakenBack | SiteState::TakenBackInPart) {
        return failure;
    }
    let failure = Failure { state: SiteState::InForce, ..failure };
    match context.ledger().after_failed(after_run, patch_run) {
        Ok(()) => failure,
        Err(error) => failure.and(error),
    }
}
