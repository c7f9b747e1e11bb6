//! What `<sql>` keeps: its variants, the marker of the table prefix, and what is refused in a manifest.

use patchwright_conformance::{FakeSite, parse_element};
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{ErrorKind, Severity, StepKind};

use super::*;
use crate::SqlSteps;

fn site() -> FakeSite {
    FakeSite::new().with_facts(|facts| facts.table_prefix = "cms_".into())
}

fn sql(xml: &str) -> Box<dyn Step> {
    SqlSteps.parse(&parse_element(xml), &site()).unwrap()
}

fn refusal(xml: &str) -> Error {
    SqlSteps.parse(&parse_element(xml), &site()).unwrap_err()
}

fn executed(xml: &str) -> Vec<String> {
    let mut site = site();
    sql(xml).apply(&mut site).unwrap();
    site.executed_texts().into_iter().map(ToOwned::to_owned).collect()
}

#[test]
fn every_statement_is_executed_once_in_order_with_its_place() {
    // A10, C20
    let mut site = site();
    let step = sql(
        "<sql>\n  DELETE FROM a WHERE t = ';';\n  -- a comment; with one\n  CREATE INDEX i ON a (t); DROP INDEX j\n</sql>",
    );
    assert_eq!(step.check(&site).unwrap(), []);
    step.apply(&mut site).unwrap();
    let expected = [("DELETE FROM a WHERE t = ';'", 2, 3), ("CREATE INDEX i ON a (t)", 4, 3), ("DROP INDEX j", 4, 28)];
    let found: Vec<_> = site
        .executed()
        .iter()
        .map(|executed| {
            let position = executed.statement.position.as_ref().unwrap();
            (executed.statement.text.as_str(), position.line, position.column)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_table_prefix_goes_in_everywhere_but_into_strings() {
    // C20
    let found = executed("<sql>UPDATE {prefix}a SET t = '{prefix}' WHERE \"{prefix}a\".i = 1</sql>");
    assert_eq!(found, ["UPDATE cms_a SET t = '{prefix}' WHERE \"cms_a\".i = 1"]);
}

#[test]
fn where_a_statement_ends_depends_on_the_sites_dialect() {
    // A11
    let xml = r"<sql>INSERT INTO a VALUES ('\'); DELETE FROM a WHERE t = ';')</sql>";
    let count = |lexical: LexicalRules| {
        let mut site = FakeSite::new().with_facts(|facts| facts.dialect.lexical = lexical);
        sql(xml).apply(&mut site).map(|()| site.executed().len())
    };
    assert_eq!(count(LexicalRules::sqlite()), Ok(2));
    assert!(count(LexicalRules::mysql()).is_err());
}

#[test]
fn the_dialects_are_named_by_the_author_or_all() {
    // A11
    assert_eq!(
        sql("<sql dialect='sqlite  postgres'>x</sql>").dialects(),
        Some(&["sqlite".into(), "postgres".into()][..])
    );
    assert_eq!(sql("<sql>x</sql>").dialects(), None);
    assert!(refusal("<sql dialect=' '>x</sql>").position.is_some());
}

#[test]
fn the_undo_stands_with_the_first_statement_and_the_others_need_none() {
    let mut site = site();
    sql("<sql>A; B;<undo>C; D {prefix}</undo></sql>").apply(&mut site).unwrap();
    let inverses: Vec<Vec<String>> = site
        .executed()
        .iter()
        .map(|executed| executed.inverse.as_ref().unwrap().iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(inverses, [vec!["C", "D cms_"], vec![]]);
}

#[test]
fn without_an_undo_nobody_knows_the_inverse_and_an_empty_one_says_there_is_none() {
    for (undo, expected) in [("", None), ("<undo/>", Some(Vec::new()))] {
        let mut site = site();
        sql(&format!("<sql>A; B{undo}</sql>")).apply(&mut site).unwrap();
        assert!(site.executed().iter().all(|executed| executed.inverse == expected));
    }
}

#[test]
fn a_probe_goes_with_its_one_statement_and_the_prefix_goes_into_it() {
    let mut site = site();
    sql("<sql probe='SELECT 1 FROM {prefix}routine'>CREATE PROCEDURE p() BEGIN END</sql>").apply(&mut site).unwrap();
    assert_eq!(site.executed()[0].statement.probe.as_deref(), Some("SELECT 1 FROM cms_routine"));
    let finding = sql("<sql probe='SELECT 1'>A; B</sql>").check(&site).unwrap().remove(0);
    assert!(finding.is_blocker());
}

#[test]
fn an_authors_transaction_is_left_out_with_a_notice() {
    let xml = "<sql>BEGIN;\nA;\nCOMMIT; start transaction; B; end transaction</sql>";
    assert_eq!(executed(xml), ["A", "B"]);
    let findings = sql(xml).check(&site()).unwrap();
    assert!(findings.iter().all(|finding| finding.severity == Severity::Notice));
    assert_eq!(findings.len(), 4);
    assert_eq!(findings[1].message, "line 3: COMMIT is left out, the engine owns the transaction");
}

#[test]
fn statements_that_no_patch_may_run_are_blockers_with_their_lines_and_nothing_is_executed() {
    let step = sql("<sql>A;\nROLLBACK;\nSAVEPOINT s; RELEASE s;\nattach 'x' AS y;<undo>\nPRAGMA z</undo></sql>");
    let mut site = site();
    let findings = step.check(&site).unwrap();
    assert!(findings.iter().all(Finding::is_blocker));
    let lines: Vec<_> = findings.iter().map(|finding| finding.position.as_ref().unwrap().line).collect();
    assert_eq!(lines, [2, 3, 3, 4, 5]);
    assert_eq!(findings[3].message, "ATTACH is refused in patches for sqlite");
    assert_eq!(step.apply(&mut site).unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(site.executed(), []);
}

#[test]
fn a_dialect_may_refuse_by_more_than_one_keyword() {
    let site = FakeSite::new().with_facts(|facts| facts.dialect.refused = vec!["CREATE DATABASE".into()]);
    assert!(sql("<sql>create database x</sql>").check(&site).unwrap()[0].is_blocker());
    assert_eq!(sql("<sql>create table x (i int)</sql>").check(&site).unwrap(), []);
}

#[test]
fn a_block_that_begins_like_a_transaction_is_run() {
    let xml = "<sql>BEGIN NOT ATOMIC A; B; END; C</sql>";
    let mut site = FakeSite::new().with_facts(|facts| facts.dialect.lexical = LexicalRules::mysql());
    assert_eq!(sql(xml).check(&site).unwrap(), []);
    sql(xml).apply(&mut site).unwrap();
    assert_eq!(site.executed_texts(), ["BEGIN NOT ATOMIC A; B; END", "C"]);
}

#[test]
fn a_script_that_can_not_be_cut_is_a_blocker_with_its_place() {
    let finding = sql("<sql>A;\n INSERT 'x</sql>").check(&site()).unwrap().remove(0);
    assert!(finding.is_blocker());
    assert_eq!(finding.position, Some(Position::new("patch.xml", 2, 9)));
}

#[test]
fn a_failure_of_the_database_names_the_statement_and_its_place() {
    // C41
    let fail = |statement: &Statement| match statement.text.as_str() {
        "B" => Err(Error::new(ErrorKind::Database, "no such table")),
        _ => Ok(0),
    };
    let error = sql("<sql>A;\nB;\nC</sql>").apply(&mut site().on_execute(fail)).unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:2:1: statement 2 of 3: no such table");
    assert_eq!(error.kind, ErrorKind::Database);
}

#[test]
fn a_script_may_lie_in_the_archive_and_places_are_its_own() {
    let site = || FakeSite::new().payload("a.sql", "\u{feff}A;\nB").payload("undo.sql", "C");
    let xml = "<sql src='a.sql'><undo src='undo.sql'/></sql>";
    let mut site = { site() };
    SqlSteps.parse(&parse_element(xml), &site).unwrap().apply(&mut site).unwrap();
    assert_eq!(site.executed_texts(), ["A", "B"]);
    assert_eq!(site.executed()[1].statement.position, Some(Position::new("a.sql", 2, 1)));
    let Inverse::Statement(undo) = &site.executed()[0].inverse.as_ref().unwrap()[0] else { panic!("no statement") };
    assert_eq!(undo.position, Some(Position::new("undo.sql", 1, 1)));
}

#[test]
fn a_script_in_the_archive_must_be_there_and_be_utf_8() {
    let site = FakeSite::new().payload("latin.sql", b"A;\n'\xe9'");
    let parse = |xml: &str| SqlSteps.parse(&parse_element(xml), &site).unwrap_err();
    assert_eq!(parse("<sql src='x.sql'/>").kind, ErrorKind::Missing);
    assert_eq!(parse("<sql src='latin.sql'/>").position, Some(Position::new("latin.sql", 2, 2)));
}

#[test]
fn an_empty_script_and_one_in_pieces_and_what_is_unknown_are_refused() {
    // C27
    for xml in [
        "<sql/>",
        "<sql>\n </sql>",
        "<sql><undo>A</undo></sql>",
        "<sql>A;<undo>B</undo>C</sql>",
        "<sql>A<undo/><undo/></sql>",
        "<sql db='sqlite'>A</sql>",
        "<sql>A<redo/></sql>",
        "<sql>A<undo>B<undo/></undo></sql>",
    ] {
        assert!(refusal(xml).position.is_some(), "{xml}");
    }
    let comment = sql("<sql>-- nothing</sql>");
    assert!(comment.check(&site()).unwrap()[0].is_blocker());
}

#[test]
fn a_dialect_that_needs_nothing_is_named_with_an_empty_script() {
    // A11
    for xml in ["<sql dialect='sqlite'/>", "<sql dialect='sqlite'>-- empty</sql>"] {
        assert_eq!(sql(xml).check(&site()).unwrap(), [], "{xml}");
        assert!(executed(xml).is_empty(), "{xml}");
    }
    assert_eq!(sql("<sql dialect='sqlite'/>").summary(), "sql: nothing on this dialect");
}

#[test]
fn a_script_whose_precondition_does_not_hold_is_left_out_or_refuses_the_patch() {
    // A12
    let mut site = site();
    let script = |otherwise: &str| sql(&format!("<sql if-table='item' {otherwise}>DELETE FROM {{prefix}}item</sql>"));
    let notice = script("").check(&site).unwrap().remove(0);
    assert_eq!(notice.severity, Severity::Notice);
    assert_eq!(notice.message, "left out, since there is no table cms_item: sql: DELETE FROM {prefix}item");
    script("").apply(&mut site).unwrap();
    assert_eq!(site.executed(), []);
    assert!(script("otherwise='refuse'").check(&site).unwrap()[0].is_blocker());
    assert!(script("otherwise='refuse'").apply(&mut site).unwrap_err().position.is_some());
}

#[test]
fn the_summary_is_the_beginning_on_one_line() {
    assert_eq!(sql("<sql>\n  DELETE\n  FROM a;\n</sql>").summary(), "sql: DELETE FROM a;");
    let long = sql(&format!("<sql>{}</sql>", "é".repeat(100))).summary();
    assert_eq!(long, format!("sql: {}…", "é".repeat(60)));
}
