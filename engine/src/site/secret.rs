//! What must never be shown: a database's URL, which may hold a password, and where it may be kept instead of in the
//! configuration.

use patchwright_hooks_api::{Error, ErrorKind};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The largest file that a secret is read from: a mistaken path must not fill the memory.
const MAX_BYTES: u64 = 64 << 10;

/// The URL of a database. It may hold a password: never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// A text that may stand in the configuration, with environment variables in it (`"${NAME}"`), or in a file of its own.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a URL, or { file = \"…\" } with the file that holds it")]
pub(super) enum Secret {
    Text(String),
    InFile(InFile),
}

pub(super) struct InFile {
    file: PathBuf,
}

/// By hand, since a derived one takes a list of one text for it too, which may be a URL in the wrong brackets.
impl<'de> Deserialize<'de> for InFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = BTreeMap::<String, PathBuf>::deserialize(deserializer)?;
        match (table.remove("file"), table.is_empty()) {
            (Some(file), true) => Ok(Self { file }),
            _ => Err(serde::de::Error::custom("it holds file and nothing else")),
        }
    }
}

impl DatabaseUrl {
    /// The URL itself, for who connects.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for DatabaseUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:…", self.0.split(':').next().unwrap_or_default())
    }
}

impl Secret {
    /// The text, from wherever it is kept. Relative paths count from `folder`.
    pub(super) fn reveal(&self, folder: &Path) -> Result<String, Error> {
        let text = match self {
            Self::InFile(InFile { file }) => read(&folder.join(file))?,
            Self::Text(text) => substituted(text, |name| std::env::var(name).ok())?,
        };
        if text.is_empty() {
            return Err(Error::invalid("the database's URL is empty").hint("a site without a database has no such key"));
        }
        Ok(text)
    }
}

fn read(file: &Path) -> Result<String, Error> {
    let failed = |why: &dyn fmt::Display| {
        Error::new(ErrorKind::Io, format!("can't read {}, which should hold the database's URL: {why}", file.display()))
    };
    let size = std::fs::metadata(file).map_err(|error| failed(&error))?.len();
    if size > MAX_BYTES {
        return Err(failed(&"it is too large for that"));
    }
    Ok(std::fs::read_to_string(file).map_err(|error| failed(&error))?.trim().to_owned())
}

/// The text with the environment's values in it.
fn substituted(text: &str, variable: impl Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else {
            return Err(Error::invalid("the database's URL holds a ${ without a }"));
        };
        let value = variable(name).ok_or_else(|| {
            Error::missing(format!("the environment variable {name} is not set, or is no text"))
                .hint("the configuration takes the database's URL from it")
        })?;
        out.push_str(before);
        out.push_str(&value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        (name == "PASSWORD").then(|| "secret".to_owned())
    }

    #[test]
    fn the_environment_s_values_take_their_places() {
        for (text, wanted) in [
            ("${PASSWORD}", "secret"),
            ("postgres://cms:${PASSWORD}@db/cms", "postgres://cms:secret@db/cms"),
            ("sqlite:a$b{c}.db", "sqlite:a$b{c}.db"),
        ] {
            assert_eq!(substituted(text, known).unwrap(), wanted);
        }
    }

    #[test]
    fn an_error_names_the_variable_and_no_secret() {
        for text in ["postgres://cms:hidden@${HOST}/cms", "postgres://cms:hidden@${HOST"] {
            let error = format!("{:?}", substituted(text, known).unwrap_err());
            assert!(!error.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn a_url_is_never_shown() {
        assert_eq!(format!("{:?}", DatabaseUrl::from("postgres://cms:hidden@db/cms".to_owned())), "postgres:…");
    }

    #[test]
    fn a_secret_s_file_is_trimmed_and_what_is_wrong_with_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let from = |name: &str| Secret::InFile(InFile { file: name.into() }).reveal(folder.path());
        std::fs::write(folder.path().join("url"), "sqlite:cms.db\n").unwrap();
        std::fs::write(folder.path().join("empty"), "\n").unwrap();
        std::fs::write(folder.path().join("large"), vec![b'x'; 100_000]).unwrap();
        std::fs::write(folder.path().join("bytes"), b"hidden\xff").unwrap();
        assert_eq!(from("url").unwrap(), "sqlite:cms.db");
        for (name, said) in
            [("empty", "is empty"), ("large", "too large"), ("bytes", "can't read"), ("none", "can't read")]
        {
            let error = from(name).unwrap_err().to_string();
            assert!(error.contains(said) && !error.contains("hidden"), "{error}");
        }
    }
}
