//! Embeds the engine: opens a site, plans, applies with an operator of its own, and listens.
//!
//! `cargo run --example embed -- SITE PATCH…` applies the patches to the site that `patchwright init` has made.

use anyhow::{Context, Result};
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Answer, Asked, Engine, Event, Operator};
use patchwright_step_files::FileSteps;
use patchwright_step_script::ScriptSteps;
use patchwright_step_sql::SqlSteps;
use patchwright_step_text::TextSteps;
use std::path::{Path, PathBuf};

/// Tells what happens, and keeps every file that was changed locally.
struct Keeper<F: Fn(&str) + Send + Sync>(F);

impl<F: Fn(&str) + Send + Sync> Operator for Keeper<F> {
    fn event(&self, event: &Event) {
        match event {
            Event::Staging { step, of, summary, .. } => (self.0)(&format!("{step}/{of} {summary}")),
            Event::Committed { version, .. } => (self.0)(&format!("now at {version}")),
            _ => {}
        }
    }

    fn answer(&self, asked: &Asked<'_>) -> Option<Answer> {
        asked.question.id.starts_with("local-change:").then(|| Answer::Word("keep".to_owned()))
    }
}

/// Applies the patches to the site in this folder, and gives the version that it is at then.
pub(crate) fn run(site: &Path, patches: &[PathBuf], tell: impl Fn(&str) + Send + Sync) -> Result<String> {
    let engine = Engine::builder()
        .step_kind(FileSteps)
        .step_kind(TextSteps)
        .step_kind(SqlSteps)
        .step_kind(ScriptSteps)
        .dialect(Sqlite)
        .build();
    let operator = Keeper(tell);
    let site = engine.open(site)?;
    let session = site.begin(&operator)?;
    let plan = session.plan(patches, &Wanted::default(), &operator)?;
    let outcome = session.apply(&plan, "embed", &operator);
    outcome.failure.map_or(Ok(()), Err)?;
    Ok(site.status()?.version.to_string())
}

#[allow(clippy::print_stdout, reason = "an example has a terminal")]
fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let site = arguments.next().context("embed SITE PATCH…")?;
    let version = run(&site, &arguments.collect::<Vec<_>>(), |line| println!("{line}"))?;
    println!("{} is at {version}", site.display());
    Ok(())
}
