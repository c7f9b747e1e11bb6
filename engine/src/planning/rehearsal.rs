//! The rehearsal: every step's own code, run against a picture of the site. Nothing is changed.
//!
//! Files go to an overlay, statements to a transaction that is taken back, or as far as they are only foreseen
//! ([`foresight`](super::foresight)). All findings are gathered before any is shown: a step that can't be rehearsed is a
//! blocker, and the ones after it are rehearsed all the same.

use super::finality;
use super::plan::{Effects, PlannedPatch};
use crate::database::Database;
use crate::editor::{Done, Editor, Lane};
use crate::intake::{Patch, PlannedStep};
use crate::operator::{Answers, Event, Operator};
use crate::site::overlay::Overlay;
use crate::site::tree::Look;
use crate::store::Store;
use patchwright_hooks_api::{Error, Finding, Severity, SiteFacts};

/// What a rehearsal needs besides the patch.
pub(super) struct Stage<'a> {
    /// The site's files, with what earlier patches of the plan did.
    pub overlay: &'a mut Overlay,
    /// The site's database, with an open transaction.
    pub database: &'a Database,
    /// The patches of the plan that come before.
    pub earlier: &'a [PlannedPatch],
    /// The way to it.
    pub lane: &'a mut dyn Lane,
    /// The site's pristine copies.
    pub store: &'a Store,
    /// Who is told.
    pub operator: &'a dyn Operator,
}

/// Rehearses one patch.
pub(super) fn rehearse(
    patch: Patch,
    run: String,
    facts: SiteFacts,
    answers: Answers,
    stage: &mut Stage<'_>,
) -> PlannedPatch {
    let mut findings = variants_missing(&patch.steps, &facts.dialect.name);
    let id = patch.manifest.id.clone();
    let earlier = stage.earlier.iter().map(|planned| planned.patch.members.as_ref()).collect();
    let moved = |planned: &PlannedPatch| {
        let manifest = &planned.patch.manifest;
        manifest.component.clone().map(|component| (component, manifest.to.clone()))
    };
    let components = stage.earlier.iter().filter_map(moved).collect();
    let mut editor =
        Editor::new(facts, &patch.members, stage.overlay, stage.lane, &answers, stage.store, stage.operator)
            .following(earlier, components);
    let steps = steps_for(&patch.steps, &editor_dialect(&editor));
    for (number, step) in (1..).zip(&steps) {
        stage.operator.event(&Event::Rehearsing { patch: id.clone(), step: number, of: steps.len() });
        findings.extend(rehearse_step(step, &mut editor, &answers));
    }
    if !findings.iter().any(Finding::is_blocker) {
        findings.extend(steps.iter().filter_map(|step| verify_step(step, &editor)));
    }
    findings.extend(editor.patcher_finding());
    let done = editor.into_done();
    let changes = stage.overlay.seal();
    let effects = Effects::of(changes, done.digest());
    findings.extend(stage.lane.findings());
    findings.extend(finality::ask(stage.database, &done.executed, &answers));
    let Done { deeds, notes, patcher, .. } = done;
    PlannedPatch { patch, run, findings, effects, deeds, notes, patcher, answers }
}

/// What a step's own check of the patched site turns up. It changes nothing, so the plan holds without it where the patched site
/// can't be foreseen; the run asks again.
fn verify_step(planned: &PlannedStep, editor: &Editor<'_>) -> Option<Finding> {
    let error = planned.step.verify(editor).err()?;
    if editor.could_not_tell() {
        return Some(Finding::notice(format!("checked during the run alone: {}", error.message)).at(&planned.position));
    }
    Some(Finding::from(error))
}

/// The files that the steps will want sums of.
pub fn looks(steps: &[PlannedStep]) -> impl Iterator<Item = Look<'_>> {
    steps.iter().filter_map(|planned| planned.reads.as_ref()).map(|reads| (&reads.path, reads.md5))
}

/// The steps that are run on this dialect, in order.
pub fn steps_for<'a>(steps: &'a [PlannedStep], dialect: &str) -> Vec<&'a PlannedStep> {
    let suits =
        |planned: &&PlannedStep| planned.step.dialects().is_none_or(|names| names.iter().any(|name| name == dialect));
    steps.iter().filter(suits).collect()
}

fn editor_dialect(editor: &Editor<'_>) -> String {
    use patchwright_hooks_api::SiteView as _;
    editor.facts().dialect.name.clone()
}

fn rehearse_step(planned: &PlannedStep, editor: &mut Editor<'_>, answers: &Answers) -> Vec<Finding> {
    let at = |error: Error| Finding::from(error.at(&planned.position));
    let mut findings = match planned.step.check(editor) {
        Ok(findings) => findings.into_iter().map(|finding| finding.at(&planned.position)).collect(),
        Err(error) => vec![at(error)],
    };
    if !findings.iter().any(|finding| stands_in_the_way(finding, answers)) {
        findings.extend(planned.step.apply(editor).err().map(at));
    }
    findings
}

fn stands_in_the_way(finding: &Finding, answers: &Answers) -> bool {
    match &finding.severity {
        Severity::Notice => false,
        Severity::Question(question) => answers.get(&question.id).is_none(),
        Severity::Blocker => true,
    }
}

/// The database changes that the patch has no variant of for this dialect (A11).
///
/// Consecutive steps that name their dialects are variants of one change, until a dialect is named a second time.
fn variants_missing(steps: &[PlannedStep], dialect: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut group: Vec<&PlannedStep> = Vec::new();
    let mut close = |group: &mut Vec<&PlannedStep>| {
        if let Some(first) = group.first()
            && !group.iter().any(|planned| names(planned).any(|name| name == dialect))
        {
            let known: Vec<&str> = group.iter().flat_map(|planned| names(planned)).collect();
            findings.push(
                Finding::blocker(format!("there is no variant of this database change for {dialect}"))
                    .hint(format!("it is written for {}; ask the vendor for a {dialect} variant", known.join(", ")))
                    .at(&first.position),
            );
        }
        group.clear();
    };
    for planned in steps {
        let named_again =
            names(planned).any(|name| group.iter().any(|earlier| names(earlier).any(|known| known == name)));
        if planned.step.dialects().is_none() || named_again {
            close(&mut group);
        }
        if planned.step.dialects().is_some() {
            group.push(planned);
        }
    }
    close(&mut group);
    findings
}

fn names(planned: &PlannedStep) -> impl Iterator<Item = &str> {
    planned.step.dialects().into_iter().flatten().map(String::as_str)
}
