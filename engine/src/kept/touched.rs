//! The folders of runs that a session touches, beside the count of all others: what it leaves is then known without another look.

use super::{Tally, sweep_runs};
use crate::ledger::Ledger;
use crate::site::disk::Disk;
use crate::site::layout;
use patchwright_hooks_api::Error;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one session touches.
pub(crate) struct Touched(Mutex<Folders>);

struct Folders {
    /// The runs that something was staged for, or whose folders give something back.
    runs: BTreeSet<String>,
    /// The folders of all others; nothing where they are to be counted again.
    others: Option<Tally>,
    /// Whether a folder goes, which no barrier may have made durable yet.
    goes: bool,
}

impl Touched {
    /// Nothing yet: these are all folders that there are.
    pub(crate) fn none_of(all: Tally) -> Self {
        Self(Mutex::new(Folders { runs: BTreeSet::new(), others: Some(all), goes: false }))
    }

    /// Takes note that the folders of these runs are about to come or change, before they do.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn expect(&self, disk: &dyn Disk, runs: impl IntoIterator<Item = String>) -> Result<(), Error> {
        Tally::forget(disk)?;
        let mut folders = self.folders();
        let new: BTreeSet<String> = with_hooks(runs).filter(|run| !folders.runs.contains(run)).collect();
        if let Some(others) = &mut folders.others {
            others.leave_out(disk, &new)?;
        }
        folders.runs.extend(new);
        Ok(())
    }

    /// Takes note that these are about to give something back, or to go.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn expect_back(&self, disk: &dyn Disk, runs: impl IntoIterator<Item = String>) -> Result<(), Error> {
        self.folders().goes = true;
        self.expect(disk, runs)
    }

    /// Takes note that any folder may change, before one does: all are counted again in the end.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn expect_any(&self, disk: &dyn Disk) -> Result<(), Error> {
        self.lose_count();
        Ok(Tally::forget(disk)?)
    }

    /// Has all folders counted before anything is noted, and what went until then be durable.
    pub(crate) fn lose_count(&self) {
        let mut folders = self.folders();
        folders.others = None;
        folders.goes = true;
    }

    /// Removes what nothing needs of the touched folders, and notes for the next session what there is then. A failure here costs disk
    /// space until that one tries again.
    pub(crate) fn tidy_up(&self, disk: &dyn Disk, ledger: &Ledger<'_>) {
        let mut folders = self.folders();
        // Without the note the next session looks for itself.
        folders.others = folders.tidy_up(disk, ledger).ok();
    }

    /// Removes it without a note: something may be left elsewhere, which the next session is to look for.
    pub(crate) fn remove(&self, disk: &dyn Disk, ledger: &Ledger<'_>) {
        let runs = std::mem::take(&mut self.folders().runs);
        // What can't be removed now is found by the next session too.
        let _ = sweep_runs(disk, ledger, runs);
    }

    fn folders(&self) -> MutexGuard<'_, Folders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folders {
    fn tidy_up(&mut self, disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<Tally, Error> {
        let (runs, others) = (std::mem::take(&mut self.runs), self.others.take());
        let goes = std::mem::take(&mut self.goes);
        if sweep_runs(disk, ledger, runs.iter().cloned())? || goes {
            // The note tells by one stamp that nothing came or went since: of several changes before it none may be lost alone.
            disk.barrier()?;
        }
        let all = match others {
            Some(mut others) => others.add(disk, &runs).map(|()| others),
            None => Tally::take(disk),
        }?;
        all.note(disk)?;
        Ok(all)
    }
}

/// These runs and those of their patches' `after` hooks.
fn with_hooks(runs: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    runs.into_iter().flat_map(|run| [layout::after_run(&run), run])
}
