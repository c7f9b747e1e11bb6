//! Every error of a script names its place, and says what to do where something is to be said.

use super::{parse, step};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{Error, ErrorKind};

/// Why the script can't be compiled, or its `upgrade()` fails.
fn error(source: &str) -> Error {
    match parse(FakeSite::new(), source, "<script/>") {
        Ok(step) => step.apply(&mut FakeSite::new()).unwrap_err(),
        Err(error) => error,
    }
}

#[test]
fn every_kind_of_error_names_its_place() {
    let table = [
        // Found when the script is compiled.
        ("fn upgrade() {\n  let x = ;\n}", "2:11"),
        ("fn upgrade() {\n  foo(1, 2\n}", "3:1"),
        ("fn upgrade() {\n  let s = \"abc\n}", "2:11"),
        ("fn upgrade() {", "1:15"),
        ("fn upgrade() {\n  x + 1\n}", "2:3"),
        ("fn upgrade() {\n  eval(\"1\")\n}", "2:3"),
        ("fn upgrade() {\n  import \"x\" as y;\n}", "2:3"),
        ("fn upgrade() {\n  fs::raed(\"a\")\n}", "2:7"),
        ("fn upgrade() {\n  fs::read()\n}", "2:7"),
        ("fn upgrade() {\n  http::fetch(\"a\")\n}", "2:3"),
        ("fn upgrade() {\n  if true { print(fs::read(\"a\", 1)) }\n}", "2:23"),
        // Found when it runs.
        ("fn upgrade() {\n  fix()\n}", "2:3"),
        ("fn upgrade() {\n  1 + fs::read(\"none\")\n}", "2:11"),
        ("fn upgrade() {\n  fs::read(42)\n}", "2:7"),
        ("fn upgrade() {\n  let a = [1];\n  a[5]\n}", "3:5"),
        ("fn upgrade() {\n  1 / 0\n}", "2:5"),
        ("fn upgrade() {\n  throw \"no\"\n}", "2:3"),
        ("fn upgrade() {\n  let x = 1;\n  x.foo()\n}", "3:5"),
        ("fn upgrade() {\n  if 1 { }\n}", "2:6"),
        ("fn upgrade() {\n  for i in 5 { }\n}", "2:12"),
        ("fn upgrade() {\n  db::execute(\"BEGIN\")\n}", "2:7"),
    ];
    for (source, place) in table {
        let error = error(source);
        let position = error.position.clone().unwrap();
        assert_eq!(position.to_string(), format!("upgrade.rhai:{place}"), "{source}\n{error}");
        assert!(error.message.starts_with(|first: char| !first.is_uppercase()), "{error}");
        assert!(!error.message.contains("(line "), "{error}");
    }
}

#[test]
fn the_innermost_place_counts_and_the_calls_on_the_way_are_named() {
    let error = error("fn upgrade() {\n  fix()\n}\nfn fix() {\n  inner(1)\n}\nfn inner(x) {\n  fs::read(\"none\")\n}");
    assert_eq!(error.to_string(), "upgrade.rhai:8:7: in upgrade() → fix() → inner(): nothing stands at none");
}

#[test]
fn an_error_that_is_caught_and_thrown_again_keeps_its_place() {
    let site_failure = error("fn upgrade() {\n  try {\n    fs::read(\"none\")\n  } catch (e) {\n    throw e;\n  }\n}");
    assert_eq!(site_failure.position.unwrap().line, 3);
    assert_eq!(site_failure.kind, ErrorKind::Missing);
    let own = error("fn upgrade() {\n  try {\n    1 / 0\n  } catch (e) {\n    throw e;\n  }\n}");
    assert_eq!(own.position.unwrap().line, 3);
}

#[test]
fn a_script_throws_a_message_with_a_hint() {
    let error = error("fn upgrade() { throw #{message: \"no theme\", hint: \"choose one\"} }");
    assert_eq!(error.message, "in upgrade(): no theme");
    assert_eq!(error.hint.as_deref(), Some("choose one"));
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[test]
fn a_script_reads_the_failure_that_it_caught() {
    let mut site = FakeSite::new();
    let source = r#"fn upgrade() { try { fs::read("none") } catch (e) { print(e.message); print(e.kind); print(e.hint == ()); print("so: " + e); print(`${e}`); log::info(e) } }"#;
    step(source).apply(&mut site).unwrap();
    let told: Vec<_> = site.logged().into_iter().map(|(_, message)| message).collect();
    let message = "nothing stands at none";
    assert_eq!(told[..6], [message, "missing", "true", "so: nothing stands at none", message, message]);
}

#[test]
fn a_slip_of_the_pen_is_met_with_the_name_that_was_meant() {
    let hint = |source: &str| error(source).hint.unwrap_or_default();
    assert_eq!(hint("fn upgrade() { fs::raed(\"a\") }"), "did you mean fs::read");
    assert_eq!(hint("fn upgrade() { fss::read(\"a\") }"), "did you mean fs");
    assert_eq!(hint("fn upgrade() { fs::write(\"a\") }"), "its form is fs::write(path, text[, mode])");
    assert_eq!(hint("fn upgrade() { replace_once(\"a\", \"b\", \"c\") }"), "did you mean text::replace_once");
    assert_eq!(hint("fn update_menu() {} fn upgrade() { update_memu() }"), "did you mean update_menu");
    assert_eq!(hint("fn fix(a) {} fn upgrade() { fix() }"), "fix takes other arguments");
    assert_eq!(
        hint("const THEME = 1; fn upgrade() { THEME }"),
        "inside a function a constant of the script is written global::THEME"
    );
    assert_eq!(hint("fn upgrade() { fs::write(1, 2) }"), "its form is fs::write(path, text[, mode])");
}

#[test]
fn a_limit_has_the_place_of_the_last_call_to_a_module_or_of_the_hook() {
    let after_a_call = error("fn f() { f() }\nfn upgrade() {\n  fs::exists(\"a\");\n  f()\n}");
    assert_eq!(after_a_call.position.unwrap().line, 3);
    assert!(after_a_call.hint.unwrap().contains("fs::exists"));
    let without = error("fn f() { f() }\nfn upgrade() {\n  f()\n}");
    assert_eq!(without.position.unwrap().line, 2);
}

#[test]
fn a_wrong_type_is_named_with_the_parameter() {
    let error = error("fn upgrade() { fs::write(\"a\", 42) }");
    assert_eq!(error.message, "in upgrade(): fs::write: the argument text must be text, not a whole number");
}
