//! What a script can't do: the attacks that the limits stop, and the ways out that don't exist.

use super::{failure, parse, said, step, upgraded};
use crate::conversation::Site;
use crate::hook::Hook;
use crate::limits;
use crate::script::Script;
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::{ErrorKind, Level};
use std::time::Duration;

#[test]
fn nothing_runs_at_load() {
    for source in [
        "fs::write(\"a\", \"\");",
        "let x = 1;",
        "const X = fs::read(\"a\");",
        "1 + 1",
        "{ }",
        "const X = [1, fs::size(\"a\")];",
    ] {
        let error = parse(FakeSite::new(), &format!("fn upgrade() {{}}\n{source}"), "<script/>").unwrap_err();
        assert_eq!(error.position.unwrap().line, 2, "{source}");
    }
}

#[test]
fn constants_with_literal_values_are_seen_by_functions() {
    let source = "const A = 3; const B = [1, -2, \"x\"]; const C = #{a: 1};\nfn upgrade() { print(global::A + global::B[1] + global::C.a) }";
    let mut site = FakeSite::new();
    step(source).apply(&mut site).unwrap();
    assert_eq!(site.logged()[0].1, "2");
}

#[test]
fn code_that_was_not_checked_and_code_from_elsewhere_do_not_exist() {
    for body in
        ["eval(\"1\")", "import \"x\" as y;", "sleep(1)", "timestamp()", "exit()", "rand()", "parse_json(\"{}\")"]
    {
        let source = format!("fn upgrade() {{ {body} }}");
        let outcome = parse(FakeSite::new(), &source, "<script/>").and_then(|step| step.apply(&mut FakeSite::new()));
        assert!(outcome.is_err(), "{body}");
    }
}

#[test]
fn eval_does_not_come_back_as_a_function_pointer() {
    failure(FakeSite::new(), r#"let f = Fn("eval"); f.call("fs::write(\"a\", \"\")")"#);
}

#[test]
fn paths_out_of_the_root_are_refused_at_their_place() {
    // A17
    for path in ["../x", "/etc/passwd", "a/../../x", "a\\\\b", ""] {
        for call in
            [format!("fs::read(\"{path}\")"), format!("fs::write(\"{path}\", \"\")"), format!("fs::remove(\"{path}\")")]
        {
            let error = failure(FakeSite::new(), &call);
            assert_eq!(error.kind, ErrorKind::Refused, "{call}");
            assert_eq!(error.position.unwrap().to_string(), "upgrade.rhai:1:20", "{call}");
        }
    }
}

#[test]
fn a_refused_attempt_is_told_even_when_the_script_catches_it() {
    let site = upgraded(FakeSite::new(), r#"try { fs::read("/etc/passwd") } catch {} log::info("on")"#);
    let warned: Vec<_> = site.logged().into_iter().filter(|(level, _)| *level == Level::Warn).collect();
    assert_eq!(warned.len(), 1);
    assert!(warned[0].1.starts_with("upgrade.rhai:1:26: fs::read: \"/etc/passwd\""), "{warned:?}");
}

#[test]
fn the_failure_that_ends_the_script_is_not_told_twice() {
    let mut site = FakeSite::new();
    step(r#"fn upgrade() { fs::read("/etc/passwd") }"#).apply(&mut site).unwrap_err();
    assert!(site.logged().is_empty());
}

#[test]
fn failures_in_a_loop_do_not_drown_the_report() {
    let site = upgraded(FakeSite::new(), r#"for i in 0..1000 { try { fs::read("none") } catch {} }"#);
    assert_eq!(site.logged().len(), limits::CAUGHT_FAILURES + 1);
}

#[test]
fn an_endless_loop_ends_at_the_limit_of_operations() {
    // A17
    for body in ["let x = 0; while true { x += 1; }", "loop { try { loop { } } catch { } }"] {
        let error = failure(FakeSite::new(), body);
        assert_eq!(error.kind, ErrorKind::Limit, "{body}: {error}");
        assert!(error.message.contains("operations"), "{error}");
    }
}

#[test]
fn operations_that_are_few_but_slow_end_with_the_scripts_own_time() {
    let script = Script::compile(
        "upgrade.rhai",
        "fn upgrade() { loop { try { loop { } } catch { } } }",
        crate::script_element::Grants::default(),
    )
    .unwrap();
    let script = script.with_own_time(Duration::from_millis(10));
    let error = script.run(Hook::Upgrade, &mut Site::Shown(&FakeSite::new())).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert!(error.message.contains("own time"), "{error}");
}

#[test]
fn time_that_the_site_takes_to_answer_is_not_the_scripts_own() {
    let slow = |_: &_| {
        std::thread::sleep(Duration::from_millis(150));
        Ok(1)
    };
    let script = Script::compile(
        "upgrade.rhai",
        "fn upgrade() { db::execute(\"ANALYZE\"); for i in 0..1000 { } }",
        crate::script_element::Grants::default(),
    )
    .unwrap();
    let script = script.with_own_time(Duration::from_millis(100));
    script.run(Hook::Upgrade, &mut Site::Edited(&mut FakeSite::new().on_execute(slow))).unwrap();
}

#[test]
fn endless_recursion_ends_before_the_stack_does() {
    for source in [
        "fn f(x) { f(x + 1) } fn upgrade() { f(0) }",
        "fn f(x) { [x].map(|y| f(y)) } fn upgrade() { f(0) }",
        "fn f(x) { try { f(x) } catch { f(x) } } fn upgrade() { f(0) }",
        "fn upgrade() { upgrade() }",
    ] {
        let error = step(source).apply(&mut FakeSite::new()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Limit, "{source}: {error}");
    }
}

#[test]
fn recursion_through_deep_expressions_ends_before_the_stack_does() {
    let depth = limits::EXPRESSION_DEPTH / 2 - 4;
    let source = format!("fn f(x) {{ {}f(x){} }} fn upgrade() {{ f(0) }}", "(1 + ".repeat(depth), ")".repeat(depth));
    assert_eq!(step(&source).apply(&mut FakeSite::new()).unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn sources_nested_without_end_are_refused() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("if true {", "}"),
        ("-", "1"),
        ("!", "true"),
        ("#{a:", "}"),
        ("f(", ")"),
        ("|x| ", "1"),
    ] {
        let source = format!("fn upgrade() {{ let x = {} {}; }}", open.repeat(20_000), close.repeat(20_000));
        assert!(parse(FakeSite::new(), &source, "<script/>").is_err(), "{open}");
    }
}

#[test]
fn a_text_that_doubles_ends_at_its_limit() {
    for body in [
        "let s = \"ab\"; loop { s += s; }",
        "let s = \"ab\"; loop { try { s = s + s; } catch { } }",
        "let s = \"ab\"; loop { s = `${s}${s}`; }",
        "let s = \"ab\"; loop { s = text::replace_all(s, \"a\", \"aa\"); }",
        "let s = \"a\"; s.pad(4000000, \"a\"); s.replace(\"a\", s);",
        "let s = \"a\"; s.pad(4000000, \"a\"); s.replace('a', s);",
        "let s = \"a\"; s.pad(4000000, \"a\"); text::replace_all(s, \"a\", s);",
        "let s = \"a\"; s.pad(4000000, \"a\"); let a = [s, s];",
        "let s = \"a\"; s.pad(5000000, \"a\");",
    ] {
        assert_eq!(failure(FakeSite::new(), body).kind, ErrorKind::Limit, "{body}");
    }
}

#[test]
fn arrays_and_maps_end_at_their_limits() {
    for body in [
        "let a = [1]; loop { a += a; }",
        "let a = []; a.pad(19000, 1); loop { a.push(1); }",
        "let a = []; a.pad(30000, 1);",
        "let a = []; loop { a = [a, a]; }",
        "let m = #{}; loop { m = #{a: m, b: m}; }",
        "let b = blob(30000);",
        "let s = \"a\"; s.pad(30000, \"a\"); s.split(\"\");",
        "blob(1000000000000000);",
        "let b = blob(1); b.pad(1000000000000000, 1);",
    ] {
        assert_eq!(failure(FakeSite::new(), body).kind, ErrorKind::Limit, "{body}");
    }
}

#[test]
fn arrays_nested_deep_do_not_overflow_the_stack() {
    const STRIDE: usize = 8;
    let deeper = format!("a = {}a.pop(){};", "[".repeat(STRIDE), "]".repeat(STRIDE));
    let times = limits::ARRAY_ELEMENTS / STRIDE - 1;
    let body = format!(
        "let a = [[]]; for i in 0..{times} {{ {deeper} }} let b = a; print(a == b); log::info(b); loop {{ {deeper} }}"
    );
    assert_eq!(failure(FakeSite::new(), &body).kind, ErrorKind::Limit);
}

#[test]
fn variables_and_functions_are_limited() {
    let variables: String = (0..=limits::VARIABLES).map(|number| format!("let v{number} = 1; ")).collect();
    assert_eq!(failure(FakeSite::new(), &variables).kind, ErrorKind::Limit);
    let functions: String = (0..=limits::FUNCTIONS).map(|number| format!("fn f{number}() {{}} ")).collect();
    assert_eq!(parse(FakeSite::new(), &functions, "<script/>").unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn a_source_that_is_too_long_is_not_read() {
    let source = " ".repeat(usize::try_from(limits::SOURCE_BYTES).unwrap() + 1);
    assert_eq!(parse(FakeSite::new(), &source, "<script/>").unwrap_err().kind, ErrorKind::Limit);
}

#[test]
fn a_file_that_is_too_long_is_not_read() {
    let site = FakeSite::new().file("big", vec![b'a'; limits::TEXT_BYTES + 1]);
    assert_eq!(failure(site, "try { fs::read(\"big\") } catch { }").kind, ErrorKind::Limit);
}

#[test]
fn bytes_written_are_counted() {
    let error = failure(FakeSite::new(), r#"let s = "a"; s.pad(4000000, "a"); loop { fs::write("a", s) }"#);
    assert!(error.message.contains("bytes written"), "{error}");
}

#[test]
fn lines_logged_are_counted_and_cut() {
    let error = failure(FakeSite::new(), "loop { try { log::info(\"a\") } catch { } }");
    assert!(error.message.contains("lines logged"), "{error}");
    let told = said(FakeSite::new(), "let s = \"\"; s.pad(100000, \"ä\"); print(s)");
    assert_eq!(told[0].chars().count(), limits::LOG_LINE_CHARS + 1);
}

#[test]
fn nothing_is_printed_past_the_limit_either() {
    let mut site = FakeSite::new();
    step("fn upgrade() { for i in 0..5000 { print(i) } }").apply(&mut site).unwrap();
    assert_eq!(u64::try_from(site.logged().len()).unwrap(), limits::LOG_LINES);
}
