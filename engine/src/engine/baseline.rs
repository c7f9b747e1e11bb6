//! What the site's owner got from the vendor before the first patch: a release, learnt as pristine copies.

use super::session::Session;
use crate::failure::Failure;
use crate::site::change::State;
use crate::store;
use patchwright_hooks_api::{Error, Sha256, SitePath};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A release that was learnt, and how the site stands to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Baseline {
    /// How many files the release has.
    pub files: usize,
    /// Whether it was not known before.
    pub learnt: bool,
    /// The files that were changed on the site: they are neither as the release has them nor as a patch in force left them.
    pub changed: Vec<SitePath>,
    /// The files of the release that are not on the site, although no patch in force deleted them.
    pub missing: Vec<SitePath>,
}

impl Session<'_> {
    /// Learns a release: a tar, tar.gz or zip archive, or a folder. The site itself is not changed.
    ///
    /// # Errors
    /// When it can't be read, is no release, or can't be kept; nothing is learnt then. When the site can't be compared with it.
    pub fn import_release(&self, from: &Path) -> Result<Baseline, Failure> {
        let learn = || {
            let (files, learnt) = store::learn(self.site().tree.disk().as_ref(), from)?;
            let (changed, missing) = self.compare(&files)?;
            Ok(Baseline { files: files.len(), learnt, changed, missing })
        };
        learn().map_err(Failure::untouched)
    }

    fn compare(&self, files: &[store::Learnt]) -> Result<(Vec<SitePath>, Vec<SitePath>), Error> {
        let mut expected: BTreeMap<&SitePath, Option<Sha256>> =
            files.iter().map(|file| (&file.path, Some(file.sha256))).collect();
        let mut left = BTreeMap::new();
        self.site().ledger().left_by_patches(|states| {
            for (path, state) in states {
                left.entry(path).or_insert(state);
            }
        })?;
        for (path, state) in &left {
            if let Some(sum) = expected.get_mut(path) {
                *sum = state.sha256();
            }
        }
        let paths: Vec<&SitePath> = expected.keys().copied().collect();
        let (mut changed, mut missing) = (Vec::new(), Vec::new());
        for (path, found) in paths.iter().zip(self.site().tree.states(&paths)) {
            let wanted = expected.get(path).copied().flatten();
            match found {
                // A link, for instance: it is no file of the vendor's.
                Err(_) => changed.push((*path).clone()),
                Ok(state) if state.sha256() == wanted => {}
                Ok(State::Absent) => missing.push((*path).clone()),
                Ok(_) => changed.push((*path).clone()),
            }
        }
        Ok((changed, missing))
    }
}
