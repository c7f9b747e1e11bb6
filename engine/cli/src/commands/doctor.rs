//! `doctor`: what would keep a run from working, before one is wanted.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render::finding;
use clap::Args;
use patchwright_hooks_api::Finding;
use serde_json::json;

/// Look for what would keep a patch from being applied: permissions, file systems, a cut-off run
#[derive(Debug, Args)]
pub(crate) struct Doctor;

impl Doctor {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let findings = cli.site()?.examine()?;
        let healthy = !findings.iter().any(Finding::is_blocker);
        let text = match findings.is_empty() {
            true => "nothing stands in the way of a patch\n".to_owned(),
            false => findings.iter().map(|found| finding("", found, None)).collect(),
        };
        cli.output.result(text, json!({ "healthy": healthy, "findings": findings }));
        Ok(if healthy { Exit::Done } else { Exit::Refused })
    }
}
