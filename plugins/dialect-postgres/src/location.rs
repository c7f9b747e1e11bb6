//! Where a database lies: what a `postgres:` URL means.

use patchwright_hooks_api::{Error, check_parameters};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::fmt;
use std::str::FromStr;

/// The URL schemes of the dialect.
pub(crate) const SCHEMES: [&str; 2] = ["postgres", "postgresql"];

/// What a URL may say behind its `?`.
const PARAMETERS: [&str; 12] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
    "options[",
];

/// By what name administrators see the engine in `pg_stat_activity`.
const APPLICATION: &str = "patchwright";

/// A database on a server, and how to get there.
pub(crate) struct Location {
    options: PgConnectOptions,
    says_of_tls: bool,
}

impl Location {
    /// Reads `postgres://user:password@host:port/database?sslmode=…`. A Unix socket is named by the folder that it lies in:
    /// `postgres:///database?host=/run/postgresql`.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        if !SCHEMES.iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| rest.starts_with("://"))) {
            return Err(invalid("the database URL does not begin with postgres://"));
        }
        check_parameters(url, &PARAMETERS)?;
        let options = PgConnectOptions::from_str(url).map_err(|error| invalid(unreadable(&error)))?;
        if options.get_database().is_none() {
            return Err(invalid("the database URL names no database"));
        }
        let host = options.get_host().trim_matches(['[', ']']).to_owned();
        let options = match options.get_socket() {
            Some(_) => options,
            None => options.host(&host),
        };
        let options = options.application_name(APPLICATION).disable_statement_logging();
        Ok(Self { options, says_of_tls: url.contains("sslmode=") })
    }

    /// Host and port, unless it is on this machine's own sockets.
    pub(crate) fn address(&self) -> Option<(&str, u16)> {
        let options = &self.options;
        options.get_socket().is_none().then(|| (options.get_host(), options.get_port()))
    }

    /// How to open it: the first way that the server lets in.
    ///
    /// To this machine's own address nobody can listen in between, and sqlx sends the greetings of TLS in small pieces that
    /// TCP holds back for 80 ms. So a URL that says nothing of TLS gets a line without, unless the server insists.
    pub(crate) fn ways(&self) -> Vec<PgConnectOptions> {
        let options = self.options.clone();
        let is_near = self.address().is_some_and(|(host, _)| ["127.0.0.1", "::1", "localhost"].contains(&host));
        match is_near && !self.says_of_tls {
            true => vec![options.clone().ssl_mode(PgSslMode::Disable), options],
            false => vec![options],
        }
    }
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
        "write it like postgres://user:password@host:5432/database?sslmode=require, with %40 for @ and the like in the \
         password, or postgres:///database?host=/run/postgresql for a Unix socket",
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
            ("postgres://cms:secret@db.internal:5433/cms", "cms on db.internal:5433"),
            ("postgresql://db.internal:5432/cms?sslmode=verify-full", "cms on db.internal:5432"),
            ("postgres://cms@[::1]:5432/cms", "cms on ::1:5432"),
            ("postgres:///cms?host=/run/postgresql&port=5432", "cms on /run/postgresql"),
            ("postgres://db:5432/?dbname=cms&options[search_path]=app", "cms on db:5432"),
        ] {
            assert_eq!(Location::parse(url).map_err(|error| error.to_string()).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_url_that_means_nothing_is_refused_with_a_model_to_follow_and_without_its_password() {
        for url in [
            "mysql://cms:secret@db/cms",
            "postgres:cms",
            "postgres://cms:secret@db",
            "postgres://cms:sec ret@db:port/cms",
            "postgres://cms:secret@db/cms?sslmode=always",
        ] {
            let error = refusal(url);
            let said = format!("{error} {:?}", error.hint);
            assert!(said.contains("postgres://user:password@host") && !said.contains("secret"), "{url}: {said}");
        }
    }
}
