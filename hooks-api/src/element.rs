//! One XML element of a manifest, with the place of everything in it: what a step kind reads.

use crate::error::{Error, Position};
use crate::path::SitePath;
use crate::site::KnownSum;
use std::str::FromStr;

/// An XML element: name, attributes, children and text, each with its place in the file.
///
/// A step kind asks for what it knows and then calls [`Element::only`], so that a misspelt attribute is an error and
/// never silently ignored (C27).
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// The element's name.
    pub name: String,
    /// Its attributes, in order.
    pub attributes: Vec<Attribute>,
    /// What stands between its tags, in order.
    pub content: Vec<Content>,
    /// Where its start tag begins.
    pub position: Position,
}

/// An attribute with its decoded value.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// The attribute's name.
    pub name: String,
    /// Its value, entities resolved.
    pub value: String,
}

/// What stands between an element's tags.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A child element.
    Element(Element),
    /// Text, entities and CDATA resolved, with the place where it begins.
    Text(String, Position),
}

impl Element {
    /// The attribute's value, if the element has it.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| attribute.value.as_str())
    }

    /// The attribute's value.
    ///
    /// # Errors
    /// When the element does not have it.
    pub fn required(&self, name: &str) -> Result<&str, Error> {
        self.attribute(name).ok_or_else(|| self.error(format!("<{}> needs the attribute {name}", self.name)))
    }

    /// The attribute read as a `T`, if the element has it.
    ///
    /// # Errors
    /// When the value is not a `T`; the message says so in `T`'s words.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        let Some(value) = self.attribute(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|error| self.error(format!("the attribute {name} of <{}>: {error}", self.name)))
    }

    /// The attribute read as a path below the site's root.
    ///
    /// # Errors
    /// When it is absent, or leads out of the root.
    pub fn path(&self, name: &str) -> Result<SitePath, Error> {
        SitePath::new(self.required(name)?).map_err(|error| error.at(&self.position))
    }

    /// An attribute that holds permission bits alone, in octal, such as `644` or `0755`.
    ///
    /// # Errors
    /// When it is not octal, or asks for set-user-id, set-group-id or the sticky bit.
    pub fn mode(&self, name: &str) -> Result<Option<u32>, Error> {
        let Some(text) = self.attribute(name) else { return Ok(None) };
        match u32::from_str_radix(text, 8) {
            Ok(mode) if mode <= 0o777 => Ok(Some(mode)),
            _ => Err(self
                .error(format!("the attribute {name} of <{}> is {text:?}, not octal permission bits", self.name))
                .hint("write it like 644 or 755")),
        }
    }

    /// The attributes `was-sha256` and `md5`: a sum of the file that the patch's author saw. Where both are known, the better one
    /// decides (A16).
    ///
    /// # Errors
    /// When one is there and is no such sum.
    pub fn known_sum(&self) -> Result<Option<KnownSum>, Error> {
        Ok(match (self.parsed("was-sha256")?, self.parsed("md5")?) {
            (Some(sha256), _) => Some(KnownSum::Sha256(sha256)),
            (None, md5) => md5.map(KnownSum::Md5),
        })
    }

    /// The attribute `dialect`: the dialects that the element is for, separated by blanks; without it, all (`None`).
    ///
    /// # Errors
    /// When the attribute is there and names none.
    pub fn dialects(&self) -> Result<Option<Vec<String>>, Error> {
        let Some(names) = self.attribute("dialect") else { return Ok(None) };
        let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
        if names.is_empty() {
            return Err(self
                .error(format!("the attribute dialect of <{}> names none", self.name))
                .hint("leave it out to mean every dialect"));
        }
        Ok(Some(names))
    }

    /// The attribute read as `true` or `false`, if the element has it.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.attribute(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => {
                Err(self.error(format!("the attribute {name} of <{}> is {other:?}, not true or false", self.name)))
            }
        }
    }

    /// Checks that the element has no attributes and no child elements but these.
    ///
    /// # Errors
    /// Naming the first unknown one, and the known ones.
    pub fn only(&self, attributes: &[&str], children: &[&str]) -> Result<(), Error> {
        let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        if let Some(unknown) = self.attributes.iter().find(|attribute| !attributes.contains(&attribute.name.as_str())) {
            return Err(self
                .error(format!("<{}> has no attribute {}", self.name, unknown.name))
                .hint(format!("known attributes: {}", list(attributes))));
        }
        if let Some(unknown) = self.children().find(|child| !children.contains(&child.name.as_str())) {
            return Err(unknown
                .error(format!("<{}> has no child element <{}>", self.name, unknown.name))
                .hint(format!("known child elements: {}", list(children))));
        }
        Ok(())
    }

    /// Checks that nothing but white space stands between its children.
    ///
    /// # Errors
    /// With the place of the text.
    pub fn no_text(&self) -> Result<(), Error> {
        for content in &self.content {
            if let Content::Text(text, position) = content
                && !text.trim().is_empty()
            {
                return Err(Error::invalid(format!("<{}> can't hold text", self.name)).at(position));
            }
        }
        Ok(())
    }

    /// The child elements, in order.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            Content::Element(element) => Some(element),
            Content::Text(..) => None,
        })
    }

    /// The first child element of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children().find(|child| child.name == name)
    }

    /// The element's own text, its children's left out.
    pub fn text(&self) -> String {
        self.content
            .iter()
            .filter_map(|content| match content {
                Content::Text(text, _) => Some(text.as_str()),
                Content::Element(_) => None,
            })
            .collect()
    }

    /// Where the element's own text begins, or the element if it has none.
    pub fn text_position(&self) -> &Position {
        self.content
            .iter()
            .find_map(|content| match content {
                Content::Text(_, position) => Some(position),
                Content::Element(_) => None,
            })
            .unwrap_or(&self.position)
    }

    /// An error at this element's place.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::invalid(message).at(&self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(attributes: &[(&str, &str)]) -> Element {
        let attributes =
            attributes.iter().map(|(name, value)| Attribute { name: (*name).into(), value: (*value).into() });
        let position = Position::new("patch.xml", 4, 3);
        Element { name: "add".into(), attributes: attributes.collect(), content: Vec::new(), position }
    }

    #[test]
    fn an_unknown_attribute_is_an_error_that_names_the_known_ones() {
        // C27
        let error = element(&[("pth", "a")]).only(&["path", "mode"], &[]).unwrap_err();
        assert_eq!(error.to_string(), "patch.xml:4:3: <add> has no attribute pth");
        assert_eq!(error.hint.as_deref(), Some("known attributes: path, mode"));
    }

    #[test]
    fn a_mode_is_octal_permission_bits_and_nothing_more() {
        assert_eq!(element(&[("mode", "0755")]).mode("mode").unwrap(), Some(0o755));
        for text in ["4755", "9", "rwx", ""] {
            assert!(element(&[("mode", text)]).mode("mode").is_err(), "{text:?} was accepted");
        }
    }

    #[test]
    fn a_path_that_leaves_the_root_is_refused_with_its_place() {
        let error = element(&[("path", "../x")]).path("path").unwrap_err();
        assert_eq!(error.position, Some(Position::new("patch.xml", 4, 3)));
    }
}
