//! Giving way to another patchwright: one that a patch brought to the site (A18).
//!
//! Whatever patchwright is started for a site, the one that is meant to be its patcher does the work ([`launch`]). A new one is
//! tried out before it is let in ([`program`]), goes on with the plan that brought it, and if it doesn't, the patch that brought it
//! is taken back ([`rest`]).

pub(crate) mod launch;
pub(crate) mod program;
pub(crate) mod rest;

use patchwright_engine::loader::{CheckedFile, Pinned};
use patchwright_hooks_api::Error;
use std::path::Path;
use std::process::Command;

/// A command of another patchwright, which is told who started it and looks for no other in its turn.
fn command_of(program: &CheckedFile) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program.own_path());
    command.arg0("patchwright").args([STARTED_BY, crate::version::text()]);
    command
}

/// The file of this program, also where another has taken its name since.
fn own_program() -> Result<CheckedFile, Error> {
    CheckedFile::open(Pinned::ByPatch, Path::new("/proc/self/exe"), None)
}

/// The argument that says which version started the program in its own place.
const STARTED_BY: &str = "--started-by";
