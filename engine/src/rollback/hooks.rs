//! The `downgrade` hooks of patches that go: how their authors take back what no inverse can. They are read from the archives that are
//! kept, and work on the database alone: files go back by themselves.

use super::chosen::Chosen;
use crate::editor::{Editor, Transaction, facts_for};
use crate::intake::{Manifest, Members, PlannedStep, read_again};
use crate::ledger::PatchRow;
use crate::operator::Answers;
use crate::planning::steps_for;
use crate::running::Context;
use crate::site::contents::Scratch;
use crate::site::disk::Place;
use crate::site::layout;
use crate::site::overlay::Overlay;
use crate::site::tree::Picture;
use patchwright_hooks_api::{Error, Finding, Statement};
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
    /// What the rehearsal ran; the way back does the same or is taken back.
    shown: Mutex<Option<Vec<Statement>>>,
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

    /// What is to be said of them: each with its patch.
    pub(super) fn findings(&self, context: &Context<'_>) -> Vec<(String, Finding)> {
        let mut findings = self.unread.clone();
        let database = context.database;
        if !database.is_transactional() {
            findings.extend(self.by_run.values().map(|hook| {
                let finding = Finding::blocker(format!(
                    "{} has a downgrade hook, and what it would do can't be rehearsed on {}, which can't roll back",
                    hook.row.patch,
                    database.info().name
                ))
                .hint("restore the site from a backup, or ask the vendor for a patch that goes forth instead");
                (hook.row.patch.clone(), finding)
            }));
        }
        findings
    }
}

impl Downgrade {
    /// The patch.
    pub(super) fn patch(&self) -> &str {
        &self.row.patch
    }

    /// What the rehearsal ran.
    pub(super) fn shown(&self) -> Vec<Statement> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default()
    }

    /// Runs it in the open transaction, which can be rolled back.
    ///
    /// # Errors
    /// When it fails, changes files, or runs anything else than the rehearsal did.
    pub(super) fn run(&self, context: &Context<'_>, answers: &Answers) -> Result<(), Error> {
        let facts = facts_for(context.config, context.database, context.patcher_facts(), &self.row.to, &self.manifest);
        let mut overlay = Overlay::new(context.tree.clone(), Picture::new(), Arc::new(Scratch::new()), 0);
        let mut lane = Transaction(context.database);
        let (members, store, operator) = (self.members.as_ref(), context.store, context.operator);
        let mut editor = Editor::new(facts, members, &mut overlay, &mut lane, answers, store, operator);
        for step in steps_for(&self.steps, &context.database.info().name) {
            context.check_cancelled()?;
            step.step.downgrade(&mut editor).map_err(|error| error.at(&step.position))?;
        }
        let ran: Vec<Statement> = editor.into_done().executed.into_iter().map(|executed| executed.statement).collect();
        if let Some(change) = overlay.into_changes().first() {
            let message = format!("the downgrade hook of {} changes {}", self.patch(), change.path);
            return Err(Error::refused(message).hint("files go back by themselves; the hook is for the database"));
        }
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match shown.as_ref() {
            Some(shown) if *shown != ran => Err(Error::conflict(format!(
                "the downgrade hook of {} does something else than the plan showed",
                self.patch()
            ))
            .hint("the site is not as it was when the plan was made: look at it again")),
            _ => {
                *shown = Some(ran);
                Ok(())
            }
        }
    }
}
