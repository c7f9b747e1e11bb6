//! What PostgreSQL would run but may not: texts that end the transaction, pull the ground from under it, or hang the line.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{
    LexicalRules, check_single, check_transaction_control, first_keywords, occurrences,
};
use std::borrow::Cow;

/// What the engine relies on. A patch that changed it would hide the ledger, act as somebody else, or write text that the
/// engine reads in another way.
const SETTINGS: [&str; 15] = [
    "authorization",
    "bytea_output",
    "characteristics",
    "client_encoding",
    "default_transaction_read_only",
    "names",
    "role",
    "schema",
    "search_path",
    "session_authorization",
    "standard_conforming_strings",
    "synchronous_commit",
    "transaction",
    "transaction_isolation",
    "transaction_read_only",
];
/// What they are already: lines that every dump begins with, and that change nothing.
const HELD: [(&str, &str); 3] =
    [("client_encoding", "utf8"), ("standard_conforming_strings", "on"), ("bytea_output", "hex")];
const CONCURRENTLY: &str = "CONCURRENTLY";

/// A statement that may run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Examined<'a> {
    pub(crate) kind: StatementKind,
    /// What is sent: as long as the author's text, so that places in it stay what they are.
    pub(crate) text: Cow<'a, str>,
}

/// What kind of statement it is, as far as the connection treats kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// It changes rows, and PostgreSQL counts them.
    Rows,
    /// `WITH …` that reads alone, or anything else whose count is of rows that it gives.
    Other,
}

/// Tells the kind of a statement, or why it may not run.
pub(crate) fn examine<'a>(text: &'a str, rules: &LexicalRules, in_transaction: bool) -> Result<Examined<'a>, Error> {
    check_single(text, rules)?;
    check_transaction_control(text, rules)?;
    let keywords = first_keywords(text, rules);
    let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
    examine_settings(text, &keywords, rules)?;
    if keywords.first() == Some(&"COPY") {
        return Err(Error::refused("COPY is not allowed: its rows come from a stream that a patch doesn't have")
            .hint("write the rows as INSERT, or as <insert-rows>"));
    }
    Ok(Examined { kind: kind(text, &keywords, rules), text: plain_form(text, &keywords, rules, in_transaction) })
}

fn kind(text: &str, keywords: &[&str], rules: &LexicalRules) -> StatementKind {
    let changes = |word| occurrences(text, rules, word).is_ok_and(|found| !found.is_empty());
    match keywords.first() {
        Some(&("INSERT" | "UPDATE" | "DELETE" | "MERGE")) => StatementKind::Rows,
        Some(&"WITH") if ["INSERT", "UPDATE", "DELETE", "MERGE"].into_iter().any(changes) => StatementKind::Rows,
        _ => StatementKind::Other,
    }
}

/// The gate is shut while a patch runs, so there is nobody whom the plain form of these statements could keep waiting; and
/// what runs concurrently can't be part of a transaction.
fn plain_form<'a>(text: &'a str, keywords: &[&str], rules: &LexicalRules, in_transaction: bool) -> Cow<'a, str> {
    let indexes =
        matches!(keywords, ["CREATE" | "DROP", "INDEX", ..] | ["CREATE", "UNIQUE", "INDEX"] | ["REINDEX", ..]);
    if !in_transaction || !indexes {
        return Cow::Borrowed(text);
    }
    match occurrences(text, rules, CONCURRENTLY).ok().and_then(|found| found.first().copied()) {
        None => Cow::Borrowed(text),
        Some(at) => {
            let blanks = " ".repeat(CONCURRENTLY.len());
            Cow::Owned(format!("{}{blanks}{}", &text[..at], &text[at + CONCURRENTLY.len()..]))
        }
    }
}

fn examine_settings(text: &str, keywords: &[&str], rules: &LexicalRules) -> Result<(), Error> {
    let named = match keywords {
        ["SET" | "RESET", "SESSION" | "LOCAL", name, ..] | ["SET" | "RESET", name, ..] => setting(name),
        _ if occurrences(text, rules, "set_config").is_ok_and(|found| !found.is_empty()) => {
            SETTINGS.iter().find(|name| text.to_lowercase().contains(&format!("'{name}'"))).copied()
        }
        _ => None,
    };
    let Some(name) = named.filter(|name| !is_held(name, text, keywords)) else { return Ok(()) };
    let name = if name == "schema" { "search_path" } else { name };
    Err(Error::refused(format!("the setting {name} may not be changed: the engine relies on it")).hint(match name {
        "search_path" => "name the schema before the table, as in app.item; where the whole site lives in a schema, say so \
                          in the database URL: ?options[search_path]=app",
        "role" | "session_authorization" | "authorization" => {
            "use ALTER … OWNER TO for what is to belong to another role, or say it in the database URL: ?options[role]=app"
        }
        _ => "leave the line out",
    }))
}

fn setting(name: &str) -> Option<&'static str> {
    SETTINGS.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// Whether `SET name = value` says what is so already.
fn is_held(name: &str, text: &str, keywords: &[&str]) -> bool {
    let value = text.trim().trim_end_matches(';').trim_end().rsplit(['=', ' ', '\t', '\n']).next().unwrap_or_default();
    let value = value.trim_matches('\'').to_lowercase().replace('-', "");
    keywords.first() == Some(&"SET") && HELD.contains(&(name, value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: &str) -> Result<Examined<'_>, Error> {
        examine(text, &LexicalRules::postgres(), true)
    }

    #[test]
    fn statements_that_change_rows_are_told_from_others() {
        for (text, kind) in [
            ("/* a */ insert INTO t VALUES (1)", StatementKind::Rows),
            ("WITH c AS (SELECT 1) DELETE FROM t", StatementKind::Rows),
            ("WITH c AS (SELECT 'DELETE') SELECT 1", StatementKind::Other),
            ("CREATE TABLE t AS SELECT 1", StatementKind::Other),
        ] {
            assert_eq!(examined(text).unwrap().kind, kind, "{text}");
        }
    }

    #[test]
    fn a_second_statement_is_refused_and_a_final_delimiter_is_not() {
        assert!(examined("DELETE FROM a; DELETE FROM b").is_err());
        assert!(examined("INSERT INTO a VALUES (';');").is_ok());
        assert!(examined("DO $$ BEGIN DELETE FROM b; DELETE FROM c; END $$").is_ok());
    }

    #[test]
    fn what_would_end_the_transaction_or_hang_the_line_is_refused() {
        for text in
            ["COMMIT", "-- x\nend transaction", "ROLLBACK TO a", "savepoint a", "SELECT 1\0", "copy t FROM stdin"]
        {
            assert!(examined(text).is_err(), "{text}");
        }
    }

    #[test]
    fn settings_that_the_engine_relies_on_stay_as_they_are() {
        for text in [
            "SET search_path TO app",
            "set local search_path = ''",
            "SET SCHEMA 'app'",
            "RESET search_path",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "SET ROLE app",
            "SET SESSION AUTHORIZATION app",
            "SET standard_conforming_strings = off",
            "SET client_encoding = 'LATIN1'",
            "SET synchronous_commit TO off",
            "SET TRANSACTION READ ONLY",
        ] {
            assert!(examined(text).is_err_and(|error| error.hint.is_some()), "{text}");
        }
    }

    #[test]
    fn settings_that_a_dump_begins_with_or_that_are_the_patchs_own_are_not_in_the_way() {
        for text in [
            "SET client_encoding = 'UTF8';",
            "SET standard_conforming_strings = on;",
            "SET LOCAL lock_timeout = '1s'",
            "SET CONSTRAINTS ALL DEFERRED",
            "SELECT set_config('app.user', 'me', true)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = public AS 'SELECT 1'",
        ] {
            assert!(examined(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_runs_concurrently_runs_in_its_plain_form_inside_a_transaction() {
        for (text, sent) in [
            ("CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX              i ON t (a)"),
            ("create unique index concurrently i ON t (a)", "create unique index              i ON t (a)"),
            ("DROP INDEX CONCURRENTLY IF EXISTS i", "DROP INDEX              IF EXISTS i"),
            ("CREATE INDEX i ON t ((a = 'CONCURRENTLY'))", "CREATE INDEX i ON t ((a = 'CONCURRENTLY'))"),
            ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "REFRESH MATERIALIZED VIEW CONCURRENTLY v"),
        ] {
            assert_eq!(examined(text).unwrap().text, sent);
        }
        let text = "CREATE INDEX CONCURRENTLY i ON t (a)";
        assert_eq!(examine(text, &LexicalRules::postgres(), false).unwrap().text, text);
    }
}
