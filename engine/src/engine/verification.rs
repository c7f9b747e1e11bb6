//! The site, compared with what the ledger says of it: every path that a patch in force touched, and the database's structure.

use crate::drift::{Structure, compare_all};
use crate::ledger::Ledger;
use crate::site::change::State;
use crate::site::tree::Tree;
use patchwright_hooks_api::{Error, SitePath};
use serde::Serialize;
use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;

/// How many portions of the ledger may wait for the tree: reading goes on while they are looked at, and memory stays small.
const PORTIONS_WAITING: usize = 1;

/// The tree and the database, compared with what the patches in force left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verification {
    /// How many paths were looked at.
    pub checked: usize,
    /// Files with other bytes.
    pub changed: Vec<SitePath>,
    /// Paths that should be there and are not.
    pub missing: Vec<SitePath>,
    /// Paths that should be gone and are there.
    pub unexpected: Vec<SitePath>,
    /// Paths with other permission bits.
    pub other_mode: Vec<SitePath>,
    /// The database's structure.
    pub structure: Structure,
}

impl Verification {
    /// Whether everything is as the patches left it.
    pub fn is_clean(&self) -> bool {
        self.files_are_clean() && self.structure.drift.is_empty()
    }

    /// Whether the files are.
    pub fn files_are_clean(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.unexpected.is_empty() && self.other_mode.is_empty()
    }

    /// Notes how a path is found.
    fn note(&mut self, path: SitePath, expected: &State, found: &State) {
        self.checked += 1;
        let list = match (found, expected) {
            (State::Absent, State::Absent) => return,
            (State::Absent, _) => &mut self.missing,
            (_, State::Absent) => &mut self.unexpected,
            _ if !found.same_content(expected) => &mut self.changed,
            _ if found.mode() != expected.mode() => &mut self.other_mode,
            _ => return,
        };
        list.push(path);
    }

    fn sort(&mut self) {
        for list in [&mut self.changed, &mut self.missing, &mut self.unexpected, &mut self.other_mode] {
            list.sort();
        }
    }
}

/// Compares the tree and the structure of the database with what the patches in force left.
///
/// # Errors
/// When the ledger, the database or the tree can't be read.
pub(super) fn verify(tree: &Tree, ledger: &Ledger<'_>, dialect: &str) -> Result<Verification, Error> {
    let mut verification = verify_files(tree, ledger)?;
    verification.structure = compare_all(ledger, dialect)?;
    Ok(verification)
}

/// Looks at the files of one portion of the ledger while the next one is read.
fn verify_files(tree: &Tree, ledger: &Ledger<'_>) -> Result<Verification, Error> {
    thread::scope(|scope| {
        let (portions, waiting) = mpsc::sync_channel::<Vec<(SitePath, State)>>(PORTIONS_WAITING);
        let looking = scope.spawn(move || {
            let mut verification = Verification::default();
            for portion in waiting {
                let paths: Vec<&SitePath> = portion.iter().map(|(path, _)| path).collect();
                let found = tree.states(&paths);
                for ((path, expected), found) in portion.into_iter().zip(found) {
                    verification.note(path, &expected, &found?);
                }
            }
            verification.sort();
            Ok(verification)
        });
        let mut known = HashSet::new();
        let read = ledger.left_by_patches(|mut portion| {
            // The newest patch comes first, and has the last word on a path.
            portion.retain(|(path, _)| known.insert(path.clone()));
            // Nobody takes it where looking has failed, and that error is told.
            let _ = portions.send(portion);
        });
        drop(portions);
        let looked = looking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        read.and(looked)
    })
}
