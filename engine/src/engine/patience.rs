//! Waiting for others, as long as there is patience and nobody calls it off.

use crate::failure::{Failure, SiteState};
use crate::operator::Operator;
use crate::site::chance::Chance;
use crate::site::clock::Clock;
use patchwright_hooks_api::{Error, ErrorKind};
use std::time::Duration;

/// The first pause of who waits. Each is twice as long as the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause: so much later than what is waited for who waits goes on at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often who waits asks whether it shall stop.
const SLICE: Duration = Duration::from_millis(50);

/// The patience of one who waits.
pub(super) struct Patience<'a> {
    clock: &'a dyn Clock,
    chance: &'a dyn Chance,
    operator: &'a dyn Operator,
    patience: Duration,
    began: Duration,
    pause: Duration,
}

impl<'a> Patience<'a> {
    pub(super) fn new(
        clock: &'a dyn Clock,
        chance: &'a dyn Chance,
        operator: &'a dyn Operator,
        patience: Duration,
    ) -> Self {
        Self { clock, chance, operator, patience, began: clock.elapsed(), pause: FIRST_PAUSE }
    }

    /// How much patience is left after an attempt that failed so.
    ///
    /// # Errors
    /// When there is none, with what was waited for; and when it was called off.
    pub(super) fn left(&self, failed: &Error, waited_for: &str) -> Result<Duration, Failure> {
        self.check_called_off(failed)?;
        let left = self.patience.saturating_sub(self.clock.elapsed().saturating_sub(self.began));
        if left.is_zero() {
            let waited = format!("waited for {} s, and {waited_for}", self.patience.as_secs());
            return Err(Failure::new(failed.clone().while_doing(waited), SiteState::Busy));
        }
        Ok(left)
    }

    /// Lets a while pass before the next attempt.
    ///
    /// # Errors
    /// When it was called off.
    pub(super) fn rest(&mut self, left: Duration, failed: &Error) -> Result<(), Failure> {
        let mut pause = self.next_pause().min(left);
        while !pause.is_zero() {
            let slice = pause.min(SLICE);
            self.clock.pause(slice);
            pause -= slice;
            self.check_called_off(failed)?;
        }
        Ok(())
    }

    /// Chance takes up to a half of it, so that many who wait don't come back at once.
    fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (2 * pause).min(LONGEST_PAUSE);
        let half = pause / 2;
        let part = u32::try_from(self.chance.number() >> 32).unwrap_or(u32::MAX);
        half + half.mul_f64(f64::from(part) / f64::from(u32::MAX))
    }

    fn check_called_off(&self, failed: &Error) -> Result<(), Failure> {
        if !self.operator.cancelled() {
            return Ok(());
        }
        let message = format!("called off while it waited: {}", failed.message);
        Err(Failure::new(Error::new(ErrorKind::Cancelled, message), SiteState::Busy))
    }
}
