//! What preconditions mean, and which can't be read.

use super::*;
use crate::element::{Attribute, Element};

fn element(attributes: &[(&str, &str)]) -> Element {
    let attribute = |(name, value): &(&str, &str)| Attribute { name: (*name).into(), value: (*value).into() };
    Element {
        name: "sql".into(),
        attributes: attributes.iter().map(attribute).collect(),
        content: Vec::new(),
        position: Position::new("patch.xml", 3, 5),
    }
}

#[test]
fn an_elements_own_attributes_are_left() {
    let (preconditions, rest) = Preconditions::take(&element(&[("if-table", "a b"), ("dialect", "sqlite")])).unwrap();
    assert_eq!(preconditions.facts.len(), 2);
    assert_eq!(rest.attributes.len(), 1);
    let (none, same) = Preconditions::take(&element(&[("dialect", "sqlite")])).unwrap();
    assert_eq!((none, same), (Preconditions::default(), element(&[("dialect", "sqlite")])));
}

#[test]
fn a_servers_version_is_what_stands_before_what_distributions_add() {
    for (version, known) in
        [("10.11.14-MariaDB-0+deb12u2", "10.11.14"), ("15.13 (Debian)", "15.13"), ("3.45.1", "3.45.1")]
    {
        assert_eq!(numbers(version).unwrap().as_str(), known);
    }
    assert!(numbers("unknown").is_err());
}

#[test]
fn what_can_not_be_meant_is_refused_with_its_place() {
    // C27
    for (attributes, why) in [
        (&[("if-table", " ")][..], "names nothing"),
        (&[("if-table", "a-b")], "can't be a name"),
        (&[("unless-column", "state")], "doesn't say of which table"),
        (&[("if-query", "SELECT 1")], "belong together"),
        (&[("equals", "1")], "belong together"),
        (&[("if-server", " ")], "is empty"),
        (&[("if-server", "MariaDB >=x")], "if-server"),
        (&[("if-table", "a"), ("otherwise", "stop")], "otherwise"),
        (&[("otherwise", "skip")], "has no precondition"),
    ] {
        let error = Preconditions::take(&element(attributes)).unwrap_err();
        assert!(error.message.contains(why), "{attributes:?}: {error}");
        assert!(error.position.is_some(), "{attributes:?}");
    }
}
