//! One patch on its way from its plan into an open transaction, and what the ledger keeps of it.

use super::Receipt;
use crate::editor::facts_for;
use crate::failure::{Failure, SiteState};
use crate::intake::{Manifest, Requires};
use crate::journal::Purpose;
use crate::ledger::{AfterHook, ComponentStep, End, Executed, Head, PatchRow, Record, Requirement, RunRow, Status};
use crate::message::made_writable;
use crate::operator::{Approval, Event};
use crate::planning::{PlannedPatch, content_sums, steps_for};
use crate::running::{Applied, Context, StagedPatch, stage_patch, take_back};
use crate::site::change::Change;
use crate::site::layout;
use patchwright_hooks_api::{Error, SitePath, Version, VersionRequirement};
use std::collections::BTreeSet;

/// What is so for each patch of a plan.
pub(super) struct Terms<'a> {
    /// Who approved it, and when.
    pub approval: &'a Approval,
    /// The plan's hash.
    pub plan: &'a str,
}

/// A patch that has been brought into force.
pub(super) struct Brought {
    /// What the operator gets.
    pub receipt: Receipt,
    /// Where the ledger then ends.
    pub head: Head,
    /// Slots that nothing needs once its `after` hook has run.
    pub unused: Vec<SitePath>,
}

/// A patch that is in force as soon as its transaction is committed.
pub(super) struct Switched {
    /// Where the ledger then ends.
    pub end: End,
    receipt: Receipt,
    /// The slots of its changes.
    spent: BTreeSet<SitePath>,
    unused: Vec<SitePath>,
}

/// Brings one patch into force on a site whose product is at this version, in a transaction of its own.
///
/// # Errors
/// When it could not; it is taken back then.
pub(super) fn bring(
    context: &Context<'_>,
    planned: &PlannedPatch,
    terms: &Terms<'_>,
    version: &Version,
) -> Result<Brought, Failure> {
    let end = begin(context, planned, version)?;
    let committed = switch(context, planned, terms, version, end)
        .and_then(|(applied, switched)| applied.commit(context).map(|()| switched));
    let switched = committed.inspect_err(|failure| {
        if matches!(failure.state, SiteState::TakenBack | SiteState::TakenBackInPart) {
            context.operator.event(&Event::TakenBack { patch: planned.patch.manifest.id.clone() });
        }
    })?;
    Ok(switched.in_force(context, planned))
}

/// Begins a transaction for a patch. Gives where the ledger ends.
///
/// # Errors
/// When another holds the database, or the product or the patch's component is at another version by now.
pub(super) fn begin(context: &Context<'_>, planned: &PlannedPatch, version: &Version) -> Result<End, Failure> {
    let begun = context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack));
    begun.and_then(|()| end_for(context, planned, version))
}

/// Where the ledger ends for a patch, in an open transaction.
///
/// # Errors
/// When the product or the patch's component is at another version by now; what the transaction holds is taken back then.
pub(super) fn end_for(context: &Context<'_>, planned: &PlannedPatch, version: &Version) -> Result<End, Failure> {
    let Manifest { component, from, .. } = &planned.patch.manifest;
    let component = component.as_deref().map(|component| (component, from.as_ref()));
    context.ledger().end_at(version, component).map_err(|error| {
        // No file was touched in it; an error here has nothing to add.
        let _ = context.database.roll_back();
        Failure::new(error, SiteState::TakenBack)
    })
}

/// Stages a patch, switches its files and writes its rows behind `end`, all in the open transaction.
///
/// # Errors
/// When it could not; what the transaction holds is taken back then.
pub(super) fn switch(
    context: &Context<'_>,
    planned: &PlannedPatch,
    terms: &Terms<'_>,
    version: &Version,
    end: End,
) -> Result<(Applied, Switched), Failure> {
    let manifest = &planned.patch.manifest;
    let facts = facts_for(context.config, context.database, context.patcher_facts(), version, manifest);
    let dialect = facts.dialect.name.clone();
    let StagedPatch { ready, executed, notes, unused } = stage_patch(context, planned, facts)?;
    let (files, statements) = (ready.changes.len(), executed.len());
    let made_writable = made_writable(context.disk(), &manifest.id, &ready.changes)
        .map_err(|error| take_back(context, &ready.header, &[], error))?;
    let record = |changes: &[Change]| -> Result<End, Error> {
        let steps = steps_for(&planned.patch.steps, &dialect);
        let record = Record {
            run: RunRow {
                run: &planned.run,
                purpose: Purpose::Apply,
                patch: &manifest.id,
                at: &terms.approval.at,
                by: &terms.approval.by,
                plan: terms.plan,
            },
            patch: row(planned, terms.approval, version, end.next_number(), executed, &dialect),
            changes,
            actions: Box::new(steps.iter().map(|step| step.step.summary())),
            requirements: &requirements(manifest),
            notes: &notes,
            made_writable: &made_writable,
            sums: content_sums(&planned.patch, context.database.info()),
            touched: context.database.take_touched(),
        };
        context.ledger().record(record, end)
    };
    let spent: BTreeSet<SitePath> = ready.changes.iter().map(|change| change.slot.clone()).collect();
    let (applied, end) = ready.switch(context, record)?;
    let Manifest { id, component, to, .. } = manifest.clone();
    let receipt = Receipt { patch: id, run: planned.run.clone(), component, version: to, files, statements, notes };
    Ok((applied, Switched { end, receipt, spent, unused }))
}

impl Switched {
    /// Says that it is committed.
    pub(super) fn in_force(self, context: &Context<'_>, planned: &PlannedPatch) -> Brought {
        let Self { end, receipt, spent, unused } = self;
        planned.patch.members.spend(|slot| spent.contains(&layout::slot(&planned.run, slot)));
        let version = planned.patch.manifest.target();
        context.operator.event(&Event::Committed { patch: receipt.patch.clone(), version });
        Brought { receipt, head: end.head().clone(), unused }
    }
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
    statements: Vec<Executed>,
    dialect: &str,
) -> PatchRow {
    let manifest = &planned.patch.manifest;
    let step =
        |name: &String| ComponentStep { name: name.clone(), from: manifest.from.clone(), to: manifest.to.clone() };
    let component = manifest.component.as_ref().map(step);
    let after = steps_for(&planned.patch.steps, dialect).iter().any(|step| step.step.has_after());
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
