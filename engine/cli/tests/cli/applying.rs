//! From archive to ledger, and back.

use crate::world::World;

const GREETING: &str = "<overwrite path='index.php' md5='853662855919b9fd2f6a9373c1197058'/>";
const GREETING_FILE: (&str, &str) = ("files/index.php", "<?php echo 'good day';\n");

/// A site, and two patches that lead to 1.1.0.
fn with_two_patches() -> World {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='docs/a.txt'/>", &[("files/docs/a.txt", "a\n")]);
    world.patch(
        "1.0.1",
        "1.1.0",
        "<sql>CREATE TABLE {prefix}item (id INTEGER)<undo>DROP TABLE {prefix}item</undo></sql>\n\
         <alter path='docs/a.txt'><replace><from>a</from><to>b</to></replace></alter>",
        &[],
    );
    world
}

#[test]
fn where_the_owner_wants_a_backup_each_plan_asks_for_it() {
    // D8
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='page.php'/>", &[("files/page.php", "two\n")]);
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("{config}[policy]\nask-for-backup = true\n"));
    let (said, code) = world.json("apply patches --yes");
    assert_eq!(code, 21, "{said}");
    assert!(said.to_string().contains("wants a backup"), "{said}");
    for (answer, code) in [("stop", 20), ("made", 0)] {
        world.write("d.toml", &format!("['acme-1.0.1']\nbackup = '{answer}'\n"));
        assert_eq!(world.json("apply patches --yes --decisions d.toml").1, code);
    }
    let (history, _) = world.json("history acme-1.0.1");
    assert_eq!(history["patch"]["decisions"]["backup"], "made");
}

#[test]
fn patches_are_planned_applied_and_taken_back() {
    // A5 A6 A36 A37 B10
    let mut world = with_two_patches();
    world
        .run("plan patches")
        .run("plan patches -v --to 1.0.1")
        .run("apply patches --yes")
        .run("apply patches --yes")
        .run("history")
        .run("history acme-1.1.0")
        .run("rollback --dry-run")
        .run("rollback --yes -q")
        .run("status");
    assert_eq!(world.read("public/docs/a.txt"), "a\n");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_was_picked_is_applied_and_nothing_beyond_it() {
    // A38
    let mut world = with_two_patches();
    world.run("plan patches --pick acme-1.0.1").run("plan patches --pick acme-9");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn looking_changes_nothing() {
    // B20
    let mut world = with_two_patches();
    world.run("apply patches --dry-run").run("status");
    assert!(!world.path("public/docs").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn without_a_person_or_a_yes_nothing_is_applied() {
    // B20
    let mut world = with_two_patches();
    world.run("apply patches").run("rollback").run("rollback --yes");
    assert!(!world.path("public/docs").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn only_the_approved_plan_is_applied() {
    // B20
    let mut world = with_two_patches();
    let (plan, code) = world.json("plan patches");
    assert_eq!(code, 0);
    world.run(&format!("apply patches --plan {}", "0".repeat(64)));
    assert!(!world.path("public/docs").exists());
    let (applied, code) = world.json(&format!("apply patches --plan {}", plan["hash"].as_str().unwrap()));
    assert_eq!((applied["receipts"].as_array().unwrap().len(), code), (2, 0));
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_changed_file_is_asked_about_and_answers_may_come_from_a_file_or_the_site_s_policy() {
    // A16 C50
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", GREETING, &[GREETING_FILE]);
    world.write("public/index.php", "<?php echo 'mine';\n");
    world.run("apply patches --yes");
    world.write("decisions.toml", "['acme-1.0.1']\n'local-change:index.php' = 'maybe'\n");
    world.run("plan patches --decisions decisions.toml");
    world.write("decisions.toml", "['acme-1.0.1']\n'local-change:index.php' = 'keep'\n");
    world.run("plan patches --decisions decisions.toml");
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("{config}[policy]\nlocal-changes = 'take'\n"));
    world.note("policy: local-changes = 'take'").run("apply patches --yes");
    assert_eq!(world.read("public/index.php"), GREETING_FILE.1);
    insta::assert_snapshot!(world.transcript());
}

/// A patch whose script asks what is to stand in the page, and puts that there.
fn with_a_question() -> World {
    let mut world = World::with_site();
    let script = "fn preflight() { [#{severity: 'question', id: 'local-change:index.php', message: 'index.php was changed', \
                  answers: [['abort', 'stops'], ['use', 'takes what you give']]}] }\n\
                  fn upgrade() { fs::write(`answer.txt`, site::answer('local-change:index.php')) }\n";
    let script = script.replace(['\'', '`'], "\"");
    world.patch("1.0.0", "1.0.1", "<script/>", &[("upgrade.rhai", &script)]);
    world.note("a patch that asks for a content");
    world
}

#[test]
fn a_file_that_the_decisions_name_is_the_answer_and_its_sum_is_in_the_ledger() {
    // C50
    let mut world = with_a_question();
    world.write("merged/index.php", "merged\n");
    world.write("decisions.toml", "['acme-1.0.1']\n'local-change:index.php' = { use = 'merged/index.php' }\n");
    world.run("plan patches").run("apply patches --yes --decisions decisions.toml").run("history acme-1.0.1");
    assert!(world.read("public/answer.txt").starts_with("use:"));
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_file_with_conflict_markers_is_no_answer() {
    // C50
    let mut world = with_a_question();
    world.write("merged/index.php", "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n");
    world.write("decisions.toml", "['acme-1.0.1']\n'local-change:index.php' = { use = 'merged/index.php' }\n");
    world.run("apply patches --yes --decisions decisions.toml");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn all_open_questions_can_be_written_down_to_be_answered() {
    // C50
    let mut world = with_a_question();
    world.run("plan patches --write-decisions decisions.toml").run("plan patches --write-decisions decisions.toml -q");
    let text = world.read("decisions.toml");
    world.note(&text);
    let chosen = text.replace("# \"local-change:index.php\" = \"abort\"", "\"local-change:index.php\" = \"abort\"");
    assert_ne!(text, chosen);
    world.write("chosen.toml", &chosen);
    let (plan, _) = world.json("plan patches --decisions chosen.toml");
    assert_eq!(plan["patches"][0]["answers"]["local-change:index.php"], "abort");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_release_is_learnt_and_the_site_compared_with_it() {
    // D3
    let mut world = World::with_site();
    world.write("acme/index.php", "<?php echo 'shipped';\n");
    world.write("acme/about.php", "<?php echo 'about';\n");
    world.run("baseline import acme").run("baseline import acme").run("baseline import patchwright.toml");
    insta::assert_snapshot!(world.transcript());
}
