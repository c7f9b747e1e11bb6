//! The plan: which patches, in which order, what each will do, what was found, and one hash over all of it.

use crate::handover::Replacement;
use crate::intake::Patch;
use crate::operator::Answers;
use crate::site::change::State;
use crate::site::overlay::NetChange;
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::{Finding, Question, Sha256, SitePath, Version};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Patches that were rehearsed one after the other against the site as it is.
///
/// What is approved is its hash: a run that would do anything else is refused before it changes anything.
#[must_use = "a plan does nothing until it is applied"]
pub struct Plan {
    /// The product.
    pub product: String,
    /// The version that the site is at.
    pub installed: Version,
    /// The versions that the product's components are at (B21).
    pub components: BTreeMap<String, Version>,
    /// The patches, in the order of application.
    pub patches: Vec<PlannedPatch>,
    /// What was found about patches that are offered and not part of the plan, each with the patch's id.
    pub told: Vec<(String, Finding)>,
}

/// One patch of a plan.
pub struct PlannedPatch {
    /// The patch itself.
    pub patch: Patch,
    /// The id of the run that will bring it; its staged files lie in that run's folder.
    pub run: String,
    /// What its rehearsal turned up.
    pub findings: Vec<Finding>,
    /// What it does.
    pub effects: Effects,
    /// A sum over each thing that it does to the database, in order, where each comes into force by itself.
    pub deeds: Vec<Sha256>,
    /// What its scripts note for the report.
    pub notes: Vec<String>,
    /// What takes the patcher's place with it.
    pub patcher: Option<Replacement>,
    /// The operator's answers to its questions.
    pub answers: Answers,
}

/// What a patch does, as its rehearsal showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// What becomes of each path, sorted by path.
    pub files: Vec<FileEffect>,
    /// How many statements change the database.
    pub statements: usize,
    /// The digest over these statements.
    pub statements_sha256: Sha256,
}

/// What becomes of one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileEffect {
    /// The path below the site's root.
    pub path: SitePath,
    /// What stands there before.
    pub before: State,
    /// What stands there after.
    pub after: State,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.patches.is_empty()
    }

    /// The version that the site will be at.
    pub fn target(&self) -> &Version {
        self.reached(None).unwrap_or(&self.installed)
    }

    /// The components that the plan moves: name, the version that it is at if it is installed, and the one that it will be at.
    pub fn moved_components(&self) -> Vec<(&str, Option<&Version>, &Version)> {
        let names: BTreeSet<&str> =
            self.patches.iter().filter_map(|planned| planned.patch.manifest.component.as_deref()).collect();
        let moved = |name| Some((name, self.components.get(name), self.reached(Some(name))?));
        names.into_iter().filter_map(moved).collect()
    }

    /// From where to where it leads: the product, if it moves or nothing else does, and each component.
    pub fn course(&self) -> String {
        let components = self.moved_components();
        let mut course = Vec::with_capacity(components.len() + 1);
        if components.is_empty() || self.reached(None).is_some() {
            course.push(format!("{} {} to {}", self.product, self.installed, self.target()));
        }
        course.extend(components.into_iter().map(|(name, from, to)| match from {
            Some(from) => format!("{name} {from} to {to}"),
            None => format!("new: {name} {to}"),
        }));
        course.join(", ")
    }

    /// The version that the last patch of the product or of a component leads to, if there is one.
    fn reached(&self, component: Option<&str>) -> Option<&Version> {
        let manifests = self.patches.iter().map(|planned| &planned.patch.manifest);
        manifests.rev().find(|manifest| manifest.component.as_deref() == component).map(|manifest| &manifest.to)
    }

    /// Everything that was found, with the id of the patch that it belongs to.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        let told = self.told.iter().map(|(patch, finding)| (patch.as_str(), finding));
        told.chain(
            self.patches.iter().flat_map(|planned| {
                planned.findings.iter().map(|finding| (planned.patch.manifest.id.as_str(), finding))
            }),
        )
    }

    /// What keeps the plan from being applied.
    pub fn blockers(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.findings().filter(|(_, finding)| finding.is_blocker())
    }

    /// The questions that nobody has answered yet.
    pub fn open_questions(&self) -> impl Iterator<Item = (&str, &Finding, &Question)> {
        self.patches.iter().flat_map(|planned| {
            let id = planned.patch.manifest.id.as_str();
            let open = move |finding| Some((id, finding, planned.answers.open_question(finding)?));
            planned.findings.iter().filter_map(open)
        })
    }

    /// One hash over all that the plan will do: the versions of the site, the archives, every path before and after, every
    /// statement, every answer.
    pub fn hash(&self) -> Sha256 {
        #[derive(Serialize)]
        struct Hashed<'a>(&'a str, Sha256, &'a Effects, &'a Answers);
        let mut patches = Vec::with_capacity(self.patches.len());
        for PlannedPatch { patch, effects, answers, .. } in &self.patches {
            patches.push(Hashed(&patch.manifest.id, patch.sha256, effects, answers));
        }
        sha256_of_json(&(&self.product, &self.installed, &self.components, patches))
    }
}

impl Effects {
    /// The effects of these changes, and of so many statements with this digest.
    pub fn of(changes: Vec<NetChange>, (statements, statements_sha256): (usize, Sha256)) -> Self {
        let file = |NetChange { path, before, after, .. }| FileEffect { path, before, after };
        Self { files: changes.into_iter().map(file).collect(), statements, statements_sha256 }
    }

    /// Whether these are the effects of these changes and statements.
    pub fn are(&self, changes: &[NetChange], statements: (usize, Sha256)) -> bool {
        let same = |(effect, change): (&FileEffect, &NetChange)| {
            (&effect.path, effect.before, effect.after) == (&change.path, change.before, change.after)
        };
        statements == (self.statements, self.statements_sha256)
            && changes.len() == self.files.len()
            && self.files.iter().zip(changes).all(same)
    }
}
