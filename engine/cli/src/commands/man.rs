//! `man`: the manual pages, made of the same words as `--help`.

use crate::arguments::{Arguments, Cli, Ended};
use crate::exit::Exit;
use clap::{Args, CommandFactory};
use std::path::PathBuf;

/// Print the manual page, or write one page a command into a folder
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write to
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        match &self.dir {
            Some(dir) => clap_mangen::generate_to(Arguments::command(), dir)?,
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
                cli.output.bytes(&page);
            }
        }
        Ok(Exit::Done)
    }
}
