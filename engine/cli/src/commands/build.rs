//! `build`: makes a patch of two releases.

use crate::arguments::{Cli, Ended};
use crate::authoring::build::{BuildSpec, Built, SEVERITIES, build};
use crate::exit::Exit;
use clap::Args;
use patchwright_hooks_api::Version;
use serde_json::json;
use std::path::PathBuf;

/// Make a patch that turns one release into the next
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The folder of the release that sites have
    old: PathBuf,
    /// The folder of the release that they are to get
    new: PathBuf,
    /// The product, such as acme-cms
    #[arg(long)]
    product: String,
    /// The component of the product that the releases are of, such as forum [default: they are the product's own]
    #[arg(long, value_name = "NAME")]
    component: Option<String>,
    /// The version of the old release; without it the patch installs the component
    #[arg(long, value_name = "VERSION", required_unless_present = "component")]
    from: Option<Version>,
    /// The version of the new release
    #[arg(long, value_name = "VERSION")]
    to: Version,
    /// The patch's id [default: product or component, and new version]
    #[arg(long)]
    id: Option<String>,
    /// One line for lists [default: product or component, and new version]
    #[arg(long)]
    title: Option<String>,
    /// How urgent it is
    #[arg(long, default_value = "recommended", value_parser = SEVERITIES)]
    severity: String,
    /// A Markdown file whose list items are the changes
    #[arg(long, value_name = "FILE")]
    changelog: Option<PathBuf>,
    /// Edit texts in place where the change is small, so that local changes elsewhere in them stay
    #[arg(long)]
    alter: bool,
    /// The archive to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl Build {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let built = build(&BuildSpec {
            old: self.old.clone(),
            new: self.new.clone(),
            product: self.product.clone(),
            component: self.component.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            id: self.id.clone(),
            title: self.title.clone(),
            severity: self.severity.clone(),
            changelog: self.changelog.clone(),
            alter: self.alter,
            out: self.output.clone(),
        })?;
        let Built { id, added, overwritten, altered, deleted, bytes, other_modes } = &built;
        for directory in other_modes {
            cli.output
                .note(format_args!("warning: the directory {directory} has another mode; no step can give it that"));
        }
        let out = self.output.display().to_string();
        cli.output.result(
            format_args!(
                "{out}: {id}, {added} added, {overwritten} overwritten, {altered} altered, {deleted} deleted, \
                 {bytes} bytes\n"
            ),
            json!({
                "archive": out, "id": id, "added": added, "overwritten": overwritten, "altered": altered,
                "deleted": deleted, "bytes": bytes, "other-modes": other_modes,
            }),
        );
        Ok(Exit::Done)
    }
}
