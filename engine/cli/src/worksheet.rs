//! A decisions file to be filled in: every open question, with the answers to choose from.

use crate::problem::Problem;
use anyhow::Context;
use patchwright_hooks_api::finding::{Question, USE};
use patchwright_hooks_api::{Finding, SitePath};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder beside the file that gets the texts to be finished.
const MERGED: &str = "merged";

/// Writes the file, and beside it the texts with conflict markers. Nothing that is there already is written over.
///
/// # Errors
/// When one is there already or can't be written.
pub(crate) fn write<'a>(
    file: &Path,
    open: impl Iterator<Item = (&'a str, &'a Finding, &'a Question)>,
) -> Result<(), Problem> {
    let mut text = "# Take the # away from one answer to each question.\n".to_owned();
    let mut last = None;
    for (patch, finding, question) in open {
        if last.replace(patch) != Some(patch) {
            text.push_str(&format!("\n[{}]\n", quoted(patch)));
        }
        let draft = draft_of(question);
        text.push_str(&entry(finding, question, draft.as_ref().map(|(path, _)| path)));
        if let Some((path, draft)) = draft {
            create(&file.with_file_name(path), draft)?;
        }
    }
    create(file, &text)
}

fn entry(finding: &Finding, question: &Question, draft: Option<&PathBuf>) -> String {
    let mut text = String::new();
    for line in finding.message.lines() {
        let _ = writeln!(text, "# {line}");
    }
    for choice in &question.answers {
        let answer = match draft {
            Some(path) if choice.answer == USE => format!("{{ use = {} }}", quoted(&path.display().to_string())),
            None if choice.answer == USE => "{ use = \"FILE\" }".to_owned(),
            _ => quoted(&choice.answer),
        };
        let _ = writeln!(text, "# {} = {answer}  # {}", quoted(&question.id), choice.effect);
    }
    text
}

/// The text to be finished, and where it goes, for a question about a path.
fn draft_of(question: &Question) -> Option<(PathBuf, &str)> {
    let path = SitePath::new(question.id.split_once(':')?.1).ok()?;
    Some((Path::new(MERGED).join(path.as_str()), question.draft.as_deref()?))
}

fn create(file: &Path, text: &str) -> Result<(), Problem> {
    if file.exists() {
        let message = format!("{} is there already", file.display());
        return Err(Problem::wrong_use(message, "name another file, or remove it"));
    }
    let written = file.parent().map_or(Ok(()), fs::create_dir_all);
    let written = written.and_then(|()| File::create_new(file)?.write_all(text.as_bytes()));
    Ok(written.with_context(|| format!("can't write {}", file.display()))?)
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
