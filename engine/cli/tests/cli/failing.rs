//! Refusals and failures: what is said, the exit code, and the site afterwards (B17).

use crate::world::World;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Command;

#[test]
fn what_is_not_a_patch_is_refused() {
    let mut world = World::with_site();
    world.write("patches/readme.tar.gz", "hello");
    world.write("empty/notes.txt", "hello");
    world
        .run("apply patches --yes")
        .run("apply missing.tar --yes")
        .run("apply empty --yes")
        .run("show patches/readme.tar.gz");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_damaged_archive_is_refused() {
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    let archive = world.path("patches/acme-1.0.1.tar.gz");
    let bytes = std::fs::read(&archive).unwrap();
    std::fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
    world.run("apply patches --yes");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_blocker_of_the_preflight_leaves_the_site_untouched() {
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/><sql>SELEKT 1<undo/></sql>", &[("files/a.txt", "a")]);
    world.run("plan patches").run("apply patches --yes");
    assert!(!world.path("public/a.txt").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_that_fails_is_taken_back_and_those_before_it_stay() {
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    // The engine itself meets the trigger, when it records the patch: no rehearsal can see that.
    let trigger = "<add path='b.txt'/><sql>CREATE TRIGGER closed BEFORE INSERT ON patches_files_actions\n\
                   BEGIN SELECT RAISE(ABORT, 'closed'); END;<undo>DROP TRIGGER closed</undo></sql>";
    world.patch("1.0.1", "1.0.2", trigger, &[("files/b.txt", "b")]);
    world.run("apply patches --yes -q").run("status");
    assert!(world.path("public/a.txt").exists());
    assert!(!world.path("public/b.txt").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_failing_after_hook_leaves_the_patch_in_force_and_asks_for_attention() {
    // A44
    let mut world = World::with_site();
    let script = "fn upgrade() { fs::write(\"a.txt\", \"a\"); }\nfn after() { throw \"no cache\"; }\n";
    world.patch("1.0.0", "1.0.1", "<script/>", &[("upgrade.rhai", script)]);
    world.run("apply patches --yes").run("status");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_run_that_is_called_off_is_taken_back() {
    let world = World::with_site();
    let slow = "<sql>INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i &lt; 30000)\n\
                SELECT i FROM n<undo/></sql>";
    let steps = format!("<sql>CREATE TABLE item (id INTEGER)<undo/></sql>{}", slow.repeat(60));
    world.patch("1.0.0", "1.0.1", &steps, &[]);
    let mut running = world.start(&["apply", "patches", "--yes"]);
    let mut said = BufReader::new(running.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line == "the gate is shut"));
    let sent = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let said: Vec<String> = said.collect();
    assert_eq!(running.wait().unwrap().code(), Some(30), "{said:?}");
    assert!(said.iter().any(|line| line == "error: the run was called off"), "{said:?}");
    assert_eq!(world.json("status").0["version"], "1.0.0");
}

#[test]
fn a_second_run_is_refused_while_the_first_one_holds_the_site() {
    let mut world = World::with_site();
    let lock = File::options().create(true).truncate(false).write(true).open(world.path(".patchwright/lock")).unwrap();
    lock.lock().unwrap();
    world.run("recover").run("status");
    insta::assert_snapshot!(world.transcript());
}
