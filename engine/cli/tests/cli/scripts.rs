//! Upgrade scripts as their authors check and rehearse them.

use crate::world::World;

const FAULTY: &str = "fn upgrade() {\n    let config = fs::raed(\"config.json\");\n    if config.contains(\"x\") {\n        fix(config, 1);\n    }\n}\n\nfn after() {\n    db::query();\n}\n\nfn fix(config) { }\n";

const USEFUL: &str = "fn upgrade() {\n    let config = fs::read(\"config.json\");\n    fs::write(\"config.json\", json::set(config, [\"cache\", \"ttl\"], 60));\n    fs::append(\"index.php\", \"// \" + site::version() + \"\\n\");\n    fs::rename(\"old.txt\", \"docs/new.txt\");\n    db::change(`<create-table name=\"tag\"><column name=\"id\"><integer/></column></create-table>`);\n    db::batch(\"INSERT INTO {prefix}tag (id) VALUES (?)\", [[1], [2]], []);\n}\n\nfn preflight() { fs::write(\"index.php\", \"\") }\n";

#[test]
fn all_that_is_wrong_with_a_script_is_told_at_once_with_its_lines() {
    let mut world = World::new();
    world.write("upgrade.rhai", FAULTY);
    world.write("good.rhai", USEFUL);
    world.write("open.rhai", "fn upgrade() {\n    let x = (1 + ;\n}\n");
    world.run("script check upgrade.rhai").run("script check good.rhai").run("script check open.rhai");
    world.run("script check upgrade.rhai --json").run("script check none.rhai");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_scripts_of_a_patch_are_checked_in_its_folder_and_in_its_archive() {
    let mut world = World::new();
    world.patch_folder(
        "1.0.0",
        "1.0.1",
        "<script src='a.rhai'/><script/>",
        &[("a.rhai", FAULTY), ("upgrade.rhai", USEFUL)],
    );
    world.run("script check acme-1.0.1").run("pack acme-1.0.1 -o patches/a.tar.gz");
    world.run("script check patches/a.tar.gz");
    world.patch_folder("1.0.0", "1.0.2", "<add path='a.txt'/>", &[("files/a.txt", "a")]);
    world.run("script check acme-1.0.2");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_rehearsal_shows_what_a_script_would_do_and_changes_nothing() {
    let mut world = World::with_database("cms_");
    world.write("public/config.json", "{\n  // seconds\n  \"cache\": { \"ttl\": 5 }\n}\n");
    world.write("public/old.txt", "old\n");
    world.write("fix.rhai", USEFUL);
    world.run("script run fix.rhai --rehearse").run("script run fix.rhai --rehearse --hook preflight");
    world.run("script run fix.rhai --rehearse --hook verify").run("script run fix.rhai");
    world.run("script run fix.rhai --rehearse --json").run("status");
    assert!(world.read("public/config.json").contains("\"ttl\": 5"));
    assert!(world.path("public/old.txt").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_script_that_fails_on_the_site_is_told_with_its_line_and_what_came_before() {
    let mut world = World::with_site();
    world.write("fix.rhai", "fn upgrade() {\n    fs::write(\"new.txt\", \"x\");\n    fix();\n}\n\nfn fix() {\n    fs::read(\"none.txt\");\n}\n");
    world.run("script run fix.rhai --rehearse").run("script run fix.rhai --rehearse --json");
    world.write("fix.rhai", "fn upgrade() {\n    fix()\n}\n");
    world.run("script run fix.rhai --rehearse");
    assert!(!world.path("public/new.txt").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_a_script_notes_for_the_operator_is_shown_with_the_plan_and_kept_until_the_patch_goes() {
    let mut world = World::with_site();
    let script = "fn upgrade() {\n    for row in 0..4 { log::progress(row, 4, \"rows\") }\n    log::note(\"clear the cache of your CDN\");\n}\n\n\
                  fn after() {\n    log::note(\"search is built anew within the hour\");\n}\n\nfn downgrade() {\n    log::note(\"the CDN again\");\n}\n";
    world.patch_folder("1.0.0", "1.0.1", "<script/>", &[("upgrade.rhai", script)]);
    world.run("pack acme-1.0.1 -o patches/a.tar.gz").run("plan patches/a.tar.gz");
    world.run("apply patches/a.tar.gz --yes -v").run("message acme-1.0.1").run("message acme-1.0.1 --json");
    world.run("history --verify").run("rollback --yes").run("message acme-1.0.1").run("history --verify");
    insta::assert_snapshot!(world.transcript());
}
