//! Where file contents are kept before they are in the site: in numbered slots, never under names from an archive.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How much [`Scratch`] keeps in memory before it turns to a temporary file.
const SCRATCH_MEMORY_BYTES: u64 = 16 << 20;

/// Numbered file contents. Each slot is written once, by one thread; several threads write different slots at once.
pub trait Contents: Send + Sync {
    /// Opens a slot for `size` bytes that come piece by piece.
    ///
    /// # Errors
    /// When the slot can't be made.
    fn create(&self, slot: u32, size: u64) -> io::Result<Box<dyn ContentsWriter + '_>>;

    /// Fills a slot in one go.
    ///
    /// # Errors
    /// When it can't be kept.
    fn write(&self, slot: u32, bytes: &[u8]) -> io::Result<()> {
        let mut writer = self.create(slot, bytes.len() as u64)?;
        writer.write_all(bytes)?;
        writer.finish()
    }

    /// Opens a filled slot to be read from its beginning.
    ///
    /// # Errors
    /// When there is no such slot.
    fn open(&self, slot: u32) -> io::Result<Box<dyn Read + Send + '_>>;

    /// Adds bytes to the copy of the archive that the contents come from. Where nothing is kept for later, there is none.
    ///
    /// # Errors
    /// When they can't be kept.
    fn add_to_archive(&self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A slot being filled. One that is dropped without [`ContentsWriter::finish`] holds nothing of use.
pub trait ContentsWriter: Write + Send {
    /// Says that the slot is complete.
    ///
    /// # Errors
    /// When the last bytes can't be kept.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Contents for looking at a patch or rehearsing it: in memory up to 16 MiB, beyond that in a temporary file without a name.
#[derive(Default)]
pub struct Scratch {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<u32, Kept>,
    in_memory: u64,
    file: Option<Arc<File>>,
    file_end: u64,
}

#[derive(Clone)]
enum Kept {
    Memory(Arc<[u8]>),
    File(Region),
}

/// A run of bytes in the temporary file.
#[derive(Clone)]
struct Region {
    file: Arc<File>,
    at: u64,
    left: u64,
}

impl Scratch {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reserve(&self, size: u64) -> io::Result<Region> {
        let mut state = self.state();
        let file = match &state.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(state.file.insert(Arc::new(tempfile::tempfile()?))),
        };
        let at = state.file_end;
        state.file_end += size;
        Ok(Region { file, at, left: size })
    }
}

impl Contents for Scratch {
    fn create(&self, slot: u32, size: u64) -> io::Result<Box<dyn ContentsWriter + '_>> {
        let region = self.reserve(size)?;
        Ok(Box::new(ScratchWriter { scratch: self, slot, rest: region.clone(), whole: region }))
    }

    fn write(&self, slot: u32, bytes: &[u8]) -> io::Result<()> {
        let size = bytes.len() as u64;
        let mut state = self.state();
        if state.in_memory + size <= SCRATCH_MEMORY_BYTES {
            state.in_memory += size;
            state.slots.insert(slot, Kept::Memory(bytes.into()));
            return Ok(());
        }
        drop(state);
        let region = self.reserve(size)?;
        region.file.write_all_at(bytes, region.at)?;
        self.state().slots.insert(slot, Kept::File(region));
        Ok(())
    }

    fn open(&self, slot: u32) -> io::Result<Box<dyn Read + Send + '_>> {
        match self.state().slots.get(&slot) {
            Some(Kept::Memory(bytes)) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
            Some(Kept::File(region)) => Ok(Box::new(region.clone())),
            None => Err(io::Error::new(io::ErrorKind::NotFound, format!("slot {slot} was never filled"))),
        }
    }
}

struct ScratchWriter<'a> {
    scratch: &'a Scratch,
    slot: u32,
    whole: Region,
    rest: Region,
}

impl Write for ScratchWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // More than was announced would run into another member's region.
        let fitting = self.rest.clamp(bytes.len());
        let written = self.rest.file.write_at(&bytes[..fitting], self.rest.at)?;
        self.rest.advance(written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ContentsWriter for ScratchWriter<'_> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        if self.rest.left > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the member is shorter than announced"));
        }
        self.scratch.state().slots.insert(self.slot, Kept::File(self.whole));
        Ok(())
    }
}

impl Region {
    fn clamp(&self, len: usize) -> usize {
        usize::try_from(self.left).map_or(len, |left| left.min(len))
    }

    fn advance(&mut self, by: usize) {
        self.at += by as u64;
        self.left -= by as u64;
    }
}

impl Read for Region {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.clamp(buffer.len());
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.advance(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(store: &Scratch, slot: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        store.open(slot).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_no_longer_fits_in_memory_is_kept_in_a_file_and_read_back_the_same() {
        let store = Scratch::new();
        let large = vec![7; 10 << 20];
        store.write(0, &large).unwrap();
        store.write(1, &large).unwrap();
        store.write(2, b"small").unwrap();
        assert!(content(&store, 0) == large && content(&store, 1) == large);
        assert_eq!(content(&store, 2), b"small");
        assert_eq!(store.state().file_end, 10 << 20, "only the second one went to the file");
    }

    #[test]
    fn members_that_come_in_pieces_side_by_side_do_not_mix() {
        let store = Scratch::new();
        let mut first = store.create(4, 4).unwrap();
        let mut second = store.create(5, 2).unwrap();
        first.write_all(b"ab").unwrap();
        second.write_all(b"xy").unwrap();
        first.write_all(b"cd").unwrap();
        first.finish().unwrap();
        second.finish().unwrap();
        assert_eq!(content(&store, 4), b"abcd");
        assert_eq!(content(&store, 5), b"xy");
    }

    #[test]
    fn a_member_that_is_not_as_long_as_announced_is_refused() {
        let store = Scratch::new();
        assert!(store.create(0, 2).unwrap().write_all(b"abc").is_err());
        assert!(store.create(1, 2).unwrap().finish().is_err());
        assert!(store.open(0).is_err(), "an unfinished slot was opened");
    }
}
