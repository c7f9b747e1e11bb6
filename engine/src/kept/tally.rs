//! Which folders of runs there are and what they take, as the last session left them: who finds the same ones need not look into any.
//! So with ten thousand patches in force the next one costs what the first one did.
//!
//! The note is gone while a session may add or remove folders, so a kill leaves none. A power cut may bring an old one back; but what it
//! speaks of was durable, and a folder that came or went since has changed the stamp of the directory that holds them all, which one
//! look tells. Where the stamp is another, because the state folder was copied say, the names are compared.

use super::disk_use::DiskUse;
use crate::site::disk::{Area, Disk, DiskResult, Place, Stamp};
use crate::site::{layout, note, tree};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::site::Sum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The folders of all runs, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// The sum of the names' digests, which does not depend on their order.
    folders: u64,
    takes: DiskUse,
}

/// What is noted for the next session.
#[derive(Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    tally: Tally,
    /// The stamp of the directory that holds the folders, if there is one. Earlier engines noted none.
    #[serde(default)]
    stamp: Option<Stamp>,
}

impl Tally {
    /// What was noted, where it still holds.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn noted(disk: &dyn Disk) -> Result<Option<Self>, Error> {
        let Some(Noted { tally, stamp }) = note::read(disk, &layout::tally())? else { return Ok(None) };
        let holds = stamp.is_some() && stamp == stamp_of_all(disk)? || tally.folders == sum_of_names(disk)?;
        Ok(holds.then_some(tally))
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
    pub(crate) fn add(&mut self, disk: &dyn Disk, runs: &BTreeSet<String>) -> DiskResult<()> {
        for (run, takes) in folders_of(disk, runs)? {
            self.folders = self.folders.wrapping_add(digest(run));
            self.takes += takes;
        }
        Ok(())
    }

    /// Leaves the folders of these runs out again, before anything in them changes.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn leave_out(&mut self, disk: &dyn Disk, runs: &BTreeSet<String>) -> DiskResult<()> {
        for (run, takes) in folders_of(disk, runs)? {
            self.folders = self.folders.wrapping_sub(digest(run));
            self.takes -= takes;
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
        let noted = Noted { tally: *self, stamp: stamp_of_all(disk)? };
        let bytes = serde_json::to_vec(&noted).expect("figures hold nothing that JSON can't");
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

/// The folders that there are of these runs, and what each takes.
fn folders_of<'a>(disk: &dyn Disk, runs: &'a BTreeSet<String>) -> DiskResult<Vec<(&'a str, DiskUse)>> {
    let mut found = Vec::new();
    for run in runs {
        if disk.stat(&Place::state(&layout::run(run)))?.is_some() {
            found.push((run.as_str(), DiskUse::of_run(disk, run)?));
        }
    }
    Ok(found)
}

fn stamp_of_all(disk: &dyn Disk) -> DiskResult<Option<Stamp>> {
    Ok(disk.stat(&Place::state(&layout::kept()))?.map(|stat| stat.stamp))
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
