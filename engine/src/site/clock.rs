//! Time, behind a seam: what the engine writes down must be the same in every run of a test, and no test waits.

use jiff::Timestamp;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

/// Says what time it is, and lets it pass.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// How long it is since some instant. Unlike the time of day, nobody sets it: a machine that has just started may do that
    /// to its clock while somebody waits.
    fn elapsed(&self) -> Duration;

    /// Lets so much time pass.
    fn pause(&self, time: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        static FIRST_ASKED: LazyLock<Instant> = LazyLock::new(Instant::now);
        FIRST_ASKED.elapsed()
    }

    fn pause(&self, time: Duration) {
        thread::sleep(time);
    }
}
