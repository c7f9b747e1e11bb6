//! The operator at a terminal or behind a pipe: is told by a progress bar or by lines, and asked by a menu.

use crate::decisions::Decisions;
use crate::menu;
use crate::output::Output;
use dialoguer::Confirm;
use dialoguer::theme::ColorfulTheme;
use indicatif::{ProgressBar, ProgressStyle};
use patchwright_engine::site::config::LocalChanges;
use patchwright_engine::{Answer, Asked, Event, Operator};
use patchwright_hooks_api::Level;
use patchwright_hooks_api::finding::{Question, USE};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Set by Ctrl-C, and asked before every step.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From here on, Ctrl-C and SIGTERM call the run off instead of ending the process: a patch that has begun is taken back, one
/// that is in force stays so. However often they come, the process is not killed between the two.
///
/// # Errors
/// When the system refuses.
pub(crate) fn watch_interrupts() -> anyhow::Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed))?;
    Ok(())
}

/// The person or program that runs the command.
pub(crate) struct Terminal {
    output: Output,
    verbose: bool,
    /// Whether somebody can be asked.
    asks: bool,
    decisions: Decisions,
    local_changes: LocalChanges,
    bar: Option<ProgressBar>,
    /// The step that is being staged.
    step: Mutex<Option<String>>,
}

impl Terminal {
    /// An operator that is asked if `may_ask` and somebody is there.
    pub(crate) fn new(output: Output, verbose: bool, may_ask: bool) -> Self {
        let watched = std::io::stderr().is_terminal();
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = (watched && !output.quiet && !output.json).then(|| ProgressBar::new(0).with_style(style));
        Self {
            output,
            verbose,
            asks: may_ask && watched && std::io::stdin().is_terminal() && !output.json,
            decisions: Decisions::default(),
            local_changes: LocalChanges::default(),
            bar,
            step: Mutex::new(None),
        }
    }

    /// With answers given in advance, and what the site's owner wants done where nobody can be asked.
    pub(crate) fn deciding(self, decisions: Decisions, local_changes: LocalChanges) -> Self {
        Self { decisions, local_changes, ..self }
    }

    /// Whether somebody can be asked.
    pub(crate) fn asks(&self) -> bool {
        self.asks
    }

    /// Asks for a yes; anything else is a no.
    pub(crate) fn confirms(&self, question: &str) -> bool {
        self.asks
            && self.aside(|| {
                Confirm::with_theme(&ColorfulTheme::default()).with_prompt(question).default(false).interact_opt().ok()
            }) == Some(Some(true))
    }

    /// The step that was being staged last.
    pub(crate) fn last_step(&self) -> Option<String> {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, text: &str) {
        self.aside(|| self.output.note(text));
    }

    /// Does something that writes to the terminal while no progress bar is in the way.
    fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn progress(&self, done: usize, of: usize, message: String) {
        if let Some(bar) = &self.bar {
            bar.set_length(of as u64);
            bar.set_position(done as u64);
            bar.set_message(message);
        } else if self.verbose {
            self.output.note(message);
        }
    }

    /// Tells what is being done within a step, where somebody watches the bar.
    fn doing(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(what.to_owned()),
            None if self.verbose => self.output.note(what),
            None => {}
        }
    }

    fn ask(&self, asked: &Asked<'_>) -> Option<Answer> {
        self.aside(|| menu::ask(asked, &|text| self.output.note(text)))
    }

    fn unattended(&self, question: &Question) -> Option<Answer> {
        let policy = Answer::Word(self.local_changes.answer()?.to_owned());
        offers(question, &policy).then_some(policy)
    }
}

impl Operator for Terminal {
    fn event(&self, event: &Event) {
        match event {
            Event::Unpacked { patch, members } if self.verbose => {
                self.note(&format!("read {patch}, {members} members"));
            }
            Event::Rehearsing { patch, step, of } => {
                self.progress(*step, *of, format!("rehearsing {patch}, step {step} of {of}"));
            }
            Event::GateShut => self.note("the gate is shut"),
            Event::Staging { patch, step, of, summary } => {
                let doing = format!("step {step} of {of} of {patch}: {summary}");
                self.progress(*step, *of, doing.clone());
                *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some(doing);
            }
            Event::Switching { patch, changes } if self.verbose => {
                self.note(&format!("switching {changes} paths for {patch}"));
            }
            Event::Committed { patch, version } => {
                *self.step.lock().unwrap_or_else(PoisonError::into_inner) = None;
                if self.verbose {
                    self.note(&format!("{patch} is in force: version {version}"));
                }
            }
            Event::TakenBack { patch } => self.note(&format!("{patch} was taken back")),
            Event::Waiting { reason } => self.note(&format!("waiting for another run: {reason}")),
            Event::WaitingForDatabase { reason } => self.note(&format!("waiting for the database: {reason}")),
            Event::Recovered { patch, in_force, rescued, kept } => {
                let now = if *in_force { "is in force" } else { "was taken back" };
                self.note(&format!("a run had been cut off; {patch} {now}"));
                for deed in kept {
                    self.note(&format!("warning: nothing takes this back, and it stays: {deed}"));
                }
                for path in rescued {
                    self.note(&format!("{path} had been changed since; its bytes are in rescued/ of the state folder"));
                }
            }
            Event::Progress { done, of, doing } => self.doing(&format!("{doing}, {done} of {of}")),
            Event::RunningCommand { name } => self.note(&format!("running the command {name}")),
            Event::Requesting { method, url } => self.note(&format!("asking {method} {url}")),
            Event::Restarting { name } => self.note(&format!("restarting {name}")),
            Event::Probing { target } => self.note(&format!("asking whether the site is healthy: {target}")),
            Event::GateOpen => {
                if let Some(bar) = &self.bar {
                    bar.finish_and_clear();
                }
                self.note("the gate is open");
            }
            Event::Log { level: Level::Debug, message } if self.verbose => self.note(message),
            Event::Log { level: Level::Info, message } => self.note(message),
            Event::Log { level: Level::Warn, message } => self.note(&format!("warning: {message}")),
            _ => {}
        }
    }

    fn answer(&self, asked: &Asked<'_>) -> Option<Answer> {
        let Asked { patch, question, .. } = asked;
        if let Some(answer) = self.decisions.answer(patch, &question.id) {
            if offers(question, answer) {
                return Some(answer.clone());
            }
            let what = match answer {
                Answer::Word(word) => format!("{word:?}"),
                Answer::Content(_) => "a file to use".to_owned(),
            };
            self.note(&format!("warning: {what} is no answer to {} of {patch}", question.id));
        }
        if self.asks { self.ask(asked) } else { self.unattended(question) }
    }

    fn cancelled(&self) -> bool {
        INTERRUPTED.load(Ordering::Relaxed)
    }
}

fn offers(question: &Question, answer: &Answer) -> bool {
    let word = match answer {
        Answer::Word(word) if word == USE => return false,
        Answer::Word(word) => word,
        Answer::Content(_) => USE,
    };
    question.answers.iter().any(|choice| choice.answer == word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::{Finding, Severity};

    fn behind_a_pipe(local_changes: LocalChanges) -> Terminal {
        let output = Output { json: true, quiet: true };
        Terminal::new(output, false, false).deciding(Decisions::default(), local_changes)
    }

    fn answer(terminal: &Terminal, answers: &[(&str, &str)]) -> Option<String> {
        let finding = Finding::question("local-change:a", "a was changed", answers);
        let Severity::Question(question) = finding.severity.clone() else { unreachable!() };
        match terminal.answer(&Asked { patch: "p", finding: &finding, question: &question, last: None })? {
            Answer::Word(word) => Some(word),
            Answer::Content(_) => None,
        }
    }

    #[test]
    fn where_nobody_can_be_asked_the_site_owner_s_policy_decides() {
        // C50
        assert_eq!(answer(&behind_a_pipe(LocalChanges::Keep), &[("abort", ""), ("keep", "")]).as_deref(), Some("keep"));
        assert_eq!(answer(&behind_a_pipe(LocalChanges::Ask), &[("abort", ""), ("keep", "")]), None);
        assert_eq!(
            answer(&behind_a_pipe(LocalChanges::Merge), &[("abort", ""), ("merge", "")]).as_deref(),
            Some("merge")
        );
    }

    #[test]
    fn a_policy_that_is_not_among_the_answers_leaves_the_question_open() {
        assert_eq!(answer(&behind_a_pipe(LocalChanges::Keep), &[("yes", ""), ("no", "")]), None);
        // What does not go together is not merged.
        assert_eq!(answer(&behind_a_pipe(LocalChanges::Merge), &[("abort", ""), ("take", ""), ("use", "")]), None);
    }
}
