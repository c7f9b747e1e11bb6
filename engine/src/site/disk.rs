//! The disk, as the engine sees it: a handful of operations on two folders. The only way to the site's files.
//!
//! Tests put a disk in its place that fails, or loses power, at the n-th change. Nothing else in the engine opens,
//! renames or syncs anything.

use patchwright_hooks_api::{EntryKind, Error, ErrorKind, SitePath};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;

/// Which of the two folders that belong to a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The site's root: the application's own files.
    Root,
    /// The state folder: journal, gate, staged and kept files.
    State,
}

/// One path in one of the two folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The folder.
    pub area: Area,
    /// The path below it.
    pub path: SitePath,
}

impl Place {
    /// A path below the site's root.
    pub fn root(path: &SitePath) -> Self {
        Self { area: Area::Root, path: path.clone() }
    }

    /// A path below the state folder.
    pub fn state(path: &SitePath) -> Self {
        Self { area: Area::State, path: path.clone() }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.area {
            Area::Root => write!(f, "{}", self.path),
            Area::State => write!(f, "{} in the state folder", self.path),
        }
    }
}

/// What the disk says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// A file, a directory or something else.
    pub kind: EntryKind,
    /// In bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// User and group.
    pub owner: Owner,
    /// The file system that it lies on.
    pub device: u64,
    /// Changes whenever the file's bytes do, or the names in a directory: a digest taken at one stamp holds as long as the stamp does.
    pub stamp: Stamp,
}

/// User and group of a file.
pub type Owner = (u32, u32);

/// Inode, and the times of the last change of bytes and of inode, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The inode's number.
    pub inode: u64,
    /// Last change of the bytes.
    pub modified: i64,
    /// Last change of the inode; no program can set it back.
    pub changed: i64,
}

/// A disk operation that failed: what, where, why.
#[derive(Debug, thiserror::Error)]
#[error("can't {doing} {place}: {source}")]
pub struct DiskError {
    doing: &'static str,
    place: String,
    /// What the operating system said.
    pub source: io::Error,
}

impl DiskError {
    /// An operation on a place that failed.
    pub fn new(doing: &'static str, place: impl fmt::Display, source: impl Into<io::Error>) -> Self {
        Self { doing, place: place.to_string(), source: source.into() }
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }
}

impl From<DiskError> for Error {
    fn from(error: DiskError) -> Self {
        let full = error.is_full();
        let crossed = error.source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
        let flat = Self::new(ErrorKind::Io, error.to_string());
        match (full, crossed) {
            (true, _) => flat.hint("make room on the site's file system"),
            _ if error.source.kind() == io::ErrorKind::PermissionDenied => {
                flat.hint("run it as the user who owns the site's root and its state folder")
            }
            (_, true) => flat.hint("a directory on the way is a symbolic link, and the engine follows none"),
            _ => flat,
        }
    }
}

/// Removes a file, if it is there.
///
/// # Errors
/// When the disk fails.
pub fn remove_if_there(disk: &dyn Disk, at: &Place) -> DiskResult<()> {
    if disk.stat(at)?.is_some() { disk.remove_file(at) } else { Ok(()) }
}

/// The result of a disk operation.
pub type DiskResult<T> = Result<T, DiskError>;

/// A disk with a root folder and a state folder on one file system.
///
/// No operation follows a symbolic link. What an operation changed is durable after the next [`Disk::barrier`], and until
/// then may be lost in part and in any order.
pub trait Disk: Send + Sync {
    /// What stands at the place, or `None` if nothing does.
    ///
    /// # Errors
    /// When the disk fails, or a directory on the way is a symbolic link.
    fn stat(&self, at: &Place) -> DiskResult<Option<Stat>>;

    /// The names in a directory (`None`: the folder itself), sorted. Names that are not UTF-8 are left out: no patch
    /// can speak of them.
    ///
    /// # Errors
    /// When it is not a directory, or can't be read.
    fn list(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<Vec<(String, Stat)>>;

    /// The names in a directory, in no order, without a look at what they name.
    ///
    /// # Errors
    /// When it is not a directory, or can't be read.
    fn names(&self, area: Area, directory: &SitePath) -> DiskResult<Vec<String>>;

    /// Opens a regular file to read.
    ///
    /// # Errors
    /// When it is none, or can't be read.
    fn open(&self, at: &Place) -> DiskResult<Box<dyn io::Read + Send>>;

    /// Whether this process may add and remove names in the directory (`None`: the folder itself).
    ///
    /// # Errors
    /// When the directory can't be reached.
    fn may_change(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<bool>;

    /// Whether this process may write to the file; to one that is not there it may.
    ///
    /// # Errors
    /// When the file can't be reached.
    fn may_write(&self, at: &Place) -> DiskResult<bool>;

    /// What the folder itself is.
    ///
    /// # Errors
    /// When the disk fails.
    fn stat_folder(&self, area: Area) -> DiskResult<Stat>;

    /// The owner that a file made by this process can have: the wanted one if it may give files away, else its own.
    fn obtainable_owner(&self, wanted: Owner) -> Owner;

    /// The owner that a file has when this process has just made it.
    fn own_owner(&self) -> Owner;

    /// The bytes that are free on the file system.
    ///
    /// # Errors
    /// When the disk can't say.
    fn free_bytes(&self) -> DiskResult<u64>;

    /// Makes a file of these bytes where nothing stands, with mode 0644.
    ///
    /// # Errors
    /// When something stands there, or the disk fails.
    fn create(&self, at: &Place, bytes: &[u8]) -> DiskResult<()>;

    /// Adds bytes to the end of a file, which is made if nothing stands there.
    ///
    /// # Errors
    /// When the disk fails; part of the bytes may be there.
    fn append(&self, at: &Place, bytes: &[u8]) -> DiskResult<()>;

    /// Lets two files change places, in one instant where the file system can. Where it can't, the first may for
    /// an instant lie beside its place, with `.old` added to its name.
    ///
    /// # Errors
    /// When one of them is not there, or the disk fails.
    fn exchange(&self, slot: &Place, live: &Place) -> DiskResult<()>;

    /// Moves a file to where nothing stands.
    ///
    /// # Errors
    /// When something stands there, or the disk fails.
    fn rename(&self, from: &Place, to: &Place) -> DiskResult<()>;

    /// Moves a file over another, in one instant.
    ///
    /// # Errors
    /// When the disk fails.
    fn replace(&self, from: &Place, to: &Place) -> DiskResult<()>;

    /// Makes a directory where nothing stands.
    ///
    /// # Errors
    /// When something stands there, or the disk fails.
    fn make_dir(&self, at: &Place, mode: u32) -> DiskResult<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// When it is not one, or the disk fails.
    fn remove_dir(&self, at: &Place) -> DiskResult<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it is not one, or the disk fails.
    fn remove_file(&self, at: &Place) -> DiskResult<()>;

    /// Gives a file or directory other permission bits.
    ///
    /// # Errors
    /// When it is not there, or the disk fails.
    fn set_mode(&self, at: &Place, mode: u32) -> DiskResult<()>;

    /// Gives a file or directory to another user and group.
    ///
    /// # Errors
    /// When that is not allowed, or the disk fails.
    fn set_owner(&self, at: &Place, owner: Owner) -> DiskResult<()>;

    /// Waits until everything changed so far is durable.
    ///
    /// # Errors
    /// When the disk could not write something.
    fn barrier(&self) -> DiskResult<()>;

    /// Has the disk begin to write what was changed so far, so that the next barrier waits for less. Nothing waits for it and
    /// nothing is known after it: what goes wrong is told by that barrier.
    fn hasten(&self) {}

    /// Takes the lock of the state folder, which dies with its holder. `None` if another holds it.
    ///
    /// # Errors
    /// When the disk fails.
    fn lock(&self) -> DiskResult<Option<Box<dyn Lock>>>;
}

/// A lock that is held as long as this lives.
pub trait Lock: Send + Sync {}
