//! The module `xml`: edits of XML that keep everything else as it stands.

use crate::call::{Call, Function};
use crate::layout::{indentation, line_end, whole_lines};
use crate::limits;
use crate::xml_file::{Node, Place, XmlFile, XmlPath};
use patchwright_hooks_api::{Error, ErrorKind};
use quick_xml::escape::{escape, unescape};
use rhai::Dynamic;
use std::ops::Range;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "xml::get", required: &["text", "path"], optional: &[], run: get },
    Function { name: "xml::has", required: &["text", "path"], optional: &[], run: has },
    Function { name: "xml::set", required: &["text", "path", "value"], optional: &[], run: set },
    Function { name: "xml::add", required: &["text", "path", "element"], optional: &[], run: add },
    Function { name: "xml::remove", required: &["text", "path"], optional: &[], run: remove },
];

fn get(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let (file, path) = (parsed(call, &text)?, path(call)?);
    let raw = match only(call, &file, &path)? {
        Some(Place::Attribute { value, .. }) => &text[value],
        Some(Place::Element(node)) => &text[plain(call, node)?],
        Some(Place::NoAttribute(_)) | None => return Err(nothing(call)?),
    };
    unescape(raw).map(|value| value.into_owned().into()).map_err(|why| call.error(format!("the value {raw}: {why}")))
}

fn has(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let (file, path) = (parsed(call, &text)?, path(call)?);
    Ok(file.places(&path).iter().any(|place| !matches!(place, Place::NoAttribute(_))).into())
}

/// Gives an element its text, or an attribute its value. The element must be there; the attribute is made where it is not.
fn set(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, value) = (call.string(0)?, call.string(2)?);
    if value.contains(|character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r')) {
        return Err(call.error("XML can't hold a control character"));
    }
    let (file, path) = (parsed(call, &text)?, path(call)?);
    let value = escape(value.as_str());
    let (place, new) = match only(call, &file, &path)? {
        Some(Place::Attribute { value: place, .. }) => (place, value.into_owned()),
        Some(Place::NoAttribute(node)) => {
            let name = path.attribute.as_deref().unwrap_or_default();
            (node.attributes_end..node.attributes_end, format!(" {name}=\"{value}\""))
        }
        Some(Place::Element(node)) if node.inner.is_none() => {
            (node.whole.clone(), format!("{}{value}</{}>", opened(&text, node), node.name))
        }
        Some(Place::Element(node)) => (plain(call, node)?, value.into_owned()),
        None => return Err(nothing(call)?),
    };
    changed(call, &text, place, &new)
}

/// Puts an element into another, behind the ones that are in it.
fn add(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, element) = (call.string(0)?, call.string(2)?);
    let element = element.trim();
    if XmlFile::read(element).is_err()
        || !element.starts_with('<')
        || element.starts_with("<!")
        || element.starts_with("<?")
    {
        return Err(call.wrong_type(2, "one well-formed element"));
    }
    let (file, path) = (parsed(call, &text)?, path(call)?);
    let node = match only(call, &file, &path)? {
        Some(Place::Element(node)) => node,
        Some(_) => return Err(call.error("an attribute can't hold an element")),
        None => return Err(nothing(call)?),
    };
    let own = indentation(&text, node.whole.start);
    let end = line_end(&text);
    let deeper = format!("{own}{}", if own.contains('\t') { "\t" } else { "  " });
    let (place, new) = match (&node.inner, node.children.last()) {
        // Where elements follow each other on a line, so does this one.
        (_, Some(last)) if !stands_first(&text, last) => (last.whole.end..last.whole.end, element.to_owned()),
        (_, Some(last)) => {
            let indent = indentation(&text, last.whole.start);
            (last.whole.end..last.whole.end, format!("{end}{indent}{element}"))
        }
        (None, None) => {
            let open = opened(&text, node);
            (node.whole.clone(), format!("{open}{end}{deeper}{element}{end}{own}</{}>", node.name))
        }
        (Some(inner), None) if text[inner.clone()].trim().is_empty() => {
            (inner.clone(), format!("{end}{deeper}{element}{end}{own}"))
        }
        (Some(inner), None) => (inner.end..inner.end, element.to_owned()),
    };
    changed(call, &text, place, &new)
}

fn remove(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let (file, path) = (parsed(call, &text)?, path(call)?);
    let place = match only(call, &file, &path)? {
        Some(Place::Attribute { whole, .. }) => whole,
        Some(Place::Element(node)) if node.whole == file.root.whole => {
            return Err(call.error("the outermost element can't be removed"));
        }
        Some(Place::Element(node)) => whole_lines(&text, node.whole.clone()),
        Some(Place::NoAttribute(_)) | None => return Err(nothing(call)?),
    };
    changed(call, &text, place, "")
}

/// The start tag of an element that has no end tag yet.
fn opened(text: &str, node: &Node) -> String {
    format!("{}>", text[node.whole.clone()].trim_end_matches("/>").trim_end())
}

fn stands_first(text: &str, node: &Node) -> bool {
    let line = text[..node.whole.start].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..node.whole.start].trim().is_empty()
}

/// What stands in an element that holds text alone.
fn plain(call: &Call<'_>, node: &Node) -> Result<Range<usize>, Error> {
    if node.is_plain {
        return Ok(node.inner.clone().unwrap_or(node.whole.end..node.whole.end));
    }
    Err(Error::conflict(format!("{}: <{}> holds more than plain text", call.name(), node.name)))
}

/// The one place that the path leads to.
fn only<'f>(call: &Call<'_>, file: &'f XmlFile, path: &XmlPath) -> Result<Option<Place<'f>>, Error> {
    let mut places = file.places(path);
    if places.len() > 1 {
        let message = format!("{}: {} leads to {} places", call.name(), call.string(1)?, places.len());
        return Err(
            Error::conflict(message).hint("say which by an attribute or a number, such as add[@key='theme'] or add[2]")
        );
    }
    Ok(places.pop())
}

fn parsed(call: &Call<'_>, text: &str) -> Result<XmlFile, Error> {
    XmlFile::read(text).map_err(|why| Error::conflict(format!("{}: the text is not XML: {why}", call.name())))
}

fn path(call: &Call<'_>) -> Result<XmlPath, Error> {
    let path = call.string(1)?;
    XmlPath::read(&path).ok_or_else(|| {
        call.error(format!("{path:?} is not a path"))
            .hint("write it like configuration/appSettings/add[@key='theme']/@value")
    })
}

fn nothing(call: &Call<'_>) -> Result<Error, Error> {
    Ok(Error::missing(format!("{}: nothing stands at {}", call.name(), call.string(1)?))
        .hint("the file may have been changed locally; look with xml::has first"))
}

fn changed(call: &Call<'_>, text: &str, place: Range<usize>, new: &str) -> Result<Dynamic, Error> {
    if text.len() - place.len() + new.len() > limits::TEXT_BYTES {
        let message = format!("{}: the text would be longer than {} bytes", call.name(), limits::TEXT_BYTES);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(format!("{}{new}{}", &text[..place.start], &text[place.end..]).into())
}
