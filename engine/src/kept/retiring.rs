//! Retiring a patch: what it replaced or removed is dropped, and with that the way back behind it. What it brought stays known, so
//! that local changes can still be told. A mark in the run's folder comes first: cut off anywhere, the patch is retired or it is not, and
//! what is left of its backups is garbage.

use super::Figure;
use crate::ledger::{FileRow, Ledger, PatchRow};
use crate::site::change::State;
use crate::site::disk::{Disk, Place, remove_if_there};
use crate::site::layout;
use patchwright_hooks_api::{Error, SitePath};
use serde::Serialize;

/// What retiring a patch drops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "nothing is dropped before it is carried out"]
pub struct Retirement {
    /// The patch.
    pub patch: String,
    /// The paths whose old files are dropped.
    pub files: Vec<SitePath>,
    /// How much that is.
    pub dropped: Figure,
    /// The run whose mark comes first; none where the patch is not in force any more, and its way back kept the files.
    #[serde(skip)]
    mark: Option<String>,
    #[serde(skip)]
    slots: Vec<SitePath>,
}

/// Looks at what retiring a patch would drop: what it replaced, or for one that was taken back, what the way back put away.
///
/// # Errors
/// When the ledger or the disk can't be read.
pub(crate) fn plan_retirement(ledger: &Ledger<'_>, disk: &dyn Disk, patch: &PatchRow) -> Result<Retirement, Error> {
    let in_force = patch.status.is_in_force();
    let runs = if in_force { vec![patch.run.clone()] } else { ledger.ways_back_of(&patch.patch)? };
    let mark = in_force.then(|| patch.run.clone());
    let mut retirement = Retirement {
        patch: patch.patch.clone(),
        files: Vec::new(),
        dropped: Figure::default(),
        mark,
        slots: Vec::new(),
    };
    for run in runs {
        for FileRow { change, .. } in ledger.files(&run)? {
            let stat = match change.before {
                State::File { .. } => disk.stat(&Place::state(&change.slot))?,
                State::Absent | State::Directory { .. } => None,
            };
            if let Some(stat) = stat {
                retirement.dropped += Figure { files: 1, bytes: stat.size };
                retirement.files.push(change.path);
                retirement.slots.push(change.slot);
            }
        }
    }
    Ok(retirement)
}

/// Drops it.
///
/// # Errors
/// When the disk fails; what is left then is garbage.
pub(crate) fn retire(disk: &dyn Disk, retirement: &Retirement) -> Result<(), Error> {
    if let Some(run) = &retirement.mark
        && !is_retired(disk, run)?
    {
        disk.create(&Place::state(&layout::retired(run)), &[])?;
        disk.barrier()?;
    }
    for slot in &retirement.slots {
        remove_if_there(disk, &Place::state(slot))?;
    }
    Ok(disk.barrier()?)
}

/// Whether the patch that a run brought was retired.
///
/// # Errors
/// When the disk fails.
pub(crate) fn is_retired(disk: &dyn Disk, run: &str) -> Result<bool, Error> {
    Ok(disk.stat(&Place::state(&layout::retired(run)))?.is_some())
}
