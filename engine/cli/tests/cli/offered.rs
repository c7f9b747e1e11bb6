//! Patches that are offered again, or too late.

use crate::world::World;
use serde_json::Value;

const STEPS: &str =
    "<sql>-- makes it\nCREATE TABLE item (id INTEGER);\n<undo>DROP TABLE item</undo></sql>\n<add path='a.txt'/>";

/// A site on which the patch with these steps and that file is in force.
fn with_patch() -> World {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", STEPS, &[("files/a.txt", "a")]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    world
}

fn told(world: &World) -> (String, i32) {
    let (plan, code) = world.json("plan patches");
    let message = plan["told"][0]["finding"]["message"].as_str().unwrap_or_default().to_owned();
    (message, code)
}

#[test]
fn an_archive_that_was_checked_out_with_other_line_ends_is_no_other_patch() {
    let world = World::with_site();
    let steps = format!("{STEPS}\n<sql src='b.sql'><undo src='c.sql'/></sql>");
    let (made, unmade) = ("CREATE TABLE b (id INTEGER);\n", "DROP TABLE b;\n");
    let patch = |steps: &str, made: &str| {
        world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a"), ("b.sql", made), ("c.sql", unmade)]);
    };
    patch(&steps, made);
    assert_eq!(world.json("apply patches --yes").1, 0);
    assert_eq!(told(&world), (String::new(), 10));
    for (steps, made) in [
        (steps.replace('\n', "\r\n"), made.to_owned()),
        (steps.replace("-- makes it\n", ""), made.to_owned()),
        (steps.clone(), made.replace('\n', "\r\n")),
        (steps.clone(), format!("/* b */ {made}")),
    ] {
        patch(&steps, &made);
        let (message, code) = told(&world);
        assert_eq!((code, message.contains("line ends, blanks, comments or packing alone")), (10, true), "{message}");
    }
}

#[test]
fn a_patch_in_force_whose_content_was_edited_is_refused_unless_the_site_s_policy_says_otherwise() {
    let mut world = with_patch();
    let config = world.read("patchwright.toml");
    for (steps, file, said) in [
        (STEPS.replace("INTEGER", "TEXT"), "a", "has other statements than"),
        (STEPS.to_owned(), "b", "has other steps or files than"),
        (STEPS.replace("INTEGER", "TEXT"), "b", "has other statements, and other steps or files than"),
    ] {
        world.patch("1.0.0", "1.0.1", &steps, &[("files/a.txt", file)]);
        let (message, code) = told(&world);
        assert_eq!((code, message.contains(said)), (20, true), "{message}");
    }
    world.run("apply patches --yes");
    world.write("patchwright.toml", &format!("{config}[policy]\nedited-patches = 'tell'\n"));
    world.note("policy: edited-patches = 'tell'").run("apply patches --yes");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_that_arrives_late_is_told_and_policy_decides() {
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.2", "<add path='b.txt'/>", &[("files/b.txt", "b")]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    world.patch("1.0.0", "1.0.1", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    world.run("plan patches");
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("{config}[policy]\nlate-patches = 'refuse'\n"));
    world.note("policy: late-patches = 'refuse'").run("plan patches");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_database_s_url_may_come_from_the_environment_and_is_never_shown() {
    let world = World::with_database("");
    let config = world.read("patchwright.toml").replace("\"sqlite:cms.db\"", "\"${ACME_DATABASE}\"");
    world.write("patchwright.toml", &config);
    let run = |value: Option<&str>| {
        let mut command = world.prepared(&["status", "--json"]);
        if let Some(value) = value {
            command.env("ACME_DATABASE", value);
        }
        let said = command.output().unwrap();
        let json: Value = serde_json::from_slice(&said.stdout).unwrap();
        (json.to_string(), said.status.code().unwrap())
    };
    assert_eq!(run(Some("sqlite:cms.db")).1, 0);
    assert!(run(None).0.contains("ACME_DATABASE is not set"));
    let (said, code) = run(Some("nonsense://cms:hidden@db/cms"));
    assert_ne!(code, 0);
    assert!(!said.contains("hidden"), "{said}");
}
