//! A step's element in one sum, by which a patch that is offered again is told from the one that was applied.

use crate::site::tree::sha256_of;
use patchwright_hooks_api::element::Content;
use patchwright_hooks_api::{Element, Sha256};
use std::fmt::{self, Write};

/// What an element says. Where its step holds scripts, these are left out, whether they stand in it or in members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// The sum over names, attributes and texts; the order of attributes and the kind of line ends don't count.
    pub sum: Sha256,
    /// The members that hold its scripts.
    pub sources: Vec<String>,
}

impl Outline {
    /// The outline of an element, whose step `holds_scripts` or does not.
    pub(super) fn of(element: &Element, holds_scripts: bool) -> Self {
        let mut sources = Vec::new();
        let mut written = String::new();
        write(element, holds_scripts.then_some(&mut sources), &mut written);
        Self { sum: sha256_of(written.as_bytes()), sources }
    }
}

/// Writes an element so that no two different ones are written alike.
fn write(element: &Element, mut sources: Option<&mut Vec<String>>, out: &mut String) {
    add(out, format_args!("<{}", element.name));
    let mut attributes: Vec<_> =
        element.attributes.iter().map(|attribute| (&attribute.name, &attribute.value)).collect();
    attributes.sort();
    for (name, value) in attributes {
        match &mut sources {
            Some(sources) if name == "src" => sources.push(value.clone()),
            _ => add(out, format_args!(" {name}={value:?}")),
        }
    }
    out.push('>');
    for content in &element.content {
        match content {
            Content::Element(child) => write(child, sources.as_deref_mut(), out),
            Content::Text(text, _) if sources.is_none() => add(out, format_args!("{:?}", text.replace("\r\n", "\n"))),
            Content::Text(..) => {}
        }
    }
    out.push_str("</>");
}

fn add(out: &mut String, piece: fmt::Arguments<'_>) {
    out.write_fmt(piece).expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_xml::XmlReader;

    fn outline(xml: &str, holds_scripts: bool) -> Outline {
        let mut reader = XmlReader::new("test", xml);
        let root = reader.root().unwrap();
        Outline::of(&reader.whole(root).unwrap(), holds_scripts)
    }

    #[test]
    fn line_ends_and_the_order_of_attributes_do_not_count() {
        let one = outline("<a b='1' c='2'><d>x\ny</d></a>", false);
        assert_eq!(one, outline("<a c=\"2\"  b='1'><d>x\r\ny</d></a>", false));
        for other in
            ["<a b='1' c='2'><d>x y</d></a>", "<a b='1' c='3'><d>x\ny</d></a>", "<a b='1' c='2'><e>x\ny</e></a>"]
        {
            assert_ne!(one, outline(other, false));
        }
    }

    #[test]
    fn scripts_are_left_out_and_where_they_come_from_is_kept() {
        let one = outline("<sql dialect='sqlite' src='a.sql'><undo src='b.sql'/></sql>", true);
        assert_eq!(one.sources, ["a.sql", "b.sql"]);
        assert_eq!(one.sum, outline("<sql dialect='sqlite'>SELECT 1<undo>SELECT 2</undo></sql>", true).sum);
        assert_ne!(one.sum, outline("<sql dialect='mysql'><undo/></sql>", true).sum);
    }
}
