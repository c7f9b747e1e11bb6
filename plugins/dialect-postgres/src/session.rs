//! What every session is set to before it does anything, and what it finds.

use patchwright_hooks_api::{Error, ErrorKind, Rows, ServerInfo, Value};

/// The oldest version whose catalog and functions this dialect speaks.
const OLDEST: i64 = 120_000;

/// Sets what the engine relies on, whatever server, role and database say, and asks what is needed later. Settings that a
/// server doesn't know yet are passed over.
///
/// - A patch may take longer than a request of the site: no timeouts of statements and of idle transactions, but one for
///   locks, so that a forgotten session can't hold up an upgrade.
/// - A commit is durable, even where the site itself does without.
/// - The server finds out within a minute or two that this machine is gone, and lets go of its locks.
pub(crate) const SET_UP: &str = "\
SELECT count(pg_catalog.set_config(name, value, false)) FROM (VALUES
    ('standard_conforming_strings', 'on'), ('bytea_output', 'hex'), ('lock_timeout', '5s'), ('statement_timeout', '0'),
    ('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'), ('transaction_timeout', '0'),
    ('synchronous_commit', CASE pg_catalog.current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting('synchronous_commit') END),
    ('tcp_keepalives_idle', '30'), ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3'),
    ('client_connection_check_interval', '2s')) AS wanted (name, value)
WHERE pg_catalog.current_setting(name, true) IS NOT NULL";

/// What [`Session::read`] reads.
pub(crate) const ASK: &str = "\
SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'),
    pg_catalog.current_setting('search_path')";

/// What a session found.
pub(crate) struct Session {
    pub(crate) server: ServerInfo,
    /// Where unqualified names are looked for, in the words of SET.
    pub(crate) search_path: String,
}

impl Session {
    /// Reads the answer to [`ASK`].
    pub(crate) fn read(answer: &Rows) -> Result<Self, Error> {
        let [version, number, search_path] = answer.rows.first().map(Vec::as_slice).unwrap_or_default() else {
            return Err(Error::new(ErrorKind::Database, "the server does not answer as PostgreSQL does"));
        };
        let text = |value: &Value| value.as_text().unwrap_or_default().to_owned();
        let number: i64 = text(number).parse().unwrap_or_default();
        if number < OLDEST {
            let message = format!("PostgreSQL {} is too old", text(version));
            return Err(Error::new(ErrorKind::Unsupported, message).hint("use PostgreSQL 12 or newer"));
        }
        // `15.20 (Debian 15.20-0+deb12u1)`
        let version = text(version).split(' ').next().unwrap_or_default().to_owned();
        let server = ServerInfo { product: "PostgreSQL".to_owned(), version };
        let search_path = match text(search_path) {
            none if none.trim().is_empty() => "''".to_owned(),
            some => some,
        };
        Ok(Self { server, search_path })
    }
}
