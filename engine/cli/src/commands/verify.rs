//! `verify`: whether the tree is still as the patches in force left it.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::Verification;
use serde_json::json;

/// Compare the files with what the patches in force left; exits with 20 when they differ
#[derive(Debug, Args)]
pub(crate) struct Verify;

impl Verify {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let verification = cli.site()?.verify()?;
        let mut json = json!(verification);
        json["clean"] = json!(verification.is_clean());
        cli.output.result(text(&verification), json);
        Ok(if verification.is_clean() { Exit::Done } else { Exit::Refused })
    }
}

/// A line for each path that is not as it should be, and one for all.
pub(crate) fn text(verification: &Verification) -> String {
    let Verification { checked, changed, missing, unexpected, other_mode } = verification;
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
    text
}
