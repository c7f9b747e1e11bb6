//! The `downgrade` hooks of patches that go: how their authors take back what no inverse can. They are read from the archives that are
//! kept, and work on the database alone: files go back by themselves.
//!
//! Each is rehearsed when the plan is made. Where one transaction holds the whole way back, the run does it all and is compared with the
//! plan in the end; elsewhere each deed is, before it is done (decision 11).

use super::chosen::Chosen;
use crate::editor::{Done, Editor, Lane, facts_for};
use crate::intake::{Manifest, Members, PlannedStep, read_again};
use crate::ledger::{Executed, PatchRow};
use crate::operator::Answers;
use crate::planning::steps_for;
use crate::running::Context;
use crate::site::contents::Scratch;
use crate::site::disk::Place;
use crate::site::layout;
use crate::site::overlay::Overlay;
use crate::site::tree::Picture;
use patchwright_hooks_api::{Error, Finding, Sha256, Statement};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The hooks of patches, by their runs, and what could not be read.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    by_run: BTreeMap<String, Arc<Downgrade>>,
    unread: Vec<(String, Finding)>,
}

/// The hook of a patch.
#[derive(Debug)]
pub(super) struct Downgrade {
    row: PatchRow,
    manifest: Manifest,
    steps: Vec<PlannedStep>,
    members: Arc<Members>,
    /// What the rehearsal did; the way back does the same or is taken back.
    shown: Mutex<Option<Arc<Shown>>>,
}

/// What a hook did in the rehearsal.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// The statements, in order.
    pub executed: Vec<Executed>,
    /// A sum over each deed, on a lane that is stepwise.
    deeds: Vec<Sha256>,
}

impl Hooks {
    /// Reads those of the patches that go.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) fn read(context: &Context<'_>, chosen: &Chosen) -> Result<Self, Error> {
        let mut hooks = Self::default();
        for row in &chosen.going {
            let place = Place::state(&layout::archive(&row.run));
            if context.disk().stat(&place)?.is_none() {
                continue;
            }
            match read_again(context.disk().open(&place)?, Arc::new(Scratch::new()), context.registry) {
                Ok((manifest, steps, members)) => {
                    if steps_for(&steps, &context.database.info().name).iter().any(|step| step.step.has_downgrade()) {
                        let shown = Mutex::default();
                        let hook = Downgrade { row: row.clone(), manifest, steps, members, shown };
                        hooks.by_run.insert(row.run.clone(), Arc::new(hook));
                    }
                }
                Err(fault) => {
                    let message = format!("the kept archive of {} can't be read: {fault}", row.patch);
                    let finding = Finding::notice(message)
                        .hint("if it has a downgrade hook, that does not run; the statements' own inverses do");
                    hooks.unread.push((row.patch.clone(), finding));
                }
            }
        }
        Ok(hooks)
    }

    /// That of the patch which this run brought.
    pub(super) fn of(&self, run: &str) -> Option<&Arc<Downgrade>> {
        self.by_run.get(run)
    }

    /// What is to be said of those that could not be read: each with its patch.
    pub(super) fn unread(&self) -> impl Iterator<Item = (String, Finding)> {
        self.unread.iter().cloned()
    }
}

impl Downgrade {
    /// The patch.
    pub(super) fn patch(&self) -> &str {
        &self.row.patch
    }

    /// What the rehearsal did; nothing before it.
    pub(super) fn shown(&self) -> Arc<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    /// Runs it on this lane, on which a transaction is open. The first time is the rehearsal.
    ///
    /// # Errors
    /// When it fails, changes files, or does anything else than the rehearsal did.
    pub(super) fn run(&self, context: &Context<'_>, answers: &Answers, lane: &mut dyn Lane) -> Result<(), Error> {
        let facts = facts_for(context.config, context.database, context.patcher_facts(), &self.row.to, &self.manifest);
        let mut overlay = Overlay::new(context.tree.clone(), Picture::new(), Arc::new(Scratch::new()), 0);
        let (members, store, operator) = (self.members.as_ref(), context.store, context.operator);
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_stepwise = lane.is_stepwise();
        let mut editor = Editor::new(facts, members, &mut overlay, lane, answers, store, operator);
        if let Some(shown) = shown.as_deref().filter(|_| is_stepwise) {
            editor = editor.promised(&shown.deeds);
        }
        for step in steps_for(&self.steps, &context.database.info().name) {
            context.check_cancelled()?;
            step.step.downgrade(&mut editor).map_err(|error| error.at(&step.position))?;
        }
        let Done { executed, deeds, .. } = editor.into_done();
        if let Some(change) = overlay.into_changes().first() {
            let message = format!("the downgrade hook of {} changes {}", self.patch(), change.path);
            return Err(Error::refused(message).hint("files go back by themselves; the hook is for the database"));
        }
        let ran = Shown { executed, deeds };
        match &shown {
            Some(shown) if !ran.is_as(shown, is_stepwise) => Err(Error::conflict(format!(
                "the downgrade hook of {} does something else than the plan showed",
                self.patch()
            ))
            .hint("the site is not as it was when the plan was made: look at it again")),
            Some(_) => Ok(()),
            None => {
                *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(ran));
                Ok(())
            }
        }
    }
}

impl Shown {
    /// Whether both did the same. A portable change is compared by what it wants where its words depend on the table as it then is.
    fn is_as(&self, other: &Self, is_stepwise: bool) -> bool {
        match is_stepwise {
            true => self.deeds == other.deeds,
            false => self.statements().eq(other.statements()),
        }
    }

    /// The statements alone.
    pub(super) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.executed.iter().map(|executed| &executed.statement)
    }
}
