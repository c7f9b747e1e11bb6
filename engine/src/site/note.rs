//! Notes: small files of the state folder, each of which changes in one instant. Nothing waits for a note to be durable, so a power cut
//! may leave its name without its bytes.

use super::disk::{Disk, DiskResult, Place, remove_if_there};
use super::tree;
use patchwright_hooks_api::SitePath;
use serde::de::DeserializeOwned;

/// Writes a note: whoever reads it finds the old bytes or the new ones.
///
/// # Errors
/// When the disk fails.
pub fn write(disk: &dyn Disk, note: &SitePath, bytes: &[u8]) -> DiskResult<()> {
    let draft = Place::state(&draft(note));
    remove_if_there(disk, &draft)?;
    disk.create(&draft, bytes)?;
    disk.replace(&draft, &Place::state(note))
}

/// The bytes of a note, if there is one.
///
/// # Errors
/// When the disk fails.
pub fn bytes(disk: &dyn Disk, note: &SitePath) -> DiskResult<Option<Vec<u8>>> {
    let place = Place::state(note);
    match disk.stat(&place)? {
        Some(_) => tree::read(disk, &place).map(Some),
        None => Ok(None),
    }
}

/// What a note says. One that a power cut has torn is none.
///
/// # Errors
/// When the disk fails.
pub fn read<T: DeserializeOwned>(disk: &dyn Disk, note: &SitePath) -> DiskResult<Option<T>> {
    Ok(bytes(disk, note)?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Removes a note, if there is one.
///
/// # Errors
/// When the disk fails.
pub fn forget(disk: &dyn Disk, note: &SitePath) -> DiskResult<()> {
    remove_if_there(disk, &Place::state(note))
}

/// Where a note's bytes are before they are the note.
pub fn draft(note: &SitePath) -> SitePath {
    SitePath::new(&format!("{note}.new")).expect("a note's name has no end that another could spoil")
}
