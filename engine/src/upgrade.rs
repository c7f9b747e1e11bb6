//! The staircase: how one plan goes from approval to ledger, stage by stage.
//!
//! 1. The plan has no blockers and no open questions, and its hash is what was approved.
//! 2. The gate is shut.
//! 3. For each patch: its steps are staged into files and a transaction ([`Ready`](crate::running::Ready)); the files are
//!    switched while the ledger's rows go into the same transaction ([`Applied`](crate::running::Applied)); the transaction is
//!    committed, which is the instant at which the patch is in force.
//! 4. Its `after` hook runs, as a unit of its own.
//! 5. The site's owner's restart commands run, and the site is asked whether it is healthy; if it is not, all patches of the plan
//!    may be taken back ([`unhealthy`]).
//! 6. The gate is opened, at the one version that the site is now at.
//!
//! A patch that brings a new patcher is the last one: that program goes on with the rest ([`handover`]).
//!
//! Whatever fails before the commit takes that patch back; the patches before it stay in force.

mod unhealthy;

use crate::after::{self, Followed};
use crate::editor::facts_for;
use crate::failure::{Failure, SiteState};
use crate::handover;
use crate::intake::{Manifest, Requires};
use crate::journal::Purpose;
use crate::ledger;
use crate::ledger::{AfterHook, ComponentStep, Head, PatchRow, Record, Requirement, RunRow, Status};
use crate::message::made_writable;
use crate::operator::{Approval, Event};
use crate::planning::{Plan, PlannedPatch, check_ready, content_sums};
use crate::running::{Context, StagedPatch, gated, stage_patch, take_back};
use crate::site::change::Change;
use crate::site::{layout, sweep};
use patchwright_hooks_api::{Error, SitePath, Version, VersionRequirement};
use serde::Serialize;
use std::collections::BTreeSet;

/// A patch that is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receipt {
    /// The patch's id.
    pub patch: String,
    /// The id of the run that brought it.
    pub run: String,
    /// The component that it is for, if it is for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The version that the product, or the component, now has.
    pub version: Version,
    /// How many paths it changed.
    pub files: usize,
    /// How many statements it ran.
    pub statements: usize,
    /// What its scripts noted for the report, the `after` hooks included.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<String>,
}

/// The receipts of the patches that came into force, and what ended the run early, if anything did.
#[derive(Debug, Serialize)]
#[must_use = "a run may have failed"]
pub struct Outcome {
    /// The patches that are now in force, in order.
    pub receipts: Vec<Receipt>,
    /// Why the run ended before the plan's end.
    pub failure: Option<Failure>,
    /// The patcher that the last of them brought, which is to go on with the rest of the plan.
    pub handed_over: Option<HandedOver>,
}

/// A new program has taken the patcher's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HandedOver {
    /// The patch that brought it.
    pub patch: String,
    /// Its version.
    pub version: Version,
}

/// How far a run has come.
#[derive(Default)]
struct Reached {
    receipts: Vec<Receipt>,
    handed_over: Option<HandedOver>,
    /// Where the ledger ends.
    head: Option<Head>,
}

/// Gives an id for one more run.
pub(crate) type NewRun<'a> = dyn Fn() -> Result<String, Error> + 'a;

/// Applies a plan.
pub(crate) fn apply(context: &Context<'_>, plan: &Plan, approval: &Approval, new_run: &NewRun<'_>) -> Outcome {
    let mut reached = Reached::default();
    let failure = climb(context, plan, approval, new_run, &mut reached).err();
    let Reached { receipts, handed_over, head } = reached;
    if let Some(head) = head {
        // An older note is as good, only it knows less.
        let _ = head.note(context.disk());
    }
    Outcome { receipts, failure, handed_over }
}

fn climb(
    context: &Context<'_>,
    plan: &Plan,
    approval: &Approval,
    new_run: &NewRun<'_>,
    reached: &mut Reached,
) -> Result<(), Failure> {
    check_ready(plan)?;
    if plan.is_empty() {
        return Ok(());
    }
    let message = format!("upgrading {}", plan.course());
    gated(context, &approval.by, &message, || {
        let ended = climb_all(context, plan, approval, reached);
        unhealthy::follow(context, plan, approval, new_run, ended, reached)
    })
}

fn climb_all(context: &Context<'_>, plan: &Plan, approval: &Approval, reached: &mut Reached) -> Result<(), Failure> {
    let hash = plan.hash().to_string();
    let mut version = &plan.installed;
    for planned in &plan.patches {
        let successor = prepare_patcher(context, planned)?;
        let brought = apply_one(context, planned, approval, &hash, version);
        let Brought { receipt, head, unused } = brought.inspect_err(|failure| {
            if successor.is_some() && failure.state != SiteState::NeedsRecovery {
                // The next start does it where it fails.
                let _ = handover::withdraw(context.disk());
            }
        })?;
        reached.head = Some(head);
        // The way back needs what was replaced, or the hook in the archive.
        let is_kept = receipt.files > 0 || planned.patch.steps.iter().any(|step| step.step.has_downgrade());
        reached.receipts.push(receipt);
        if let (Some(successor), Some(new)) = (successor, &planned.patcher) {
            successor.put_in_force(context.disk()).map_err(|error| Failure::new(error, SiteState::InForce))?;
            let (patch, version) = (planned.patch.manifest.id.clone(), new.version.clone());
            reached.handed_over = Some(HandedOver { patch, version });
        }
        if planned.patch.manifest.component.is_none() {
            version = &planned.patch.manifest.to;
        }
        if let Some(Followed { head, notes }) = after::run_after(context, planned, version, approval)? {
            reached.head = Some(head);
            if let Some(receipt) = reached.receipts.last_mut() {
                receipt.notes.extend(notes);
            }
        }
        if is_kept {
            sweep::remove_unused(context.disk(), &unused);
        } else {
            // Nothing is kept for the way back. What can't be removed costs disk space alone.
            let _ = sweep::remove_run(context.disk(), &planned.run);
        }
        if reached.handed_over.is_some() {
            break;
        }
    }
    Ok(())
}

/// Lays the patcher that the patch brings, if it brings one, where it can be started, and has it tried out.
fn prepare_patcher(context: &Context<'_>, planned: &PlannedPatch) -> Result<Option<handover::Prepared>, Failure> {
    let (Some(new), Some(patcher)) = (&planned.patcher, context.patcher) else { return Ok(None) };
    let ledger = context.ledger();
    let place = handover::Workplace { disk: context.disk(), state: &context.config.state, patcher, ledger: &ledger };
    let of = (planned.run.as_str(), planned.patch.manifest.id.as_str());
    handover::prepare(&place, of, new, &planned.patch.members)
        .map(Some)
        .map_err(|error| Failure::new(error, SiteState::TakenBack))
}

/// A patch that was brought into force.
struct Brought {
    receipt: Receipt,
    /// Where the ledger then ends.
    head: Head,
    /// Slots that nothing needs once its `after` hook has run.
    unused: Vec<SitePath>,
}

fn apply_one(
    context: &Context<'_>,
    planned: &PlannedPatch,
    approval: &Approval,
    plan_hash: &str,
    version: &Version,
) -> Result<Brought, Failure> {
    let manifest = &planned.patch.manifest;
    let facts = facts_for(context.config, context.database, context.patcher_facts(), version, manifest);
    let component = manifest.component.as_deref().map(|component| (component, manifest.from.as_ref()));
    let begun = context.database.begin().and_then(|()| context.ledger().end_at(version, component));
    let end = begun.map_err(|error| {
        // Nothing was done in it; an error here has nothing to add.
        let _ = context.database.roll_back();
        Failure::new(error, SiteState::TakenBack)
    })?;
    let dialect = facts.dialect.name.clone();
    let StagedPatch { ready, executed, notes, unused } = stage_patch(context, planned, facts)?;
    let (files, statements) = (ready.changes.len(), executed.len());
    let made_writable = made_writable(context.disk(), &manifest.id, &ready.changes)
        .map_err(|error| take_back(context, &ready.header, &[], error))?;
    let record = |changes: &[Change]| -> Result<Head, Error> {
        let steps = crate::planning::steps_for(&planned.patch.steps, &dialect);
        let actions: Vec<String> = steps.iter().map(|step| step.step.summary()).collect();
        let record = Record {
            run: RunRow {
                run: &planned.run,
                purpose: Purpose::Apply,
                patch: &manifest.id,
                at: &approval.at,
                by: &approval.by,
                plan: plan_hash,
            },
            patch: row(planned, approval, version, end.next_number(), executed, &dialect),
            changes,
            actions: &actions,
            requirements: &requirements(manifest),
            notes: &notes,
            made_writable: &made_writable,
            sums: content_sums(&planned.patch, context.database.info()),
            touched: context.database.take_touched(),
        };
        context.ledger().record(record, end)
    };
    let spent: BTreeSet<SitePath> = ready.changes.iter().map(|change| change.slot.clone()).collect();
    let head = ready.switch(context, record)?.commit(context)?;
    planned.patch.members.spend(|slot| spent.contains(&layout::slot(&planned.run, slot)));
    context.operator.event(&Event::Committed { patch: manifest.id.clone(), version: manifest.target() });
    let Manifest { id, component, to, .. } = manifest.clone();
    let receipt = Receipt { patch: id, run: planned.run.clone(), component, version: to, files, statements, notes };
    Ok(Brought { receipt, head, unused })
}

/// What the patch needs others to be for, as long as it is in force.
fn requirements(manifest: &Manifest) -> Vec<Requirement> {
    let Requires { patches, components, product, .. } = &manifest.requires;
    let component = |(name, needed): &(String, Option<VersionRequirement>)| {
        Some(Requirement::Component(name.clone(), needed.clone()?))
    };
    let patches = patches.iter().cloned().map(Requirement::Patch);
    let product = product.iter().cloned().map(Requirement::Product);
    patches.chain(components.iter().filter_map(component)).chain(product).collect()
}

fn row(
    planned: &PlannedPatch,
    approval: &Approval,
    version: &Version,
    number: i64,
    statements: Vec<ledger::Executed>,
    dialect: &str,
) -> PatchRow {
    let manifest = &planned.patch.manifest;
    let step =
        |name: &String| ComponentStep { name: name.clone(), from: manifest.from.clone(), to: manifest.to.clone() };
    let component = manifest.component.as_ref().map(step);
    let after = crate::planning::steps_for(&planned.patch.steps, dialect).iter().any(|step| step.step.has_after());
    PatchRow {
        run: planned.run.clone(),
        number,
        patch: manifest.id.clone(),
        product: manifest.product.clone(),
        from: version.clone(),
        to: if component.is_none() { manifest.to.clone() } else { version.clone() },
        component,
        severity: manifest.severity.as_str().to_owned(),
        title: manifest.title.clone(),
        archive_sha256: planned.patch.sha256.to_string(),
        status: Status::Applied,
        after_hook: if after { AfterHook::Pending } else { AfterHook::None },
        at: approval.at.clone(),
        approved_by: approval.by.clone(),
        statements,
        decisions: planned.answers.words().clone(),
    }
}
