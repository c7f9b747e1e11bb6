//! What a manifest asks of another product's or component's version.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Fault, ParseVersionError, Version};

/// The longest requirement accepted, in characters; it bounds how many comparisons one manifest attribute can ask for.
pub const MAX_REQUIREMENT_CHARS: usize = 1000;

/// Which versions a manifest asks for: `2.1`, `=2.1`, `>2`, `>=2.1`, `<3`, `<=3`, or several joined by commas or
/// blanks, which must all hold (`>=2.1, <3`).
///
/// A version without a sign must be met exactly: `1.0.0` does not allow `1.0.0+fix.7`.
#[derive(Clone, PartialEq, Eq)]
pub struct VersionRequirement {
    text: String,
    bounds: Vec<Bound>,
}

impl VersionRequirement {
    /// Whether `version` satisfies every comparison.
    pub fn allows(&self, version: &Version) -> bool {
        self.bounds.iter().all(|bound| bound.allows(version))
    }

    /// The requirement as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for VersionRequirement {
    type Err = ParseVersionError;

    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for VersionRequirement {
    type Error = ParseVersionError;

    fn try_from(text: String) -> Result<Self, ParseVersionError> {
        match parse_bounds(&text) {
            Ok(bounds) => Ok(Self { text, bounds }),
            Err(fault) => {
                Err(ParseVersionError { what: "version requirement", ..ParseVersionError::new(&text, fault) })
            }
        }
    }
}

impl fmt::Display for VersionRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for VersionRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VersionRequirement({})", self.text)
    }
}

impl Serialize for VersionRequirement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for VersionRequirement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Bound {
    comparison: Comparison,
    version: Version,
}

impl Bound {
    fn allows(&self, version: &Version) -> bool {
        match self.comparison {
            Comparison::Equal => *version == self.version,
            Comparison::Less => *version < self.version,
            Comparison::LessOrEqual => *version <= self.version,
            Comparison::Greater => *version > self.version,
            Comparison::GreaterOrEqual => *version >= self.version,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    fn parse(sign: &str) -> Result<Self, Fault> {
        match sign {
            "" | "=" => Ok(Self::Equal),
            "<" => Ok(Self::Less),
            "<=" => Ok(Self::LessOrEqual),
            ">" => Ok(Self::Greater),
            ">=" => Ok(Self::GreaterOrEqual),
            _ => Err(Fault::Comparison(sign.to_owned())),
        }
    }
}

fn parse_bounds(text: &str) -> Result<Vec<Bound>, Fault> {
    if text.chars().count() > MAX_REQUIREMENT_CHARS {
        return Err(Fault::TooLong(MAX_REQUIREMENT_CHARS));
    }
    let joins = |c: char| c == ',' || c.is_whitespace();
    let signs = |c: char| matches!(c, '<' | '>' | '=' | '!' | '~' | '^');
    let mut bounds = Vec::new();
    let mut rest = text.trim_matches(joins);
    while !rest.is_empty() {
        let (sign, after_sign) = rest.split_at(rest.find(|c| !signs(c)).unwrap_or(rest.len()));
        let comparison = Comparison::parse(sign)?;
        let after_sign = after_sign.trim_start();
        let end = after_sign.find(|c| joins(c) || signs(c)).unwrap_or(after_sign.len());
        let (version, after_version) = after_sign.split_at(end);
        if version.is_empty() {
            return Err(Fault::NoVersion);
        }
        let version = version.parse::<Version>().map_err(|error| error.fault)?;
        bounds.push(Bound { comparison, version });
        rest = after_version.trim_start_matches(joins);
    }
    if bounds.is_empty() { Err(Fault::Empty) } else { Ok(bounds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_allows_what_all_its_comparisons_allow() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (">=2.1", &["2.1", "2.1.0", "2.10", "3"], &["2.0.9", "2.1rc1"]),
            ("=2.1", &["2.1", "2.1.0"], &["2.1.1", "2.1+fix.1", "2.10"]),
            ("2.1", &["2.1"], &["2.2"]),
            (">2", &["2.0.1", "2p1"], &["2.0", "2rc1"]),
            ("<3", &["2.9", "3rc1"], &["3", "3.0"]),
            ("<=3", &["3.0.0", "2"], &["3.0.1"]),
            (">=2.1,<3", &["2.1", "2.99"], &["2", "3"]),
            (" >= 2.1 , < 3 ", &["2.1", "2.99"], &["2", "3"]),
            (">=2.1 <3", &["2.1"], &["3"]),
            (">=2.1<3", &["2.1"], &["3"]),
        ];
        for (requirement, allowed, refused) in cases {
            let requirement: VersionRequirement = requirement.parse().unwrap();
            for text in *allowed {
                assert!(requirement.allows(&text.parse().unwrap()), "{requirement} allows {text}");
            }
            for text in *refused {
                assert!(!requirement.allows(&text.parse().unwrap()), "{requirement} refuses {text}");
            }
        }
    }

    #[test]
    fn what_is_no_requirement_is_refused_with_the_reason() {
        let message = |text: &str| text.parse::<VersionRequirement>().unwrap_err().to_string();
        assert_eq!(message(" , "), "a version requirement is empty");
        assert_eq!(message(">="), "\">=\" is not a version requirement: a comparison lacks its version");
        assert!(message("~2").contains("\"~\" is not one of"));
        assert!(message("=>2").contains("\"=>\" is not one of"));
        assert!(message(">=two").contains("contains no number"));
        assert!(message(&"1,".repeat(600)).contains("longer than 1000"));
    }
}
