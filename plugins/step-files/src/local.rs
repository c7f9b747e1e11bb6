//! What to do about a path that somebody else has changed: the one place where the operator's decision is looked up.

use patchwright_hooks_api::{
    EntryKind, Error, Finding, KnownSum, Metadata, Position, Severity, Sha256, SitePath, SiteView,
};
use patchwright_merge::{
    Decision, Difference, Labels, LocalChange, MAX_BYTES, Merged, difference, merge, question_about,
};

use crate::verdict::{Found, Thing};

/// What a look at the site says is to be done. Checking reports it, applying follows it.
#[derive(Debug)]
pub(crate) enum Course {
    /// What the manifest says.
    Go,
    /// What the manifest says, over what somebody changed: the operator chose so.
    Take(String),
    /// Leaving the path as it is: the operator chose so.
    Keep(String),
    /// These bytes in place of what stands there: the operator chose so.
    Write(Vec<u8>, String),
    /// Nothing, for the reason given.
    Done(String),
    /// Nothing before the operator has answered.
    Ask(Finding),
    /// Nothing at all: the patch can't be applied.
    Stop(Finding),
}

impl Course {
    /// A course that stops the patch.
    pub(crate) fn stop(message: impl Into<String>) -> Self {
        Self::Stop(Finding::blocker(message))
    }

    /// What the operator is told beforehand.
    pub(crate) fn findings(self, position: &Position) -> Vec<Finding> {
        let finding = match self {
            Self::Go => return Vec::new(),
            Self::Take(message) | Self::Keep(message) | Self::Write(_, message) | Self::Done(message) => {
                Finding::notice(message)
            }
            Self::Ask(finding) | Self::Stop(finding) => finding,
        };
        vec![finding.at(position)]
    }
}

impl From<Decision> for Course {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Take(message) => Self::Take(message),
            Decision::Keep(message) => Self::Keep(message),
            Decision::Write(bytes, message) => Self::Write(bytes, message),
            Decision::Ask(finding) => Self::Ask(finding),
            Decision::Stop(finding) => Self::Stop(finding),
        }
    }
}

/// Something at a path that the patch's author did not know of.
#[derive(Debug)]
pub(crate) struct Doubt<'a> {
    /// The path.
    pub(crate) path: &'a SitePath,
    /// What kind of doubt it is, the first word of the question's id.
    pub(crate) kind: &'static str,
    /// What is so.
    pub(crate) message: String,
    /// What the answer `take` will do.
    pub(crate) take: String,
    /// What the answer `keep` will do.
    pub(crate) keep: String,
    /// The vendor's bytes that the local ones were made of, if the site keeps them.
    pub(crate) base: Option<Vec<u8>>,
    /// The local bytes, if there is a file that is not too large to be compared.
    pub(crate) mine: Option<Vec<u8>>,
    /// The bytes that come, if some come.
    pub(crate) theirs: Option<Vec<u8>>,
}

impl Doubt<'_> {
    /// What the operator says to it, or the question.
    pub(crate) fn settle(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let patch = &site.facts().patch;
        let change = LocalChange {
            id: question_about(self.kind, self.path),
            message: self.message.clone(),
            take: Some(self.take.clone()),
            keep: self.keep.clone(),
            merged: self.merged(),
            labels: Labels { base: "as it was shipped", mine: "yours", theirs: patch },
            difference: self.difference(patch),
            takes_bytes: self.mine.is_some() && self.theirs.is_some(),
        };
        let answer = site.answer(&change.id);
        let given = |sum: Sha256| site.stored(self.path, KnownSum::Sha256(sum));
        Ok(change.decide(answer.as_deref(), given)?.into())
    }

    fn merged(&self) -> Option<Merged> {
        Some(merge(self.base.as_ref()?, self.mine.as_ref()?, self.theirs.as_ref()?))
    }

    /// What was changed locally; or, where nobody knows the vendor's bytes, how the local file and the new one differ.
    fn difference(&self, patch: &str) -> Option<Difference> {
        let (mine, path) = (self.mine.as_ref()?, self.path);
        let other = match (&self.base, &self.theirs) {
            (Some(base), _) => (format!("{path} (as it was shipped)"), base),
            (None, Some(theirs)) => (format!("{path} ({patch})"), theirs),
            (None, None) => return None,
        };
        Some(difference((&other.0, other.1), (&format!("{path} (yours)"), mine)))
    }
}

/// The bytes of the file at a path, unless it is too large to be compared or merged.
pub(crate) fn bytes_at(path: &SitePath, site: &dyn SiteView) -> Result<Option<Vec<u8>>, Error> {
    match site.metadata(path)? {
        Some(Metadata { kind: EntryKind::File, size, .. }) if size <= MAX_BYTES as u64 => site.read(path).map(Some),
        _ => Ok(None),
    }
}

/// What stands at a path, for the table of verdicts. `is_base` and `is_theirs` are asked of a file alone.
pub(crate) fn found(
    metadata: Option<Metadata>,
    is_base: impl FnOnce() -> Result<bool, Error>,
    is_theirs: impl FnOnce(Metadata) -> Result<bool, Error>,
) -> Result<Found, Error> {
    let no = |thing| Found { thing, is_base: false, is_theirs: false };
    Ok(match metadata {
        None => no(Thing::Absent),
        Some(metadata) => match metadata.kind {
            EntryKind::File if is_base()? => Found { is_base: true, ..no(Thing::File) },
            EntryKind::File => Found { is_theirs: is_theirs(metadata)?, ..no(Thing::File) },
            EntryKind::Directory => no(Thing::Directory),
            kind => no(Thing::Foreign(kind)),
        },
    })
}

/// The error of a step that is applied although its check would not let it.
pub(crate) fn conflict(finding: Finding) -> Error {
    let mut error = match &finding.severity {
        Severity::Question(question) => {
            let answers: Vec<_> = question.answers.iter().map(|choice| choice.answer.as_str()).collect();
            Error::conflict(format!("{}, and the question {} has no answer", finding.message, question.id))
                .hint(format!("answer it with {}", answers.join(", ")))
        }
        _ => Error::conflict(finding.message),
    };
    error.hint = finding.hint.or(error.hint);
    error.position = finding.position;
    error
}
