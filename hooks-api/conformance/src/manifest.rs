//! Elements for tests, read from XML text as they stand in a manifest.

use patchwright_hooks_api::element::{Attribute, Content};
use patchwright_hooks_api::{Element, Position};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// The element that the XML text holds, with places as if the text were the file `patch.xml`.
///
/// It is for tests, where the XML is the test's own: what a manifest must never hold is the engine's to refuse.
///
/// # Panics
/// When the text is not one well-formed element.
pub fn parse_element(xml: &str) -> Element {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = Vec::new();
    loop {
        let offset = usize::try_from(reader.buffer_position()).expect("the text is in memory");
        let position = position_at(xml, offset);
        let closed = match reader.read_event().expect("the test's XML is well formed") {
            Event::Start(tag) => {
                open.push(element_of(&tag, position));
                continue;
            }
            Event::Empty(tag) => element_of(&tag, position),
            Event::End(_) => open.pop().expect("the reader pairs the tags"),
            Event::Text(text) => {
                add_text(&mut open, &text.xml10_content(), position);
                continue;
            }
            Event::CData(text) => {
                let begins = position_at(xml, offset + "<![CDATA[".len());
                add_text(&mut open, &text.xml10_content(), begins);
                continue;
            }
            Event::GeneralRef(reference) => {
                let name = format!("&{};", reference.xml10_content());
                let text = quick_xml::escape::unescape(&name).expect("the test's XML uses predefined entities alone");
                add_text(&mut open, &text, position);
                continue;
            }
            Event::Eof => panic!("the test's XML ends before its element does: {xml}"),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
        };
        match open.last_mut() {
            Some(parent) => parent.content.push(Content::Element(closed)),
            None => return closed,
        }
    }
}

fn element_of(tag: &BytesStart<'_>, position: Position) -> Element {
    let attributes = tag.attributes().map(|attribute| {
        let attribute = attribute.expect("the test's attributes are well formed");
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).expect("the test's entities are predefined");
        Attribute { name: attribute.key.as_ref().to_owned(), value: value.into_owned() }
    });
    Element { name: tag.name().as_ref().to_owned(), attributes: attributes.collect(), content: Vec::new(), position }
}

/// Adds to the text that is open already, so that entities and CDATA don't cut a text into pieces.
fn add_text(open: &mut [Element], text: &str, position: Position) {
    let Some(element) = open.last_mut() else { return };
    match element.content.last_mut() {
        Some(Content::Text(before, _)) => before.push_str(text),
        _ => element.content.push(Content::Text(text.to_owned(), position)),
    }
}

fn position_at(xml: &str, offset: usize) -> Position {
    let before = &xml[..offset];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let count = |length: usize| u32::try_from(length + 1).expect("a test's XML is small");
    Position::new("patch.xml", count(before.matches('\n').count()), count(before[line_start..].chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_knows_its_attributes_its_text_and_its_place() {
        let element = parse_element("<!-- ä -->\n  <add path=\"a &amp; b\" mode='644'/>");
        assert_eq!((element.name.as_str(), element.attribute("path")), ("add", Some("a & b")));
        assert_eq!(element.position, Position::new("patch.xml", 2, 3));
    }

    #[test]
    fn entities_and_cdata_become_one_text_with_the_place_where_it_begins() {
        // C33
        let element = parse_element("<sql>\nä &lt;&gt;&amp;&quot;&apos;&#65;&#x42;<![CDATA[<b>]]> end</sql>");
        assert_eq!(element.text(), "\nä <>&\"'AB<b> end");
        assert_eq!(element.text_position(), &Position::new("patch.xml", 1, 6));
        assert_eq!(element.content.len(), 1);
    }

    #[test]
    fn text_in_cdata_begins_after_its_mark() {
        let element = parse_element("<sql><![CDATA[SELECT 1]]></sql>");
        assert_eq!(element.text_position(), &Position::new("patch.xml", 1, 15));
    }

    #[test]
    fn children_and_the_text_between_them_keep_their_order() {
        let element = parse_element("<a>1<b/>2<b c=''>3</b></a>");
        assert_eq!(element.text(), "12");
        let places: Vec<_> = element.children().map(|child| child.position.column).collect();
        assert_eq!(places, [5, 10]);
    }
}
