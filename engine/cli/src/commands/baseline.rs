//! `baseline`: what the vendor shipped, learnt from a whole release.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render::count;
use clap::{Args, Subcommand};
use patchwright_hooks_api::SitePath;
use serde_json::json;
use std::path::PathBuf;

/// Learn what the vendor shipped, so that local changes can be told and merged
#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Learn the release that the site was installed from, and compare the site with it; changes nothing of the site
    Import {
        /// The vendor's archive (tar, tar.gz, zip), or the folder it was unpacked to
        release: PathBuf,
    },
}

impl Baseline {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let What::Import { release } = &self.what;
        let site = cli.site()?;
        let operator = cli.unattended();
        let baseline = cli.begin(&site, &operator)?.import_release(release)?;
        let learnt = if baseline.learnt { "learnt" } else { "known already" };
        let mut text = format!("{learnt}: {}\n", count(baseline.files, "file"));
        for (what, paths) in [("changed locally", &baseline.changed), ("missing on the site", &baseline.missing)] {
            text.push_str(&format!("{what}: {}\n", count(paths.len(), "file")));
            text.extend(paths.iter().map(|path: &SitePath| format!("  {path}\n")));
        }
        cli.output.result(text, json!(baseline));
        Ok(Exit::Done)
    }
}
