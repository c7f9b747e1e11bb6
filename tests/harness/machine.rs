//! The machine: a disk and a database that count and record every change, fail where a story says so, and can lose power.

use crate::files::{Effect, Files, digest};
use patchwright_engine::site::restarts::Restarts;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a machine holds while it is switched off, or while no engine runs on it.
#[derive(Clone, Debug)]
pub struct World {
    /// What is on the platter.
    pub durable: Files,
    /// What is in the memory of the operating system alone, in order: gone with the power, there after a kill.
    pub pending: Vec<Effect>,
    /// The database's file. Its commits are durable at once.
    pub database: Arc<[u8]>,
}

impl World {
    /// The files as programs see them.
    pub fn files(&self) -> Files {
        let mut files = self.durable.clone();
        self.pending.iter().for_each(|effect| files.apply(effect));
        files
    }

    /// Tells worlds apart that an engine could tell apart.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.durable.fingerprint(&mut hasher);
        self.files().fingerprint(&mut hasher);
        hasher.write_u64(digest(&self.database));
        hasher.finish()
    }
}

/// Something that happened, in order.
#[derive(Clone, Debug)]
enum Event {
    /// An effect of the numbered change.
    Effect(usize, Effect),
    Barrier,
    /// The database's file from here on.
    Commit(Arc<[u8]>),
}

/// What goes wrong, and at which change.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// The change fails once, with so many of its effects having come about. A commit fails before it (0) or after it.
    Once {
        /// The number of the change, from 1.
        at: usize,
        /// How many of its effects come about.
        done: usize,
        /// As the operating system says it.
        error: io::ErrorKind,
    },
    /// From this change on the disk fails, and with it the database if it is said so.
    Dead {
        /// The number of the change, from 1.
        from: usize,
        /// Whether the database is gone as well.
        database_too: bool,
    },
    /// Who runs the engine may look at everything and change nothing.
    Forbidden,
}

/// The machine that a site lives on.
pub struct Machine {
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    start: World,
    pub(crate) files: Files,
    events: Vec<Event>,
    changes: usize,
    fault: Fault,
    next_node: u64,
    pub(crate) locked: bool,
    /// The connection that holds the database's lock.
    pub(crate) database_holder: Option<u64>,
    /// What the site's owner wants run.
    pub(crate) restarts: Restarts,
    /// The restarts so far: after how many events, and the version that the site was said to be at.
    restarted: Vec<(usize, String)>,
    /// What each change was, for who reads a story that failed.
    names: Vec<String>,
}

/// Everything that a run did, so that the worlds which it may leave behind can be told.
#[derive(Clone, Debug)]
pub struct Recording {
    start: World,
    events: Vec<Event>,
    restarted: Vec<(usize, String)>,
    /// What each change was.
    pub changes: Vec<String>,
}

impl Machine {
    /// A machine that is switched on in this world.
    pub fn new(world: &World, fault: Fault) -> Arc<Self> {
        let inner = Inner {
            start: world.clone(),
            files: world.files(),
            events: Vec::new(),
            changes: 0,
            fault,
            // Numbers of files are never used twice, whatever was lost in between.
            next_node: next_node(world),
            locked: false,
            database_holder: None,
            restarts: Restarts::default(),
            restarted: Vec::new(),
            names: Vec::new(),
        };
        Arc::new(Self { inner: Mutex::new(inner) })
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What happened since the machine was switched on.
    pub fn recording(&self) -> Recording {
        let inner = self.inner();
        Recording {
            start: inner.start.clone(),
            events: inner.events.clone(),
            restarted: inner.restarted.clone(),
            changes: inner.names.clone(),
        }
    }
}

impl Inner {
    /// A number for a new file.
    pub(crate) fn fresh_node(&mut self) -> u64 {
        self.next_node += 1;
        self.next_node
    }

    /// Makes a change to the disk, which consists of these effects.
    pub(crate) fn change(&mut self, name: impl FnOnce() -> String, effects: Vec<Effect>) -> Result<(), io::ErrorKind> {
        let (done, outcome) = self.count(name, effects.len());
        for effect in effects.into_iter().take(done) {
            self.files.apply(&effect);
            self.events.push(Event::Effect(self.changes, effect));
        }
        outcome
    }

    /// Whether who runs the engine may change nothing.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self.fault, Fault::Forbidden)
    }

    /// Makes everything durable.
    pub(crate) fn barrier(&mut self) -> Result<(), io::ErrorKind> {
        let (done, outcome) = self.count(|| "barrier".to_owned(), 1);
        if done == 1 {
            self.events.push(Event::Barrier);
        }
        outcome
    }

    /// Begins a commit: whether it may come about, and what is then said of it.
    pub(crate) fn begin_commit(&mut self) -> (bool, Result<(), io::ErrorKind>) {
        if let Fault::Dead { database_too: false, .. } = self.fault {
            self.changes += 1;
            self.names.push("commit".to_owned());
            return (true, Ok(()));
        }
        let (done, outcome) = self.count(|| "commit".to_owned(), 1);
        (done == 1, outcome)
    }

    /// The commit has come about.
    pub(crate) fn committed(&mut self, database: Arc<[u8]>) {
        self.events.push(Event::Commit(database));
    }

    /// A restart command of the site's owner has run.
    pub(crate) fn restarted(&mut self, version: String) {
        self.restarted.push((self.events.len(), version));
    }

    /// Whether the database can be reached.
    pub(crate) fn database_lives(&self) -> bool {
        !matches!(self.fault, Fault::Dead { from, database_too: true } if self.changes >= from)
    }

    fn count(&mut self, name: impl FnOnce() -> String, effects: usize) -> (usize, Result<(), io::ErrorKind>) {
        self.changes += 1;
        self.names.push(name());
        match self.fault {
            Fault::Once { at, done, error } if at == self.changes => (done.min(effects), Err(error)),
            Fault::Dead { from, .. } if self.changes >= from => (0, Err(io::ErrorKind::Other)),
            Fault::Forbidden => (0, Err(io::ErrorKind::PermissionDenied)),
            _ => (effects, Ok(())),
        }
    }
}

impl Recording {
    /// How many instants there are at which the run can be cut off: after none, one, … all of its events.
    pub fn instants(&self) -> usize {
        self.events.len() + 1
    }

    /// The world when the process is killed at this instant: what the operating system was told is kept.
    pub fn killed_at(&self, instant: usize) -> World {
        let mut world = self.start.clone();
        for event in &self.events[..instant] {
            match event {
                Event::Effect(_, effect) => world.pending.push(effect.clone()),
                Event::Barrier => {
                    world.durable = world.files();
                    world.pending.clear();
                }
                Event::Commit(database) => world.database = database.clone(),
            }
        }
        world
    }

    /// The instant in words.
    pub fn when(&self, instant: usize) -> String {
        match self.events[..instant].last() {
            None => "at the beginning".to_owned(),
            Some(Event::Barrier) => format!("after a barrier (instant {instant})"),
            Some(Event::Commit(_)) => format!("after a commit (instant {instant})"),
            Some(Event::Effect(change, _)) => {
                format!("in or after \"{}\" (instant {instant})", self.changes[change - 1])
            }
        }
    }

    /// The world at the end.
    pub fn end(&self) -> World {
        self.killed_at(self.events.len())
    }

    /// The version at which the site was restarted last, as far as that is known to have happened before the instant.
    pub fn restarted_before(&self, instant: usize) -> Option<&str> {
        let before = self.restarted.iter().rfind(|(at, _)| *at < instant);
        before.map(|(_, version)| version.as_str())
    }

    /// The databases as they were committed, in order.
    pub fn databases(&self) -> Vec<(usize, Arc<[u8]>)> {
        let committed = |(at, event): (usize, &Event)| match event {
            Event::Commit(database) => Some((at + 1, database.clone())),
            _ => None,
        };
        self.events.iter().enumerate().filter_map(committed).collect()
    }

    /// The effects of each change, to let it fail in its middle.
    pub fn effects_of(&self, change: usize) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Effect(number, _) if *number == change)).count()
    }

    /// The instant at which the numbered change begins or, if it left no effect, at which the next one does.
    pub fn instant_of(&self, change: usize) -> usize {
        let after = |event: &Event| matches!(event, Event::Effect(number, _) if *number >= change);
        self.events.iter().position(after).unwrap_or(self.events.len())
    }
}

fn next_node(world: &World) -> u64 {
    let pending = world.pending.iter().map(|effect| match effect {
        Effect::MakeFile { node, .. } | Effect::MakeDirectory { node, .. } => *node,
        _ => 0,
    });
    pending.max().unwrap_or_default().max(world.durable.highest_node())
}
