//! What `preflight()` returns, read as findings.

use crate::values;
use patchwright_hooks_api::finding::Choice;
use patchwright_hooks_api::{Error, Finding, Question, Severity};
use rhai::{Array, Dynamic, Map};

/// What a finding's map can hold.
const KEYS: [&str; 5] = ["severity", "message", "hint", "id", "answers"];

/// Reads `()`, one finding, or an array of findings; a finding is a text (a notice) or a map.
///
/// # Errors
/// Naming what of it is not a finding.
pub(crate) fn read(said: &Dynamic) -> Result<Vec<Finding>, Error> {
    if said.is_unit() {
        return Ok(Vec::new());
    }
    match said.read_lock::<Array>() {
        Some(findings) => findings.iter().map(finding).collect(),
        None => finding(said).map(|finding| vec![finding]),
    }
}

fn finding(said: &Dynamic) -> Result<Finding, Error> {
    if said.is_string() {
        return Ok(Finding::notice(said.to_string()));
    }
    let Some(map) = said.read_lock::<Map>() else {
        return Err(wrong(format!("a finding is text or a map, not {}", values::described(said.type_name()))));
    };
    if let Some(unknown) = map.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(wrong(format!("a finding has no {unknown}")));
    }
    let severity = match text(&map, "severity")?.as_deref() {
        None | Some("notice") => Severity::Notice,
        Some("blocker") => Severity::Blocker,
        Some("question") => Severity::Question(question(&map)?),
        Some(other) => return Err(wrong(format!("{other:?} is not a severity"))),
    };
    let message = text(&map, "message")?.ok_or_else(|| wrong("a finding needs a message"))?;
    Ok(Finding { severity, message, hint: text(&map, "hint")?, position: None, difference: None })
}

fn question(map: &Map) -> Result<Question, Error> {
    let id = text(map, "id")?.ok_or_else(|| wrong("a question needs an id"))?;
    let answers = map.get("answers").ok_or_else(|| wrong(format!("the question {id} needs answers")))?;
    let choices: Vec<Choice> = if let Some(answers) = answers.read_lock::<Map>() {
        answers.iter().map(|(answer, effect)| choice(answer.to_string(), effect)).collect::<Result<_, _>>()?
    } else if let Some(answers) = answers.read_lock::<Array>() {
        answers.iter().map(pair).collect::<Result<_, _>>()?
    } else {
        return Err(wrong(format!("the answers of the question {id} are neither a map nor an array")));
    };
    if choices.is_empty() {
        return Err(wrong(format!("the question {id} has no answers")));
    }
    Ok(Question { id, answers: choices, draft: None })
}

/// An answer of an array, which keeps the order: `["keep", "leaves the file as it is"]`.
fn pair(value: &Dynamic) -> Result<Choice, Error> {
    match value.read_lock::<Array>().as_deref().map(Vec::as_slice) {
        Some([answer, effect]) if answer.is_string() => choice(answer.to_string(), effect),
        _ => Err(wrong("an answer in an array is a pair of two texts: the answer and its effect")),
    }
}

fn choice(answer: String, effect: &Dynamic) -> Result<Choice, Error> {
    if !effect.is_string() {
        return Err(wrong(format!("the effect of the answer {answer} must be text")));
    }
    Ok(Choice { answer, effect: effect.to_string() })
}

fn text(map: &Map, key: &str) -> Result<Option<String>, Error> {
    match map.get(key) {
        None => Ok(None),
        Some(value) if value.is_string() => Ok(Some(value.to_string())),
        Some(value) => Err(wrong(format!("{key} must be text, not {}", values::described(value.type_name())))),
    }
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::invalid(format!("what preflight() returned is not a list of findings: {what}")).hint(
        "return texts, or maps such as #{severity: \"blocker\", message: \"…\", hint: \"…\"}; a severity is notice, \
         question or blocker",
    )
}
