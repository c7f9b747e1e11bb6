//! A run: staged files and an open transaction become one unit, in force or taken back.
//!
//! The order is in the types. [`Ready`] holds all that is staged, with nothing live touched; [`Ready::switch`] announces it
//! and switches the files, which gives [`Applied`]; [`Applied::commit`] commits the database, which is the commit point.
//! Each stage that fails takes everything back before it says so.

mod gated;
mod opening;
mod slots;
mod stage;

use crate::database::Database;
use crate::editor::{Lane, Transaction};
use crate::failure::{Failure, SiteState};
use crate::gate::Gate;
use crate::handover::Patcher;
use crate::journal::{self, Header};
use crate::ledger::Ledger;
use crate::operator::{Event, Operator};
use crate::progress::{self, Finality, Progress};
use crate::registry::Registry;
use crate::restart::Restarter;
use crate::site::change::{Change, State};
use crate::site::clock::Clock;
use crate::site::config::SiteConfig;
use crate::site::disk::{Disk, Place};
use crate::site::tree::Tree;
use crate::site::{layout, sweep};
use crate::store::Store;
use crate::undo;
pub(crate) use gated::gated;
use opening::with_openings;
use patchwright_hooks_api::{Error, ErrorKind, PatcherFacts};
pub(crate) use slots::Slots;
pub(crate) use stage::{NewFiles, Settled, StagedPatch, dress, settle_slots, stage_patch};
use std::sync::Arc;
use std::thread;

/// What a run works on.
pub(crate) struct Context<'a> {
    /// The site's files.
    pub tree: &'a Arc<Tree>,
    /// The site's database.
    pub database: &'a Database,
    /// The site's configuration.
    pub config: &'a SiteConfig,
    /// The site's gate.
    pub gate: &'a Gate,
    /// The site's pristine copies.
    pub store: &'a Store,
    /// What follows when the site's code has become another.
    pub restarter: &'a Restarter,
    /// The step kinds that the engine knows.
    pub registry: &'a Registry,
    /// The program that the engine is built into, where patches may replace it.
    pub patcher: Option<&'a dyn Patcher>,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Who is told, and may call it off.
    pub operator: &'a dyn Operator,
}

impl Context<'_> {
    /// The site's disk.
    pub(crate) fn disk(&self) -> &dyn Disk {
        self.tree.disk().as_ref()
    }

    /// What the patcher is, where patches may replace it.
    pub(crate) fn patcher_facts(&self) -> Option<PatcherFacts> {
        self.patcher.map(Patcher::facts)
    }

    /// The site's ledger.
    pub(crate) fn ledger(&self) -> Ledger<'_> {
        Ledger::new(self.database, &self.config.table_prefix)
    }

    /// The way of a run's statements to the database. A transaction must be open.
    pub(crate) fn lane<'b>(&'b self, header: &'b Header, finality: Finality) -> Box<dyn Lane + 'b> {
        if self.database.is_transactional() {
            return Box::new(Transaction(self.database));
        }
        Box::new(Progress::new(self.database, self.ledger(), header, finality))
    }

    /// An error if the operator called the run off.
    ///
    /// # Errors
    /// Then.
    pub(crate) fn check_cancelled(&self) -> Result<(), Error> {
        check_cancelled(self.operator)
    }
}

fn check_cancelled(operator: &dyn Operator) -> Result<(), Error> {
    if operator.cancelled() {
        return Err(Error::new(ErrorKind::Cancelled, "the run was called off"));
    }
    Ok(())
}

/// All is staged, the database work is done in an open transaction, and nothing live has been touched.
#[must_use = "what is staged must be switched or taken back"]
pub(crate) struct Ready {
    /// What the run is.
    pub header: Header,
    /// What it will change, in the order in which it will.
    pub changes: Vec<Change>,
    /// Whether directories that are closed are to be opened for it.
    pub opens_directories: bool,
}

/// The live files are switched, and the transaction is still open.
#[must_use = "what is applied must be committed"]
pub(crate) struct Applied {
    header: Header,
    changes: Vec<Change>,
}

impl Ready {
    /// Announces the changes in the journal, makes all that is staged durable, and switches the files. Meanwhile `record` writes
    /// what the ledger keeps of the run into the open transaction: the one waits for the disk, the other works. Gives what it
    /// gave.
    ///
    /// A run that changes no file has nothing to announce: the database's transaction is its journal.
    ///
    /// # Errors
    /// When either can't; everything is then taken back.
    pub(crate) fn switch<T>(
        self,
        context: &Context<'_>,
        record: impl FnOnce(&[Change]) -> Result<T, Error>,
    ) -> Result<(Applied, T), Failure> {
        let Self { header, changes, opens_directories } = self;
        let (tree, operator) = (context.tree.as_ref(), context.operator);
        // The ledger keeps what the patch did; that directories were opened for it is the journal's alone.
        let (changes, recorded) = match opens_directories.then(|| with_openings(tree, &header.run, &changes)) {
            Some(Ok(opened)) => (opened, Some(changes)),
            Some(Err(error)) => return Err(take_back(context, &header, &changes, error)),
            None => (changes, None),
        };
        if let Err(error) = note_restart(context, &changes) {
            return Err(take_back(context, &header, &changes, error));
        }
        let ended = thread::scope(|scope| {
            let switching =
                (!changes.is_empty()).then(|| scope.spawn(|| switch_files(tree, operator, &header, &changes)));
            let recorded = record(recorded.as_ref().unwrap_or(&changes));
            match switching.map(thread::ScopedJoinHandle::join) {
                Some(Ok(switched)) => switched.and(recorded),
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                None => recorded,
            }
        });
        match ended {
            Ok(recorded) => Ok((Applied { header, changes }, recorded)),
            Err(error) => Err(take_back(context, &header, &changes, error)),
        }
    }
}

/// Notes that a restart is due, durably before anything comes into force: the barrier of the journal does it, where there is one.
fn note_restart(context: &Context<'_>, changes: &[Change]) -> Result<(), Error> {
    if context.restarter.note_due(context.gate)? && changes.is_empty() {
        context.disk().barrier()?;
    }
    Ok(())
}

fn switch_files(tree: &Tree, operator: &dyn Operator, header: &Header, changes: &[Change]) -> Result<(), Error> {
    let disk = tree.disk().as_ref();
    journal::announce(disk, header, changes)?;
    operator.event(&Event::Switching { patch: header.patch.clone(), changes: changes.len() });
    check_cancelled(operator)?;
    // Each look comes right before its change: what is found changed then takes back the few changes before it.
    changes.iter().try_for_each(|change| {
        check_unchanged(tree, change)?;
        Ok(undo::make(disk, change)?)
    })
}

impl Applied {
    /// Makes one unit of this and another that was brought behind it in the same transaction.
    pub(crate) fn with(self, later: Self) -> Self {
        let changes = self.changes.into_iter().chain(later.changes).collect();
        Self { header: later.header, changes }
    }

    /// Commits the database: the instant at which the unit is in force.
    ///
    /// # Errors
    /// When the commit failed; everything is then taken back. When nobody can tell whether it came through, or the disk fails
    /// after it, the gate stays shut and recovery decides.
    pub(crate) fn commit(self, context: &Context<'_>) -> Result<(), Failure> {
        let Self { header, changes } = self;
        let committed = match context.database.is_transactional() {
            true => context.database.commit(),
            // The rows of progress end in the instant in which the run's own row begins.
            false => context.ledger().forget_progress(&header.run, 0).and_then(|()| context.database.commit()),
        };
        if let Err(error) = committed {
            match was_committed(context, &header.run) {
                Ok(true) => {}
                Ok(false) => return Err(take_back(context, &header, &changes, error)),
                Err(second) => return Err(Failure::new(error, SiteState::NeedsRecovery).and(second)),
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let ended = context.disk().barrier().and_then(|()| journal::forget(context.disk()));
        ended.map_err(|error| Failure::new(error.into(), SiteState::NeedsRecovery))
    }
}

/// Takes back all that a run has done, and gives the failure to report. The database goes first: it may refuse, and then
/// nothing else is moved. What was staged stays until the session ends: it may be applied once more.
pub(crate) fn take_back(context: &Context<'_>, header: &Header, changes: &[Change], cause: Error) -> Failure {
    let disk = context.disk();
    // The transaction goes with the connection in any case; an error here has nothing to add.
    let _ = context.database.roll_back();
    let kept = match take_back_database(context, header) {
        Ok(kept) => kept,
        Err(second) => return Failure::new(cause, SiteState::NeedsRecovery).and(second),
    };
    let taken_back = (|| {
        sweep::release_ballast(disk)?;
        if disk.stat(&Place::state(&layout::journal()))?.is_none() {
            return Ok(());
        }
        undo::take_back(disk, &header.run, changes)?;
        disk.barrier()?;
        journal::forget(disk)
    })();
    if let Err(second) = taken_back {
        return Failure::new(cause, SiteState::NeedsRecovery).and(second.into());
    }
    let state = if kept.is_empty() { SiteState::TakenBack } else { SiteState::TakenBackInPart };
    kept.into_iter().fold(Failure::new(cause, state), |failure, deed| {
        failure.and(Error::conflict(format!("not taken back: {deed}")))
    })
}

/// Takes back what came into force statement by statement. Gives what stays.
fn take_back_database(context: &Context<'_>, header: &Header) -> Result<Vec<String>, Error> {
    if context.database.is_transactional() {
        return Ok(Vec::new());
    }
    if !context.database.answers() {
        context.database.reopen()?;
    }
    let taken_back = progress::take_back(context.database, &context.ledger(), &header.run)?;
    Ok(taken_back.map(|taken_back| taken_back.kept).unwrap_or_default())
}

/// An error if the path is no longer as it was when the run staged its change: a local change is never lost.
fn check_unchanged(tree: &Tree, change: &Change) -> Result<(), Error> {
    // Where nothing stood the move itself refuses to lay anything over what stands there now.
    if change.before == State::Absent || tree.state(&change.path)? == change.before {
        return Ok(());
    }
    Err(Error::conflict(format!("{} was changed while the patch was being staged", change.path))
        .hint("who writes to the site although the gate is shut? run the plan again"))
}

/// Asks the database, on a new line, whether the run's commit came through.
fn was_committed(context: &Context<'_>, run: &str) -> Result<bool, Error> {
    let _ = context.database.roll_back();
    context.database.reopen()?;
    context.ledger().is_committed(run)
}
