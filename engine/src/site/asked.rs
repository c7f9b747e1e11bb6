//! What the operator was asked to make writable, so that he can be told what to make read-only again once the patch is in force
//! (C53). Kept in the state folder between the one run, which asks and changes nothing, and the next.

use super::disk::Disk;
use super::{layout, note};
use patchwright_hooks_api::Error;
use std::collections::BTreeMap;

/// Paths below the site's root, `.` for itself, with the mode that each had.
pub type Modes = BTreeMap<String, u32>;

/// What was asked for a patch, as far as that is noted.
///
/// # Errors
/// When the disk fails.
pub fn asked_for(disk: &dyn Disk, patch: &str) -> Result<Modes, Error> {
    Ok(all(disk)?.remove(patch).unwrap_or_default())
}

/// Notes what is asked for a patch, besides what was asked before and is writable by now.
///
/// # Errors
/// When the disk fails.
pub fn add(disk: &dyn Disk, patch: &str, asked: Modes) -> Result<(), Error> {
    if asked.is_empty() {
        return Ok(());
    }
    change(disk, |all| all.entry(patch.to_owned()).or_default().extend(asked))
}

/// Forgets what was asked for a patch: the ledger has it, or it is not wanted any more.
///
/// # Errors
/// When the disk fails.
pub fn forget(disk: &dyn Disk, patch: &str) -> Result<(), Error> {
    change(disk, |all| drop(all.remove(patch)))
}

fn change(disk: &dyn Disk, change: impl FnOnce(&mut BTreeMap<String, Modes>)) -> Result<(), Error> {
    let before = all(disk)?;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        let bytes = serde_json::to_vec(&after).expect("paths and modes hold nothing that JSON can't");
        note::write(disk, &layout::asked(), &bytes)?;
    }
    Ok(())
}

fn all(disk: &dyn Disk) -> Result<BTreeMap<String, Modes>, Error> {
    Ok(note::read(disk, &layout::asked())?.unwrap_or_default())
}
