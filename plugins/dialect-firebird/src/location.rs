//! Where a database is: `firebird://user:password@host:port/path or alias`.

use patchwright_hooks_api::Error;
use percent_encoding::percent_decode_str;
use rsfbclient_rust::RustFbClientAttachmentConfig;

/// The URL scheme.
pub(crate) const SCHEME: &str = "firebird";
/// The port that Firebird listens on if nobody says otherwise (`RemoteServicePort`).
const DEFAULT_PORT: u16 = 3050;

/// A server, a database on it, and who asks.
#[derive(Clone)]
pub(crate) struct Location {
    config: RustFbClientAttachmentConfig,
}

impl Location {
    /// Reads a URL. What follows the first slash behind the port is what the server is told: an alias, or with a second slash
    /// the path of a file.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let rest = url
            .strip_prefix(SCHEME)
            .and_then(|rest| rest.strip_prefix("://"))
            .ok_or_else(|| invalid("the URL does not begin with firebird://"))?;
        let (authority, database) = rest.split_once('/').ok_or_else(|| invalid("the URL names no database"))?;
        let (user, server) = authority.rsplit_once('@').ok_or_else(|| invalid("the URL names no user"))?;
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (host, port) = match server.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| invalid(format!("{port:?} is no port")))?)
            }
            _ => (server, DEFAULT_PORT),
        };
        let decoded = |text: &str, what: &str| -> Result<String, Error> {
            let text = percent_decode_str(text).decode_utf8();
            text.map(Into::into).map_err(|_| invalid(format!("{what} in the URL is not UTF-8")))
        };
        let config = RustFbClientAttachmentConfig {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            db_name: decoded(database, "the database")?,
            user: decoded(user, "the user")?,
            pass: decoded(password, "the password")?,
            role_name: None,
        };
        if config.host.is_empty() || config.db_name.is_empty() || config.user.is_empty() {
            return Err(invalid("the URL names no server, database or user"));
        }
        Ok(Self { config })
    }

    /// What the driver wants to know.
    pub(crate) fn config(&self) -> &RustFbClientAttachmentConfig {
        &self.config
    }

    /// The database for messages, without the password.
    pub(crate) fn shown(&self) -> String {
        format!("{}:{}/{}", self.config.host, self.config.port, self.config.db_name)
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).hint("write it like firebird://user:password@db.internal:3050//srv/site/cms.fdb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_server_a_user_and_a_file_or_an_alias() {
        let location = Location::parse("firebird://cms:p%40ss@db:3051//srv/cms.fdb").unwrap();
        let config = location.config();
        assert_eq!((config.host.as_str(), config.port), ("db", 3051));
        assert_eq!((config.user.as_str(), config.pass.as_str()), ("cms", "p@ss"));
        assert_eq!(config.db_name, "/srv/cms.fdb");
        let location = Location::parse("firebird://cms@[::1]/employee").unwrap();
        assert_eq!((location.config().host.as_str(), location.config().port), ("::1", DEFAULT_PORT));
        assert_eq!(location.config().db_name, "employee");
        assert!(!location.shown().contains("p@ss"));
    }

    #[test]
    fn a_url_that_lacks_something_is_refused_with_a_model_to_follow() {
        for url in
            ["firebird:", "firebird://db", "firebird://db/x", "firebird://a@/x", "firebird://a@db:x/y", "mysql://a@b/c"]
        {
            let error = Location::parse(url).err().expect(url);
            assert!(error.hint.is_some_and(|hint| hint.contains("firebird://")), "{url}");
        }
    }
}
