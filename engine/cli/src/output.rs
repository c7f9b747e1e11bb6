//! The one place that prints. Results go to standard output, everything else to standard error.

use crate::problem::Problem;
use serde_json::{Value, json};
use std::fmt::Display;
use std::io::{self, Write};

/// The version of the JSON that is printed; it rises when a program that reads it would notice.
const FORMAT: u32 = 1;

/// Where a command's words go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Whether the result is for programs.
    pub(crate) json: bool,
    /// Whether only results and errors are printed.
    pub(crate) quiet: bool,
}

impl Output {
    /// Text for people; nothing where the result is for programs.
    pub(crate) fn text(self, text: impl Display) {
        if !self.json {
            print(io::stdout(), text);
        }
    }

    /// The result, in the form that was asked for. The JSON is an object.
    pub(crate) fn result(self, text: impl Display, json: Value) {
        match self.json {
            true => print_json(json),
            false => print(io::stdout(), text),
        }
    }

    /// The result for programs; nothing where it is for people.
    pub(crate) fn json(self, json: Value) {
        if self.json {
            print_json(json);
        }
    }

    /// What happens on the way, unless quiet is wanted.
    pub(crate) fn note(self, text: impl Display) {
        if !self.quiet {
            print(io::stderr(), format_args!("{text}\n"));
        }
    }

    /// Why the command failed.
    pub(crate) fn problem(self, problem: &Problem) {
        match self.json {
            true => print_json(problem.json()),
            false => print(io::stderr(), problem.text()),
        }
    }

    /// Bytes for another program, such as a shell's completions.
    pub(crate) fn bytes(self, bytes: &[u8]) {
        // A reader that has seen enough closes the pipe; that is no fault.
        let _ = io::stdout().write_all(bytes);
    }
}

fn print_json(mut object: Value) {
    object["format"] = json!(FORMAT);
    print(io::stdout(), format_args!("{object:#}\n"));
}

/// A reader that has seen enough closes the pipe; that is no fault, and the run must go on.
fn print(mut to: impl Write, text: impl Display) {
    let _ = write!(to, "{text}").and_then(|()| to.flush());
}
