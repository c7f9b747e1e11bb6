//! What can be wrong with a patch before anyone looks at the site.

use super::MANIFEST;
use patchwright_hooks_api::{Error, ErrorKind};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A patch that can't be taken in. The site is untouched: it has not been looked at.
#[derive(Debug)]
pub struct IntakeError {
    /// The file that was to be a patch.
    pub archive: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

impl IntakeError {
    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.fault.hint()
    }

    /// All that is wrong, in the patch's order, each as an error of its own.
    pub fn errors(mut self) -> Vec<Error> {
        let others = match &mut self.fault {
            Fault::Manifest { others, .. } => std::mem::take(others),
            _ => Vec::new(),
        };
        let archive = self.archive.display().to_string();
        let others = others.into_iter().map(|error| error.while_doing(&archive)).collect::<Vec<_>>();
        std::iter::once(self.into()).chain(others).collect()
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.archive.display(), self.fault)
    }
}

impl std::error::Error for IntakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.fault.source()
    }
}

impl From<IntakeError> for Error {
    fn from(error: IntakeError) -> Self {
        let hint = error.hint().map(str::to_owned);
        let IntakeError { archive, fault } = error;
        if let Fault::Manifest { first, others } = fault {
            let mut error = first.while_doing(archive.display());
            error.message.push_str(&and_more(&others));
            return error;
        }
        Self { kind: fault.kind(), message: format!("{}: {fault}", archive.display()), hint, position: None }
    }
}

/// What is wrong with a patch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The file can't be opened or read.
    #[error("can't be read: {source}")]
    Read {
        /// What the system said.
        #[from]
        source: io::Error,
    },
    /// It is a directory, a pipe, a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Its content is neither tar nor tar.gz (A1).
    #[error("is not a patch: it is {seems}, not a tar or tar.gz archive")]
    NotAnArchive {
        /// What its first bytes look like.
        seems: &'static str,
    },
    /// Its content is nothing that a release comes in.
    #[error("is not a release: it is {seems}, not a folder or a tar, tar.gz or zip archive")]
    NotARelease {
        /// What its first bytes look like.
        seems: &'static str,
    },
    /// The archive contradicts itself, or ends too early.
    #[error("is damaged: {why}")]
    Damaged {
        /// What is wrong, and where.
        why: String,
    },
    /// The archive holds something that no patch may hold (A2).
    #[error("holds {member:?}, which is refused: {why}")]
    Refused {
        /// The member's name as the archive has it.
        member: String,
        /// Why.
        why: String,
    },
    /// A limit was reached.
    #[error("is refused: {what} (limit: {limit})")]
    Limit {
        /// What is too large or too many.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The place where members are kept failed.
    #[error("can't keep the member {member:?}: {source}")]
    Store {
        /// The member's name.
        member: String,
        /// What the system said.
        source: io::Error,
    },
    /// The place where the archive itself is kept failed.
    #[error("can't be kept: {source}")]
    Keep {
        /// What the system said.
        source: io::Error,
    },
    /// There is no `patch.xml` at the top of the archive.
    #[error("holds no {MANIFEST} at its top{}", nested.as_ref().map(|name| format!(", only {name:?}")).unwrap_or_default())]
    NoManifest {
        /// A manifest further down, where it does not count.
        nested: Option<String>,
    },
    /// The manifest is not what it must be; with the place of each fault.
    #[error("{first}{}", and_more(others))]
    Manifest {
        /// The first fault.
        first: Box<Error>,
        /// The further ones, in the manifest's order.
        others: Vec<Error>,
    },
    /// Members that nothing in the manifest refers to (C19).
    #[error("holds {} that the manifest does not refer to: {}", count(members.len()), first_of(members))]
    Unused {
        /// Their names, sorted.
        members: Vec<String>,
    },
}

impl Fault {
    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Read { .. } => Some("check that the file exists and that this user may read it"),
            Self::NotAFile => Some("name the patch's archive itself"),
            Self::NotAnArchive { .. } => Some("fetch the patch again, and check that its address leads to the archive"),
            Self::NotARelease { .. } => {
                Some("name the vendor's archive of the release, or the folder it was unpacked to")
            }
            Self::Damaged { .. } => Some("fetch the patch again; if it stays so, ask its vendor"),
            Self::Refused { .. } => Some("the vendor must pack the patch without it; don't unpack it by hand"),
            Self::Limit { .. } => Some("split the patch, or raise the limit if its vendor is trusted"),
            Self::Store { .. } | Self::Keep { .. } => {
                Some("check the free space and the permissions of the state folder")
            }
            Self::NoManifest { nested: Some(_) } => Some("pack the folder's content, not the folder"),
            Self::NoManifest { nested: None } => {
                Some("this tar archive is no patch, or was packed without its manifest")
            }
            Self::Manifest { first, .. } => first.hint.as_deref(),
            Self::Unused { .. } => Some("leave them out of the archive, or add the steps that install them"),
        }
    }

    /// The faults of a manifest, of which there is at least one.
    pub(super) fn of_manifest(faults: Vec<Error>) -> Self {
        let mut faults = faults.into_iter();
        let first = faults.next().unwrap_or_else(|| Error::invalid("the manifest can't be read"));
        Self::Manifest { first: Box::new(first), others: faults.collect() }
    }

    pub(super) fn damaged(why: impl Into<String>) -> Self {
        Self::Damaged { why: why.into() }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } | Self::Store { .. } | Self::Keep { .. } => ErrorKind::Io,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Limit { .. } => ErrorKind::Limit,
            Self::Manifest { first, .. } => first.kind,
            Self::NotAFile
            | Self::NotAnArchive { .. }
            | Self::NotARelease { .. }
            | Self::Damaged { .. }
            | Self::NoManifest { .. }
            | Self::Unused { .. } => ErrorKind::Invalid,
        }
    }

    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source } | Self::Store { source, .. } | Self::Keep { source } => Some(source),
            _ => None,
        }
    }
}

impl From<Error> for Fault {
    fn from(first: Error) -> Self {
        Self::Manifest { first: Box::new(first), others: Vec::new() }
    }
}

/// How many unused members a message lists before it only counts them.
const LISTED: usize = 10;

fn count(members: usize) -> String {
    if members == 1 { "a member".to_owned() } else { format!("{members} members") }
}

/// How many faults there are besides the one that is told.
fn and_more(others: &[Error]) -> String {
    match others.len() {
        0 => String::new(),
        1 => " (and one more fault)".to_owned(),
        more => format!(" (and {more} more faults)"),
    }
}

fn first_of(members: &[String]) -> String {
    let mut list = members.iter().take(LISTED).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if members.len() > LISTED {
        list.push_str(", …");
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_archive_and_says_what_to_do() {
        let fault = Fault::Unused { members: vec!["files/a".into(), "files/b".into()] };
        let error = IntakeError { archive: "acme.tar".into(), fault };
        assert_eq!(
            error.to_string(),
            "acme.tar: holds 2 members that the manifest does not refer to: \"files/a\", \"files/b\""
        );
        assert!(Error::from(error).hint.is_some());
    }

    #[test]
    fn the_position_of_a_manifest_error_survives_the_boundary() {
        let position = patchwright_hooks_api::Position::new(MANIFEST, 3, 5);
        let fault = Fault::from(Error::invalid("x").at(&position));
        let error = IntakeError { archive: "acme.tar".into(), fault };
        assert_eq!(error.to_string(), "acme.tar: patch.xml:3:5: x");
        assert_eq!(Error::from(error).position, Some(position));
    }

    #[test]
    fn an_io_error_stays_reachable_as_the_source() {
        let fault = Fault::Store { member: "a".into(), source: io::ErrorKind::StorageFull.into() };
        let error = IntakeError { archive: "acme.tar".into(), fault };
        let source = std::error::Error::source(&error).unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    }
}
