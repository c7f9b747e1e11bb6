//! A patch as it describes itself (A6, A7).

use patchwright_engine::intake::Patch;
use serde_json::{Value, json};

/// The patch in words: everything, since somebody asked for it.
pub(crate) fn text(patch: &Patch) -> String {
    let manifest = &patch.manifest;
    let mut text = format!("{}: {}\n", manifest.id, manifest.title);
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<9} {value}\n"));
    line("product", &manifest.product);
    if let Some(component) = &manifest.component {
        line("component", component);
    }
    line("versions", &manifest.versions());
    line("severity", manifest.severity.as_str());
    line("sha256", &patch.sha256.to_string());
    line("members", &format!("{}, {} bytes", patch.members.names().count(), patch.members.total_bytes()));
    for id in &manifest.requires.patches {
        line("requires", &format!("the patch {id}"));
    }
    for (component, version) in &manifest.requires.components {
        line(
            "requires",
            &match version {
                Some(version) => format!("{component} {version}"),
                None => format!("that {component} is not installed"),
            },
        );
    }
    if let Some(version) = &manifest.requires.product {
        line("requires", &format!("{} {version}", manifest.product));
    }
    if let Some(version) = &manifest.requires.engine {
        line("requires", &format!("patchwright {version}"));
    }
    for id in &manifest.conflicts {
        line("conflicts", id);
    }
    if let Some(more) = &manifest.changelog.more {
        line("more", more);
    }
    text.push_str("changes\n");
    text.extend(manifest.changelog.changes.iter().map(|change| format!("  - {change}\n")));
    text.push_str("steps\n");
    for (number, step) in (1..).zip(&patch.steps) {
        let dialects = step.step.dialects().map(|names| format!(" [{}]", names.join(", "))).unwrap_or_default();
        text.push_str(&format!("  {number}. {}{dialects}\n", step.step.summary()));
    }
    text
}

/// The patch for programs.
pub(crate) fn json(patch: &Patch) -> Value {
    let steps = patch.steps.iter().map(|step| {
        json!({
            "element": step.element,
            "summary": step.step.summary(),
            "dialects": step.step.dialects(),
            "position": step.position,
        })
    });
    json!({
        "manifest": patch.manifest,
        "sha256": patch.sha256,
        "members": patch.members.names().collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(),
    })
}
