//! `show`: what a patch says of itself, before anything is done with it (A6, A7).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::patch;
use clap::Args;
use std::path::PathBuf;

/// Show what a patch is: title, versions, changes, requirements and steps
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The patch's archive
    file: PathBuf,
}

impl Show {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let read = cli.engine.read_patch(&self.file).map_err(Problem::bad_patch)?;
        cli.output.result(patch::text(&read), patch::json(&read));
        Ok(Exit::Done)
    }
}
