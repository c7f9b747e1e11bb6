//! The road on a real disk: a patch goes from archive to ledger, and back.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

mod site;

use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Engine, Silent, SiteState, Unwanted};
use patchwright_step_files::FileSteps;
use patchwright_step_sql::SqlSteps;
use patchwright_step_text::TextSteps;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A site in a folder that goes with the test.
struct World {
    folder: tempfile::TempDir,
    engine: Engine,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("public");
        fs::create_dir_all(root.join("tools")).unwrap();
        fs::write(root.join("index.php"), "one\n").unwrap();
        fs::write(root.join("tools/old.php"), "old\n").unwrap();
        fs::write(root.join("tools/edit.php"), "alpha\nbeta\ngamma\n").unwrap();
        let engine =
            Engine::builder().step_kind(FileSteps).step_kind(TextSteps).step_kind(SqlSteps).dialect(Sqlite).build();
        site::make(&engine, folder.path());
        Self { folder, engine }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    fn pack(&self, steps: &str, files: &[(&str, &str)]) -> PathBuf {
        let manifest = format!(
            "<patch format='1' product='acme' id='acme-1.1' from='1.0' to='1.1' severity='security'>\
             <title>A fix</title><steps>{steps}</steps></patch>"
        );
        let path = self.folder.path().join("acme-1.1.tar");
        let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
        for (name, text) in [("patch.xml", manifest.as_str())].iter().chain(files) {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap();
        path
    }

    /// Every path below the root with its mode and bytes.
    fn tree(&self) -> Vec<(String, u32, Vec<u8>)> {
        let mut tree = Vec::new();
        let mut waiting = vec![self.root()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let about = fs::symlink_metadata(&path).unwrap();
                let bytes = if about.is_dir() { Vec::new() } else { fs::read(&path).unwrap() };
                let name = path.strip_prefix(self.root()).unwrap().display().to_string();
                tree.push((name, about.permissions().mode() & 0o7777, bytes));
                if about.is_dir() {
                    waiting.push(path);
                }
            }
        }
        tree.sort();
        tree
    }
}

fn sum(text: &str) -> String {
    patchwright_engine::site::tree::sha256_of(text.as_bytes()).to_string()
}

fn md5(text: &str) -> String {
    patchwright_engine::site::tree::md5_of(text.as_bytes()).to_string()
}

fn all_kinds(world: &World) -> PathBuf {
    let steps = format!(
        "<sql>CREATE TABLE item (id INTEGER); INSERT INTO item VALUES (1)<undo>DROP TABLE item</undo></sql>\
         <overwrite path='index.php' md5='{}' sha256='{}' mode='600'/>\
         <add path='new/deep/file.php' sha256='{}' mode='755'/>\
         <add path='var/cache' directory='true' mode='700'/>\
         <alter path='tools/edit.php'><replace><from>beta</from><to>BETA</to></replace></alter>\
         <delete path='tools/old.php' md5='{}'/>",
        md5("one\n"),
        sum("two\n"),
        sum("deep\n"),
        md5("old\n")
    );
    world.pack(&steps, &[("files/index.php", "two\n"), ("files/new/deep/file.php", "deep\n")])
}

#[test]
fn a_patch_goes_from_archive_to_ledger_and_back() {
    // A8 A9 A10 A13 A14 A15 B10 C24 C52
    let world = World::new();
    let before = world.tree();
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(&[all_kinds(&world)], &Wanted::default(), &Silent).unwrap();
    assert_eq!(plan.findings().count(), 0, "{:?}", plan.findings().collect::<Vec<_>>());
    assert_eq!(world.tree(), before, "planning changed the site");
    let outcome = session.apply(&plan, "test", &Silent);
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.receipts[0].version.to_string(), "1.1");
    assert_eq!(fs::read_to_string(world.root().join("tools/edit.php")).unwrap(), "alpha\nBETA\ngamma\n");
    assert!(!world.root().join("tools/old.php").exists());
    assert_ne!(world.tree(), before);
    drop(session);
    assert_eq!(site.status().unwrap().version.to_string(), "1.1");
    assert!(site.status().unwrap().gate.is_open());
    assert!(site.verify().unwrap().is_clean());

    let session = site.begin(&Silent).unwrap();
    let back = site.plan_rollback(&Unwanted::Last, &Silent).unwrap();
    session.roll_back(back, "test", &Silent).unwrap();
    assert_eq!(world.tree(), before, "the way back ended elsewhere");
    assert_eq!(site.status().unwrap().version.to_string(), "1.0");
    assert_eq!(fs::read_dir(world.folder.path().join(".patchwright/kept")).unwrap().count(), 0);
}

#[test]
fn who_reads_a_file_while_it_is_replaced_sees_the_old_or_the_new_one() {
    // B12
    let world = World::new();
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(&[all_kinds(&world)], &Wanted::default(), &Silent).unwrap();
    let file = world.root().join("index.php");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                seen.insert(fs::read_to_string(&file).unwrap());
            }
            seen.insert(fs::read_to_string(&file).unwrap());
            seen
        });
        let outcome = session.apply(&plan, "test", &Silent);
        done.store(true, Ordering::Relaxed);
        assert_eq!(outcome.failure, None);
        let seen = reader.join().unwrap();
        assert!(seen.contains("two\n"), "{seen:?}");
        assert!(seen.iter().all(|text| text == "one\n" || text == "two\n"), "{seen:?}");
    });
}

#[test]
fn a_statement_that_fails_takes_the_whole_patch_back() {
    // C41
    let world = World::new();
    let before = world.tree();
    let steps = format!(
        "<add path='a.php' sha256='{}'/><sql>CREATE TABLE item (id INTEGER UNIQUE);\nINSERT INTO nowhere VALUES (1)</sql>",
        sum("a")
    );
    let archive = world.pack(&steps, &[("files/a.php", "a")]);
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(&[archive], &Wanted::default(), &Silent).unwrap();
    let blockers: Vec<_> = plan.blockers().collect();
    assert_eq!(blockers.len(), 1, "{blockers:?}");
    assert!(blockers[0].1.message.contains("nowhere"), "{blockers:?}");
    assert_eq!(blockers[0].1.position.as_ref().map(|at| at.line), Some(2));
    let outcome = session.apply(&plan, "test", &Silent);
    assert_eq!(outcome.failure.map(|failure| failure.state), Some(SiteState::Untouched));
    assert_eq!(world.tree(), before);
}

#[test]
fn a_site_that_changed_since_the_plan_is_left_alone() {
    let world = World::new();
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(&[all_kinds(&world)], &Wanted::default(), &Silent).unwrap();
    fs::write(world.root().join("tools/edit.php"), "alpha\nbeta\nmine\n").unwrap();
    let changed = world.tree();
    let failure = session.apply(&plan, "test", &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::TakenBack);
    assert!(failure.error.message.contains("tools/edit.php"), "{failure}");
    assert_eq!(world.tree(), changed);
    assert!(site.gate().closure().unwrap().is_open());
}

#[test]
fn one_flipped_byte_is_asked_about_and_nothing_is_changed() {
    // A16
    let world = World::new();
    fs::write(world.root().join("index.php"), "mine\n").unwrap();
    let before = world.tree();
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(&[all_kinds(&world)], &Wanted::default(), &Silent).unwrap();
    let asked: Vec<_> = plan.open_questions().map(|(_, _, question)| question.id.clone()).collect();
    assert_eq!(asked, ["local-change:index.php"]);
    let failure = session.apply(&plan, "test", &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::Undecided);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_second_session_is_told_that_another_run_is_active() {
    let world = World::new();
    let site = world.engine.open(world.folder.path()).unwrap();
    let _session = site.begin(&Silent).unwrap();
    let other = world.engine.open(world.folder.path()).unwrap();
    assert_eq!(other.begin(&Silent).err().map(|failure| failure.state), Some(SiteState::Busy));
}

#[test]
fn the_state_folder_is_for_its_owner_alone() {
    let world = World::new();
    let mode = fs::metadata(Path::new(&world.folder.path().join(".patchwright"))).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
