//! Before an application starts: its site is at the version that it needs, whoever brings it there (B18).

use crate::databases::{Database, site_on};
use crate::world::World;
use serde_json::json;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

fn with_two_patches() -> World {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    world.patch("1.0.1", "1.0.2", "<add path='b.txt'/>", &[("files/b.txt", "b")]);
    world
}

/// Another engine at the same state folder.
fn another_run(world: &World) -> File {
    let lock = File::options().create(true).truncate(false).write(true).open(world.path(".patchwright/lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// Waits until the process says that it waits, sends it the signal, and gives its exit code.
fn called_off(mut waiting: Child) -> Option<i32> {
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.starts_with("waiting for another run: ")));
    let began = Instant::now();
    assert!(Command::new("kill").args(["-TERM", &waiting.id().to_string()]).status().unwrap().success());
    let code = waiting.wait().unwrap().code();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(3), "it took {took:?} to end");
    code
}

#[test]
fn a_site_is_brought_to_the_version_once_and_not_beyond() {
    let mut world = with_two_patches();
    world.run("ensure patches --to 1.0.1").run("ensure patches --to 1.0.1").run("ensure patches --to 1.0.1 --json");
    world.run("ensure patches --to 1.0.0").run("ensure patches --to 1.0.3").run("ensure patches");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn without_a_version_it_is_the_one_that_the_code_says_it_has() {
    // B1 B9 B18
    let world = with_two_patches();
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("{config}[version]\nfile = 'VERSION'\n"));
    world.write("public/VERSION", "1.0.2\n");
    assert_eq!(world.json("ready").1, 13);
    let (ended, code) = world.json("ensure patches");
    assert_eq!((code, &ended["version"]), (0, &json!("1.0.2")), "{ended}");
    assert_eq!(world.json("ready").1, 0);
}

#[test]
fn what_needs_a_person_is_refused_and_told_from_what_may_be_tried_again() {
    // B18 C45
    let mut world = World::with_site();
    let mine = format!("<overwrite path='index.php' md5='{}'/>", "0".repeat(32));
    world.patch("1.0.0", "1.0.1", &mine, &[("files/index.php", "new\n")]);
    world.run("ensure patches --to 1.0.1");
    let lock = another_run(&world);
    world.note("another run holds the site").run("ensure patches --to 1.0.1 --wait 0s");
    drop(lock);
    world.write("answers.toml", "[\"acme-1.0.1\"]\n\"local-change:index.php\" = \"take\"\n");
    world.note("it is through, and there are answers").run("ensure patches --to 1.0.1 --decisions answers.toml");
    assert_eq!(world.read("public/index.php"), "new\n");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn who_waits_goes_on_as_soon_as_the_other_run_is_through() {
    let world = with_two_patches();
    let lock = another_run(&world);
    let mut waiting = world.start(&["ensure", "patches", "--to", "1.0.2"]);
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line == "waiting for another run: another run is active on this site"));
    drop(lock);
    assert_eq!(waiting.wait().unwrap().code(), Some(0), "{:?}", said.collect::<Vec<_>>());
    assert_eq!(world.json("status").0["version"], "1.0.2");
}

#[test]
fn a_signal_ends_the_wait_at_once() {
    let world = with_two_patches();
    let _lock = another_run(&world);
    assert_eq!(called_off(world.start(&["ensure", "patches", "--to", "1.0.2"])), Some(24));
    assert_eq!(world.json("status").0["version"], "1.0.0");
}

#[test]
fn a_signal_ends_the_wait_for_an_engine_on_another_machine() {
    let database = Database::new();
    let world = site_on(&database);
    world.patch("1.0.0", "1.0.1", "<sql dialect='postgres'>CREATE TABLE {prefix}t (id int)<undo/></sql>", &[]);
    let mut other = database.connect(&database.url());
    other.lock("cms_patches_runs").unwrap();
    assert_eq!(called_off(world.start(&["ensure", "patches", "--to", "1.0.1"])), Some(24));
    other.unlock("cms_patches_runs").unwrap();
    assert_eq!(world.json("ensure patches --to 1.0.1").1, 0);
}

#[test]
fn a_database_s_server_that_is_not_up_is_waited_for_and_told() {
    // B18
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    world.write("public/index.php", "<?php\n");
    std::fs::create_dir(world.path(".patchwright")).unwrap();
    let config = format!("product = 'acme'\nroot = 'public'\ndatabase = 'postgres://cms@127.0.0.1:{port}/cms'\n");
    world.write("patchwright.toml", &config);
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    let (ended, code) = world.json("ensure patches --to 1.0.1 --wait 0s");
    let message = ended["error"]["message"].as_str().unwrap();
    assert!(code == 24 && message.starts_with("waited for 0 s, and the site's database can't be used: "), "{ended}");
    let mut waiting = world.start(&["ensure", "patches", "--to", "1.0.1"]);
    let mut said = BufReader::new(waiting.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.starts_with("waiting for the database: ")));
    assert!(Command::new("kill").args(["-TERM", &waiting.id().to_string()]).status().unwrap().success());
    assert_eq!(waiting.wait().unwrap().code(), Some(24));
}
