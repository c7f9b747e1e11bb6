//! The module `text`.

use super::super::{failure, said};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::ErrorKind;

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
fn a_text_is_replaced_as_often_as_the_script_says() {
    assert_eq!(
        said(FakeSite::new(), r#"print(text::replace("abab", "ab", "x", 2)); print(text::replace("a", "b", "x", 0))"#),
        ["xx", "a"]
    );
    for count in ["1", "3"] {
        assert_eq!(
            failure(FakeSite::new(), &format!("text::replace(\"abab\", \"ab\", \"\", {count})")).kind,
            ErrorKind::Conflict
        );
    }
    assert_eq!(failure(FakeSite::new(), r#"text::replace("a", "a", "", -1)"#).kind, ErrorKind::Invalid);
}

#[test]
fn what_a_pattern_matches_is_replaced_with_its_groups() {
    let body = r#"print(text::replace_regex("x=1, y=2", "(\\w)=(?<v>\\d)", "$v:$1")); print(text::replace_regex("aaa", "a", "b", 3)); print(text::replace_regex("aXb", "x*", "-", 4))"#;
    assert_eq!(said(FakeSite::new(), body), ["1:x, 2:y", "bbb", "-a-X-b-"]);
    for call in [r#"text::replace_regex("a", "b", "")"#, r#"text::replace_regex("aa", "a", "", 1)"#] {
        assert_eq!(failure(FakeSite::new(), call).kind, ErrorKind::Conflict, "{call}");
    }
    for pattern in ["(", "a{100000}", "(?=a)", "\\\\1"] {
        let call = format!("text::matches_regex(\"a\", \"{pattern}\")");
        assert_eq!(failure(FakeSite::new(), &call).kind, ErrorKind::Invalid, "{pattern}");
    }
}

#[test]
fn a_pattern_finds_its_groups() {
    let body = r#"print(text::find_regex("v = 1.2;", "(\\d+)\\.(\\d+)(x)?")); print(text::find_regex("a", "b") == ()); print(text::matches_regex("ab", "^a.$"))"#;
    assert_eq!(said(FakeSite::new(), body), ["[\"1.2\", \"1\", \"2\", ()]", "true", "true"]);
}

#[test]
fn a_block_goes_with_its_lines() {
    let body = r##"print(text::remove_block("a\n  # <x>\nb\n  # </x>\nc\n", "# <x>", "# </x>")); print(text::remove_block("a (b) c", "(", ")"))"##;
    assert_eq!(said(FakeSite::new(), body), ["a\nc\n", "a  c"]);
    for text in ["begin", "begin begin end", "end"] {
        let call = format!("text::remove_block(\"{text}\", \"begin\", \"end\")");
        assert_eq!(failure(FakeSite::new(), &call).kind, ErrorKind::Conflict, "{text}");
    }
}

#[test]
fn two_changes_of_one_text_are_laid_together() {
    let body = r#"print(text::merge("1\n2\n3\n4\n", "one\n2\n3\n4\n", "1\n2\n3\nfour\n"))"#;
    assert_eq!(said(FakeSite::new(), body), ["one\n2\n3\nfour\n"]);
    assert_eq!(failure(FakeSite::new(), r#"text::merge("1\n", "2\n", "3\n")"#).kind, ErrorKind::Conflict);
    let long = r#"let a = ""; a.pad(50000, "\n"); text::merge("", a, "x")"#;
    assert_eq!(failure(FakeSite::new(), long).kind, ErrorKind::Limit);
}
