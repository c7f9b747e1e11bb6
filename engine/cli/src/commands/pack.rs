//! `pack`: makes an archive of a patch that was written by hand.

use crate::arguments::{Cli, Ended};
use crate::authoring::pack::{Sums, pack};
use crate::exit::Exit;
use crate::render::count;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// Make an archive of a folder with a patch.xml, and fill in the sums of its payload
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// The folder with patch.xml
    dir: PathBuf,
    /// The archive to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl Pack {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let packed = pack(&self.dir, &self.output, Sums::All)?;
        let out = self.output.display().to_string();
        cli.output.result(
            format_args!(
                "{out}: {}, {} bytes, {} filled in\n",
                count(packed.members, "member"),
                packed.bytes,
                count(packed.filled.len(), "sum")
            ),
            json!({ "archive": out, "members": packed.members, "bytes": packed.bytes, "filled": packed.filled }),
        );
        Ok(Exit::Done)
    }
}
