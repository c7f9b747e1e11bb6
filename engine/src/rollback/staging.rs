//! Staging of a way back: what is to stand somewhere is brought into a slot, dressed as it will be, so that the switch is one
//! rename. What lies ready in the slot of the patch that goes is taken from there.

use super::files::Files;
use super::standing::Planned;
use super::without::{Rewritten, Source};
use crate::running::{Context, Slots, dress};
use crate::site::change::{self, Change, Move, State};
use crate::site::disk::{Disk, Place};
use crate::site::layout;
use crate::store::keep_copy;
use patchwright_hooks_api::{Error, ErrorKind, KnownSum, SitePath};
use std::io::Read;

/// How much of a file is copied at a time.
const PIECE_BYTES: usize = 64 << 10;

/// What is ready to be switched and recorded.
pub(super) struct Staged {
    /// The changes, in the order in which they can be made.
    pub changes: Vec<Change>,
    /// Those of them that put away files of a local hand.
    pub kept: Vec<Change>,
    /// Rows of patches that stay, by run and number, as they are to be.
    pub rows: Vec<(String, i64, Change)>,
    /// Rows that patches that stay get in addition, by run.
    pub inherited: Vec<(String, Change)>,
}

/// Stages all of it in the run's folder.
///
/// # Errors
/// When the disk fails, or bytes are gone that were there when the plan was made.
pub(super) fn stage(context: &Context<'_>, run: &str, files: &Files) -> Result<Staged, Error> {
    let mut stage = Stage { context, run, slots: 0 };
    if !files.planned.is_empty() || !files.rewritten.is_empty() {
        Slots::of(context.tree.disk().clone(), run).make_folder()?;
    }
    let mut changes = files.planned.iter().map(|planned| stage.change(planned)).collect::<Result<Vec<_>, _>>()?;
    let keeps = files.planned.iter().zip(&changes).filter(|(planned, _)| planned.keeps);
    let kept = keeps.map(|(_, change)| change.clone()).collect();
    change::put_in_order(&mut changes);
    let mut rows = Vec::new();
    for (path, row) in &files.rewritten {
        let (before, after) = (row.before.state, row.after.state);
        let slot = stage.fresh_slot();
        if row.keeps_bytes() {
            stage.fill(
                &Change { path: path.clone(), before: State::Absent, after: before, slot: slot.clone() },
                &row.before.bytes,
            )?;
        }
        stage.keep_made(path, row, &slot)?;
        rows.push((row.run.clone(), row.number, Change { path: path.clone(), before, after, slot }));
    }
    let mut inherited = Vec::new();
    for (run, path, after) in &files.inherited {
        let slot = stage.fresh_slot();
        inherited.push((run.clone(), Change { path: path.clone(), before: State::Absent, after: *after, slot }));
    }
    if changes.is_empty() {
        // No journal, and so no barrier, will come before the commit. By then the rows' bytes are to be there, and the note that counts
        // what is kept for the patches that go is not.
        context.disk().barrier()?;
    }
    Ok(Staged { changes, kept, rows, inherited })
}

struct Stage<'a> {
    context: &'a Context<'a>,
    run: &'a str,
    slots: u32,
}

impl Stage<'_> {
    fn fresh_slot(&mut self) -> SitePath {
        let slot = layout::slot(self.run, self.slots);
        self.slots += 1;
        slot
    }

    fn change(&mut self, planned: &Planned) -> Result<Change, Error> {
        let Planned { path, before, after, bytes, keeps } = planned;
        let change = |slot| Change { path: path.clone(), before: *before, after: *after, slot };
        match bytes {
            Some(Source::Slot(slot, state)) if !keeps && state == after => Ok(change(slot.clone())),
            _ => {
                let change = change(self.fresh_slot());
                if let (Move::Add | Move::Exchange, Some(bytes)) = (change.forward(), bytes) {
                    self.fill(&change, bytes)?;
                }
                Ok(change)
            }
        }
    }

    /// What the row's patch made stays known: its old slot, with the copy beside it, is forgotten.
    fn keep_made(&self, path: &SitePath, row: &Rewritten, slot: &SitePath) -> Result<(), Error> {
        let Context { store, .. } = self.context;
        match (&row.after.bytes, row.after.state.sha256()) {
            (Source::Given(bytes), _) => keep_copy(self.context.disk(), slot, bytes),
            (Source::Store, Some(sum)) if row.keeps_bytes() && !store.is_brought(&row.run, sum)? => {
                let found = store.find(&self.context.ledger(), path, KnownSum::Sha256(sum))?;
                found.map_or(Ok(()), |bytes| keep_copy(self.context.disk(), slot, &bytes))
            }
            _ => Ok(()),
        }
    }

    fn fill(&self, change: &Change, bytes: &Source) -> Result<(), Error> {
        let (disk, to) = (self.context.disk(), Place::state(&change.slot));
        match bytes {
            Source::Given(bytes) => disk.create(&to, bytes)?,
            Source::Slot(from, _) => copy(disk, &Place::state(from), &to)?,
            Source::Store => {
                let ledger = self.context.ledger();
                let sum = change.after.sha256().map(KnownSum::Sha256);
                let found = sum.map(|sum| self.context.store.find(&ledger, &change.path, sum)).transpose()?.flatten();
                let bytes =
                    found.ok_or_else(|| Error::missing(format!("the old bytes of {} are gone", change.path)))?;
                disk.create(&to, &bytes)?;
            }
        }
        dress(disk, change)
    }
}

fn copy(disk: &dyn Disk, from: &Place, to: &Place) -> Result<(), Error> {
    let mut source = disk.open(from)?;
    disk.create(to, &[])?;
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = source
            .read(&mut piece)
            .map_err(|error| Error::new(ErrorKind::Io, format!("can't read {from}: {error}")))?;
        if read == 0 {
            return Ok(());
        }
        disk.append(to, &piece[..read])?;
    }
}
