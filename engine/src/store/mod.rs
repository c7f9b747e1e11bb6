//! The store of pristine copies: what the vendor shipped for a path, found by its sum.
//!
//! An apply pays next to nothing for it. The archive of a patch in force lies in its run's folder, and is itself the copy of all
//! that the patch brought; the run's slots hold what was there before; what a run made itself lies beside its slot; and a whole
//! release is learnt when somebody asks for it. So the store has no folder of its own but for releases, and what belongs to a
//! run goes with it. Bytes count by their sum alone, which is taken at every read: what is damaged is an error and never used.

mod archives;
mod made;
mod releases;

use crate::ledger::Ledger;
use crate::site::disk::{Disk, Place};
use crate::site::layout;
use crate::site::tree::{has_sum, read, sha256_of};
use archives::Archives;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
pub(crate) use made::{keep_copy, keep_made};
use patchwright_hooks_api::{Error, ErrorKind, KnownSum, Sha256, SitePath};
use releases::Releases;
pub(crate) use releases::{Learnt, forget_drafts, learn};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The pristine copies of one site.
pub struct Store {
    disk: Arc<dyn Disk>,
    archives: Mutex<Archives>,
    releases: Mutex<Releases>,
}

impl Store {
    /// The store in the disk's state folder.
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, archives: Mutex::default(), releases: Mutex::default() }
    }

    /// The bytes with this sum, which the vendor shipped for the path once.
    ///
    /// # Errors
    /// When the ledger or the disk can't be read, or a copy is damaged.
    pub fn find(&self, ledger: &Ledger<'_>, path: &SitePath, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        if let Some(bytes) = self.left_by_runs(ledger, path, sum)? {
            return Ok(Some(bytes));
        }
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = archives.find(self.disk.as_ref(), ledger, sum)? {
            return Ok(Some(bytes));
        }
        drop(archives);
        self.releases.lock().unwrap_or_else(PoisonError::into_inner).find(self.disk.as_ref(), sum)
    }

    /// Whether the archive of a run that is in force brought a file with this sum.
    ///
    /// # Errors
    /// When the archive can't be read.
    pub(crate) fn is_brought(&self, run: &str, sum: Sha256) -> Result<bool, Error> {
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        archives.has(self.disk.as_ref(), run, sum)
    }

    /// The bytes as some run found them at the path, or made them there.
    fn left_by_runs(&self, ledger: &Ledger<'_>, path: &SitePath, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        let disk = self.disk.as_ref();
        for change in ledger.changes_at(path)? {
            let before = (change.before.sha256(), Place::state(&change.slot), Packing::None);
            let made = (change.after.sha256(), Place::state(&layout::made(&change.slot)), Packing::Gzip);
            for (known, place, packing) in [before, made] {
                let Some(known) = known else { continue };
                let may_be = match sum {
                    KnownSum::Sha256(sum) => sum == known,
                    KnownSum::Md5(_) => true,
                };
                if !may_be || disk.stat(&place)?.is_none() {
                    continue;
                }
                let bytes = packing.unpack(read(disk, &place)?, change.before.size().max(change.after.size()));
                let bytes = bytes.filter(|bytes| sha256_of(bytes) == known).ok_or_else(|| damaged(&place))?;
                if has_sum(&bytes, sum) {
                    return Ok(Some(bytes));
                }
            }
        }
        Ok(None)
    }
}

/// How the bytes of a copy lie in the state folder.
enum Packing {
    None,
    Gzip,
}

impl Packing {
    /// The bytes, packed.
    fn gzip(bytes: &[u8], level: Compression) -> io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(bytes)?;
        encoder.finish()
    }

    /// The bytes themselves, of which there are no more than `most`.
    fn unpack(&self, packed: Vec<u8>, most: u64) -> Option<Vec<u8>> {
        match self {
            Self::None => Some(packed),
            Self::Gzip => {
                let mut bytes = Vec::new();
                GzDecoder::new(packed.as_slice()).take(most).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            }
        }
    }
}

fn damaged(at: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Io, format!("the pristine copy {at} is damaged"))
        .hint("bring it back from a backup of the state folder, or remove it: what it held can't be merged then")
}
