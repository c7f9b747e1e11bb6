//! Taking back the last patch that is in force: its files from the run's folder, its database changes by their inverses.
//!
//! It is a run like any other: checked before anything is changed, journaled, one unit with its row in the ledger.

use crate::editor::Lane;
use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{Executed, FileRow, Head, PatchRow, RunRow, Status};
use crate::operator::Approval;
use crate::progress::Finality;
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
    undos: Vec<Undo>,
}

/// What takes some of a patch's statements back, and what does them once more should the way back fail.
#[derive(Debug)]
struct Undo {
    inverses: Vec<Inverse>,
    redo: Vec<Inverse>,
}

/// Looks at what taking the last patch back would do. Changes nothing.
///
/// # Errors
/// When no patch is in force, or the site can't be looked at.
pub(crate) fn plan_rollback(context: &Context<'_>) -> Result<RollbackPlan, Error> {
    let ledger = context.ledger();
    let Some(patch) = ledger.newest_patch()?.filter(|row| row.status == Status::Applied) else {
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
    let undos = undos(&patch.statements);
    findings.extend(loss(context, &undos));
    let files = back.iter().map(|back| back.path.clone()).collect();
    let mut changes: Vec<Change> = back.into_iter().flat_map(|back| back.changes).collect();
    change::put_in_order(&mut changes);
    Ok(RollbackPlan { patch, findings, files, changes, undos })
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
    let (from, to) = plan.patch.course();
    let message = format!("going back from {to} to {}", from.unwrap_or_else(|| "before it was installed".to_owned()));
    let mut head = None;
    gated(context, &approval.by, &message, || {
        head = Some(run_back(context, &plan, run, approval)?);
        Ok(())
    })?;
    if let Some(head) = head {
        // An older note is as good, only it knows less.
        let _ = head.note(context.disk());
    }
    let ended = sweep_leftovers(context.disk(), &context.ledger());
    ended.map_err(|error| Failure::new(error, SiteState::InForce))?;
    Ok(plan.patch)
}

fn run_back(context: &Context<'_>, plan: &RollbackPlan, run: &str, approval: &Approval) -> Result<Head, Failure> {
    let patch = plan.patch.patch.clone();
    let header = Header { format: FORMAT, run: run.to_owned(), purpose: Purpose::RollBack, patch };
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let staged = (|| {
        let component = plan.patch.component.as_ref().map(|step| (step.name.as_str(), Some(&step.to)));
        context.ledger().end_at(&plan.patch.to, component)?;
        if !plan.changes.is_empty() {
            Slots::of(context.tree.disk().clone(), run).make_folder()?;
        }
        let mut lane = context.lane(&header, Finality::Decided);
        for undo in &plan.undos {
            context.check_cancelled()?;
            undo.make(lane.as_mut())?;
        }
        let ledger = context.ledger();
        let mut entry = ledger.enter(&RunRow {
            run,
            purpose: Purpose::RollBack,
            patch: &plan.patch.patch,
            at: &approval.at,
            by: &approval.by,
            plan: "",
        })?;
        entry.add_structures(context.database.take_touched())?;
        entry.take_back(&plan.patch.run)?;
        entry.seal()
    })();
    match staged {
        Ok(head) => Ready { header, changes: plan.changes.clone() }.switch(context, |_| Ok(head))?.commit(context),
        Err(error) => Err(take_back(context, &header, &[], error)),
    }
}

/// The inverses in reverse order. One that stands with the first of several statements takes them all back.
fn undos(statements: &[Executed]) -> Vec<Undo> {
    let mut undos: Vec<Undo> = Vec::new();
    for Executed { statement, inverse } in statements {
        let done = Inverse::Statement(statement.clone());
        match (inverse.as_deref(), undos.last_mut()) {
            (Some([]), Some(undo)) => undo.redo.push(done),
            (Some([]), None) | (None, _) => {}
            (Some(inverses), _) => undos.push(Undo { inverses: inverses.to_vec(), redo: vec![done] }),
        }
    }
    undos.reverse();
    undos
}

impl Undo {
    fn make(&self, lane: &mut dyn Lane) -> Result<(), Error> {
        for (at, inverse) in self.inverses.iter().enumerate() {
            let mut redo = Some(self.redo_of(at));
            match inverse {
                Inverse::Statement(statement) => {
                    lane.database().note_statement(statement)?;
                    lane.execute(statement, redo.take())?;
                }
                Inverse::Change(change) => {
                    lane.database().note_change(change)?;
                    lane.rendered(change)?.make(change, |statement, _| {
                        lane.execute(statement, Some(redo.take().unwrap_or_default())).map(drop)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What does once more what this inverse took back. As many inverses as statements are taken for their pairs, in reverse order,
    /// so that each can be done once more alone; else the first stands for all.
    fn redo_of(&self, at: usize) -> &[Inverse] {
        match self.redo.len().checked_sub(at + 1) {
            Some(pair) if self.redo.len() == self.inverses.len() => &self.redo[pair..=pair],
            _ if at == 0 => &self.redo,
            _ => &[],
        }
    }
}

/// Where the way back can't be rolled back itself, what it drops is lost should it fail: its structure comes back, its rows don't.
fn loss(context: &Context<'_>, undos: &[Undo]) -> Option<Finding> {
    let database = context.database;
    let drops = |inverse: &&Inverse| match inverse {
        Inverse::Statement(statement) => database.info().commits_by_itself(&statement.text),
        Inverse::Change(change) => !change.is_of_rows(),
    };
    let first = undos.iter().flat_map(|undo| &undo.inverses).find(drops)?;
    (!database.is_transactional()).then(|| {
        Finding::notice(format!(
            "should going back fail halfway, {} has kept no rows of what was dropped before, the first: {first}",
            database.info().name
        ))
    })
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
