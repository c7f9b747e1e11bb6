//! A site that is to be at a version before its application starts, whoever brings it there (B18): this engine, or one that
//! another start has begun and that is waited for.

use super::patience::Patience;
use super::readiness::Agreement;
use super::session::Session;
use super::site::Site;
use crate::failure::{Failure, SiteState};
use crate::operator::{Event, Operator};
use crate::planning::Plan;
use crate::planning::order::Wanted;
use crate::recover;
use crate::upgrade::Outcome;
use patchwright_hooks_api::{Error, Level, Severity, Version};
use std::path::PathBuf;
use std::time::Duration;

/// What [`Site::ensure`] is to reach, and how.
#[derive(Clone, Debug)]
pub struct Goal<'a> {
    /// The version to be at.
    pub version: &'a Version,
    /// The patches that may be applied to get there.
    pub archives: &'a [PathBuf],
    /// How long to wait for other engines.
    pub patience: Duration,
    /// Who approves what leads there.
    pub by: &'a str,
}

impl Site {
    /// Whether the site is at this version, or at a fix of it, and nothing is under way or was cut off. No archive is read and
    /// nothing is locked.
    ///
    /// # Errors
    /// With [`SiteState::Ahead`] when it is at a later version; and when it can't be looked at.
    pub fn is_at(&self, version: &Version) -> Result<bool, Failure> {
        let looked = || {
            // A ledger that is not there may be in the making.
            let Some(in_force) = self.ledger().in_force()? else { return Ok(None) };
            let between = recover::is_needed(self.tree.disk().as_ref(), &self.gate, &self.ledger())?;
            Ok((!between).then_some(in_force.version))
        };
        let Some(in_force) = looked().map_err(Failure::untouched)? else { return Ok(false) };
        match Agreement::of(&in_force, Some(version)) {
            Agreement::Agreed | Agreement::Unknown => Ok(true),
            Agreement::DatabaseOlder => Ok(false),
            Agreement::DatabaseNewer => Err(ahead(&in_force, version)),
        }
    }

    /// Brings the site to a version, or waits for the engine that does. What leads there is approved; what needs an answer that
    /// the operator doesn't give is refused. The owner's restart commands and probe are left out. A run that was cut off is brought to its end first, also one that was waited for.
    ///
    /// A failure with [`SiteState::Busy`] is one of patience: it may be tried again.
    pub fn ensure(&self, goal: &Goal<'_>, operator: &dyn Operator) -> Outcome {
        let mut outcome = Outcome { receipts: Vec::new(), failure: None, handed_over: None };
        let failure = self.approach(goal, operator, &mut outcome).err();
        Outcome { failure, ..outcome }
    }

    fn approach(&self, goal: &Goal<'_>, operator: &dyn Operator, outcome: &mut Outcome) -> Result<(), Failure> {
        let mut waiting = Waiting::new(self, goal.patience, operator);
        while !self.is_at(goal.version)? {
            match self.bring(goal, operator, outcome) {
                Err(failure) if failure.state == SiteState::Busy => waiting.go_on(&failure.error)?,
                ended => return ended,
            }
        }
        Ok(())
    }

    fn bring(&self, goal: &Goal<'_>, operator: &dyn Operator, outcome: &mut Outcome) -> Result<(), Failure> {
        // What follows is the application's own start, which needs no restart and can't be healthy yet.
        let session = Session::begin(self, self.restarter.before_the_start(), operator)?;
        // Somebody may have been faster, and what was cut off may be in force.
        if self.is_at(goal.version)? {
            return Ok(());
        }
        let wanted = Wanted { to: Some(goal.version.clone()), ..Wanted::default() };
        let plan = session.plan(goal.archives, &wanted, operator)?;
        tell_findings(&plan, operator);
        *outcome = session.apply(&plan, goal.by, operator);
        outcome.failure.take().map_or(Ok(()), Err)
    }
}

/// Nobody looks at the plan before it is applied, so what was found is told on the way.
fn tell_findings(plan: &Plan, operator: &dyn Operator) {
    for (patch, finding) in plan.findings() {
        let level = if finding.severity == Severity::Notice { Level::Info } else { Level::Warn };
        operator.event(&Event::Log { level, message: format!("{patch}: {}", finding.message) });
    }
}

fn ahead(in_force: &Version, wanted: &Version) -> Failure {
    let message = format!("the site is at {in_force}, which is later than {wanted}");
    let hint = "start the application's newer version, or take the patches back with `patchwright rollback`";
    Failure::new(Error::conflict(message).hint(hint), SiteState::Ahead)
}

/// Waiting for other engines, as long as there is patience.
struct Waiting<'a> {
    site: &'a Site,
    operator: &'a dyn Operator,
    patience: Patience<'a>,
    told: String,
}

impl<'a> Waiting<'a> {
    fn new(site: &'a Site, patience: Duration, operator: &'a dyn Operator) -> Self {
        let patience = Patience::new(site.clock.as_ref(), site.chance.as_ref(), operator, patience);
        Self { site, operator, patience, told: String::new() }
    }

    /// Lets a while pass before the next attempt, or says why there is none.
    fn go_on(&mut self, busy: &Error) -> Result<(), Failure> {
        let left = self.patience.left(busy, "the site is not free")?;
        self.tell(busy)?;
        self.patience.rest(left, busy)
    }

    fn tell(&mut self, busy: &Error) -> Result<(), Failure> {
        let run = self.site.gate.closure().map_err(Failure::untouched)?.run;
        let reason = match run {
            Some(run) => format!("{}, since {} by {}", run.message, run.since, run.by),
            None => busy.message.clone(),
        };
        if reason != self.told {
            self.operator.event(&Event::Waiting { reason: reason.clone() });
            self.told = reason;
        }
        Ok(())
    }
}
