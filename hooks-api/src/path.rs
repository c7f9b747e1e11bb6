//! Paths below the site's root: checked once, when they are made, and trusted afterwards.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest path accepted, in bytes: PATH_MAX of Linux, less what the root's own path may need.
const MAX_BYTES: usize = 2048;
/// The longest name of one file or directory, in bytes: NAME_MAX of Linux.
const MAX_NAME_BYTES: usize = 255;

/// A path relative to the site's root: names joined by `/`, never absolute, never leading out of the root.
///
/// A `SitePath` can't hold `..`, `.`, empty names, a leading or trailing `/`, a backslash or control characters. Whether a
/// symbolic link on the way leads out of the root is checked where files are opened, not here.
///
/// Plan, journal, undo and ledger name the same paths: a clone shares the text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SitePath(Arc<str>);

impl SitePath {
    /// Reads a path as manifests and scripts write it.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the text could leave the root or names no file.
    pub fn new(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::refused(format!("{text:?} is not a path below the site's root: {why}"))
                .hint("write it relative to the root, with / between names, such as tools/create.php"))
        };
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text.len() > MAX_BYTES {
            return refuse("it is too long");
        }
        if text.starts_with('/') {
            return refuse("it is absolute");
        }
        if text.contains('\\') {
            return refuse("it holds a backslash");
        }
        if text.chars().any(char::is_control) {
            return refuse("it holds a control character");
        }
        for name in text.split('/') {
            match name {
                "" => return refuse("it holds an empty name"),
                "." | ".." => return refuse("it holds . or .."),
                _ if name.len() > MAX_NAME_BYTES => return refuse("a name in it is too long"),
                _ => {}
            }
        }
        Ok(Self(text.into()))
    }

    /// The path as text, such as `tools/create.php`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&*self.0, |(_, name)| name)
    }

    /// The directory that holds it, or `None` for what stands in the root itself.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.into()))
    }

    /// The directories above it, nearest first.
    pub fn ancestors(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), Self::parent)
    }

    /// The path of `name` inside this directory.
    ///
    /// # Errors
    /// As [`SitePath::new`].
    pub fn join(&self, name: &str) -> Result<Self, Error> {
        Self::new(&format!("{}/{name}", self.0))
    }

    /// The path beside this one whose name has `suffix` added, as `create.php` and `create.php.acme-1.0.1`.
    ///
    /// # Errors
    /// As [`SitePath::new`].
    pub fn with_suffix(&self, suffix: &str) -> Result<Self, Error> {
        Self::new(&format!("{}.{suffix}", self.0))
    }

    /// Whether this path lies below `directory`.
    pub fn is_below(&self, directory: &Self) -> bool {
        self.0.strip_prefix(&*directory.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for SitePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SitePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

impl FromStr for SitePath {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for SitePath {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<SitePath> for String {
    fn from(path: SitePath) -> Self {
        (*path.0).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_leave_the_root_is_refused() {
        for text in ["", "/etc/passwd", "../x", "a/../b", "a/./b", "a//b", "a/", ".", "..", "a\\b", "a\0b", "a\nb"] {
            assert!(SitePath::new(text).is_err(), "{text:?} was accepted");
        }
        assert!(SitePath::new(&"x".repeat(256)).is_err());
        assert!(SitePath::new(&"xx/".repeat(1000)).is_err());
    }

    #[test]
    fn spaces_dots_bars_and_other_scripts_are_ordinary_characters() {
        for text in ["a b/c|d", "..a", "a..", ".htaccess", "ünïcode/文件.php"] {
            assert_eq!(SitePath::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_path_knows_its_name_and_the_directories_above() {
        let path = SitePath::new("tools/tests/create.php").unwrap();
        assert_eq!(path.name(), "create.php");
        let above: Vec<_> = path.ancestors().map(String::from).collect();
        assert_eq!(above, ["tools/tests", "tools"]);
        assert!(path.is_below(&SitePath::new("tools").unwrap()));
        assert!(!SitePath::new("toolshed/x").unwrap().is_below(&SitePath::new("tools").unwrap()));
    }
}
