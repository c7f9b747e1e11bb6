//! `self-test`: shows another patchwright, which this one is to replace on a site, that it works there.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::journal::count_changes;
use patchwright_hooks_api::Error;
use serde_json::json;
use std::path::PathBuf;

/// Show that this program works on a site: loads its plugins, reads its ledger and a journal; changes nothing
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct SelfTest {
    /// A journal as the site's patcher writes it
    #[arg(long, value_name = "FILE")]
    journal: PathBuf,
}

impl SelfTest {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let changes = count_changes(&std::fs::read(&self.journal)?)?;
        let site = cli.site()?;
        let in_force = site.ledger().in_force()?;
        let in_force = in_force.ok_or_else(|| Error::missing("the site's database has no ledger"))?;
        let (patches, audit) = (site.history()?.len(), site.audit_ledger()?);
        let version = crate::version::text();
        let json = json!({
            "version": version, "product": in_force.product, "at": in_force.version, "patches": patches, "links": audit.links,
            "journal-changes": changes,
        });
        cli.output.result(format_args!("patchwright {version} works here\n"), json);
        Ok(Exit::Done)
    }
}
