//! What other programs rely on: JSON, help, completions, manual pages (B17).

use crate::world::World;
use serde_json::json;

#[test]
fn help_names_every_command_and_every_exit_code() {
    let mut world = World::new();
    world.run("--help").run("apply --help").run("ensure --help").run("nonsense");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_result_and_an_error_are_json_objects_of_a_known_format() {
    let mut world = World::with_site();
    world.run("status --json").run("history acme-9 --json");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_plan_for_programs_says_what_becomes_of_each_path() {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    let (plan, code) = world.json("plan patches");
    assert_eq!((code, &plan["format"], &plan["target"]), (0, &json!(1), &json!("1.0.1")));
    assert_eq!((&plan["blockers"], &plan["open-questions"]), (&json!(0), &json!(0)));
    let patch = &plan["patches"][0];
    assert_eq!((&patch["manifest"]["id"], &patch["steps"][0]["element"]), (&json!("acme-1.0.1"), &json!("add")));
    assert_eq!((&patch["files"][0]["action"], &patch["files"][0]["path"]), (&json!("add"), &json!("a.txt")));
}

#[test]
fn an_applied_plan_and_an_empty_one_are_told_to_programs() {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!((code, &applied["receipts"][0]["patch"]), (0, &json!("acme-1.0.1")));
    let (nothing, code) = world.json("apply patches --yes");
    assert_eq!((code, &nothing["receipts"]), (10, &json!([])));
    let (taken_back, code) = world.json("rollback --yes");
    assert_eq!((code, &taken_back["taken-back"]), (0, &json!(["acme-1.0.1"])));
}

#[test]
fn completions_and_manual_pages_are_made_of_the_same_words() {
    let world = World::new();
    let said = |words: &[&str]| String::from_utf8(world.command(words).stdout).unwrap();
    assert!(said(&["completions", "bash"]).contains("_patchwright"));
    assert!(said(&["man"]).contains("patchwright"));
    std::fs::create_dir(world.path("man")).unwrap();
    assert!(world.command(&["man", "man"]).status.success());
    assert!(world.path("man/patchwright-apply.1").exists());
}
