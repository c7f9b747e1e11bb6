//! The disk of the machine: two folders held open, every path opened beneath them and never through a link.

use super::disk::{Area, Disk, DiskError, DiskResult, Lock, Owner, Place, Stamp, Stat};
use patchwright_hooks_api::{EntryKind, SitePath};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, RenameFlags, ResolveFlags, StatxFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// How many directories are kept open between operations; patches touch many files of few directories.
const OPEN_DIRECTORIES: usize = 256;
/// The name of the lock file in the state folder.
const LOCK: &str = "lock";

/// A site's two folders on the machine's disk.
pub struct RealDisk {
    root: Arc<OwnedFd>,
    state: Arc<OwnedFd>,
    /// The state folder, held open from the beginning: a failed write anywhere on its file system is told at the next sync of
    /// this handle, even if another program's sync was told of it first.
    synced: OwnedFd,
    /// The same folder through another handle: an error that is told to this one is told to the other all the same.
    hastened: Arc<OwnedFd>,
    open: Mutex<HashMap<Place, Arc<OwnedFd>>>,
    own: Owner,
}

impl RealDisk {
    /// Opens the two folders.
    ///
    /// # Errors
    /// When one is not there or is not a directory.
    pub fn open(root: &Path, state: &Path) -> DiskResult<Self> {
        let folder = |path: &Path, flags| {
            fs::open(path, flags | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
                .map_err(|error| DiskError::new("open", path.display(), error))
        };
        let own = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        Ok(Self {
            root: Arc::new(folder(root, OFlags::PATH)?),
            state: Arc::new(folder(state, OFlags::PATH)?),
            synced: folder(state, OFlags::RDONLY)?,
            hastened: Arc::new(folder(state, OFlags::RDONLY)?),
            open: Mutex::default(),
            own,
        })
    }

    fn folder(&self, area: Area) -> &Arc<OwnedFd> {
        match area {
            Area::Root => &self.root,
            Area::State => &self.state,
        }
    }

    /// The names in a directory, in no order, and the directory.
    fn names_in(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<(Arc<OwnedFd>, Vec<String>)> {
        let failed = |error| not_listed(area, directory, error);
        let handle = self.directory(area, directory).map_err(failed)?;
        let readable = fs::openat(&handle, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let mut names = Vec::new();
        for entry in fs::Dir::new(readable.map_err(failed)?).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        Ok((handle, names))
    }

    /// The directory itself, held open.
    fn directory(&self, area: Area, path: Option<&SitePath>) -> Result<Arc<OwnedFd>, Errno> {
        let Some(path) = path else { return Ok(self.folder(area).clone()) };
        let key = Place { area, path: path.clone() };
        let known = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = known().get(&key) {
            return Ok(directory.clone());
        }
        // Not under the lock: threads that read files side by side would wait for each other here.
        let opened = Arc::new(open_beneath(self.folder(area).as_fd(), path, OFlags::PATH | OFlags::DIRECTORY)?);
        let mut open = known();
        if open.len() >= OPEN_DIRECTORIES {
            open.clear();
        }
        open.insert(key, opened.clone());
        drop(open);
        Ok(opened)
    }

    /// The directory that holds the place, held open.
    fn parent(&self, at: &Place) -> Result<Arc<OwnedFd>, Errno> {
        self.directory(at.area, at.path.parent().as_ref())
    }

    /// Lets go of all directories: one of them is about to go, or time has passed in which others may have moved them.
    fn forget_directories(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Runs an operation on the place's parent and name, and says what failed where.
    fn on<T>(
        &self,
        doing: &'static str,
        at: &Place,
        act: impl FnOnce(BorrowedFd<'_>, &str) -> Result<T, Errno>,
    ) -> DiskResult<T> {
        let parent = self.parent(at).map_err(|error| DiskError::new(doing, at, error))?;
        act(parent.as_fd(), at.path.name()).map_err(|error| DiskError::new(doing, at, error))
    }

    fn rename_with(&self, doing: &'static str, from: &Place, to: &Place, flags: RenameFlags) -> DiskResult<()> {
        let failed = |error| DiskError::new(doing, format_args!("{from} to {to}"), error);
        let (source, target) = (self.parent(from).map_err(failed)?, self.parent(to).map_err(failed)?);
        let (old, new) = (from.path.name(), to.path.name());
        let renamed = match fs::renameat_with(&source, old, &target, new, flags) {
            Err(Errno::INVAL | Errno::NOSYS) if flags == RenameFlags::NOREPLACE => {
                rename_by_link(source.as_fd(), old, target.as_fd(), new)
            }
            Err(Errno::INVAL | Errno::NOSYS) if flags == RenameFlags::EXCHANGE => {
                exchange_by_link(source.as_fd(), old, target.as_fd(), new)
            }
            other => other,
        };
        renamed.map_err(failed)
    }

    fn open_to_write(&self, doing: &'static str, at: &Place, flags: OFlags) -> DiskResult<File> {
        let flags = flags | OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(0o644);
        self.on(doing, at, |parent, name| fs::openat(parent, name, flags, mode)).map(File::from)
    }
}

impl Disk for RealDisk {
    fn stat(&self, at: &Place) -> DiskResult<Option<Stat>> {
        let looked = self.parent(at).and_then(|parent| stat_in(parent.as_fd(), at.path.name()));
        match looked {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(error) => Err(DiskError::new("look at", at, error)),
        }
    }

    fn list(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<Vec<(String, Stat)>> {
        let (handle, names) = self.names_in(area, directory)?;
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            match stat_in(handle.as_fd(), &name) {
                Ok(stat) => found.push((name, stat)),
                Err(Errno::NOENT) => {}
                Err(error) => return Err(not_listed(area, directory, error)),
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(found)
    }

    fn names(&self, area: Area, directory: &SitePath) -> DiskResult<Vec<String>> {
        Ok(self.names_in(area, Some(directory))?.1)
    }

    fn open(&self, at: &Place) -> DiskResult<Box<dyn io::Read + Send>> {
        // NONBLOCK: a pipe planted at the path must not hang the engine.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = self.on("read", at, |parent, name| {
            // That the engine looked at a file is not worth a write to the disk each; other people's files can't be spared it.
            let file = match fs::openat(parent, name, flags | OFlags::NOATIME, Mode::empty()) {
                Err(Errno::PERM) => fs::openat(parent, name, flags, Mode::empty())?,
                opened => opened?,
            };
            match FileType::from_raw_mode(fs::fstat(&file)?.st_mode) {
                FileType::RegularFile => Ok(file),
                FileType::Directory => Err(Errno::ISDIR),
                _ => Err(Errno::INVAL),
            }
        })?;
        Ok(Box::new(File::from(file)))
    }

    fn may_change(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<bool> {
        let failed = |error| DiskError::new("look at", directory.map_or("the folder", SitePath::as_str), error);
        let access = fs::Access::WRITE_OK | fs::Access::EXEC_OK;
        let asked = match directory {
            None => fs::accessat(self.folder(area), ".", access, AtFlags::EACCESS),
            Some(path) => {
                let parent = self.directory(area, path.parent().as_ref()).map_err(failed)?;
                fs::accessat(&parent, path.name(), access, AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW)
            }
        };
        granted(asked).map_err(failed)
    }

    fn may_write(&self, at: &Place) -> DiskResult<bool> {
        let flags = AtFlags::EACCESS | AtFlags::SYMLINK_NOFOLLOW;
        let asked = self
            .parent(at)
            .and_then(|parent| granted(fs::accessat(&parent, at.path.name(), fs::Access::WRITE_OK, flags)));
        match asked {
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(true),
            asked => asked.map_err(|error| DiskError::new("look at", at, error)),
        }
    }

    fn stat_folder(&self, area: Area) -> DiskResult<Stat> {
        stat_in(self.folder(area).as_fd(), ".").map_err(|error| DiskError::new("look at", "the folder", error))
    }

    fn obtainable_owner(&self, wanted: Owner) -> Owner {
        if self.own.0 == 0 { wanted } else { self.own }
    }

    fn own_owner(&self) -> Owner {
        self.own
    }

    fn free_bytes(&self) -> DiskResult<u64> {
        let about = fs::fstatvfs(&self.state).map_err(|error| DiskError::new("ask the size of", "the disk", error))?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }

    fn create(&self, at: &Place, bytes: &[u8]) -> DiskResult<()> {
        let mut file = self.open_to_write("create", at, OFlags::EXCL)?;
        file.write_all(bytes).map_err(|error| DiskError::new("write", at, error))
    }

    fn append(&self, at: &Place, bytes: &[u8]) -> DiskResult<()> {
        let mut file = self.open_to_write("append to", at, OFlags::APPEND)?;
        file.write_all(bytes).map_err(|error| DiskError::new("append to", at, error))
    }

    fn exchange(&self, slot: &Place, live: &Place) -> DiskResult<()> {
        self.rename_with("exchange", slot, live, RenameFlags::EXCHANGE)
    }

    fn rename(&self, from: &Place, to: &Place) -> DiskResult<()> {
        self.rename_with("move", from, to, RenameFlags::NOREPLACE)
    }

    fn replace(&self, from: &Place, to: &Place) -> DiskResult<()> {
        self.rename_with("move", from, to, RenameFlags::empty())
    }

    fn make_dir(&self, at: &Place, mode: u32) -> DiskResult<()> {
        self.on("make the directory", at, |parent, name| {
            fs::mkdirat(parent, name, Mode::from_raw_mode(mode))?;
            // The process's umask takes bits away and a parent may add its setgid bit; the manifest's word counts.
            if stat_in(parent, name)?.mode == mode {
                return Ok(());
            }
            fs::chmodat(parent, name, Mode::from_raw_mode(mode), AtFlags::empty())
        })
    }

    fn remove_dir(&self, at: &Place) -> DiskResult<()> {
        self.forget_directories();
        self.on("remove the directory", at, |parent, name| fs::unlinkat(parent, name, AtFlags::REMOVEDIR))
    }

    fn remove_file(&self, at: &Place) -> DiskResult<()> {
        self.on("remove", at, |parent, name| fs::unlinkat(parent, name, AtFlags::empty()))
    }

    fn set_mode(&self, at: &Place, mode: u32) -> DiskResult<()> {
        // chmod follows links, so the file is opened first, and what was opened is looked at.
        self.on("change the mode of", at, |parent, name| {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            match fs::openat(parent, name, flags, Mode::empty()) {
                Ok(file) => fs::fchmod(&file, Mode::from_raw_mode(mode)),
                // An unreadable file of our own: it is no link, or the open would have said so.
                Err(Errno::ACCESS) => fs::chmodat(parent, name, Mode::from_raw_mode(mode), AtFlags::empty()),
                Err(error) => Err(error),
            }
        })
    }

    fn set_owner(&self, at: &Place, (user, group): Owner) -> DiskResult<()> {
        let (user, group) = (fs::Uid::from_raw(user), fs::Gid::from_raw(group));
        self.on("change the owner of", at, |parent, name| {
            fs::chownat(parent, name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW)
        })
    }

    fn barrier(&self) -> DiskResult<()> {
        self.forget_directories();
        fs::syncfs(&self.synced).map_err(|error| DiskError::new("make durable", "the site's file system", error))
    }

    fn hasten(&self) {
        let folder = self.hastened.clone();
        // A thread that can't be had, or a disk that fails, leaves the work to the barrier.
        drop(thread::Builder::new().spawn(move || fs::syncfs(&folder)));
    }

    fn lock(&self) -> DiskResult<Option<Box<dyn Lock>>> {
        self.forget_directories();
        let failed = |error: io::Error| DiskError::new("lock", "the state folder", error);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file =
            fs::openat(&self.state, LOCK, flags, Mode::from_raw_mode(0o600)).map_err(|error| failed(error.into()))?;
        let file = File::from(file);
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(FileLock { _file: file }))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// An OS lock: gone when the file is closed, however the process ends.
struct FileLock {
    _file: File,
}

impl Lock for FileLock {}

/// Opens a path beneath a folder, through no link at all.
fn open_beneath(folder: BorrowedFd<'_>, path: &SitePath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match fs::openat2(folder, path.as_str(), flags, Mode::empty(), resolve) {
        Err(Errno::NOSYS) => walk_beneath(folder, path, flags),
        opened => opened,
    }
}

/// As [`open_beneath`], name by name, for kernels and sandboxes without `openat2`.
fn walk_beneath(folder: BorrowedFd<'_>, path: &SitePath, flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut at = folder.try_clone_to_owned().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    for name in path.as_str().split('/') {
        at = fs::openat(&at, name, flags, Mode::empty())?;
    }
    Ok(at)
}

/// Whether what was asked for is allowed.
fn granted(asked: Result<(), Errno>) -> Result<bool, Errno> {
    match asked {
        Ok(()) => Ok(true),
        Err(Errno::ACCESS | Errno::ROFS | Errno::PERM) => Ok(false),
        Err(error) => Err(error),
    }
}

fn not_listed(area: Area, directory: Option<&SitePath>, error: Errno) -> DiskError {
    match directory {
        Some(path) => DiskError::new("list", Place { area, path: path.clone() }, error),
        None => DiskError::new("list", "the folder", error),
    }
}

fn stat_in(parent: BorrowedFd<'_>, name: &str) -> Result<Stat, Errno> {
    let about = fs::statx(parent, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)?;
    let kind = match FileType::from_raw_mode(about.stx_mode.into()) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Directory,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    };
    let nanoseconds =
        |time: fs::StatxTimestamp| time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec.into());
    Ok(Stat {
        kind,
        size: if kind == EntryKind::File { about.stx_size } else { 0 },
        mode: u32::from(about.stx_mode) & 0o7777,
        owner: (about.stx_uid, about.stx_gid),
        device: fs::makedev(about.stx_dev_major, about.stx_dev_minor),
        stamp: Stamp {
            inode: about.stx_ino,
            modified: nanoseconds(about.stx_mtime),
            changed: nanoseconds(about.stx_ctime),
        },
    })
}

/// Moves to a free name where the file system has no `RENAME_NOREPLACE`: a link fails where something stands.
fn rename_by_link(source: BorrowedFd<'_>, old: &str, target: BorrowedFd<'_>, new: &str) -> Result<(), Errno> {
    fs::linkat(source, old, target, new, AtFlags::empty())?;
    fs::unlinkat(source, old, AtFlags::empty())
}

/// Exchanges where the file system has no `RENAME_EXCHANGE` (NFS, some FUSE): the live path is never without a file, and
/// at every instant the old bytes have a name that recovery knows.
fn exchange_by_link(slots: BorrowedFd<'_>, slot: &str, target: BorrowedFd<'_>, live: &str) -> Result<(), Errno> {
    let aside = format!("{slot}.old");
    fs::linkat(target, live, slots, &aside, AtFlags::empty())?;
    fs::renameat(slots, slot, target, live)?;
    fs::renameat(slots, &aside, slots, slot)
}

#[cfg(test)]
#[path = "real_disk_tests.rs"]
mod tests;
