//! Where the application's own code says its version (B1, B3): a file below the root, and the text around the version in it.

use crate::site::disk::{Disk, Place};
use crate::site::tree;
use patchwright_hooks_api::{Error, SitePath, Version};

/// What stands for the version in a pattern.
const PLACEHOLDER: &str = "{version}";
/// The largest file in which a version is looked for.
const MAX_BYTES: u64 = 4 << 20;

/// Where the code says its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSource {
    /// The file, below the site's root.
    pub file: SitePath,
    /// The text before and behind the version. Without one the file holds nothing but the version.
    pub pattern: Option<Pattern>,
}

/// A text with the version somewhere in it. Any blanks in it stand for any others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    before: Vec<String>,
    behind: Vec<String>,
}

impl Pattern {
    /// Reads a pattern such as `define('VERSION', '{version}')`.
    ///
    /// # Errors
    /// When it does not hold `{version}` once, with some text before it.
    pub fn new(text: &str) -> Result<Self, Error> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        match text.split_once(PLACEHOLDER) {
            Some((before, behind)) if !before.trim().is_empty() && !behind.contains(PLACEHOLDER) => {
                let mut parts = Self { before: words(before), behind: words(behind) };
                // A blank beside the version is a blank in the file, too.
                if before.ends_with(char::is_whitespace) {
                    parts.before.push(String::new());
                }
                if behind.starts_with(char::is_whitespace) {
                    parts.behind.insert(0, String::new());
                }
                Ok(parts)
            }
            _ => Err(Error::invalid(format!(
                "the version's pattern {text:?} must hold {PLACEHOLDER} once, behind some text"
            ))
            .hint("such as pattern = \"define('VERSION', '{version}')\"")),
        }
    }

    /// The version in a text, if the pattern is there.
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut rest = text;
        let first = self.before.first()?;
        while let Some(at) = rest.find(first.as_str()) {
            rest = &rest[at..];
            let found = behind_all(&self.before, rest).and_then(|from| {
                let end = from.find(|character: char| !is_of_version(character)).unwrap_or(from.len());
                let (version, behind) = from.split_at(end);
                (!version.is_empty() && behind_all(&self.behind, behind).is_some()).then_some(version)
            });
            if found.is_some() {
                return found;
            }
            rest = rest.get(first.len()..)?;
        }
        None
    }
}

impl VersionSource {
    /// The version that the code says it has.
    ///
    /// # Errors
    /// When the file is not there or can't be read, or no version stands where it should.
    pub fn read(&self, disk: &dyn Disk) -> Result<Version, Error> {
        let place = Place::root(&self.file);
        let wrong = |what: String| {
            Error::missing(what).hint("say in patchwright.toml, below [version], where the code says its version")
        };
        let Some(stat) = disk.stat(&place)? else {
            return Err(wrong(format!("{}, which should say the code's version, is not there", self.file)));
        };
        if stat.size > MAX_BYTES {
            return Err(wrong(format!("{} is too large to be looked through for a version", self.file)));
        }
        let bytes = tree::read(disk, &place)?;
        let text = String::from_utf8_lossy(&bytes);
        let found = match &self.pattern {
            Some(pattern) => pattern.find(&text),
            None => Some(text.trim()),
        };
        let found = found.ok_or_else(|| wrong(format!("{} does not hold the version's pattern", self.file)))?;
        found.parse().map_err(|error| wrong(format!("{} says no version: {error}", self.file)))
    }
}

/// What stands behind all these words, each parted from the next by blanks.
fn behind_all<'a>(words: &[String], text: &'a str) -> Option<&'a str> {
    let mut rest = text;
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            let trimmed = rest.trim_start();
            if trimmed.len() == rest.len() {
                return None;
            }
            rest = trimmed;
        }
        rest = rest.strip_prefix(word.as_str())?;
    }
    Some(rest)
}

fn is_of_version(character: char) -> bool {
    character.is_ascii_alphanumeric() || ".-_+".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_by_the_text_around_it() {
        for (pattern, text, found) in [
            ("define('VERSION', '{version}')", "<?php\ndefine('VERSION',  '1.2.3');", Some("1.2.3")),
            ("define('VERSION', '{version}')", "define('VERSION', 'no') define('VERSION', '2');", Some("no")),
            ("$version = '{version}'", "$version2 = '9'; $version\t= '1.0.0+fix.7';", Some("1.0.0+fix.7")),
            ("\"version\": \"{version}\"", "{\n  \"version\": \"2.0.0-rc.1\"\n}", Some("2.0.0-rc.1")),
            ("VERSION = {version}", "VERSION = 3", Some("3")),
            ("version {version} of", "a version 1.1 by, a version 1.2 of", Some("1.2")),
            ("version '{version}'", "version ''", None),
            ("version '{version}'", "", None),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().find(text), found, "{pattern} in {text}");
        }
    }

    #[test]
    fn a_pattern_says_where_the_version_stands() {
        for wrong in ["", "version", "{version}", "a {version} {version}"] {
            assert!(Pattern::new(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
