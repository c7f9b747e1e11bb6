//! Asks whether an application may serve, as it does before it opens its listener, and says what that took.
//!
//! `cargo run --example ready -- SITE` asks the site that `patchwright init` has made.

use anyhow::{Context, Result};
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::{Engine, Obstacle, Site};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Why the application must not serve, and how long the answer took.
pub(crate) fn ask(site: &Site) -> Result<(Vec<Obstacle>, Duration)> {
    let began = Instant::now();
    let obstacles = site.obstacles()?;
    Ok((obstacles, began.elapsed()))
}

#[allow(clippy::print_stdout, reason = "an example has a terminal")]
fn main() -> Result<()> {
    let at = std::env::args_os().nth(1).map(PathBuf::from).context("ready SITE")?;
    let engine = Engine::builder().dialect(Sqlite).build();
    let began = Instant::now();
    let site = engine.open(&at)?;
    println!("opened in {:?}", began.elapsed());
    // An application that is asked again and again keeps the site open.
    for _ in 0..3 {
        let (obstacles, took) = ask(&site)?;
        obstacles.iter().for_each(|obstacle| println!("not ready: {}", obstacle.message));
        println!("{} in {took:?}", if obstacles.is_empty() { "ready" } else { "asked" });
    }
    Ok(())
}
