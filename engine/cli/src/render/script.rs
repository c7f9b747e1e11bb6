//! Scripts: what is wrong with them, as compilers show it, and what they would do.

use super::{count, place, plan, sql};
use crate::wiring::Inspection;
use console::style;
use patchwright_engine::Rehearsed;
use patchwright_hooks_api::Error;
use serde_json::{Value, json};

/// What is to be said of scripts, for people.
pub(crate) fn inspected(inspections: &[Inspection]) -> String {
    if inspections.is_empty() {
        return "the patch has no script\n".to_owned();
    }
    inspections.iter().map(one).collect()
}

fn one(inspection: &Inspection) -> String {
    let Inspection { name, hooks, faults } = inspection;
    if faults.is_empty() {
        return format!("{name}: well formed, {}\n", hooks.join(", "));
    }
    let mut text: String = faults.iter().map(paragraph).collect();
    text.push_str(&format!("{name}: {}\n", count(faults.len(), "mistake")));
    text
}

fn paragraph(fault: &Error) -> String {
    let mut text = format!("{} {}\n", style("error:").red().bold(), fault.message);
    text.extend(fault.position.as_ref().map(|at| place(at, "  ")));
    if let Some(hint) = &fault.hint {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text.push('\n');
    text
}

/// What is to be said of scripts, for programs.
pub(crate) fn inspected_json(inspections: &[Inspection]) -> Value {
    let one =
        |Inspection { name, hooks, faults }: &Inspection| json!({ "name": name, "hooks": hooks, "faults": faults });
    json!({ "scripts": inspections.iter().map(one).collect::<Vec<_>>() })
}

/// What a script would do, for people.
pub(crate) fn rehearsed(name: &str, rehearsed: &Rehearsed) -> String {
    let Rehearsed { files, statements, .. } = rehearsed;
    let mut text = format!(
        "{name}: {}, {}; nothing was changed\n",
        count(files.len(), "path"),
        count(statements.len(), "statement")
    );
    text.extend(files.iter().map(|effect| format!("  {:<9} {}\n", plan::action(effect), effect.path)));
    text.extend(statements.iter().map(sql::statement_text));
    text
}

/// What a script would do, for programs; for one that can be rehearsed to its end.
pub(crate) fn rehearsed_json(name: &str, rehearsed: &Rehearsed) -> Value {
    let files = rehearsed.files.iter().map(|effect| {
        json!({ "action": plan::action(effect), "path": effect.path, "before": effect.before, "after": effect.after })
    });
    let statements = rehearsed
        .statements
        .iter()
        .map(|statement| json!({ "text": statement.text, "parameters": statement.parameters }));
    json!({
        "script": name,
        "files": files.collect::<Vec<_>>(),
        "statements": statements.collect::<Vec<_>>(),
    })
}
