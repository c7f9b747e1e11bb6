//! How much of the disk the state folder takes, by what it is for.

use super::tally::Tally;
use crate::journal::run_folders;
use crate::site::disk::{Area, Disk, DiskResult, Place};
use crate::site::layout::{self, Role};
use patchwright_hooks_api::Error;
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, SubAssign};

/// So many files, with so many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// How many files.
    pub files: u64,
    /// Their sizes together, in bytes.
    pub bytes: u64,
}

/// What the state folder takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DiskUse {
    /// What patches replaced or removed, for the way back: `retire` lets go of it.
    pub backups: Figure,
    /// What the vendor shipped: archives, what patches made, releases. Local changes are told and merged by it.
    pub pristine: Figure,
    /// What recovery put aside.
    pub rescued: Figure,
}

impl Figure {
    fn count(&mut self, bytes: u64) {
        *self += Self { files: 1, bytes };
    }
}

impl AddAssign for Figure {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

impl AddAssign for DiskUse {
    fn add_assign(&mut self, other: Self) {
        self.backups += other.backups;
        self.pristine += other.pristine;
        self.rescued += other.rescued;
    }
}

/// Where more is taken away than there is, nothing is left: what was counted before may be of an earlier state of the disk.
impl SubAssign for Figure {
    fn sub_assign(&mut self, other: Self) {
        self.files = self.files.saturating_sub(other.files);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }
}

impl SubAssign for DiskUse {
    fn sub_assign(&mut self, other: Self) {
        self.backups -= other.backups;
        self.pristine -= other.pristine;
        self.rescued -= other.rescued;
    }
}

impl DiskUse {
    /// All of it. The folders of the runs are looked into where nobody has noted what they take.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn of(disk: &dyn Disk) -> Result<Self, Error> {
        let mut all = match Tally::noted(disk)? {
            Some(tally) => tally.takes(),
            None => Self::of_runs(disk)?,
        };
        for (folder, figure) in [(layout::releases(), &mut all.pristine), (layout::rescued(), &mut all.rescued)] {
            if disk.stat(&Place::state(&folder))?.is_some() {
                disk.list(Area::State, Some(&folder))?.iter().for_each(|(_, stat)| figure.count(stat.size));
            }
        }
        Ok(all)
    }

    /// What the folders of all runs take.
    pub(super) fn of_runs(disk: &dyn Disk) -> DiskResult<Self> {
        let mut all = Self::default();
        for run in run_folders(disk)? {
            all += Self::of_run(disk, &run)?;
        }
        Ok(all)
    }

    /// What the folder of a run takes.
    pub(super) fn of_run(disk: &dyn Disk, run: &str) -> DiskResult<Self> {
        let mut found = Self::default();
        for (name, stat) in disk.list(Area::State, Some(&layout::run(run)))? {
            match Role::of(&name) {
                Role::Slot => found.backups.count(stat.size),
                Role::Archive | Role::Made(_) => found.pristine.count(stat.size),
                Role::Other => {}
            }
        }
        Ok(found)
    }

    /// All of it in one.
    pub fn all(&self) -> Figure {
        let mut all = self.backups;
        all += self.pristine;
        all += self.rescued;
        all
    }
}
