//! `history`: which patches were ever in force, what one of them did, and whether the ledger is as the runs wrote it.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{count, table};
use clap::Args;
use patchwright_engine::Site;
use patchwright_engine::ledger::{Audit, FileRow, Line, PatchRow, Status};
use serde_json::json;

/// List the patches that were ever in force, or show what one of them did; with --verify, look for rows of the ledger that were
/// changed by hand: exits with 17 when there are any
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The patch to show
    id: Option<String>,
    /// Compare each row of the ledger with the seal that its run left, and follow the chain of the seals
    #[arg(long, conflicts_with = "id")]
    verify: bool,
}

impl History {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let site = cli.site()?;
        if self.verify {
            return verify(cli, &site);
        }
        match &self.id {
            None => {
                if cli.output.json {
                    cli.output.json(json!({ "patches": site.history()? }));
                } else {
                    cli.output.text(list(site.ledger().listing()?));
                }
            }
            Some(id) => {
                show(cli, &site, &site.patch(id)?)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn verify(cli: &Cli, site: &Site) -> Ended {
    let audit = site.audit_ledger()?;
    let mut json = json!(audit);
    json["clean"] = json!(audit.is_clean());
    cli.output.result(findings(&audit), json);
    Ok(match (audit.links, audit.is_clean()) {
        (0, true) => Exit::NothingToDo,
        (_, true) => Exit::Done,
        (_, false) => Exit::LedgerChanged,
    })
}

/// A line for each row that is not as a run left it, and one for all.
fn findings(audit: &Audit) -> String {
    let Audit { links, rows, not_covered, faults } = audit;
    let mut text: String = faults.iter().map(|fault| format!("{:<11} {fault}\n", fault.how.word())).collect();
    text.push_str(&match (faults.len(), links) {
        (0, 0) => "the ledger has no chain yet; the next run begins it\n".to_owned(),
        (0, _) => format!("all {} are as the runs wrote them ({})\n", count(*rows, "row"), count(*links, "link")),
        (found, _) => format!("the ledger is not as its runs wrote it: {}\n", count(found, "finding")),
    });
    if *not_covered > 0 {
        let of = count(*not_covered, "row");
        text.push_str(&format!("not covered: {of} from before the engine kept a chain\n"));
    }
    text
}

fn list(patches: Vec<Line>) -> String {
    let mut rows = vec![["#", "patch", "from", "to", "severity", "status", "at", "by"].map(str::to_owned).to_vec()];
    for Line { number, patch, from, to, severity, status: stands, at, approved_by } in patches {
        let (number, from) = (number.to_string(), from.unwrap_or_else(|| "-".to_owned()));
        rows.push(vec![number, patch, from, to, severity, status(stands).to_owned(), at, approved_by]);
    }
    table(&rows)
}

fn show(cli: &Cli, site: &Site, row: &PatchRow) -> Result<(), Problem> {
    let (files, actions) = (site.ledger().files(&row.run)?, site.ledger().actions(&row.run)?);
    let mut json = json!({ "patch": row, "actions": actions });
    json["files"] = files.iter().map(|file| json!(file.change)).collect();
    cli.output.result(details(row, &files, &actions), json);
    Ok(())
}

fn details(row: &PatchRow, files: &[FileRow], actions: &[String]) -> String {
    let course = match row.course() {
        (Some(from), to) => format!("{from} to {to}"),
        (None, to) => format!("installs {to}"),
    };
    let mut text = format!("{} ({}): {course}\n", row.patch, status(row.status));
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<9} {value}\n"));
    line("title", &row.title);
    line("severity", &row.severity);
    line("at", &row.at);
    line("by", &row.approved_by);
    line("archive", &row.archive_sha256);
    line("after", row.after_hook.word());
    for (question, answer) in &row.decisions {
        line("decision", &format!("{question}: {answer}"));
    }
    actions.iter().for_each(|action| line("step", action));
    for file in files {
        line("file", &format!("{} {}", file.change.action(), file.change.path));
    }
    row.statements.iter().for_each(|executed| line("statement", &executed.statement.text));
    text
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Baseline => "baseline",
        Status::Applied => "in force",
        Status::TakenBack => "taken back",
    }
}
