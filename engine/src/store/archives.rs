//! The archives of the runs in force as pristine copies: decoded when something is looked for, and once each as far as memory
//! allows.

use super::damaged;
use crate::intake::{Limits, each_file};
use crate::journal::run_folders;
use crate::ledger::Ledger;
use crate::site::disk::{Disk, Place};
use crate::site::layout;
use crate::site::tree::{has_sum, md5_of, sha256_of};
use patchwright_hooks_api::{Error, KnownSum, Md5, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// How many bytes of members stay in memory: who looks for one file soon looks for its neighbours, and again for the same.
const REMEMBERED_BYTES: usize = 64 << 20;

/// What is known of the archives that were decoded until now.
#[derive(Default)]
pub(super) struct Archives {
    /// The sums of the members, by run.
    members: BTreeMap<String, Vec<(Sha256, Md5)>>,
    bytes: HashMap<Sha256, Vec<u8>>,
    remembered: usize,
}

impl Archives {
    /// The member with this sum of an archive in force, the newest archive first.
    pub(super) fn find(
        &mut self,
        disk: &dyn Disk,
        ledger: &Ledger<'_>,
        sum: KnownSum,
    ) -> Result<Option<Vec<u8>>, Error> {
        let folders = run_folders(disk)?;
        let folders: BTreeSet<&str> = folders.iter().map(String::as_str).collect();
        // The ids of runs begin with the time of each.
        let mut runs: Vec<String> = ledger.runs_in_force(&folders)?.into_iter().map(|(run, _)| run).collect();
        runs.sort_unstable_by(|one, other| other.cmp(one));
        for run in runs {
            let found = self.members(disk, &run)?.iter().find(|(sha256, md5)| sum.is_one_of(*sha256, *md5));
            let Some(&(sha256, _)) = found else { continue };
            return match self.bytes.get(&sha256) {
                Some(bytes) => Ok(Some(bytes.clone())),
                None => member(disk, &Place::state(&layout::archive(&run)), sum),
            };
        }
        Ok(None)
    }

    /// Whether a member of the run's archive has this sum.
    pub(super) fn has(&mut self, disk: &dyn Disk, run: &str, sum: Sha256) -> Result<bool, Error> {
        Ok(self.members(disk, run)?.iter().any(|(sha256, _)| *sha256 == sum))
    }

    /// The sums of the members of a run's archive; none where an engine that kept no archives brought it.
    fn members(&mut self, disk: &dyn Disk, run: &str) -> Result<&[(Sha256, Md5)], Error> {
        let place = Place::state(&layout::archive(run));
        if !self.members.contains_key(run) && disk.stat(&place)?.is_some() {
            self.learn(disk, run, &place)?;
        }
        Ok(self.members.get(run).map(Vec::as_slice).unwrap_or_default())
    }

    fn learn(&mut self, disk: &dyn Disk, run: &str, place: &Place) -> Result<(), Error> {
        let mut members = Vec::new();
        each_member(disk, place, &mut |bytes| {
            let sha256 = sha256_of(&bytes);
            members.push((sha256, md5_of(&bytes)));
            if self.remembered + bytes.len() <= REMEMBERED_BYTES {
                self.remembered += bytes.len();
                self.bytes.insert(sha256, bytes);
            }
        })?;
        self.members.insert(run.to_owned(), members);
        Ok(())
    }
}

/// Decodes the archive once more for one member.
fn member(disk: &dyn Disk, place: &Place, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
    let mut found = None;
    each_member(disk, place, &mut |bytes| {
        if found.is_none() && has_sum(&bytes, sum) {
            found = Some(bytes);
        }
    })?;
    Ok(found)
}

fn each_member(disk: &dyn Disk, place: &Place, take: &mut dyn FnMut(Vec<u8>)) -> Result<(), Error> {
    let mut take = |_, bytes| {
        take(bytes);
        Ok(())
    };
    // It was within all limits when it was taken in.
    each_file(disk.open(place)?, &Limits::default(), &mut take)
        .map_err(|fault| damaged(place).while_doing(format_args!("{place} {fault}")))
}
