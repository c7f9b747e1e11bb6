//! The site's files with changes staged on top of them, and nothing live touched.
//!
//! What a patch does is kept as a layer over the live tree; when the layer is taken off it comes as the net change of
//! each path. In a plan of several patches, each sees the site as the ones before it leave it.

use super::change::State;
use super::contents::Contents;
use super::disk::{Area, Owner, Stat};
use super::tree::{Picture, Tree, md5_of, sha256_of};
use patchwright_hooks_api::{Entry, EntryKind, Error, ErrorKind, Md5, Metadata, PayloadEntry, Sha256, SitePath};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

/// Permission bits of a new file when nothing else is asked for.
const FILE_MODE: u32 = 0o644;
/// Permission bits of a directory that is made on the way to a file.
const DIRECTORY_MODE: u32 = 0o755;

/// The site's files with changes on top.
pub struct Overlay {
    tree: Arc<Tree>,
    seen: RefCell<Picture>,
    /// What earlier patches of the plan leave.
    below: BTreeMap<SitePath, Node>,
    /// What the present patch does.
    layer: BTreeMap<SitePath, Staged>,
    /// Where new contents go.
    store: Arc<dyn Contents>,
    next_slot: u32,
}

/// What stands at a path, and where its bytes are if they are not the live ones.
#[derive(Clone)]
struct Node {
    state: State,
    bytes: Option<Stored>,
}

/// The place of bytes that are not in the site yet.
#[derive(Clone)]
struct Stored {
    store: Arc<dyn Contents>,
    slot: u32,
}

/// A path that the present patch touched.
struct Staged {
    before: State,
    now: Node,
}

/// The net change of one path, with the slot that holds the new bytes, if there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetChange {
    /// The path below the site's root.
    pub path: SitePath,
    /// What stands there before the patch.
    pub before: State,
    /// What stands there after it.
    pub after: State,
    /// The slot of the new bytes.
    pub slot: Option<u32>,
}

impl Overlay {
    /// No change yet, over the live tree, of which some is known already. New contents go to `store`, from the slot
    /// `first_slot` on.
    pub fn new(tree: Arc<Tree>, seen: Picture, store: Arc<dyn Contents>, first_slot: u32) -> Self {
        Self {
            tree,
            seen: RefCell::new(seen),
            below: BTreeMap::new(),
            layer: BTreeMap::new(),
            store,
            next_slot: first_slot,
        }
    }

    /// Takes the present patch's layer off as net changes by path, and leaves it as part of what the next patch sees.
    pub fn seal(&mut self) -> Vec<NetChange> {
        let mut changes = Vec::with_capacity(self.layer.len());
        for (path, Staged { before, now }) in std::mem::take(&mut self.layer) {
            changes.extend(net_changes(&path, before, &now));
            self.below.insert(path, now);
        }
        changes
    }

    /// The present patch's layer as net changes by path, where no other patch follows.
    pub fn into_changes(self) -> Vec<NetChange> {
        let Self { seen, layer, .. } = self;
        // With very many changes the picture and the list would be too much at a time.
        drop(seen);
        let mut changes = Vec::with_capacity(layer.len());
        for (path, Staged { before, now }) in layer {
            changes.extend(net_changes(&path, before, &now));
        }
        changes
    }

    /// A slot that no content has yet.
    pub fn fresh_slot(&mut self) -> u32 {
        let slot = self.next_slot;
        self.next_slot += 1;
        slot
    }

    /// What stands at the path.
    ///
    /// # Errors
    /// When the disk fails, or a directory above is a symbolic link.
    pub fn metadata(&self, path: &SitePath) -> Result<Option<Metadata>, Error> {
        let of = |state: &State| {
            state.kind().map(|kind| Metadata { kind, size: state.size(), mode: state.mode().unwrap_or_default() })
        };
        if let Some(node) = self.node(path) {
            return Ok(of(&node.state));
        }
        Ok(self.live(path)?.map(|stat| Metadata { kind: stat.kind, size: stat.size, mode: stat.mode }))
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn read(&self, path: &SitePath) -> Result<Vec<u8>, Error> {
        match self.staged_file(path)? {
            Some(stored) => read_stored(&stored, path),
            None => Ok(self.tree.read(path)?),
        }
    }

    /// The SHA-256 sum of the file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn sha256(&self, path: &SitePath) -> Result<Sha256, Error> {
        match self.node(path).and_then(|node| node.state.sha256()) {
            Some(sum) => Ok(sum),
            None => {
                self.staged_file(path)?;
                Ok(self.tree.sums_at(path, self.live(path)?, false)?.sha256)
            }
        }
    }

    /// The MD5 sum of the file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    pub fn md5(&self, path: &SitePath) -> Result<Md5, Error> {
        match self.staged_file(path)? {
            Some(stored) => Ok(md5_of(&read_stored(&stored, path)?)),
            None => self
                .tree
                .sums_at(path, self.live(path)?, true)?
                .md5
                .ok_or_else(|| Error::new(ErrorKind::Internal, format!("no MD5 sum of {path}"))),
        }
    }

    /// What stands in a directory (`None`: the root), sorted by name.
    ///
    /// # Errors
    /// When it is not a directory, or can't be read.
    pub fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        let mut entries = BTreeMap::new();
        let live = match directory.and_then(|path| self.node(path)) {
            None => true,
            Some(Node { state: State::Directory { .. }, .. }) => self.is_live_directory(directory)?,
            Some(_) => return Err(not_a_directory(directory)),
        };
        if live {
            for (name, stat) in self.tree.disk().list(Area::Root, directory)? {
                // A name that no patch can speak of, such as one with a backslash, can't be staged either.
                let Ok(path) = directory.map_or_else(|| SitePath::new(&name), |above| above.join(&name)) else {
                    continue;
                };
                entries.insert(path, Metadata { kind: stat.kind, size: stat.size, mode: stat.mode });
            }
        }
        let staged = self.below.iter();
        for (path, node) in staged.chain(self.layer.iter().map(|(path, staged)| (path, &staged.now))) {
            if path.parent().as_ref() != directory {
                continue;
            }
            match self.metadata(path)? {
                Some(metadata) => entries.insert(path.clone(), metadata),
                None if node.state == State::Absent => entries.remove(path),
                None => None,
            };
        }
        Ok(entries.into_iter().map(|(path, metadata)| Entry { path, metadata }).collect())
    }

    /// Stages a file of these bytes.
    ///
    /// # Errors
    /// As [`patchwright_hooks_api::SiteEditor::write`].
    pub fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        let slot = self.fresh_slot();
        self.store.write(slot, bytes).map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        let entry = PayloadEntry { size: bytes.len() as u64, sha256: sha256_of(bytes) };
        self.place(path, entry, Stored { store: self.store.clone(), slot }, mode)
    }

    /// Stages a file whose bytes are in a slot of `store` already.
    ///
    /// # Errors
    /// As [`patchwright_hooks_api::SiteEditor::install`].
    pub fn install(
        &mut self,
        path: &SitePath,
        entry: PayloadEntry,
        (store, slot): (Arc<dyn Contents>, u32),
        mode: Option<u32>,
    ) -> Result<(), Error> {
        self.place(path, entry, Stored { store, slot }, mode)
    }

    /// Stages a removal.
    ///
    /// # Errors
    /// As [`patchwright_hooks_api::SiteEditor::remove`].
    pub fn remove(&mut self, path: &SitePath) -> Result<(), Error> {
        match self.state(path)? {
            State::Absent => return Err(Error::missing(format!("there is nothing at {path} to remove"))),
            State::Directory { .. } if !self.list(Some(path))?.is_empty() => {
                return Err(Error::conflict(format!("the directory {path} is not empty")));
            }
            _ => {}
        }
        self.stage(path, Node { state: State::Absent, bytes: None })
    }

    /// Stages other permission bits.
    ///
    /// # Errors
    /// As [`patchwright_hooks_api::SiteEditor::set_mode`].
    pub fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        let state = match self.state(path)? {
            State::Absent => return Err(Error::missing(format!("there is nothing at {path}"))),
            State::Directory { owner, .. } => State::Directory { mode, owner },
            State::File { sha256, size, owner, .. } => State::File { sha256, size, mode, owner },
        };
        let bytes = self.node(path).and_then(|node| node.bytes.clone());
        self.stage(path, Node { state, bytes })
    }

    /// Stages a directory.
    ///
    /// # Errors
    /// As [`patchwright_hooks_api::SiteEditor::make_dir`].
    pub fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        match self.state(path)? {
            State::Directory { .. } => return Ok(()),
            State::File { .. } => return Err(Error::conflict(format!("{path} is a file, not a directory"))),
            State::Absent => {}
        }
        let owner = self.parent_for(path)?;
        self.stage(path, Node { state: State::Directory { mode, owner }, bytes: None })
    }

    fn place(&mut self, path: &SitePath, entry: PayloadEntry, bytes: Stored, mode: Option<u32>) -> Result<(), Error> {
        let (mode, owner) = match self.state(path)? {
            State::Directory { .. } => return Err(Error::conflict(format!("{path} is a directory, not a file"))),
            State::File { mode: old, owner, .. } => (mode.unwrap_or(old), self.tree.disk().obtainable_owner(owner)),
            State::Absent => (mode.unwrap_or(FILE_MODE), self.parent_for(path)?),
        };
        let state = State::File { sha256: entry.sha256, size: entry.size, mode, owner };
        self.stage(path, Node { state, bytes: Some(bytes) })
    }

    /// Makes the directories above the path where they are missing, and gives the owner that new things there get.
    fn parent_for(&mut self, path: &SitePath) -> Result<Owner, Error> {
        let disk = self.tree.disk();
        let Some(parent) = path.parent() else { return Ok(disk.obtainable_owner(disk.stat_folder(Area::Root)?.owner)) };
        match self.state(&parent)? {
            State::Directory { owner, .. } => Ok(disk.obtainable_owner(owner)),
            State::File { .. } => Err(Error::conflict(format!("{parent} is a file, so {path} can't be below it"))),
            State::Absent => {
                let owner = self.parent_for(&parent)?;
                self.stage(&parent, Node { state: State::Directory { mode: DIRECTORY_MODE, owner }, bytes: None })?;
                Ok(owner)
            }
        }
    }

    fn stage(&mut self, path: &SitePath, now: Node) -> Result<(), Error> {
        if let Some(staged) = self.layer.get_mut(path) {
            staged.now = now;
            return Ok(());
        }
        let before = self.state(path)?;
        self.layer.insert(path.clone(), Staged { before, now });
        Ok(())
    }

    fn state(&self, path: &SitePath) -> Result<State, Error> {
        match self.node(path) {
            Some(node) => Ok(node.state),
            None => self.tree.state_at(path, self.live(path)?),
        }
    }

    /// What is live at the path.
    fn live(&self, path: &SitePath) -> Result<Option<Stat>, Error> {
        if let Some(stat) = self.seen.borrow().get(path) {
            return Ok(*stat);
        }
        let stat = self.tree.stat(path)?;
        self.seen.borrow_mut().insert(path.clone(), stat);
        Ok(stat)
    }

    fn node(&self, path: &SitePath) -> Option<&Node> {
        self.layer.get(path).map(|staged| &staged.now).or_else(|| self.below.get(path))
    }

    /// Where the bytes of a file are, if they are staged; an error if what is staged there is no file.
    fn staged_file(&self, path: &SitePath) -> Result<Option<Stored>, Error> {
        match self.node(path) {
            None => Ok(None),
            Some(Node { state: State::File { .. }, bytes }) => Ok(bytes.clone()),
            Some(Node { state: State::Directory { .. }, .. }) => {
                Err(Error::conflict(format!("{path} is {}, not a file", EntryKind::Directory)))
            }
            Some(Node { state: State::Absent, .. }) => Err(Error::missing(format!("there is no file {path}"))),
        }
    }

    fn is_live_directory(&self, directory: Option<&SitePath>) -> Result<bool, Error> {
        let Some(path) = directory else { return Ok(true) };
        Ok(self.live(path)?.is_some_and(|stat| stat.kind == EntryKind::Directory))
    }
}

/// The net change of one path: none, one, or two where a file takes a directory's place or the other way round.
fn net_changes(path: &SitePath, before: State, now: &Node) -> Vec<NetChange> {
    let slot = now.bytes.as_ref().map(|stored| stored.slot);
    let change = |before, after, slot| NetChange { path: path.clone(), before, after, slot };
    let (old, new) = (before.kind(), now.state.kind());
    if before == now.state {
        Vec::new()
    } else if old.is_some() && new.is_some() && old != new {
        vec![change(before, State::Absent, None), change(State::Absent, now.state, slot)]
    } else {
        vec![change(before, now.state, slot)]
    }
}

fn not_a_directory(directory: Option<&SitePath>) -> Error {
    Error::conflict(format!("{} is not a directory", directory.map_or("the root", SitePath::as_str)))
}

fn read_stored(stored: &Stored, path: &SitePath) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = stored.store.open(stored.slot).and_then(|mut reader| reader.read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Error::new(ErrorKind::Io, format!("can't read what is staged for {path}: {error}"))),
    }
}
