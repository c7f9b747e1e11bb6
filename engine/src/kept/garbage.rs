//! What is kept for nothing, found by looking at each file: who asks for it has time.

use super::{DiskUse, Figure, KeptFor, folders, is_retired, sweep_leftovers};
use crate::ledger::Ledger;
use crate::site::disk::{Area, Disk, Place};
use crate::site::layout::{self, Role};
use patchwright_hooks_api::{Error, SitePath};
use std::collections::BTreeSet;

/// Leftovers of cut-off runs, slots that the ledger does not know, and what a cut-off retirement left.
#[derive(Debug, Default)]
pub(crate) struct Garbage {
    /// How much that is.
    pub(crate) figure: Figure,
    /// Files in folders that are kept.
    files: Vec<SitePath>,
}

impl Garbage {
    /// Looks for it.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub(crate) fn find(disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<Self, Error> {
        let mut garbage = Self::default();
        let known = ledger.slots()?;
        for (run, purpose) in folders(disk, ledger)? {
            match purpose {
                KeptFor::Nothing => garbage.figure += DiskUse::of_run(disk, &run)?.all(),
                KeptFor::InForce | KeptFor::WayBack => garbage.look_into(disk, ledger, &known, &run)?,
                KeptFor::Lost => {}
            }
        }
        Ok(garbage)
    }

    /// Looks for it in a folder that is kept.
    fn look_into(
        &mut self,
        disk: &dyn Disk,
        ledger: &Ledger<'_>,
        known: &BTreeSet<String>,
        run: &str,
    ) -> Result<(), Error> {
        let (folder, retired) = (layout::run(run), is_retired(disk, run)?);
        for (name, stat) in disk.list(Area::State, Some(&folder))? {
            let is_kept = match Role::of(&name) {
                Role::Slot => !retired && known.contains(folder.join(&name)?.as_str()),
                Role::Made(slot) => known.contains(folder.join(slot)?.as_str()),
                Role::Archive | Role::Other => true,
            };
            if !is_kept {
                self.add(folder.join(&name)?, stat.size);
            }
        }
        if retired { self.add_slots_elsewhere(disk, ledger, run) } else { Ok(()) }
    }

    /// Removes it.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub(crate) fn remove(self, disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<(), Error> {
        sweep_leftovers(disk, ledger)?;
        for path in &self.files {
            disk.remove_file(&Place::state(path))?;
        }
        Ok(())
    }

    /// The old files of a retired patch that a way back of another one moved to its own folder.
    fn add_slots_elsewhere(&mut self, disk: &dyn Disk, ledger: &Ledger<'_>, run: &str) -> Result<(), Error> {
        for row in ledger.files(run)? {
            let slot = row.change.slot;
            if !slot.is_below(&layout::run(run))
                && let Some(stat) = disk.stat(&Place::state(&slot))?
            {
                self.add(slot, stat.size);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: SitePath, bytes: u64) {
        self.files.push(path);
        self.figure += Figure { files: 1, bytes };
    }
}
