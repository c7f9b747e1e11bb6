//! `demo`: the whole way of a patch, told as a story on a site of its own.

use super::{taking_back, verify};
use crate::arguments::{Cli, Ended};
use crate::authoring::pack::{Sums, pack};
use crate::exit::Exit;
use crate::output::Output;
use crate::problem::Problem;
use crate::render;
use crate::render::plan::Detail;
use crate::wiring;
use anyhow::{Context, Result, ensure};
use clap::Args;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Outcome, Silent, Site, SiteSpec, SiteState, Unwanted};
use patchwright_hooks_api::Version;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Where the example patches lie beside the source of this command.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../example-patches");
/// The folder of the examples that holds the application before any patch.
const SITE: &str = "site";
/// What the names of examples contain that are meant to fail.
const FAILS: &str = "-fails";
/// Who approves in the story.
const BY: &str = "demo";

/// Make a small site and let the example patches come over it: applied, failed, taken back
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The example patches [default: those of the source folder]
    #[arg(long, value_name = "DIR")]
    examples: Option<PathBuf>,
    /// Make the site in this new folder and leave it there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

impl Demo {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        let examples = self.examples.clone().unwrap_or_else(|| PathBuf::from(EXAMPLES));
        let template = examples.join(SITE);
        if !template.is_dir() {
            let message = format!("there are no example patches in {}", examples.display());
            return Err(Problem::wrong_use(message, "name their folder with --examples DIR"));
        }
        let temporary = tempfile::tempdir()?;
        let folder = self.keep.clone().unwrap_or_else(|| temporary.path().join(SITE));
        let story = Story { output: cli.output, site: make_site(cli, &template, &folder)?, archives: temporary.path() };
        story.chapter(&format!("a site: {} {}", story.site.config().product, story.version()?));
        for patch in folders(&examples)? {
            story.apply(&patch)?;
        }
        story.verify()?;
        story.roll_back()?;
        story.verify()?;
        story.end(self.keep.as_deref())
    }
}

/// A copy of the application, with its database, made known.
fn make_site(cli: &Cli, template: &Path, folder: &Path) -> Result<Site, Problem> {
    fs::create_dir_all(folder)?;
    copy(&template.join("public"), &folder.join("public"))?;
    wiring::make_database(&folder.join("cms.db"), &fs::read_to_string(template.join("schema.sql"))?)?;
    let spec = SiteSpec {
        folder: folder.to_owned(),
        root: "public".into(),
        product: "acme-cms".to_owned(),
        version: "1.0.0".parse::<Version>().map_err(|error| anyhow::anyhow!(error))?,
        components: BTreeMap::new(),
        database: Some("sqlite:cms.db".to_owned()),
        table_prefix: String::new(),
        by: BY.to_owned(),
    };
    Ok(cli.engine.init(&spec)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from)?);
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&target),
            false => fs::copy(entry.path(), &target).map(drop),
        }
        .with_context(|| format!("can't make {}", target.display()))?;
    }
    Ok(())
}

/// The folders of the examples, in the order of their numbers.
fn folders(examples: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(examples)? {
        let path = entry?.path();
        if path.join("patch.xml").is_file() {
            folders.push(path);
        }
    }
    ensure!(!folders.is_empty(), "there is no patch in {}", examples.display());
    folders.sort();
    Ok(folders)
}

/// The site, and the one who tells of it.
struct Story<'a> {
    output: Output,
    site: Site,
    archives: &'a Path,
}

impl Story<'_> {
    fn apply(&self, folder: &Path) -> Result<(), Problem> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.chapter(&name);
        let archive = self.archives.join(format!("{name}.patch.tar.gz"));
        pack(folder, &archive, Sums::All)?;
        let session = self.site.begin(&Silent)?;
        let plan = session.plan(&[archive], &Wanted::default(), &Silent)?;
        self.output.text(indented(&render::plan::text(
            &plan,
            self.site.dialect(),
            &self.site.config().restarts,
            Detail::default(),
        )));
        let Outcome { receipts, failure, .. } = session.apply(&plan, BY, &Silent);
        self.output.text(indented(&render::plan::receipts(&receipts)));
        match (failure, name.contains(FAILS)) {
            (None, false) => Ok(()),
            (Some(failure), true) if failure.state == SiteState::TakenBack => {
                self.output.text(indented(&Problem::from(failure).text()));
                self.say(&format!("That was meant to fail: the site is at {} as before.", self.version()?));
                Ok(())
            }
            (None, true) => Err(anyhow::anyhow!("{name} was meant to fail and did not").into()),
            (Some(failure), _) => Err(failure.into()),
        }
    }

    fn verify(&self) -> Result<(), Problem> {
        self.chapter("verify: the files against the ledger");
        self.output.text(indented(&verify::text(&self.site.verify()?)));
        Ok(())
    }

    fn roll_back(&self) -> Result<(), Problem> {
        self.chapter("rollback: the last patch goes");
        let session = self.site.begin(&Silent)?;
        let plan = self.site.plan_rollback(&Unwanted::Last, &Silent)?;
        self.output.text(indented(&taking_back::text(&plan, false, false)));
        let patches = session.roll_back(plan, BY, &Silent)?;
        self.say(&format!("{} was taken back; {}.", patches[0].patch, taking_back::now_at(&patches).join(", ")));
        Ok(())
    }

    fn end(&self, kept: Option<&Path>) -> Ended {
        let status = self.site.status()?;
        if let Some(folder) = kept {
            self.say(&format!("\nThe site stays in {0}: try `patchwright --site {0} history`.", folder.display()));
        }
        let history = self.site.history()?;
        self.output.json(json!({ "version": status.version, "history": history }));
        Ok(Exit::Done)
    }

    fn version(&self) -> Result<Version, Problem> {
        Ok(self.site.status()?.version)
    }

    fn chapter(&self, title: &str) {
        self.output.text(format_args!("\n{}\n", console::style(format!("== {title}")).bold()));
    }

    fn say(&self, text: &str) {
        self.output.text(format_args!("{text}\n"));
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
