//! What stands between a plan, of whatever kind, and its being carried out: questions that the operator answers, and blockers.

use crate::failure::{Failure, SiteState};
use crate::ledger::Ledger;
use crate::operator::{Answer, Asked, Operator};
use patchwright_hooks_api::{Error, ErrorKind, Finding, Question};

/// The operator's answers to these questions, each with its patch, as far as he gives any.
///
/// # Errors
/// When the ledger can't be read.
pub(crate) fn ask_all<'a>(
    operator: &dyn Operator,
    ledger: &Ledger<'_>,
    open: impl Iterator<Item = (&'a str, &'a Finding, &'a Question)>,
) -> Result<Vec<(String, Question, Answer)>, Error> {
    let mut open = open.peekable();
    if open.peek().is_none() {
        return Ok(Vec::new());
    }
    let last = ledger.last_answers()?;
    let answer = |(patch, finding, question): (&str, &Finding, &Question)| {
        let last = last.get(&question.id).map(String::as_str);
        let answer = operator.answer(&Asked { patch, finding, question, last })?;
        Some((patch.to_owned(), question.clone(), answer))
    };
    Ok(open.filter_map(answer).collect())
}

/// An error unless there are no blockers and no open questions in the way of what is to be done to patches.
///
/// # Errors
/// Naming the first of them and counting the rest.
pub(crate) fn check_settled<'a>(
    done: &str,
    mut blockers: impl Iterator<Item = (&'a str, &'a Finding)>,
    mut open: impl Iterator<Item = (&'a str, &'a Finding, &'a Question)>,
) -> Result<(), Failure> {
    let and_more = |more: usize| if more == 0 { String::new() } else { format!(" (and {more} more)") };
    if let Some((patch, first)) = blockers.next() {
        let and_more = and_more(blockers.count());
        let error =
            Error { position: first.position.clone(), hint: first.hint.clone(), ..Error::conflict(&first.message) };
        return Err(Failure::untouched(error.while_doing(format_args!("{patch} can't be {done}{and_more}"))));
    }
    if let Some((patch, finding, question)) = open.next() {
        let and_more = and_more(open.count());
        let answers: Vec<&str> = question.answers.iter().map(|choice| choice.answer.as_str()).collect();
        let error = Error::new(ErrorKind::Conflict, format!("{patch} asks{and_more}: {}", finding.message))
            .hint(format!("answer {} with one of {}", question.id, answers.join(", ")));
        return Err(Failure::new(error, SiteState::Undecided));
    }
    Ok(())
}
