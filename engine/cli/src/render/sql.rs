//! The statements that a patch would run (A12).

use patchwright_engine::intake::Patch;
use patchwright_engine::planning::StepSql;
use patchwright_hooks_api::Statement;
use serde_json::{Value, json};

/// What a patch would run on one database.
pub(crate) struct Preview {
    /// The database's dialect.
    pub(crate) dialect: String,
    /// Whether it is the site's own, as it is now, or one with nothing in it.
    pub(crate) on_site: bool,
    /// The steps that run statements.
    pub(crate) steps: Vec<StepSql>,
}

/// The statements for people, step by step.
pub(crate) fn text(patch: &Patch, previews: &[Preview]) -> String {
    let mut text = String::new();
    for preview in previews {
        let on = if preview.on_site { "on this site" } else { "on an empty database" };
        text.push_str(&format!("{} in {}, {on}\n", patch.manifest.id, preview.dialect));
        if preview.steps.is_empty() {
            text.push_str("  nothing\n");
        }
        for step in &preview.steps {
            text.push_str(&format!("  {}. {}\n", step.number, step.summary));
            step.statements.iter().for_each(|statement| text.push_str(&statement_text(statement)));
            match &step.trouble {
                Some(error) => text.push_str(&format!("     -- not known: {}\n", error.message)),
                None if step.statements.is_empty() => text.push_str("     -- nothing to do\n"),
                None => {}
            }
        }
    }
    text
}

/// The statements for programs.
pub(crate) fn json(patch: &Patch, previews: &[Preview]) -> Value {
    let step = |step: &StepSql| {
        json!({
            "number": step.number,
            "element": step.element,
            "summary": step.summary,
            "statements": step.statements.iter().map(|statement| {
                json!({"text": statement.text, "parameters": statement.parameters})
            }).collect::<Vec<_>>(),
            "unknown": step.trouble.as_ref().map(|error| json!({"message": error.message, "hint": error.hint})),
        })
    };
    let previews = previews.iter().map(|preview| {
        json!({
            "dialect": preview.dialect,
            "on": if preview.on_site { "site" } else { "empty" },
            "steps": preview.steps.iter().map(step).collect::<Vec<_>>(),
        })
    });
    json!({"patch": patch.manifest.id, "sql": previews.collect::<Vec<_>>()})
}

/// A statement with its parameters.
pub(crate) fn statement_text(statement: &Statement) -> String {
    let mut text = format!("     {};\n", statement.text.trim_end().replace('\n', "\n     "));
    if !statement.parameters.is_empty() {
        let values: Vec<String> = statement.parameters.iter().map(ToString::to_string).collect();
        text.push_str(&format!("     -- with {}\n", values.join(", ")));
    }
    text
}
