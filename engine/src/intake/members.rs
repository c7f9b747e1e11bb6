//! The members of a verified archive: what is known of each, and the way to its bytes.

use super::MANIFEST;
use crate::site::contents::Contents;
use crate::site::tree::has_sum;
use patchwright_hooks_api::{Error, ErrorKind, KnownSum, Payload, PayloadEntry, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The regular files of an archive by name, each verified and kept in a slot of its [`Contents`].
///
/// It remembers which members were asked for, so that those that nothing refers to can be told (C19).
pub struct Members {
    store: Arc<dyn Contents>,
    members: BTreeMap<String, Member>,
    /// The manifest, if it is not in its slot.
    manifest: Option<Vec<u8>>,
}

/// What is known of one member.
pub(super) struct Member {
    pub(super) slot: u32,
    pub(super) size: u64,
    pub(super) sha256: Sha256,
    asked: AtomicBool,
    spent: AtomicBool,
}

impl Member {
    pub(super) fn new(slot: u32, size: u64, sha256: Sha256) -> Self {
        Self { slot, size, sha256, asked: AtomicBool::new(false), spent: AtomicBool::new(false) }
    }
}

impl Members {
    pub(super) fn new(store: Arc<dyn Contents>, members: BTreeMap<String, Member>, manifest: Option<Vec<u8>>) -> Self {
        Self { store, members, manifest }
    }

    /// The slot of the store that holds the member, if it is not the manifest.
    pub fn slot(&self, name: &str) -> Option<u32> {
        self.members.get(name).filter(|_| name != MANIFEST).map(|member| member.slot)
    }

    /// The names of all members, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Where the members' bytes are kept.
    pub fn store(&self) -> &Arc<dyn Contents> {
        &self.store
    }

    /// The first slot that no member has.
    pub fn free_slot(&self) -> u32 {
        self.members.values().map(|member| member.slot + 1).max().unwrap_or_default()
    }

    /// Notes that the files of these slots have gone to their places in the site: the slots hold old bytes now.
    pub fn spend(&self, gone: impl Fn(u32) -> bool) {
        for member in self.members.values().filter(|member| gone(member.slot)) {
            member.spent.store(true, Ordering::Relaxed);
        }
    }

    /// How many bytes all members have together.
    pub fn total_bytes(&self) -> u64 {
        self.members.values().map(|member| member.size).sum()
    }

    /// The member's bytes, without having them all in memory at once.
    ///
    /// # Errors
    /// When there is none of that name, or it can't be opened.
    pub fn open(&self, name: &str) -> Result<Box<dyn Read + Send + '_>, Error> {
        let member = self.asked(name).ok_or_else(|| missing(name))?;
        if member.spent.load(Ordering::Relaxed) {
            return Err(Error::missing(format!("the member {name:?} of the patch has gone to its place in the site"))
                .hint("read the file there"));
        }
        if let Some(manifest) = self.manifest.as_deref().filter(|_| name == MANIFEST) {
            return Ok(Box::new(manifest));
        }
        self.store.open(member.slot).map_err(|error| unreadable(name, &error))
    }

    /// The bytes of the member with this sum, if there is one that has not gone to its place yet. It does not count as asked for.
    ///
    /// # Errors
    /// When a member can't be read.
    pub fn with_sum(&self, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        let may_be = |(name, member): &(&String, &Member)| {
            *name != MANIFEST
                && !member.spent.load(Ordering::Relaxed)
                && !matches!(sum, KnownSum::Sha256(sum) if sum != member.sha256)
        };
        for (name, member) in self.members.iter().filter(may_be) {
            let mut bytes = Vec::new();
            let read = self.store.open(member.slot).and_then(|mut source| source.read_to_end(&mut bytes));
            read.map_err(|error| unreadable(name, &error))?;
            if has_sum(&bytes, sum) {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// The members that nobody asked for and that a patch does not bring along for people to read.
    pub(super) fn unused(&self) -> Vec<String> {
        let unused =
            |(name, member): &(&String, &Member)| !member.asked.load(Ordering::Relaxed) && !is_for_people(name);
        self.members.iter().filter(unused).map(|(name, _)| name.clone()).collect()
    }

    fn asked(&self, name: &str) -> Option<&Member> {
        let member = self.members.get(name)?;
        member.asked.store(true, Ordering::Relaxed);
        Some(member)
    }
}

impl Payload for Members {
    fn entry(&self, name: &str) -> Option<PayloadEntry> {
        self.asked(name).map(|member| PayloadEntry { size: member.size, sha256: member.sha256 })
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let size = self.members.get(name).map_or(0, |member| member.size);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        self.open(name)?.read_to_end(&mut bytes).map_err(|error| unreadable(name, &error))?;
        Ok(bytes)
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

/// Whether a member needs nothing that refers to it: the manifest, and what stands at the top to be read.
fn is_for_people(name: &str) -> bool {
    name == MANIFEST
        || !name.contains('/') && ["CHANGELOG.md", "README", "LICENSE"].iter().any(|prefix| name.starts_with(prefix))
}

fn missing(name: &str) -> Error {
    Error::missing(format!("the patch has no member {name:?}"))
}

fn unreadable(name: &str, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("can't read the member {name:?} of the patch: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::contents::Scratch;

    fn members(names: &[&str]) -> Members {
        let store = Arc::new(Scratch::new());
        let mut members = BTreeMap::new();
        for (slot, name) in (0..).zip(names) {
            store.write(slot, name.as_bytes()).unwrap();
            members.insert(
                (*name).to_owned(),
                Member::new(slot, name.len() as u64, patchwright_hooks_api::site::Sum([0; 32])),
            );
        }
        Members::new(store, members, None)
    }

    #[test]
    fn members_that_nobody_asked_for_are_told() {
        // C19
        let members =
            members(&["patch.xml", "CHANGELOG.md", "README.txt", "LICENSE", "files/a", "files/b", "files/README"]);
        members.entry("files/a").unwrap();
        assert_eq!(members.unused(), ["files/README", "files/b"]);
    }

    #[test]
    fn a_member_is_read_by_its_name() {
        let members = members(&["files/a"]);
        assert_eq!(members.read("files/a").unwrap(), b"files/a");
        assert_eq!(members.slot("files/a"), Some(0));
        assert_eq!(members.read("files/z").unwrap_err().to_string(), "the patch has no member \"files/z\"");
    }

    #[test]
    fn members_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Members>();
    }
}
