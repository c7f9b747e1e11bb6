//! What follows when the site's code has become another: the owner's restart commands, and the probe that asks whether the site
//! is healthy (A44, B19).
//!
//! That a restart is due is noted before the first live file changes, and the note goes when all is done. Who is killed in
//! between leaves it to recovery; who fails leaves it to the operator, who tries again.

mod answer;
mod granted;
mod pending;
mod probe;
#[cfg(test)]
mod tests;

use crate::failure::{Failure, SiteState};
use crate::gate::Gate;
use crate::operator::{Event, Operator};
use crate::site::clock::Clock;
use crate::site::config::SiteConfig;
use crate::site::disk::Disk;
use crate::site::programs::{Ended, Program, Programs, Ran};
use crate::site::restarts::{OwnCommand, Restarts, Target};
use crate::site::shell::line;
use crate::site::web::Web;
pub(crate) use granted::Granted;
use patchwright_hooks_api::{Error, ErrorKind, Finding, Level, Version};
pub use pending::Pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How many of the last lines that a program said are told.
const TOLD_LINES: usize = 10;
/// What stands before them.
const LAST_WORDS: &str = "; the last that it said:";
/// What to do about a restart that failed.
const TRY_AGAIN: &str = "mend the cause, then run `patchwright restart`";

/// Runs what the site's owner wants run.
#[derive(Clone)]
pub(crate) struct Restarter {
    settings: Restarts,
    product: String,
    root: PathBuf,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    programs: Arc<dyn Programs>,
    web: Option<Arc<dyn Web>>,
}

/// What became of a restart.
#[derive(Debug)]
#[must_use = "it may have failed"]
pub(crate) enum Restarted {
    /// None was due.
    NotDue,
    /// All that was due is done, and the site is healthy as far as anybody asked.
    Done,
    /// A command failed: the restart is still due.
    Failed(Error),
    /// The site does not say that it is healthy: it is still to be looked at.
    Unhealthy(Error),
}

impl Restarter {
    pub(crate) fn new(
        config: &SiteConfig,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        programs: Arc<dyn Programs>,
        web: Option<Arc<dyn Web>>,
    ) -> Self {
        let (settings, product, root) = (config.restarts.clone(), config.product.clone(), config.root.clone());
        Self { settings, product, root, disk, clock, programs, web }
    }

    /// One that runs nothing and notes nothing: for who comes before the application's own start.
    pub(crate) fn before_the_start(&self) -> Self {
        Self { settings: Restarts::default(), ..self.clone() }
    }

    /// Notes that a restart is due, as long as nobody has. Gives whether that is new: it is durable after the next barrier.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn note_due(&self, gate: &Gate) -> Result<bool, Error> {
        if self.settings.is_empty() || self.is_untried()? {
            return Ok(false);
        }
        Pending::of(gate.closure()?.run).note(self.disk.as_ref())?;
        Ok(true)
    }

    /// The restart that is due, if one is.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn pending(&self) -> Result<Option<Pending>, Error> {
        if self.settings.is_empty() { Ok(None) } else { Pending::find(self.disk.as_ref()) }
    }

    /// Whether a restart is due that nobody has tried.
    fn is_untried(&self) -> Result<bool, Error> {
        Ok(self.pending()?.is_some_and(|pending| pending.failed.is_none()))
    }

    /// Does the restart that somebody was killed over, if anybody was, on a site that is at the version that is asked for.
    ///
    /// # Errors
    /// When the disk fails, or the version can't be told.
    pub(crate) fn recover(
        &self,
        version: impl FnOnce() -> Result<Version, Error>,
        operator: &dyn Operator,
    ) -> Result<Restarted, Error> {
        match self.pending()? {
            Some(Pending { failed: None, .. }) => Ok(self.restart(&version()?, operator)),
            _ if self.settings.is_empty() => Ok(Restarted::NotDue),
            _ => Pending::forget_draft(self.disk.as_ref()).map(|()| Restarted::NotDue),
        }
    }

    /// Does the restart that is due, if one is, on a site that is at this version, and asks whether it is healthy.
    pub(crate) fn restart(&self, version: &Version, operator: &dyn Operator) -> Restarted {
        let pending = match self.pending() {
            Ok(Some(pending)) => pending,
            Ok(None) => return Restarted::NotDue,
            Err(error) => return Restarted::Failed(error),
        };
        // Who has called off the run itself has not called off what must follow it.
        let was_cancelled = operator.cancelled();
        let called_off = || !was_cancelled && operator.cancelled();
        let restarted = match self.run_hooks(version, operator, &called_off) {
            Ok(()) => match self.probe(version, operator) {
                Ok(()) => Restarted::Done,
                Err(error) => Restarted::Unhealthy(error),
            },
            Err(error) => Restarted::Failed(error),
        };
        match &restarted {
            Restarted::Failed(error) | Restarted::Unhealthy(error) => {
                let failed = Some(without_output(&error.message).to_owned());
                // A note without the reason says less, and as much is due.
                let _ = Pending { failed, ..pending }.note(self.disk.as_ref());
            }
            Restarted::Done | Restarted::NotDue => {
                if let Err(error) = Pending::forget(self.disk.as_ref()) {
                    return Restarted::Failed(error.while_doing("all is restarted, but it can't be noted"));
                }
            }
        }
        restarted
    }

    /// Does the restart that a run has made due. The gate is to be shut, and stay so where recovery must come first.
    pub(crate) fn follow(&self, ended: &Result<(), Failure>, version: &Version, operator: &dyn Operator) -> Restarted {
        match ended {
            Err(failure) if failure.state == SiteState::NeedsRecovery => Restarted::NotDue,
            // A run that changed nothing has made nothing due; what was due before it, somebody has been told.
            _ if !self.is_untried().unwrap_or(true) => Restarted::NotDue,
            _ => self.restart(version, operator),
        }
    }

    /// Looks for what would keep it from working.
    pub(crate) fn examine(&self) -> Vec<Finding> {
        let blocker = |error: Error, what: String| {
            let error = error.while_doing(what);
            Finding { hint: error.hint, ..Finding::blocker(error.message) }
        };
        let hooks = self.settings.hooks.iter().filter_map(|hook| {
            let checked = self.programs.check(&self.program(&hook.command, hook.timeout, &[]));
            checked.err().map(|error| blocker(error, format!("the restart {}", hook.name)))
        });
        let probe = self.settings.probe.as_ref().and_then(|probe| {
            let checked = match &probe.target {
                Target::Command(words) => self.programs.check(&self.program(words, probe.timeout, &[])),
                Target::Url(url) => self.web().and_then(|web| web.check(url)),
            };
            checked.err().map(|error| blocker(error, "the probe".to_owned()))
        });
        hooks.chain(probe).collect()
    }

    fn run_hooks(
        &self,
        version: &Version,
        operator: &dyn Operator,
        called_off: &dyn Fn() -> bool,
    ) -> Result<(), Error> {
        let environment = self.environment(version);
        for hook in &self.settings.hooks {
            operator.event(&Event::Restarting { name: hook.name.clone() });
            let said =
                self.run_one("restart", hook, &environment, called_off).map_err(|error| error.hint(TRY_AGAIN))?;
            if !said.trim().is_empty() {
                operator.event(&Event::Log { level: Level::Debug, message: last_lines(&said) });
            }
        }
        Ok(())
    }

    /// Runs a command of this kind to its end, and gives what it said.
    fn run_one(
        &self,
        kind: &str,
        command: &OwnCommand,
        environment: &[(&'static str, String)],
        called_off: &dyn Fn() -> bool,
    ) -> Result<String, Error> {
        let program = self.program(&command.command, command.timeout, environment);
        let ran = self.programs.run(&program, called_off);
        let ran = ran.map_err(|error| error.while_doing(format!("the {kind} {}", command.name)))?;
        if ran.ended == Ended::Exited(0) { Ok(ran.output) } else { Err(failed(kind, command, &ran)) }
    }

    fn program<'a>(
        &'a self,
        words: &'a [String],
        timeout: Duration,
        environment: &'a [(&'static str, String)],
    ) -> Program<'a> {
        Program { words, folder: &self.settings.folder, environment, timeout }
    }

    /// What commands find in their environment.
    fn environment(&self, version: &Version) -> [(&'static str, String); 3] {
        [
            ("PATCHWRIGHT_PRODUCT", self.product.clone()),
            ("PATCHWRIGHT_VERSION", version.to_string()),
            ("PATCHWRIGHT_ROOT", self.root.display().to_string()),
        ]
    }

    fn web(&self) -> Result<&dyn Web, Error> {
        self.web.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "this program was built without a way to ask a url")
                .hint("ask with a command instead: [probe] command = […], or a [[command]] that scripts may run")
        })
    }
}

impl Restarted {
    /// How a run ended, with what became of the restart that followed it. Where nothing of the run stays, that it was taken
    /// back is what counts.
    pub(crate) fn after(self, ended: Result<(), Failure>, something_stays: bool) -> Result<(), Failure> {
        let (error, state) = match self {
            Self::NotDue | Self::Done => return ended,
            Self::Failed(error) => (error, SiteState::RestartPending),
            Self::Unhealthy(error) => (error, SiteState::Unhealthy),
        };
        match ended {
            Ok(()) => Err(Failure::new(error, state)),
            Err(failure) if something_stays => Err(Failure { state, ..failure }.and(error)),
            Err(failure) => Err(failure.and(error)),
        }
    }
}

/// A command that did not end well.
fn failed(what: &str, hook: &OwnCommand, ran: &Ran) -> Error {
    let kind = match ran.ended {
        Ended::Exited(_) | Ended::Killed(_) => ErrorKind::Conflict,
        Ended::TimedOut => ErrorKind::Limit,
        Ended::CalledOff => ErrorKind::Cancelled,
    };
    let how = ran.ended.words(hook.timeout);
    let message = format!("the {what} {} ({}) {how}{}", hook.name, line(&hook.command), said(&ran.output));
    Error::new(kind, message)
}

/// The last lines of what a program said, to be told behind how it ended.
fn said(output: &str) -> String {
    let lines = last_lines(output);
    let lines = lines.lines().map(|line| format!("\n    {line}"));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("{LAST_WORDS}{lines}") }
}

fn last_lines(output: &str) -> String {
    // What a terminal would obey is not shown to one.
    let plain = |line: &str| line.chars().filter(|letter| !letter.is_control()).collect::<String>();
    let lines: Vec<String> = output.lines().map(plain).filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TOLD_LINES)..].join("\n")
}

/// How something failed, without what a program said of it.
fn without_output(message: &str) -> &str {
    message.split(LAST_WORDS).next().unwrap_or(message)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
