//! What to do about a path that somebody else has changed: the one place where the operator's decision is looked up.

use patchwright_hooks_api::{Element, Error, Finding, Md5, Position, Severity, Sha256, SitePath, SiteView};

/// What a look at the site says is to be done. Checking reports it, applying follows it.
#[derive(Debug)]
pub(crate) enum Course {
    /// What the manifest says.
    Go,
    /// What the manifest says, over what somebody changed: the operator chose so.
    Take(String),
    /// Leaving the path as it is: the operator chose so.
    Keep(String),
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
            Self::Take(message) | Self::Keep(message) | Self::Done(message) => Finding::notice(message),
            Self::Ask(finding) | Self::Stop(finding) => finding,
        };
        vec![finding.at(position)]
    }
}

/// Something at a path that the patch's author did not know of.
#[derive(Debug)]
pub(crate) struct Doubt {
    id: String,
    message: String,
}

impl Doubt {
    /// The file at the path is not the one that the patch's author saw (A16).
    pub(crate) fn local_change(path: impl std::fmt::Display) -> Self {
        Self { id: format!("local-change:{path}"), message: format!("{path} was changed locally") }
    }

    /// A file stands where a new one comes.
    pub(crate) fn exists(path: impl std::fmt::Display) -> Self {
        Self { id: format!("exists:{path}"), message: format!("{path} exists already and is not the file that comes") }
    }

    /// What the operator says to it, or the question; `take` and `keep` tell what these answers will do.
    pub(crate) fn settle(&self, site: &dyn SiteView, take: &str, keep: &str) -> Course {
        let message = &self.message;
        let Some(answer) = site.answer(&self.id) else {
            let answers = [("abort", "don't apply the patch"), ("take", take), ("keep", keep)];
            return Course::Ask(Finding::question(&self.id, message, &answers));
        };
        match answer.as_str() {
            "take" => Course::Take(format!("{message}; as chosen: {take}")),
            "keep" => Course::Keep(format!("{message}; as chosen: {keep}")),
            "abort" => Course::Stop(
                Finding::blocker(format!("{message}, and the operator chose to abort"))
                    .hint(format!("answer {} with take or keep to go on", self.id)),
            ),
            _ => Course::Stop(
                Finding::blocker(format!("{message}, and {answer:?} is no answer to {}", self.id))
                    .hint("answer with abort, take or keep"),
            ),
        }
    }
}

/// What is known of the file that the patch's author saw at a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Original {
    /// Nothing.
    Unknown,
    /// Its MD5 sum alone, as the seeds' patches have it.
    Md5(Md5),
    /// Its SHA-256 sum, which decides where both are known.
    Sha256(Sha256),
}

impl Original {
    /// Reads the attributes `md5` and `was-sha256`.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        Ok(match (element.parsed("was-sha256")?, element.parsed("md5")?) {
            (Some(sha256), _) => Self::Sha256(sha256),
            (None, Some(md5)) => Self::Md5(md5),
            (None, None) => Self::Unknown,
        })
    }

    /// Whether the file at the path is that file, as far as it is known.
    pub(crate) fn is_at(&self, path: &SitePath, site: &dyn SiteView) -> Result<bool, Error> {
        match self {
            Self::Unknown => Ok(true),
            Self::Md5(md5) => Ok(site.md5(path)? == *md5),
            Self::Sha256(sha256) => Ok(site.sha256(path)? == *sha256),
        }
    }
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
