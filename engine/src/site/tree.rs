//! The live files of a site, to be looked at: with sums that are taken once and hold as long as the file is unchanged.

use super::change::State;
use super::disk::{Disk, DiskError, DiskResult, Place, Stamp, Stat};
use md5::Md5 as Md5Hasher;
use patchwright_hooks_api::{EntryKind, Error, Md5, Reads, Sha256, SitePath};
use sha2::{Digest, Sha256 as Sha256Hasher};
use std::collections::HashMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a file is read at a time.
const CHUNK: usize = 64 * 1024;

/// The files below a site's root.
pub struct Tree {
    disk: Arc<dyn Disk>,
    sums: Mutex<HashMap<SitePath, (Stamp, Sums)>>,
}

/// The sums of a file.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// Always taken.
    pub sha256: Sha256,
    /// Taken when it was asked for.
    pub md5: Option<Md5>,
}

impl Tree {
    /// The files below the disk's root.
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, sums: Mutex::default() }
    }

    /// The disk that they lie on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// What stands at the path.
    ///
    /// # Errors
    /// As [`Disk::stat`].
    pub fn stat(&self, path: &SitePath) -> DiskResult<Option<Stat>> {
        self.disk.stat(&Place::root(path))
    }

    /// What stands at the path, as far as a patch cares.
    ///
    /// # Errors
    /// As [`Disk::stat`] and [`Disk::open`]; and for a link or special file, which no patch changes.
    pub fn state(&self, path: &SitePath) -> Result<State, Error> {
        self.state_at(path, self.stat(path)?)
    }

    /// As [`Tree::state`], for a path that has just been looked at.
    ///
    /// # Errors
    /// As [`Tree::state`].
    pub fn state_at(&self, path: &SitePath, stat: Option<Stat>) -> Result<State, Error> {
        let Some(stat) = stat else { return Ok(State::Absent) };
        match stat.kind {
            EntryKind::Directory => Ok(State::Directory { mode: stat.mode, owner: stat.owner }),
            EntryKind::File => {
                let sha256 = self.sums_of_file(path, stat.stamp, false)?.sha256;
                Ok(State::File { sha256, size: stat.size, mode: stat.mode, owner: stat.owner })
            }
            other => Err(Error::conflict(format!("{path} is {other}"))
                .hint("the engine changes nothing but files and directories; put a file or directory there yourself")),
        }
    }

    /// The sums of the file at a path that has just been looked at.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn sums_at(&self, path: &SitePath, stat: Option<Stat>, md5: bool) -> Result<Sums, Error> {
        match stat {
            Some(stat) if stat.kind == EntryKind::File => Ok(self.sums_of_file(path, stat.stamp, md5)?),
            Some(stat) => Err(Error::conflict(format!("{path} is {}, not a file", stat.kind))),
            None => Err(Error::missing(format!("there is no file {path}"))),
        }
    }

    /// Takes the sums of many files side by side. What fails here fails again, with its message, when it is asked for.
    pub fn read_ahead(&self, reads: &[Reads<'_>]) {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(reads.len());
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(wanted) = reads.get(next.fetch_add(1, Ordering::Relaxed)) {
                let stat = self.stat(wanted.path);
                let _ = stat.map_err(Error::from).and_then(|stat| self.sums_at(wanted.path, stat, wanted.md5));
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..workers {
                scope.spawn(work);
            }
            work();
        });
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn read(&self, path: &SitePath) -> DiskResult<Vec<u8>> {
        read(self.disk.as_ref(), &Place::root(path))
    }

    fn sums_of_file(&self, path: &SitePath, stamp: Stamp, md5: bool) -> DiskResult<Sums> {
        let lock = || self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known_at, sums)) = lock().get(path)
            && *known_at == stamp
            && (sums.md5.is_some() || !md5)
        {
            return Ok(*sums);
        }
        let sums = sums(self.disk.as_ref(), &Place::root(path), md5)?;
        lock().insert(path.clone(), (stamp, sums));
        Ok(sums)
    }
}

/// All bytes of a file.
///
/// # Errors
/// When it is not a regular file, or can't be read.
pub fn read(disk: &dyn Disk, at: &Place) -> DiskResult<Vec<u8>> {
    let mut bytes = Vec::new();
    disk.open(at)?.read_to_end(&mut bytes).map_err(|error| DiskError::new("read", at, error))?;
    Ok(bytes)
}

/// The sums of a file, read now.
///
/// # Errors
/// When it is not a regular file, or can't be read.
pub fn sums(disk: &dyn Disk, at: &Place, md5: bool) -> DiskResult<Sums> {
    let mut file = disk.open(at)?;
    let (mut sha256, mut md5_sum) = (Sha256Hasher::new(), md5.then(Md5Hasher::new));
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = file.read(&mut buffer).map_err(|error| DiskError::new("read", at, error))?;
        if length == 0 {
            break;
        }
        sha256.update(&buffer[..length]);
        if let Some(sum) = &mut md5_sum {
            sum.update(&buffer[..length]);
        }
    }
    let md5 = md5_sum.map(|sum| patchwright_hooks_api::site::Sum(sum.finalize().into()));
    Ok(Sums { sha256: patchwright_hooks_api::site::Sum(sha256.finalize().into()), md5 })
}

/// The SHA-256 sum of bytes in memory.
pub fn sha256_of(bytes: &[u8]) -> Sha256 {
    patchwright_hooks_api::site::Sum(Sha256Hasher::digest(bytes).into())
}

/// The MD5 sum of bytes in memory.
pub fn md5_of(bytes: &[u8]) -> Md5 {
    patchwright_hooks_api::site::Sum(Md5Hasher::digest(bytes).into())
}
