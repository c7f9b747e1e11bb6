//! The schema and the reference that authors read, held against what the engine reads.

use patchwright_hooks_api::Element;
use patchwright_xml::XmlReader;
use std::collections::BTreeMap;

const SCHEMA: &str = include_str!("../../../hooks-api/patch.xsd");
/// What authors read: each page begins with an example.
const REFERENCE: [&str; 2] = [
    include_str!("../../../hooks-api/docs/patch-format.md"),
    include_str!("../../../hooks-api/docs/portable-changes.md"),
];

fn parse(text: &str) -> Element {
    let mut xml = XmlReader::new("text", text);
    let root = xml.root().unwrap();
    let root = xml.whole(root).unwrap();
    xml.finish().unwrap();
    root
}

/// The names declared by elements of this kind, anywhere below.
fn declared<'e>(below: &'e Element, kind: &str, names: &mut Vec<&'e str>) {
    for child in below.children() {
        if child.name == kind {
            names.push(child.attribute("name").unwrap());
        }
        declared(child, kind, names);
    }
}

type Shape = BTreeMap<String, (String, String)>;

/// Child elements and attributes of every complex type.
fn shapes(schema: &Element) -> Shape {
    let list = |of: &Element, kind: &str| {
        let mut names = Vec::new();
        declared(of, kind, &mut names);
        names.join(" ")
    };
    let types = schema.children().filter(|child| child.name == "xs:complexType");
    types.map(|of| (of.attribute("name").unwrap().into(), (list(of, "xs:element"), list(of, "xs:attribute")))).collect()
}

#[test]
fn the_schema_knows_exactly_the_elements_and_attributes_that_are_read() {
    let known = [
        ("patch", "title changelog requires conflicts steps", "format product component id from to severity"),
        ("changelog", "change", "href more"),
        ("requires", "patch component product engine", ""),
        ("conflicts", "patch", ""),
        ("patch-reference", "", "id"),
        ("component", "", "name version absent"),
        ("required-version", "", "version"),
        ("steps", "sql add overwrite delete alter script patcher", ""),
        ("sql", "undo", "dialect src probe"),
        ("undo", "", "src"),
        ("add", "", "path directory payload sha256 mode"),
        ("overwrite", "", "path payload md5 was-sha256 sha256 mode was-mode"),
        ("delete", "", "path directory md5 was-sha256"),
        ("alter", "replace delete", "path md5 was-sha256"),
        ("replace-chunk", "from to", "count"),
        ("delete-chunk", "", "count"),
        ("script", "uses runs reaches", "src for"),
        ("uses", "", "payload"),
        ("runs", "", "command"),
        ("reaches", "", "origin"),
        ("patcher", "program plugin", "version"),
        ("program", "", "platform payload"),
        ("plugin", "", "platform payload name"),
        ("named", "", "name dialect"),
        ("renamed", "", "name to dialect"),
        ("of-table", "", "table dialect"),
        ("part", "", "table name dialect"),
        ("renamed-part", "", "table name to dialect"),
        ("create-table", "column primary-key index unique foreign-key check", "name comment dialect"),
        ("table-column", "", "name comment"),
        ("add-column", "", "table name after first comment dialect"),
        ("alter-column", "", "table name null default default-now default-sql drop-default using dialect"),
        ("primary-key", "column", ""),
        ("add-primary-key", "column", "table dialect"),
        ("index", "column expression", "name unique where"),
        ("create-index", "column expression", "table name unique where concurrently dialect"),
        ("drop-index", "", "table name concurrently dialect"),
        ("unique", "column", "name"),
        ("add-unique", "column", "table name dialect"),
        ("index-column", "", "order length"),
        ("index-expression", "", "order"),
        ("foreign-key", "column", "name to on-delete on-update"),
        ("add-foreign-key", "column", "table name to on-delete on-update dialect"),
        ("key-column", "", "to"),
        ("check", "", "name"),
        ("add-check", "", "table name dialect"),
        ("create-view", "", "name dialect"),
        ("create-sequence", "", "name start increment dialect"),
        ("restart-sequence", "", "name at dialect"),
        ("set-comment", "", "table column dialect"),
        ("set-table-options", "", "table charset collation engine dialect"),
        ("insert-rows", "row", "table on-conflict dialect"),
        ("row", "set", ""),
        ("update-rows", "set where", "table batch all dialect"),
        ("delete-rows", "where", "table all dialect"),
        ("copy-rows", "set where", "from table all dialect"),
        ("value", "", "column null encoding"),
        ("assignment", "", "column null encoding from"),
        ("condition", "", "column is null encoding"),
        ("plain-column", "", "null default default-now default-sql"),
        ("integer-column", "", "null default default-now default-sql auto unsigned"),
        ("decimal-column", "", "null default default-now default-sql precision scale"),
        ("sized-column", "", "null default default-now default-sql size"),
        ("long-column", "", "null default default-now default-sql size"),
        ("time-column", "", "null default default-now default-sql precision"),
        ("timestamp-column", "", "null default default-now default-sql zone precision"),
        ("enum-column", "word", "null default default-now default-sql"),
    ];
    let known: Shape = known.map(|(of, children, attributes)| (of.into(), (children.into(), attributes.into()))).into();
    assert_eq!(shapes(&parse(SCHEMA)), known);
}

#[test]
fn every_step_of_the_database_can_have_preconditions_in_the_schema_and_no_other() {
    // A12
    for of in parse(SCHEMA).children().filter(|child| child.name == "xs:complexType") {
        let of_the_database = of.children().any(|child| child.attribute("name") == Some("dialect"))
            || of.children().flat_map(Element::children).any(has_dialect);
        let mut groups = Vec::new();
        referred(of, "xs:attributeGroup", &mut groups);
        let expected: &[&str] = if of_the_database { &["preconditions"] } else { &[] };
        assert_eq!(groups, expected, "{:?}", of.attribute("name"));
    }
}

/// What elements of this kind refer to, anywhere below.
fn referred<'e>(below: &'e Element, kind: &str, names: &mut Vec<&'e str>) {
    for child in below.children() {
        if child.name == kind {
            names.push(child.attribute("ref").unwrap());
        }
        referred(child, kind, names);
    }
}

fn has_dialect(content: &Element) -> bool {
    content.children().any(|child| child.attribute("name") == Some("dialect"))
}

#[test]
fn the_examples_of_the_reference_use_everything_that_the_schema_knows() {
    let schema = parse(SCHEMA);
    let examples: Vec<Element> = REFERENCE
        .iter()
        .flat_map(|page| page.split("```xml\n").skip(1))
        .map(|example| example.split_once("```").unwrap().0)
        .filter(|example| example.contains("<patch ") || example.contains("<steps>"))
        .map(parse)
        .collect();
    let mut seen: Vec<&Element> = examples.iter().collect();
    let mut at = 0;
    while at < seen.len() {
        seen.extend(seen[at].children());
        at += 1;
    }
    let explained = |words: &str| REFERENCE.iter().any(|page| page.contains(words));
    let mut elements = Vec::new();
    declared(&schema, "xs:element", &mut elements);
    for name in elements {
        assert!(seen.iter().any(|element| element.name == name), "the example has no <{name}>");
        assert!(explained(&format!("<{name}")), "the reference does not explain <{name}>");
    }
    let mut attributes = Vec::new();
    declared(&schema, "xs:attribute", &mut attributes);
    for name in attributes {
        assert!(explained(&format!("`{name}`")), "the reference does not explain the attribute {name}");
    }
}
