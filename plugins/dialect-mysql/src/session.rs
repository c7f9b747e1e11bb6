//! What every session is set to, whatever the server's own settings are.

/// Strict, so that no value is changed to fit. Without `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`, as the lexical rules have it.
/// Zero dates stay allowed: old sites have them as defaults, and a column with such a default could not be altered else.
pub(crate) const SQL_MODE: &str =
    "STRICT_ALL_TABLES,STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// Modes under which the lexical rules would be wrong, or come with others that do.
const UNSUITABLE_MODES: [&str; 2] = ["NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"];

/// The settings. A statement waits for others no longer than an operator would, and the server does not hang up on a line
/// that is silent while the gate drains.
pub(crate) fn setup() -> String {
    format!(
        "SET NAMES utf8mb4, sql_mode = '{SQL_MODE}', time_zone = '+00:00', autocommit = 1, foreign_key_checks = 1, \
         unique_checks = 1, sql_safe_updates = 0, sql_quote_show_create = 1, lock_wait_timeout = 60, \
         innodb_lock_wait_timeout = 50, wait_timeout = GREATEST(@@wait_timeout, 28800)"
    )
}

/// Where TIMESTAMP columns would be changed by every update unless told otherwise, as servers before MySQL 8 and
/// MariaDB 10.10 have it. Some let only administrators change it.
pub(crate) const EXPLICIT_TIMESTAMPS: &str = "SET explicit_defaults_for_timestamp = 1";

/// On MariaDB a server's limit for statements of web pages would stop a long ALTER.
pub(crate) const NO_STATEMENT_LIMIT: &str = "SET max_statement_time = 0";

/// What a session tells of itself at its beginning.
pub(crate) const FACTS: &str = "SELECT VERSION(), DATABASE(), @@max_allowed_packet";

/// What a statement of a patch may have changed.
pub(crate) const CHANGEABLE: &str =
    "SELECT @@sql_mode, @@character_set_client, @@character_set_connection, @@character_set_results, @@time_zone";

/// Whether the engine can go on with a session that says so of [`CHANGEABLE`].
pub(crate) fn is_suitable(said: &[Option<&str>]) -> bool {
    let [Some(mode), Some(client), Some(connection), results, Some(zone)] = said else { return false };
    !UNSUITABLE_MODES.iter().any(|unsuitable| mode.contains(unsuitable))
        && *client == "utf8mb4"
        && *connection == "utf8mb4"
        && results.is_some_and(|results| results == "utf8mb4")
        && *zone == "+00:00"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_another_character_set_mode_or_zone_is_of_no_use() {
        let said = |mode, set, zone| [Some(mode), Some(set), Some("utf8mb4"), Some("utf8mb4"), Some(zone)];
        assert!(is_suitable(&said(SQL_MODE, "utf8mb4", "+00:00")));
        assert!(is_suitable(&said("NO_AUTO_VALUE_ON_ZERO", "utf8mb4", "+00:00")));
        assert!(!is_suitable(&said("REAL_AS_FLOAT,ANSI_QUOTES,ANSI", "utf8mb4", "+00:00")));
        assert!(!is_suitable(&said("", "latin1", "+00:00")));
        assert!(!is_suitable(&said("", "utf8mb4", "SYSTEM")));
    }
}
