//! What SQLite would run but may not: texts that end the transaction, weaken it, or hold more than they seem to.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{LexicalRules, check_single, check_transaction_control, first_keywords};

/// Settings that decide whether a transaction holds. Changed by a patch they would break the engine's promise, or, as
/// `foreign_keys`, silently do nothing inside a transaction.
const SETTINGS: &[&str] = &[
    "busy_timeout",
    "checkpoint_fullfsync",
    "foreign_keys",
    "fullfsync",
    "ignore_check_constraints",
    "journal_mode",
    "locking_mode",
    "query_only",
    "schema_version",
    "synchronous",
    "wal_autocheckpoint",
    "writable_schema",
];

/// Pragmas that act without a value, and can't inside a transaction.
const ACTIONS: &[&str] = &["wal_checkpoint"];

/// What kind of statement it is, as far as the connection treats kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// It changes rows, and SQLite counts them.
    Rows,
    /// `WITH …`, which may change rows or not.
    With,
    /// Anything else; SQLite leaves its counter as the statement before had it.
    Other,
}

/// Tells the kind of a statement, or why it may not run.
pub(crate) fn examine(text: &str, rules: &LexicalRules, in_transaction: bool) -> Result<StatementKind, Error> {
    check_single(text, rules)?;
    check_transaction_control(text, rules)?;
    let keywords = first_keywords(text, rules);
    match keywords.first().map_or("", String::as_str) {
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => Ok(StatementKind::Rows),
        "WITH" => Ok(StatementKind::With),
        // Some pragmas act while SQLite merely reads them, so EXPLAIN does not disarm them.
        "PRAGMA" | "EXPLAIN" if in_transaction => examine_pragma(text).map(|()| StatementKind::Other),
        _ => Ok(StatementKind::Other),
    }
}

/// Looks for the names anywhere in the text: schemas, quotes and comments around them are no way past.
fn examine_pragma(text: &str) -> Result<(), Error> {
    let changes = text.contains(['=', '(']);
    let mut words = text.split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'));
    let is_pragma = words.clone().any(|word| word.eq_ignore_ascii_case("PRAGMA"));
    let listed = |list: &'static [&str], word: &str| list.iter().find(|name| name.eq_ignore_ascii_case(word));
    let refused = words.find_map(|word| listed(ACTIONS, word).or_else(|| listed(SETTINGS, word).filter(|_| changes)));
    match refused.filter(|_| is_pragma) {
        None => Ok(()),
        Some(&"foreign_keys") => Err(Error::refused("PRAGMA foreign_keys has no effect inside a transaction")
            .hint("leave it out: keys are not enforced here; PRAGMA foreign_key_check tells whether they hold")),
        Some(name) => Err(Error::refused(format!("PRAGMA {name} is not allowed inside a transaction"))
            .hint("it would weaken the transaction or can't act inside it; leave it out")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: &str) -> Result<StatementKind, Error> {
        examine(text, &LexicalRules::sqlite(), true)
    }

    #[test]
    fn statements_that_change_rows_are_told_from_others() {
        assert_eq!(examined("/* a */ insert INTO t VALUES (1)"), Ok(StatementKind::Rows));
        assert_eq!(examined("WITH c AS (SELECT 1) DELETE FROM t"), Ok(StatementKind::With));
        assert_eq!(examined("CREATE TABLE t (a)"), Ok(StatementKind::Other));
    }

    #[test]
    fn what_no_dialect_may_send_is_refused() {
        for text in ["DELETE FROM a; DELETE FROM b", "SELECT 1\0SELECT 2", "COMMIT"] {
            assert!(examined(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_pragma_that_weakens_the_transaction_is_refused_however_it_is_written() {
        for text in [
            "PRAGMA journal_mode = OFF",
            "pragma main.\"Journal_Mode\"('memory')",
            "PRAGMA/*x*/synchronous=0",
            "EXPLAIN QUERY PLAN PRAGMA synchronous=0",
            "PRAGMA writable_schema=1",
            "PRAGMA wal_checkpoint",
            "PRAGMA foreign_keys=off",
        ] {
            assert!(examined(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_pragma_that_only_reads_is_allowed() {
        for text in ["PRAGMA journal_mode", "PRAGMA table_info(posts)", "PRAGMA user_version = 7", "EXPLAIN SELECT (1)"]
        {
            assert!(examined(text).is_ok(), "{text}");
        }
    }
}
