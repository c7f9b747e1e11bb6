//! Portable changes that depend on what a site has, or go on for long: in the plan and in the run.

use crate::databases::{Database, site_on};
use crate::databases_mysql;
use crate::world::World;
use patchwright_hooks_api::Value;

/// Steps on a table `visits (page, n)` that there is, and a table `item` that there isn't.
const CONDITIONAL: &str = "\
<create-table name='item' unless-table='item'><column name='id'><integer/></column></create-table>\
<add-column table='item' name='state' if-table='item' unless-column='item.state'><integer/></add-column>\
<drop-column table='visits' name='legacy' if-column='visits.legacy'/>\
<update-rows table='visits' all='true' if-query='SELECT COUNT(*) FROM {prefix}visits' equals='1'>\
<set column='n'>7</set></update-rows>\
<sql unless-row='SELECT page FROM {prefix}visits WHERE n = 7'>DELETE FROM {prefix}visits<undo/></sql>\
<truncate-table name='visits' if-server='Oracle &gt;=19'/>";

/// What the plan says of the steps that are left out.
const LEFT_OUT: [&str; 3] = [
    "left out, since there is no column legacy in cms_visits: drop the column legacy of cms_visits",
    "left out, since a row is the answer to SELECT page FROM {prefix}visits WHERE n = 7: sql: DELETE FROM {prefix}visits",
    "left out, since the server is ",
];

fn notices(plan: &serde_json::Value) -> Vec<String> {
    let findings = plan["patches"][0]["findings"].as_array().unwrap_or_else(|| panic!("{plan}"));
    findings.iter().filter_map(|finding| finding["message"].as_str().map(str::to_owned)).collect()
}

fn check_conditional(world: &World) {
    world.patch("1.0.0", "1.0.1", CONDITIONAL, &[]);
    let (plan, _) = world.json("plan patches");
    let notices = notices(&plan);
    for expected in LEFT_OUT {
        assert!(notices.iter().any(|notice| notice.starts_with(expected)), "{expected}: {notices:#?}");
    }
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
}

#[test]
fn a_step_sees_what_those_before_it_did_and_what_does_not_suit_is_left_out_in_plan_and_run() {
    // A12
    let world = World::with_database("cms_");
    world.sql("CREATE TABLE cms_visits (page TEXT PRIMARY KEY, n INTEGER); INSERT INTO cms_visits VALUES ('home', 1)");
    check_conditional(&world);
}

#[test]
fn the_same_answers_hold_where_the_rehearsal_only_foresees() {
    // A12
    let database = databases_mysql::Database::of_a_site();
    let world = databases_mysql::site(&database);
    check_conditional(&world);
    assert_eq!(database.rows("SELECT page, n FROM cms_visits"), [[Value::from("home"), Value::from(7)]]);
    assert_eq!(database.rows("SHOW COLUMNS FROM cms_item").len(), 2);
}

#[test]
fn a_query_of_a_table_that_the_patch_changes_before_can_not_be_foreseen_and_is_told() {
    let database = databases_mysql::Database::of_a_site();
    let world = databases_mysql::site(&database);
    let steps = "<add-column table='visits' name='state'><integer default='1'/></add-column>\
                 <drop-column table='visits' name='n' if-row='SELECT 1 FROM {prefix}visits WHERE state = 1'/>";
    world.patch("1.0.0", "1.0.1", steps, &[]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("a precondition") && said.contains("a patch of its own"), "{said}");
}

#[test]
fn a_patch_may_refuse_a_site_that_does_not_suit() {
    // A12
    let world = World::with_database("cms_");
    world.sql("CREATE TABLE cms_inbox (id INTEGER); INSERT INTO cms_inbox VALUES (1)");
    let drop = "<drop-table name='inbox' if-query='SELECT COUNT(*) FROM {prefix}inbox' equals='0' otherwise='refuse'/>";
    world.patch("1.0.0", "1.0.1", drop, &[]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("1 and not 0 is the answer to"), "{said}");
}

/// A table of twelve rows, of which ten are to be changed, three keys at a time.
const ROWS: &str = "INSERT INTO cms_big VALUES (1, 0), (2, 0), (3, 0), (4, 0), (50, 0), (51, 0), (52, 0), (900, 0), (901, 0), \
                    (902, 0), (903, 1), (904, 1)";
const IN_PARTS: &str =
    "<update-rows table='big' batch='3'><set column='n'>2</set><where column='n'>0</where></update-rows>";

#[test]
fn an_update_in_parts_changes_every_row_once_and_is_one_statement_in_plan_and_ledger() {
    // A12
    let database = Database::new();
    let world = site_on(&database);
    database.run(&database.url(), "CREATE TABLE cms_big (id INT PRIMARY KEY, n INT)");
    database.run(&database.url(), ROWS);
    // Who changes rows is written down, one row a statement.
    for text in [
        "CREATE TABLE cms_seen (n INT)",
        "CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT INTO cms_seen SELECT count(*) FROM changed; RETURN NULL; END $$",
        "CREATE TRIGGER seen AFTER UPDATE ON cms_big REFERENCING NEW TABLE AS changed FOR EACH STATEMENT \
         EXECUTE FUNCTION seen()",
    ] {
        database.run(&database.url(), text);
    }
    world.patch("1.0.0", "1.0.1", IN_PARTS, &[]);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
    assert_eq!(applied["receipts"][0]["statements"], 1);
    let count = database.rows("SELECT count(*) FROM cms_big WHERE n = 2");
    assert_eq!(count, [[Value::from(10)]]);
    let parts = database.rows("SELECT n FROM cms_seen");
    let touched: Vec<i64> = parts.iter().filter_map(|row| row[0].as_integer()).collect();
    assert_eq!(touched, [3, 1, 3, 3, 0], "1 to 3, 4 to 6, 50 to 52, 900 to 902, 903 to 905");
}

#[test]
fn an_update_in_parts_is_one_deed_of_the_plan_where_statements_commit() {
    // A12
    let database = databases_mysql::Database::of_a_site();
    let world = databases_mysql::site(&database);
    database.run("CREATE TABLE cms_big (id INT PRIMARY KEY, n INT)");
    database.run(ROWS);
    world.patch("1.0.0", "1.0.1", IN_PARTS, &[]);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
    assert_eq!(database.rows("SELECT COUNT(*) FROM cms_big WHERE n = 2"), [[Value::from(10)]]);
}

#[test]
fn an_update_in_parts_needs_a_key_to_go_by() {
    let world = World::with_database("cms_");
    world.sql("CREATE TABLE cms_big (id TEXT PRIMARY KEY, n INTEGER); INSERT INTO cms_big VALUES ('a', 0)");
    world.patch("1.0.0", "1.0.1", IN_PARTS, &[]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("needs a primary key of one number"), "{said}");
}
