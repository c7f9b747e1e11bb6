//! `take-over`: goes on with a plan in the place of the patchwright that this one has replaced.

use super::apply;
use crate::arguments::{Cli, Ended};
use crate::decisions::Decisions;
use crate::exit::Exit;
use crate::handover::rest::Rest;
use crate::terminal::watch_interrupts;
use clap::Args;
use patchwright_engine::Failure;
use patchwright_engine::planning::order::Wanted;
use patchwright_hooks_api::{Error, Sha256};
use serde_json::json;
use std::path::PathBuf;

/// Go on with a plan in the place of the patchwright that this one has replaced
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct TakeOver {
    /// What is left of the plan
    #[arg(long, value_name = "FILE")]
    rest: PathBuf,
}

impl TakeOver {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let rest: Rest = serde_json::from_slice(&std::fs::read(&self.rest)?)
            .map_err(|error| Error::invalid(format!("what is left of the plan can't be read: {error}")))?;
        let site = cli.site()?;
        let decisions = rest.decisions.as_deref().map(Decisions::read).transpose()?.unwrap_or_default();
        let operator = cli.unattended().deciding(decisions, site.config().local_changes);
        watch_interrupts()?;
        let session = cli.begin(&site, &operator)?;
        if rest.approved.is_empty() {
            cli.output.json(json!({ "receipts": [], "messages": [] }));
            return Ok(Exit::Done);
        }
        let wanted = Wanted { ids: rest.patches.clone(), ..Wanted::default() };
        let plan = session.plan(&rest.archives, &wanted, &operator)?;
        let offered: Vec<Sha256> = plan.patches.iter().map(|planned| planned.patch.sha256).collect();
        if offered != rest.approved {
            session.discard(plan);
            let error = Error::conflict("what is left to apply is not what was approved: an archive has changed")
                .hint("look at the plan again and approve it");
            return Err(Failure::untouched(error).into());
        }
        apply::carry_out(cli, &site, session, &plan, &rest.archives, &operator)
    }
}
