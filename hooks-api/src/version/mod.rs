//! Product versions: how they are read, ordered and required (A3, A4, C3). They are never numbers: 1.10 is not 1.1.

mod requirement;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use requirement::{MAX_REQUIREMENT_CHARS, VersionRequirement};

/// The longest version accepted, in characters: a version stands in file names, table columns and log lines.
pub const MAX_VERSION_CHARS: usize = 100;

/// The version of a product, as its vendor wrote it, with an order.
///
/// A version is a *release* (numbers), then any *tags* (words with numbers), then perhaps a *patch level* after `+`.
/// The separators `.`, `-` and `_`, a leading `v`, upper or lower case, leading zeros of a number and trailing zero
/// numbers of a release or tag make no difference: `1.6`, `v1.6.0` and `1_6` are the same version.
///
/// - Releases compare number by number, whatever their length: 1.9 < 1.10, and 1.6 is not 1.60.
/// - Before the release come unknown words, then `dev` < `alpha`, `a` < `beta`, `b` < `pre`, `rc`, `c`.
/// - After the release come `p`, `pl`, `patch`, `post`: 1.6.2rc1 < 1.6.2 < 1.6.2p1 < 1.6.3.
/// - A patch level comes directly after the version that it fixes: 1.0.0 < 1.0.0+fix.7 < 1.0.0+fix.10 < 1.0.1.
///
/// Equality, order and hash follow these rules; [`fmt::Display`] and [`Version::as_str`] give the text as written.
#[derive(Clone)]
pub struct Version {
    text: String,
    key: Key,
}

impl Version {
    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The version that a patch level fixes: 1.0.0 for 1.0.0+fix.7, and every other version itself.
    #[must_use]
    pub fn without_patch_level(&self) -> Self {
        let fixed = self.text.split_once('+').and_then(|(fixed, _)| fixed.parse().ok());
        fixed.unwrap_or_else(|| self.clone())
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Version {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, ParseVersionError> {
        match Key::parse(&text) {
            Ok(key) => Ok(Self { text, key }),
            Err(fault) => Err(ParseVersionError::new(&text, fault)),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a version or not a requirement; its message quotes the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseVersionError {
    what: &'static str,
    excerpt: String,
    fault: Fault,
}

impl ParseVersionError {
    fn new(text: &str, fault: Fault) -> Self {
        Self { what: "version", excerpt: text.chars().take(MAX_VERSION_CHARS).collect(), fault }
    }
}

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, excerpt, fault } = self;
        match fault {
            Fault::Empty => write!(f, "a {what} is empty"),
            Fault::TooLong(limit) => write!(f, "the {what} {excerpt:?}… is longer than {limit} characters"),
            Fault::Character(c) => {
                write!(
                    f,
                    "{excerpt:?} is not a {what}: it contains {c:?}, which is not a letter, digit, '.', '-', '_' or '+'"
                )
            }
            Fault::NoDigit => write!(f, "{excerpt:?} is not a {what}: it contains no number"),
            Fault::EmptyPart => {
                write!(f, "{excerpt:?} is not a {what}: nothing stands between, before or after its separators")
            }
            Fault::SecondPatchLevel => write!(f, "{excerpt:?} is not a {what}: it contains more than one '+'"),
            Fault::Comparison(sign) => {
                write!(f, "{excerpt:?} is not a {what}: {sign:?} is not one of '=', '<', '<=', '>' and '>='")
            }
            Fault::NoVersion => write!(f, "{excerpt:?} is not a {what}: a comparison lacks its version"),
        }
    }
}

impl std::error::Error for ParseVersionError {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    TooLong(usize),
    Character(char),
    NoDigit,
    EmptyPart,
    SecondPatchLevel,
    Comparison(String),
    NoVersion,
}

/// What versions are compared by: the order of the fields and of the variants below is the order of versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    release: Vec<Number>,
    /// Ends with [`Tag::END`], so that fewer tags sort after a pre-release and before a patch of the same release.
    tags: Vec<Tag>,
    patch_level: Option<Vec<Part>>,
}

impl Key {
    fn parse(text: &str) -> Result<Self, Fault> {
        check_characters(text)?;
        let lower = text.to_ascii_lowercase();
        let unprefixed = match lower.strip_prefix('v') {
            Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
            _ => &lower,
        };
        let (version, level) = match unprefixed.split_once('+') {
            Some((_, level)) if level.contains('+') => return Err(Fault::SecondPatchLevel),
            Some((version, level)) => (version, Some(level)),
            None => (unprefixed, None),
        };
        let (release, tags) = release_and_tags(parts(version)?);
        Ok(Self { release, tags, patch_level: level.map(parts).transpose()? })
    }
}

/// A number of any length: its decimal digits without leading zeros, so that no version overflows.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Number(String);

impl Number {
    fn new(digits: &str) -> Self {
        Self(digits.trim_start_matches('0').to_owned())
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Part {
    Number(Number),
    Word(String),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Tag {
    rank: Rank,
    numbers: Vec<Number>,
}

impl Tag {
    const END: Self = Self { rank: Rank::End, numbers: Vec::new() };
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Rank {
    /// A word without a known meaning promises nothing, so it must not outrank a release.
    Unknown(String),
    Dev,
    Alpha,
    Beta,
    Candidate,
    End,
    Post,
}

impl Rank {
    fn of(word: String) -> Self {
        match word.as_str() {
            "dev" => Self::Dev,
            "alpha" | "a" => Self::Alpha,
            "beta" | "b" => Self::Beta,
            "pre" | "rc" | "c" => Self::Candidate,
            "p" | "pl" | "patch" | "post" => Self::Post,
            _ => Self::Unknown(word),
        }
    }
}

fn check_characters(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Empty);
    }
    if text.chars().count() > MAX_VERSION_CHARS {
        return Err(Fault::TooLong(MAX_VERSION_CHARS));
    }
    if let Some(c) = text.chars().find(|&c| !c.is_ascii_alphanumeric() && !is_separator(c) && c != '+') {
        return Err(Fault::Character(c));
    }
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return Err(Fault::NoDigit);
    }
    Ok(())
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '_')
}

/// Cuts at separators and where digits meet letters, so that `rc1`, `rc.1` and `rc-1` are the same.
fn parts(text: &str) -> Result<Vec<Part>, Fault> {
    let mut parts = Vec::new();
    for mut chunk in text.split(is_separator) {
        if chunk.is_empty() {
            return Err(Fault::EmptyPart);
        }
        while let Some(first) = chunk.chars().next() {
            let numeric = first.is_ascii_digit();
            let end = chunk.find(|c: char| c.is_ascii_digit() != numeric).unwrap_or(chunk.len());
            let (part, rest) = chunk.split_at(end);
            parts.push(if numeric { Part::Number(Number::new(part)) } else { Part::Word(part.to_owned()) });
            chunk = rest;
        }
    }
    Ok(parts)
}

fn release_and_tags(parts: Vec<Part>) -> (Vec<Number>, Vec<Tag>) {
    let mut release = Vec::new();
    let mut tags: Vec<Tag> = Vec::new();
    for part in parts {
        match part {
            Part::Word(word) => tags.push(Tag { rank: Rank::of(word), numbers: Vec::new() }),
            Part::Number(number) => tags.last_mut().map_or(&mut release, |tag| &mut tag.numbers).push(number),
        }
    }
    trim_zeros(&mut release);
    tags.iter_mut().for_each(|tag| trim_zeros(&mut tag.numbers));
    tags.push(Tag::END);
    (release, tags)
}

fn trim_zeros(numbers: &mut Vec<Number>) {
    while numbers.last().is_some_and(|number| number.0.is_empty()) {
        numbers.pop();
    }
}
