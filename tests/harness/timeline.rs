//! Time that passes only where somebody waits, and what happens meanwhile: an engine beside the one that waits.

use crate::disk::SimDisk;
use crate::machine::Machine;
use crate::site::{NoChance, open};
use crate::sql::Ddl;
use patchwright_engine::Site;
use patchwright_engine::site::clock::Clock;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Event = (Duration, Box<dyn FnOnce() + Send>);

/// A clock that stands still but for who pauses.
#[derive(Default)]
pub struct Timeline {
    passed: Mutex<Duration>,
    events: Mutex<Vec<Event>>,
}

impl Timeline {
    /// Lets something happen as soon as so much time has passed.
    #[must_use]
    pub fn after(self, time: Duration, event: impl FnOnce() + Send + 'static) -> Self {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push((time, Box::new(event)));
        self
    }
}

impl Clock for Timeline {
    fn now(&self) -> jiff::Timestamp {
        "2026-03-01T12:00:00Z".parse::<jiff::Timestamp>().unwrap() + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pause(&self, time: Duration) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) += time;
        let now = self.elapsed();
        let due: Vec<Event> = {
            let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
            let (due, later) = events.drain(..).partition(|(time, _)| *time <= now);
            *events = later;
            due
        };
        due.into_iter().for_each(|(_, event)| event());
    }
}

/// Another engine at the same site, on the same machine.
#[derive(Clone)]
pub struct Neighbour {
    pub(crate) machine: Arc<Machine>,
    pub(crate) database: PathBuf,
    pub(crate) ddl: Ddl,
}

impl Neighbour {
    /// The site as it opens it, by this clock.
    pub fn site(&self, clock: Arc<dyn Clock>) -> Site {
        let disk = Arc::new(SimDisk::new(self.machine.clone(), true));
        open(self.machine.clone(), self.database.clone(), self.ddl, disk, clock, Arc::new(NoChance))
    }

    /// It holds the site's lock.
    pub fn seize(&self) {
        self.machine.inner().locked = true;
    }

    /// It lets go of the lock, or dies.
    pub fn let_go(&self) {
        self.machine.inner().locked = false;
    }
}
