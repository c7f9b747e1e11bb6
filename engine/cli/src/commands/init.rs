//! `init`: makes a site known.

use super::plugin::{configuration, isolated};
use crate::arguments::{Cli, Ended, approver};
use crate::exit::Exit;
use crate::part::component;
use crate::problem::Problem;
use clap::Args;
use patchwright_engine::{Site, SiteSpec, loader};
use patchwright_hooks_api::Version;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
    /// A component of the product that is installed, and its version, such as forum=2.1; may be repeated
    #[arg(long, value_name = "NAME=VERSION", value_parser = component)]
    component: Vec<(String, Version)>,
    /// The URL of its database, such as sqlite:cms.db or postgres://cms@db/cms [default: a ledger of its own]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// The library that speaks to its database, if that is no bundled dialect; it is pinned by its sum, and runs isolated
    #[arg(long, value_name = "LIBRARY", requires = "database")]
    dialect: Option<PathBuf>,
    /// What the names of all its tables begin with
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    table_prefix: String,
}

impl Init {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let components: BTreeMap<String, Version> = self.component.iter().cloned().collect();
        if components.len() < self.component.len() {
            return Err(Problem::wrong_use("a component is given twice", "give each component one version"));
        }
        let spec = SiteSpec {
            folder: cli.at().to_owned(),
            root: self.root.clone(),
            product: self.product.clone(),
            version: self.version.clone(),
            components: components.clone(),
            database: self.database.clone(),
            table_prefix: self.table_prefix.clone(),
            by: approver(),
        };
        let site = match &self.dialect {
            Some(library) => init_with(cli, &spec, library)?,
            None => cli.engine.init(&spec)?,
        };
        let Self { product, version, .. } = self;
        let state = site.config().state.display().to_string();
        cli.output.result(
            format_args!("{product} {version} is known now; its state folder is {state}\nnext: patchwright doctor\n"),
            json!({ "product": product, "version": version, "components": components, "state-folder": state }),
        );
        Ok(Exit::Done)
    }
}

/// Makes a site known whose dialect comes from a library, which its configuration pins.
fn init_with(cli: &Cli, spec: &SiteSpec, library: &Path) -> Result<Site, Problem> {
    let (description, sha256) = loader::inspect(library)?;
    let library = isolated(description.name.clone(), library, sha256);
    Ok(cli.engine.init_with(spec, &configuration(&description, &library.library, sha256, true))?)
}
