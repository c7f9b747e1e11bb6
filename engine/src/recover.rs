//! Recovery: what a crash left is brought to one side, before or after, without a question.
//!
//! 1. The journal is looked for. There is one only if a run may have begun to switch files.
//! 2. Where DDL commits by itself, the ledger is asked for the progress of runs that were not committed, whichever engine they were
//!    of. They are taken back in the database first: it may refuse, and then nothing else is moved.
//! 3. The database is asked whether the run was committed. If it can't be asked, nothing is changed and the gate stays shut.
//! 4. Committed: what is not yet switched is. Not committed: what is switched is taken back.
//! 5. A barrier makes that durable; then the journal goes, the patcher that the run brought is the patcher or goes, the leftovers go.
//! 6. The restart that the run made due is done, if it did not come to it, and the gate is opened.
//!
//! Each step may be cut off too; the next recovery begins again at the first.

use crate::database::Database;
use crate::gate::Gate;
use crate::handover;
use crate::journal::{self, Announced, Purpose};
use crate::kept::{Tally, sweep_leftovers};
use crate::ledger::Ledger;
use crate::operator::{Event, Operator};
use crate::progress::{self, TakenBack};
use crate::restart::{Restarted, Restarter};
use crate::site::disk::Disk;
use crate::site::sweep;
use crate::undo;
use patchwright_hooks_api::{Error, SitePath};
use serde::Serialize;

/// What recovery did about a run that had been cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovered {
    /// The patch of the run.
    pub patch: String,
    /// Whether the patch is in force now.
    pub in_force: bool,
    /// Files that somebody changed since the crash; their bytes are in the folder `rescued` of the state folder.
    pub rescued: Vec<SitePath>,
    /// Statements that stay although their patch was taken back: nothing takes them back, which the operator had accepted.
    pub kept: Vec<String>,
}

/// What recovery found, and what there is then.
pub(crate) struct Recovery {
    /// The run that had been cut off.
    pub(crate) recovered: Option<Recovered>,
    /// What became of a restart that was due.
    pub(crate) restarted: Restarted,
    /// The folders of runs.
    pub(crate) tally: Tally,
}

/// Whether a crash left something that recovery must deal with.
///
/// # Errors
/// When the disk fails, or the journal is damaged.
pub(crate) fn is_needed(disk: &dyn Disk, gate: &Gate, ledger: &Ledger<'_>) -> Result<bool, Error> {
    let is_closed = || Ok::<_, Error>(gate.closure()?.run.is_some());
    Ok(journal::find(disk)?.is_some()
        || handover::is_pending(disk)?
        || is_closed()?
        || !progress::unfinished(ledger)?.is_empty())
}

/// Brings the site to one side. The locks of the state folder and of the database must be held.
///
/// # Errors
/// When the disk or the database fails, or the journal is damaged; the gate then stays shut, and it is to be called again.
pub(crate) fn recover(
    disk: &dyn Disk,
    gate: &Gate,
    database: &Database,
    ledger: &Ledger<'_>,
    restarter: &Restarter,
    operator: &dyn Operator,
) -> Result<Recovery, Error> {
    let cut_off = journal::find(disk)?;
    // A transaction that a dead process left open is taken back by the database as soon as we hold its lock.
    let mut recovered = None;
    for run in progress::unfinished(ledger)? {
        let taken_back = progress::take_back(database, ledger, &run)?;
        recovered = taken_back.map(|TakenBack { purpose, patch, kept }| {
            let in_force = is_in_force(purpose, false);
            Recovered { patch, in_force, rescued: Vec::new(), kept }
        });
    }
    if let Some(announced) = cut_off {
        let kept = recovered.map(|recovered| recovered.kept).unwrap_or_default();
        recovered = Some(Recovered { kept, ..settle(disk, ledger, &announced)? });
    }
    handover::settle(disk, ledger)?;
    let tally = sweep_leftovers(disk, ledger)?;
    if let Some(Recovered { patch, in_force, rescued, kept }) = &recovered {
        let rescued = rescued.iter().map(ToString::to_string).collect();
        operator.event(&Event::Recovered { patch: patch.clone(), in_force: *in_force, rescued, kept: kept.clone() });
    }
    // Nobody is asked during recovery, so it takes nothing back: a site that is not healthy is told.
    let restarted = restarter.recover(|| Ok(ledger.must_be_in_force()?.version), operator)?;
    let was_shut = gate.closure()?.run.is_some();
    gate.open_after_run()?;
    if was_shut {
        operator.event(&Event::GateOpen);
    }
    Ok(Recovery { recovered, restarted, tally })
}

fn settle(disk: &dyn Disk, ledger: &Ledger<'_>, announced: &Announced) -> Result<Recovered, Error> {
    let Announced { header, changes, .. } = announced;
    let committed = ledger.is_committed(&header.run)?;
    sweep::release_ballast(disk)?;
    let rescued =
        if committed { undo::redo(disk, &header.run, changes)? } else { undo::take_back(disk, &header.run, changes)? };
    disk.barrier()?;
    announced.forget(disk)?;
    let in_force = is_in_force(header.purpose, committed);
    Ok(Recovered { patch: header.patch.clone(), in_force, rescued, kept: Vec::new() })
}

/// Whether the patch of a run is in force, if the run was or was not committed.
fn is_in_force(purpose: Purpose, committed: bool) -> bool {
    match purpose {
        Purpose::Apply => committed,
        Purpose::After => true,
        Purpose::RollBack => !committed,
    }
}
