//! The entries of a tar stream below a strict filter: regular files and directories, each within its limits (A2).
//!
//! Only the header's fields are read with the tar crate. Its own iterators would follow long-name and PAX headers of any
//! size into memory, and stop where the archive says that it ends, not where it ends.

use super::error::Fault;
use super::limits::{Limits, RATIO_FREE_BYTES};
use super::names::{Names, shown};
use std::cell::Cell;
use std::io::{self, Read};
use tar::{EntryType, Header, PaxExtensions};

/// The size of everything in a tar archive.
const BLOCK: usize = 512;
/// The largest long-name or PAX header: a larger one only serves to fill memory.
const MAX_EXTENSION_BYTES: u64 = 4096;

/// Reads a tar stream entry by entry.
pub(super) struct Entries<'a, R> {
    input: R,
    limits: &'a Limits,
    /// How many bytes of the file itself were read to get here.
    raw: &'a Cell<u64>,
    taken: u64,
    count: usize,
    names: Names,
    /// Content of the current entry that is still to come, and the padding after it.
    left: u64,
    padding: usize,
}

/// A regular file in the archive.
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) size: u64,
    /// Permission bits.
    pub(crate) mode: u32,
}

/// What headers before an entry's own say about it.
#[derive(Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    any: bool,
}

impl<'a, R: Read> Entries<'a, R> {
    pub(super) fn new(input: R, limits: &'a Limits, raw: &'a Cell<u64>) -> Self {
        Self { input, limits, raw, taken: 0, count: 0, names: Names::default(), left: 0, padding: 0 }
    }

    /// The next regular file. What is unread of the one before is skipped. `None`: the archive is whole, to its last byte.
    pub(super) fn next_file(&mut self) -> Result<Option<FileEntry>, Fault> {
        let mut extensions = Extensions::default();
        loop {
            self.skip_rest()?;
            let Some(header) = self.header()? else {
                if extensions.any {
                    return Err(Fault::damaged("a name or PAX header stands at its end, without an entry"));
                }
                return self.end().map(|()| None);
            };
            let size = self.declared_size(&header)?;
            self.left = size;
            self.padding = (BLOCK - (size % BLOCK as u64) as usize) % BLOCK;
            match header.entry_type() {
                EntryType::GNULongName => extensions.long_name(self.extension(size)?)?,
                EntryType::XHeader => extensions.pax(&self.extension(size)?)?,
                // Comments of whole archives, such as the commit that `git archive` notes.
                EntryType::XGlobalHeader => Extensions::default().pax_without_names(&self.extension(size)?)?,
                kind => {
                    if let Some(entry) = self.entry(kind, &header, size, std::mem::take(&mut extensions))? {
                        return Ok(Some(entry));
                    }
                }
            }
        }
    }

    /// Reads on in the current file; 0 at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let wanted = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        self.fill(&mut buffer[..wanted])?;
        self.left -= wanted as u64;
        Ok(wanted)
    }

    fn entry(
        &mut self,
        kind: EntryType,
        header: &Header,
        size: u64,
        extensions: Extensions,
    ) -> Result<Option<FileEntry>, Fault> {
        self.count += 1;
        if self.count > self.limits.entries {
            return Err(Fault::Limit { what: "it holds too many entries".into(), limit: self.limits.entries as u64 });
        }
        let raw_name = extensions.path.unwrap_or_else(|| header.path_bytes().into_owned());
        if extensions.size.is_some_and(|extended| extended != size) {
            let why = "its two headers disagree about its size".into();
            return Err(Fault::Refused { member: shown(&raw_name), why });
        }
        match kind {
            EntryType::Regular => {
                let name = self.names.file(&raw_name)?;
                if size > self.limits.member_bytes {
                    let what = format!("its member {name:?} has {size} bytes");
                    return Err(Fault::Limit { what, limit: self.limits.member_bytes });
                }
                let mode = header.mode().unwrap_or_default() & 0o7777;
                Ok(Some(FileEntry { name, size, mode }))
            }
            EntryType::Directory if size == 0 => self.names.directory(&raw_name).map(|()| None),
            kind => {
                let why = format!("it is {}, and a patch holds regular files and directories only", described(kind));
                Err(Fault::Refused { member: shown(&raw_name), why })
            }
        }
    }

    /// The next header, or `None` at the mark of the archive's end.
    fn header(&mut self) -> Result<Option<Header>, Fault> {
        let mut header = Header::new_old();
        let at = self.taken;
        self.fill(header.as_mut_bytes()).map_err(|fault| match fault {
            Fault::Damaged { .. } => Fault::damaged("it is cut off: the mark of its end is missing"),
            other => other,
        })?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if !has_valid_checksum(header.as_bytes()) {
            return Err(Fault::damaged(format!("the header at byte {at} of its tar stream has a wrong checksum")));
        }
        Ok(Some(header))
    }

    fn declared_size(&self, header: &Header) -> Result<u64, Fault> {
        let size = header.entry_size().map_err(|error| Fault::damaged(error.to_string()))?;
        if self.taken.saturating_add(size) > self.limits.total_bytes {
            return Err(Fault::Limit { what: "it unpacks to too many bytes".into(), limit: self.limits.total_bytes });
        }
        Ok(size)
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > MAX_EXTENSION_BYTES {
            return Err(Fault::Limit {
                what: format!("a name or PAX header has {size} bytes"),
                limit: MAX_EXTENSION_BYTES,
            });
        }
        let mut bytes = vec![0; size as usize];
        self.read(&mut bytes)?;
        Ok(bytes)
    }

    fn skip_rest(&mut self) -> Result<(), Fault> {
        let mut buffer = [0; 8192];
        while self.read(&mut buffer)? > 0 {}
        let padding = std::mem::take(&mut self.padding);
        self.fill(&mut buffer[..padding])
    }

    /// Reads to the last byte: after the mark of the end only zeros may come.
    fn end(&mut self) -> Result<(), Fault> {
        let mut buffer = [0; 8192];
        loop {
            let read = self.some(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            if buffer[..read].iter().any(|byte| *byte != 0) {
                return Err(Fault::damaged("something stands after the mark of its end"));
            }
        }
    }

    fn fill(&mut self, mut buffer: &mut [u8]) -> Result<(), Fault> {
        while !buffer.is_empty() {
            let read = self.some(buffer)?;
            if read == 0 {
                return Err(Fault::damaged(format!("it is cut off after {} bytes of its tar stream", self.taken)));
            }
            buffer = &mut buffer[read..];
        }
        Ok(())
    }

    fn some(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let read = loop {
            match self.input.read(buffer) {
                Ok(read) => break read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Only the system's errors carry a number; the others come from the decompressor.
                Err(error) if error.raw_os_error().is_some() => return Err(error.into()),
                Err(error) => return Err(Fault::damaged(format!("its gzip stream can't be decompressed: {error}"))),
            }
        };
        self.taken += read as u64;
        if self.taken > self.limits.total_bytes {
            return Err(Fault::Limit { what: "it unpacks to too many bytes".into(), limit: self.limits.total_bytes });
        }
        if self.taken > RATIO_FREE_BYTES && self.taken / self.limits.ratio.max(1) > self.raw.get() {
            return Err(Fault::Limit {
                what: "it unpacks to too many times its own size".into(),
                limit: self.limits.ratio,
            });
        }
        Ok(read)
    }
}

impl Extensions {
    fn long_name(&mut self, mut name: Vec<u8>) -> Result<(), Fault> {
        while name.last() == Some(&0) {
            name.pop();
        }
        self.set_path(name)
    }

    fn pax(&mut self, records: &[u8]) -> Result<(), Fault> {
        self.any = true;
        for record in PaxExtensions::new(records) {
            let record = record.map_err(|error| Fault::damaged(error.to_string()))?;
            match record.key_bytes() {
                b"path" => self.set_path(record.value_bytes().to_vec())?,
                b"size" => {
                    let size = record.value().ok().and_then(|value| value.parse().ok());
                    self.size =
                        Some(size.ok_or_else(|| Fault::damaged("a PAX header holds a size that is no number"))?);
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    let member = self.path.as_deref().map(shown).unwrap_or_default();
                    return Err(Fault::Refused { member, why: "it is a sparse file".into() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn pax_without_names(mut self, records: &[u8]) -> Result<(), Fault> {
        self.pax(records)?;
        if self.path.is_some() || self.size.is_some() {
            return Err(Fault::damaged("a global PAX header gives all entries one name or size"));
        }
        Ok(())
    }

    fn set_path(&mut self, path: Vec<u8>) -> Result<(), Fault> {
        self.any = true;
        if self.path.replace(path).is_some() {
            return Err(Fault::damaged("two headers name the same entry"));
        }
        Ok(())
    }
}

/// Whether the block is a tar header by its checksum: the sum of its bytes, the checksum's own field taken as blanks.
pub(super) fn has_valid_checksum(block: &[u8; BLOCK]) -> bool {
    let header = Header::from_byte_slice(block);
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    header.cksum().is_ok_and(|declared| declared == sum)
}

fn described(kind: EntryType) -> &'static str {
    match kind {
        EntryType::Link => "a hard link",
        EntryType::Symlink | EntryType::GNULongLink => "a symbolic link",
        EntryType::Char | EntryType::Block => "a device",
        EntryType::Fifo => "a pipe",
        EntryType::GNUSparse => "a sparse file",
        EntryType::Directory => "a directory with content of its own",
        _ => "of an unknown type",
    }
}
