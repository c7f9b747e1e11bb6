//! Whether the database suits the code, and whether the application may serve.

use crate::world::World;
use serde_json::json;

/// A site at 1.0.0 whose code says its version.
fn with_version(code: &str) -> World {
    let world = World::with_site();
    let config = world.read("patchwright.toml");
    let pattern = "file = 'version.php'\npattern = \"define('VERSION', '{version}')\"\n";
    world.write("patchwright.toml", &format!("{config}[version]\n{pattern}"));
    world.write("public/version.php", &format!("<?php\ndefine('VERSION',  '{code}');\n"));
    world
}

#[test]
fn a_database_that_is_older_or_newer_than_the_code_is_told_by_status_and_ready() {
    // B1 B3 B9
    for (code, agreement, exit) in [
        ("1.0.0", "agreed", 0),
        ("1.0.1", "database-older", 13),
        ("0.9", "database-newer", 14),
        ("1.0.0.0", "agreed", 0),
    ] {
        let world = with_version(code);
        let (status, status_exit) = world.json("status");
        assert_eq!((&status["agreement"], status_exit), (&json!(agreement), exit), "{status}");
        let (ready, ready_exit) = world.json("ready");
        assert_eq!((&ready["ready"], ready_exit), (&json!(exit == 0), exit), "{ready}");
    }
}

#[test]
fn the_update_that_the_code_needs_is_named_and_brought_by_one_command() {
    // B1 B9 B10
    let mut world = with_version("1.2.0");
    world.run("status").run("ready");
    world.patch("1.0.0", "1.1.0", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    world.patch("1.1.0", "1.2.0", "<add path='b.txt'/>", &[("files/b.txt", "b")]);
    world.run("apply patches --yes -q").run("ready").run("ready -q");
    world.write("public/version.php", "<?php\ndefine('VERSION', '1.1.0');\n");
    world.note("the code is put back").run("status").run("ready");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_fix_that_keeps_the_code_s_version_suits_it() {
    // B1
    let world = with_version("1.0.0");
    world.patch("1.0.0", "1.0.0+fix.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    assert_eq!(world.json("ready").1, 0);
}

#[test]
fn an_application_is_not_ready_while_its_gate_is_shut_or_its_version_can_not_be_told() {
    // B9
    let mut world = with_version("1.0.0");
    world.run("maintenance on moving").run("ready").run("maintenance off");
    world.write("public/version.php", "<?php\n");
    world.run("ready");
    insta::assert_snapshot!(world.transcript());
}
