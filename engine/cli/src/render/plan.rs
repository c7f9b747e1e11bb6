//! A plan, as the operator sees it before approving it, and what came of it.

use super::{count, finding, findings, restarts};
use console::style;
use patchwright_engine::Receipt;
use patchwright_engine::intake::Severity;
use patchwright_engine::planning::{FileEffect, Plan, PlannedPatch, steps_for};
use patchwright_engine::site::change::State;
use patchwright_engine::site::restarts::Restarts;
use serde_json::{Value, json};

/// How many changes, steps and files are shown of each before the rest is counted (A36).
const SHOWN: usize = 5;

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Detail {
    /// Every change, step and file instead of the first few.
    pub(crate) all: bool,
    /// What was changed locally, as diffs.
    pub(crate) diffs: bool,
}

/// The plan in words.
pub(crate) fn text(plan: &Plan, dialect: &str, after: &Restarts, detail: Detail) -> String {
    if plan.is_empty() {
        return nothing(plan);
    }
    let told = told(plan);
    let patches =
        if plan.patches.len() == 1 { "1 patch".to_owned() } else { format!("{} patches", plan.patches.len()) };
    let mut text = format!("{}: {patches}\n", plan.course());
    for planned in &plan.patches {
        text.push('\n');
        text.push_str(&one(planned, dialect, detail));
    }
    if !told.is_empty() {
        text.push_str(&format!("\n{told}"));
    }
    let after = restarts::text(after);
    if !after.is_empty() {
        text.push_str(&format!("\n{after}"));
    }
    text.push_str(&format!("\nplan {}\n", plan.hash()));
    text
}

/// What was found about patches that are offered and not part of the plan.
fn told(plan: &Plan) -> String {
    plan.told.iter().map(|(_, found)| finding("", found, None)).collect()
}

/// The sentence for an empty plan.
pub(crate) fn nothing(plan: &Plan) -> String {
    let nothing =
        format!("nothing to do: {} is at {}, and no patch leads on from there\n", plan.product, plan.installed);
    format!("{}{nothing}", told(plan))
}

/// What came into force.
pub(crate) fn receipts(receipts: &[Receipt]) -> String {
    let line = |receipt: &Receipt| {
        let Receipt { patch, component, version, files, statements, notes, .. } = receipt;
        let part = component.iter().flat_map(|name| [name, " "]).collect::<String>();
        let (paths, statements) = (count(*files, "path"), count(*statements, "statement"));
        format!("{patch}: in force, {part}version {version}, {paths}, {statements}\n{}", noted(notes))
    };
    receipts.iter().map(line).collect()
}

/// What scripts note for the operator.
fn noted(notes: &[String]) -> String {
    notes.iter().map(|note| format!("  note: {note}\n")).collect()
}

/// The plan for programs.
pub(crate) fn json(plan: &Plan, dialect: &str, after: &Restarts) -> Value {
    let patches: Vec<Value> = plan.patches.iter().map(|planned| patch_json(planned, dialect)).collect();
    let components = plan.moved_components().into_iter();
    let components =
        components.map(|(name, installed, target)| json!({ "name": name, "installed": installed, "target": target }));
    json!({
        "product": plan.product,
        "installed": plan.installed,
        "target": plan.target(),
        "components": components.collect::<Vec<_>>(),
        "hash": plan.hash(),
        "blockers": plan.blockers().count(),
        "open-questions": plan.open_questions().count(),
        "patches": patches,
        "after": restarts::json(after),
        "told": plan.told.iter().map(|(patch, found)| json!({ "patch": patch, "finding": found })).collect::<Vec<_>>(),
    })
}

fn one(planned: &PlannedPatch, dialect: &str, detail: Detail) -> String {
    let Detail { all, diffs } = detail;
    let manifest = &planned.patch.manifest;
    let mut text = format!(
        "{} ({}, {}): {}\n",
        style(&manifest.id).bold(),
        manifest.versions(),
        severity(manifest.severity),
        manifest.title
    );
    let changes = manifest.changelog.changes.iter().map(|change| format!("  - {change}\n"));
    some(&mut text, changes, "changes", all);
    let steps = steps_for(&planned.patch.steps, dialect).into_iter().enumerate();
    let steps = steps.map(|(before, step)| format!("  {}. {}\n", before + 1, step.step.summary()));
    some(&mut text, steps, "steps", all);
    text.push_str(&format!("  {}\n", tally(planned)));
    text.push_str(&noted(&planned.notes));
    if all {
        text.extend(planned.effects.files.iter().map(|effect| format!("    {:<9} {}\n", action(effect), effect.path)));
    }
    text.push_str(&findings(planned.findings.iter(), &planned.answers, diffs));
    text
}

/// Adds the first few lines, or all.
fn some(text: &mut String, lines: impl ExactSizeIterator<Item = String>, what: &str, all: bool) {
    let left = if all { 0 } else { lines.len().saturating_sub(SHOWN) };
    let shown = lines.len() - left;
    text.extend(lines.take(shown));
    if left > 0 {
        text.push_str(&format!("  … and {left} more {what} (-v shows all)\n"));
    }
}

/// What becomes of how many paths, and how many statements run.
fn tally(planned: &PlannedPatch) -> String {
    let effects = &planned.effects;
    let mut parts: Vec<String> = Vec::new();
    for (word, past) in
        [("add", "added"), ("overwrite", "overwritten"), ("delete", "deleted"), ("mode", "given a mode")]
    {
        let number = effects.files.iter().filter(|effect| action(effect) == word).count();
        if number > 0 {
            parts.push(format!("{number} {past}"));
        }
    }
    let files = if parts.is_empty() { "no paths change".to_owned() } else { format!("paths: {}", parts.join(", ")) };
    format!("{files}; {}", count(effects.statements, "statement"))
}

/// The word for what becomes of a path.
pub(crate) fn action(effect: &FileEffect) -> &'static str {
    match (&effect.before, &effect.after) {
        (State::Absent, _) => "add",
        (_, State::Absent) => "delete",
        (before, after) if before.same_content(after) => "mode",
        _ => "overwrite",
    }
}

fn severity(severity: Severity) -> console::StyledObject<Severity> {
    match severity {
        Severity::Security | Severity::Critical => style(severity).red().bold(),
        Severity::Important => style(severity).yellow(),
        Severity::Recommended | Severity::Optional => style(severity),
    }
}

fn patch_json(planned: &PlannedPatch, dialect: &str) -> Value {
    let steps = steps_for(&planned.patch.steps, dialect);
    let steps = steps
        .into_iter()
        .map(|step| json!({ "element": step.element, "summary": step.step.summary(), "position": step.position }));
    let files = planned.effects.files.iter().map(|effect| {
        json!({ "action": action(effect), "path": effect.path, "before": effect.before, "after": effect.after })
    });
    json!({
        "manifest": planned.patch.manifest,
        "archive-sha256": planned.patch.sha256,
        "steps": steps.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "statements": planned.effects.statements,
        "findings": planned.findings,
        "notes": planned.notes,
        "patcher": planned.patcher,
        "answers": planned.answers,
    })
}
