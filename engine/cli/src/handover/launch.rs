//! At the start of a command: if a patch brought the site a newer patchwright, that one does it.

use super::command_of;
use crate::arguments::Cli;
use patchwright_engine::Silent;
use patchwright_engine::handover::{Heir, heir, is_unsettled, line};
use patchwright_engine::site::config::SiteConfig;
use patchwright_hooks_api::Error;
use std::os::unix::process::CommandExt;

/// Goes on as the patchwright that is to be the site's patcher. Returns where that is this one; also where the other can't be
/// started, which is said.
pub(crate) fn give_way(cli: &Cli) {
    if cli.global.started_by.is_some() {
        // A program that has not proved itself does so before it does anything else. What keeps it from that, the command says.
        let _ = prove(cli);
        return;
    }
    let Ok(config) = SiteConfig::find(cli.at()).and_then(|file| SiteConfig::read(&file)) else { return };
    let own = crate::version::own();
    let gone_on = find_heir(cli, &config).and_then(|heir| match heir {
        Some(heir) => Err(become_it(&heir)),
        // This program is the one that is to show that it works with the plugins that a patch brought.
        None if line(&config)?.last().is_some_and(|last| last.is_shown_by(&own)) => prove(cli),
        None => Ok(()),
    });
    if let Err(error) = gone_on {
        cli.output.note(format_args!("warning: {error}; patchwright {} goes on", crate::version::text()));
    }
}

/// The patchwright that is to go on, if it is another one.
fn find_heir(cli: &Cli, config: &SiteConfig) -> Result<Option<Heir>, Error> {
    if is_unsettled(config) {
        // A run was cut off around its commit: who is the patcher is only known once it is ended. If it can't be, the command says so.
        let _ = cli.engine.open(cli.at()).map(|site| site.begin(&Silent).map(drop));
    }
    heir(config, &crate::version::own())
}

/// Goes on as the other program. Returns only if that can't be.
fn become_it(heir: &Heir) -> Error {
    let error = command_of(&heir.program).args(std::env::args_os().skip(1)).exec();
    let (version, patch) = (&heir.successor.version, &heir.successor.patch);
    Error::refused(format!("patchwright {version}, which {patch} brought, can't be started: {error}"))
}

fn prove(cli: &Cli) -> Result<(), Error> {
    let site = cli.engine.open(cli.at())?;
    if site.successors()?.last().is_some_and(|last| last.is_shown_by(&crate::version::own())) {
        site.begin(&Silent).map_err(|failure| failure.error)?;
    }
    Ok(())
}
