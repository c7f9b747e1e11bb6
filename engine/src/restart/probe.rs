//! The probe: the site is asked until it says that it is healthy, or its time is over.

use super::answer::holds;
use super::{Restarter, last_lines, said, seconds};
use crate::operator::{Event, Operator};
use crate::site::programs::Ended;
use crate::site::restarts::{PLACEHOLDER, Probe, Target};
use crate::site::shell::line;
use patchwright_hooks_api::{Error, ErrorKind, Version, WebRequest};
use std::time::Duration;

/// The first pause between two tries. Each is twice as long as the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause: so much later than the site comes up it is found healthy at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often who waits looks whether the operator has called it off.
const SLICE: Duration = Duration::from_millis(50);
/// How many characters of an answer that is not the expected one are told.
const TOLD_CHARS: usize = 200;
/// What an application answers that turns users away.
const UNAVAILABLE: u16 = 503;

impl Restarter {
    /// Asks the site, which is at this version, whether it is healthy, as long as there is time. It is asked once at least.
    pub(super) fn probe(&self, version: &Version, operator: &dyn Operator) -> Result<(), Error> {
        let Some(probe) = &self.settings.probe else { return Ok(()) };
        operator.event(&Event::Probing { target: probe.target() });
        // Who has called off the run itself has not called off what must follow it: one try is made.
        let was_cancelled = operator.cancelled();
        let called_off = || !was_cancelled && operator.cancelled();
        let began = self.clock.elapsed();
        let left = || probe.deadline.saturating_sub(self.clock.elapsed().saturating_sub(began));
        let mut pause = FIRST_PAUSE;
        loop {
            let timeout = probe.timeout.min(left().max(SLICE));
            let Err(fault) = self.ask(probe, timeout, version, &called_off) else { return Ok(()) };
            let unhealthy = |kind, why: String| {
                let message = format!("the site is not healthy ({why}): {}", fault.message);
                Err(Error { hint: fault.hint.clone(), ..Error::new(kind, message) })
            };
            if operator.cancelled() {
                return unhealthy(ErrorKind::Cancelled, "called off while it was asked".to_owned());
            }
            if left().is_zero() {
                return unhealthy(ErrorKind::Conflict, format!("asked for {}", seconds(probe.deadline)));
            }
            self.rest(pause.min(left()), operator);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Asks once.
    fn ask(
        &self,
        probe: &Probe,
        timeout: Duration,
        version: &Version,
        called_off: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let answer = match &probe.target {
            Target::Url(url) => {
                let asked = self.web()?.ask(&WebRequest::get(url), timeout);
                let answer = asked.map_err(|error| error.while_doing(url))?;
                match answer.status {
                    // What is expected may stand in what came before an answer broke off.
                    200..=299 => answer.text,
                    status => return Err(refused(url, status)),
                }
            }
            Target::Command(words) => {
                let environment = self.environment(version);
                let program = self.program(words, timeout, &environment);
                let ran = self.programs.run(&program, called_off)?;
                if ran.ended != Ended::Exited(0) {
                    let how = ran.ended.words(timeout);
                    return Err(Error::conflict(format!("{} {how}{}", line(words), said(&ran.output))));
                }
                ran.output
            }
        };
        match &probe.expect {
            Some(expected) if !holds(&answer, expected, version) => Err(unexpected(probe, &answer, expected, version)),
            _ => Ok(()),
        }
    }

    /// Lets a while pass, unless the operator calls it off.
    fn rest(&self, mut pause: Duration, operator: &dyn Operator) {
        while !pause.is_zero() && !operator.cancelled() {
            let slice = pause.min(SLICE);
            self.clock.pause(slice);
            pause -= slice;
        }
    }
}

fn refused(url: &str, status: u16) -> Error {
    let error = Error::conflict(format!("{url} answered with status {status}"));
    match status {
        UNAVAILABLE => error.hint("the gate is shut while the probe asks: let its address through the gate"),
        300..=399 => error.hint("the probe follows no redirection: give it the address that it leads to"),
        _ => error,
    }
}

fn unexpected(probe: &Probe, answer: &str, expected: &str, version: &Version) -> Error {
    let wanted = expected.replace(PLACEHOLDER, &version.to_string());
    let told: String = last_lines(answer).replace('\n', " ").chars().take(TOLD_CHARS).collect();
    Error::conflict(format!("the answer of {} does not hold {wanted:?}, but: {told}", probe.target()))
}
