//! Taking back the last patch that is in force: its files from the run's folder, its database changes by their inverses.
//!
//! It is a run like any other: checked before anything is changed, journaled, one unit with its row in the ledger.

use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{FileRow, PatchRow, RunRow, Status};
use crate::operator::Approval;
use crate::recover::sweep_leftovers;
use crate::running::{Context, Ready, Slots, gated, take_back};
use crate::site::change::{self, Change, Move, State};
use crate::site::disk::{Disk, Place};
use crate::site::tree;
use patchwright_hooks_api::{Error, Finding, Inverse, SitePath};
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
    inverses: Vec<Inverse>,
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
    let back = way_back(ledger.files(&patch.run)?);
    let mut findings = Vec::new();
    for path in &back {
        findings.extend(check_path(context, path)?);
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
    let inverses = patch.statements.iter().rev().filter_map(|executed| executed.inverse.clone()).flatten().collect();
    let files = back.iter().map(|back| back.path.clone()).collect();
    let mut changes: Vec<Change> = back.into_iter().flat_map(|back| back.changes).collect();
    change::put_in_order(&mut changes);
    Ok(RollbackPlan { patch, findings, files, changes, inverses })
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
    let message = format!("going back from {} to {}", plan.patch.to, plan.patch.from);
    gated(context, &approval.by, &message, || run_back(context, &plan, run, approval))?;
    let ended = sweep_leftovers(context.disk(), &context.ledger());
    ended.map_err(|error| Failure::new(error, SiteState::InForce))?;
    Ok(plan.patch)
}

fn run_back(context: &Context<'_>, plan: &RollbackPlan, run: &str, approval: &Approval) -> Result<(), Failure> {
    let patch = plan.patch.patch.clone();
    let header = Header { format: FORMAT, run: run.to_owned(), purpose: Purpose::RollBack, patch };
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let staged = (|| {
        Slots::make(context.tree.disk().clone(), run)?;
        for inverse in &plan.inverses {
            context.check_cancelled()?;
            context.database.execute_inverse(inverse)?;
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
    Ready { header, changes: plan.changes.clone() }.switch(context, |_| Ok(()))?.commit(context)
}

/// What the way back does to one path.
struct PathBack {
    path: SitePath,
    /// What the patch left there.
    left: State,
    /// One change, or two where the patch put a file in a directory's place or the other way round.
    changes: Vec<Change>,
}

/// The way back of each path: from what the last change left to what the first one found, whose bytes are in its slot.
fn way_back(rows: Vec<FileRow>) -> Vec<PathBack> {
    let mut by_path: BTreeMap<SitePath, (Change, Change)> = BTreeMap::new();
    for FileRow { change, .. } in rows {
        by_path
            .entry(change.path.clone())
            .and_modify(|(_, last)| *last = change.clone())
            .or_insert((change.clone(), change));
    }
    let mut back = Vec::new();
    for (path, (first, last)) in by_path {
        let (left, found) = (last.after, first.before);
        let change = |before, after, slot: &SitePath| Change { path: path.clone(), before, after, slot: slot.clone() };
        let changes = if left == found {
            continue;
        } else if left.kind().is_some() && found.kind().is_some() && left.kind() != found.kind() {
            vec![change(left, State::Absent, &last.slot), change(State::Absent, found, &first.slot)]
        } else {
            vec![change(left, found, &first.slot)]
        };
        back.push(PathBack { path, left, changes });
    }
    back
}

/// Whether the path is as the patch left it, and the slot holds what was there before.
fn check_path(context: &Context<'_>, back: &PathBack) -> Result<Option<Finding>, Error> {
    let path = &back.path;
    if context.tree.state(path)? != back.left {
        return Ok(Some(
            Finding::blocker(format!("{path} was changed since the patch was applied"))
                .hint("put your change aside, take the patch back, and merge it again"),
        ));
    }
    let disk: &dyn Disk = context.disk();
    for change in &back.changes {
        if !matches!(change.forward(), Move::Add | Move::Exchange) {
            continue;
        }
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
