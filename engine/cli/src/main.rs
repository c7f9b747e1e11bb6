//! The command `patchwright`: the engine at a terminal, in a script, in a job.
//!
//! Each command is one file in `commands`; what plugins there are is known to `wiring` alone; what is printed goes through
//! `output`; how it ends is in `exit`.

mod arguments;
mod authoring;
mod commands;
mod decisions;
mod editor;
mod exit;
mod handover;
mod menu;
mod output;
mod part;
mod places;
mod problem;
mod render;
mod terminal;
mod version;
mod web;
mod wiring;
mod worksheet;

use std::process::ExitCode;

fn main() -> ExitCode {
    arguments::main().into()
}
