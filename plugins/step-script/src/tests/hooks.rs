//! The hooks: when they run, what they may do and what they return.

use super::{parse, step};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{ErrorKind, Severity};

#[test]
fn a_script_without_a_hook_is_refused() {
    let error = parse(FakeSite::new(), "fn helper() {}", "<script/>").unwrap_err();
    assert_eq!(error.to_string(), "upgrade.rhai:1:1: the script has no hook, so nothing of it would ever run");
}

#[test]
fn a_hook_has_no_parameters() {
    assert!(parse(FakeSite::new(), "fn upgrade(x) {}", "<script/>").is_err());
}

#[test]
fn the_script_must_be_in_the_archive_and_be_text() {
    let site = || FakeSite::new().payload("other.rhai", [0xff]);
    assert_eq!(parse(site(), "", "<script src='none.rhai'/>").unwrap_err().kind, ErrorKind::Missing);
    assert_eq!(parse(site(), "", "<script src='other.rhai'/>").unwrap_err().kind, ErrorKind::Invalid);
}

#[test]
fn an_unknown_attribute_or_child_is_refused() {
    for element in ["<script file='a'/>", "<script><use/></script>", "<script>x</script>", "<script><uses/></script>"] {
        assert!(parse(FakeSite::new(), "fn upgrade() {}", element).is_err(), "{element}");
    }
}

#[test]
fn the_plan_names_the_script_and_its_hooks() {
    assert_eq!(step("fn upgrade() {} fn preflight() {}").summary(), "script upgrade.rhai: preflight(), upgrade()");
}

#[test]
fn hooks_that_are_left_out_do_nothing() {
    let (step, mut site) = (step("fn after() {}"), FakeSite::new());
    assert!(step.check(&site).unwrap().is_empty());
    step.apply(&mut site).unwrap();
    step.verify(&site).unwrap();
    assert!(step.has_after());
}

#[test]
fn after_changes_the_site_once_the_patch_is_in_force() {
    // A44
    let mut site = FakeSite::new();
    step(r#"fn after() { fs::write("cache/ready", "") }"#).after(&mut site).unwrap();
    assert!(site.exists("cache/ready"));
}

#[test]
fn a_rehearsal_and_the_run_do_the_same() {
    let source = r#"fn upgrade() { for e in fs::list("") { db::execute("INSERT INTO f VALUES (?)", [#{b: 1, a: e.name}.a]); fs::write(e.path, e.path.to_upper()) } }"#;
    let start = || FakeSite::new().file("a", "").file("b", "");
    let (step, mut rehearsal, mut site) = (step(source), start(), start());
    step.apply(&mut rehearsal).unwrap();
    step.apply(&mut site).unwrap();
    assert_eq!(rehearsal.snapshot(), site.snapshot());
    assert_eq!(site.contents("b"), Some(b"B".as_slice()));
}

#[test]
fn preflight_and_verify_change_nothing() {
    let site = FakeSite::new().file("a", "").directory("d").payload("m", "");
    let verbs = [
        r#"fs::write("a", "")"#,
        r#"fs::remove("a")"#,
        r#"fs::make_dir("b")"#,
        r#"fs::set_mode("a", 0o600)"#,
        r#"fs::install("m", "a")"#,
        r#"db::execute("DELETE FROM a")"#,
        r#"db::batch("DELETE FROM a WHERE b = ?", [[1]])"#,
        r#"db::change("<drop-table name='a'/>")"#,
        r#"fs::append("a", "x")"#,
        r#"fs::copy("a", "b")"#,
        r#"fs::rename("a", "b")"#,
        r#"fs::remove_all("d")"#,
    ];
    for verb in verbs {
        for hook in ["preflight", "verify"] {
            let source = format!("fn {hook}() {{ {verb}; }}");
            let element = "<script><uses payload='m'/></script>";
            let step = parse(FakeSite::new().payload("m", ""), &source, element).unwrap();
            let error = step.check(&site).err().or_else(|| step.verify(&site).err()).unwrap();
            assert_eq!(error.kind, ErrorKind::Refused, "{verb}");
            assert!(error.message.contains(&format!("is not allowed in {hook}()")), "{error}");
        }
    }
}

#[test]
fn only_declared_members_are_installed() {
    let source = r#"fn upgrade() { fs::install("files/x.conf", "etc/x.conf", 0o640) }"#;
    let site = || FakeSite::new().payload("files/x.conf", "x");
    let declared = parse(site(), source, "<script><uses payload='files/x.conf'/></script>").unwrap();
    let mut upgraded = site();
    declared.apply(&mut upgraded).unwrap();
    assert_eq!((upgraded.contents("etc/x.conf"), upgraded.mode("etc/x.conf")), (Some(b"x".as_slice()), Some(0o640)));
    let undeclared = parse(site(), source, "<script/>").unwrap();
    assert_eq!(undeclared.apply(&mut site()).unwrap_err().kind, ErrorKind::Refused);
}

#[test]
fn a_declared_member_must_be_in_the_archive() {
    let error = parse(FakeSite::new(), "fn upgrade() {}", "<script><uses payload='x'/></script>").unwrap_err();
    assert_eq!(error.to_string(), "patch.xml:1:9: the patch's archive has no member x");
}

#[test]
fn preflight_reports_findings_as_texts_and_maps() {
    let source = r#"fn preflight() { ["so it is", #{severity: "blocker", message: "no", hint: "do"}, #{severity: "question", id: "q", message: "which", answers: [["keep", "keeps"], ["drop", "drops"]]}] }"#;
    let findings = step(source).check(&FakeSite::new()).unwrap();
    assert_eq!(findings[0].severity, Severity::Notice);
    assert!(findings[1].is_blocker());
    assert_eq!(findings[1].hint.as_deref(), Some("do"));
    let Severity::Question(question) = &findings[2].severity else { panic!("{findings:?}") };
    assert_eq!(question.id, "q");
    assert_eq!(question.answers.iter().map(|choice| choice.answer.as_str()).collect::<Vec<_>>(), ["keep", "drop"]);
}

#[test]
fn answers_in_a_map_are_in_alphabetical_order() {
    let source = r#"fn preflight() { #{severity: "question", id: "q", message: "m", answers: #{b: "1", a: "2"}} }"#;
    let findings = step(source).check(&FakeSite::new()).unwrap();
    let Severity::Question(question) = &findings[0].severity else { panic!("{findings:?}") };
    assert_eq!(question.answers[0].answer, "a");
}

#[test]
fn what_is_not_a_finding_is_an_error_and_not_silence() {
    for said in [
        "42",
        "[42]",
        "#{}",
        "#{message: 1}",
        "#{mesage: \"a\"}",
        "#{message: \"a\", severity: \"bad\"}",
        "#{severity: \"question\", message: \"a\", id: \"b\"}",
    ] {
        let error = step(&format!("fn preflight() {{ {said} }}")).check(&FakeSite::new()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{said}");
        assert!(error.position.is_some());
    }
}

#[test]
fn verify_takes_the_patch_back_by_false_or_by_throwing() {
    for body in ["false", "throw \"broken\"", "42"] {
        assert!(step(&format!("fn verify() {{ {body} }}")).verify(&FakeSite::new()).is_err(), "{body}");
    }
    for body in ["true", ""] {
        step(&format!("fn verify() {{ {body} }}")).verify(&FakeSite::new()).unwrap();
    }
}

#[test]
fn a_script_that_is_for_components_runs_where_one_of_them_is_installed() {
    // D11
    let all =
        "fn upgrade() { fs::write(\"u\", \"\") } fn after() { fs::write(\"a\", \"\") } fn verify() { throw \"seen\" }";
    let step = parse(FakeSite::new(), all, "<script for='forum chat'/>").unwrap();
    assert_eq!(step.summary(), "script upgrade.rhai: upgrade(), verify(), after(); for forum, chat");
    for (installed, runs) in [("chat", true), ("shop", false)] {
        let mut site = FakeSite::new().component(installed, "1.0");
        assert_eq!(step.check(&site).unwrap().len(), usize::from(!runs), "it is said that it is left out");
        step.apply(&mut site).unwrap();
        step.after(&mut site).unwrap();
        assert_eq!(site.paths(), if runs { vec!["a", "u"] } else { Vec::new() }, "{installed}");
        assert_eq!(step.verify(&site).is_err(), runs);
    }
    assert!(parse(FakeSite::new(), all, "<script for=' '/>").is_err());
}
