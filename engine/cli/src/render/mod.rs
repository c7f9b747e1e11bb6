//! What the engine's findings and plans look like as text, and as JSON where their types don't say it already.

pub(crate) mod diff;
pub(crate) mod message;
pub(crate) mod patch;
pub(crate) mod plan;
pub(crate) mod restarts;
pub(crate) mod script;
pub(crate) mod sql;

use console::style;
use indicatif::HumanBytes;
use patchwright_engine::gate::Closure;
use patchwright_engine::{Answers, Figure};
use patchwright_hooks_api::{Finding, Position, Severity};

/// A finding in a few lines: how grave, what, where, what to do. An answer that was given is told.
pub(crate) fn finding(indent: &str, finding: &Finding, answer: Option<&str>) -> String {
    let word = match &finding.severity {
        Severity::Notice => style("notice").cyan(),
        Severity::Question(_) => style("question").yellow(),
        Severity::Blocker => style("blocker").red().bold(),
    };
    let mut text = format!("{indent}{word}: {}\n", finding.message);
    text.extend(finding.position.as_ref().map(|at| place(at, &format!("{indent}  "))));
    let mut line = |label: &str, value: &str| text.push_str(&format!("{indent}  {label} {value}\n"));
    if let Some(hint) = &finding.hint {
        line("hint:", hint);
    }
    if let Some(difference) = &finding.difference {
        line("differs:", &format!("{} (`plan --diff` shows them)", diff::size(difference)));
    }
    if let Severity::Question(question) = &finding.severity {
        line("question:", &question.id);
        for choice in &question.answers {
            line("answer:", &format!("{} ({})", choice.answer, choice.effect));
        }
        line("decided:", answer.unwrap_or("not yet"));
    }
    text
}

/// Where something is, with the line of the text that it is in where that is known.
pub(crate) fn place(place: &Position, indent: &str) -> String {
    let mut text = format!("{indent}at {place}\n");
    let excerpt = place.excerpt().unwrap_or_default();
    excerpt.lines().for_each(|line| text.push_str(&format!("{indent}{line}\n")));
    text
}

/// All findings, each with the answer that was given, and where `diffs` are wanted with what was changed locally.
pub(crate) fn findings<'a>(all: impl Iterator<Item = &'a Finding>, answers: &Answers, diffs: bool) -> String {
    let mut text = String::new();
    for found in all {
        let answer = match &found.severity {
            Severity::Question(question) => answers.get(&question.id),
            _ => None,
        };
        text.push_str(&finding("  ", found, answer));
        if let Some(difference) = found.difference.as_deref().filter(|_| diffs) {
            text.push_str(&diff::coloured(difference));
        }
    }
    text
}

/// Whether users are let in, and if not since when and for what (A41, B16).
pub(crate) fn closure(closure: &Closure) -> String {
    let reasons = [("for a run", &closure.run), ("for maintenance", &closure.maintenance)];
    let shut = reasons.into_iter().filter_map(|(what, reason)| {
        let reason = reason.as_ref()?;
        Some(format!("shut {what} since {} by {}: {}", reason.since, reason.by, reason.message))
    });
    let shut: Vec<String> = shut.collect();
    if shut.is_empty() { "open".to_owned() } else { shut.join("; ") }
}

/// Rows in columns, each as wide as its widest cell. The first row is the head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<Vec<usize>> = rows.iter().map(|row| row.iter().map(|cell| width(cell)).collect()).collect();
    let widest: Vec<usize> =
        (0..columns).map(|column| widths.iter().map(|row| row[column]).max().unwrap_or_default()).collect();
    let mut text = String::new();
    for (row, widths) in rows.iter().zip(&widths) {
        let begin = text.len();
        for ((cell, width), widest) in row.iter().zip(widths).zip(&widest) {
            text.push_str(cell);
            text.extend(std::iter::repeat_n(' ', widest - width + 2));
        }
        text.truncate(begin + text[begin..].trim_end().len());
        text.push('\n');
    }
    text
}

/// How many columns of a terminal a text takes. Most texts are plain, and a history has many.
fn width(text: &str) -> usize {
    match text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        true => text.len(),
        false => console::measure_text_width(text),
    }
}

/// Names in a row, with "and" before the last.
pub(crate) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// So many files, and what they take.
pub(crate) fn figure(figure: Figure) -> String {
    format!("{}, {}", count(usize::try_from(figure.files).unwrap_or(usize::MAX), "file"), HumanBytes(figure.bytes))
}

/// A count with its noun.
pub(crate) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bb"], ["ccc", "d"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a    bb\nccc  d\n");
    }

    #[test]
    fn a_question_shows_its_answers_and_what_was_decided() {
        let asked = Finding::question("q:a", "a was changed", &[("keep", "keeps it")]);
        let text = finding("", &asked, Some("keep"));
        assert!(text.ends_with("  question: q:a\n  answer: keep (keeps it)\n  decided: keep\n"), "{text}");
    }
}
