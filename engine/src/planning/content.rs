//! What a patch is made of, in sums, and what is told of patches that are offered although they can't be applied any more:
//! in force with other content, or too late.

use super::{Offered, Planning, steps_for};
use crate::intake::{MANIFEST, Manifest, Patch};
use crate::ledger::{ContentSums, Ledger, Step};
use crate::site::config::AtOdds;
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::statements::{NORMAL_VERSION, normalised};
use patchwright_hooks_api::{DialectInfo, Error, Finding, Payload, Severity};
use std::collections::BTreeSet;

/// The sums of what a patch does and brings on a site with this dialect.
pub fn content_sums(patch: &Patch, dialect: &DialectInfo) -> ContentSums {
    let steps = steps_for(&patch.steps, &dialect.name);
    let scripts: Vec<&str> = steps.iter().flat_map(|planned| planned.step.scripts()).collect();
    let statements: Vec<_> = scripts
        .iter()
        .map(|script| normalised(script, &dialect.lexical).unwrap_or_else(|_| vec![vec![(*script).into()]]))
        .collect();
    let sources: BTreeSet<&str> =
        patch.steps.iter().flat_map(|planned| &planned.outline.sources).map(String::as_str).collect();
    let for_people = patch.manifest.changelog.href.as_deref();
    let members: Vec<_> = patch
        .members
        .names()
        .filter(|name| *name != MANIFEST && Some(*name) != for_people && !sources.contains(name))
        .filter_map(|name| Some((name, patch.members.entry(name)?.sha256)))
        .collect();
    let outlines: Vec<_> = steps.iter().map(|planned| planned.outline.sum).collect();
    let manifest = &patch.manifest;
    let from = manifest.from.as_ref().map(ToString::to_string).unwrap_or_default();
    ContentSums {
        version: NORMAL_VERSION,
        scripts: sha256_of_json(&scripts),
        statements: sha256_of_json(&statements),
        rest: sha256_of_json(&(from, manifest.target(), outlines, members)),
    }
}

/// What is to be told of the patches that are offered, each with the patch's id. `known` are those of them that are in force.
///
/// # Errors
/// When the ledger can't be read.
pub(super) fn check_offered(
    planning: &Planning<'_>,
    offered: &[Offered],
    known: &[Step],
) -> Result<Vec<(String, Finding)>, Error> {
    let ledger = Ledger::new(planning.database, &planning.config.table_prefix);
    let mut told = Vec::new();
    for Offered { patch, .. } in offered {
        if patch.manifest.product != planning.in_force.product {
            continue;
        }
        let id = &patch.manifest.id;
        let finding = match known.iter().rfind(|step| step.patch == *id) {
            Some(step) => edited(&ledger, step, patch, planning)?,
            None => late(&ledger, patch, planning)?,
        };
        told.extend(finding.map(|finding| (id.clone(), finding)));
    }
    Ok(told)
}

/// A patch in force whose archive is not the one that was applied.
fn edited(ledger: &Ledger<'_>, step: &Step, patch: &Patch, planning: &Planning<'_>) -> Result<Option<Finding>, Error> {
    let id = &step.patch;
    if step.archive_sha256 == patch.sha256.to_string() {
        return Ok(None);
    }
    let Some(then) = ledger.sums(&step.run)? else {
        let message =
            format!("{id} is in force from another archive; what differs can't be told, the ledger kept no sums then");
        return Ok(Some(Finding::notice(message)));
    };
    let now = content_sums(patch, planning.database.info());
    // Where the form of one sum has changed, the plain one still tells what is the same.
    let comparable = then.version == now.version;
    let same_statements = if comparable { then.statements == now.statements } else { then.scripts == now.scripts };
    let differs = match (same_statements, then.rest == now.rest) {
        (true, true) => {
            let message =
                format!("{id} is in force; this archive of it differs in line ends, blanks, comments or packing alone");
            return Ok(Some(Finding::notice(message)));
        }
        (false, true) => "other statements",
        (true, false) => "other steps or files",
        (false, false) => "other statements, and other steps or files",
    };
    let message = format!("{id} is in force, and this archive of it has {differs} than the one that was applied");
    let hint = format!(
        "a patch that is in force is never run again: give a change an id of its own; `patchwright history {id}` shows what ran"
    );
    Ok(Some(Finding { severity: severity(planning.config.edited_patches), ..Finding::notice(message).hint(hint) }))
}

/// A patch from a version that the site has left by another way.
fn late(ledger: &Ledger<'_>, patch: &Patch, planning: &Planning<'_>) -> Result<Option<Finding>, Error> {
    let Manifest { id, component, from, .. } = &patch.manifest;
    let (whose, installed) = match component {
        None => ("the site", Some(&planning.in_force.version)),
        Some(component) => (component.as_str(), planning.components.get(component)),
    };
    let (Some(from), Some(installed)) = (from, installed) else { return Ok(None) };
    if from >= installed {
        return Ok(None);
    }
    let mut moved = ledger.component_steps()?;
    let left_by = ledger.steps()?.into_iter().rev().find_map(|step| {
        let to = match (component, moved.remove(&step.run)) {
            (None, None) if step.from == *from => step.to,
            (Some(name), Some(of)) if of.name == *name && of.from.as_ref() == Some(from) => of.to,
            _ => return None,
        };
        Some((to, step.patch))
    });
    let Some((to, left_by)) = left_by else { return Ok(None) };
    let message = format!(
        "{id} ({}) arrives late: {whose} went from {from} to {to} with {left_by}, and is at {installed} now",
        patch.manifest.versions()
    );
    let hint = "ask the vendor whether what it brings is part of a later patch";
    let severity = severity(planning.config.late_patches);
    Ok(Some(Finding { severity, ..Finding::notice(message).hint(hint) }))
}

fn severity(policy: AtOdds) -> Severity {
    match policy {
        AtOdds::Tell => Severity::Notice,
        AtOdds::Refuse => Severity::Blocker,
    }
}
