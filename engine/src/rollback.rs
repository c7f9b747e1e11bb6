//! Taking back the last patch that is in force: its files from the run's folder, its database changes by their inverses.
//!
//! It is a run like any other: checked before anything is changed, journaled, one unit with its row in the ledger.

use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{FileRow, PatchRow, RunRow, Status};
use crate::running::{Context, Ready, Slots, take_back};
use crate::site::change::{Change, Move, State};
use crate::site::disk::{Disk, Place};
use crate::site::{sweep, tree};
use crate::upgrade::{Approval, open_gate};
use patchwright_hooks_api::{Error, Finding, SitePath, Statement};
use serde::Serialize;
use std::collections::BTreeMap;

/// What taking a patch back will do, and what stands in its way.
#[derive(Debug, Serialize)]
#[must_use = "a plan does nothing until it is carried out"]
pub struct RollbackPlan {
    /// The patch that will be taken back.
    pub patch: PatchRow,
    /// What keeps it from being taken back.
    pub findings: Vec<Finding>,
    /// The paths that will be as they were before it.
    pub files: Vec<SitePath>,
    #[serde(skip)]
    changes: Vec<Change>,
    #[serde(skip)]
    statements: Vec<Statement>,
}

/// Looks at what taking the last patch back would do. Changes nothing.
///
/// # Errors
/// When no patch is in force, or the site can't be looked at.
pub(crate) fn plan_rollback(context: &Context<'_>) -> Result<RollbackPlan, Error> {
    let ledger = context.ledger();
    let newest = ledger.patches()?.into_iter().rfind(|row| row.status.is_in_force());
    let Some(patch) = newest.filter(|row| row.status == Status::Applied) else {
        return Err(Error::missing("there is no patch to take back").hint("see `patchwright history`"));
    };
    let changes = reversed(ledger.files(&patch.run)?);
    let mut findings = Vec::new();
    for change in &changes {
        findings.extend(check_change(context, change)?);
    }
    let without: Vec<&str> = patch
        .statements
        .iter()
        .filter(|executed| executed.inverse.is_none())
        .map(|executed| executed.statement.text.as_str())
        .collect();
    if let Some(first) = without.first() {
        findings.push(
            Finding::blocker(format!("{} of its statements can't be taken back, the first: {first}", without.len()))
                .hint("the vendor gave no undo for them; restore the database from a backup instead"),
        );
    }
    let statements = patch.statements.iter().rev().filter_map(|executed| executed.inverse.clone()).flatten().collect();
    let files = changes.iter().map(|change| change.path.clone()).collect();
    Ok(RollbackPlan { patch, findings, files, changes, statements })
}

/// Takes the patch back.
///
/// # Errors
/// When it can't be; the site is then as before, with the patch in force.
pub(crate) fn roll_back(
    context: &Context<'_>,
    plan: RollbackPlan,
    run: &str,
    approval: &Approval,
) -> Result<PatchRow, Failure> {
    if let Some(blocker) = plan.findings.iter().find(|finding| finding.is_blocker()) {
        let error = Error { hint: blocker.hint.clone(), ..Error::conflict(&blocker.message) };
        return Err(Failure::untouched(error.while_doing(format_args!("{} can't be taken back", plan.patch.patch))));
    }
    let untouched = |error: Error| Failure::untouched(error);
    sweep::keep_ballast(context.disk()).map_err(|error| untouched(error.into()))?;
    let message = format!("going back from {} to {}", plan.patch.to, plan.patch.from);
    let ended = match context.gate.shut_for_run(&approval.by, &message) {
        Ok(()) => run_back(context, &plan, run, approval),
        Err(error) => Err(untouched(error)),
    };
    open_gate(context, ended)?;
    // The run's folder held what was just put back; nothing refers to it any more.
    let swept = sweep::remove_run(context.disk(), &plan.patch.run);
    swept.map_err(|error| Failure::new(error.into(), SiteState::InForce))?;
    Ok(plan.patch)
}

fn run_back(context: &Context<'_>, plan: &RollbackPlan, run: &str, approval: &Approval) -> Result<(), Failure> {
    let patch = plan.patch.patch.clone();
    let header =
        Header { format: FORMAT, run: run.to_owned(), folder: run.to_owned(), purpose: Purpose::RollBack, patch };
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let staged = (|| {
        Slots::make(context.tree.disk().clone(), run)?;
        for statement in &plan.statements {
            context.check_cancelled()?;
            context.database.execute_for_patch(statement)?;
        }
        let ledger = context.ledger();
        ledger.add_run(&RunRow {
            run,
            purpose: Purpose::RollBack,
            patch: &plan.patch.patch,
            at: &approval.at,
            by: &approval.by,
            plan: "",
        })?;
        ledger.take_back(&plan.patch.run)
    })();
    if let Err(error) = staged {
        return Err(take_back(context, &header, &[], error));
    }
    let folder = header.folder.clone();
    Ready { header, changes: plan.changes.clone() }.switch(context)?.commit(context)?;
    sweep::remove_run(context.disk(), &folder).map_err(|error| Failure::new(error.into(), SiteState::InForce))
}

/// The changes that take a patch's files back, in order: the later of two changes of one path hides the earlier's end.
fn reversed(rows: Vec<FileRow>) -> Vec<Change> {
    let mut net: BTreeMap<(SitePath, u8), Change> = BTreeMap::new();
    let mut order = Vec::new();
    for FileRow { change, .. } in rows {
        // A path that changed its kind has two rows, which are two changes also on the way back.
        let key = (
            change.path.clone(),
            u8::from(change.before.kind() != change.after.kind() && change.before == State::Absent),
        );
        match net.get_mut(&key) {
            Some(earlier) => earlier.after = change.after,
            None => {
                order.push(key.clone());
                net.insert(key, change);
            }
        }
    }
    let back = order.iter().rev().filter_map(|key| net.get(key)).filter(|change| change.before != change.after);
    back.map(Change::reversed).collect()
}

/// Whether the path is as the patch left it, and the slot holds what was there before.
fn check_change(context: &Context<'_>, change: &Change) -> Result<Option<Finding>, Error> {
    let path = &change.path;
    if context.tree.state(path)? != change.before && change.before.kind().is_some() {
        return Ok(Some(
            Finding::blocker(format!("{path} was changed since the patch was applied"))
                .hint("put your change aside, take the patch back, and merge it again"),
        ));
    }
    let disk: &dyn Disk = context.disk();
    if matches!(change.forward(), Move::Add | Move::Exchange) {
        let slot = Place::state(&change.slot);
        let kept = disk.stat(&slot)?.map(|_| tree::sums(disk, &slot, false)).transpose()?.map(|sums| sums.sha256);
        if kept != change.after.sha256() {
            return Ok(Some(
                Finding::blocker(format!("the old bytes of {path} are not in the state folder any more"))
                    .hint("restore the file from a backup"),
            ));
        }
    }
    Ok(None)
}
