//! A product and its components, patched independently: each has a version of its own.

use crate::world::World;
use serde_json::{Value, json};

/// The site `acme 1.0.0` with the forum 2.0.
fn with_forum() -> World {
    let world = World::new();
    world.write("public/index.php", "<?php echo 'hello';\n");
    let known = ["init", "--root", "public", "--product", "acme", "--version", "1.0.0", "--component", "forum=2.0"];
    let made = world.command(&known);
    assert!(made.status.success(), "{made:?}");
    world
}

/// Packs a patch with these attributes and requirements into `patches/ID.tar.gz`. It adds one file, named after it.
fn offer(world: &World, id: &str, attributes: &str, requires: &str) {
    let xml = format!(
        "<patch format=\"1\" product=\"acme\" id=\"{id}\" {attributes} severity=\"optional\">\n  <title>{id}</title>\n\
         \x20 <requires>{requires}</requires>\n  <steps><add path=\"{id}.txt\"/></steps>\n</patch>\n"
    );
    world.write(&format!("{id}/patch.xml"), &xml);
    world.write(&format!("{id}/files/{id}.txt"), id);
    world.write("patches/README", "archives");
    let packed = world.command(&["pack", id, "-o", &format!("patches/{id}.tar.gz")]);
    assert!(packed.status.success(), "{packed:?}");
}

/// The versions of the product and of its components.
fn versions(world: &World) -> (Value, Value) {
    let (status, _) = world.json("status");
    (status["version"].clone(), status["components"].clone())
}

fn applied(world: &World, line: &str) -> Value {
    let (outcome, exit) = world.json(line);
    assert_eq!(exit, 0, "{outcome}");
    outcome["receipts"].as_array().unwrap().iter().map(|receipt| receipt["patch"].clone()).collect()
}

#[test]
fn the_product_and_a_component_are_patched_independently_and_taken_back() {
    // B21
    let mut world = with_forum();
    offer(&world, "acme-1.1", "from='1.0.0' to='1.1'", "");
    offer(&world, "forum-2.1", "component='forum' from='2.0' to='2.1'", "");
    world.run("show patches/forum-2.1.tar.gz").run("apply patches --to forum=2.1 --yes").run("status");
    world.run("apply patches --to 1.1 --yes").run("status").run("history").run("history forum-2.1");
    world.run("rollback --yes").run("rollback --yes").run("status").run("history").run("ready --json");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_takes_along_the_patch_of_the_component_that_it_requires_or_is_refused() {
    // B2 B21 D7
    let world = with_forum();
    offer(&world, "acme-1.1", "from='1.0.0' to='1.1'", "<component name='forum' version='&gt;=2.1'/>");
    let (refused, exit) = world.json("apply patches --yes");
    assert_eq!(exit, 20, "{refused}");
    assert!(refused.to_string().contains("the patch acme-1.1 requires forum >=2.1, but forum is at 2.0"), "{refused}");
    offer(&world, "forum-2.1", "component='forum' from='2.0' to='2.1'", "<product version='&lt;1.1'/>");
    offer(&world, "forum-2.2", "component='forum' from='2.1' to='2.2'", "<product version='&gt;=1.1'/>");
    let (plan, _) = world.json("plan patches --pick acme-1.1");
    assert_eq!(plan["components"], json!([{ "name": "forum", "installed": "2.0", "target": "2.1" }]));
    assert_eq!(applied(&world, "apply patches --pick acme-1.1 --yes"), json!(["forum-2.1", "acme-1.1"]));
    assert_eq!(versions(&world), (json!("1.1"), json!({ "forum": "2.1" })));
    assert_eq!(applied(&world, "apply patches --yes"), json!(["forum-2.2"]));
    assert_eq!(versions(&world), (json!("1.1"), json!({ "forum": "2.2" })));
}

#[test]
fn a_component_is_installed_once_and_not_beside_one_that_must_not_be_there() {
    // B21 D7
    let world = with_forum();
    offer(&world, "chat-1", "component='chat' to='1'", "<component name='forum' absent='true'/>");
    let (refused, exit) = world.json("apply patches --yes");
    assert_eq!(exit, 20, "{refused}");
    assert!(refused.to_string().contains("requires that forum is not installed, and forum is at 2.0"), "{refused}");
    offer(&world, "blog-1", "component='blog' to='1'", "<component name='chat' absent='true'/>");
    assert_eq!(applied(&world, "apply patches --to blog=1 --yes"), json!(["blog-1"]));
    assert_eq!(versions(&world).1, json!({ "blog": "1", "forum": "2.0" }));
    let (back, _) = world.json("rollback --yes");
    assert_eq!(back["components"], json!([{ "name": "blog", "from": null, "to": "1" }]));
    assert_eq!(versions(&world).1, json!({ "forum": "2.0" }));
    assert_eq!(applied(&world, "apply patches --pick blog-1 --yes"), json!(["blog-1"]));
}

#[test]
fn a_patch_that_no_later_one_depends_on_is_uninstalled_and_one_that_is_needed_stays() {
    // B21 D2 D6
    let mut world = with_forum();
    offer(&world, "forum-2.1", "component='forum' from='2.0' to='2.1'", "");
    offer(&world, "acme-1.1", "from='1.0.0' to='1.1'", "");
    offer(
        &world,
        "blog-1",
        "component='blog' to='1'",
        "<patch id='acme-1.1'/><component name='forum' version='&gt;=2.0'/>",
    );
    for patch in ["forum-2.1", "acme-1.1", "blog-1"] {
        applied(&world, &format!("apply patches --pick {patch} --yes"));
    }
    world.run("uninstall acme-1.1 --dry-run").run("uninstall acme-1.1 --yes").run("uninstall forum-2.1 --yes -q");
    assert_eq!(versions(&world), (json!("1.1"), json!({ "blog": "1", "forum": "2.0" })));
    assert!(!world.path("public/forum-2.1.txt").exists() && world.path("public/acme-1.1.txt").exists());
    world.run("uninstall forum-2.1 --yes").run("history").run("history --verify").run("verify");
    world
        .run("rollback --to forum=1.0 --yes")
        .run("rollback --to 1.0.0 --yes -q")
        .run("rollback --to 1.0.0 --yes")
        .run("status");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_ledger_of_an_engine_that_knew_no_components_is_read_and_completed() {
    // B21
    let world = World::with_database("a_");
    world.sql("DROP TABLE a_patches_components");
    world.sql("DROP TABLE a_patches_format");
    assert_eq!(versions(&world), (json!("1.0.0"), json!({})));
    assert_eq!(world.json("history").1, 0);
    offer(&world, "forum-2", "component='forum' to='2'", "<product version='1.0.0'/>");
    assert_eq!(world.json("plan patches").1, 0);
    assert_eq!(applied(&world, "apply patches --yes"), json!(["forum-2"]));
    assert_eq!(versions(&world), (json!("1.0.0"), json!({ "forum": "2" })));
}

#[test]
fn a_part_is_given_one_version() {
    // B21
    let world = with_forum();
    offer(&world, "acme-1.1", "from='1.0.0' to='1.1'", "");
    assert_eq!(world.json("plan patches --to forum=2.1 --to forum=2.2").1, 2);
}
