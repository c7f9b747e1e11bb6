//! Scripts that try what a script must not: one file each, whose first line says how it is refused and where.
//!
//! `// refused: KIND at LINE:COLUMN` ends the hook; `// caught: KIND at LINE:COLUMN` is caught by the script, which goes on, and is
//! in the operator's report all the same. `tests/suite/scripts.rs` lets the engine meet them on a whole site.

use super::parse;
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{Error, Level, Rows, Statement, Step, Value};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/hostile-scripts")
}

/// Every script below the folder with the name of its file, sorted.
fn scripts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for kind in std::fs::read_dir(folder()).unwrap() {
        for file in std::fs::read_dir(kind.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(folder()).unwrap().display().to_string();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What a hostile script finds: files, a link, a gate that is the engine's, and rows.
fn site() -> FakeSite {
    let rows = |statement: &Statement| {
        let count = if statement.text.contains("many") { 20_001 } else { 2 };
        Ok(Rows { columns: vec!["id".into()], rows: vec![vec![Value::Integer(1)]; count] })
    };
    FakeSite::new()
        .file("index.php", "<?php")
        .file("uploads/a.txt", "a")
        .file("linked/b.txt", "b")
        .link("link")
        .link("linked/link")
        .payload("files/x", "x")
        .payload("files/secret", "x")
        .with_facts(|facts| facts.gate_flag = Some("maintenance.flag".parse().unwrap()))
        .on_query(rows)
}

/// How the script ends, whichever hooks it has.
fn outcome(source: &str, site: &mut FakeSite) -> Result<(), Error> {
    let step: Box<dyn Step> = parse(self::site(), source, "<script><uses payload='files/x'/></script>")?;
    step.check(site)?;
    step.apply(site)?;
    step.verify(site)?;
    step.downgrade(site)
}

/// What is wrong with how the script was dealt with, if anything is.
fn fault(name: &str, source: &str) -> Option<String> {
    let expected = source.lines().next()?.strip_prefix("// ")?;
    let mut site = site();
    let before = site.snapshot();
    let outcome = outcome(source, &mut site);
    let seen = match &outcome {
        Err(error) => {
            let at = error.position.as_ref().map(|at| format!("{}:{}", at.line, at.column)).unwrap_or_default();
            let kind = format!("{:?}", error.kind).to_lowercase();
            format!("refused: {kind} at {at}")
        }
        Ok(()) => {
            let told = site.logged().into_iter().find(|(level, _)| *level == Level::Warn).map(|(_, told)| told);
            let place = told
                .as_deref()
                .and_then(|told| told.strip_prefix("upgrade.rhai:")?.split(": ").next().map(str::to_owned));
            // The report has no kinds: the expected one is for the reader.
            let kind = expected.split(' ').nth(1).unwrap_or_default();
            format!("caught: {kind} at {}", place.unwrap_or_default())
        }
    };
    // Limits are reached by doing much that is allowed; the engine takes that back.
    let is_untouched = name.starts_with("limits/") || site.snapshot() == before;
    match seen == expected {
        true if is_untouched => None,
        true => Some(format!("{name}: the site was changed")),
        false => Some(format!("{name}: {expected}, but {seen} ({outcome:?})")),
    }
}

#[test]
fn each_hostile_script_is_refused_where_it_says_and_changes_nothing() {
    // A17
    let scripts = scripts();
    assert!(scripts.len() >= 150, "{}", scripts.len());
    let (left, faults) = (Mutex::new(scripts), Mutex::new(Vec::new()));
    let work = || {
        while let Some((name, source)) = { left.lock().unwrap().pop() } {
            faults.lock().unwrap().extend(fault(&name, &source));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(work);
        }
    });
    let mut faults = faults.into_inner().unwrap();
    faults.sort();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
