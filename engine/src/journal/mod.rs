//! The write-ahead record of a run: every change that it is about to make to files, before it makes the first.
//!
//! A journal is written under another name (the *intent*) and gets its final one only after a barrier has made it
//! and all staged files durable. So a bad record tells what happened by where it stands: in an intent, the power went
//! before the barrier, and nothing live was touched; in the journal, something damaged it later, and the engine stops.
//!
//! It holds no mark of commit or undo. The commit is the ledger's row in the database, and which side a path is on is
//! told by the path and its slot: see `undo.rs`. A journal that comes back after a power cut is therefore harmless.

mod record;

use crate::site::change::Change;
use crate::site::disk::{Area, Disk, DiskResult, Place, remove_if_there};
use crate::site::{layout, tree};
use patchwright_hooks_api::{Error, ErrorKind};
use record::{Chain, Record};
pub use record::{FORMAT, Header, Purpose};

/// How many bytes go to the disk at a time.
const WRITE_SIZE: usize = 64 * 1024;

/// A run that announced its changes and may have begun them.
#[derive(Debug)]
pub struct Announced {
    /// What the run is.
    pub header: Header,
    /// All that it is about to change, in order.
    pub changes: Vec<Change>,
    place: Place,
}

impl Announced {
    /// Removes the journal: the run is at its end.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn forget(&self, disk: &dyn Disk) -> DiskResult<()> {
        disk.remove_file(&self.place)
    }
}

/// Announces the changes of a run and makes them durable together with everything that was staged. When this returns the
/// switch may begin.
///
/// # Errors
/// When the disk fails; nothing live has been touched then.
pub fn announce(disk: &dyn Disk, header: &Header, changes: &[Change]) -> DiskResult<()> {
    forget_intent(disk)?;
    let intent = Place::state(&layout::intent());
    write(disk, &intent, header, changes)?;
    disk.barrier()?;
    disk.rename(&intent, &Place::state(&layout::journal()))
}

/// Writes a journal where none is looked for, so that a program can show that it reads it.
///
/// # Errors
/// When something stands there, or the disk fails.
pub fn write(disk: &dyn Disk, at: &Place, header: &Header, changes: &[Change]) -> DiskResult<()> {
    let mut chain = Chain::default();
    let mut lines = String::new();
    chain.write(&Record::Begin(header.clone()), &mut lines);
    for change in changes {
        chain.write(&Record::Change(change.clone()), &mut lines);
        if lines.len() >= WRITE_SIZE {
            disk.append(at, lines.as_bytes())?;
            lines.clear();
        }
    }
    chain.write(&Record::Sealed { changes: changes.len() }, &mut lines);
    disk.append(at, lines.as_bytes())
}

/// How many changes a journal announces.
///
/// # Errors
/// When it is damaged, or of a later format than this engine reads.
pub fn count_changes(bytes: &[u8]) -> Result<usize, Error> {
    let read = record::read(bytes).map(|(_, changes)| changes.len());
    read.map_err(|fault| Error::invalid(format!("the journal can't be read: {fault}")))
}

/// Removes the journal of a run that is at its end.
///
/// # Errors
/// When the disk fails.
pub fn forget(disk: &dyn Disk) -> DiskResult<()> {
    disk.remove_file(&Place::state(&layout::journal()))
}

/// Finds the run that was cut off, if one was.
///
/// # Errors
/// When the disk fails, or the journal is damaged or of a later format.
pub fn find(disk: &dyn Disk) -> Result<Option<Announced>, Error> {
    let journal = Place::state(&layout::journal());
    if disk.stat(&journal)?.is_some() {
        return match read(disk, &journal)? {
            Ok(announced) => Ok(Some(announced)),
            Err(fault) => Err(Error::new(ErrorKind::Internal, format!("the journal is damaged: {fault}")).hint(
                "nothing was changed; restore the state folder's journal from a copy, or the whole site from a backup",
            )),
        };
    }
    let intent = Place::state(&layout::intent());
    if disk.stat(&intent)?.is_none() {
        return Ok(None);
    }
    // The final name of the journal may be lost although the barrier before it was passed.
    Ok(read(disk, &intent)?.ok())
}

/// Removes what is left of an intent, of a run that did not come to its journal.
///
/// # Errors
/// When the disk fails.
pub fn forget_intent(disk: &dyn Disk) -> DiskResult<()> {
    remove_if_there(disk, &Place::state(&layout::intent()))
}

/// The ids of all runs that have a folder, sorted.
///
/// # Errors
/// When the disk fails.
pub fn run_folders(disk: &dyn Disk) -> DiskResult<Vec<String>> {
    let kept = layout::kept();
    if disk.stat(&Place::state(&kept))?.is_none() {
        return Ok(Vec::new());
    }
    Ok(disk.list(Area::State, Some(&kept))?.into_iter().map(|(name, _)| name).collect())
}

fn read(disk: &dyn Disk, place: &Place) -> Result<Result<Announced, String>, Error> {
    let bytes = tree::read(disk, place)?;
    Ok(record::read(&bytes).map(|(header, changes)| Announced { header, changes, place: place.clone() }))
}
