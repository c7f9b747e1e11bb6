//! Where a run keeps file contents: in numbered files of the state folder, on the same file system as the site, so that
//! one rename brings them to their place.

use crate::site::contents::{Contents, ContentsWriter};
use crate::site::disk::{Disk, DiskError, DiskResult, Place};
use crate::site::layout;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The numbered files of one run.
pub(crate) struct Slots {
    disk: Arc<dyn Disk>,
    run: String,
    has_folder: Mutex<bool>,
}

impl Slots {
    /// The slots of the run, whose folder is made when the first is filled.
    pub(crate) fn of(disk: Arc<dyn Disk>, run: &str) -> Self {
        Self { disk, run: run.to_owned(), has_folder: Mutex::default() }
    }

    /// Makes the run's folder, when it is not there.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn make_folder(&self) -> DiskResult<()> {
        let mut has_folder = self.has_folder.lock().unwrap_or_else(PoisonError::into_inner);
        if !*has_folder {
            for folder in [layout::kept(), layout::run(&self.run)] {
                let place = Place::state(&folder);
                if self.disk.stat(&place)?.is_none() {
                    self.disk.make_dir(&place, 0o700)?;
                }
            }
            *has_folder = true;
        }
        Ok(())
    }

    /// The run that they belong to.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    fn place(&self, slot: u32) -> Place {
        Place::state(&layout::slot(&self.run, slot))
    }
}

impl Contents for Slots {
    fn write(&self, slot: u32, bytes: &[u8]) -> io::Result<()> {
        self.make_folder().map_err(into_io)?;
        self.disk.create(&self.place(slot), bytes).map_err(into_io)
    }

    fn create(&self, slot: u32, _size: u64) -> io::Result<Box<dyn ContentsWriter + '_>> {
        self.write(slot, &[])?;
        Ok(Box::new(SlotWriter { slots: self, slot }))
    }

    fn open(&self, slot: u32) -> io::Result<Box<dyn Read + Send + '_>> {
        let reader = self.disk.open(&self.place(slot)).map_err(into_io)?;
        Ok(reader)
    }

    fn add_to_archive(&self, bytes: &[u8]) -> io::Result<()> {
        self.make_folder().map_err(into_io)?;
        self.disk.append(&Place::state(&layout::archive(&self.run)), bytes).map_err(into_io)
    }
}

/// Fills one slot piece by piece.
struct SlotWriter<'a> {
    slots: &'a Slots,
    slot: u32,
}

impl Write for SlotWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.slots.disk.append(&self.slots.place(self.slot), bytes).map_err(into_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ContentsWriter for SlotWriter<'_> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps the kind and the whole message, path included.
fn into_io(error: DiskError) -> io::Error {
    io::Error::new(error.source.kind(), error)
}
