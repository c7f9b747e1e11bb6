//! Writes manifests: the XML text of a patch that was built from two releases.

use std::fmt::Write;

use super::digest::Digests;
use patchwright_hooks_api::SitePath;
use patchwright_step_text::edit::Change;

/// A manifest that is being written.
pub(super) struct Manifest {
    xml: String,
}

impl Manifest {
    /// Begins a manifest with the attributes of its root.
    pub(super) fn new(attributes: &[(&str, &str)]) -> Self {
        let mut manifest = Self { xml: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n") };
        manifest.open("", "patch", attributes);
        manifest
    }

    /// What people call the patch.
    pub(super) fn title(&mut self, title: &str) {
        self.line("  ", "title", title);
    }

    /// What is new, in the words of the vendor, and the member with the whole story.
    pub(super) fn changelog(&mut self, href: &str, changes: &[String]) {
        self.open("  ", "changelog", &[("href", href)]);
        for change in changes {
            self.line("    ", "change", change);
        }
        self.xml.push_str("  </changelog>\n");
    }

    /// Begins the steps: all that follows until the end.
    pub(super) fn begin_steps(&mut self) {
        self.open("  ", "steps", &[]);
    }

    /// A step without content.
    pub(super) fn step(&mut self, name: &str, path: &SitePath, attributes: &[(&str, &str)]) {
        let _ = write!(self.xml, "    <{name} path=\"{}\"", attribute(path.as_str()));
        self.attributes(attributes);
        self.xml.push_str("/>\n");
    }

    /// A step that edits a text file in place.
    pub(super) fn alter(&mut self, path: &SitePath, old: &Digests, edits: &[Change]) {
        let (md5, sha256) = (old.md5.to_string(), old.sha256.to_string());
        self.open("    ", "alter", &[("path", path.as_str()), ("md5", &md5), ("was-sha256", &sha256)]);
        for edit in edits {
            self.xml.push_str(&edit_element(edit));
        }
        self.xml.push_str("    </alter>\n");
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.xml.push_str("  </steps>\n</patch>\n");
        self.xml
    }

    fn open(&mut self, indent: &str, name: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.xml, "{indent}<{name}");
        self.attributes(attributes);
        self.xml.push_str(">\n");
    }

    fn line(&mut self, indent: &str, name: &str, content: &str) {
        let _ = writeln!(self.xml, "{indent}<{name}>{}</{name}>", text(content));
    }

    fn attributes(&mut self, attributes: &[(&str, &str)]) {
        for (name, value) in attributes {
            let _ = write!(self.xml, " {name}=\"{}\"", attribute(value));
        }
    }
}

/// One edit of an `alter` step as it stands in the manifest; its length is what the edit costs.
pub(super) fn edit_element(edit: &Change) -> String {
    let from = text(&edit.from);
    if edit.to.is_empty() {
        return format!("      <delete>{from}</delete>\n");
    }
    format!("      <replace><from>{from}</from><to>{}</to></replace>\n", text(&edit.to))
}

/// Whether XML 1.0 can write the text at all.
pub(super) fn is_xml(text: &str) -> bool {
    text.chars().all(is_xml_char)
}

/// The text with what XML 1.0 can't write replaced by U+FFFD.
pub(super) fn as_xml(text: &str) -> String {
    text.chars().map(|c| if is_xml_char(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// The production `Char` of XML 1.0.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// Readers turn white space in attributes into blanks unless it is written as a number.
fn attribute(value: &str) -> String {
    let value = text(value).replace('"', "&quot;");
    value.replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Readers turn a carriage return into a line feed unless it is written as a number, and `]]>` must not stand in text.
fn text(content: &str) -> String {
    content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_xml_is_escaped() {
        assert_eq!(text("a < b && c]]>\r\n\t\"'"), "a &lt; b &amp;&amp; c]]&gt;&#13;\n\t\"'");
        assert_eq!(attribute("\"a\"\n\tb"), "&quot;a&quot;&#10;&#9;b");
    }

    #[test]
    fn control_characters_are_not_xml() {
        assert!(is_xml("tab\t, line\r\n, ünïcode, 𝄞"));
        for text in ["\0", "\u{1b}[0m", "\u{b}", "\u{fffe}", "\u{ffff}"] {
            assert!(!is_xml(text), "{text:?}");
        }
        assert_eq!(as_xml("a\0b"), "a\u{fffd}b");
    }
}
