//! What the first release wrote is read by every later one, and what a later one wrote is left alone by this (A18).

use acceptance::{Fault, SimSite, reference};
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::journal::count_changes;
use patchwright_engine::{Engine, Silent, SiteState, Unwanted};
use patchwright_hooks_api::{ConnectSpec, Dialect, ErrorKind, Statement};
use std::fs;
use std::path::Path;

const FORMATS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/formats");

#[test]
fn a_ledger_of_the_first_format_is_read_verified_and_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let (root, state) = (folder.path().join("public"), folder.path().join(".patchwright"));
    fs::create_dir_all(&root).unwrap();
    fs::create_dir_all(&state).unwrap();
    fs::write(folder.path().join("patchwright.toml"), "product = \"acme\"\nroot = \"public\"\n").unwrap();
    fs::write(root.join("b.txt"), "new\n").unwrap();
    make_ledger(&state.join("ledger.db"));
    let engine = Engine::builder().dialect(Sqlite).build();
    let site = engine.open(folder.path()).unwrap();
    assert_eq!(site.status().unwrap().version, "3".parse().unwrap());
    let patches: Vec<String> = site.history().unwrap().into_iter().map(|row| row.patch).collect();
    assert_eq!(patches, ["baseline", "acme-2", "acme-3"]);
    assert!(site.audit_ledger().unwrap().is_clean());
    assert!(site.verify().unwrap().is_clean());
    drop(site.begin(&Silent).unwrap());
    assert!(site.audit_ledger().unwrap().is_clean(), "what a later engine adds is sealed too");
    assert!(site.plan_rollback(&Unwanted::Last, &Silent).is_ok());
}

fn make_ledger(file: &Path) {
    let script = fs::read_to_string(Path::new(FORMATS).join("ledger-1.sql")).unwrap();
    let pieces = patchwright_hooks_api::statements::split(&script, &Sqlite.info().lexical).unwrap();
    let spec = ConnectSpec { url: format!("sqlite:{}", file.display()), create: true };
    let mut connection = Sqlite.connect(&spec).unwrap();
    for piece in pieces {
        connection.execute(&Statement::new(piece.text)).unwrap();
    }
}

#[test]
fn a_journal_of_the_first_format_is_read() {
    let journal = fs::read(Path::new(FORMATS).join("journal-1")).unwrap();
    assert_eq!(count_changes(&journal).unwrap(), 1);
}

#[test]
fn a_ledger_of_a_later_format_is_refused_and_left_alone() {
    let site = SimSite::new(true);
    let archive = reference();
    let start = site.patched(&[archive.path()]);
    let turn = site.turn(&start, Fault::None);
    turn.execute("UPDATE patches_format SET format = 2, engine = '7.0'");
    let before = turn.picture();
    let failure = turn.site.begin(&Silent).map(drop).unwrap_err();
    assert_eq!((failure.state, failure.error.kind), (SiteState::Untouched, ErrorKind::Unsupported));
    assert_eq!(
        failure.error.to_string(),
        "the ledger is of format 2, which patchwright 7.0 wrote, and this one reads up to 1"
    );
    assert!(turn.picture() == before);
}
