//! What a patch leaves to its operator: the three lists of the seed (C53 to C55). What to make read-only again, where his own files
//! were put, what is to be merged by hand. Each is looked at anew whenever it is asked for.

use crate::ledger::{Ledger, PatchRow};
use crate::site::asked::{Modes, asked_for};
use crate::site::change::{Change, State};
use crate::site::disk::{Area, Disk, Place};
use patchwright_hooks_api::{EntryKind, Error, SitePath};
use patchwright_merge::own_file;
use serde::Serialize;
use std::collections::BTreeSet;

/// The bits of a mode with which somebody may write.
const WRITE: u32 = 0o222;

/// What a patch leaves to its operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Message {
    /// The patch.
    pub patch: String,
    /// What was made writable for it and still is.
    pub writable: Vec<Writable>,
    /// The operator's own files that were put away.
    pub backups: Vec<Backup>,
    /// Files that are to be merged by hand.
    pub merges: Vec<Merge>,
    /// What its scripts noted for the operator.
    pub notes: Vec<String>,
}

/// A path that was made writable for a patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Writable {
    /// Below the site's root, `.` for itself.
    pub path: String,
    /// The permission bits that it has.
    pub mode: u32,
    /// Those that it had.
    pub was: u32,
}

/// A file of the operator's own that was put away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// Where it stood.
    pub path: SitePath,
    /// Where it is now, below the state folder.
    pub kept: SitePath,
}

/// A file that the operator kept, beside which the vendor's lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Merge {
    /// The operator's.
    pub path: SitePath,
    /// The vendor's. Once it is gone, this counts as done.
    pub beside: SitePath,
}

impl Message {
    /// Whether there is nothing in any of the lists.
    pub fn is_empty(&self) -> bool {
        self.to_do() == 0 && self.backups.is_empty() && self.notes.is_empty()
    }

    /// How many things are still to be done. Backups and notes want nothing that could be looked at.
    pub fn to_do(&self) -> usize {
        self.writable.len() + self.merges.len()
    }

    /// What a patch in force left.
    ///
    /// # Errors
    /// When the ledger or the disk can't be read.
    pub(crate) fn of(ledger: &Ledger<'_>, disk: &dyn Disk, patch: &PatchRow) -> Result<Self, Error> {
        let mut message = Self { notes: ledger.notes(&patch.run)?, ..Self::empty(&patch.patch) };
        for (path, was) in ledger.permissions(&patch.run)? {
            let mode = mode_at(disk, &path)?.filter(|mode| is_more_open(*mode, was));
            message.writable.extend(mode.map(|mode| Writable { path, mode, was }));
        }
        let (mut put_away, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for (question, answer) in &patch.decisions {
            if let Some(path) = own_file(question).and_then(|path| SitePath::new(path).ok()) {
                if answer == "keep" { &mut kept } else { &mut put_away }.insert(path);
            }
        }
        if put_away.is_empty() && kept.is_empty() {
            return Ok(message);
        }
        let files = ledger.files(&patch.run)?;
        for path in kept {
            let beside = path.with_suffix(&patch.patch)?;
            let was_laid = files.iter().any(|row| row.change.path == beside);
            if was_laid && disk.stat(&Place::root(&beside))?.is_some() {
                message.merges.push(Merge { path, beside });
            }
        }
        message
            .add_backups(disk, files.iter().map(|row| &row.change).filter(|change| put_away.contains(&change.path)))?;
        Ok(message)
    }

    /// What the runs that took a patch back put away.
    ///
    /// # Errors
    /// As [`Message::of`].
    pub(crate) fn of_ways_back(ledger: &Ledger<'_>, disk: &dyn Disk, patch: &str) -> Result<Self, Error> {
        let mut message = Self::empty(patch);
        for run in ledger.ways_back_of(patch)? {
            message.add_backups(disk, ledger.files(&run)?.iter().map(|row| &row.change))?;
        }
        Ok(message)
    }

    fn empty(patch: &str) -> Self {
        Self {
            patch: patch.to_owned(),
            writable: Vec::new(),
            backups: Vec::new(),
            merges: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn add_backups<'a>(&mut self, disk: &dyn Disk, changes: impl Iterator<Item = &'a Change>) -> Result<(), Error> {
        for Change { path, before, slot, .. } in changes {
            if matches!(before, State::File { .. }) && disk.stat(&Place::state(slot))?.is_some() {
                self.backups.push(Backup { path: path.clone(), kept: slot.clone() });
            }
        }
        Ok(())
    }
}

/// What was made writable since it was asked for, of what these changes leave: what is to be made read-only again after them.
///
/// # Errors
/// When the disk fails.
pub(crate) fn made_writable(disk: &dyn Disk, patch: &str, changes: &[Change]) -> Result<Modes, Error> {
    let mut given = asked_for(disk, patch)?;
    let goes = |path: &str| changes.iter().any(|change| change.path.as_str() == path && change.after == State::Absent);
    given.retain(|path, _| !goes(path));
    let mut made = Modes::new();
    for (path, was) in given {
        if mode_at(disk, &path)?.is_some_and(|mode| is_more_open(mode, was)) {
            made.insert(path, was);
        }
    }
    Ok(made)
}

fn is_more_open(mode: u32, was: u32) -> bool {
    mode & WRITE & !was != 0
}

fn mode_at(disk: &dyn Disk, path: &str) -> Result<Option<u32>, Error> {
    if path == "." {
        return Ok(Some(disk.stat_folder(Area::Root)?.mode));
    }
    let stat = disk.stat(&Place::root(&SitePath::new(path)?))?;
    Ok(stat.filter(|stat| stat.kind != EntryKind::Link).map(|stat| stat.mode))
}
