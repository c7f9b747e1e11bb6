//! `status`: how the site stands.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render::closure;
use clap::Args;
use patchwright_engine::Status as SiteStatus;
use serde_json::json;

/// Say how the site stands: version, last patch, gate, whether recovery is needed
#[derive(Debug, Args)]
pub(crate) struct Status;

impl Status {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let status = cli.site()?.status()?;
        cli.output.result(text(&status), json!(status));
        Ok(if status.needs_recovery { Exit::NeedsRecovery } else { Exit::Done })
    }
}

fn text(status: &SiteStatus) -> String {
    let mut text = format!("{} {}\n", status.product, status.version);
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<9} {value}\n"));
    line(
        "patches",
        match &status.last_patch {
            Some(last) => format!("{} in force, the last is {last}", status.patches),
            None => "none in force".to_owned(),
        },
    );
    line("gate", closure(&status.gate));
    line("database", status.database.clone());
    if !status.unfinished.is_empty() {
        line("attention", format!("the after hook has not run to its end: {}", status.unfinished.join(", ")));
    }
    if status.needs_recovery {
        line("attention", "a run was cut off, or is under way; run `patchwright recover`".to_owned());
    }
    text
}
