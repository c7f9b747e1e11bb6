//! The simulated disk: what the engine sees of a [`Machine`].

use crate::files::{Effect, Files, Over};
use crate::machine::Machine;
use patchwright_engine::site::change::OPEN_TO_OWNER;
use patchwright_engine::site::disk::{Area, Disk, DiskError, DiskResult, Lock, Owner, Place, Stamp, Stat};
use patchwright_hooks_api::{EntryKind, SitePath};
use std::io::{self, Cursor, ErrorKind};
use std::sync::Arc;

/// Who runs the engine: a root user, who may give files away.
const ENGINE: Owner = (0, 0);
/// Who owns the site's root.
pub(crate) const SITE: Owner = (33, 33);
/// What a process's umask takes from the mode of a new directory, until it is set in a second operation.
const UMASK: u32 = 0o022;

/// A machine's disk.
pub(crate) struct SimDisk {
    machine: Arc<Machine>,
    /// Whether it can exchange two names, and refuse to replace one, in one instant. Network file systems can't.
    exchanges: bool,
    /// Whether the engine is run by the site's owner, whom modes bind, and not by root.
    heeds_modes: bool,
}

impl SimDisk {
    pub(crate) fn new(machine: Arc<Machine>, exchanges: bool) -> Self {
        Self { machine, exchanges, heeds_modes: false }
    }

    /// The same for an engine that is run by the site's owner.
    pub(crate) fn heeding_modes(self, heeds_modes: bool) -> Self {
        Self { heeds_modes, ..self }
    }

    fn mode_of(&self, at: &Place) -> Option<u32> {
        self.machine.inner().files.at(at).map(|(_, node)| node.mode)
    }

    fn user(&self) -> Owner {
        if self.heeds_modes { SITE } else { ENGINE }
    }

    /// Plans an operation on the files as they stand, then makes it as one change.
    fn change(
        &self,
        doing: &'static str,
        at: &Place,
        plan: impl FnOnce(&Files, u64) -> Result<Vec<Effect>, ErrorKind>,
    ) -> DiskResult<()> {
        let mut inner = self.machine.inner();
        let fresh = inner.fresh_node();
        let effects = plan(&inner.files, fresh).and_then(|effects| {
            let may = !self.heeds_modes || effects.iter().flat_map(Effect::names).all(|at| is_open(&inner.files, at));
            may.then_some(effects).ok_or(ErrorKind::PermissionDenied)
        });
        let changed = effects.and_then(|effects| inner.change(|| format!("{doing} {at}"), effects));
        changed.map_err(|kind| DiskError::new(doing, at, kind))
    }
}

impl Disk for SimDisk {
    fn stat(&self, at: &Place) -> DiskResult<Option<Stat>> {
        let inner = self.machine.inner();
        Ok(inner.files.at(at).map(|(number, node)| stat(number, node)))
    }

    fn list(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<Vec<(String, Stat)>> {
        let inner = self.machine.inner();
        if let Some(path) = directory {
            let at = Place { area, path: path.clone() };
            match inner.files.at(&at) {
                Some((_, node)) if node.bytes.is_none() => {}
                Some(_) => return Err(DiskError::new("list", at, ErrorKind::NotADirectory)),
                None => return Err(DiskError::new("list", at, ErrorKind::NotFound)),
            }
        }
        let names = inner.files.names_in(area, directory.map(SitePath::as_str));
        Ok(names.into_iter().map(|(name, number, node)| (name, stat(number, node))).collect())
    }

    fn names(&self, area: Area, directory: &SitePath) -> DiskResult<Vec<String>> {
        Ok(self.list(area, Some(directory))?.into_iter().map(|(name, _)| name).collect())
    }

    fn open(&self, at: &Place) -> DiskResult<Box<dyn io::Read + Send>> {
        match self.machine.inner().files.at(at) {
            Some((_, node)) => match &node.bytes {
                Some(bytes) => Ok(Box::new(Cursor::new(bytes.clone()))),
                None => Err(DiskError::new("read", at, ErrorKind::IsADirectory)),
            },
            None => Err(DiskError::new("read", at, ErrorKind::NotFound)),
        }
    }

    fn may_change(&self, area: Area, directory: Option<&SitePath>) -> DiskResult<bool> {
        let mode = directory.and_then(|path| self.mode_of(&Place { area, path: path.clone() }));
        let is_open = !self.heeds_modes || mode.is_none_or(|mode| mode & OPEN_TO_OWNER == OPEN_TO_OWNER);
        Ok(is_open && !self.machine.inner().is_forbidden())
    }

    fn may_write(&self, at: &Place) -> DiskResult<bool> {
        Ok(!self.heeds_modes || self.mode_of(at).is_none_or(|mode| mode & 0o200 != 0))
    }

    fn stat_folder(&self, _: Area) -> DiskResult<Stat> {
        let stamp = Stamp { inode: 1, modified: 0, changed: 0 };
        Ok(Stat { kind: EntryKind::Directory, size: 0, mode: 0o755, owner: SITE, device: 1, stamp })
    }

    fn obtainable_owner(&self, wanted: Owner) -> Owner {
        if self.heeds_modes { SITE } else { wanted }
    }

    fn own_owner(&self) -> Owner {
        self.user()
    }

    fn free_bytes(&self) -> DiskResult<u64> {
        Ok(1 << 40)
    }

    fn create(&self, at: &Place, bytes: &[u8]) -> DiskResult<()> {
        self.change("create", at, |files, node| {
            free(files, at)?;
            let mut effects = vec![Effect::MakeFile { at: at.clone(), node, owner: self.user() }];
            effects.extend(in_two_pieces(node, 0, bytes));
            Ok(effects)
        })
    }

    fn append(&self, at: &Place, bytes: &[u8]) -> DiskResult<()> {
        self.change("append to", at, |files, node| {
            if let Some((number, there)) = files.at(at) {
                let length = there.bytes.as_ref().ok_or(ErrorKind::IsADirectory)?.len();
                return Ok(in_two_pieces(number, length, bytes));
            }
            free(files, at)?;
            let mut effects = vec![Effect::MakeFile { at: at.clone(), node, owner: self.user() }];
            effects.extend(in_two_pieces(node, 0, bytes));
            Ok(effects)
        })
    }

    fn exchange(&self, slot: &Place, live: &Place) -> DiskResult<()> {
        self.change("exchange", live, |files, _| {
            file(files, slot)?;
            file(files, live)?;
            if self.exchanges {
                return Ok(vec![Effect::Exchange { one: slot.clone(), other: live.clone() }]);
            }
            let aside = SitePath::new(&format!("{}.old", slot.path)).map_err(|_| ErrorKind::InvalidFilename)?;
            let aside = Place { area: slot.area, path: aside };
            free(files, &aside)?;
            Ok(vec![
                Effect::Link { from: live.clone(), to: aside.clone() },
                Effect::Rename { from: slot.clone(), to: live.clone(), over: Over::Linked },
                Effect::Rename { from: aside, to: slot.clone(), over: Over::Nothing },
            ])
        })
    }

    fn rename(&self, from: &Place, to: &Place) -> DiskResult<()> {
        self.change("move", &from.clone(), |files, _| {
            let node = file(files, from)?;
            free(files, to)?;
            let (from, to) = (from.clone(), to.clone());
            if self.exchanges {
                return Ok(vec![Effect::Rename { from, to, over: Over::Nothing }]);
            }
            Ok(vec![Effect::Link { from: from.clone(), to }, Effect::Unlink { at: from, node, moved: true }])
        })
    }

    fn replace(&self, from: &Place, to: &Place) -> DiskResult<()> {
        self.change("replace", &to.clone(), |files, _| {
            file(files, from)?;
            Ok(vec![Effect::Rename { from: from.clone(), to: to.clone(), over: Over::Anything }])
        })
    }

    fn make_dir(&self, at: &Place, mode: u32) -> DiskResult<()> {
        self.change("make the directory", at, |files, node| {
            free(files, at)?;
            let made = Effect::MakeDirectory { at: at.clone(), node, mode: mode & !UMASK, owner: self.user() };
            Ok(vec![made, Effect::SetMode { node, mode }])
        })
    }

    fn remove_dir(&self, at: &Place) -> DiskResult<()> {
        self.change("remove the directory", at, |files, _| match files.at(at) {
            None => Err(ErrorKind::NotFound),
            Some((_, node)) if node.bytes.is_some() => Err(ErrorKind::NotADirectory),
            Some(_) if !files.is_empty_directory(at) => Err(ErrorKind::DirectoryNotEmpty),
            Some((node, _)) => Ok(vec![Effect::Unlink { at: at.clone(), node, moved: false }]),
        })
    }

    fn remove_file(&self, at: &Place) -> DiskResult<()> {
        self.change("remove", at, |files, _| {
            let node = file(files, at)?;
            Ok(vec![Effect::Unlink { at: at.clone(), node, moved: false }])
        })
    }

    fn set_mode(&self, at: &Place, mode: u32) -> DiskResult<()> {
        self.change("change the mode of", at, |files, _| {
            let (node, _) = files.at(at).ok_or(ErrorKind::NotFound)?;
            Ok(vec![Effect::SetMode { node, mode }])
        })
    }

    fn set_owner(&self, at: &Place, owner: Owner) -> DiskResult<()> {
        self.change("change the owner of", at, |files, _| {
            let (node, _) = files.at(at).ok_or(ErrorKind::NotFound)?;
            Ok(vec![Effect::SetOwner { node, owner }])
        })
    }

    fn barrier(&self) -> DiskResult<()> {
        let ended = self.machine.inner().barrier();
        ended.map_err(|kind| DiskError::new("make durable", "the site's file system", kind))
    }

    fn lock(&self) -> DiskResult<Option<Box<dyn Lock>>> {
        let mut inner = self.machine.inner();
        if inner.locked {
            return Ok(None);
        }
        inner.locked = true;
        Ok(Some(Box::new(SimLock { machine: self.machine.clone() })))
    }
}

/// A lock, which dies with its holder.
struct SimLock {
    machine: Arc<Machine>,
}

impl Lock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        self.machine.inner().locked = false;
    }
}

fn stat(number: u64, node: &crate::files::Node) -> Stat {
    let changed = i64::try_from(node.changed).unwrap_or(i64::MAX);
    Stat {
        kind: node.kind(),
        size: node.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
        mode: node.mode,
        owner: node.owner,
        device: 1,
        stamp: Stamp { inode: number, modified: changed, changed },
    }
}

/// Whether its owner can change names in the directory that holds the place.
fn is_open(files: &Files, at: &Place) -> bool {
    let parent = at.path.parent().and_then(|path| files.at(&Place { area: at.area, path }));
    parent.is_none_or(|(_, node)| node.mode & OPEN_TO_OWNER == OPEN_TO_OWNER)
}

/// An error unless nothing stands there and something could.
fn free(files: &Files, at: &Place) -> Result<(), ErrorKind> {
    match files.at(at) {
        Some(_) => Err(ErrorKind::AlreadyExists),
        None if !files.has_parent(at) => Err(ErrorKind::NotFound),
        None => Ok(()),
    }
}

/// The file that stands there, or an error unless one does.
fn file(files: &Files, at: &Place) -> Result<u64, ErrorKind> {
    match files.at(at) {
        Some((number, node)) if node.bytes.is_some() => Ok(number),
        Some(_) => Err(ErrorKind::IsADirectory),
        None => Err(ErrorKind::NotFound),
    }
}

/// Bytes reach the platter in pieces: each half can be there without the other.
fn in_two_pieces(node: u64, offset: usize, bytes: &[u8]) -> Vec<Effect> {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let pieces = [(offset, first), (offset + first.len(), second)].into_iter().filter(|(_, bytes)| !bytes.is_empty());
    pieces.map(|(offset, bytes)| Effect::Write { node, offset, bytes: bytes.into() }).collect()
}
