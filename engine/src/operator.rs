//! Who decides and is told: the person at the terminal, the console, or the program that embeds the engine.

use crate::site::tree::{has_sum, sha256_of};
use patchwright_hooks_api::finding::USE;
use patchwright_hooks_api::{Finding, KnownSum, Level, Question, Severity, Sha256};
use serde::Serialize;
use std::collections::BTreeMap;

/// Decides questions and is told what happens.
pub trait Operator: Send + Sync {
    /// Is told what happens, in order. Must return soon: the run waits.
    fn event(&self, event: &Event);

    /// Decides a question that a check asked, or leaves it open with `None`; an open question stops the patch before
    /// anything is changed.
    fn answer(&self, asked: &Asked<'_>) -> Option<Answer>;

    /// Whether the run shall stop. Asked before every step; once the patch is in force it is too late.
    fn cancelled(&self) -> bool {
        false
    }
}

/// A question to the operator, with all that there is to say of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The id of the patch whose check asks.
    pub patch: &'a str,
    /// What the check turned up.
    pub finding: &'a Finding,
    /// The question itself.
    pub question: &'a Question,
    /// What was answered when a patch in force asked the same.
    pub last: Option<&'a str>,
}

/// What the operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One of the question's words.
    Word(String),
    /// What is to stand there, where the question offers [`USE`].
    Content(Vec<u8>),
}

/// The operator's answers to what one patch asks, by question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Answers {
    words: BTreeMap<String, String>,
    #[serde(skip)]
    given: BTreeMap<Sha256, Vec<u8>>,
}

impl Answers {
    /// Takes the answer to a question, if the question offers it. Gives whether it does.
    pub fn take(&mut self, question: &Question, answer: Answer) -> bool {
        let word = match &answer {
            Answer::Word(word) => word,
            Answer::Content(_) => USE,
        };
        let is_whole = (word == USE) == matches!(answer, Answer::Content(_));
        if !is_whole || !question.answers.iter().any(|choice| choice.answer == word) {
            return false;
        }
        let word = match answer {
            Answer::Word(word) => word,
            Answer::Content(bytes) => {
                let sum = sha256_of(&bytes);
                self.given.insert(sum, bytes);
                format!("{USE}:{sum}")
            }
        };
        self.words.insert(question.id.clone(), word);
        true
    }

    /// The answer to a question: a word, or `use:` and the sum of the content that was given.
    pub fn get(&self, question: &str) -> Option<&str> {
        self.words.get(question).map(String::as_str)
    }

    /// The answer to a question, as it was given.
    pub fn given(&self, question: &str) -> Option<Answer> {
        let word = self.words.get(question)?;
        let sum = word.strip_prefix(USE).and_then(|sum| sum.strip_prefix(':')?.parse().ok());
        let content = sum.and_then(|sum: Sha256| self.given.get(&sum).cloned());
        Some(content.map_or_else(|| Answer::Word(word.clone()), Answer::Content))
    }

    /// What the finding asks, if it asks something and has no answer among these.
    pub fn open_question<'a>(&self, finding: &'a Finding) -> Option<&'a Question> {
        match &finding.severity {
            Severity::Question(question) => Some(question).filter(|question| self.get(&question.id).is_none()),
            _ => None,
        }
    }

    /// All of them.
    pub fn words(&self) -> &BTreeMap<String, String> {
        &self.words
    }

    /// The content with this sum, if it was given as an answer.
    pub(crate) fn content(&self, sum: KnownSum) -> Option<&[u8]> {
        let found = match sum {
            KnownSum::Sha256(sum) => self.given.get(&sum),
            KnownSum::Md5(_) => self.given.values().find(|bytes| has_sum(bytes, sum)),
        };
        found.map(Vec::as_slice)
    }
}

/// Who approved a plan, and when.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The person or program.
    pub by: String,
    /// In RFC 3339.
    pub at: String,
}

/// What happens during a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// Another engine is at work on the site, and is waited for. Told again when there is more to say of it.
    Waiting {
        /// Who it is, and what it does, as far as that is known.
        reason: String,
    },
    /// The database's server is not up, and is waited for.
    WaitingForDatabase {
        /// Why it can't be used.
        reason: String,
    },
    /// A patch's archive was read and verified.
    Unpacked {
        /// The patch's id.
        patch: String,
        /// How many files it brings along.
        members: usize,
    },
    /// A step is being rehearsed; nothing is changed.
    Rehearsing {
        /// The patch's id.
        patch: String,
        /// Which step, from 1.
        step: usize,
        /// How many there are.
        of: usize,
    },
    /// A step tells how far it has come with something that takes long.
    Progress {
        /// How much is done.
        done: u64,
        /// How much there is to do.
        of: u64,
        /// What is being done.
        doing: String,
    },
    /// A script has a command of the site's owner run.
    RunningCommand {
        /// What the owner calls it.
        name: String,
    },
    /// A script has an address asked.
    Requesting {
        /// What is asked of it, such as `GET`.
        method: String,
        /// The address.
        url: String,
    },
    /// The gate is shut: users are kept out.
    GateShut,
    /// A step is being staged behind the shut gate. Once more, where patches that were to share a commit come one by one after all.
    Staging {
        /// The patch's id.
        patch: String,
        /// Which step, from 1.
        step: usize,
        /// How many there are.
        of: usize,
        /// What it does.
        summary: String,
    },
    /// The staged files are being switched with the live ones.
    Switching {
        /// The patch's id.
        patch: String,
        /// How many changes.
        changes: usize,
    },
    /// The patch is in force.
    Committed {
        /// The patch's id.
        patch: String,
        /// The version that the site now has.
        version: String,
    },
    /// A patch was taken back: the site is as before it.
    TakenBack {
        /// The patch's id.
        patch: String,
    },
    /// A run that had been cut off was brought to an end.
    Recovered {
        /// The run's patch.
        patch: String,
        /// Whether the patch is in force now.
        in_force: bool,
        /// Files that somebody changed in the meantime, and where their bytes are now.
        rescued: Vec<String>,
        /// Statements that stay although their patch was taken back: nothing takes them back, which was accepted.
        kept: Vec<String>,
    },
    /// A restart command of the site's owner is being run.
    Restarting {
        /// What it is called.
        name: String,
    },
    /// The site is being asked whether it is healthy.
    Probing {
        /// What is asked: an address or a command.
        target: String,
    },
    /// The gate is open.
    GateOpen,
    /// A step or script tells something.
    Log {
        /// How loud.
        level: Level,
        /// What.
        message: String,
    },
}

/// An operator that decides nothing and listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Operator for Silent {
    fn event(&self, _: &Event) {}

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }
}
