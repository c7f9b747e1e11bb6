//! `message`: what a patch left to do by hand, as it stands now (C53, C55).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render;
use clap::Args;
use serde_json::json;

/// Tell what a patch left to do by hand: what to make read-only again, what to merge, and where your own files are kept
///
/// Everything is looked at anew: what is done is not listed any more.
#[derive(Debug, Args)]
pub(crate) struct Message {
    /// The patch's id, as `history` shows it
    #[arg(value_name = "ID")]
    patch: String,
    /// Say that it is done: exits with 18 while something is left
    #[arg(long)]
    done: bool,
}

impl Message {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let message = site.message(&self.patch)?;
        let mut json = json!(message);
        json["to-do"] = json!(message.to_do());
        cli.output.result(render::message::text(&message, site.config()), json);
        Ok(match (self.done, message.to_do()) {
            (true, 0) => Exit::Done,
            (true, _) => Exit::LeftToDo,
            (false, _) if message.is_empty() => Exit::NothingToDo,
            (false, _) => Exit::Done,
        })
    }
}
