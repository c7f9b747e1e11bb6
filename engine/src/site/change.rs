//! One change to one path: what stands there before, what after. Plan, journal, undo and ledger all speak in these.

use super::disk::Owner;
use patchwright_hooks_api::{EntryKind, Sha256, SitePath};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The bits of a directory's mode without which its owner can't change names in it.
pub const OPEN_TO_OWNER: u32 = 0o300;

/// What stands at a path, as far as a patch cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing.
    Absent,
    /// A directory.
    Directory {
        /// Permission bits.
        mode: u32,
        /// User and group.
        owner: Owner,
    },
    /// A regular file.
    File {
        /// The digest of its bytes.
        sha256: Sha256,
        /// In bytes.
        size: u64,
        /// Permission bits.
        mode: u32,
        /// User and group.
        owner: Owner,
    },
}

impl State {
    /// What kind of thing it is, if anything.
    pub fn kind(&self) -> Option<EntryKind> {
        match self {
            Self::Absent => None,
            Self::Directory { .. } => Some(EntryKind::Directory),
            Self::File { .. } => Some(EntryKind::File),
        }
    }

    /// The digest, if it is a file.
    pub fn sha256(&self) -> Option<Sha256> {
        match self {
            Self::File { sha256, .. } => Some(*sha256),
            _ => None,
        }
    }

    /// In bytes; 0 for what is not a file.
    pub fn size(&self) -> u64 {
        match self {
            Self::File { size, .. } => *size,
            _ => 0,
        }
    }

    /// Permission bits, if anything is there.
    pub fn mode(&self) -> Option<u32> {
        match self {
            Self::Absent => None,
            Self::Directory { mode, .. } | Self::File { mode, .. } => Some(*mode),
        }
    }

    /// Whether both are the same thing with the same bytes, whatever its mode and owner.
    pub fn same_content(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.sha256() == other.sha256()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("nothing"),
            Self::Directory { mode, .. } => write!(f, "a directory (mode {mode:o})"),
            Self::File { sha256, mode, .. } => write!(f, "a file (sha256 {:.12}…, mode {mode:o})", sha256.to_string()),
        }
    }
}

/// One change to one path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The path below the site's root.
    pub path: SitePath,
    /// What stands there before.
    pub before: State,
    /// What stands there after.
    pub after: State,
    /// The file in the state folder that holds the new bytes before the switch, and the old ones after it.
    pub slot: SitePath,
}

/// What is to be done at a path. Everything that a patch does to files comes down to these six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// The slot's file goes to the path, where nothing stands.
    Add,
    /// Slot and path change places.
    Exchange,
    /// The path's file goes to the slot.
    Delete,
    /// A directory is made.
    MakeDirectory,
    /// An empty directory is removed.
    RemoveDirectory,
    /// The same thing gets other permission bits.
    SetMode,
}

impl Change {
    /// What is to be done to bring the change about.
    pub fn forward(&self) -> Move {
        kind_of_move(&self.before, &self.after)
    }

    /// The change that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self { path: self.path.clone(), before: self.after, after: self.before, slot: self.slot.clone() }
    }

    /// One word for the plan and the ledger.
    pub fn action(&self) -> &'static str {
        match self.forward() {
            Move::Add | Move::MakeDirectory => "add",
            Move::Exchange => "overwrite",
            Move::Delete | Move::RemoveDirectory => "delete",
            Move::SetMode => "mode",
        }
    }
}

/// Puts changes into the order in which they can be made: files out, directories out, directories in, files in, modes.
pub fn put_in_order(changes: &mut [Change]) {
    changes.sort_by(|one, other| {
        let by_path = one.path.cmp(&other.path);
        // A path sorts after the directories above it, which are removed after it and made before it.
        let within = if one.forward() == Move::RemoveDirectory { by_path.reverse() } else { by_path };
        phase(one).cmp(&phase(other)).then(within)
    });
}

fn phase(change: &Change) -> u8 {
    match change.forward() {
        Move::Delete => 0,
        Move::RemoveDirectory => 1,
        Move::MakeDirectory => 2,
        Move::Add | Move::Exchange => 3,
        Move::SetMode => 4,
    }
}

fn kind_of_move(before: &State, after: &State) -> Move {
    match (before, after) {
        (State::Directory { .. }, State::Absent) => Move::RemoveDirectory,
        (_, State::Absent) => Move::Delete,
        (State::Directory { .. }, State::Directory { .. }) => Move::SetMode,
        (State::File { sha256: old, .. }, State::File { sha256: new, .. }) if old == new => Move::SetMode,
        (State::File { .. }, State::File { .. }) => Move::Exchange,
        // A file in place of a directory, or the other way, is two changes: never one.
        (_, State::Directory { .. }) => Move::MakeDirectory,
        (_, State::File { .. }) => Move::Add,
    }
}
