//! Directories that are closed to their owner, where the operator wants them opened for the run (C42): they are opened before the
//! other changes and closed after them, and all of it is journaled as one.

use crate::site::change::{Change, OPEN_TO_OWNER, State};
use crate::site::disk::{Area, Disk, Place};
use crate::site::layout;
use crate::site::tree::Tree;
use patchwright_hooks_api::{Error, SitePath};
use std::collections::BTreeSet;

/// The changes with what opens the closed directories around them. Where none is closed, the changes as they are.
///
/// # Errors
/// When the disk can't be looked at.
pub(super) fn with_openings(tree: &Tree, run: &str, changes: &[Change]) -> Result<Vec<Change>, Error> {
    let mut changes = changes.to_vec();
    let mut around = Vec::new();
    for path in closed(tree.disk().as_ref(), &changes)? {
        let State::Directory { mode, owner } = tree.state(&path)? else { continue };
        let (before, after) =
            (State::Directory { mode, owner }, State::Directory { mode: mode | OPEN_TO_OWNER, owner });
        // A mode has no bytes that would need a slot.
        let slot = layout::slot(run, u32::MAX - u32::try_from(around.len()).unwrap_or(u32::MAX));
        // What the patch itself makes of the directory is what it is to be in the end.
        let own = changes.iter_mut().find(|change| change.path == path && change.before == before);
        let closes = own.is_none();
        if let Some(own) = own {
            own.before = after;
        }
        around.push((Change { path, before, after, slot }, closes));
    }
    let opening: Vec<Change> = around.iter().map(|(open, _)| open.clone()).collect();
    let closing = around.iter().rev().filter(|(_, closes)| *closes).map(|(open, _)| open.reversed());
    Ok(opening.into_iter().chain(changes).chain(closing).collect())
}

/// The directories that names are changed in and that are closed, those above before those below.
fn closed(disk: &dyn Disk, changes: &[Change]) -> Result<BTreeSet<SitePath>, Error> {
    let mut closed = BTreeSet::new();
    let mut open = BTreeSet::new();
    for directory in changes.iter().filter_map(|change| change.path.parent()) {
        if open.contains(&directory) || closed.contains(&directory) {
            continue;
        }
        let is_there = disk.stat(&Place::root(&directory))?.is_some();
        let is_closed = is_there && !disk.may_change(Area::Root, Some(&directory))?;
        if is_closed { &mut closed } else { &mut open }.insert(directory);
    }
    Ok(closed)
}
