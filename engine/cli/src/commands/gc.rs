//! `gc`: removes what the state folder keeps for nothing, and tells what it keeps for what.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{figure, table};
use clap::Args;
use patchwright_engine::{DiskUse, Figure};
use serde_json::json;

/// Remove what the state folder keeps for nothing, and tell what else it keeps
#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// Show what would be removed and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove also your own files that recovery put aside, in the folder `rescued`
    #[arg(long)]
    rescued: bool,
}

impl Gc {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        let (mut garbage, before) = (site.garbage()?, site.disk_use()?);
        if self.rescued {
            garbage += before.rescued;
        }
        if self.dry_run || garbage == Figure::default() {
            cli.output
                .result(text("would be removed", garbage, &before), json!({ "garbage": garbage, "kept": before }));
            return Ok(if garbage == Figure::default() { Exit::NothingToDo } else { Exit::Done });
        }
        let operator = cli.terminal();
        let with_rescued = self.rescued && before.rescued != Figure::default();
        if with_rescued && !cli.global.yes && !operator.confirms("Drop your own files that recovery put aside?") {
            let what = format!("{} of your own would be dropped", figure(before.rescued));
            return Err(Problem::wrong_use(what, "approve with --yes, or leave --rescued away"));
        }
        cli.begin(&site, &operator)?.collect_garbage(with_rescued)?;
        let kept = site.disk_use()?;
        cli.output.result(text("removed", garbage, &kept), json!({ "garbage": garbage, "kept": kept }));
        Ok(Exit::Done)
    }
}

fn text(removed: &str, garbage: Figure, kept: &DiskUse) -> String {
    let DiskUse { backups, pristine, rescued } = *kept;
    let rows = [
        (removed, garbage, ""),
        ("backups", backups, "`retire ID` drops those of a patch"),
        ("pristine copies", pristine, "local changes are told and merged by them"),
        ("rescued", rescued, "your own files; `gc --rescued` drops them"),
    ];
    let row = |(name, of, why): (&str, Figure, &str)| vec![name.to_owned(), figure(of), why.to_owned()];
    table(&rows.map(row))
}
