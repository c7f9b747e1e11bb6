//! Which folders of runs there are and what they take, as the last session left them: who finds the same ones need not look into any.
//! So with ten thousand patches in force the next one costs what the first one did.
//!
//! The note is gone while a session may add or remove folders. A crash therefore leaves none, and where a power cut brings an old one
//! back it is of other folders.

use super::disk_use::DiskUse;
use crate::site::disk::{Area, Disk, DiskResult, Place};
use crate::site::{layout, note, tree};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::site::Sum;
use serde::{Deserialize, Serialize};

/// The folders of all runs, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The sum of the names' digests, which does not depend on their order.
    folders: u64,
    takes: DiskUse,
}

impl Tally {
    /// What was noted, where it still holds.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn noted(disk: &dyn Disk) -> Result<Option<Self>, Error> {
        let Some(noted) = note::read::<Self>(disk, &layout::tally())? else { return Ok(None) };
        Ok((noted.folders == sum_of_names(disk)?).then_some(noted))
    }

    /// Counts them.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn take(disk: &dyn Disk) -> DiskResult<Self> {
        Ok(Self { folders: sum_of_names(disk)?, takes: DiskUse::of_runs(disk)? })
    }

    /// Counts the folders of more runs, as far as they have any.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn add(&mut self, disk: &dyn Disk, runs: &[String]) -> DiskResult<()> {
        for run in runs {
            if disk.stat(&Place::state(&layout::run(run)))?.is_some() {
                self.folders = self.folders.wrapping_add(digest(run));
                self.takes += DiskUse::of_run(disk, run)?;
            }
        }
        Ok(())
    }

    /// What they take.
    pub(crate) fn takes(&self) -> DiskUse {
        self.takes
    }

    /// Notes it for the next session.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn note(&self, disk: &dyn Disk) -> DiskResult<()> {
        let bytes = serde_json::to_vec(self).expect("figures hold nothing that JSON can't");
        note::write(disk, &layout::tally(), &bytes)
    }

    /// Forgets what was noted, before folders come or go.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn forget(disk: &dyn Disk) -> DiskResult<()> {
        note::forget(disk, &layout::tally())
    }
}

fn sum_of_names(disk: &dyn Disk) -> DiskResult<u64> {
    let kept = layout::kept();
    if disk.stat(&Place::state(&kept))?.is_none() {
        return Ok(0);
    }
    let names = disk.names(Area::State, &kept)?;
    Ok(names.iter().fold(0, |sum, name| sum.wrapping_add(digest(name))))
}

fn digest(name: &str) -> u64 {
    let Sum(sum) = tree::sha256_of(name.as_bytes());
    sum.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}
