//! A manifest's text as elements, each with its place, pulled one by one so that no large tree is ever held.
//!
//! It stands on the ground, beside the contract: the engine reads manifests with it, and scripts and tests the single elements that they
//! are given, so that all take and refuse the same. What a manifest has no use for is refused: a DOCTYPE, entities of its own,
//! processing instructions (C33).

use patchwright_hooks_api::element::{Attribute, Content};
use patchwright_hooks_api::{Element, Error, Position};
use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::errors::{Error as XmlError, IllFormedError};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// How deep elements may nest: nesting without end exhausts the stack of whatever walks the tree.
const MAX_DEPTH: usize = 16;
/// How many attributes one element may have: checking them for doubles takes quadratic time.
const MAX_ATTRIBUTES: usize = 32;

/// The one element that the text holds, with its places in `file`.
///
/// # Errors
/// When the text is anything else; with the place.
pub fn element(file: &str, text: &str) -> Result<Element, Error> {
    let mut xml = XmlReader::new(file, text);
    let root = xml.root()?;
    let root = xml.whole(root)?;
    xml.finish()?;
    Ok(root)
}

/// The characters that XML 1.0 allows (section 2.2).
pub fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Reads a text element by element.
pub struct XmlReader<'t> {
    reader: Reader<&'t [u8]>,
    text: &'t str,
    cursor: Cursor,
    open: Vec<(String, Position)>,
}

/// Something that matters between two tags, or a tag.
enum Piece {
    Start(Element),
    End,
    Text(String, Position),
    Eof,
}

impl<'t> XmlReader<'t> {
    /// A reader at the beginning of the text, whose places are in `file`.
    pub fn new(file: &str, text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_comments = true;
        config.expand_empty_elements = true;
        Self { reader, text, cursor: Cursor::new(file), open: Vec::new() }
    }

    /// The root element's start: its content is still to come.
    ///
    /// # Errors
    /// When the text doesn't begin with one; with the place.
    pub fn root(&mut self) -> Result<Element, Error> {
        match self.blank_until_tag()? {
            Piece::Start(root) => Ok(root),
            _ => Err(Error::invalid("there is no root element").at(&self.cursor.here())),
        }
    }

    /// The start of the next child of the element that is open, or `None` once that element has ended.
    ///
    /// # Errors
    /// When something else comes; with the place.
    pub fn child(&mut self) -> Result<Option<Element>, Error> {
        match self.blank_until_tag()? {
            Piece::Start(child) => Ok(Some(child)),
            _ => Ok(None),
        }
    }

    /// The element whose start was read last, with all its content.
    ///
    /// # Errors
    /// When it is not well formed, or holds what is refused; with the place.
    pub fn whole(&mut self, start: Element) -> Result<Element, Error> {
        let mut above = Vec::new();
        let mut element = start;
        loop {
            match self.piece()? {
                Piece::Start(child) => above.push(std::mem::replace(&mut element, child)),
                Piece::Text(text, position) => add_text(&mut element.content, text, position),
                Piece::End | Piece::Eof => {
                    let Some(mut parent) = above.pop() else { return Ok(element) };
                    std::mem::swap(&mut parent, &mut element);
                    element.content.push(Content::Element(parent));
                }
            }
        }
    }

    /// Checks that nothing comes after the root element.
    ///
    /// # Errors
    /// When something does; with the place.
    pub fn finish(&mut self) -> Result<(), Error> {
        match self.blank_until_tag()? {
            Piece::Start(second) => Err(second.error(format!("<{}> stands after the root element", second.name))),
            _ => Ok(()),
        }
    }

    /// The next tag or the end of the text, if only white space comes before it.
    fn blank_until_tag(&mut self) -> Result<Piece, Error> {
        loop {
            match self.piece()? {
                Piece::Text(text, position) if !text.trim().is_empty() => {
                    let holder = self
                        .open
                        .last()
                        .map_or("the space around the root element".into(), |(name, _)| format!("<{name}>"));
                    return Err(Error::invalid(format!("{holder} can't hold text")).at(&position));
                }
                Piece::Text(..) => {}
                tag => return Ok(tag),
            }
        }
    }

    fn piece(&mut self) -> Result<Piece, Error> {
        loop {
            let start = self.offset();
            let position = self.cursor.advance(self.text, start);
            let event = self.reader.read_event().map_err(|error| self.ill_formed(&error, &position))?;
            match event {
                Event::Start(tag) => return self.opened(&tag, position),
                Event::End(_) | Event::Empty(_) => {
                    self.open.pop();
                    return Ok(Piece::End);
                }
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(Error::invalid("]]> stands outside of CDATA").at(&position).hint("write ]]&gt;"));
                    }
                    return Ok(Piece::Text(text.xml10_content().into_owned(), position));
                }
                Event::CData(text) => {
                    let position = self.cursor.advance(self.text, start + "<![CDATA[".len());
                    return Ok(Piece::Text(text.xml10_content().into_owned(), position));
                }
                Event::GeneralRef(reference) => {
                    return Ok(Piece::Text(resolved(&reference, &position)?, position));
                }
                Event::Comment(_) => {}
                Event::Decl(_) if start == 0 => {}
                Event::Decl(_) | Event::PI(_) => {
                    return Err(Error::invalid("processing instructions have no place in a manifest").at(&position));
                }
                Event::DocType(_) => {
                    return Err(Error::invalid("a DOCTYPE is refused")
                        .at(&position)
                        .hint("leave it out: patches need no DTD"));
                }
                Event::Eof => return self.ended(&position).map(|()| Piece::Eof),
            }
        }
    }

    fn opened(&mut self, tag: &BytesStart<'_>, position: Position) -> Result<Piece, Error> {
        let name = tag.name().as_ref().to_owned();
        if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
            return Err(Error::invalid(format!("{name:?} is no name for an element")).at(&position));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Error::invalid(format!("elements are nested more than {MAX_DEPTH} deep")).at(&position));
        }
        self.open.push((name.clone(), position.clone()));
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let wrong =
                |why: &dyn std::fmt::Display| Error::invalid(format!("in the tag <{name}>: {why}")).at(&position);
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(wrong(&format!("more than {MAX_ATTRIBUTES} attributes")));
            }
            let attribute = attribute.map_err(|error| wrong(&error))?;
            if attribute.value.contains('<') {
                return Err(wrong(&"< in an attribute's value must be written &lt;"));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| wrong(&error))?;
            if let Some(character) = value.chars().find(|character| !is_xml_character(*character)) {
                return Err(wrong(&format!("the character U+{:04X} is not allowed in XML", u32::from(character))));
            }
            attributes.push(Attribute { name: attribute.key.as_ref().to_owned(), value: value.into_owned() });
        }
        Ok(Piece::Start(Element { name, attributes, content: Vec::new(), position }))
    }

    fn ended(&self, position: &Position) -> Result<(), Error> {
        match self.open.last() {
            Some((name, opened)) => {
                Err(Error::invalid(format!("the text ends, but <{name}> of line {} is still open", opened.line))
                    .at(position))
            }
            None => Ok(()),
        }
    }

    fn ill_formed(&self, error: &XmlError, position: &Position) -> Error {
        let message = match (error, self.open.last()) {
            (XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }), Some((_, opened))) => {
                format!("</{found}> does not end <{expected}>, opened at line {} column {}", opened.line, opened.column)
            }
            _ => error.to_string(),
        };
        Error::invalid(message).at(position)
    }

    fn offset(&self) -> usize {
        // The text is in memory, so its length fits.
        usize::try_from(self.reader.buffer_position()).unwrap_or(self.text.len()).min(self.text.len())
    }
}

/// Follows a text from its beginning, counting lines and characters (both from 1).
pub struct Cursor {
    offset: usize,
    position: Position,
}

impl Cursor {
    /// At the beginning of `file`.
    pub fn new(file: &str) -> Self {
        Self { offset: 0, position: Position::new(file, 1, 1) }
    }

    /// Moves on to a byte offset of the text, and gives its place. Never moves back.
    pub fn advance(&mut self, text: &str, to: usize) -> Position {
        let mut characters = text.get(self.offset..to).unwrap_or_default().chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\r' if characters.peek() == Some(&'\n') => {}
                '\r' | '\n' => {
                    self.position.line += 1;
                    self.position.column = 1;
                }
                _ => self.position.column += 1,
            }
        }
        self.offset = self.offset.max(to);
        self.here()
    }

    fn here(&self) -> Position {
        self.position.clone()
    }
}

/// Text, CDATA and references that follow each other are one text.
fn add_text(content: &mut Vec<Content>, more: String, position: Position) {
    match content.last_mut() {
        Some(Content::Text(text, _)) => text.push_str(&more),
        _ => content.push(Content::Text(more, position)),
    }
}

fn resolved(reference: &BytesRef<'_>, position: &Position) -> Result<String, Error> {
    if reference.is_char_ref() {
        return match reference.resolve_char_ref() {
            Ok(Some(character)) if is_xml_character(character) => Ok(character.into()),
            _ => Err(Error::invalid(format!("&{}; is no character", &**reference)).at(position)),
        };
    }
    resolve_predefined_entity(reference).map(str::to_owned).ok_or_else(|| {
        Error::invalid(format!("the entity &{}; is not known", &**reference))
            .at(position)
            .hint("known entities: &lt; &gt; &amp; &apos; &quot; and numeric ones such as &#169;")
    })
}

#[cfg(test)]
mod tests;
