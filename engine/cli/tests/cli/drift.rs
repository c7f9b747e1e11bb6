//! The structure that patches left, and what somebody made of it since.

use crate::world::World;
use serde_json::json;

const TABLES: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE log (line TEXT, level TEXT);
CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(80) NOT NULL DEFAULT 'x', parent INTEGER,
  CONSTRAINT item_parent FOREIGN KEY (parent) REFERENCES parent (id), CONSTRAINT item_positive CHECK (id &gt; 0));
CREATE INDEX item_name ON item (name);
CREATE TRIGGER item_log AFTER INSERT ON item BEGIN DELETE FROM log; END;
CREATE VIEW names AS SELECT name FROM item;
";

/// A site whose database has the tables that its one patch made.
fn with_tables() -> World {
    let world = World::with_database("");
    world.patch("1.0.0", "1.0.1", &format!("<sql>{TABLES}</sql>"), &[]);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
    world
}

#[test]
fn every_single_change_by_hand_is_told_and_named() {
    // B3
    let world = with_tables();
    let (clean, code) = world.json("verify");
    assert_eq!((code, &clean["structure"]["drift"], &clean["structure"]["checked"]), (0, &json!([]), &json!(4)));
    let before = std::fs::read(world.path("cms.db")).unwrap();
    for (was, becomes, object, part, name, how) in [
        ("parent INTEGER,", "parent INTEGER, x TEXT,", "item", "column", "x", "unexpected"),
        (", level TEXT)", ")", "log", "column", "level", "missing"),
        ("VARCHAR(80)", "VARCHAR(81)", "item", "column", "name", "other"),
        (" NOT NULL DEFAULT", " DEFAULT", "item", "column", "name", "other"),
        ("DEFAULT 'x'", "DEFAULT 'y'", "item", "column", "name", "other"),
        ("item (name);", "item (name DESC);", "item", "index", "item_name", "other"),
        ("CREATE INDEX item_name ON item (name);", "", "item", "index", "item_name", "missing"),
        ("parent (id),", "parent (id) ON DELETE CASCADE,", "item", "foreign-key", "item_parent", "other"),
        ("id &gt; 0", "id &gt; 1", "item", "check", "item_positive", "other"),
        ("DELETE FROM log;", "DELETE FROM log WHERE line = '';", "item", "trigger", "item_log", "other"),
        ("SELECT name FROM", "SELECT name AS n FROM", "names", "view", "", "other"),
        ("CREATE TABLE log (line TEXT, level TEXT);", "", "log", "table", "", "missing"),
        ("CREATE VIEW", "CREATE TABLE extra (id INTEGER); CREATE VIEW", "extra", "table", "", "unexpected"),
    ] {
        std::fs::write(world.path("cms.db"), &before).unwrap();
        assert_ne!(TABLES.replace(was, becomes), TABLES);
        let script = TABLES.replace(was, becomes).replace("&gt;", ">");
        world.sql(&format!("DROP VIEW names; DROP TABLE item; DROP TABLE log; DROP TABLE parent; {script}"));
        let (told, code) = world.json("verify");
        let drift = &told["structure"]["drift"];
        assert_eq!((code, drift.as_array().unwrap().len()), (15, 1), "{becomes}: {drift}");
        let (found, named) = (&drift[0], drift[0]["name"].as_str().unwrap_or_default());
        assert_eq!(
            (&found["object"], &found["part"], named, &found["how"]),
            (&json!(object), &json!(part), name, &json!(how))
        );
        assert_eq!(
            found["since"],
            if how == "unexpected" && part == "table" { json!(null) } else { json!("acme-1.0.1") }
        );
    }
}

#[test]
fn a_primary_key_that_went_is_told() {
    // B3
    let world = with_tables();
    world.sql("DROP TABLE parent; CREATE TABLE parent (id INTEGER)");
    let (told, code) = world.json("verify");
    assert_eq!(code, 15);
    assert!(told["structure"]["drift"].to_string().contains("the primary key was id and became none"), "{told}");
}

#[test]
fn drift_is_told_in_words_and_each_patch_takes_its_own_tables_along() {
    // B3
    let mut world = with_tables();
    world.sql("ALTER TABLE item ADD COLUMN x TEXT; DROP TABLE log");
    world.run("verify").note("a patch to another table leaves the drift");
    world.patch("1.0.1", "1.0.2", "<sql>CREATE TABLE more (id INTEGER)<undo>DROP TABLE more</undo></sql>", &[]);
    world.run("apply patches --yes -q").run("verify").run("rollback --yes -q").run("verify");
    world.note("a patch to a drifted table tells it");
    world.patch("1.0.1", "1.0.3", "<sql>ALTER TABLE item ADD COLUMN y TEXT</sql>", &[]);
    world.run("plan patches --pick acme-1.0.3");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_that_needs_a_table_which_was_dropped_by_hand_says_so() {
    let mut world = with_tables();
    world.sql("DROP TABLE log");
    world.patch("1.0.1", "1.0.2", "<sql>INSERT INTO log (line) VALUES ('1.0.2')</sql>", &[]);
    world.run("apply patches --yes");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_a_statement_s_words_do_not_tell_is_seen_all_the_same() {
    let world = with_tables();
    let steps = "<sql>ALTER TABLE log RENAME TO journal; DROP INDEX item_name; ALTER TABLE item RENAME COLUMN name TO title</sql>";
    world.patch("1.0.1", "1.0.2", steps, &[]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    let (clean, code) = world.json("verify");
    assert_eq!((code, &clean["structure"]["drift"]), (0, &json!([])), "{clean}");
}

#[test]
fn tables_that_do_not_begin_as_the_site_s_do_are_none_of_its_business() {
    // D14
    let world = World::with_database("acme_");
    let create = "<sql>CREATE TABLE {prefix}item (id INTEGER)<undo>DROP TABLE {prefix}item</undo></sql>";
    world.patch("1.0.0", "1.0.1", create, &[]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    for table in ["runs", "files", "files_actions", "structures", "sums"] {
        world.sql(&format!("SELECT * FROM acme_patches_{table}"));
    }
    world.sql("SELECT * FROM acme_patches; CREATE TABLE of_another_site (id INTEGER)");
    assert_eq!(world.json("verify").1, 0);
    world.sql("CREATE TABLE Acme_other (id INTEGER)");
    let (told, code) = world.json("verify");
    assert_eq!((code, &told["structure"]["drift"][0]["object"]), (15, &json!("Acme_other")));
}

#[test]
fn the_ledger_of_an_engine_that_remembered_no_structures_is_read_and_completed() {
    let mut world = World::of_the_first_engine();
    world.patch("1.0.1", "1.0.2", "<sql>CREATE TABLE more (id INTEGER)<undo>DROP TABLE more</undo></sql>", &[]);
    world.run("status").run("verify").run("apply patches --yes -q").run("verify");
    insta::assert_snapshot!(world.transcript());
}
