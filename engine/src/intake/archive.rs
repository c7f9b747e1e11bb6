//! From a file to verified members: tar or tar.gz, told apart by content and never by name (A1), streamed once.

use super::MANIFEST;
use super::entries::{Entries, FileEntry, has_valid_checksum};
use super::error::Fault;
use super::hashing::{Feeder, Stopped, Sums, hash_and_store};
use super::limits::Limits;
use super::members::{Member, Members};
use crate::site::contents::Contents;
use crate::site::tree::sha256_of;
use flate2::bufread::MultiGzDecoder;
use patchwright_hooks_api::site::Sum;
use patchwright_hooks_api::{Error, Sha256};
use sha2::Digest;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

/// How many bytes are looked at to tell what a file is: one tar header.
const HEAD_BYTES: usize = 512;

/// An archive of which every byte was read, hashed and found in order.
pub(super) struct Decoded {
    pub(super) members: Members,
    /// The digest of the file's own bytes.
    pub(super) sha256: Sha256,
}

/// The largest archive that is small: to read it twice costs nothing, and what could be done beside its decoding is not worth a
/// thread.
const SMALL_BYTES: u64 = 1 << 20;

/// The largest manifest that stays in memory: most need no file of their own.
const MANIFEST_IN_MEMORY: usize = 64 << 10;

/// The sum of a small file, if it is one and can be read.
pub(super) fn small_sum(path: &Path, buffer: &mut Vec<u8>) -> Option<Sha256> {
    let status = fs::metadata(path).ok()?;
    if !status.is_file() || status.len() > SMALL_BYTES {
        return None;
    }
    buffer.clear();
    File::open(path).ok()?.read_to_end(buffer).ok()?;
    Some(sha256_of(buffer))
}

/// Reads the archive at `path` to its last byte, each member into a slot of `store`.
pub(super) fn decode(
    path: &Path,
    store: Arc<dyn Contents>,
    limits: &Limits,
    ahead: &dyn Fn(Vec<u8>),
) -> Result<Decoded, Fault> {
    // Asked before opening, because opening a pipe would wait for its writer.
    let status = fs::metadata(path)?;
    if !status.is_file() {
        return Err(Fault::NotAFile);
    }
    let ahead = (status.len() > SMALL_BYTES).then_some(ahead);
    let raw = Cell::new(0);
    let (mut hasher, mut copy) = (sha2::Sha256::new(), Copy::to(&*store));
    let file = Hashed { file: File::open(path)?, hasher: &mut hasher, raw: &raw, copy: &mut copy };
    let stream = tar_stream(file)?;
    let (found, manifest) = take_in(Entries::new(stream, limits, &raw), &*store, limits, ahead)?;
    let sha256 = Sum(hasher.finalize().into());
    if !found.contains_key(MANIFEST) {
        let nested = found.keys().find(|name| name.ends_with("/patch.xml")).cloned();
        return Err(Fault::NoManifest { nested });
    }
    // A manifest alone is the pristine copy of nothing.
    let brings_files = found.len() > 1;
    copy.end(brings_files).map_err(|source| Fault::Keep { source })?;
    Ok(Decoded { members: Members::new(store, found, manifest), sha256 })
}

/// Reads the archive of a patch that was taken in before, each member into a slot of `store`.
pub(super) fn decode_again(input: impl Read, store: Arc<dyn Contents>, limits: &Limits) -> Result<Members, Fault> {
    let raw = Cell::new(0);
    let stream = tar_stream(Counted { input, raw: &raw })?;
    let (found, manifest) = take_in(Entries::new(stream, limits, &raw), &*store, limits, None)?;
    Ok(Members::new(store, found, manifest))
}

/// Reads a tar or tar.gz archive once more, or one that is no patch, and gives each file with its bytes.
pub(crate) fn each_file(
    input: impl Read,
    limits: &Limits,
    take: &mut dyn FnMut(FileEntry, Vec<u8>) -> Result<(), Error>,
) -> Result<(), Fault> {
    let raw = Cell::new(0);
    let stream = tar_stream(Counted { input, raw: &raw })?;
    let mut entries = Entries::new(stream, limits, &raw);
    while let Some(file) = entries.next_file()? {
        let mut bytes = vec![0; usize::try_from(file.size).unwrap_or(usize::MAX)];
        entries.read(&mut bytes)?;
        take(file, bytes)?;
    }
    Ok(())
}

/// The tar stream of a tar or tar.gz archive.
fn tar_stream<'a>(input: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Fault> {
    let mut input = BufReader::with_capacity(64 << 10, input);
    let head = head_of(&mut input)?;
    let whole = Cursor::new(head.clone()).chain(input);
    if head.starts_with(&[0x1f, 0x8b]) {
        let mut decompressed = MultiGzDecoder::new(whole);
        let head = head_of(&mut decompressed).map_err(|fault| match fault {
            Fault::Read { source } if source.raw_os_error().is_none() => {
                Fault::damaged(format!("its gzip stream can't be decompressed: {source}"))
            }
            other => other,
        })?;
        if !is_tar(&head) {
            return Err(Fault::NotAnArchive { seems: "a gzip file of something else" });
        }
        return Ok(Box::new(Cursor::new(head).chain(decompressed)));
    }
    if is_tar(&head) { Ok(Box::new(whole)) } else { Err(Fault::NotAnArchive { seems: guess(&head) }) }
}

/// The copy of an archive that is kept beside its members, as it is read.
struct Copy<'a> {
    store: &'a dyn Contents,
    /// What is not written yet: all of a small archive, until it is known whether it brings files. A larger one goes through.
    pending: Option<Vec<u8>>,
    failure: Option<io::Error>,
}

impl<'a> Copy<'a> {
    fn to(store: &'a dyn Contents) -> Self {
        Self { store, pending: Some(Vec::new()), failure: None }
    }

    fn add(&mut self, bytes: &[u8]) {
        match &mut self.pending {
            Some(pending) if (pending.len() + bytes.len()) as u64 <= SMALL_BYTES => pending.extend_from_slice(bytes),
            _ => {
                self.write_pending();
                self.write(bytes);
            }
        }
    }

    fn write_pending(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.write(&pending);
        }
    }

    /// Writes some of the copy. The first failure stays, and is told in the end: the reader has failures of its own.
    fn write(&mut self, bytes: &[u8]) {
        if self.failure.is_none() && !bytes.is_empty() {
            self.failure = self.store.add_to_archive(bytes).err();
        }
    }

    fn end(mut self, wanted: bool) -> io::Result<()> {
        if wanted {
            self.write_pending();
        }
        self.failure.map_or(Ok(()), Err)
    }
}

/// A file whose bytes are hashed, counted and copied as they are read.
struct Hashed<'a, 'b> {
    file: File,
    hasher: &'a mut sha2::Sha256,
    raw: &'a Cell<u64>,
    copy: &'a mut Copy<'b>,
}

impl Read for Hashed<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.raw.set(self.raw.get() + read as u64);
        self.copy.add(&buffer[..read]);
        Ok(read)
    }
}

/// A stream whose bytes are counted as they are read.
struct Counted<'a, R> {
    input: R,
    raw: &'a Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.raw.set(self.raw.get() + read as u64);
        Ok(read)
    }
}

/// The members, and the manifest if it stays in memory.
type TakenIn = (BTreeMap<String, Member>, Option<Vec<u8>>);

fn take_in<R: Read>(
    mut entries: Entries<'_, R>,
    store: &dyn Contents,
    limits: &Limits,
    ahead: Option<&dyn Fn(Vec<u8>)>,
) -> Result<TakenIn, Fault> {
    let mut files = Vec::new();
    let mut kept = None;
    let feed = |feeder: &mut Feeder<'_, '_>| {
        let mut slot = 0;
        while let Some(file) = entries.next_file()? {
            if file.name == MANIFEST && file.size > limits.manifest_bytes {
                let what = format!("its {MANIFEST} has {} bytes", file.size);
                return Err(Fault::Limit { what, limit: limits.manifest_bytes }.into());
            }
            let is_manifest = file.name == MANIFEST;
            files.push((file.name, slot, file.size));
            if is_manifest {
                let mut manifest = vec![0; usize::try_from(file.size).unwrap_or(usize::MAX)];
                entries.read(&mut manifest)?;
                if manifest.len() <= MANIFEST_IN_MEMORY {
                    feeder.add_sum(slot, &manifest);
                    kept = Some(manifest.clone());
                } else {
                    feeder.whole(slot, &manifest)?;
                }
                if let Some(ahead) = ahead {
                    ahead(manifest);
                }
            } else {
                feeder.member(slot, file.size, &mut entries)?;
            }
            slot += 1;
        }
        Ok(())
    };
    match hash_and_store(store, feed) {
        Ok(sums) => Ok((joined(files, sums), kept)),
        Err(Stopped::Archive(fault)) => Err(fault),
        Err(Stopped::Store(failure)) => {
            let member = files.into_iter().find(|(_, slot, _)| *slot == failure.slot).map(|(name, ..)| name);
            Err(Fault::Store { member: member.unwrap_or_default(), source: failure.source })
        }
    }
}

/// The members by name. The files come in the order of their slots, one each.
fn joined(files: Vec<(String, u32, u64)>, mut sums: Sums) -> BTreeMap<String, Member> {
    sums.sort_unstable_by_key(|(slot, _)| *slot);
    assert!(files.iter().map(|(_, slot, _)| slot).eq(sums.iter().map(|(slot, _)| slot)), "each member has one sum");
    files.into_iter().zip(sums).map(|((name, slot, size), (_, sum))| (name, Member::new(slot, size, sum))).collect()
}

/// The first bytes, as many as there are up to one tar header.
fn head_of(input: &mut impl Read) -> Result<Vec<u8>, Fault> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    input.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn is_tar(head: &[u8]) -> bool {
    <&[u8; HEAD_BYTES]>::try_from(head)
        .is_ok_and(|block| has_valid_checksum(block) || block.iter().all(|byte| *byte == 0))
}

/// What a file that is no archive of ours seems to be.
fn guess(head: &[u8]) -> &'static str {
    const MAGIC: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a zip archive"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"\xfd7zXZ\0", "an xz file"),
        (b"BZh", "a bzip2 file"),
        (b"\x28\xb5\x2f\xfd", "a zstd file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"%PDF", "a PDF document"),
        (b"\x7fELF", "a program"),
    ];
    if head.is_empty() {
        return "an empty file";
    }
    if let Some((_, seems)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return seems;
    }
    if head.get(257..262) == Some(b"ustar") {
        return "a tar archive whose first header is damaged";
    }
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    match text {
        text if text.starts_with("<!doctype html") || text.starts_with("<html") => {
            "an HTML page, perhaps a login or an error message"
        }
        text if text.starts_with('<') => "an XML file",
        text if text.starts_with(['{', '[']) => "a JSON file",
        _ => "something else",
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
