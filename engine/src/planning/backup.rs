//! The question whether there is a backup, where the site's owner wants it asked (D8).

use crate::operator::Answers;
use patchwright_hooks_api::Finding;

const QUESTION: &str = "backup";
const STOP: &str = "stop";
const MADE: &str = "made";

/// The question, or what was answered.
pub(super) fn ask(answers: &Answers) -> Finding {
    let message = "this site's owner wants a backup of its files and its database made before patches are applied";
    match answers.get(QUESTION) {
        None => Finding::question(QUESTION, message, &[(STOP, "don't go on"), (MADE, "it is made: go on")]),
        Some(MADE) => Finding::notice(format!("{message}; as answered: it is made")),
        Some(_) => Finding::blocker(format!("{message}, and the operator chose to stop")),
    }
}
