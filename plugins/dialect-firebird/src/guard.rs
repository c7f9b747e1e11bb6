//! What Firebird would run but may not: texts that end the transaction, or hold more than they seem to.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{
    LexicalRules, check_readable, check_single, check_transaction_control, first_keywords, transaction_refused,
};

/// Statements that no transaction holds together with others: they change the structure or rights, and are committed at once; or, as
/// SET GENERATOR, no transaction takes them back.
pub(crate) const COMMITS: &[&str] = &[
    "ALTER",
    "COMMENT",
    "CREATE",
    "DECLARE",
    "DROP",
    "GRANT",
    "RECREATE",
    "REVOKE",
    "SET GENERATOR",
    "SET STATISTICS",
];

/// Statements that reach beyond the site's own database or into the connection.
pub(crate) const REFUSED: &[&str] = &[
    "ALTER DATABASE",
    "ALTER USER",
    "CONNECT",
    "CREATE DATABASE",
    "CREATE OR ALTER USER",
    "CREATE SHADOW",
    "CREATE USER",
    "DROP DATABASE",
    "DROP SHADOW",
    "DROP USER",
    "SET ROLE",
    "SET TRANSACTION",
    "SET TRUSTED ROLE",
];

/// Says why a statement may not run, if it may not.
pub(crate) fn examine(text: &str, rules: &LexicalRules) -> Result<(), Error> {
    let keywords = first_keywords(text, rules);
    let keywords: Vec<&str> = keywords.iter().map(String::as_str).collect();
    // The statements of a block belong to it.
    let is_block = matches!(keywords[..], ["EXECUTE", "BLOCK", ..]);
    if is_block || declares(text, rules) {
        check_readable(text)?;
    } else {
        check_single(text, rules)?;
    }
    match keywords[..] {
        ["SET", "TRANSACTION", ..] => Err(transaction_refused("SET TRANSACTION")),
        _ => check_transaction_control(text, rules),
    }
}

/// Whether it makes a routine or a trigger: Firebird itself takes no second statement behind its END.
fn declares(text: &str, rules: &LexicalRules) -> bool {
    let keywords = first_keywords(text, rules);
    let words = keywords.iter().skip_while(|word| ["CREATE", "OR", "ALTER", "RECREATE"].contains(&word.as_str()));
    words.clone().next().is_some_and(|kind| rules.compound_bodies.contains(kind))
        || matches!(&keywords[..], [create, or, alter] if create == "CREATE" && or == "OR" && alter == "ALTER")
            && rules.compound_bodies.iter().any(|kind| has_word(text, kind))
}

fn has_word(text: &str, wanted: &str) -> bool {
    text.split_whitespace().take(12).any(|word| word.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: &str) -> Result<(), Error> {
        examine(text, &crate::rules())
    }

    #[test]
    fn a_second_statement_is_refused_and_what_is_one_is_not() {
        assert!(examined("DELETE FROM a; DELETE FROM b").is_err());
        for text in [
            "INSERT INTO a VALUES (';');",
            "EXECUTE BLOCK AS DECLARE n INTEGER; BEGIN n = 1; END",
            "CREATE TRIGGER t FOR a BEFORE INSERT AS DECLARE n INTEGER; BEGIN n = 1; END",
            "CREATE OR ALTER PROCEDURE p AS DECLARE n INTEGER; BEGIN n = 1; END",
        ] {
            assert!(examined(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn statements_of_transactions_are_refused() {
        for text in
            ["COMMIT", "-- x\ncommit retain", "ROLLBACK TO a", "savepoint a", "SET TRANSACTION READ ONLY", "BEGIN"]
        {
            assert!(examined(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_nul_character_is_refused() {
        assert!(examined("SELECT 1\0").is_err());
    }
}
