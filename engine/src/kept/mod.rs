//! What the state folder keeps, for whom, and how it is let go of: leftovers at once, backups when the operator retires their patch
//! (D9).

mod disk_use;
mod garbage;
mod retiring;
mod tally;
mod touched;

use crate::journal::{self, run_folders};
use crate::ledger::Ledger;
use crate::site::disk::{Area, Disk, Place};
use crate::site::{layout, sweep};
use crate::store;
pub use disk_use::{DiskUse, Figure};
pub(crate) use garbage::Garbage;
use patchwright_hooks_api::Error;
pub use retiring::Retirement;
pub(crate) use retiring::{is_retired, plan_retirement, retire};
use std::collections::BTreeSet;
pub(crate) use tally::Tally;
pub(crate) use touched::Touched;

/// What the folder of a run is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeptFor {
    /// Its patch is in force.
    InForce,
    /// It took patches back, and holds files of a local hand or what later patches go back to.
    WayBack,
    /// Its patch was in force, and the database was put back to an earlier state since.
    Lost,
    /// Nothing: staged and never switched, taken back, rolled back.
    Nothing,
}

/// All folders of runs, each with what it is kept for.
fn folders(disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<Vec<(String, KeptFor)>, Error> {
    let mut folders = purposes(ledger, &run_folders(disk)?)?;
    if folders.iter().all(|(_, purpose)| *purpose != KeptFor::Nothing) {
        return Ok(folders);
    }
    // Marked as lost, or the ledger ends before what the state folder has seen of it.
    let is_cut_off = ledger.is_cut_off(disk)?;
    for (run, purpose) in folders.iter_mut().filter(|(_, purpose)| *purpose == KeptFor::Nothing) {
        if is_cut_off || disk.stat(&Place::state(&layout::lost(run)))?.is_some() {
            *purpose = KeptFor::Lost;
        }
    }
    Ok(folders)
}

/// What each of these folders is kept for, as far as the ledger knows.
fn purposes(ledger: &Ledger<'_>, folders: &[String]) -> Result<Vec<(String, KeptFor)>, Error> {
    if folders.is_empty() {
        return Ok(Vec::new());
    }
    let mut in_force = BTreeSet::new();
    // Most often each folder is of a patch in force, and there are many.
    let (of_patches, of_hooks): (BTreeSet<&str>, BTreeSet<&str>) =
        folders.iter().map(String::as_str).partition(|folder| layout::patch_run(folder) == *folder);
    let mut runs: BTreeSet<&str> = of_hooks.iter().map(|folder| layout::patch_run(folder)).collect();
    if ledger.are_in_force(&of_patches)? {
        in_force.extend(of_patches.iter().map(|run| (*run).to_owned()));
    } else {
        runs.extend(&of_patches);
    }
    for (run, hook_ran) in ledger.runs_in_force(&runs)? {
        if hook_ran {
            in_force.insert(layout::after_run(&run));
        }
        in_force.insert(run);
    }
    let left = folders.iter().map(String::as_str).filter(|run| !in_force.contains(*run)).collect();
    let ways_back = ledger.ways_back_among(&left)?;
    let purpose = |run: &String| match (in_force.contains(run), ways_back.contains(run)) {
        (true, _) => KeptFor::InForce,
        (false, true) => KeptFor::WayBack,
        (false, false) => KeptFor::Nothing,
    };
    Ok(folders.iter().map(|run| (run.clone(), purpose(run))).collect())
}

/// The runs that the ledger has lost, whose old files are still there (D10).
///
/// # Errors
/// When the disk or the database fails.
pub(crate) fn lost_runs(disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<Vec<String>, Error> {
    let all = folders(disk, ledger)?.into_iter();
    Ok(all.filter(|(_, purpose)| *purpose == KeptFor::Lost).map(|(run, _)| run).collect())
}

/// Removes what cut-off runs left: the folders of those that brought nothing, drafts, an intent. Gives what there is then.
///
/// # Errors
/// When the disk or the database fails.
pub(crate) fn sweep_leftovers(disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<Tally, Error> {
    store::forget_drafts(disk)?;
    journal::forget_intent(disk)?;
    match Tally::noted(disk)? {
        Some(tally) if !ledger.is_cut_off(disk)? => Ok(tally),
        _ => {
            if sweep_folders(disk, folders(disk, ledger)?)? {
                // A note that speaks of them as gone may follow.
                disk.barrier()?;
            }
            Ok(Tally::take(disk)?)
        }
    }
}

/// Removes the folders of these runs, which are the caller's own, where they are kept for nothing. With ten thousand others it costs
/// no more than with none. Gives whether there was any.
///
/// # Errors
/// When the disk or the database fails.
pub(crate) fn sweep_runs(
    disk: &dyn Disk,
    ledger: &Ledger<'_>,
    runs: impl IntoIterator<Item = String>,
) -> Result<bool, Error> {
    let mut runs: Vec<String> = runs.into_iter().collect();
    runs.retain(|run| !matches!(disk.stat(&Place::state(&layout::run(run))), Ok(None)));
    sweep_folders(disk, purposes(ledger, &runs)?)
}

/// Gives whether a folder went.
fn sweep_folders(disk: &dyn Disk, folders: Vec<(String, KeptFor)>) -> Result<bool, Error> {
    let mut removed = false;
    for (run, purpose) in folders {
        let goes = match purpose {
            KeptFor::Nothing => true,
            KeptFor::WayBack => disk.list(Area::State, Some(&layout::run(&run)))?.is_empty(),
            KeptFor::InForce | KeptFor::Lost => false,
        };
        if goes {
            sweep::remove_run(disk, &run)?;
            removed = true;
        }
        // The next run goes on with the ledger as it is, and what the state folder has seen is then forgotten.
        let mark = Place::state(&layout::lost(&run));
        if purpose == KeptFor::Lost && disk.stat(&mark)?.is_none() {
            disk.create(&mark, &[])?;
        }
    }
    Ok(removed)
}

/// Removes what recovery put aside: files that somebody changed between a crash and it.
///
/// # Errors
/// When the disk fails.
pub(crate) fn forget_rescued(disk: &dyn Disk) -> Result<(), Error> {
    let folder = layout::rescued();
    if disk.stat(&Place::state(&folder))?.is_some() {
        sweep::remove_tree(disk, &folder)?;
    }
    Ok(())
}
