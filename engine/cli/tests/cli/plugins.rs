//! Dialects from shared libraries: good ones, and every kind of bad one.

use crate::world::World;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const HEADERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../hooks-api/include");
const PLUGIN_IN_C: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/plugins/plugin.c");

/// The library of the dialect that misbehaves: cargo has built it beside these tests, which depend on it.
pub(crate) fn unruly() -> PathBuf {
    let library = std::env::current_exe().unwrap().with_file_name("libpatchwright_dialect_unruly.so");
    assert!(library.is_file(), "{} is missing", library.display());
    library
}

/// Compiles the plugin in C with one fault, or without.
fn plugin_in_c(world: &World, fault: &str) -> PathBuf {
    let library = world.path(&format!("{fault}.so"));
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-unused", "-Werror", "-I", HEADERS])
        .arg(format!("-DFAULT_{fault}"))
        .arg("-o")
        .arg(&library)
        .arg(PLUGIN_IN_C)
        .status();
    assert!(built.unwrap().success(), "the plugin in C can't be compiled");
    library
}

fn sum(world: &World, library: &Path) -> String {
    let (said, code) = world.json(&format!("plugin inspect {}", library.display()));
    assert_eq!(code, 0, "{said}");
    said["sha256"].as_str().unwrap().to_owned()
}

/// A site at 1.0.0 whose database is spoken to by the unruly dialect.
pub(crate) fn site(isolate: bool, timeout: &str) -> World {
    let world = World::new();
    world.write("public/index.php", "<?php echo 'hello';\n");
    let library = world.path("libunruly.so");
    fs::copy(unruly(), &library).unwrap();
    fs::set_permissions(&library, fs::Permissions::from_mode(0o644)).unwrap();
    let sum = sum(&world, &library);
    let made = Command::new("sqlite3").arg(world.path("cms.db")).arg("CREATE TABLE item (id INTEGER)").status();
    assert!(made.unwrap().success());
    let made = world.command(&[
        "init",
        "--root",
        "public",
        "--product",
        "acme",
        "--version",
        "1.0.0",
        "--database",
        "sqlite:cms.db",
    ]);
    assert!(made.status.success(), "{made:?}");
    let config =
        world.read("patchwright.toml").replace("sqlite:cms.db", &format!("unruly:{}", world.path("cms.db").display()));
    let dialect = format!(
        "\n[[dialect]]\nname = \"unruly\"\nlibrary = \"libunruly.so\"\nsha256 = \"{sum}\"\nisolate = {isolate}\ntimeout = \"{timeout}\"\n"
    );
    world.write("patchwright.toml", &(config + &dialect));
    world
}

fn patch_that_asks_for(world: &World, trouble: &str) {
    let steps = format!(
        "<add path='a.txt'/><sql>INSERT INTO item VALUES (1); INSERT INTO item /* unruly: {trouble} */ VALUES (2)<undo/></sql>"
    );
    world.patch("1.0.0", "1.0.1", &steps, &[("files/a.txt", "a")]);
}

fn rows(world: &World) -> String {
    let said = Command::new("sqlite3").arg(world.path("cms.db")).arg("SELECT count(*) FROM item").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_site_works_with_a_dialect_from_a_library_in_this_process_and_in_its_own() {
    for isolate in [false, true] {
        let world = site(isolate, "10s");
        patch_that_asks_for(&world, "nothing");
        let (applied, code) = world.json("apply patches --yes");
        assert_eq!(code, 0, "{applied}");
        assert_eq!(rows(&world), "2");
        assert_eq!(world.json("rollback --yes").1, 0);
        assert!(!world.path("public/a.txt").exists());
    }
}

#[test]
fn what_an_isolated_plugin_does_to_itself_is_an_error_and_the_site_is_untouched() {
    for (trouble, said) in [
        ("panic", "the plugin panicked: somebody told me to"),
        ("abort", "the plugin's process has ended: signal: 6"),
        ("exit", "the plugin's process has ended: exit status: 0"),
        ("overflow", "the plugin's process has ended: signal: "),
        ("hang", "the plugin gave no answer for 2 s and was stopped"),
    ] {
        let world = site(true, "2s");
        patch_that_asks_for(&world, trouble);
        let (answer, code) = world.json("apply patches --yes");
        assert_eq!(code, 20, "{trouble}: {answer}");
        assert!(answer.to_string().contains(said), "{trouble}: {answer}");
        assert_eq!((rows(&world).as_str(), world.path("public/a.txt").exists()), ("0", false), "{trouble}");
        assert_eq!(world.json("status").0["version"], "1.0.0", "{trouble}");
    }
}

#[test]
fn a_dialect_that_can_not_take_back_what_it_says_it_can_is_found_out_by_the_rehearsal() {
    for isolate in [false, true] {
        let world = site(isolate, "10s");
        let steps = "<add path='a.txt'/><sql>CREATE TABLE extra /* unruly: keep */ (id INTEGER)<undo/></sql>";
        world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a")]);
        let (answer, code) = world.json("apply patches --yes");
        assert_eq!(code, 20, "{answer}");
        assert!(answer.to_string().contains("the dialect unruly says that a transaction takes"), "{answer}");
        assert!(answer.to_string().contains("the table extra was not expected"), "{answer}");
        assert_eq!((world.path("public/a.txt").exists(), &world.json("status").0["version"]), (false, &"1.0.0".into()));
    }
}

#[test]
fn ctrl_c_ends_a_statement_that_runs_and_the_site_is_before() {
    for (isolate, trouble) in [(false, "long"), (true, "long"), (true, "hang")] {
        let world = site(isolate, "1h");
        patch_that_asks_for(&world, trouble);
        let running = world.start(&["apply", "patches", "--yes"]);
        std::thread::sleep(Duration::from_millis(1500));
        let since = Instant::now();
        let told = Command::new("kill").args(["-INT", &running.id().to_string()]).status();
        assert!(told.unwrap().success());
        let ended = running.wait_with_output().unwrap();
        assert!(since.elapsed() < Duration::from_secs(9), "{isolate} {trouble}: it went on");
        assert!([Some(20), Some(30)].contains(&ended.status.code()), "{isolate} {trouble}: {ended:?}");
        assert_eq!((rows(&world).as_str(), world.path("public/a.txt").exists()), ("0", false), "{isolate} {trouble}");
        assert_eq!(world.json("status").0["version"], "1.0.0");
    }
}

#[test]
fn a_panic_in_this_process_is_an_error_too() {
    let world = site(false, "10s");
    patch_that_asks_for(&world, "panic");
    let (answer, code) = world.json("apply patches --yes");
    assert_eq!(code, 20, "{answer}");
    assert!(answer.to_string().contains("somebody told me to"), "{answer}");
    assert_eq!(rows(&world), "0");
}

#[test]
fn a_plugin_that_prints_does_not_get_into_the_protocol() {
    let world = site(true, "10s");
    patch_that_asks_for(&world, "print");
    assert_eq!(world.json("apply patches --yes").1, 0);
    assert_eq!(rows(&world), "2");
}

#[test]
fn an_engine_that_is_killed_takes_a_stuck_plugin_and_its_locks_along() {
    let world = site(true, "1h");
    patch_that_asks_for(&world, "hang");
    let mut running = world.start(&["apply", "patches", "--yes"]);
    std::thread::sleep(Duration::from_millis(1500));
    running.kill().unwrap();
    running.wait().unwrap();
    patch_that_asks_for(&world, "nothing");
    let since = Instant::now();
    let (answer, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{answer}");
    assert!(since.elapsed() < Duration::from_secs(4), "somebody still held the database");
}

#[test]
fn a_library_that_is_not_the_one_that_was_pinned_is_never_loaded() {
    type Spoil = fn(&World);
    let spoil: [(Spoil, &str); 4] = [
        (
            |world| fs::set_permissions(world.path("libunruly.so"), fs::Permissions::from_mode(0o666)).unwrap(),
            "others may write to",
        ),
        (|world| fs::write(world.path("libunruly.so"), "another").unwrap(), "has the sum"),
        (|world| fs::remove_file(world.path("libunruly.so")).unwrap(), "can't read the library"),
        (
            |world| {
                let config = world.read("patchwright.toml").replace("name = \"unruly\"", "name = \"other\"");
                world.write("patchwright.toml", &config);
            },
            "is the dialect unruly",
        ),
    ];
    for isolate in [false, true] {
        for (spoil, said) in spoil {
            let world = site(isolate, "10s");
            spoil(&world);
            let (answer, code) = world.json("status");
            assert_ne!(code, 0);
            assert!(answer.to_string().contains(said), "{answer}");
        }
    }
}

#[test]
fn a_site_on_another_database_is_made_known_with_the_library_that_speaks_to_it() {
    let world = World::new();
    world.write("public/index.php", "<?php echo 'hello';\n");
    let made = Command::new("sqlite3").arg(world.path("cms.db")).arg("CREATE TABLE item (id INTEGER)").status();
    assert!(made.unwrap().success());
    let (library, url) = (world.path("libunruly.so"), format!("unruly:{}", world.path("cms.db").display()));
    fs::copy(unruly(), &library).unwrap();
    fs::set_permissions(&library, fs::Permissions::from_mode(0o644)).unwrap();
    let init = ["init", "--root", "public", "--product", "acme", "--version", "1.0.0", "--database", &url];
    assert!(!world.command(&init).status.success());
    let made = world.command(&[&init[..], &["--dialect", "libunruly.so"]].concat());
    assert!(made.status.success(), "{made:?}");
    let config = world.read("patchwright.toml");
    assert!(config.contains(&sum(&world, &library)) && config.contains("isolate = true"), "{config}");
    patch_that_asks_for(&world, "nothing");
    assert_eq!(world.json("apply patches --yes").1, 0);
    assert_eq!(rows(&world), "2");
}

#[test]
fn a_plugin_in_c_is_known_by_the_header_alone() {
    let world = World::new();
    let library = plugin_in_c(&world, "FREE");
    let (said, code) = world.json(&format!("plugin inspect {}", library.display()));
    assert_eq!((code, &said["name"], &said["abi"]), (0, &"c".into(), &"1.0".into()), "{said}");
    // It answers, though it keeps none of the contract.
    let (said, code) = world.json(&format!("plugin test {} --database c:", library.display()));
    assert_eq!(code, 20, "{said}");
    assert!(said.to_string().contains("C does not do that"), "{said}");
}

#[test]
fn a_library_that_is_no_plugin_or_a_bad_one_is_refused_with_the_reason() {
    let world = World::new();
    for (fault, said) in [
        ("NOTHING", "undefined symbol: patchwright_plugin_v1"),
        ("MAGIC", "it is no plugin"),
        ("SHORT", "has 16 bytes"),
        ("ABI", "the plugin ABI 99"),
        ("CLOSED", "the client library is not installed"),
        ("GARBAGE", "a reply that can't be read"),
        ("BROKEN", "did not answer, and gave 42"),
        ("HUGE", "a reply of more than"),
    ] {
        let library = plugin_in_c(&world, fault);
        let (answer, code) = world.json(&format!("plugin test {} --database c:", library.display()));
        assert_ne!(code, 0);
        assert!(answer.to_string().contains(said), "{fault}: {answer}");
    }
    world.write("text.so", "no library at all");
    let (answer, _) = world.json("plugin inspect text.so");
    assert!(answer.to_string().contains("can't load the library"), "{answer}");
}

#[test]
fn a_plugin_whose_panics_would_end_the_engine_runs_isolated_only() {
    let world = World::with_site();
    let library = plugin_in_c(&world, "ABORTS");
    let inspected = String::from_utf8(world.command(&["plugin", "inspect", library.to_str().unwrap()]).stdout).unwrap();
    assert!(inspected.contains("isolate = true"), "{inspected}");
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &(config.clone() + &inspected.replace("isolate = true\n", "")));
    let (answer, code) = world.json("status");
    assert_eq!(code, 20, "{answer}");
    assert!(answer.to_string().contains("would end the whole program"), "{answer}");
    world.write("patchwright.toml", &(config + &inspected));
    assert_eq!(world.json("status").1, 0);
}

#[test]
fn plugins_are_listed_with_where_they_come_from() {
    let world = site(true, "10s");
    let said = String::from_utf8(world.command(&["plugin", "list", "-q"]).stdout).unwrap();
    let mut lines = said.lines();
    assert!(lines.next().unwrap().starts_with("unruly       unruly"), "{said}");
    assert!(lines.any(|line| line.starts_with("sqlite       sqlite") && line.ends_with("bundled")), "{said}");
}
