//! What checks turn up: notices, questions that the operator decides, and blockers.

use crate::error::{Error, Position};
use serde::{Deserialize, Serialize};

/// What a check turned up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How grave it is.
    pub severity: Severity,
    /// What is so, without a final period.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the patch it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What was changed locally, as a unified diff, where the finding is about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

/// How grave a finding is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Good to know.
    Notice,
    /// The operator decides; nothing is changed before every question has an answer.
    Question(Question),
    /// The patch can't be applied.
    Blocker,
}

/// What the operator is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Names the question within a patch, the same at every run, such as `local-change:tools/create.php`.
    pub id: String,
    /// The answers to choose from, each a word; the first is the cautious one.
    pub answers: Vec<Choice>,
    /// A text with conflict markers for the operator to finish, where the choice [`USE`] is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<String>,
}

/// The choice of giving the bytes that are to stand there. The answer itself is `use:` and their SHA-256 sum; the site has
/// them [stored](crate::SiteView::stored).
pub const USE: &str = "use";

/// One answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The word that is given as the answer.
    pub answer: String,
    /// What it will do.
    pub effect: String,
}

impl Finding {
    /// Something good to know.
    pub fn notice(message: impl Into<String>) -> Self {
        Self::of(Severity::Notice, message)
    }

    /// Something that keeps the patch from being applied.
    pub fn blocker(message: impl Into<String>) -> Self {
        Self::of(Severity::Blocker, message)
    }

    /// Something that the operator decides. `answers` are pairs of the word and what it will do.
    pub fn question(id: impl Into<String>, message: impl Into<String>, answers: &[(&str, &str)]) -> Self {
        let choice = |(answer, effect): &(&str, &str)| Choice { answer: (*answer).into(), effect: (*effect).into() };
        let question = Question { id: id.into(), answers: answers.iter().map(choice).collect(), draft: None };
        Self::of(Severity::Question(question), message)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where in the patch it comes from.
    #[must_use]
    pub fn at(mut self, position: &Position) -> Self {
        self.position.get_or_insert_with(|| position.clone());
        self
    }

    /// Adds what was changed locally, as a unified diff.
    #[must_use]
    pub fn difference(mut self, difference: impl Into<String>) -> Self {
        self.difference = Some(difference.into());
        self
    }

    /// Whether it keeps the patch from being applied.
    pub fn is_blocker(&self) -> bool {
        self.severity == Severity::Blocker
    }

    fn of(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), hint: None, position: None, difference: None }
    }
}

impl From<Error> for Finding {
    /// An error met while checking is a blocker.
    fn from(error: Error) -> Self {
        let Error { message, hint, position, .. } = error;
        Self { hint, position, ..Self::blocker(message) }
    }
}
