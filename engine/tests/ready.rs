//! What an application asks before it serves is answered at once (B9).

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

#[path = "../examples/ready.rs"]
#[allow(dead_code, reason = "the test calls what the example's main calls")]
mod ready;
mod site;

use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::Engine;
use std::time::Duration;

#[test]
fn an_application_is_told_whether_it_may_serve_within_five_milliseconds() {
    // B1 B3 B9
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("public")).unwrap();
    let engine = Engine::builder().dialect(Sqlite).build();
    site::make(&engine, folder.path());
    let site = engine.open(folder.path()).unwrap();
    let answers = (0..20).map(|_| ready::ask(&site).unwrap());
    let (obstacles, took) = answers.min_by_key(|(_, took)| *took).unwrap();
    assert!(obstacles.is_empty(), "{obstacles:?}");
    assert!(took < Duration::from_millis(5), "{took:?}");
}
