//! Cleaning up the state folder, outside of any window in which it would matter: freeing inodes is slow.

use super::disk::{Area, Disk, DiskResult, Place, remove_if_there};
use super::layout;
use patchwright_hooks_api::{EntryKind, SitePath};

/// Bytes kept in reserve so that a full disk leaves room to take a patch back.
const BALLAST_BYTES: usize = 1 << 20;

/// Removes a run's folder with all that is in it.
///
/// # Errors
/// When the disk fails.
pub fn remove_run(disk: &dyn Disk, run: &str) -> DiskResult<()> {
    let folder = layout::run(run);
    if disk.stat(&Place::state(&folder))?.is_none() {
        return Ok(());
    }
    remove_tree(disk, &folder)
}

/// Removes slots that nothing needs any more. What can't be removed costs disk space alone, until somebody looks for it.
pub fn remove_unused(disk: &dyn Disk, slots: &[SitePath]) {
    for slot in slots {
        let _ = remove_if_there(disk, &Place::state(slot));
    }
}

/// Puts the reserve in place, if it is not there.
///
/// # Errors
/// When the disk fails.
pub fn keep_ballast(disk: &dyn Disk) -> DiskResult<()> {
    let place = Place::state(&layout::ballast());
    if disk.stat(&place)?.is_some() {
        return Ok(());
    }
    disk.create(&place, &vec![0; BALLAST_BYTES]).inspect_err(|_| {
        // Half a reserve would be taken for a whole one the next time; that it can't be removed either adds nothing.
        let _ = disk.remove_file(&place);
    })
}

/// Gives the reserve back to the file system.
///
/// # Errors
/// When the disk fails.
pub fn release_ballast(disk: &dyn Disk) -> DiskResult<()> {
    remove_if_there(disk, &Place::state(&layout::ballast()))
}

/// Removes a folder of the state folder with all that is in it; folders there are two levels deep at most.
///
/// # Errors
/// When the disk fails.
pub fn remove_tree(disk: &dyn Disk, folder: &SitePath) -> DiskResult<()> {
    for (name, stat) in disk.list(Area::State, Some(folder))? {
        let Ok(path) = folder.join(&name) else { continue };
        match stat.kind {
            EntryKind::Directory => remove_tree(disk, &path)?,
            _ => disk.remove_file(&Place::state(&path))?,
        }
    }
    disk.remove_dir(&Place::state(folder))
}
