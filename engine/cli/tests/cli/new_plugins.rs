//! Patches that bring other plugins for the patcher that is there (A18).

use crate::plugins::{site, unruly};
use crate::world::World;
use serde_json::Value;
use std::env::consts::{ARCH, OS};
use std::fs;

/// What the builds of the plugin say of their manner.
const CONSTANT: &[u8] = b"manner: constant";
const FICKLE: &[u8] = b"manner: fickle!!";

/// The patches to 1.0.1, which brings this plugin and a file, and from there to 1.0.2.
fn patches(world: &World, plugin: &[u8]) {
    let steps = format!(
        "<patcher><plugin platform='{ARCH}-{OS}' name='unruly' payload='p/unruly.so'/></patcher><add path='a.txt'/>"
    );
    world.patch_folder("1.0.0", "1.0.1", &steps, &[("files/a.txt", "a"), ("p/unruly.so", "")]);
    fs::write(world.path("acme-1.0.1/p/unruly.so"), plugin).unwrap();
    let packed = world.command(&["pack", "acme-1.0.1", "-o", "patches/acme-1.0.1.tar.gz"]);
    assert!(packed.status.success(), "{packed:?}");
    world.patch("1.0.1", "1.0.2", "<add path='b.txt'/>", &[("files/b.txt", "b")]);
    world.write("decisions.json", r#"{"acme-1.0.1": {"patcher": "replace"}}"#);
}

fn version(world: &World) -> Value {
    world.json("status").0["version"].clone()
}

/// Another build of the plugin.
fn build(manner: &[u8]) -> Vec<u8> {
    let mut bytes = fs::read(unruly()).unwrap();
    let at = bytes.windows(CONSTANT.len()).position(|window| window == CONSTANT).unwrap();
    bytes[at..at + manner.len()].copy_from_slice(manner);
    bytes.push(b'\n');
    bytes
}

#[test]
fn a_patch_brings_another_plugin_and_the_program_goes_on_with_it_and_back() {
    // A18
    for isolate in [false, true] {
        let world = site(isolate, "10s");
        patches(&world, &build(CONSTANT));
        let (asked, code) = world.json("apply patches --yes");
        assert_eq!(code, 21, "{asked}");
        let (applied, code) = world.json("apply patches --yes --decisions decisions.json");
        assert_eq!(code, 0, "{applied}");
        assert_eq!(applied["receipts"].as_array().unwrap().len(), 2, "{applied}");
        assert_eq!(version(&world), "1.0.2");
        let line = world.read(".patchwright/patchers.json");
        assert!(line.contains("\"proved\": true") && !line.contains("\"program\""), "{line}");
        let brought = world.path(".patchwright/patchers");
        let [folder] = fs::read_dir(&brought)
            .unwrap()
            .map(|folder| folder.unwrap().path())
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert!(folder.join("unruly.so").exists() && !folder.join("patchwright").exists());
        let (doctor, code) = world.json("doctor");
        assert_eq!(code, 0, "{doctor}");
        // It is the plugin that is loaded, and the sum that the patch brought counts.
        fs::write(folder.join("unruly.so"), build(FICKLE)).unwrap();
        assert_ne!(world.command(&["status"]).status.code(), Some(0));
        fs::write(folder.join("unruly.so"), build(CONSTANT)).unwrap();
        let (back, code) = world.json("rollback --to 1.0.0 --yes");
        assert_eq!(code, 0, "{back}");
        assert_eq!(version(&world), "1.0.0");
        assert!(!brought.exists(), "the site has the plugin of its configuration again");
    }
}

#[test]
fn a_plugin_that_can_not_be_loaded_is_found_with_nothing_done() {
    // A18
    let world = site(true, "10s");
    let cut_off = &build(CONSTANT)[..4096];
    patches(&world, cut_off);
    let (failed, code) = world.json("apply patches --yes --decisions decisions.json");
    assert_eq!(code, 30, "{failed}");
    assert!(failed.to_string().contains("with the new plugins the patcher"), "{failed}");
    assert_eq!(version(&world), "1.0.0");
    assert!(!world.path("public/a.txt").exists() && !world.path(".patchwright/patchers").exists());
}

#[test]
fn a_plugin_that_fails_once_it_is_in_force_is_given_up_and_its_patch_taken_back() {
    // A18
    for isolate in [false, true] {
        let world = site(isolate, "10s");
        patches(&world, &build(FICKLE));
        world.write(
            "patchwright.toml",
            &format!("{}\n[[command]]\nname = 'turn'\ncommand = ['touch', 'turned']\n", world.read("patchwright.toml")),
        );
        let steps = format!(
            "<patcher><plugin platform='{ARCH}-{OS}' name='unruly' payload='p/unruly.so'/></patcher>\
             <add path='a.txt'/><script><runs command='turn'/></script>"
        );
        let script = "fn after() { site::run(\"turn\") }";
        let files = [("files/a.txt", "a"), ("p/unruly.so", ""), ("upgrade.rhai", script)];
        world.patch_folder("1.0.0", "1.0.1", &steps, &files);
        fs::write(world.path("acme-1.0.1/p/unruly.so"), build(FICKLE)).unwrap();
        let packed = world.command(&["pack", "acme-1.0.1", "-o", "patches/acme-1.0.1.tar.gz"]);
        assert!(packed.status.success(), "{packed:?}");
        let (failed, code) = world.json("apply patches --yes --decisions decisions.json");
        assert_eq!(code, 30, "{failed}");
        assert!(failed.to_string().contains("does not go on"), "{failed}");
        assert_eq!(version(&world), "1.0.0");
        assert!(!world.path("public/a.txt").exists() && !world.path(".patchwright/patchers").exists());
    }
}
