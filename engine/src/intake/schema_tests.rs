//! The schema and the reference that authors read, held against what the engine reads.

use super::xml::XmlReader;
use patchwright_hooks_api::Element;
use std::collections::BTreeMap;

const SCHEMA: &str = include_str!("../../../hooks-api/patch.xsd");
const REFERENCE: &str = include_str!("../../../hooks-api/docs/patch-format.md");

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
        ("patch", "title changelog requires conflicts steps", "format product id from to severity"),
        ("changelog", "change", "href more"),
        ("requires", "patch component engine", ""),
        ("conflicts", "patch", ""),
        ("patch-reference", "", "id"),
        ("component", "", "name version"),
        ("engine", "", "version"),
        ("steps", "sql add overwrite delete alter script", ""),
        ("sql", "undo", "dialect src"),
        ("undo", "", "src"),
        ("add", "", "path directory payload sha256 mode"),
        ("overwrite", "", "path payload md5 was-sha256 sha256 mode"),
        ("delete", "", "path directory md5 was-sha256"),
        ("alter", "replace delete", "path md5"),
        ("replace-chunk", "from to", "count"),
        ("delete-chunk", "", "count"),
        ("script", "uses", "src"),
        ("uses", "", "payload"),
    ];
    let known: Shape = known.map(|(of, children, attributes)| (of.into(), (children.into(), attributes.into()))).into();
    assert_eq!(shapes(&parse(SCHEMA)), known);
}

#[test]
fn the_example_of_the_reference_uses_everything_that_the_schema_knows() {
    let schema = parse(SCHEMA);
    let (_, example) = REFERENCE.split_once("```xml\n").unwrap();
    let example = parse(example.split_once("```").unwrap().0);
    let mut seen = vec![&example];
    let mut at = 0;
    while at < seen.len() {
        seen.extend(seen[at].children());
        at += 1;
    }
    let mut elements = Vec::new();
    declared(&schema, "xs:element", &mut elements);
    for name in elements {
        assert!(seen.iter().any(|element| element.name == name), "the example has no <{name}>");
        assert!(REFERENCE.contains(&format!("<{name}")), "the reference does not explain <{name}>");
    }
    let mut attributes = Vec::new();
    declared(&schema, "xs:attribute", &mut attributes);
    for name in attributes {
        assert!(REFERENCE.contains(&format!("`{name}`")), "the reference does not explain the attribute {name}");
    }
}
