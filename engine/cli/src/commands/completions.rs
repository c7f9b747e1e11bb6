//! `completions`: what a shell needs to complete this command.

use crate::arguments::{Arguments, Cli, Ended};
use crate::exit::Exit;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Print the completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "patchwright", &mut script);
        cli.output.bytes(&script);
        Ok(Exit::Done)
    }
}
