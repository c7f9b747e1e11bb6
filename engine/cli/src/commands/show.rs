//! `show`: what a patch says of itself, before anything is done with it (A6, A7), and the SQL that it comes to (A12).

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{patch, sql};
use clap::Args;
use patchwright_engine::intake::Patch;
use patchwright_engine::{Silent, planning::StepSql};
use patchwright_hooks_api::ErrorKind;
use std::path::PathBuf;

/// Show what a patch is: title, versions, changes, requirements and steps
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The patch's archive
    file: PathBuf,
    /// Show the statements that its steps would run: on the site's database, or without a site on an empty one
    #[arg(long)]
    sql: bool,
    /// Show the statements for an empty database of this dialect
    #[arg(long, value_name = "DIALECT", requires = "sql")]
    dialect: Option<String>,
}

impl Show {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let read = cli.engine.read_patch(&self.file).map_err(Problem::bad_patch)?;
        if self.sql {
            let previews = self.previews(cli, &read)?;
            cli.output.result(sql::text(&read, &previews), sql::json(&read, &previews));
        } else {
            cli.output.result(patch::text(&read), patch::json(&read));
        }
        Ok(Exit::Done)
    }

    /// On the site, if there is one and no dialect is asked for; else for that dialect, or for all that the patch suits.
    fn previews(&self, cli: &Cli, read: &Patch) -> Result<Vec<sql::Preview>, Problem> {
        let empty = |dialect: String| -> Result<sql::Preview, Problem> {
            let steps: Vec<StepSql> = cli.engine.preview(read, &dialect)?;
            Ok(sql::Preview { dialect, on_site: false, steps })
        };
        if let Some(dialect) = &self.dialect {
            return Ok(vec![empty(dialect.clone())?]);
        }
        match cli.engine.open(cli.at()) {
            Ok(site) => {
                let steps = site.preview(read, &Silent)?;
                Ok(vec![sql::Preview { dialect: site.dialect().to_owned(), on_site: true, steps }])
            }
            Err(error) if error.kind == ErrorKind::Missing && !cli.names_site() => {
                cli.engine.dialects().into_iter().map(|info| empty(info.name)).collect()
            }
            Err(error) => Err(error.into()),
        }
    }
}
