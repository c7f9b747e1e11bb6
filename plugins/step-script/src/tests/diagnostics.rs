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
        ("fn upgrade() {\n  net::fetch(\"a\")\n}", "2:3"),
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
    assert_eq!(
        error.to_string(),
        "upgrade.rhai:8:7: in upgrade() → fix() at 2:3 → inner() at 5:3: nothing stands at none"
    );
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
    assert_eq!(hint("fn fix(a) {} fn upgrade() { fix() }"), "fix takes other arguments: it is defined with 1 of them");
    assert_eq!(
        hint("const THEME = 1; fn upgrade() { THEME }"),
        "inside a function a constant of the script is written global::THEME"
    );
    assert_eq!(hint("fn upgrade() { let theme = 1; thme }"), "did you mean theme");
    assert_eq!(hint("fn fix(theme) { thme } fn upgrade() { fix(1) }"), "did you mean theme");
    assert_eq!(hint("fn upgrade() { for theme in [1] { print(them) } }"), "did you mean theme");
    assert_eq!(hint("fn upgrade() { prnt(1) }"), "did you mean print");
    assert_eq!(hint("fn upgrad() { }"), "did you mean fn upgrade() by fn upgrad()");
    assert!(hint("fn upgrade() { fs::frobnicate(1) }").starts_with("fs has read, write, append"));
    assert_eq!(hint("fn upgrade() { fs::write(1, 2) }"), "its form is fs::write(path, text[, mode])");
}

#[test]
fn a_limit_has_its_place_or_that_of_the_call_that_led_to_it() {
    let at = |source: &str| {
        let error = error(source);
        assert_eq!(error.kind, ErrorKind::Limit, "{error}");
        let place = error.position.unwrap();
        (place.line, place.column)
    };
    assert_eq!(at("fn upgrade() {\n  let s = \"ab\";\n  loop { s += s; }\n}"), (3, 12));
    assert_eq!(at("fn f() { f() }\nfn upgrade() {\n  fs::exists(\"a\");\n  f()\n}"), (4, 3));
    assert_eq!(at("fn f() { blob(1000000) }\nfn upgrade() {\n  f()\n}"), (3, 3));
}

#[test]
fn a_hook_whose_head_is_not_as_usual_has_its_own_place_as_the_last_resort() {
    let after_a_call = error("fn upgrade(/* ! */) {\n  fs::exists(\"a\");\n  blob(1000000)\n}");
    assert_eq!(after_a_call.position.unwrap().line, 2);
    assert!(after_a_call.hint.unwrap().contains("fs::exists"));
    assert_eq!(error("fn upgrade(/* ! */) {\n  blob(1000000)\n}").position.unwrap().line, 1);
}

#[test]
fn a_hook_can_be_called_like_any_function() {
    let mut site = FakeSite::new();
    let source = "const N = 2; fn upgrade() { if fs::exists(\"a\") { return again(global::N); } fs::write(\"a\", \"\"); upgrade() } fn again(n) { fs::write(\"b\", `${n}`) }";
    step(source).apply(&mut site).unwrap();
    assert_eq!(site.contents("b"), Some(b"2".as_slice()));
}

#[test]
fn a_wrong_type_is_named_with_the_parameter() {
    let error = error("fn upgrade() { fs::write(\"a\", 42) }");
    assert_eq!(error.message, "in upgrade(): fs::write: the argument text must be text, not a whole number");
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_in_order() {
    let source = "fn upgrade() {\n  fs::raed(\"a\");\n  if false { fix(1) }\n}\nfn after() {\n  db::query();\n  [1].map(|x| prnt(x))\n}\nlet x = 1;";
    let inspection = crate::inspect("upgrade.rhai", source);
    let told: Vec<_> = inspection.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "upgrade.rhai:2:7: there is no function fs::raed",
            "upgrade.rhai:3:14: there is no function fix()",
            "upgrade.rhai:6:7: db::query can't be called with 0 arguments",
            "upgrade.rhai:7:15: there is no function prnt()",
            "upgrade.rhai:9:1: only functions and constants with literal values stand outside functions",
        ]
    );
    assert_eq!(crate::inspect("upgrade.rhai", "fn upgrade() {} fn verify() {}").hooks, ["upgrade()", "verify()"]);
}

#[test]
fn what_types_an_operator_or_function_was_given_is_said_in_the_words_of_the_reference() {
    assert_eq!(error("fn upgrade() { \"a\" - [1] }").message, "in upgrade(): - has no meaning for text and an array");
    assert_eq!(error("fn upgrade() { floor(\"a\") }").message, "in upgrade(): floor has no meaning for text");
    let method = error("fn upgrade() { let x = 1; x.fix(\"a\") }").message;
    assert_eq!(method, "in upgrade(): there is no function fix(a whole number, text)");
}

#[test]
fn whatever_fails_shows_the_line_of_the_script_that_it_stands_in() {
    let excerpt = |source: &str| error(source).position.unwrap().excerpt().unwrap();
    let unknown = crate::inspect("upgrade.rhai", "fn upgrade() {\n\tfs::raed(\"a\")\n}").faults.remove(0);
    assert_eq!(unknown.position.unwrap().excerpt().unwrap(), "  |\n2 | \tfs::raed(\"a\")\n  | \t    ^^^^");
    let unfinished = crate::inspect("upgrade.rhai", "fn upgrade() {\n  let x = ;\n}").faults.remove(0);
    assert_eq!(unfinished.position.unwrap().excerpt().unwrap(), "  |\n2 |   let x = ;\n  |           ^");
    assert_eq!(excerpt("fn upgrade() {\n  fs::read(\"gone\")\n}"), "  |\n2 |   fs::read(\"gone\")\n  |       ^^^^");
    assert_eq!(excerpt("fn upgrade() {\n  loop {}\n}"), "  |\n2 |   loop {}\n  |        ^");
}

#[test]
fn a_value_that_is_too_large_is_said_to_be() {
    assert!(error("fn upgrade() { let s = \"ab\"; loop { s += s } }").message.contains("a text is too long"));
    assert!(error("fn upgrade() { let a = [1]; loop { a += a } }").message.contains("an array or a blob is too large"));
    assert!(error("fn upgrade() { let m = #{}; loop { m = #{a: m, b: m} } }").message.contains("a map is too large"));
}
