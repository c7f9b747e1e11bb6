//! The staircase: how one plan goes from approval to ledger, stage by stage.
//!
//! 1. The plan has no blockers and no open questions, and its hash is what was approved.
//! 2. The gate is shut.
//! 3. For each patch ([`bringing`]): its steps are staged into files and a transaction ([`Ready`](crate::running::Ready)); the
//!    files are switched while the ledger's rows go into the same transaction ([`Applied`](crate::running::Applied)); the
//!    transaction is committed, which is the instant at which the patch is in force. Patches that change the database alone are
//!    committed together ([`together`]).
//! 4. Its `after` hook runs, as a unit of its own.
//! 5. The site's owner's restart commands run, and the site is asked whether it is healthy; if it is not, all patches of the plan
//!    may be taken back ([`unhealthy`]).
//! 6. The gate is opened, at the one version that the site is now at.
//!
//! A patch that brings a new patcher is the last one: that program goes on with the rest ([`handover`]).
//!
//! Whatever fails before the commit takes that patch back; the patches before it stay in force.

mod bringing;
mod together;
mod unhealthy;

use crate::after::{self, Followed};
use crate::failure::{Failure, SiteState};
use crate::handover;
use crate::ledger::Head;
use crate::operator::Approval;
use crate::planning::{Plan, PlannedPatch, check_ready};
use crate::running::{Context, gated};
use crate::site::sweep;
use bringing::{Brought, Terms};
use patchwright_hooks_api::{Error, SitePath, Version};
use serde::Serialize;

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

impl Reached {
    /// The version that the product has reached, if it was moved.
    fn version(&self) -> Option<&Version> {
        self.receipts.iter().rfind(|receipt| receipt.component.is_none()).map(|receipt| &receipt.version)
    }

    /// Takes note of a patch that is in force. Gives the slots that it needs no more in the end.
    fn enter(&mut self, brought: Brought) -> Vec<SitePath> {
        let Brought { receipt, head, unused } = brought;
        self.head = Some(head);
        self.receipts.push(receipt);
        unused
    }
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
    let terms = Terms { approval, plan: &plan.hash().to_string() };
    let mut left = plan.patches.as_slice();
    // How many patches are to come into force each by itself, since together they did not.
    let mut apart = 0_usize;
    while let Some(next) = left.first()
        && reached.handed_over.is_none()
    {
        let version = reached.version().unwrap_or(&plan.installed).clone();
        let together = if apart == 0 { together::how_many(context, left) } else { 1 };
        if together == 1 {
            climb_one(context, next, &terms, &version, reached)?;
            (left, apart) = (&left[1..], apart.saturating_sub(1));
            continue;
        }
        match together::bring(context, &left[..together], &terms, &version) {
            Ok(brought) => {
                let (in_force, further) = left.split_at(brought.len());
                for (planned, brought) in in_force.iter().zip(brought) {
                    let unused = reached.enter(brought);
                    clear_away(context, planned, &unused);
                }
                left = further;
            }
            Err(failure) if failure.state == SiteState::NeedsRecovery => return Err(failure),
            // Those before the one that fails are to be in force, and that one is to say why it is not.
            Err(_) => apart = together,
        }
    }
    Ok(())
}

/// Brings one patch into force, then the patcher that it brings, then what its `after` hook does.
fn climb_one(
    context: &Context<'_>,
    planned: &PlannedPatch,
    terms: &Terms<'_>,
    version: &Version,
    reached: &mut Reached,
) -> Result<(), Failure> {
    let successor = prepare_patcher(context, planned)?;
    let brought = bringing::bring(context, planned, terms, version).inspect_err(|failure| {
        if successor.is_some() && failure.state != SiteState::NeedsRecovery {
            // The next start does it where it fails.
            let _ = handover::withdraw(context.disk());
        }
    })?;
    let unused = reached.enter(brought);
    if let (Some(successor), Some(new)) = (successor, &planned.patcher) {
        successor.put_in_force(context.disk()).map_err(|error| Failure::new(error, SiteState::InForce))?;
        let (patch, version) = (planned.patch.manifest.id.clone(), new.version.clone());
        reached.handed_over = Some(HandedOver { patch, version });
    }
    let version = reached.version().unwrap_or(version).clone();
    if let Some(Followed { head, notes }) = after::run_after(context, planned, &version, terms.approval)? {
        reached.head = Some(head);
        if let Some(receipt) = reached.receipts.last_mut() {
            receipt.notes.extend(notes);
        }
    }
    clear_away(context, planned, &unused);
    Ok(())
}

/// Removes what nothing needs of what was staged for a patch that is in force.
fn clear_away(context: &Context<'_>, planned: &PlannedPatch, unused: &[SitePath]) {
    // The way back needs what was replaced, or the hook in the archive.
    let has_hook = planned.patch.steps.iter().any(|step| step.step.has_downgrade());
    if has_hook || !planned.effects.files.is_empty() {
        sweep::remove_unused(context.disk(), unused);
    } else {
        // Nothing is kept for the way back. What can't be removed costs disk space alone.
        let _ = sweep::remove_run(context.disk(), &planned.run);
    }
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
