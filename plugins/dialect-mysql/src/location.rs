//! Where a database lies: what a `mysql:` or `mariadb:` URL means.

use patchwright_hooks_api::{Error, check_parameters};
use sqlx::ConnectOptions;
use sqlx::mysql::MySqlConnectOptions;
use std::fmt;
use std::str::FromStr;

/// The URL schemes of the dialect.
pub(crate) const SCHEMES: [&str; 2] = ["mysql", "mariadb"];

/// What a URL may say behind its `?`.
const PARAMETERS: [&str; 5] = ["ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket"];

/// A database on a server, and how to get there.
pub(crate) struct Location {
    options: MySqlConnectOptions,
}

impl Location {
    /// Reads `mysql://user:password@host:port/database?ssl-mode=…`. A Unix socket is named by its path:
    /// `mysql://user@localhost/database?socket=/run/mysqld/mysqld.sock`.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        if !SCHEMES.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://"))) {
            return Err(invalid("the database URL does not begin with mysql:// or mariadb://"));
        }
        check_parameters(url, &PARAMETERS)?;
        let options = MySqlConnectOptions::from_str(url).map_err(|error| invalid(unreadable(&error)))?;
        if options.get_database().is_none() {
            return Err(invalid("the database URL names no database"));
        }
        let host = options.get_host().trim_matches(['[', ']']).to_owned();
        Ok(Self { options: plain(options.host(&host)) })
    }

    /// How to open it.
    pub(crate) fn options(&self) -> &MySqlConnectOptions {
        &self.options
    }
}

/// The session is set up in one place, `session`, and not by sqlx; and every statement is run as text.
fn plain(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options
        .set_names(false)
        .timezone(None)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .statement_cache_capacity(0)
        .disable_statement_logging()
}

/// The database and the server, without who logs in and how.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        write!(f, "{} on ", options.get_database().unwrap_or_default())?;
        match options.get_socket() {
            Some(socket) => write!(f, "{}", socket.display()),
            None => write!(f, "{}:{}", options.get_host(), options.get_port()),
        }
    }
}

/// What is wrong with a URL. A password that is not escaped is the usual cause, and must not be shown.
fn unreadable(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => format!("the database URL can't be read: {cause}"),
        _ => "the database URL can't be read".to_owned(),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(message).hint(
        "write it like mysql://user:password@host:3306/database?ssl-mode=VERIFY_IDENTITY, with %40 for @ and the like in \
         the password",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> Error {
        Location::parse(url).err().unwrap_or_else(|| panic!("{url} was accepted"))
    }

    #[test]
    fn a_url_names_a_database_on_a_server() {
        for (url, shown) in [
            ("mysql://cms:secret@db.internal:3307/cms", "cms on db.internal:3307"),
            ("mariadb://db.internal/cms?ssl-mode=REQUIRED", "cms on db.internal:3306"),
            ("mysql://cms@[::1]/my%20cms", "my cms on ::1:3306"),
            ("mysql://cms@localhost/cms?socket=/run/mysqld/mysqld.sock", "cms on /run/mysqld/mysqld.sock"),
        ] {
            assert_eq!(Location::parse(url).map_err(|error| error.to_string()).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_url_that_means_nothing_is_refused_with_a_model_to_follow_and_without_its_password() {
        for url in [
            "postgres://cms:secret@db/cms",
            "mysql:cms",
            "mysql://cms:secret@db",
            "mysql://cms:sec ret@db:port/cms",
            "mysql://cms:secret@db/cms?ssl-mode=always",
        ] {
            let error = refusal(url);
            let said = format!("{error} {:?}", error.hint);
            assert!(said.contains("mysql://user:password@host") && !said.contains("secret"), "{url}: {said}");
        }
    }
}
