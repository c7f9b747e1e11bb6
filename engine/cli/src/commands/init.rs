//! `init`: makes a site known.

use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use clap::Args;
use patchwright_engine::SiteSpec;
use patchwright_hooks_api::Version;
use serde_json::json;
use std::path::PathBuf;

/// Make an installed application known: writes patchwright.toml, the state folder and the ledger
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The application's own files
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// The product, such as acme-cms
    #[arg(long)]
    product: String,
    /// The version that is installed
    #[arg(long)]
    version: Version,
    /// The URL of its database, such as sqlite:cms.db or postgres://cms@db/cms [default: a ledger of its own]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// What the names of all its tables begin with
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    table_prefix: String,
}

impl Init {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let spec = SiteSpec {
            folder: cli.at().to_owned(),
            root: self.root.clone(),
            product: self.product.clone(),
            version: self.version.clone(),
            database: self.database.clone(),
            table_prefix: self.table_prefix.clone(),
            by: approver(),
        };
        let site = cli.engine.init(&spec)?;
        let Self { product, version, .. } = self;
        let state = site.config().state.display().to_string();
        cli.output.result(
            format_args!("{product} {version} is known now; its state folder is {state}\nnext: patchwright doctor\n"),
            json!({ "product": product, "version": version, "state-folder": state }),
        );
        Ok(Exit::Done)
    }
}
