//! `lint`: whether a patch is well formed, and what its author may have forgotten.

use crate::arguments::{Cli, Ended};
use crate::authoring::pack::{Sums, pack};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{count, finding};
use clap::Args;
use patchwright_engine::intake::{IntakeError, MANIFEST, Patch};
use patchwright_hooks_api::{Finding, Payload};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;
use std::path::PathBuf;

/// Check a patch's archive, or the folder that it is made of, without any site
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// The archive or the folder
    #[arg(value_name = "FILE|DIR")]
    path: PathBuf,
}

impl Lint {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let patch = self.read(cli)?;
        let warnings = warnings(&patch);
        let id = &patch.manifest.id;
        let mut text: String = warnings.iter().map(|found| finding("", found, None)).collect();
        let (steps, warned) = (count(patch.steps.len(), "step"), count(warnings.len(), "warning"));
        text.push_str(&format!("{id}: well formed, {steps}, {warned}\n"));
        cli.output.result(text, json!({ "patch": id, "steps": patch.steps.len(), "warnings": warnings }));
        Ok(Exit::Done)
    }

    fn read(&self, cli: &Cli) -> Result<Patch, Problem> {
        if !self.path.is_dir() {
            return cli.engine.read_patch(&self.path).map_err(Problem::bad_patch);
        }
        let temporary = tempfile::tempdir()?;
        let archive = temporary.path().join("patch.tar.gz");
        pack(&self.path, &archive, Sums::Possible).map_err(|error| Problem { exit: Exit::BadPatch, ..error.into() })?;
        // Its author knows the folder, not the archive that was made of it for a moment.
        let of_folder = |error| Problem::bad_patch(IntakeError { archive: self.path.clone(), ..error });
        cli.engine.read_patch(&archive).map_err(of_folder)
    }
}

fn warnings(patch: &Patch) -> Vec<Finding> {
    let mut warnings = Vec::new();
    if patch.manifest.changelog.changes.is_empty() {
        let notice = Finding::notice("there is no change log, so operators can't see what the patch changes");
        warnings.push(notice.hint("add <changelog><change>…</change></changelog>"));
    }
    let has_undo = patch.members.read(MANIFEST).map(|xml| sql_with_undo(&xml)).unwrap_or_default();
    let sql_steps = patch.steps.iter().filter(|step| step.element == "sql");
    for (step, _) in sql_steps.zip(has_undo).filter(|(_, has_undo)| !has_undo) {
        let notice = Finding::notice("<sql> has no <undo>, so the patch can't be rolled back once it is in force");
        warnings.push(notice.hint("say what takes it back, or write an empty <undo/>").at(&step.position));
    }
    warnings
}

/// For each `<sql>` of a manifest that is known to be well formed, whether it has an `<undo>`.
fn sql_with_undo(xml: &[u8]) -> Vec<bool> {
    let mut reader = Reader::from_reader(xml);
    let (mut found, mut buffer) = (Vec::new(), Vec::new());
    while let Ok(event) = reader.read_event_into(&mut buffer) {
        match &event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "sql" => found.push(false),
            Event::Start(tag) | Event::Empty(tag) if tag.name().as_ref() == "undo" => {
                if let Some(last) = found.last_mut() {
                    *last = true;
                }
            }
            _ => {}
        }
        buffer.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_belongs_to_the_sql_around_it() {
        let xml = b"<steps><sql>A</sql><sql>B<undo>C</undo></sql><sql src='x'/><sql src='y'><undo/></sql></steps>";
        assert_eq!(sql_with_undo(xml), [false, true, false, true]);
    }
}
