//! The module `db`.

use super::super::{failure, said, upgraded};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::schema::{Column, ColumnType, Table};
use patchwright_hooks_api::{Error, ErrorKind, Inverse, Rows, Statement, Value};

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
fn one_statement_runs_for_each_row_and_what_takes_all_back_stands_with_the_first() {
    let body = r#"print(db::batch("INSERT INTO {prefix}a VALUES (?, ?)", [[1, "x"], [2, ()]], "DELETE FROM a")); print(db::batch("DELETE FROM b", []))"#;
    let site = upgraded(FakeSite::new(), body);
    let [first, second] = site.executed() else { panic!("{:?}", site.executed()) };
    assert_eq!(first.statement.text, "INSERT INTO a VALUES (?, ?)");
    assert_eq!(second.statement.parameters, [Value::Integer(2), Value::Null]);
    assert_eq!(first.inverse.as_ref().map(Vec::len), Some(1));
    assert_eq!(second.inverse.as_ref().map(Vec::len), Some(0));
    assert_eq!(site.logged().iter().map(|(_, said)| said.as_str()).collect::<Vec<_>>(), ["2", "0"]);
    let unknown = upgraded(FakeSite::new(), r#"db::batch("DELETE FROM a WHERE b = ?", [[1], [2]])"#);
    assert!(unknown.executed().iter().all(|executed| executed.inverse.is_none()));
}

#[test]
fn a_row_that_a_batch_fails_at_is_named() {
    let fails = |statement: &Statement| match statement.parameters.first() {
        Some(Value::Integer(2)) => Err(Error::new(ErrorKind::Database, "no room")),
        _ => Ok(1),
    };
    let error = failure(FakeSite::new().on_execute(fails), r#"db::batch("DELETE FROM a WHERE b = ?", [[1], [2]])"#);
    assert_eq!(error.message, "in upgrade(): db::batch: row 2: no room");
    let error = failure(FakeSite::new(), r#"db::batch("DELETE FROM a WHERE b = ?", [[1], [#{}]])"#);
    assert!(error.message.contains("row 2: db::batch: parameter 1 is a map"), "{error}");
    assert_eq!(failure(FakeSite::new(), r#"db::batch("DELETE FROM a", [1])"#).kind, ErrorKind::Invalid);
}

#[test]
fn each_row_is_handed_to_a_function() {
    let body = r#"let ids = []; print(db::each_row("SELECT * FROM item", [], |row| ids.push(row.id))); print(ids)"#;
    assert_eq!(said(items(), body), ["2", "[1, 2]"]);
    let named = "fn show(row) { print(row.title == ()); } fn upgrade() { db::each_row(\"SELECT * FROM item\", [], Fn(\"show\")) }";
    let mut site = items();
    super::super::step(named).apply(&mut site).unwrap();
    assert_eq!(site.logged().len(), 2);
}

#[test]
fn what_the_function_of_a_row_throws_keeps_its_place_and_its_calls() {
    let source = "fn upgrade() {\n  db::each_row(\"SELECT * FROM item\", [], |row| fix(row))\n}\nfn fix(row) {\n  throw `no ${row.id}`\n}";
    let error = super::super::step(source).apply(&mut items()).unwrap_err();
    assert_eq!(error.position.as_ref().unwrap().to_string(), "upgrade.rhai:5:3");
    assert!(error.message.ends_with("a closure at 2:7 → fix() at 2:48: no 1"), "{error}");
    assert_eq!(failure(items(), r#"db::each_row("SELECT * FROM item", [], 1)"#).kind, ErrorKind::Invalid);
    let caught = r#"try { db::each_row("SELECT * FROM item", [], |row| { throw "x" }) } catch (e) { print(e) }"#;
    assert_eq!(said(items(), caught), ["x"]);
}

#[test]
fn a_portable_change_is_written_as_in_a_manifest() {
    let body = r#"db::change("<add-column table='item' name='state'><integer/></add-column>"); print(db::column_exists("{prefix}item", "STATE")); db::change("<drop-table name='other' if-table='other'/>")"#;
    let site = upgraded(prefixed(), body);
    assert_eq!(site.executed_texts(), ["add the column state to cms_item"]);
    assert_eq!(site.executed()[0].inverse.as_ref().unwrap()[0].to_string(), "drop the column state of cms_item");
    assert_eq!(site.logged()[0].1, "true");
}

fn prefixed() -> FakeSite {
    let id = Column::new("id", ColumnType::Integer { bits: 32, unsigned: false }).not_null();
    let columns = vec![id, Column::new("title", ColumnType::Varchar(80))];
    FakeSite::new()
        .table(Table { name: "cms_item".into(), columns, ..Table::default() })
        .with_facts(|facts| facts.table_prefix = "cms_".into())
}

#[test]
fn a_change_that_is_none_says_where_in_it() {
    let at = |xml: &str| failure(prefixed(), &format!("db::change(`{xml}`)")).message;
    assert_eq!(
        at("<add-column table='item'\n  name='x'><text/><txt/></add-column>"),
        "in upgrade(): db::change: line 2, column 19 of the change: <add-column> has no child element <txt>"
    );
    assert!(at("<drop-table name='a' dialect='mysql'/>").contains("has no dialect"));
    assert!(at("<sql>DELETE FROM a</sql>").contains("is no portable change"));
    assert!(at("<add-column table='item' name='title'><integer/></add-column>").contains("can't add the column"));
}

#[test]
fn a_script_asks_what_the_database_holds() {
    let body = r#"print(db::table_exists("{prefix}item")); print(db::table_exists("item")); print(db::column_exists("{prefix}item", "x")); print(db::column_exists("none", "x")); for c in db::columns("{prefix}item") { print(`${c.name} ${c.type} ${c.nullable} ${c.default_value == ()}`) }"#;
    let told = ["true", "false", "false", "false", "id 32-bit integer false true", "title varchar(80) true true"];
    assert_eq!(said(prefixed(), body), told);
    assert_eq!(failure(prefixed(), r#"db::columns("item")"#).kind, ErrorKind::Missing);
}

#[test]
fn a_name_is_put_into_the_quotes_of_the_dialect() {
    assert_eq!(said(prefixed(), r#"print(db::quote("{prefix}or\"der"))"#), ["\"cms_or\"\"der\""]);
    assert_eq!(failure(prefixed(), r#"db::quote("")"#).kind, ErrorKind::Invalid);
}
