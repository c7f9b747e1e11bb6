//! The commands that look at a site, and those that keep it.

use crate::world::World;

#[test]
fn a_site_is_made_known_and_looked_at() {
    // A41 B13 B16
    let mut world = World::new();
    world.write("public/index.php", "<?php\n");
    world
        .run("status")
        .run("init --root public --product acme --version 1.0.0")
        .run("init --root public --product acme --version 1.0.0")
        .run("status")
        .run("doctor")
        .run("history")
        .run("verify");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn an_init_that_was_cut_off_says_what_to_do_and_goes_on() {
    let mut world = World::new();
    world.write("public/index.php", "<?php\n");
    world.run("init --root public --product acme --version 1.0.0");
    std::fs::remove_file(world.path(".patchwright/ledger.db")).unwrap();
    world.write("patchwright.toml.new", "product = \"ac");
    world
        .note("it was cut off before the ledger, and another one before the configuration")
        .run("status")
        .run("doctor")
        .run("init --root public --product acme --version 2.0.0 --table-prefix x_")
        .run("init --root public --product acme --version 1.0.0")
        .run("status");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_state_folder_that_the_web_could_reach_is_refused() {
    let mut world = World::new();
    world.run("init --root . --product acme --version 1.0.0");
    assert!(!world.path("patchwright.toml").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_owner_shuts_the_gate_and_opens_it() {
    // A41 B16
    let mut world = World::with_site();
    world
        .run("maintenance status")
        .run("maintenance on 'moving house'")
        .run("status")
        .run("doctor")
        .run("maintenance off")
        .run("maintenance status --json");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_tree_that_differs_from_the_ledger_is_told() {
    let mut world = World::with_site();
    world.patch(
        "1.0.0",
        "1.0.1",
        "<add path='a.txt'/><add path='b.txt'/>",
        &[("files/a.txt", "a"), ("files/b.txt", "b")],
    );
    world.run("apply patches --yes").run("verify");
    world.write("public/a.txt", "other");
    std::fs::remove_file(world.path("public/b.txt")).unwrap();
    world.note("a.txt is changed, b.txt is removed").run("verify").run("verify --json");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_a_crash_left_is_recovered() {
    // A41
    let mut world = World::with_site();
    world.write(
        ".patchwright/gate.json",
        r#"{"run": {"since": "2026-01-01T00:00:00Z", "by": "tester", "message": "upgrading acme"}}"#,
    );
    world.note("a run was cut off while the gate was shut").run("status").run("doctor").run("recover").run("status");
    insta::assert_snapshot!(world.transcript());
}
