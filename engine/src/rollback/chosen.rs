//! Which patches are taken back, and whether those that stay can do without them.

use crate::ledger::{Ledger, PatchRow, Requirement, Status};
use patchwright_hooks_api::{Error, Finding, Version};
use std::collections::{BTreeMap, BTreeSet};

/// Which patches are no longer wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unwanted {
    /// The last one that is in force.
    #[default]
    Last,
    /// The last ones, until the product or the component is at a version that it had.
    Since {
        /// The component; nothing for the product.
        component: Option<String>,
        /// The version to go back to.
        version: Version,
    },
    /// The ones that came since this run, and its own.
    SinceRun(String),
    /// This one, wherever it stands.
    Patch(String),
}

/// The patches from the first one on that goes, oldest first.
pub(super) struct Chosen {
    /// Those that go.
    pub going: Vec<PatchRow>,
    /// Those that stay.
    pub staying: Vec<PatchRow>,
}

/// Chooses them.
///
/// # Errors
/// When none fits, or the ledger can't be read.
pub(super) fn choose(ledger: &Ledger<'_>, unwanted: &Unwanted) -> Result<Chosen, Error> {
    let last = match unwanted {
        Unwanted::Last => ledger.newest_patch()?.into_iter().collect(),
        _ => ledger.patches_in_brief()?,
    };
    let in_force: Vec<PatchRow> = last.into_iter().filter(|row| row.status == Status::Applied).collect();
    let first = match unwanted {
        Unwanted::Last => in_force.last(),
        Unwanted::SinceRun(run) => in_force.iter().find(|row| row.run == *run),
        Unwanted::Patch(id) => in_force.iter().find(|row| row.patch == *id),
        Unwanted::Since { component, version } => first_beyond(&in_force, component.as_deref(), version),
    };
    let Some(first) = first else { return Err(none(unwanted)) };
    let goes = |row: &PatchRow| !matches!(unwanted, Unwanted::Patch(id) if row.patch != *id);
    let (going, staying) = ledger.applied_from(first.number)?.into_iter().partition(goes);
    Ok(Chosen { going, staying })
}

/// The patch with which the part left the version, if it ever was at it and is not now.
fn first_beyond<'a>(rows: &'a [PatchRow], component: Option<&str>, version: &Version) -> Option<&'a PatchRow> {
    rows.iter().find(|row| match (&row.component, component) {
        (None, None) => row.from == *version,
        (Some(step), Some(name)) => step.name == name && step.from.as_ref() == Some(version),
        _ => false,
    })
}

fn none(unwanted: &Unwanted) -> Error {
    let message = match unwanted {
        Unwanted::Last => return Error::missing("there is no patch to take back").hint("see `patchwright history`"),
        Unwanted::SinceRun(run) => format!("no patch in force came by the run {run}"),
        Unwanted::Patch(id) => format!("{id} is not in force"),
        Unwanted::Since { component: None, version } => format!("no patch in force led on from version {version}"),
        Unwanted::Since { component: Some(name), version } => {
            format!("no patch in force led on from {name} {version}")
        }
    };
    Error::missing(message).hint("see `patchwright history` for what is in force, and in which order it came")
}

impl Chosen {
    /// The first of those that go.
    pub(super) fn oldest(&self) -> &str {
        self.going.first().map_or("", |row| &row.patch)
    }

    /// The version that the product is at without them.
    pub(super) fn product_version(&self) -> Option<&Version> {
        self.going.iter().find(|row| row.component.is_none()).map(|row| &row.from)
    }

    /// The versions that components are at without them; nothing where one is then not installed.
    fn component_versions(&self) -> BTreeMap<&str, Option<&Version>> {
        let mut versions = BTreeMap::new();
        for step in self.going.iter().filter_map(|row| row.component.as_ref()) {
            versions.entry(step.name.as_str()).or_insert(step.from.as_ref());
        }
        versions
    }

    /// Why patches that stay can't do without those that go.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub(super) fn needed(&self, ledger: &Ledger<'_>) -> Result<Vec<Finding>, Error> {
        let gone: BTreeSet<&str> = self.going.iter().map(|row| row.patch.as_str()).collect();
        let parts: BTreeSet<Option<&str>> = self.going.iter().map(part).collect();
        let versions = self.component_versions();
        let requirements = ledger.requirements(&self.staying)?;
        let unmet = |requirement: &Requirement| match requirement {
            Requirement::Patch(id) => gone.contains(id.as_str()).then(|| id.clone()),
            Requirement::Product(needed) => {
                let fits = self.product_version().is_none_or(|version| needed.allows(version));
                (!fits).then(|| format!("version {needed} of the product"))
            }
            Requirement::Component(name, needed) => {
                let fits = match versions.get(name.as_str()) {
                    None => true,
                    Some(version) => version.is_some_and(|version| needed.allows(version)),
                };
                (!fits).then(|| format!("version {needed} of {name}"))
            }
        };
        let reason = |row: &PatchRow| {
            if parts.contains(&part(row)) {
                return Some("goes on from the version that it led to".to_owned());
            }
            let unmet = requirements.get(&row.run)?.iter().find_map(unmet)?;
            Some(format!("requires {unmet}"))
        };
        let finding = |row: &PatchRow| Some(dependent(&row.patch, &reason(row)?));
        Ok(self.staying.iter().filter_map(finding).collect())
    }

    /// The patch that a run brought.
    pub(super) fn patch_of<'a>(&'a self, run: &'a str) -> &'a str {
        let mut all = self.going.iter().chain(&self.staying);
        all.find(|row| row.run == run).map_or(run, |row| &row.patch)
    }
}

/// What stops a way back: a later patch that can't do without one that goes.
pub(super) fn dependent(patch: &str, reason: &str) -> Finding {
    Finding::blocker(format!("{patch} {reason}")).hint(format!("take {patch} back first, or all with `rollback --to`"))
}

fn part(row: &PatchRow) -> Option<&str> {
    row.component.as_ref().map(|step| step.name.as_str())
}
