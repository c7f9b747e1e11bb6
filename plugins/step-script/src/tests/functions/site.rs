//! The modules `site` and `log`.

use super::super::{failure, parse, said, upgraded};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{ErrorKind, Level};

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

#[test]
fn a_script_knows_the_versions_of_components_and_compares_versions() {
    let site = FakeSite::new().component("forum", "2.10.0");
    let body = r#"print(site::component("forum")); print(site::component("chat") == ()); print(site::satisfies(site::component("forum"), ">=2.9 <3")); print(site::satisfies("2.1", ">=2.10"))"#;
    assert_eq!(said(site, body), ["2.10.0", "true", "true", "false"]);
    assert_eq!(failure(FakeSite::new(), r#"site::satisfies("x y", ">=1")"#).kind, ErrorKind::Invalid);
}

#[test]
fn a_script_runs_the_commands_that_it_declares_and_the_owner_grants() {
    // A44
    let element = "<script><runs command='rebuild'/></script>";
    let site = || FakeSite::new().with_facts(|facts| facts.commands = vec!["rebuild".into(), "other".into()]);
    let after = |command: &str| {
        let step = parse(site(), &format!("fn after() {{ print(site::run(\"{command}\")) }}"), element).unwrap();
        let mut site = site();
        step.after(&mut site).map(|()| site)
    };
    let ran = after("rebuild").unwrap();
    assert_eq!((ran.commands_run(), ran.logged()[0].1.as_str()), (["rebuild".to_owned()].as_slice(), "rebuild ran"));
    assert_eq!(after("other").map(drop).unwrap_err().kind, ErrorKind::Refused, "it is not declared");
    let step = parse(site(), "fn after() { }", element).unwrap();
    assert_eq!(step.summary(), "script upgrade.rhai: after(); runs rebuild");
    assert!(step.check(&site()).unwrap().is_empty());
    assert!(step.check(&FakeSite::new()).unwrap()[0].is_blocker(), "it is not granted");
}

#[test]
fn a_note_is_for_the_report_and_can_be_made_where_the_site_is_changed() {
    let site = upgraded(FakeSite::new(), r#"log::note("clear the cache of your CDN"); log::note(1)"#);
    assert_eq!(site.notes(), ["clear the cache of your CDN", "1"]);
    assert!(site.logged().is_empty());
    let step = parse(FakeSite::new(), "fn preflight() { log::note(\"x\") }", "<script/>").unwrap();
    assert_eq!(step.check(&FakeSite::new()).unwrap_err().kind, ErrorKind::Refused);
    let step = parse(FakeSite::new(), "fn downgrade() { log::note(\"x\") }", "<script/>").unwrap();
    let mut site = FakeSite::new();
    step.downgrade(&mut site).unwrap();
    assert_eq!((site.notes().len(), site.logged()), (0, vec![(Level::Info, "x".to_owned())]));
}

#[test]
fn what_a_terminal_would_obey_is_not_passed_on_to_one() {
    let site = upgraded(FakeSite::new(), r#"log::info("a\x1b[2Jb\nc"); log::note("d\re\nf")"#);
    assert_eq!((site.logged()[0].1.as_str(), site.notes()), ("a [2Jb\nc", ["d e f".to_owned()].as_slice()));
}

#[test]
fn of_the_progress_with_many_things_each_hundredth_is_told() {
    let told = |body: &str| upgraded(FakeSite::new(), body).progressed();
    let all = told("for row in 0..10001 { log::progress(row, 10000, \"rows\") }");
    assert_eq!(all.len(), 101);
    assert_eq!((all[0].clone(), all[100].clone()), ((0, 10_000, "rows".into()), (10_000, 10_000, "rows".into())));
    assert_eq!(told("log::progress(1, 2)"), [(1, 2, "the script is at work".to_owned())]);
    assert_eq!(told("log::progress(0, 0)").len(), 1);
    assert_eq!(failure(FakeSite::new(), "log::progress(-1, 2)").kind, ErrorKind::Invalid);
    let restless = "for row in 0..10001 { log::progress(row, 10000, `row ${row}`) }";
    assert_eq!(failure(FakeSite::new(), restless).kind, ErrorKind::Limit);
}
