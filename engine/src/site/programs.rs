//! Programs of the site's owner, behind a seam: tests decide how each ends, and nothing else in the engine starts one for a site.

use patchwright_hooks_api::Error;
use std::path::Path;
use std::time::Duration;

/// A program that is to be run: no shell reads its words.
#[derive(Clone, Copy, Debug)]
pub struct Program<'a> {
    /// The program and its arguments. A program with a `/` in it counts from the folder, any other is looked for in `PATH`.
    pub words: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// What it finds in its environment besides what it takes over from the engine's.
    pub environment: &'a [(&'static str, String)],
    /// How long it may take.
    pub timeout: Duration,
}

/// How a program ended, and what it said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub ended: Ended,
    /// The end of what it wrote to its standard output and error.
    pub output: String,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this exit code.
    Exited(i32),
    /// By a signal of somebody else.
    Killed(i32),
    /// It took too long, and was ended with all that it had started.
    TimedOut,
    /// It was called off, and ended with all that it had started.
    CalledOff,
}

impl Ended {
    /// The same in words, of a program that might take so long.
    pub fn words(self, timeout: Duration) -> String {
        match self {
            Self::Exited(code) => format!("ended with exit code {code}"),
            Self::Killed(signal) => format!("was ended by signal {signal}"),
            Self::TimedOut => format!("was still running after {} s and was stopped", timeout.as_secs_f64()),
            Self::CalledOff => "was called off".to_owned(),
        }
    }
}

/// Runs programs.
pub trait Programs: Send + Sync {
    /// Runs a program to its end, or until it takes too long or is called off.
    ///
    /// # Errors
    /// When it can't be started.
    fn run(&self, program: &Program<'_>, called_off: &dyn Fn() -> bool) -> Result<Ran, Error>;

    /// Looks whether the program is there and may be run.
    ///
    /// # Errors
    /// When it is not, or may not.
    fn check(&self, program: &Program<'_>) -> Result<(), Error>;
}
