//! Why a command failed: one shape for everything, so that no refusal is silent about what, where, why and what now.

use crate::exit::Exit;
use crate::render;
use console::style;
use patchwright_engine::intake::IntakeError;
use patchwright_engine::{Failure, Receipt, SiteState};
use patchwright_hooks_api::{Error, ErrorKind};
use serde_json::{Value, json};

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What failed.
    pub(crate) error: Error,
    /// The exit code.
    pub(crate) exit: Exit,
    /// What else is wrong, where more than one fault was found at once.
    pub(crate) others: Box<[Error]>,
    /// How the run on a site ended, if there was one.
    pub(crate) run: Option<Box<EndedRun>>,
}

/// How a run that failed left the site.
#[derive(Debug)]
pub(crate) struct EndedRun {
    /// The state that the site is in now.
    pub(crate) state: SiteState,
    /// What failed in addition, while the first fault was being dealt with.
    pub(crate) also: Vec<Error>,
    /// The step that was staged last.
    pub(crate) last_step: Option<String>,
    /// The patches that came into force before it failed.
    pub(crate) receipts: Vec<Receipt>,
}

impl Problem {
    /// The command was not used as it can be.
    pub(crate) fn wrong_use(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::WrongUse, ..Error::invalid(message).hint(hint).into() }
    }

    /// A patch that can't be taken in, without any site: all that is wrong with it.
    pub(crate) fn bad_patch(error: IntakeError) -> Self {
        let mut errors = error.errors().into_iter();
        let first = errors.next().unwrap_or_else(|| Error::invalid("the patch can't be read"));
        Self { exit: Exit::BadPatch, others: errors.collect(), ..first.into() }
    }

    /// A run that failed after these patches had come into force and that step had been reached.
    pub(crate) fn of_run(failure: Failure, receipts: Vec<Receipt>, last_step: Option<String>) -> Self {
        let exit = Exit::of_failure(&failure);
        let Failure { error, also, state } = failure;
        Self { error, exit, others: Box::default(), run: Some(Box::new(EndedRun { state, also, last_step, receipts })) }
    }

    /// The lines for people.
    pub(crate) fn text(&self) -> String {
        let mut text: String = std::iter::once(&self.error).chain(self.others.iter()).map(paragraph).collect();
        let mut line = |label: &str, value: &str| text.push_str(&line_of(label, value));
        let Some(run) = &self.run else { return text };
        for error in &run.also {
            line("then:", &error.to_string());
        }
        if let Some(step) = &run.last_step {
            line("last step:", step);
        }
        line("site:", run.state.sentence());
        if let Some(next) = next(run.state) {
            line("next:", next);
        }
        text
    }

    /// The object for programs.
    pub(crate) fn json(&self) -> Value {
        let mut object = json!({ "error": self.error, "exit": self.exit.code_and_meaning().0 });
        if !self.others.is_empty() {
            object["others"] = json!(self.others);
        }
        if let Some(run) = &self.run {
            object["state"] = json!(run.state);
            object["also"] = json!(run.also);
            object["last-step"] = json!(run.last_step);
            object["receipts"] = json!(run.receipts);
        }
        object
    }
}

/// One fault: what, where, and what to do.
fn paragraph(error: &Error) -> String {
    let mut text = format!("{} {}\n", style("error:").for_stderr().red().bold(), error.message);
    text.extend(error.position.as_ref().map(|place| render::place(place, "  ")));
    if let Some(hint) = &error.hint {
        text.push_str(&line_of("hint:", hint));
    }
    text
}

fn line_of(label: &str, value: &str) -> String {
    format!("  {label} {value}\n")
}

/// The command to run next, where there is one.
fn next(state: SiteState) -> Option<&'static str> {
    match state {
        SiteState::Untouched | SiteState::NotTakenIn | SiteState::Busy | SiteState::Ahead => None,
        SiteState::Undecided => Some("the same with --decisions FILE, or at a terminal"),
        SiteState::TakenBack | SiteState::TakenBackInPart => Some("patchwright plan, once the cause is mended"),
        SiteState::InForce | SiteState::Unhealthy => Some("patchwright status"),
        SiteState::RestartPending => Some("patchwright restart, once the cause is mended"),
        SiteState::NeedsRecovery => Some("patchwright recover"),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let exit = Exit::of_error(error.kind);
        Self { error, exit, others: Box::default(), run: None }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::of_run(failure, Vec::new(), None)
    }
}

impl From<anyhow::Error> for Problem {
    /// What the authoring commands say: something is wrong with the folders or names that they were given.
    fn from(error: anyhow::Error) -> Self {
        Error::invalid(format!("{error:#}")).into()
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Error::new(ErrorKind::Io, error.to_string()).into()
    }
}
