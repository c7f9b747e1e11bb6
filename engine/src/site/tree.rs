//! The live files of a site, to be looked at: with sums that are taken once and hold as long as the file is unchanged.

use super::change::State;
use super::disk::{Disk, DiskError, DiskResult, Place, Stamp, Stat};
use md5::Md5 as Md5Hasher;
use patchwright_hooks_api::{EntryKind, Error, KnownSum, Md5, Sha256, SitePath};
use sha2::{Digest, Sha256 as Sha256Hasher};
use std::collections::HashMap;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// How much of a file is read at a time.
const CHUNK: usize = 64 * 1024;
/// How many paths one thread takes at a time: neighbours lie in one directory, which is then opened once.
const LOOKS_AT_ONCE: usize = 32;

/// What was found at live paths when they were first looked at: one picture, however often it is asked.
pub type Picture = HashMap<SitePath, Option<Stat>>;

/// A path to look at, and whether the MD5 sum of a file there is wanted too.
pub type Look<'a> = (&'a SitePath, bool);

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

    /// As [`Tree::state`], for many paths side by side, in their order. Nothing is remembered of them.
    pub fn states(&self, paths: &[&SitePath]) -> Vec<Result<State, Error>> {
        let state = |path: &&SitePath, buffer: &mut Vec<u8>| {
            state_of(path, self.stat(path)?, |_| sums_through(buffer, self.disk.as_ref(), &Place::root(path), false))
        };
        side_by_side(paths, state).collect()
    }

    /// As [`Tree::state`], for a path that has just been looked at.
    ///
    /// # Errors
    /// As [`Tree::state`].
    pub fn state_at(&self, path: &SitePath, stat: Option<Stat>) -> Result<State, Error> {
        state_of(path, stat, |stamp| self.sums_of_file(path, stamp, false, &mut Vec::new()))
    }

    /// The sums of the file at a path that has just been looked at.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn sums_at(&self, path: &SitePath, stat: Option<Stat>, md5: bool) -> Result<Sums, Error> {
        match stat {
            Some(stat) if stat.kind == EntryKind::File => {
                Ok(self.sums_of_file(path, stat.stamp, md5, &mut Vec::new())?)
            }
            Some(stat) => Err(Error::conflict(format!("{path} is {}, not a file", stat.kind))),
            None => Err(Error::missing(format!("there is no file {path}"))),
        }
    }

    /// Looks at many paths and takes the sums of the files there, side by side. What fails here is not in the picture, and
    /// fails again, with its message, when it is asked for.
    pub fn picture(&self, looks: &[Look<'_>]) -> Picture {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = looks.len().saturating_sub(sums.len());
        sums.reserve(unknown);
        drop(sums);
        // All threads write into one table of the right size: lists of their own, put together in the end, would take as much again.
        let picture = Mutex::new(Picture::with_capacity(looks.len()));
        let look = |(path, md5): &Look<'_>, buffer: &mut Vec<u8>| {
            let Ok(stat) = self.stat(path) else { return };
            if let Some(file) = stat.filter(|stat| stat.kind == EntryKind::File) {
                let _ = self.sums_of_file(path, file.stamp, *md5, buffer);
            }
            picture.lock().unwrap_or_else(PoisonError::into_inner).insert((*path).clone(), stat);
        };
        side_by_side(looks, look).for_each(drop);
        picture.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn read(&self, path: &SitePath) -> DiskResult<Vec<u8>> {
        read(self.disk.as_ref(), &Place::root(path))
    }

    fn sums_of_file(&self, path: &SitePath, stamp: Stamp, md5: bool, buffer: &mut Vec<u8>) -> DiskResult<Sums> {
        let lock = || self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known_at, sums)) = lock().get(path)
            && *known_at == stamp
            && (sums.md5.is_some() || !md5)
        {
            return Ok(*sums);
        }
        let sums = sums_through(buffer, self.disk.as_ref(), &Place::root(path), md5)?;
        lock().insert(path.clone(), (stamp, sums));
        Ok(sums)
    }
}

/// What was found at a path, as far as a patch cares.
fn state_of(path: &SitePath, stat: Option<Stat>, sums: impl FnOnce(Stamp) -> DiskResult<Sums>) -> Result<State, Error> {
    let Some(stat) = stat else { return Ok(State::Absent) };
    match stat.kind {
        EntryKind::Directory => Ok(State::Directory { mode: stat.mode, owner: stat.owner }),
        EntryKind::File => {
            let sha256 = sums(stat.stamp)?.sha256;
            Ok(State::File { sha256, size: stat.size, mode: stat.mode, owner: stat.owner })
        }
        other => Err(Error::conflict(format!("{path} is {other}"))
            .hint("the engine changes nothing but files and directories; put a file or directory there yourself")),
    }
}

/// Does the same to many things, as many at a time as there are cores, each thread with a buffer of its own. Gives what came of
/// them, in their order.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    things: &[T],
    work: impl Fn(&T, &mut Vec<u8>) -> R + Sync,
) -> impl Iterator<Item = R> {
    let workers = match things.len().div_ceil(LOOKS_AT_ONCE) {
        // To count the cores takes several reads of files, and a small patch has one look or none.
        few @ 0..=1 => few,
        portions => thread::available_parallelism().map_or(1, usize::from).min(portions),
    };
    let next = AtomicUsize::new(0);
    let run = || {
        let (mut done, mut buffer) = (Vec::new(), Vec::new());
        while let start = next.fetch_add(LOOKS_AT_ONCE, Ordering::Relaxed)
            && start < things.len()
        {
            let portion = things[start..].iter().take(LOOKS_AT_ONCE);
            done.push((start, portion.map(|thing| work(thing, &mut buffer)).collect::<Vec<R>>()));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, portion)| portion)
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
    sums_through(&mut Vec::new(), disk, at, md5)
}

/// As [`sums`], through a buffer that may have been used before.
fn sums_through(buffer: &mut Vec<u8>, disk: &dyn Disk, at: &Place, md5: bool) -> DiskResult<Sums> {
    let mut file = disk.open(at)?;
    let (mut sha256, mut md5_sum) = (Sha256Hasher::new(), md5.then(Md5Hasher::new));
    buffer.resize(CHUNK, 0);
    loop {
        let length = file.read(buffer).map_err(|error| DiskError::new("read", at, error))?;
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

/// The SHA-256 sum of a value's JSON, which is never in memory as a whole.
///
/// # Panics
/// When the value holds something that JSON can't.
pub fn sha256_of_json(value: &impl serde::Serialize) -> Sha256 {
    let mut hashing = Hashing(Sha256Hasher::new());
    let written = serde_json::to_writer(io::BufWriter::new(&mut hashing), value);
    written.expect("what is hashed holds nothing that JSON can't");
    patchwright_hooks_api::site::Sum(hashing.0.finalize().into())
}

/// A sum over what is written to it.
struct Hashing(Sha256Hasher);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether these bytes have the sum.
pub fn has_sum(bytes: &[u8], sum: KnownSum) -> bool {
    match sum {
        KnownSum::Md5(sum) => md5_of(bytes) == sum,
        KnownSum::Sha256(sum) => sha256_of(bytes) == sum,
    }
}

/// The MD5 sum of bytes in memory.
pub fn md5_of(bytes: &[u8]) -> Md5 {
    patchwright_hooks_api::site::Sum(Md5Hasher::digest(bytes).into())
}
