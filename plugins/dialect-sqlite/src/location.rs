//! Where a database lies: what a `sqlite:` URL means.

use patchwright_hooks_api::Error;
use std::path::{Path, PathBuf};

/// The URL scheme of the dialect.
pub(crate) const SCHEME: &str = "sqlite";

/// The file of a database, as an absolute path.
///
/// SQLite gives some names a meaning of their own (`:memory:`, `file:…?mode=…`). None of them is an absolute path, so
/// no URL can reach them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Location(PathBuf);

impl Location {
    /// Reads `sqlite:relative/or/absolute.db` or `sqlite:///absolute.db`. The path stands as it is, without escapes.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let path = url
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.strip_prefix(':'))
            .ok_or_else(|| invalid("the database URL does not begin with sqlite:"))?;
        let path = match path.strip_prefix("//") {
            Some(absolute) if absolute.starts_with('/') => absolute,
            Some(_) => return Err(invalid("the database URL names a host, and SQLite has none")),
            None => path,
        };
        if path.is_empty() || path == ":memory:" {
            return Err(invalid("the database URL names no file"));
        }
        if let Some(unwanted) = path.chars().find(|&character| matches!(character, '?' | '\0')) {
            return Err(invalid(format!("the database URL holds {unwanted:?}, and parameters are not supported")));
        }
        let path =
            std::path::absolute(path).map_err(|error| invalid(format!("the path {path} is of no use: {error}")))?;
        Ok(Self(path))
    }

    /// Checks that there is a file, or that one may be made.
    pub(crate) fn check(&self, create: bool) -> Result<(), Error> {
        let path = self.0.display();
        match self.0.metadata() {
            Ok(metadata) if metadata.is_file() => Ok(()),
            Ok(_) => Err(invalid(format!("the database {path} is not a file"))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && create => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::missing(format!("the database {path} does not exist"))
                    .hint("check the database URL of the site; an existing database is opened, none is made"))
            }
            Err(error) => {
                Err(Error::new(patchwright_hooks_api::ErrorKind::Io, format!("the database {path}: {error}")))
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).hint("write it like sqlite:///srv/site/cms.db or sqlite:data/cms.db")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_an_absolute_or_a_relative_file() {
        assert_eq!(Location::parse("sqlite:///srv/a b%20.db").unwrap().path(), Path::new("/srv/a b%20.db"));
        assert_eq!(Location::parse("sqlite:/srv/cms.db").unwrap().path(), Path::new("/srv/cms.db"));
        let relative = std::env::current_dir().unwrap().join("data/cms.db");
        assert_eq!(Location::parse("sqlite:data/cms.db").unwrap().path(), relative);
    }

    #[test]
    fn names_that_mean_something_else_to_sqlite_are_only_files_here() {
        let file = std::env::current_dir().unwrap().join("file:cms.db");
        assert_eq!(Location::parse("sqlite:file:cms.db").unwrap().path(), file);
    }

    #[test]
    fn a_url_that_names_no_file_is_refused_with_a_model_to_follow() {
        for url in [
            "sqlite:",
            "sqlite://",
            "sqlite://host/cms.db",
            "sqlite::memory:",
            "sqlite:a.db?mode=rwc",
            "mysql:a",
            "a.db",
        ] {
            let error = Location::parse(url).expect_err(url);
            assert!(error.hint.is_some_and(|hint| hint.contains("sqlite:///")), "{url}");
        }
    }
}
