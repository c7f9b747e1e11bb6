//! What a step may know about the site: its files, its database, its facts. Nothing here changes anything.

use crate::change::{Change, Rendered};
use crate::dialect::{DialectInfo, ServerInfo, Statement};
use crate::error::Error;
use crate::patcher::PatcherFacts;
use crate::path::SitePath;
use crate::payload::Payload;
use crate::schema::Schema;
use crate::value::Rows;
use crate::version::Version;
use crate::web::Origin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The site as a step sees it: with everything done that the steps before it did.
pub trait SiteView {
    /// What is known of the site without looking at its files.
    fn facts(&self) -> &SiteFacts;

    /// The files that the patch brings along.
    fn payload(&self) -> &dyn Payload;

    /// What stands at the path, or `None` if nothing does. Symbolic links are not followed.
    ///
    /// # Errors
    /// When the disk fails, or a directory above is a symbolic link.
    fn metadata(&self, path: &SitePath) -> Result<Option<Metadata>, Error>;

    /// The file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    fn read(&self, path: &SitePath) -> Result<Vec<u8>, Error>;

    /// The SHA-256 sum of the file's bytes.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    fn sha256(&self, path: &SitePath) -> Result<Sha256, Error>;

    /// The MD5 sum of the file's bytes, for manifests that know no better one (A16).
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    fn md5(&self, path: &SitePath) -> Result<Md5, Error>;

    /// Whether the file's bytes have this sum.
    ///
    /// # Errors
    /// When it is not a regular file, or can't be read.
    fn has_sum(&self, path: &SitePath, sum: KnownSum) -> Result<bool, Error> {
        Ok(match sum {
            KnownSum::Md5(sum) => self.md5(path)? == sum,
            KnownSum::Sha256(sum) => self.sha256(path)? == sum,
        })
    }

    /// The bytes with this sum, if the site keeps them: what the vendor shipped for the path once, its pristine copy; or what
    /// the operator gave as an answer. They have that sum.
    ///
    /// # Errors
    /// When they are kept and can't be read.
    fn stored(&self, path: &SitePath, sum: KnownSum) -> Result<Option<Vec<u8>>, Error>;

    /// What stands in a directory (`None`: the root), sorted by name.
    ///
    /// # Errors
    /// When it is not a directory, or can't be read.
    fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error>;

    /// The rows of one statement that only reads.
    ///
    /// # Errors
    /// When the database refuses it.
    fn query(&self, statement: &Statement) -> Result<Rows, Error>;

    /// The structure of these tables, views and sequences as far as they are there.
    ///
    /// # Errors
    /// When the database can't be asked, its dialect doesn't read structures, or how they will be can't be foreseen.
    fn structure(&self, names: &[&str]) -> Result<Schema, Error>;

    /// What the database's server says of itself.
    ///
    /// # Errors
    /// When the line is broken.
    fn server(&self) -> Result<ServerInfo, Error>;

    /// What a portable change comes to on the site's database as it is now.
    ///
    /// # Errors
    /// When the database can't be asked, or the dialect can't do the change.
    fn rendered(&self, change: &Change) -> Result<Rendered, Error>;

    /// The components of the product that are installed, each with its version.
    ///
    /// # Errors
    /// When the database can't be asked.
    fn components(&self) -> Result<BTreeMap<String, Version>, Error>;

    /// The operator's answer to a question that [`Step::check`](crate::Step::check) asked, if there is one yet.
    fn answer(&self, question: &str) -> Option<String>;

    /// Tells the operator something.
    fn log(&self, level: Level, message: &str);

    /// Tells the operator how far something has come that takes long: `done` of `of` things.
    fn progress(&self, done: u64, of: u64, doing: &str);
}

/// How loud a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For who looks for a fault.
    Debug,
    /// For everyone.
    Info,
    /// Something to look at.
    Warn,
}

/// What is known of the site without looking at its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteFacts {
    /// The product installed, such as `acme-cms`.
    pub product: String,
    /// The version of the product before this patch.
    pub version: Version,
    /// The version that this patch brings: of the product, or of the component that it is for.
    pub to: Version,
    /// The patch's id.
    pub patch: String,
    /// How the site's database is spoken to.
    pub dialect: DialectInfo,
    /// What all the site's tables begin with, often empty.
    pub table_prefix: String,
    /// The site owner's own settings for scripts, from `[settings]` of the site's configuration.
    pub settings: BTreeMap<String, String>,
    /// The file below the root that is there while the gate is shut, if the site has one. It is the engine's: it comes and goes
    /// during a run, so steps neither see nor change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_flag: Option<SitePath>,
    /// The commands that the site's owner lets patches run, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// What the site's owner lets patches reach on the web.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Origin>,
    /// The program that applies the patch, where patches may replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patcher: Option<PatcherFacts>,
}

impl SiteFacts {
    /// Refuses a path that belongs to the engine.
    ///
    /// # Errors
    /// When it is the gate's flag, or lies below it.
    pub fn refuse_own(&self, path: &SitePath) -> Result<(), Error> {
        match &self.gate_flag {
            Some(flag) if path == flag || path.is_below(flag) => {
                Err(Error::refused(format!("{flag} is the engine's own: it is there while the gate is shut"))
                    .hint("a patch leaves the gate alone"))
            }
            _ => Ok(()),
        }
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Whether it is a file, a directory or something else.
    pub kind: EntryKind,
    /// In bytes; 0 for what is not a file.
    pub size: u64,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
}

/// The kinds of things that stand at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; the engine never follows nor replaces one.
    Link,
    /// A socket, pipe or device; the engine leaves it alone.
    Other,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Link => "a symbolic link",
            Self::Other => "a special file",
        })
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path below the site's root.
    pub path: SitePath,
    /// What stands there.
    pub metadata: Metadata,
}

/// A sum of `N` bytes, written in lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sum<const N: usize>(pub [u8; N]);

/// An MD5 sum: tells changed files apart as the seeds ask (A16), and decides no trust.
pub type Md5 = Sum<16>;
/// A SHA-256 sum: what is trusted.
pub type Sha256 = Sum<32>;

/// What is known of bytes that are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownSum {
    /// Their MD5 sum alone, as the seeds' patches have it (A16).
    Md5(Md5),
    /// Their SHA-256 sum.
    Sha256(Sha256),
}

impl KnownSum {
    /// Whether bytes with these two sums are the ones.
    pub fn is_one_of(&self, sha256: Sha256, md5: Md5) -> bool {
        match self {
            Self::Md5(sum) => *sum == md5,
            Self::Sha256(sum) => *sum == sha256,
        }
    }
}

impl<const N: usize> fmt::Display for Sum<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // One string at a time: a plan of many files writes its sums a hundred thousand times.
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        f.write_str(&digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect::<String>())
    }
}

impl<const N: usize> fmt::Debug for Sum<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Sum<N> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid(format!("{text:?} is not a sum of {} hexadecimal digits", 2 * N));
        let digits = text.as_bytes();
        if digits.len() != 2 * N {
            return Err(wrong());
        }
        let mut sum = [0; N];
        for (byte, pair) in sum.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: u8| char::from(at).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(pair[0]).ok_or_else(wrong)? << 4 | digit(pair[1]).ok_or_else(wrong)?;
        }
        Ok(Self(sum))
    }
}

impl<const N: usize> TryFrom<String> for Sum<N> {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl<const N: usize> From<Sum<N>> for String {
    fn from(sum: Sum<N>) -> Self {
        sum.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_reads_what_it_writes_in_either_case() {
        let text = "d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(text.parse::<Md5>().unwrap().to_string(), text);
        assert_eq!(text.to_uppercase().parse::<Md5>().unwrap().to_string(), text);
    }

    #[test]
    fn a_sum_of_another_length_or_with_other_characters_is_refused() {
        for text in ["", "d41d", "d41d8cd98f00b204e9800998ecf8427g", "d41d8cd98f00b204e9800998ecf8427é"] {
            assert!(text.parse::<Md5>().is_err(), "{text:?} was accepted");
        }
    }
}
