//! The modules `json`, `ini` and `xml`: edits that keep the layout.

use super::super::{failure, said};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::ErrorKind;

/// What the file becomes by an expression about its text `t`.
fn edited(text: &str, expression: &str) -> String {
    let site = FakeSite::new().file("file", text);
    let site = super::super::upgraded(site, &format!("let t = fs::read(\"file\"); fs::write(\"file\", {expression})"));
    String::from_utf8(site.contents("file").unwrap().to_vec()).unwrap()
}

/// Why an expression about the text `t` fails.
fn refused(text: &str, expression: &str) -> ErrorKind {
    failure(FakeSite::new().file("file", text), &format!("let t = fs::read(\"file\"); {expression}")).kind
}

/// What an expression about the text `t` gives.
fn told(text: &str, expression: &str) -> String {
    said(FakeSite::new().file("file", text), &format!("let t = fs::read(\"file\"); print({expression})")).remove(0)
}

const JSON: &str = "\u{feff}{\r\n\t// who\r\n\t\"name\": \"cms\", /* the product */\r\n\t\"cache\": { \"ttl\": 60, \"on\": true },\r\n\t\"hosts\": [\"a\", 1.5, null],\r\n}\r\n";

#[test]
fn json_is_read_by_its_path() {
    for (path, value) in [
        ("\"name\"", "cms"),
        ("[\"cache\", \"ttl\"]", "60"),
        ("[\"hosts\", 1]", "1.5"),
        ("\"cache\"", "#{\"on\": true, \"ttl\": 60}"),
        ("\"hosts\"", "[\"a\", 1.5, ()]"),
    ] {
        assert_eq!(told(JSON, &format!("json::get(t, {path})")), value, "{path}");
    }
    assert_eq!(
        told(JSON, "`${json::has(t, \"name\")} ${json::has(t, [\"hosts\", 3])} ${json::has(t, [\"name\", \"x\"])}`"),
        "true false false"
    );
    assert_eq!(refused(JSON, "json::get(t, \"none\")"), ErrorKind::Missing);
    assert_eq!(refused("{", "json::get(t, \"none\")"), ErrorKind::Conflict);
    assert_eq!(refused("{'a': 1}", "json::get(t, \"a\")"), ErrorKind::Conflict);
    assert_eq!(refused(JSON, "json::get(t, [1.5])"), ErrorKind::Invalid);
    assert_eq!(refused("{\"a\": 1, \"a\": 2}", "json::get(t, \"a\")"), ErrorKind::Conflict);
}

#[test]
fn a_value_of_json_changes_and_everything_else_stays() {
    for (expression, from, to) in [
        ("json::set(t, [\"cache\", \"ttl\"], 90)", "60", "90"),
        ("json::set(t, \"name\", \"c\\\"ä\")", "\"cms\"", "\"c\\\"ä\""),
        ("json::set(t, [\"hosts\", 2], false)", "null", "false"),
        ("json::set(t, [\"hosts\", 1], 2.0)", "1.5", "2.0"),
        ("json::remove(t, \"hosts\")", "\t\"hosts\": [\"a\", 1.5, null],\r\n", ""),
        ("json::set(t, \"new\", 1)", "null],\r\n", "null],\r\n\t\"new\": 1,\r\n"),
        (
            "json::set(t, [\"db\", \"host\"], \"x\")",
            "null],\r\n",
            "null],\r\n\t\"db\": {\r\n\t\t\"host\": \"x\"\r\n\t},\r\n",
        ),
    ] {
        assert_eq!(edited(JSON, expression), JSON.replace(from, to), "{expression}");
    }
    assert_eq!(
        edited("{\n  \"a\": []\n}", "json::set(t, [\"a\", 0], #{b: [1, ()]})"),
        "{\n  \"a\": [\n    {\n      \"b\": [1, null]\n    }\n  ]\n}"
    );
}

#[test]
fn json_is_not_changed_where_something_else_stands() {
    for (expression, kind) in [
        ("json::set(t, [\"name\", \"x\"], 1)", ErrorKind::Conflict),
        ("json::set(t, [\"hosts\", 9], 1)", ErrorKind::Missing),
        ("json::set(t, [\"hosts\", \"x\"], 1)", ErrorKind::Conflict),
        ("json::set(t, [\"cache\", 0], 1)", ErrorKind::Conflict),
        ("json::set(t, [], 1)", ErrorKind::Invalid),
        ("json::set(t, \"x\", |a| a)", ErrorKind::Invalid),
        ("json::remove(t, \"none\")", ErrorKind::Missing),
        ("json::remove(t, [\"none\", \"x\"])", ErrorKind::Missing),
    ] {
        assert_eq!(refused(JSON, expression), kind, "{expression}");
    }
}

const INI: &str = "; made by hand\nname=cms\n\n[cache]\nttl = 60 ; seconds\n";

#[test]
fn settings_change_and_everything_else_stays() {
    assert_eq!(told(INI, "ini::get(t, \"cache\", \"ttl\") + ini::get(t, \"\", \"name\")"), "60cms");
    assert_eq!(told(INI, "`${ini::has(t, \"cache\", \"ttl\")} ${ini::has(t, \"\", \"ttl\")}`"), "true false");
    assert_eq!(edited(INI, "ini::set(t, \"cache\", \"ttl\", 90)"), INI.replace("60", "90"));
    assert_eq!(edited(INI, "ini::set(t, \"\", \"url\", \"a b\")"), INI.replace("cms\n", "cms\nurl=a b\n"));
    assert_eq!(edited(INI, "ini::set(t, \"mail\", \"on\", true)"), format!("{INI}\n[mail]\non = true\n"));
    assert_eq!(edited(INI, "ini::remove(t, \"cache\", \"ttl\")"), INI.replace("ttl = 60 ; seconds\n", ""));
}

#[test]
fn settings_that_are_not_there_or_not_clear_are_errors() {
    for (text, expression, kind) in [
        (INI, "ini::get(t, \"\", \"ttl\")", ErrorKind::Missing),
        (INI, "ini::remove(t, \"cache\", \"x\")", ErrorKind::Missing),
        ("a=1\na=2\n", "ini::set(t, \"\", \"a\", 3)", ErrorKind::Conflict),
        ("a=1\n  2\n", "ini::get(t, \"\", \"a\")", ErrorKind::Conflict),
        (INI, "ini::set(t, \"\", \"name\", \"a\\nb\")", ErrorKind::Invalid),
        (INI, "ini::set(t, \"\", \"a=b\", 1)", ErrorKind::Invalid),
        (INI, "ini::set(t, \"x]\", \"a\", 1)", ErrorKind::Invalid),
        (INI, "ini::set(t, \"\", \"a\", [])", ErrorKind::Invalid),
    ] {
        assert_eq!(refused(text, expression), kind, "{expression}");
    }
}

const XML: &str = "<?xml version=\"1.0\"?>\n<conf>\n  <!-- keep -->\n  <add key=\"theme\"   value='dark' />\n  <add key=\"a&amp;b\"/>\n  <title>A &lt; B</title>\n  <empty></empty>\n</conf>\n";

#[test]
fn xml_is_read_by_its_path() {
    assert_eq!(told(XML, "xml::get(t, \"conf/title\")"), "A < B");
    assert_eq!(told(XML, "xml::get(t, \"conf/add[@key='theme']/@value\")"), "dark");
    assert_eq!(told(XML, "xml::get(t, \"conf/add[2]/@key\")"), "a&b");
    assert_eq!(
        told(XML, "`${xml::has(t, \"conf/add\")} ${xml::has(t, \"conf/title/@x\")} ${xml::has(t, \"title\")}`"),
        "true false false"
    );
    for (expression, kind) in [
        ("xml::get(t, \"conf/add\")", ErrorKind::Conflict),
        ("xml::get(t, \"conf\")", ErrorKind::Conflict),
        ("xml::get(t, \"conf/none\")", ErrorKind::Missing),
        ("xml::get(t, \"conf/title/@x\")", ErrorKind::Missing),
        ("xml::get(t, \"conf//title\")", ErrorKind::Invalid),
        ("xml::get(\"<a>\", \"a\")", ErrorKind::Conflict),
    ] {
        assert_eq!(refused(XML, expression), kind, "{expression}");
    }
}

#[test]
fn xml_changes_and_everything_else_stays() {
    for (expression, from, to) in [
        ("xml::set(t, \"conf/title\", \"<&>\")", "A &lt; B", "&lt;&amp;&gt;"),
        ("xml::set(t, \"conf/add[@key='theme']/@value\", \"'\\\"\")", "dark", "&apos;&quot;"),
        ("xml::set(t, \"conf/add[@key='a&b']/@value\", \"x\")", "b\"/>", "b\" value=\"x\"/>"),
        ("xml::set(t, \"conf/add[2]\", \"x\")", "b\"/>", "b\">x</add>"),
        ("xml::remove(t, \"conf/add[@key='theme']\")", "  <add key=\"theme\"   value='dark' />\n", ""),
        ("xml::remove(t, \"conf/add[1]/@value\")", "   value='dark'", ""),
        ("xml::add(t, \"conf\", \"<x/>\")", "</empty>", "</empty>\n  <x/>"),
        ("xml::add(t, \"conf/empty\", \"<x/>\")", "<empty>", "<empty>\n    <x/>\n  "),
        ("xml::add(t, \"conf/add[2]\", \"<x/>\")", "b\"/>", "b\">\n    <x/>\n  </add>"),
    ] {
        assert_eq!(edited(XML, expression), XML.replace(from, to), "{expression}");
    }
    assert_eq!(edited("<a><b/></a>", "xml::add(t, \"a\", \"<c/>\")"), "<a><b/><c/></a>");
}

#[test]
fn xml_is_not_changed_where_something_else_stands() {
    for (expression, kind) in [
        ("xml::set(t, \"conf\", \"x\")", ErrorKind::Conflict),
        ("xml::set(t, \"conf/none\", \"x\")", ErrorKind::Missing),
        ("xml::set(t, \"conf/none/@x\", \"x\")", ErrorKind::Missing),
        ("xml::set(t, \"conf/title\", \"\\x01\")", ErrorKind::Invalid),
        ("xml::add(t, \"conf\", \"<x>\")", ErrorKind::Invalid),
        ("xml::add(t, \"conf\", \"x\")", ErrorKind::Invalid),
        ("xml::add(t, \"conf/title/@x\", \"<x/>\")", ErrorKind::Invalid),
        ("xml::remove(t, \"conf\")", ErrorKind::Invalid),
        ("xml::remove(t, \"conf/none\")", ErrorKind::Missing),
    ] {
        assert_eq!(refused(XML, expression), kind, "{expression}");
    }
}
