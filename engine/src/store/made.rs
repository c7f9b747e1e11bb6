//! Pristine copies of what a run makes itself, an altered file for instance: it is in no archive, so it is kept beside its slot.

use super::Packing;
use crate::intake::Members;
use crate::site::change::{Change, Move, State};
use crate::site::disk::{Disk, Place};
use crate::site::{layout, tree};
use flate2::Compression;
use patchwright_hooks_api::{Error, ErrorKind, Payload, Sha256, SitePath};
use std::collections::BTreeSet;

/// The largest file of which a copy is kept: local changes of larger ones are nothing that a person merges.
const LARGEST: u64 = 1 << 20;

/// Keeps a copy of each file that the run made, before the barrier that its changes wait for.
///
/// # Errors
/// When the disk fails.
pub(crate) fn keep_made(disk: &dyn Disk, members: &Members, changes: &[Change]) -> Result<(), Error> {
    let brought: BTreeSet<Sha256> = members.names().filter_map(|name| Some(members.entry(name)?.sha256)).collect();
    for change in changes.iter().filter(|change| matches!(change.forward(), Move::Add | Move::Exchange)) {
        let State::File { sha256, size, .. } = change.after else { continue };
        if size > LARGEST || brought.contains(&sha256) {
            continue;
        }
        keep_copy(disk, &change.slot, &tree::read(disk, &Place::state(&change.slot))?)?;
    }
    Ok(())
}

/// Keeps a copy of what a run made itself for the path of this slot.
///
/// # Errors
/// When the disk fails.
pub(crate) fn keep_copy(disk: &dyn Disk, slot: &SitePath, bytes: &[u8]) -> Result<(), Error> {
    let packed = Packing::gzip(bytes, Compression::fast())
        .map_err(|error| Error::new(ErrorKind::Io, format!("can't compress what goes beside {slot}: {error}")))?;
    Ok(disk.create(&Place::state(&layout::made(slot)), &packed)?)
}
