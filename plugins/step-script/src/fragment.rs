//! One element of a manifest, read from a text of a script: what `db::change` is given.
//!
//! As in manifests nothing else is taken: no DOCTYPE, no entity of its own, no processing instruction.

use patchwright_hooks_api::element::{Attribute, Content};
use patchwright_hooks_api::statements::line_and_column;
use patchwright_hooks_api::{Element, Error, Position};
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// How deep elements may nest, as in manifests.
const MAX_DEPTH: usize = 16;

/// The element that the text holds, with places within the text.
///
/// # Errors
/// When the text is not one well-formed element; with the place within it.
pub(crate) fn element(xml: &str) -> Result<Element, Error> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut whole = None;
    loop {
        let offset = usize::try_from(reader.buffer_position()).unwrap_or(xml.len());
        let place = position(xml, offset);
        let wrong = |why: &dyn std::fmt::Display| Error::invalid(why.to_string()).at(&place);
        match reader.read_event().map_err(|error| wrong(&error))? {
            Event::Start(_) if whole.is_some() => return Err(wrong(&"one change is expected, and here is another")),
            Event::Start(_) if open.len() == MAX_DEPTH => {
                return Err(wrong(&format!("elements are nested more than {MAX_DEPTH} deep")));
            }
            Event::Start(tag) => open.push(opened(&tag, &place)?),
            Event::End(_) | Event::Empty(_) => {
                let Some(closed) = open.pop() else { continue };
                match open.last_mut() {
                    Some(parent) => parent.content.push(Content::Element(closed)),
                    None => whole = Some(closed),
                }
            }
            Event::Text(text) => add_text(&mut open, &text.xml10_content(), &place)?,
            Event::CData(text) => add_text(&mut open, &text.xml10_content(), &place)?,
            Event::GeneralRef(reference) => {
                let text = unescape(&format!("&{};", &*reference)).map_err(|error| wrong(&error))?.into_owned();
                add_text(&mut open, &text, &place)?;
            }
            Event::Comment(_) => {}
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                return Err(wrong(&"a change is one element, without a declaration before it"));
            }
            Event::Eof => {
                if let Some(unclosed) = open.last() {
                    return Err(wrong(&format!("<{}> is never closed", unclosed.name)));
                }
                return whole.ok_or_else(|| wrong(&"there is no element"));
            }
        }
    }
}

fn opened(tag: &BytesStart<'_>, place: &Position) -> Result<Element, Error> {
    let name = tag.name().as_ref().to_owned();
    let wrong =
        |why: &dyn std::fmt::Display| Error::invalid(format!("in the tag <{}>: {why}", tag.name().as_ref())).at(place);
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| wrong(&error))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| wrong(&error))?;
        attributes.push(Attribute { name: attribute.key.as_ref().to_owned(), value: value.into_owned() });
    }
    Ok(Element { name, attributes, content: Vec::new(), position: place.clone() })
}

/// Text, CDATA and references that follow each other are one text.
fn add_text(open: &mut [Element], text: &str, place: &Position) -> Result<(), Error> {
    let Some(element) = open.last_mut() else {
        return if text.trim().is_empty() {
            Ok(())
        } else {
            Err(Error::invalid("text stands around the element").at(place))
        };
    };
    match element.content.last_mut() {
        Some(Content::Text(before, _)) => before.push_str(text),
        _ => element.content.push(Content::Text(text.to_owned(), place.clone())),
    }
    Ok(())
}

fn position(xml: &str, offset: usize) -> Position {
    let (line, column) = line_and_column(xml, offset).unwrap_or((1, 1));
    Position::new("the change", line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_with_its_attributes_its_text_and_its_places() {
        let element = element(
            "\n<insert-rows table='a &amp; b'>\n  <!-- x --><row><![CDATA[<1>]]> &lt;ä&#65;</row></insert-rows>",
        )
        .unwrap();
        assert_eq!((element.name.as_str(), element.attribute("table")), ("insert-rows", Some("a & b")));
        let row = element.child("row").unwrap();
        assert_eq!(row.text(), "<1> <äA");
        assert_eq!((row.position.line, row.position.column), (3, 13));
    }

    #[test]
    fn what_is_not_one_element_is_refused_with_its_place() {
        for (xml, at) in [
            ("", "1:1"),
            ("text", "1:1"),
            ("<a>", "1:4"),
            ("<a></b>", "1:4"),
            ("<a/>\n<b/>", "2:1"),
            ("<a x=1/>", "1:1"),
            ("<a>&x;</a>", "1:4"),
            ("<!DOCTYPE a><a/>", "1:1"),
            ("<?xml version='1.0'?><a/>", "1:1"),
        ] {
            let position = element(xml).unwrap_err().position.unwrap();
            assert_eq!(format!("{}:{}", position.line, position.column), at, "{xml}");
        }
        assert!(element(&"<a>".repeat(MAX_DEPTH + 1)).is_err());
    }
}
