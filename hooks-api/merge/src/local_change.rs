//! The question about a local change: what may be answered, and what each answer comes to. Steps ask it on the way forth and the
//! engine on the way back, in the same words.

use crate::{Clean, Conflict, Difference, Labels, Merged, Why};
use patchwright_hooks_api::finding::{Question, USE};
use patchwright_hooks_api::{Error, Finding, Severity, Sha256};
use std::fmt::Display;

/// Something at a path that stands there by a local hand, and is in the way.
#[derive(Clone, Debug)]
pub struct LocalChange<'a> {
    /// Names the question, such as `local-change:tools/create.php`.
    pub id: String,
    /// What is so, such as `tools/create.php was changed locally`.
    pub message: String,
    /// What the answer `take` will do.
    pub take: Option<String>,
    /// What the answer `keep` will do.
    pub keep: String,
    /// What became of both changes when they were laid together, where that was tried.
    pub merged: Option<Merged>,
    /// What the three texts are called in a draft.
    pub labels: Labels<'a>,
    /// What was changed, if that can be shown.
    pub difference: Option<Difference>,
    /// Whether the operator may give bytes of his own.
    pub takes_bytes: bool,
}

/// The kind of question about a file that was changed locally: it begins the question's id.
pub const LOCAL_CHANGE: &str = "local-change";
/// The kind of question about a file that stands where one is to come.
pub const EXISTS: &str = "exists";

/// The id of a question of a kind about a path.
pub fn question_about(kind: &str, path: impl Display) -> String {
    format!("{kind}:{path}")
}

/// The path that a question is about, if it is one about a file of the operator's own.
pub fn own_file(question: &str) -> Option<&str> {
    [LOCAL_CHANGE, EXISTS].into_iter().find_map(|kind| question.strip_prefix(kind)?.strip_prefix(':'))
}

/// What is to be done about a local change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// What was wanted, over the local change.
    Take(String),
    /// Leaving the local change as it is.
    Keep(String),
    /// These bytes, and what the operator is told of them.
    Write(Vec<u8>, String),
    /// Nothing before the operator has answered.
    Ask(Finding),
    /// Nothing at all.
    Stop(Finding),
}

impl LocalChange<'_> {
    /// What the operator's answer comes to, or the question. `given` finds the bytes of an answer that gives some.
    ///
    /// # Errors
    /// When these can't be read.
    pub fn decide(
        &self,
        answer: Option<&str>,
        given: impl FnOnce(Sha256) -> Result<Option<Vec<u8>>, Error>,
    ) -> Result<Decision, Error> {
        let Some(answer) = answer else { return Ok(Decision::Ask(self.question())) };
        let message = &self.message;
        Ok(match (answer, &self.take, &self.merged) {
            ("take", Some(take), _) => Decision::Take(format!("{message}; as chosen: {take}")),
            ("keep", ..) => Decision::Keep(format!("{message}; as chosen: {}", self.keep)),
            ("abort", ..) => Decision::Stop(
                Finding::blocker(format!("{message}, and the operator chose to abort"))
                    .hint(format!("give {} another answer to go on", self.id)),
            ),
            ("merge", _, Some(Merged::Clean(clean))) => {
                Decision::Write(clean.bytes.clone(), format!("{message}; as chosen: {}", merging(clean)))
            }
            _ => match self.sum_given(answer) {
                Some(sum) => self.bytes_given(sum, given(sum)?),
                None => Decision::Stop(
                    Finding::blocker(format!("{message}, and {answer:?} is no answer to {}", self.id))
                        .hint(format!("answer with {}", self.words().join(", "))),
                ),
            },
        })
    }

    fn sum_given(&self, answer: &str) -> Option<Sha256> {
        answer.strip_prefix(USE)?.strip_prefix(':')?.parse().ok().filter(|_| self.takes_bytes)
    }

    fn bytes_given(&self, sum: Sha256, bytes: Option<Vec<u8>>) -> Decision {
        match bytes {
            Some(bytes) => {
                Decision::Write(bytes, format!("{}; as chosen: the file that was given is put there", self.message))
            }
            None => Decision::Stop(
                Finding::blocker(format!(
                    "{}, and the file with the sum {sum} that was to be used is not there",
                    self.message
                ))
                .hint("give the file again"),
            ),
        }
    }

    fn question(&self) -> Finding {
        let choices = self.choices();
        let choices: Vec<(&str, &str)> = choices.iter().map(|(word, effect)| (*word, effect.as_str())).collect();
        let mut finding = Finding::question(&self.id, &self.message, &choices);
        if let Severity::Question(Question { draft, .. }) = &mut finding.severity {
            *draft = self.conflict().and_then(|conflict| conflict.draft(&self.labels));
        }
        match &self.difference {
            Some(difference) => finding.difference(&difference.text),
            None => finding,
        }
    }

    /// The answers, each with its effect; the first is the cautious one.
    fn choices(&self) -> Vec<(&'static str, String)> {
        let mut choices = vec![("abort", "don't go on".to_owned())];
        if let Some(Merged::Clean(clean)) = &self.merged {
            choices.push(("merge", merging(clean)));
        }
        choices.extend(self.take.iter().map(|take| ("take", take.clone())));
        choices.push(("keep", self.keep.clone()));
        if self.takes_bytes {
            let why = match &self.merged {
                Some(Merged::Conflict(conflict)) => match conflict.hunks().count() {
                    1 => "; 1 place was changed by both".to_owned(),
                    places => format!("; {places} places were changed by both"),
                },
                Some(Merged::Unmergeable(Why::Binary)) => "; it is no text that could be merged".to_owned(),
                Some(Merged::Unmergeable(Why::TooLarge)) => "; it is too large to be merged".to_owned(),
                Some(Merged::Clean(_)) | None => String::new(),
            };
            choices.push((USE, format!("put a file there that you give{why}")));
        }
        choices
    }

    fn words(&self) -> Vec<&'static str> {
        self.choices().into_iter().map(|(word, _)| word).collect()
    }

    fn conflict(&self) -> Option<&Conflict> {
        match &self.merged {
            Some(Merged::Conflict(conflict)) => Some(conflict),
            _ => None,
        }
    }
}

fn merging(clean: &Clean) -> String {
    let places = |count: usize| if count == 1 { "1 place".to_owned() } else { format!("{count} places") };
    match clean.mine {
        // Nobody knows the vendor's old bytes, and so what of the local ones is a change.
        0 => format!("change your file in {} as the vendor did", places(clean.theirs)),
        mine => format!("lay both together: {} of yours, {} of the vendor's", places(mine), places(clean.theirs)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, LocalChange};
    use crate::{Labels, Merged, difference, merge};
    use patchwright_hooks_api::site::Sum;
    use patchwright_hooks_api::{Finding, Severity};

    fn changed(merged: Option<Merged>) -> LocalChange<'static> {
        LocalChange {
            id: "local-change:a".into(),
            message: "a was changed locally".into(),
            take: Some("put the new file in place".into()),
            keep: "leave it".into(),
            merged,
            labels: Labels { base: "shipped", mine: "yours", theirs: "p" },
            difference: Some(difference(("a", b"1\n"), ("a", b"2\n"))),
            takes_bytes: true,
        }
    }

    fn decide(change: &LocalChange<'_>, answer: &str) -> Decision {
        change.decide(Some(answer), |sum| Ok((sum == Sum([1; 32])).then(|| b"given".to_vec()))).unwrap()
    }

    fn asked(change: &LocalChange<'_>) -> (Finding, Vec<String>, Option<String>) {
        let Decision::Ask(finding) = change.decide(None, |_| Ok(None)).unwrap() else { panic!() };
        let Severity::Question(question) = finding.severity.clone() else { panic!() };
        (finding, question.answers.into_iter().map(|choice| choice.answer).collect(), question.draft)
    }

    #[test]
    fn what_goes_together_may_be_merged_and_the_change_is_shown() {
        // A16, C45
        let change = changed(Some(merge(b"1\n2\n3\n", b"one\n2\n3\n", b"1\n2\nthree\n")));
        let (finding, answers, draft) = asked(&change);
        assert_eq!(answers, ["abort", "merge", "take", "keep", "use"]);
        assert!(finding.difference.unwrap().contains("+2"));
        assert_eq!(draft, None);
        let Decision::Write(bytes, message) = decide(&change, "merge") else { panic!() };
        assert_eq!(bytes, b"one\n2\nthree\n");
        assert!(message.ends_with("1 place of yours, 1 place of the vendor's"), "{message}");
    }

    #[test]
    fn what_does_not_go_together_has_a_draft_and_no_merge() {
        let change = changed(Some(merge(b"1\n", b"one\n", b"ONE\n")));
        let (_, answers, draft) = asked(&change);
        assert_eq!(answers, ["abort", "take", "keep", "use"]);
        assert!(draft.unwrap().contains("<<<<<<< yours\none\n"));
        assert!(matches!(decide(&change, "merge"), Decision::Stop(_)));
    }

    #[test]
    fn bytes_that_are_given_are_put_there_if_they_are_at_hand() {
        let change = changed(None);
        let answer = |byte| format!("use:{}", Sum([byte; 32]));
        assert!(matches!(decide(&change, &answer(1)), Decision::Write(bytes, _) if bytes == b"given"));
        assert!(matches!(decide(&change, &answer(2)), Decision::Stop(_)));
        let none = LocalChange { takes_bytes: false, ..change };
        assert!(matches!(decide(&none, &answer(1)), Decision::Stop(_)));
    }

    #[test]
    fn to_abort_and_a_word_that_is_no_answer_stop_all() {
        for answer in ["abort", "yes", "use:", "use", "merge"] {
            assert!(matches!(decide(&changed(None), answer), Decision::Stop(_)), "{answer}");
        }
    }
}
