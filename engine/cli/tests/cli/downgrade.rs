//! A script's own way back: what no inverse takes back.

use crate::world::World;

/// A site whose patch changes names for good, and gives this hook to bring them back.
fn renamed(downgrade: &str) -> World {
    let world = World::with_database("");
    world.sql("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    world.sql("INSERT INTO person (name) VALUES ('ada'), ('eva')");
    let script = format!("fn upgrade() {{ db::execute(\"UPDATE person SET name = upper(name)\"); }}\n{downgrade}");
    world.patch(
        "1.0.0",
        "1.0.1",
        "<add path='page.php'/><script/>",
        &[("files/page.php", "two\n"), ("upgrade.rhai", &script)],
    );
    assert_eq!(world.json("apply patches --yes").1, 0);
    world
}

fn names(world: &World) -> Vec<String> {
    let url = format!("sqlite:{}", world.path("cms.db").display());
    let spec = patchwright_hooks_api::ConnectSpec { url, create: false };
    let mut line = patchwright_hooks_api::Dialect::connect(&patchwright_dialect_sqlite::Sqlite, &spec).unwrap();
    let rows = line.query(&patchwright_hooks_api::Statement::new("SELECT name FROM person ORDER BY id")).unwrap().rows;
    rows.iter().filter_map(|row| row[0].as_text().map(str::to_owned)).collect()
}

#[test]
fn a_script_takes_back_what_has_no_inverse_and_the_plan_shows_it() {
    // D6
    let mut world = renamed("fn downgrade() { db::execute(\"UPDATE person SET name = lower(name)\"); }");
    assert_eq!(names(&world), ["ADA", "EVA"]);
    world.run("rollback --dry-run").run("rollback --yes");
    assert_eq!(names(&world), ["ada", "eva"]);
    assert!(!world.path("public/page.php").exists());
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_without_files_has_its_hook_too() {
    // D6
    let world = renamed("fn downgrade() { db::execute(\"UPDATE person SET name = lower(name)\"); }");
    let script = "fn upgrade() { db::execute(\"DELETE FROM person WHERE name = 'EVA'\"); }\n\
                  fn downgrade() { db::execute(\"INSERT INTO person (name) VALUES ('EVA')\"); }";
    world.patch("1.0.1", "1.0.2", "<script/>", &[("upgrade.rhai", script)]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    assert_eq!(names(&world), ["ADA"]);
    assert_eq!(world.json("rollback --to 1.0.0 --yes").1, 0);
    assert_eq!(names(&world), ["ada", "eva"]);
}

#[test]
fn a_way_back_whose_hook_is_missing_or_fails_or_touches_files_is_refused_and_nothing_is_changed() {
    // D6
    for (downgrade, told) in [
        ("", "can't be taken back"),
        ("fn downgrade() { throw \"not today\" }", "not today"),
        ("fn downgrade() { db::execute(\"UPDATE nobody SET name = 1\"); }", "the downgrade hook of acme-1.0.1 fails"),
        ("fn downgrade() { fs::write(\"page.php\", \"three\"); }", "files and the patcher go back by themselves"),
    ] {
        let world = renamed(downgrade);
        let (said, code) = world.json("rollback --yes");
        assert_eq!(code, 20, "{said}");
        assert!(said.to_string().contains(told), "{told}: {said}");
        assert_eq!(
            (names(&world), world.read("public/page.php").as_str()),
            (vec!["ADA".into(), "EVA".into()], "two\n")
        );
    }
}
