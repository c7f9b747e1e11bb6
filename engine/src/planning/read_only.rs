//! Paths that are read-only for whoever runs the engine: all in one list, before anything is changed (C42, C43, C46, C47, C49).
//!
//! Names can be changed in a directory alone that is open to its user. A file is replaced, never written to, so it need not be
//! writable; but somebody wants it left alone, and is asked.

use super::plan::Effects;
use super::preflight::{Directories, some_of};
use crate::operator::Answers;
use crate::site::asked::Modes;
use crate::site::change::OPEN_TO_OWNER;
use crate::site::disk::{Area, Disk, Owner, Place};
use crate::site::shell;
use patchwright_hooks_api::{EntryKind, Error, Finding, SitePath};

/// The question about them.
pub const READ_ONLY: &str = "read-only";
/// The answer with which the run opens the directories itself.
pub const MAKE_WRITABLE: &str = "make-writable";
const STOP: &str = "stop";

/// What is read-only among the paths that a patch changes.
#[derive(Debug, Default)]
pub(crate) struct ReadOnly {
    /// Directories in which names can't be changed, `None` for the root.
    directories: Vec<Closed>,
    /// Files.
    files: Vec<(SitePath, u32)>,
}

/// A directory in which names can't be changed.
#[derive(Debug)]
struct Closed {
    path: Option<SitePath>,
    mode: u32,
    owner: Owner,
    /// Whether the run could open it by itself.
    can_be_opened: bool,
}

/// Whether the operator wants closed directories to be opened for the run.
pub(crate) fn is_to_be_opened(answers: &Answers) -> bool {
    answers.get(READ_ONLY) == Some(MAKE_WRITABLE)
}

impl ReadOnly {
    /// Looks for what is read-only among the paths that are to be changed, and the `directories` that they are in.
    ///
    /// # Errors
    /// When the disk can't be looked at.
    pub(super) fn find(disk: &dyn Disk, effects: &Effects, directories: &Directories) -> Result<Self, Error> {
        let mut found = Self::default();
        for (path, stat) in directories {
            if !disk.may_change(Area::Root, path.as_ref())? {
                let can_be_opened = path.is_some() && may_open(disk, stat.owner, stat.mode);
                found.directories.push(Closed {
                    path: path.clone(),
                    mode: stat.mode,
                    owner: stat.owner,
                    can_be_opened,
                });
            }
        }
        for effect in effects.files.iter().filter(|effect| effect.before.kind() == Some(EntryKind::File)) {
            let place = Place::root(&effect.path);
            if !disk.may_write(&place)?
                && let Some(stat) = disk.stat(&place)?.filter(|stat| stat.kind == EntryKind::File)
            {
                found.files.push((effect.path.clone(), stat.mode));
            }
        }
        Ok(found)
    }

    /// The one list of it, and what the operator is to decide about it or has decided. Nothing where nothing is read-only.
    pub(super) fn finding(&self, own: Owner, answers: &Answers) -> Option<Finding> {
        if self.directories.is_empty() && self.files.is_empty() {
            return None;
        }
        let message = format!("read-only: {}", self.named(some_of).join("; "));
        let by_hand = format!("in the site's root: {}", self.commands().join("; "));
        let opened = "the directories are opened for the run and closed again; read-only files are replaced";
        Some(match (self.directories.iter().find(|directory| !directory.can_be_opened), answers.get(READ_ONLY)) {
            (Some(Closed { owner: (user, _), .. }), _) if *user != own.0 => Finding::blocker(message)
                .hint(format!("run it as the user {user}, who owns them, or as root; or, as that one, {by_hand}")),
            (Some(_), _) => Finding::blocker(message).hint(by_hand),
            (None, None) => {
                let choices = [(STOP, "don't go on"), (MAKE_WRITABLE, opened)];
                Finding::question(READ_ONLY, message, &choices).hint(by_hand)
            }
            (None, Some(MAKE_WRITABLE)) => Finding::notice(format!("{message}; as chosen: {opened}")),
            (None, Some(_)) => Finding::blocker(format!("{message}, and the operator chose to stop")).hint(by_hand),
        })
    }

    /// The same for the note of what the operator was asked to make writable.
    pub(crate) fn modes(&self) -> Modes {
        let directories = self.directories.iter().map(|closed| (name(closed.path.as_ref()).to_owned(), closed.mode));
        directories.chain(self.files.iter().map(|(path, mode)| (path.to_string(), *mode))).collect()
    }

    fn names(&self) -> [Vec<&str>; 2] {
        let directories = self.directories.iter().map(|closed| name(closed.path.as_ref())).collect();
        [directories, self.files.iter().map(|(path, _)| path.as_str()).collect()]
    }

    fn named(&self, list: impl Fn(&[&str]) -> String) -> Vec<String> {
        let words = [("directory", "directories"), ("file", "files")];
        let all = words.into_iter().zip(self.names()).filter(|(_, names)| !names.is_empty());
        all.map(|((one, many), names)| format!("the {} {}", if names.len() == 1 { one } else { many }, list(&names)))
            .collect()
    }

    /// The commands that make all of it writable.
    fn commands(&self) -> Vec<String> {
        let all = ["chmod u+wx", "chmod u+w"].into_iter().zip(self.names()).filter(|(_, names)| !names.is_empty());
        all.map(|(command, names)| {
            names.iter().fold(command.to_owned(), |line, name| format!("{line} {}", shell::word(name)))
        })
        .collect()
    }
}

/// Whether another mode is all that it takes.
fn may_open(disk: &dyn Disk, (user, _): Owner, mode: u32) -> bool {
    user == disk.own_owner().0 && mode & OPEN_TO_OWNER != OPEN_TO_OWNER
}

fn name(directory: Option<&SitePath>) -> &str {
    directory.map_or(".", SitePath::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Severity;

    const OWN: Owner = (1000, 1000);

    fn closed(path: &str, owner: Owner, can_be_opened: bool) -> Closed {
        let path = (path != ".").then(|| SitePath::new(path).unwrap());
        Closed { path, mode: 0o555, owner, can_be_opened }
    }

    fn files(paths: &[&str]) -> Vec<(SitePath, u32)> {
        paths.iter().map(|path| (SitePath::new(path).unwrap(), 0o444)).collect()
    }

    #[test]
    fn files_and_directories_are_one_list_with_the_commands_and_one_question() {
        // C42, C43, C46, C47, C49
        let directories = vec![closed("bin", OWN, true), closed("l'été", OWN, true)];
        let found = ReadOnly { directories, files: files(&["a b.php"]) }.finding(OWN, &Answers::default()).unwrap();
        assert_eq!(found.message, "read-only: the directories bin, l'été; the file a b.php");
        let hint = r"in the site's root: chmod u+wx 'bin' 'l'\''été'; chmod u+w 'a b.php'";
        assert_eq!(found.hint.as_deref(), Some(hint));
        assert!(matches!(found.severity, Severity::Question(question) if question.id == "read-only"));
        assert!(ReadOnly::default().finding(OWN, &Answers::default()).is_none());
    }

    #[test]
    fn what_the_run_can_not_open_by_itself_keeps_the_patch_from_being_applied() {
        // C42
        for (directory, told) in
            [(closed(".", OWN, false), "chmod u+wx '.'"), (closed("lib", (7, 7), false), "the user 7, who owns them")]
        {
            let found = ReadOnly { directories: vec![directory], files: files(&["a"]) }
                .finding(OWN, &Answers::default())
                .unwrap();
            assert!(found.is_blocker() && found.hint.unwrap().contains(told), "{told}");
        }
    }
}
