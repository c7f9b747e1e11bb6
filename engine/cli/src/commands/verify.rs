//! `verify`: whether the tree and the database are still as the patches in force left them.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::render::count;
use clap::Args;
use patchwright_engine::Verification;
use patchwright_engine::drift::Structure;
use serde_json::json;

/// Compare the files and the structure of the database with what the patches in force left; exits with 20 when files differ,
/// with 15 when the database alone does
#[derive(Debug, Args)]
pub(crate) struct Verify;

impl Verify {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let verification = cli.site()?.verify()?;
        let mut json = json!(verification);
        json["clean"] = json!(verification.is_clean());
        cli.output.result(text(&verification), json);
        Ok(match (verification.files_are_clean(), verification.is_clean()) {
            (false, _) => Exit::Refused,
            (true, false) => Exit::Drift,
            (true, true) => Exit::Done,
        })
    }
}

/// A line for each path and each part of the database that is not as it should be, and one for all of either.
pub(crate) fn text(verification: &Verification) -> String {
    let Verification { checked, changed, missing, unexpected, other_mode, structure } = verification;
    let lists = [("changed", changed), ("missing", missing), ("unexpected", unexpected), ("other mode", other_mode)];
    let mut text = String::new();
    for (word, paths) in lists {
        text.extend(paths.iter().map(|path| format!("{word:<11} {path}\n")));
    }
    let different = lists.iter().map(|(_, paths)| paths.len()).sum::<usize>();
    text.push_str(&match different {
        0 => format!("all {checked} paths are as the patches left them\n"),
        _ => format!("{different} of {checked} paths are not as the patches left them\n"),
    });
    text.push_str(&of_structure(structure));
    text
}

fn of_structure(structure: &Structure) -> String {
    if let Some(why) = &structure.not_compared {
        return format!("the structure of the database was not compared: {why}\n");
    }
    let mut text: String =
        structure.drift.iter().map(|drift| format!("{:<11} {}\n", "database", drift.message)).collect();
    text.push_str(&match structure.drift.len() {
        0 => format!("the database is as the patches left it ({})\n", count(structure.checked, "table")),
        different => format!("the database is not as the patches left it: {}\n", count(different, "difference")),
    });
    text
}
