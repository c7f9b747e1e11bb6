//! `status`: how the site stands.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render::closure;
use clap::Args;
use indicatif::HumanBytes;
use patchwright_engine::handover::Successor;
use patchwright_engine::{Agreement, DiskUse, Pending, Status as SiteStatus};
use serde_json::json;

/// The command that does a restart that is still due.
const RETRY: &str = "patchwright restart";

/// Say how the site stands: version, last patch, gate, whether the database suits the code and recovery is needed
#[derive(Debug, Args)]
pub(crate) struct Status;

impl Status {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let (status, disk_use) = (site.status()?, site.disk_use()?);
        let mut json = json!(status);
        json["disk-use"] = json!(disk_use);
        if status.restart_pending.is_some() {
            json["restart-pending"]["retry"] = json!(RETRY);
        }
        cli.output.result(text(&status, &disk_use), json);
        Ok(match status.agreement {
            _ if status.needs_recovery => Exit::NeedsRecovery,
            Agreement::DatabaseOlder => Exit::DatabaseOlder,
            Agreement::DatabaseNewer => Exit::DatabaseNewer,
            Agreement::Agreed | Agreement::Unknown => Exit::Done,
        })
    }
}

fn text(status: &SiteStatus, disk_use: &DiskUse) -> String {
    let mut text = format!("{} {}\n", status.product, status.version);
    let mut line = |name: &str, value: String| text.push_str(&format!("  {name:<9} {value}\n"));
    line(
        "patches",
        match &status.last_patch {
            Some(last) => format!("{} in force, the last is {last}", status.patches),
            None => "none in force".to_owned(),
        },
    );
    for (component, version) in &status.components {
        line("component", format!("{component} {version}"));
    }
    if let Some(code) = &status.code {
        line("code", code.to_string());
    }
    line("gate", closure(&status.gate));
    line("database", status.database.clone());
    if let Some(Successor { version, patch, proved, .. }) = &status.successor {
        let proved = if *proved { "" } else { ", not started yet" };
        line("patcher", format!("{version}, brought by {patch}{proved}"));
    }
    let [all, backups, pristine] =
        [disk_use.all(), disk_use.backups, disk_use.pristine].map(|figure| HumanBytes(figure.bytes));
    line("disk used", format!("{all}: {backups} of backups, {pristine} of pristine copies"));
    let (database, code) = (&status.version, status.code.as_ref().unwrap_or(&status.version));
    match status.agreement {
        Agreement::DatabaseOlder => line("attention", format!("the database needs an update: {database} to {code}")),
        Agreement::DatabaseNewer => {
            line(
                "attention",
                format!("the database is at {database}, and the code was put back to {code}, which can't run on it"),
            );
        }
        Agreement::Agreed | Agreement::Unknown => {}
    }
    if !status.unfinished.is_empty() {
        line("attention", format!("the after hook has not run to its end: {}", status.unfinished.join(", ")));
    }
    if let Some(pending) = &status.restart_pending {
        line("attention", restart_pending(pending));
    }
    for patch in &status.to_do {
        line("to do", format!("see `patchwright message {patch}`"));
    }
    if status.needs_recovery {
        line("attention", "a run was cut off, or is under way; run `patchwright recover`".to_owned());
    }
    text
}

fn restart_pending(pending: &Pending) -> String {
    let Pending { since, message, failed, .. } = pending;
    let since = if since.is_empty() { String::new() } else { format!(" since {since}") };
    let why = failed.as_ref().map_or_else(|| "it has not come to it".to_owned(), Clone::clone);
    format!("restart pending{since}, for {message}: {why}; try again with `{RETRY}`")
}
