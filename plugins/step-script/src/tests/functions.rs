//! Every function of every module.

use super::{failure, said, upgraded};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{ErrorKind, Inverse, Level, Rows, Statement, Value};

#[test]
fn a_script_reads_and_writes_files() {
    // A17
    let site =
        upgraded(FakeSite::new().file("a.txt", "old"), r#"fs::write("b/c.txt", fs::read("a.txt") + "er", 0o600)"#);
    assert_eq!(site.contents("b/c.txt"), Some(b"older".as_slice()));
    assert_eq!(site.mode("b/c.txt"), Some(0o600));
}

#[test]
fn a_script_writes_blobs() {
    let site = upgraded(FakeSite::new(), r#"fs::write("b", blob(2, 255))"#);
    assert_eq!(site.contents("b"), Some([255, 255].as_slice()));
}

#[test]
fn a_script_makes_and_removes_and_sets_modes() {
    let site = FakeSite::new().file("old", "");
    let site = upgraded(
        site,
        r#"fs::make_dir("var", 0o700); fs::make_dir("tmp"); fs::remove("old"); fs::set_mode("tmp", 0o711)"#,
    );
    assert_eq!(site.paths(), ["tmp", "var"]);
    assert_eq!((site.mode("var"), site.mode("tmp")), (Some(0o700), Some(0o711)));
}

#[test]
fn a_script_asks_what_stands_at_a_path() {
    let site = FakeSite::new().file("d/f", "abc");
    let body = r#"print(fs::exists("d/f")); print(fs::exists("x")); print(fs::is_dir("d")); print(fs::size("d/f")); print(fs::md5("d/f")); print(fs::sha256("d/f").len())"#;
    assert_eq!(said(site, body), ["true", "false", "true", "3", "900150983cd24fb0d6963f7d28e17f72", "64"]);
}

#[test]
fn a_script_lists_a_directory_and_the_root() {
    let site = FakeSite::new().file("d/f", "abc");
    let body = r#"for e in fs::list("") { print(e.path + e.kind) } for e in fs::list("d") { print(`${e.path} ${e.name} ${e.size} ${e.mode}`) }"#;
    assert_eq!(said(site, body), ["ddirectory", "d/f f 3 420"]);
}

#[test]
fn the_size_of_a_directory_or_of_nothing_is_an_error() {
    assert_eq!(failure(FakeSite::new().directory("d"), r#"fs::size("d")"#).kind, ErrorKind::Conflict);
    assert_eq!(failure(FakeSite::new(), r#"fs::size("d")"#).kind, ErrorKind::Missing);
}

#[test]
fn a_file_that_is_not_utf_8_is_not_read_as_text() {
    assert_eq!(failure(FakeSite::new().file("f", [0xff]), r#"fs::read("f")"#).kind, ErrorKind::Conflict);
}

#[test]
fn a_mode_beyond_permission_bits_is_refused() {
    for mode in ["0o4755", "-1", "\"644\""] {
        assert_eq!(failure(FakeSite::new(), &format!("fs::write(\"a\", \"\", {mode})")).kind, ErrorKind::Invalid);
    }
}

#[test]
fn a_statement_carries_its_parameters_its_place_and_what_takes_it_back() {
    let body = r#"print(db::execute("UPDATE a SET b = ?, c = ?", [1, ()], ["UPDATE x", "UPDATE y"])); db::execute("DELETE FROM t", [], "INSERT INTO t DEFAULT VALUES"); db::execute("ANALYZE", [], []); db::execute("DROP TABLE z")"#;
    let site = upgraded(FakeSite::new(), body);
    let [first, second, third, fourth] = site.executed() else { panic!("{:?}", site.executed()) };
    assert_eq!(first.statement.parameters, [Value::Integer(1), Value::Null]);
    assert_eq!(first.statement.position.as_ref().unwrap().to_string(), "upgrade.rhai:1:26");
    let texts = |inverse: &Option<Vec<Inverse>>| {
        inverse.as_ref().map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(texts(&first.inverse).unwrap(), ["UPDATE x", "UPDATE y"]);
    assert_eq!(texts(&second.inverse).unwrap(), ["INSERT INTO t DEFAULT VALUES"]);
    assert_eq!(texts(&third.inverse), Some(Vec::new()));
    assert_eq!(texts(&fourth.inverse), None);
    assert_eq!(site.logged()[0].1, "1");
}

#[test]
fn the_table_prefix_stands_in_for_its_placeholder() {
    let site = FakeSite::new().with_facts(|facts| facts.table_prefix = "acme_".into());
    let site = upgraded(
        site,
        r#"db::execute("DELETE FROM {prefix}item WHERE a = '{prefix}';", [], "SELECT 1 FROM {prefix}item")"#,
    );
    assert_eq!(site.executed_texts(), ["DELETE FROM acme_item WHERE a = '{prefix}'"]);
    assert_eq!(site.executed()[0].inverse.as_ref().unwrap()[0].to_string(), "SELECT 1 FROM acme_item");
}

#[test]
fn several_statements_or_none_in_one_call_are_refused() {
    for sql in ["DELETE FROM a; DELETE FROM b", "", "-- nothing"] {
        assert_eq!(failure(FakeSite::new(), &format!("db::execute({sql:?})")).kind, ErrorKind::Invalid, "{sql}");
    }
    assert_eq!(failure(FakeSite::new(), r#"db::query("SELECT 1; DELETE FROM a")"#).kind, ErrorKind::Invalid);
}

#[test]
fn statements_of_transactions_and_those_the_dialect_refuses_are_refused() {
    for sql in ["begin", "COMMIT", "/* x */ rollback", "SAVEPOINT a", "RELEASE a", "ATTACH 'x' AS y", "vacuum"] {
        for call in ["db::execute", "db::query"] {
            assert_eq!(failure(FakeSite::new(), &format!("{call}({sql:?})")).kind, ErrorKind::Refused, "{call} {sql}");
        }
        assert_eq!(
            failure(FakeSite::new(), &format!("db::execute(\"ANALYZE\", [], {sql:?})")).kind,
            ErrorKind::Refused
        );
    }
}

fn items() -> FakeSite {
    let rows = vec![vec![Value::Integer(1), Value::Text("a".into())], vec![Value::Integer(2), Value::Null]];
    FakeSite::new().rows("SELECT * FROM item", &["id", "title"], rows)
}

#[test]
fn a_query_gives_maps() {
    let body = r#"for row in db::query("SELECT * FROM item") { print(`${row.id} ${row.title} ${row.title == ()}`) }"#;
    assert_eq!(said(items(), body), ["1 a false", "2  true"]);
}

#[test]
fn a_query_for_one_row_is_an_error_when_there_are_several() {
    assert_eq!(failure(items(), r#"db::one("SELECT * FROM item")"#).kind, ErrorKind::Conflict);
    assert_eq!(failure(items(), r#"db::scalar("SELECT * FROM item")"#).kind, ErrorKind::Conflict);
}

#[test]
fn one_row_and_one_value_come_as_such_and_no_row_as_unit() {
    let respond = |statement: &Statement| {
        let found = statement.parameters == [Value::Integer(1)];
        let rows = if found { vec![vec![Value::Text("a".into())]] } else { Vec::new() };
        Ok(Rows { columns: vec!["title".into()], rows })
    };
    let body = r#"let q = "SELECT title FROM item WHERE id = ?"; print(db::one(q, [1]).title); print(db::scalar(q, [1])); print(db::one(q, [2]) == ()); print(db::scalar(q, [2]) == ())"#;
    assert_eq!(said(FakeSite::new().on_query(respond), body), ["a", "a", "true", "true"]);
}

#[test]
fn two_columns_of_one_name_are_an_error_because_one_would_be_lost() {
    let site = FakeSite::new().rows("SELECT 1", &["id", "id"], vec![vec![Value::Null, Value::Null]]);
    assert!(failure(site, r#"db::query("SELECT 1")"#).message.contains("two columns named id"));
}

#[test]
fn a_parameter_that_no_database_holds_is_an_error_that_names_it() {
    let error = failure(FakeSite::new(), r#"db::execute("DELETE FROM a WHERE b = ?", [1, #{}])"#);
    assert_eq!(error.message, "in upgrade(): db::execute: parameter 2 is a map, which a database can't hold");
}

#[test]
fn a_replacement_must_find_its_text_exactly_once() {
    assert_eq!(said(FakeSite::new(), r#"print(text::replace_once("abc", "b", "x"))"#), ["axc"]);
    for text in ["xyz", "abab", ""] {
        assert_eq!(
            failure(FakeSite::new(), &format!("text::replace_once({text:?}, \"ab\", \"\")")).kind,
            ErrorKind::Conflict
        );
    }
}

#[test]
fn places_that_overlap_are_two_places() {
    assert_eq!(failure(FakeSite::new(), r#"text::replace_once("ööö", "öö", "")"#).kind, ErrorKind::Conflict);
}

#[test]
fn texts_are_inserted_counted_and_cut_into_lines() {
    let body = r#"print(text::insert_after("ac", "a", "b")); print(text::insert_before("ac", "c", "b")); print(text::replace_all("aa", "a", "b")); print(text::count("abab", "ab")); print(text::lines("a\r\nb\n").len())"#;
    assert_eq!(said(FakeSite::new(), body), ["abc", "abc", "bb", "2", "2"]);
}

#[test]
fn an_empty_text_is_nothing_to_look_for() {
    for call in ["replace_once(\"a\", \"\", \"b\")", "replace_all(\"a\", \"\", \"b\")", "count(\"a\", \"\")"] {
        assert_eq!(failure(FakeSite::new(), &format!("text::{call}")).kind, ErrorKind::Invalid);
    }
}

#[test]
fn a_script_knows_the_facts_of_the_site() {
    let body = "print(site::product()); print(site::version()); print(site::to()); print(site::patch()); print(site::dialect()); print(site::table_prefix() == \"\")";
    assert_eq!(said(FakeSite::new(), body), ["acme-cms", "1.0.0", "1.0.1", "acme-cms-1.0.1", "sqlite", "true"]);
}

#[test]
fn a_setting_that_is_absent_is_an_error_unless_there_is_a_default() {
    let site = || FakeSite::new().setting("theme", "dark");
    assert_eq!(said(site(), r#"print(site::setting("theme")); print(site::setting_or("x", 5))"#), ["dark", "5"]);
    assert_eq!(failure(site(), r#"site::setting("x")"#).kind, ErrorKind::Missing);
}

#[test]
fn an_answer_that_was_not_given_is_unit() {
    let site = FakeSite::new().answer("theme", "keep");
    assert_eq!(said(site, r#"print(site::answer("theme")); print(site::answer("x") == ())"#), ["keep", "true"]);
}

#[test]
fn messages_reach_the_operator_with_their_level() {
    let site = upgraded(FakeSite::new(), r#"log::debug(1); log::info("a"); log::warn([1]); print("p"); debug("d")"#);
    let levels: Vec<_> = site.logged().into_iter().map(|(level, _)| level).collect();
    assert_eq!(levels, [Level::Debug, Level::Info, Level::Warn, Level::Info, Level::Debug]);
}
