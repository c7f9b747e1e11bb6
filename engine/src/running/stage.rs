//! Staging: the steps run behind the shut gate, into numbered files and an open transaction.
//!
//! What comes out is compared with what the plan showed. If it is anything else, the run ends here, and no live file has been
//! touched. Where statements come into force one by one, the steps are rehearsed once more first, and each deed is compared
//! before it is done: what has changed since the plan was made is found before the database is touched.

use super::{Context, Ready, Slots, take_back};
use crate::cancellation::watched;
use crate::editor::{Done, Editor};
use crate::failure::Failure;
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::Executed;
use crate::operator::Event;
use crate::planning::{Effects, PlannedPatch, is_to_be_opened, looks, rehearsal_lane, steps_for};
use crate::progress::Finality;
use crate::site::change::{self, Change, Move, State};
use crate::site::contents::{Contents, Scratch};
use crate::site::disk::{Disk, Place};
use crate::site::layout;
use crate::site::overlay::{NetChange, Overlay};
use crate::site::tree::Picture;
use crate::store::keep_made;
use patchwright_hooks_api::{Error, ErrorKind, SiteFacts, SitePath};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

/// The mode of a file that the disk has just made.
const FRESH_MODE: u32 = 0o644;

/// A patch that is staged.
pub(crate) struct StagedPatch {
    /// What is to be switched.
    pub ready: Ready,
    /// The statements that ran in the open transaction.
    pub executed: Vec<Executed>,
    /// What the report is to say.
    pub notes: Vec<String>,
    /// Slots that nothing needs any more once the patch has run to its end.
    pub unused: Vec<SitePath>,
}

/// Stages one patch. A transaction must be open on the database.
///
/// # Errors
/// When a step fails, or does anything else than the plan showed; everything is then taken back.
pub(crate) fn stage_patch(
    context: &Context<'_>,
    planned: &PlannedPatch,
    facts: SiteFacts,
) -> Result<StagedPatch, Failure> {
    let patch = planned.patch.manifest.id.clone();
    let header = Header { format: FORMAT, run: planned.run.clone(), purpose: Purpose::Apply, patch };
    let ran = watched(context.operator, context.database, || {
        rehearse_again(context, planned, &facts)?;
        run_steps(context, planned, facts, &header)
    });
    // A statement that was ended is told in the operator's terms.
    let ran = ran.map_err(|error| context.check_cancelled().err().unwrap_or(error));
    let staged = ran.and_then(|(files, done)| {
        if !planned.effects.are(&files.changes, done.digest()) {
            return Err(differs(&planned.effects, &Effects::of(files.changes, done.digest())));
        }
        let settled = settle_slots(context.disk(), files)?;
        keep_made(context.disk(), &planned.patch.members, &settled.changes)?;
        Ok((settled, done))
    });
    match staged {
        Ok((Settled { changes, unused }, done)) => {
            let opens_directories = is_to_be_opened(&planned.answers);
            Ok(StagedPatch {
                ready: Ready { header, changes, opens_directories },
                executed: done.executed,
                notes: done.notes,
                unused,
            })
        }
        Err(error) => Err(take_back(context, &header, &[], error)),
    }
}

/// What the steps did to files, not yet in its final slots.
pub(crate) struct NewFiles {
    /// The net changes.
    pub changes: Vec<NetChange>,
    /// Where their contents are, and further slots can be made.
    pub slots: Arc<Slots>,
    /// The first slot that nothing is in.
    pub free_slot: u32,
}

/// The changes of a run, each with its slot.
pub(crate) struct Settled {
    /// The changes, in the order in which they can be made.
    pub changes: Vec<Change>,
    /// Slots that none of them has: of members that go nowhere, such as scripts, and of contents that were written over.
    pub unused: Vec<SitePath>,
}

/// Rehearses the steps behind the shut gate, where what they do to the database can't be rolled back.
fn rehearse_again(context: &Context<'_>, planned: &PlannedPatch, facts: &SiteFacts) -> Result<(), Error> {
    if context.database.is_transactional() {
        return Ok(());
    }
    let mut overlay = Overlay::new(context.tree.clone(), Picture::new(), Arc::new(Scratch::new()), 0);
    let mut lane = rehearsal_lane(context.database);
    let members = &planned.patch.members;
    let (answers, store, operator) = (&planned.answers, context.store, context.operator);
    let mut editor = Editor::new(facts.clone(), members, &mut overlay, lane.as_mut(), answers, store, operator);
    for step in steps_for(&planned.patch.steps, &facts.dialect.name) {
        context.check_cancelled()?;
        step.step.apply(&mut editor).map_err(|error| error.at(&step.position))?;
    }
    let done = editor.into_done();
    let changes = overlay.into_changes();
    if !planned.effects.are(&changes, done.digest()) {
        return Err(differs(&planned.effects, &Effects::of(changes, done.digest())));
    }
    context.database.roll_back()?;
    context.database.begin()
}

fn run_steps(
    context: &Context<'_>,
    planned: &PlannedPatch,
    facts: SiteFacts,
    header: &Header,
) -> Result<(NewFiles, Done), Error> {
    let slots = Arc::new(Slots::of(context.tree.disk().clone(), &planned.run));
    let members = &planned.patch.members;
    let seen = context.tree.picture(&looks(&planned.patch.steps).collect::<Vec<_>>());
    let mut overlay = Overlay::new(context.tree.clone(), seen, slots.clone(), members.free_slot());
    let steps = steps_for(&planned.patch.steps, &facts.dialect.name);
    let mut lane = context.lane(header, Finality::Decided);
    let mut editor =
        Editor::new(facts, members, &mut overlay, lane.as_mut(), &planned.answers, context.store, context.operator)
            .promised(&planned.deeds);
    for (number, step) in (1..).zip(&steps) {
        context.check_cancelled()?;
        let patch = planned.patch.manifest.id.clone();
        let summary = step.step.summary();
        context.operator.event(&Event::Staging { patch, step: number, of: steps.len(), summary });
        step.step.apply(&mut editor).map_err(|error| error.at(&step.position))?;
    }
    for step in &steps {
        step.step.verify(&editor).map_err(|error| error.at(&step.position))?;
    }
    let done = editor.into_done();
    let free_slot = overlay.fresh_slot();
    let changes = overlay.into_changes();
    Ok((NewFiles { changes, slots, free_slot }, done))
}

/// Gives each change a slot of its own, with the mode and owner that the file will have, and puts the changes into the order
/// in which they can be made.
///
/// # Errors
/// When the disk fails.
pub(crate) fn settle_slots(disk: &dyn Disk, files: NewFiles) -> Result<Settled, Error> {
    let NewFiles { changes, slots, mut free_slot } = files;
    if !changes.is_empty() {
        slots.make_folder()?;
    }
    let mut used = BTreeSet::new();
    let mut settled = Vec::with_capacity(changes.len());
    for NetChange { path, before, after, slot } in changes {
        let slot = match slot {
            Some(slot) if used.insert(slot) => slot,
            taken => {
                let fresh = free_slot;
                free_slot += 1;
                used.insert(fresh);
                if let Some(taken) = taken {
                    copy_slot(slots.as_ref(), taken, fresh, after.size())?;
                }
                fresh
            }
        };
        let change = Change { path, before, after, slot: layout::slot(slots.run(), slot) };
        dress(disk, &change)?;
        settled.push(change);
    }
    change::put_in_order(&mut settled);
    let unused = (0..free_slot).filter(|slot| !used.contains(slot)).map(|slot| layout::slot(slots.run(), slot));
    Ok(Settled { unused: unused.collect(), changes: settled })
}

/// Gives a staged file its final mode and owner, so that the switch is one rename.
///
/// # Errors
/// When the disk fails.
pub(crate) fn dress(disk: &dyn Disk, change: &Change) -> Result<(), Error> {
    let State::File { mode, owner, .. } = change.after else { return Ok(()) };
    if !matches!(change.forward(), Move::Add | Move::Exchange) {
        return Ok(());
    }
    let place = Place::state(&change.slot);
    if owner != disk.own_owner() {
        disk.set_owner(&place, owner)?;
    }
    if mode != FRESH_MODE {
        disk.set_mode(&place, mode)?;
    }
    Ok(())
}

/// One staged content that goes to two paths needs two files.
fn copy_slot(slots: &dyn Contents, from: u32, to: u32, size: u64) -> Result<(), Error> {
    let copied = (|| {
        let mut source = slots.open(from)?;
        let mut target = slots.create(to, size)?;
        io::copy(&mut source, &mut target)?;
        target.finish()
    })();
    copied.map_err(|error: io::Error| Error::new(ErrorKind::Io, format!("can't copy a staged file: {error}")))
}

/// Names the first thing that is not as the plan showed it.
fn differs(planned: &Effects, staged: &Effects) -> Error {
    let what = planned
        .files
        .iter()
        .find(|effect| !staged.files.contains(effect))
        .or_else(|| staged.files.iter().find(|effect| !planned.files.contains(effect)))
        .map_or_else(|| "its database statements differ".to_owned(), |effect| format!("{} differs", effect.path));
    Error::conflict(format!("the site is not as it was when the plan was made: {what}"))
        .hint("make a new plan, look at it, and apply that")
}
