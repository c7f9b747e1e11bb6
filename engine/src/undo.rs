//! Changes, and taking them back: the same thing in the other direction.
//!
//! Whether a change has come about is told by its slot as much as by its path. The slot holds the new bytes before the
//! switch and the old ones after it, so a path that somebody edited since is still judged rightly, and a journal that
//! comes back after a power cut finds nothing to do. That makes [`settle`] idempotent, and safe to be interrupted and begun
//! again.

use crate::site::change::{Change, Move, State};
use crate::site::disk::{Disk, DiskError, DiskResult, Place, Stat};
use crate::site::{layout, tree};
use patchwright_hooks_api::{EntryKind, Sha256, SitePath};

/// Brings the site after all changes, whichever of them have come about already. Gives the paths that somebody else had
/// changed in the meantime, whose bytes now lie in the state folder.
///
/// # Errors
/// When the disk fails; to be called again then.
pub(crate) fn redo(disk: &dyn Disk, run: &str, changes: &[Change]) -> DiskResult<Vec<SitePath>> {
    settle(disk, run, changes.iter())
}

/// Brings the site before all changes, whichever of them have come about already. Otherwise as [`redo`].
///
/// # Errors
/// When the disk fails; to be called again then.
pub(crate) fn take_back(disk: &dyn Disk, run: &str, changes: &[Change]) -> DiskResult<Vec<SitePath>> {
    let reversed: Vec<Change> = changes.iter().rev().map(Change::reversed).collect();
    settle(disk, run, reversed.iter())
}

fn settle<'a>(disk: &dyn Disk, run: &str, changes: impl Iterator<Item = &'a Change>) -> DiskResult<Vec<SitePath>> {
    let mut rescued = Vec::new();
    for change in changes {
        heal_slot(disk, change)?;
        if has_come_about(disk, change)? {
            continue;
        }
        if rescue(disk, run, change)? {
            rescued.push(change.path.clone());
        }
        if can_be_made(disk, change)? {
            make(disk, change)?;
        }
    }
    Ok(rescued)
}

/// Whether the change has been made, whatever happened to the path since.
fn has_come_about(disk: &dyn Disk, change: &Change) -> DiskResult<bool> {
    let path = Place::root(&change.path);
    let slot = Place::state(&change.slot);
    Ok(match change.forward() {
        // Where a directory has taken the file's place, the file is gone, even when the slot has been swept since.
        Move::Delete => disk.stat(&slot)?.is_some() || kind(disk, &path)? != Some(EntryKind::File),
        Move::Add | Move::Exchange => file_sum(disk, &slot)? != change.after.sha256(),
        // A directory is made, then given its mode, then given away: it may have been cut off in between.
        Move::MakeDirectory => disk.stat(&path)?.is_some_and(|stat| directory(&stat) == change.after),
        Move::RemoveDirectory => kind(disk, &path)? != Some(EntryKind::Directory),
        // Where a file has taken a directory's place, the mode is that of the file by now.
        Move::SetMode => disk
            .stat(&path)?
            .is_none_or(|stat| Some(stat.kind) != change.after.kind() || Some(stat.mode) == change.after.mode()),
    })
}

/// Moves a file aside that stands in the way and is not what the change expects: somebody's edit since the crash.
fn rescue(disk: &dyn Disk, run: &str, change: &Change) -> DiskResult<bool> {
    let path = Place::root(&change.path);
    let in_the_way = match change.forward() {
        Move::Add | Move::MakeDirectory => kind(disk, &path)?.is_some_and(|kind| kind != EntryKind::Directory),
        Move::Exchange | Move::Delete => {
            kind(disk, &path)? == Some(EntryKind::File) && file_sum(disk, &path)? != change.before.sha256()
        }
        Move::RemoveDirectory | Move::SetMode => false,
    };
    if in_the_way {
        let aside = free_place(disk, run)?;
        disk.rename(&path, &aside)?;
    }
    Ok(in_the_way)
}

/// Whether the change can be made as the path stands now: what was rescued, or removed by somebody, changes that.
fn can_be_made(disk: &dyn Disk, change: &Change) -> DiskResult<bool> {
    let path = Place::root(&change.path);
    Ok(match change.forward() {
        Move::Exchange if disk.stat(&path)?.is_none() => {
            disk.rename(&Place::state(&change.slot), &path)?;
            false
        }
        Move::Delete => disk.stat(&path)?.is_some(),
        // What somebody put into the directory keeps it.
        Move::RemoveDirectory => disk.list(path.area, Some(&path.path))?.is_empty(),
        _ => true,
    })
}

/// Makes one change on a path that is known to be before it.
///
/// # Errors
/// When it can't be made.
pub(crate) fn make(disk: &dyn Disk, change: &Change) -> DiskResult<()> {
    let path = Place::root(&change.path);
    let slot = Place::state(&change.slot);
    match change.forward() {
        Move::Add => disk.rename(&slot, &path),
        Move::Delete => disk.rename(&path, &slot),
        Move::Exchange => disk.exchange(&slot, &path),
        Move::RemoveDirectory => disk.remove_dir(&path),
        Move::MakeDirectory => make_directory(disk, &path, &change.after),
        Move::SetMode => change.after.mode().map_or(Ok(()), |mode| disk.set_mode(&path, mode)),
    }
}

/// Makes the directory, as far as it is not there yet.
fn make_directory(disk: &dyn Disk, path: &Place, after: &State) -> DiskResult<()> {
    let State::Directory { mode, owner } = *after else { return Ok(()) };
    match disk.make_dir(path, mode) {
        Err(error) if error.source.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let Some(made) = disk.stat(path)? else { return Ok(()) };
    if made.owner != owner {
        disk.set_owner(path, owner)?;
    }
    if made.mode != mode {
        disk.set_mode(path, mode)?;
    }
    Ok(())
}

/// Ends what a file system that has to do it in several steps was cut off in: an exchange (see [`Disk::exchange`]), or a
/// move, which is a second name before the first one goes.
fn heal_slot(disk: &dyn Disk, change: &Change) -> DiskResult<()> {
    let (slot, aside) = (Place::state(&change.slot), Place::state(&layout::aside(&change.slot)));
    if disk.stat(&aside)?.is_some() {
        match disk.stat(&slot)? {
            None => disk.rename(&aside, &slot)?,
            Some(_) => disk.remove_file(&aside)?,
        }
    }
    let names = disk.stat(&slot)?.zip(disk.stat(&Place::root(&change.path))?);
    if names.is_some_and(|(one, other)| (one.device, one.stamp.inode) == (other.device, other.stamp.inode)) {
        disk.remove_file(&slot)?;
    }
    Ok(())
}

/// A place in the state folder that nothing stands at, for a file that must not be lost.
fn free_place(disk: &dyn Disk, run: &str) -> DiskResult<Place> {
    let folder = Place::state(&layout::rescued());
    if disk.stat(&folder)?.is_none() {
        disk.make_dir(&folder, 0o700)?;
    }
    for number in 0..u32::MAX {
        let place = Place::state(&layout::rescued_file(run, number));
        if disk.stat(&place)?.is_none() {
            return Ok(place);
        }
    }
    Err(DiskError::new("find a free name for", folder, std::io::ErrorKind::AlreadyExists))
}

/// What a directory is, as far as a patch cares.
fn directory(stat: &Stat) -> State {
    match stat.kind {
        EntryKind::Directory => State::Directory { mode: stat.mode, owner: stat.owner },
        _ => State::Absent,
    }
}

fn kind(disk: &dyn Disk, at: &Place) -> DiskResult<Option<EntryKind>> {
    Ok(disk.stat(at)?.map(|stat| stat.kind))
}

fn file_sum(disk: &dyn Disk, at: &Place) -> DiskResult<Option<Sha256>> {
    match kind(disk, at)? {
        Some(EntryKind::File) => Ok(Some(tree::sums(disk, at, false)?.sha256)),
        _ => Ok(None),
    }
}
