//! Hashes and stores members side by side: the calling thread decodes, and where there is much, a few workers do the rest. It
//! helps them where they have more than they can do, and once all is decoded.
//!
//! Small members travel together in batches over a bounded queue, so that no more than [`IN_FLIGHT_BYTES`] or so are in
//! memory, and emptied batches travel back: memory that was touched before costs nothing. Large members are hashed and stored
//! by the calling thread, piece by piece.

use super::entries::Entries;
use super::error::Fault;
use crate::site::contents::Contents;
use crate::site::tree::sha256_of;
use patchwright_hooks_api::Sha256;
use patchwright_hooks_api::site::Sum;
use sha2::Digest;
use std::io::{self, Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

/// The largest member, and the largest batch, that goes to a worker: what is on its way fits into a core's cache.
const BATCH_BYTES: usize = 1 << 17;
/// How many members one batch holds at most, so that many empty ones don't wait for a full batch.
const BATCH_MEMBERS: usize = 64;
/// How many bytes are on their way at most, give or take one batch.
const IN_FLIGHT_BYTES: usize = 1 << 20;
/// More workers than this can't be fed by one decoding thread.
const MAX_WORKERS: usize = 4;
/// The size of the pieces in which large members come.
const PIECE_BYTES: usize = 64 << 10;

/// Digests of members, each with its slot, in no order.
pub(super) type Sums = Vec<(u32, Sha256)>;

/// A member that the store could not keep.
pub(super) struct StoreFailure {
    pub(super) slot: u32,
    pub(super) source: io::Error,
}

/// Why hashing and storing ended early.
pub(super) enum Stopped {
    /// The archive is at fault.
    Archive(Fault),
    /// The store is at fault.
    Store(StoreFailure),
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Archive(fault)
    }
}

/// Runs `feed` with workers behind it, and gives the digests of all members that it fed. The first error wins, and no
/// thread outlives the call. Workers begin with the first full batch: most patches have none.
pub(super) fn hash_and_store(
    store: &dyn Contents,
    feed: impl FnOnce(&mut Feeder<'_, '_>) -> Result<(), Stopped>,
) -> Result<Sums, Stopped> {
    let failure = OnceLock::new();
    let fed = thread::scope(|scope| {
        let begin = || Workers::begin(scope, store, &failure);
        let mut feeder = Feeder {
            begin: &begin,
            workers: None,
            batch: Batch::default(),
            store,
            failure: &failure,
            sums: Sums::new(),
        };
        let result = feed(&mut feeder);
        let Feeder { workers, batch, mut sums, .. } = feeder;
        // The last batch needs no way to a worker.
        if result.is_ok() {
            keep(&batch, store, &failure, &mut sums);
        }
        if let Some(workers) = workers {
            workers.end(&mut sums);
        }
        result.map(|()| sums)
    });
    match failure.into_inner() {
        Some(failure) => Err(Stopped::Store(failure)),
        None => fed,
    }
}

/// The threads that hash and store, and the ways to them and back.
struct Workers<'scope> {
    sender: SyncSender<Batch>,
    /// Batches that somebody is through with.
    spare: Receiver<Batch>,
    work: Work<'scope>,
    threads: Vec<ScopedJoinHandle<'scope, Sums>>,
}

impl<'scope> Workers<'scope> {
    fn begin(
        scope: &'scope Scope<'scope, '_>,
        store: &'scope dyn Contents,
        failure: &'scope OnceLock<StoreFailure>,
    ) -> Self {
        // One core is the decoder's own.
        let count = thread::available_parallelism().map_or(1, NonZero::get).saturating_sub(1).clamp(1, MAX_WORKERS);
        let (sender, receiver) = sync_channel(IN_FLIGHT_BYTES / BATCH_BYTES - count);
        let (emptied, spare) = channel();
        let work = Work { queue: Arc::new(Mutex::new(receiver)), emptied, store, failure };
        let spawn = |_| {
            let work = work.clone();
            scope.spawn(move || work.to_the_end())
        };
        Self { threads: (0..count).map(spawn).collect(), sender, spare, work }
    }

    /// Hands a batch on. Where the workers have more than they can do, it is done here: better than to wait for them.
    fn hand_on(&self, batch: Batch, sums: &mut Sums) {
        if let Err(TrySendError::Full(batch) | TrySendError::Disconnected(batch)) = self.sender.try_send(batch) {
            self.work.carry_out(batch, sums);
        }
    }

    /// Waits until everything is stored, and works along meanwhile.
    fn end(self, sums: &mut Sums) {
        drop(self.sender);
        sums.extend(self.work.to_the_end());
        for worker in self.threads {
            match worker.join() {
                Ok(more) => sums.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
}

/// What is to be done, for whoever has time.
#[derive(Clone)]
struct Work<'scope> {
    queue: Arc<Mutex<Receiver<Batch>>>,
    emptied: Sender<Batch>,
    store: &'scope dyn Contents,
    failure: &'scope OnceLock<StoreFailure>,
}

impl Work<'_> {
    /// Does all that comes, until nothing more can come.
    fn to_the_end(&self) -> Sums {
        let mut sums = Sums::new();
        loop {
            let received = self.queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(batch) = received else { return sums };
            self.carry_out(batch, &mut sums);
        }
    }

    fn carry_out(&self, mut batch: Batch, sums: &mut Sums) {
        keep(&batch, self.store, self.failure, sums);
        batch.parts.clear();
        // The decoder may be through.
        let _ = self.emptied.send(batch);
    }
}

/// The way from the decoding thread to the workers.
pub(super) struct Feeder<'a, 'scope> {
    begin: &'a dyn Fn() -> Workers<'scope>,
    workers: Option<Workers<'scope>>,
    batch: Batch,
    store: &'a dyn Contents,
    failure: &'a OnceLock<StoreFailure>,
    sums: Sums,
}

/// Small members, one after the other in one buffer.
#[derive(Default)]
struct Batch {
    /// What an earlier use left stands behind the last part: to blank it first would touch all memory once more.
    bytes: Vec<u8>,
    /// Each member's slot, and where it ends in `bytes`.
    parts: Vec<(u32, usize)>,
}

impl Batch {
    /// Where the last part ends.
    fn end(&self) -> usize {
        self.parts.last().map_or(0, |(_, end)| *end)
    }
}

impl Feeder<'_, '_> {
    /// Takes in the file that `entries` stands at.
    pub(super) fn member<R: Read>(
        &mut self,
        slot: u32,
        size: u64,
        entries: &mut Entries<'_, R>,
    ) -> Result<(), Stopped> {
        match usize::try_from(size) {
            Ok(size) if size <= BATCH_BYTES => self.small(slot, size, entries),
            _ => self.large(slot, size, entries),
        }
    }

    /// Takes in a member whose bytes are in memory already.
    pub(super) fn whole(&mut self, slot: u32, bytes: &[u8]) -> Result<(), Stopped> {
        self.add_sum(slot, bytes);
        self.store.write(slot, bytes).map_err(|source| Stopped::Store(StoreFailure { slot, source }))
    }

    /// Takes the sum of a member that is not stored.
    pub(super) fn add_sum(&mut self, slot: u32, bytes: &[u8]) {
        self.sums.push((slot, sha256_of(bytes)));
    }

    fn small<R: Read>(&mut self, slot: u32, size: usize, entries: &mut Entries<'_, R>) -> Result<(), Stopped> {
        if self.batch.end() + size > BATCH_BYTES || self.batch.parts.len() == BATCH_MEMBERS {
            self.send()?;
        }
        let start = self.batch.end();
        let end = start + size;
        let bytes = &mut self.batch.bytes;
        if bytes.len() < end {
            bytes.resize(end, 0);
        }
        entries.read(&mut bytes[start..end])?;
        self.batch.parts.push((slot, end));
        Ok(())
    }

    fn large<R: Read>(&mut self, slot: u32, size: u64, entries: &mut Entries<'_, R>) -> Result<(), Stopped> {
        let failed = |source| Stopped::Store(StoreFailure { slot, source });
        let mut writer = self.store.create(slot, size).map_err(failed)?;
        let mut hasher = sha2::Sha256::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = entries.read(&mut piece)?;
            if read == 0 {
                break;
            }
            hasher.update(&piece[..read]);
            writer.write_all(&piece[..read]).map_err(failed)?;
        }
        writer.finish().map_err(failed)?;
        self.sums.push((slot, Sum(hasher.finalize().into())));
        Ok(())
    }

    fn send(&mut self) -> Result<(), Stopped> {
        let slot = self.batch.parts.first().map_or(0, |(slot, _)| *slot);
        if self.failure.get().is_some() {
            // The failure that was there first is the one that is told.
            let source = io::Error::other("storing has stopped");
            return Err(Stopped::Store(StoreFailure { slot, source }));
        }
        let workers = self.workers.get_or_insert_with(self.begin);
        let next = workers.spare.try_recv();
        let next = next.unwrap_or_else(|_| Batch { bytes: Vec::with_capacity(BATCH_BYTES), parts: Vec::new() });
        workers.hand_on(std::mem::replace(&mut self.batch, next), &mut self.sums);
        Ok(())
    }
}

/// Hashes and stores a batch. After a failure, here or elsewhere, the rest is passed over.
fn keep(batch: &Batch, store: &dyn Contents, failure: &OnceLock<StoreFailure>, sums: &mut Sums) {
    let mut start = 0;
    for &(slot, end) in &batch.parts {
        if failure.get().is_some() {
            return;
        }
        let bytes = &batch.bytes[start..end];
        start = end;
        sums.push((slot, sha256_of(bytes)));
        if let Err(source) = store.write(slot, bytes) {
            // Another worker's earlier failure stays.
            let _ = failure.set(StoreFailure { slot, source });
        }
    }
}
