//! The chain of the ledger: what somebody made of its rows by hand is found and named.

use crate::world::World;
use crate::{databases, databases_mysql};
use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::{ConnectSpec, Dialect, Statement};
use serde_json::{Value, json};

const TABLES: [&str; 7] = [
    "patches",
    "patches_chain",
    "patches_files",
    "patches_files_actions",
    "patches_runs",
    "patches_structures",
    "patches_sums",
];
const HOOK: &str = "fn upgrade() { fs::write(\"b ü.txt\", \"b\"); }\nfn after() { fs::write(\"after.txt\", \"a\"); }\n";

/// A site with a patch that has an `after` hook, and one that came and was taken back.
fn with_history() -> World {
    let world = World::with_database("");
    let steps = "<sql>CREATE TABLE item (id INTEGER)<undo>DROP TABLE item</undo></sql><add path='a.txt'/><script/>";
    world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a\n"), ("upgrade.rhai", HOOK)]);
    world.patch("1.0.1", "1.0.2", "<delete path='a.txt'/>", &[]);
    for line in ["apply patches --yes", "rollback --yes", "history --verify"] {
        let (said, code) = world.json(line);
        assert_eq!(code, 0, "{line}: {said}");
    }
    world
}

fn rows(world: &World, query: &str) -> Vec<Vec<patchwright_hooks_api::Value>> {
    let url = format!("sqlite:{}", world.path("cms.db").display());
    Sqlite.connect(&ConnectSpec { url, create: false }).unwrap().query(&Statement::new(query)).unwrap().rows
}

/// What is told after a script was run on the database as it was, which is then put back.
fn told_after(world: &World, script: &str) -> Value {
    let before = std::fs::read(world.path("cms.db")).unwrap();
    world.sql(script);
    let (told, code) = world.json("history --verify");
    std::fs::write(world.path("cms.db"), before).unwrap();
    assert_eq!((code, &told["clean"]), (17, &json!(false)), "{script}: {told}");
    told
}

fn names(told: &Value, how: &str, table: &str) -> bool {
    told["faults"].as_array().unwrap().iter().any(|fault| fault["how"] == how && fault["table"] == table)
}

#[test]
fn every_value_that_was_changed_by_hand_is_found_and_its_row_named() {
    // C34 C35 C36
    let world = with_history();
    for table in TABLES {
        for column in rows(&world, &format!("SELECT name FROM pragma_table_info('{table}')")) {
            let column = column[0].as_text().unwrap().to_owned();
            let other = format!(
                "CASE typeof({column}) WHEN 'null' THEN 'x' WHEN 'integer' THEN {column} + 1000 ELSE {column} || 'x' END"
            );
            let one = format!("rowid = (SELECT MIN(rowid) FROM {table})");
            let told = told_after(&world, &format!("UPDATE {table} SET {column} = {other} WHERE {one}"));
            let how = match (table, column.as_str()) {
                ("patches_chain", "run" | "digest" | "chain" | "seals") => "broken",
                (_, "run" | "n") => "missing",
                _ => "changed",
            };
            assert!(names(&told, how, table), "{table}.{column}: {told}");
        }
    }
}

#[test]
fn a_row_that_was_taken_out_or_put_in_is_named_by_its_run_patch_and_path() {
    // C34 C35 C36
    let world = with_history();
    for table in TABLES {
        let told = told_after(&world, &format!("DELETE FROM {table} WHERE rowid = (SELECT MIN(rowid) FROM {table})"));
        assert!(names(&told, "missing", table), "{table}: {told}");
    }
    let told = told_after(
        &world,
        "INSERT INTO patches_files SELECT run, 99, 'forged | ü.php', action, before_kind, before_sha256, before_mode, \
         before_uid, before_gid, before_size, after_kind, after_sha256, after_mode, after_uid, after_gid, after_size, slot \
         FROM patches_files WHERE path = 'b ü.txt'",
    );
    let fault = &told["faults"][0];
    assert_eq!(
        (&fault["how"], &fault["patch"], &fault["about"], &fault["number"]),
        (&json!("surplus"), &json!("acme-1.0.1"), &json!("forged | ü.php"), &json!(99)),
        "{told}"
    );
    assert_eq!(told["faults"].as_array().map(Vec::len), Some(1));
}

#[test]
fn links_that_changed_places_are_found() {
    // C34 C35 C36
    let world = with_history();
    let told = told_after(
        &world,
        "UPDATE patches_chain SET n = -2 WHERE n = 2; UPDATE patches_chain SET n = 2 WHERE n = 3; \
         UPDATE patches_chain SET n = 3 WHERE n = -2",
    );
    assert!(names(&told, "broken", "patches_chain"), "{told}");
}

#[test]
fn a_ledger_whose_end_was_cut_off_without_a_trace_is_told_by_what_the_state_folder_knows() {
    // C34 C35 C36
    let mut world = with_history();
    let last = "(SELECT run FROM patches_chain ORDER BY n DESC LIMIT 1)";
    let cut = format!(
        "DELETE FROM patches_runs WHERE run = {last}; UPDATE patches SET status = 'applied' WHERE patch = 'acme-1.0.2'; \
         DELETE FROM patches_chain WHERE run = {last}"
    );
    let told = told_after(&world, &cut);
    assert_eq!(told["faults"].as_array().map(Vec::len), Some(1), "{told}");
    assert!(names(&told, "cut-off", "patches_chain"), "{told}");

    // An older note, a torn one or none only knows less.
    std::fs::write(world.path(".patchwright/head.json"), "{\"n\":").unwrap();
    assert_eq!(world.json("history --verify").1, 0);
    std::fs::remove_file(world.path(".patchwright/head.json")).unwrap();
    assert_eq!(world.json("history --verify").1, 0);

    world.run("history --verify").note("somebody changes the ledger by hand");
    world.sql("UPDATE patches_files SET path = 'other.txt' WHERE path = 'a.txt'; DELETE FROM patches_sums");
    world.run("history --verify");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_an_engine_without_a_chain_left_is_not_covered_and_no_fault() {
    let mut world = World::of_the_first_engine();
    world.patch("1.0.1", "1.0.2", "<sql>CREATE TABLE more (id INTEGER)<undo>DROP TABLE more</undo></sql>", &[]);
    world.run("history --verify").run("apply patches --yes -q").run("history --verify");
    world.note("a run from before is dated back").sql("UPDATE patches_runs SET at = 'x' WHERE patch = 'acme-1.0.1'");
    world.run("history --verify");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_hook_that_failed_is_sealed_too() {
    let world = World::with_site();
    let script = "fn upgrade() { fs::write(\"a.txt\", \"a\"); }\nfn after() { throw \"no cache\"; }\n";
    world.patch("1.0.0", "1.0.1", "<script/>", &[("upgrade.rhai", script)]);
    assert_eq!(world.json("apply patches --yes").1, 31);
    let (clean, code) = world.json("history --verify");
    assert_eq!((code, &clean["links"]), (0, &json!(3)), "{clean}");
}

/// On a server: clean after all kinds of runs, and one value changed in each table is found.
fn look_on_a_server(world: &World, run: &dyn Fn(&str)) {
    let (clean, code) = world.json("history --verify");
    assert_eq!((code, &clean["faults"]), (0, &json!([])), "{clean}");
    for (table, column) in [
        ("patches", "title"),
        ("patches_files", "path"),
        ("patches_files_actions", "action"),
        ("patches_runs", "approved_by"),
        ("patches_structures", "structure"),
        ("patches_sums", "rest"),
    ] {
        let set = |value: &str| format!("UPDATE cms_{table} SET {column} = {value} WHERE run <> 'baseline'");
        run(&set(&format!("CONCAT('x', SUBSTRING({column}, 2))")));
        let (told, code) = world.json("history --verify");
        assert_eq!(code, 17, "{table}: {told}");
        assert!(names(&told, "changed", table), "{told}");
    }
    run("DELETE FROM cms_patches_chain WHERE n = 2");
    assert!(names(&world.json("history --verify").0, "missing", "patches_chain"));
}

/// Uninstalls a component below a later patch, whose rows say something else from then on: of one that nothing was there before, of
/// one that something was.
fn take_out_of_the_middle(world: &World) {
    let manifest = "<patch format='1' product='acme' component='forum' id='forum-1' to='1' severity='optional'><title>Forum</title>\
                    <steps><delete path='docs/a.txt' md5='60b725f10c9c85c70d97880dfe8191b3'/><add path='var' directory='true'/></steps></patch>";
    world.write("forum-1/patch.xml", manifest);
    world.write("later/README", "archives");
    assert!(world.command(&["pack", "forum-1", "-o", "later/forum-1.tar.gz"]).status.success());
    world.patch_folder(
        "1.0.1",
        "1.0.3",
        "<add path='docs/a.txt'/><delete path='var' directory='true'/>",
        &[("files/docs/a.txt", "a\n")],
    );
    assert!(world.command(&["pack", "acme-1.0.3", "-o", "later/acme-1.0.3.tar.gz"]).status.success());
    for line in
        ["apply later/forum-1.tar.gz --yes", "apply later/acme-1.0.3.tar.gz --yes", "uninstall forum-1 --yes", "verify"]
    {
        let (said, code) = world.json(line);
        assert_eq!(code, 0, "{line}: {said}");
    }
    assert_eq!(world.read("public/docs/a.txt"), "a\n");
}

#[test]
fn on_postgres_rows_read_back_are_those_that_were_sealed() {
    // C34 C35 C36
    let database = databases::Database::new();
    let world = databases::site_on(&database);
    world.patch("1.0.0", "1.0.1", databases::STEPS, &[("files/docs/a.txt", "a\n")]);
    world.patch("1.0.1", "1.0.2", "<delete path='docs/a.txt'/>", &[]);
    assert_eq!((world.json("apply patches --yes").1, world.json("rollback --yes").1), (0, 0));
    take_out_of_the_middle(&world);
    look_on_a_server(&world, &|text| database.run(&database.url(), text));
}

#[test]
fn on_mariadb_rows_read_back_are_those_that_were_sealed() {
    // C34 C35 C36
    let database = databases_mysql::Database::of_a_site();
    let world = databases_mysql::site(&database);
    let steps = format!("{}<add path='docs/a.txt'/>", databases_mysql::TABLE);
    world.patch("1.0.0", "1.0.1", &steps, &[("files/docs/a.txt", "a\n")]);
    world.patch("1.0.1", "1.0.2", "<delete path='docs/a.txt'/>", &[]);
    assert_eq!((world.json("apply patches --yes").1, world.json("rollback --yes").1), (0, 0));
    take_out_of_the_middle(&world);
    look_on_a_server(&world, &|text| database.run(text));
}
