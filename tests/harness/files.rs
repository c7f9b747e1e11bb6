//! The files of the simulated disk, and the smallest effects that an operation can have on them.
//!
//! A name and the file that it names are two things, as on a real disk: after a power cut a name may be there whose bytes
//! are not. So an effect changes either names or one file, and each can be lost without the other.

use patchwright_engine::site::disk::{Area, Owner, Place};
use patchwright_hooks_api::EntryKind;
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A file or directory, whatever its name.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub struct Node {
    /// The bytes, or `None` for a directory.
    pub bytes: Option<Arc<[u8]>>,
    /// Permission bits.
    pub mode: u32,
    /// User and group.
    pub owner: Owner,
    /// Grows with every change, that of a directory with every name that comes or goes, as the time of change does.
    pub changed: u64,
}

impl Node {
    /// Which of the two it is.
    pub fn kind(&self) -> EntryKind {
        if self.bytes.is_some() { EntryKind::File } else { EntryKind::Directory }
    }
}

/// Names, and what they name.
#[derive(Clone, Debug, Default)]
pub struct Files {
    names: BTreeMap<Place, u64>,
    nodes: BTreeMap<u64, Node>,
    ticks: u64,
}

/// The smallest change that can reach the platter by itself.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A new, empty file gets a name.
    MakeFile {
        /// The name.
        at: Place,
        /// The file.
        node: u64,
        /// User and group.
        owner: Owner,
    },
    /// A new directory gets a name.
    MakeDirectory {
        /// The name.
        at: Place,
        /// The directory.
        node: u64,
        /// Permission bits.
        mode: u32,
        /// User and group.
        owner: Owner,
    },
    /// Bytes of a file; what lies before them and was never written reads as zeros.
    Write {
        /// The file.
        node: u64,
        /// Where they go.
        offset: usize,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// Permission bits.
    SetMode {
        /// The file or directory.
        node: u64,
        /// The bits.
        mode: u32,
    },
    /// User and group.
    SetOwner {
        /// The file or directory.
        node: u64,
        /// The two.
        owner: Owner,
    },
    /// A name changes places with another.
    Exchange {
        /// The one.
        one: Place,
        /// The other.
        other: Place,
    },
    /// A name becomes another.
    Rename {
        /// The old name.
        from: Place,
        /// The new one.
        to: Place,
        /// Whether the new one may be there already.
        over: Over,
    },
    /// A file gets a further name.
    Link {
        /// The name that it has.
        from: Place,
        /// The further one.
        to: Place,
    },
    /// A name goes.
    Unlink {
        /// The name.
        at: Place,
        /// What it names.
        node: u64,
        /// Whether it goes only because the file has got another one: then never before that.
        moved: bool,
    },
}

impl Effect {
    /// The names that come, go or change.
    pub(crate) fn names(&self) -> Vec<&Place> {
        match self {
            Self::MakeFile { at, .. } | Self::MakeDirectory { at, .. } | Self::Unlink { at, .. } => vec![at],
            Self::Exchange { one, other } => vec![one, other],
            Self::Rename { from, to, .. } => vec![from, to],
            Self::Link { to, .. } => vec![to],
            Self::Write { .. } | Self::SetMode { .. } | Self::SetOwner { .. } => Vec::new(),
        }
    }
}

/// Whether a name may take another file's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It must be free.
    Nothing,
    /// Whatever stands there.
    Anything,
    /// A file that has a further name, which was made just before: steps of one operation arrive in order.
    Linked,
}

impl Files {
    /// What stands at the place: its number and itself.
    pub fn at(&self, at: &Place) -> Option<(u64, &Node)> {
        let number = *self.names.get(at)?;
        Some((number, self.nodes.get(&number)?))
    }

    /// The names in a directory (`None`: the folder itself).
    pub fn names_in(&self, area: Area, directory: Option<&str>) -> Vec<(String, u64, &Node)> {
        let below = |place: &Place| {
            place.area == area && place.path.parent().as_ref().map(patchwright_hooks_api::SitePath::as_str) == directory
        };
        let named = self.names.iter().filter(|(place, _)| below(place));
        named
            .filter_map(|(place, number)| Some((place.path.name().to_owned(), *number, self.nodes.get(number)?)))
            .collect()
    }

    /// Everything in an area, by path.
    pub fn all(&self, area: Area) -> impl Iterator<Item = (&Place, &Node)> {
        let here = self.names.iter().filter(move |(place, _)| place.area == area);
        here.filter_map(|(place, number)| Some((place, self.nodes.get(number)?)))
    }

    /// Whether the directory that is to hold the place is there.
    pub fn has_parent(&self, at: &Place) -> bool {
        at.path
            .parent()
            .is_none_or(|path| self.at(&Place { area: at.area, path }).is_some_and(|(_, node)| node.bytes.is_none()))
    }

    /// Whether nothing lies below the directory.
    pub fn is_empty_directory(&self, at: &Place) -> bool {
        self.at(at).is_some_and(|(_, node)| node.bytes.is_none())
            && self.names_in(at.area, Some(at.path.as_str())).is_empty()
    }

    /// Lets the time pass in which an effect happened that is lost.
    pub(crate) fn lose(&mut self) {
        self.ticks += 1;
    }

    /// Lets the effect happen, unless what it builds on is not there: then it can't have reached the platter either.
    pub fn apply(&mut self, effect: &Effect) {
        self.ticks += 1;
        match effect {
            Effect::MakeFile { at, node, owner } => {
                self.name_new(at, *node, Node { bytes: Some(Arc::default()), mode: 0o644, owner: *owner, changed: 0 });
            }
            Effect::MakeDirectory { at, node, mode, owner } => {
                self.name_new(at, *node, Node { bytes: None, mode: *mode, owner: *owner, changed: 0 });
            }
            Effect::Write { node, offset, bytes } => self.write(*node, *offset, bytes),
            Effect::SetMode { node, mode } => self.touch(*node, |node| node.mode = *mode),
            Effect::SetOwner { node, owner } => self.touch(*node, |node| node.owner = *owner),
            Effect::Exchange { one, other } => {
                if let (Some(first), Some(second)) = (self.names.get(one).copied(), self.names.get(other).copied()) {
                    self.set_name(one, Some(second));
                    self.set_name(other, Some(first));
                }
            }
            Effect::Rename { from, to, over } => {
                let is_possible = self.has_parent(to)
                    && match over {
                        Over::Nothing => !self.names.contains_key(to),
                        Over::Anything => true,
                        Over::Linked => self.has_two_names(to),
                    };
                if self.names.contains_key(from) && is_possible {
                    let number = self.names.get(from).copied();
                    self.set_name(from, None);
                    self.set_name(to, number);
                }
            }
            Effect::Link { from, to } => {
                if let Some(number) = self.names.get(from).copied()
                    && self.has_parent(to)
                    && !self.names.contains_key(to)
                {
                    self.set_name(to, Some(number));
                }
            }
            Effect::Unlink { at, node, moved } => {
                let is_it = self.names.get(at) == Some(node);
                let is_kept = *moved && !self.has_two_names(at);
                let is_full = self.at(at).is_some_and(|(_, node)| node.bytes.is_none()) && !self.is_empty_directory(at);
                if is_it && !is_kept && !is_full {
                    self.set_name(at, None);
                }
            }
        }
    }

    /// The highest number that a file or directory has.
    pub(crate) fn highest_node(&self) -> u64 {
        self.nodes.keys().next_back().copied().unwrap_or_default()
    }

    /// A digest over all that can be seen of the files.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        for (place, number) in &self.names {
            place.hash(hasher);
            let Some(node) = self.nodes.get(number) else { continue };
            (node.mode, node.owner).hash(hasher);
            // The ballast's zeros are many, and all alike.
            node.bytes.as_ref().map(|bytes| (bytes.len(), &bytes[..bytes.len().min(4096)])).hash(hasher);
        }
    }

    fn has_two_names(&self, at: &Place) -> bool {
        let node = self.names.get(at);
        self.names.values().filter(|named| Some(*named) == node).count() > 1
    }

    fn name_new(&mut self, at: &Place, number: u64, node: Node) {
        if self.has_parent(at) && !self.names.contains_key(at) {
            self.set_name(at, Some(number));
            self.nodes.insert(number, Node { changed: self.ticks, ..node });
        }
    }

    /// A name and the time of change of its directory are one change of that directory.
    fn set_name(&mut self, at: &Place, number: Option<u64>) {
        match number {
            Some(number) => self.names.insert(at.clone(), number),
            None => self.names.remove(at),
        };
        let parent = at.path.parent().and_then(|path| self.names.get(&Place { area: at.area, path }).copied());
        if let Some(directory) = parent {
            self.touch(directory, |_| {});
        }
    }

    fn write(&mut self, number: u64, offset: usize, more: &[u8]) {
        self.touch(number, |node| {
            let mut bytes = node.bytes.as_deref().unwrap_or_default().to_vec();
            if bytes.len() < offset + more.len() {
                bytes.resize(offset + more.len(), 0);
            }
            bytes[offset..offset + more.len()].copy_from_slice(more);
            node.bytes = Some(bytes.into());
        });
    }

    fn touch(&mut self, number: u64, change: impl FnOnce(&mut Node)) {
        let ticks = self.ticks;
        if let Some(node) = self.nodes.get_mut(&number) {
            change(node);
            node.changed = ticks;
        }
    }
}

/// A digest of a value, to tell worlds apart.
pub(crate) fn digest(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
