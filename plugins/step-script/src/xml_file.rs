//! The elements and attributes of an XML text, by their places in it, and paths that lead to them.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use std::ops::Range;

/// How deep elements may nest.
const MAX_DEPTH: usize = 128;

/// An XML text.
pub(crate) struct XmlFile {
    pub(crate) root: Node,
}

/// One element.
pub(crate) struct Node {
    pub(crate) name: String,
    /// From its start tag to the end of its end tag.
    pub(crate) whole: Range<usize>,
    /// What stands between its tags; `None` for `<a/>`.
    pub(crate) inner: Option<Range<usize>>,
    pub(crate) children: Vec<Node>,
    /// Whether it holds text alone: no element, comment or CDATA.
    pub(crate) is_plain: bool,
    /// Where a further attribute is put.
    pub(crate) attributes_end: usize,
    attributes: Vec<Attribute>,
}

struct Attribute {
    name: String,
    /// As a reader understands it.
    decoded: String,
    /// Between its quotes.
    value: Range<usize>,
    /// With the blanks before it.
    whole: Range<usize>,
}

/// Where a path leads.
pub(crate) enum Place<'f> {
    /// An element.
    Element(&'f Node),
    /// An attribute that is there.
    Attribute {
        /// Between its quotes.
        value: Range<usize>,
        /// With the blanks before it.
        whole: Range<usize>,
    },
    /// An element that lacks the attribute.
    NoAttribute(&'f Node),
}

impl XmlFile {
    /// Reads the text.
    ///
    /// # Errors
    /// In the words of the XML reader, when the text is not well formed.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Node> = Vec::new();
        let mut root = None;
        loop {
            let start = offset(&reader, text);
            let event = reader.read_event().map_err(|error| error.to_string())?;
            let end = offset(&reader, text);
            let closed = match event {
                Event::Start(_) if open.len() == MAX_DEPTH => {
                    return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
                }
                Event::Start(tag) => {
                    open.push(node(text, start..end, tag.name().as_ref(), Some(end..end))?);
                    continue;
                }
                Event::Empty(tag) => node(text, start..end, tag.name().as_ref(), None)?,
                Event::End(_) => {
                    // The reader pairs the tags, so one is open.
                    let Some(mut node) = open.pop() else { continue };
                    node.whole.end = end;
                    node.inner.iter_mut().for_each(|inner| inner.end = start);
                    node
                }
                Event::Text(_) | Event::GeneralRef(_) => continue,
                Event::CData(_) | Event::Comment(_) | Event::PI(_) => {
                    open.last_mut().into_iter().for_each(|node| node.is_plain = false);
                    continue;
                }
                Event::Decl(_) | Event::DocType(_) => continue,
                Event::Eof => break,
            };
            match (open.last_mut(), &root) {
                (Some(parent), _) => {
                    parent.is_plain = false;
                    parent.children.push(closed);
                }
                (None, None) => root = Some(closed),
                (None, Some(_)) => return Err(format!("<{}> stands behind the outermost element", closed.name)),
            }
        }
        match (open.last(), root) {
            (Some(unclosed), _) => Err(format!("<{}> is never closed", unclosed.name)),
            (None, Some(root)) => Ok(Self { root }),
            (None, None) => Err("there is no element".to_owned()),
        }
    }

    /// All places that the path leads to.
    pub(crate) fn places<'f>(&'f self, path: &XmlPath) -> Vec<Place<'f>> {
        let mut nodes = vec![&self.root];
        for (depth, part) in path.parts.iter().enumerate() {
            nodes = match depth {
                0 => part.chosen(nodes),
                _ => nodes.into_iter().flat_map(|node| part.chosen(node.children.iter().collect())).collect(),
            };
        }
        let Some(attribute) = &path.attribute else { return nodes.into_iter().map(Place::Element).collect() };
        let place = |node: &'f Node| match node.attributes.iter().find(|known| known.name == *attribute) {
            Some(known) => Place::Attribute { value: known.value.clone(), whole: known.whole.clone() },
            None => Place::NoAttribute(node),
        };
        nodes.into_iter().map(place).collect()
    }
}

fn offset(reader: &Reader<&[u8]>, text: &str) -> usize {
    // The text is in memory, so its length fits.
    usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len())
}

fn node(text: &str, tag: Range<usize>, name: &str, inner: Option<Range<usize>>) -> Result<Node, String> {
    let attributes = attributes(text, tag.start + 1 + name.len(), tag.end)?;
    let attributes_end = attributes.last().map_or(tag.start + 1 + name.len(), |last| last.whole.end);
    let (name, children) = (name.to_owned(), Vec::new());
    Ok(Node { name, whole: tag, inner, children, is_plain: true, attributes_end, attributes })
}

/// The attributes between the name of a tag and its end.
fn attributes(text: &str, from: usize, tag_end: usize) -> Result<Vec<Attribute>, String> {
    let wrong =
        || format!("the attributes of {} are not well formed", text[..tag_end].rsplit('<').next().unwrap_or(""));
    let mut attributes: Vec<Attribute> = Vec::new();
    let mut at = from;
    loop {
        let rest = &text[at..tag_end];
        let name_start = at + rest.len() - rest.trim_start().len();
        let rest = &text[name_start..tag_end];
        if rest.starts_with(['>', '/']) {
            return Ok(attributes);
        }
        let name_length =
            rest.find(|character: char| character == '=' || character.is_whitespace()).ok_or_else(wrong)?;
        let behind = rest[name_length..].trim_start().strip_prefix('=').ok_or_else(wrong)?.trim_start();
        let quote = behind.chars().next().filter(|first| matches!(first, '"' | '\'')).ok_or_else(wrong)?;
        let value_start = tag_end - behind.len() + 1;
        let length = text[value_start..tag_end].find(quote).ok_or_else(wrong)?;
        let value = value_start..value_start + length;
        let name = &rest[..name_length];
        if name.is_empty() || name_start == at || attributes.iter().any(|known| known.name == name) {
            return Err(wrong());
        }
        let decoded = unescape(&text[value.clone()]).map_err(|error| error.to_string())?.into_owned();
        attributes.push(Attribute { name: name.to_owned(), decoded, whole: at..value.end + 1, value: value.clone() });
        at = value.end + 1;
    }
}

/// A path: names of elements from the outermost on, each perhaps with `[@name='value']` or `[2]` behind it, and in the end
/// perhaps `@attribute`.
pub(crate) struct XmlPath {
    parts: Vec<Part>,
    /// The attribute that it ends with.
    pub(crate) attribute: Option<String>,
}

struct Part {
    name: String,
    /// Attributes and the values that they must have.
    with: Vec<(String, String)>,
    /// Which one of those, from 1.
    number: Option<usize>,
}

impl XmlPath {
    /// Reads a path; `None` when it is none.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let mut rest = path.strip_prefix('/').unwrap_or(path);
        let mut read = Self { parts: Vec::new(), attribute: None };
        loop {
            if let Some(attribute) = rest.strip_prefix('@') {
                read.attribute = Some(attribute.to_owned());
                return (is_name(attribute) && !read.parts.is_empty()).then_some(read);
            }
            let end = rest.find(['/', '[']).unwrap_or(rest.len());
            let mut part = Part { name: rest[..end].to_owned(), with: Vec::new(), number: None };
            rest = &rest[end..];
            while let Some(condition) = rest.strip_prefix('[') {
                rest = part.take_condition(condition)?;
            }
            if !is_name(&part.name) {
                return None;
            }
            read.parts.push(part);
            match rest.strip_prefix('/') {
                Some(more) => rest = more,
                None => return rest.is_empty().then_some(read),
            }
        }
    }
}

impl Part {
    /// Reads what stands behind a `[`, and gives what stands behind its `]`.
    fn take_condition<'p>(&mut self, text: &'p str) -> Option<&'p str> {
        if let Some(attribute) = text.strip_prefix('@') {
            let (name, rest) = attribute.split_once('=')?;
            let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
            let (value, rest) = rest[1..].split_once(quote)?;
            self.with.push((is_name(name).then(|| name.to_owned())?, value.to_owned()));
            return rest.strip_prefix(']');
        }
        let (number, rest) = text.split_once(']')?;
        self.number = Some(number.parse().ok().filter(|number| *number > 0)?);
        Some(rest)
    }

    fn chosen<'f>(&self, nodes: Vec<&'f Node>) -> Vec<&'f Node> {
        let has = |node: &Node, (name, value): &(String, String)| {
            node.attributes.iter().any(|known| known.name == *name && known.decoded == *value)
        };
        let suits = |node: &&Node| node.name == self.name && self.with.iter().all(|wanted| has(node, wanted));
        let suiting = nodes.into_iter().filter(suits);
        match self.number {
            None => suiting.collect(),
            Some(number) => suiting.skip(number - 1).take(1).collect(),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|character: char| character.is_whitespace() || "'\"<>=&@[]/".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\"?>\n<!-- c --><a k = 'ä &amp; b'><b id=\"1\">x</b><b id=\"2\"/></a>";

    fn found(path: &str) -> Vec<String> {
        let file = XmlFile::read(TEXT).unwrap();
        let text = |place: &Place<'_>| match place {
            Place::Element(node) => TEXT[node.whole.clone()].to_owned(),
            Place::Attribute { value, .. } => TEXT[value.clone()].to_owned(),
            Place::NoAttribute(node) => format!("none of {}", node.name),
        };
        file.places(&XmlPath::read(path).unwrap()).iter().map(text).collect()
    }

    #[test]
    fn paths_lead_to_elements_and_attributes() {
        assert_eq!(found("a/@k"), ["ä &amp; b"]);
        assert_eq!(found("/a/b"), ["<b id=\"1\">x</b>", "<b id=\"2\"/>"]);
        assert_eq!(found("a/b[@id='2']"), ["<b id=\"2\"/>"]);
        assert_eq!(found("a[@k='ä & b']/b[1]/@id"), ["1"]);
        assert_eq!(found("a/b[2]/@x"), ["none of b"]);
        assert!(found("b").is_empty() && found("a/b[3]").is_empty() && found("a/c/@id").is_empty());
    }

    #[test]
    fn what_is_no_path_is_none() {
        for path in ["", "@a", "a/", "a//b", "a[0]", "a[x]", "a[@k=v]", "a[@k='v'", "a/@", "a/@b/c", "a b"] {
            assert!(XmlPath::read(path).is_none(), "{path}");
        }
    }

    #[test]
    fn what_is_not_well_formed_is_said() {
        for text in ["", "x", "<a>", "<a></b>", "<a b/>", "<a b=c/>", "<a b='1'c='2'/>", "<a b='1' b='2'/>", "<a/><b/>"]
        {
            assert!(XmlFile::read(text).is_err(), "{text}");
        }
        assert!(XmlFile::read(&"<a>".repeat(MAX_DEPTH + 1)).is_err());
    }
}
