//! Which statements belong to the engine alone: those that begin or end transactions.

use super::{LexicalRules, first_keywords};

/// The words by which a statement begins or ends a transaction, or a part of one, such as `COMMIT` or `START TRANSACTION`.
/// `None` for every other statement: a patch is one transaction, and the engine's.
pub fn transaction_control(statement: &str, rules: &LexicalRules) -> Option<&'static str> {
    let keywords = first_keywords(statement, rules);
    let mut words = keywords.iter().map(String::as_str);
    Some(match (words.next()?, words.next()) {
        // MariaDB's block of statements begins like a transaction and is none.
        ("BEGIN", Some("NOT")) => return None,
        ("PREPARE", Some("TRANSACTION")) => "PREPARE TRANSACTION",
        ("COMMIT", Some("PREPARED")) => "COMMIT PREPARED",
        ("ROLLBACK", Some("PREPARED")) => "ROLLBACK PREPARED",
        ("START", Some("TRANSACTION")) => "START TRANSACTION",
        ("BEGIN", _) => "BEGIN",
        ("COMMIT", _) => "COMMIT",
        ("END", _) => "END",
        ("ROLLBACK", _) => "ROLLBACK",
        ("ABORT", _) => "ABORT",
        ("SAVEPOINT", _) => "SAVEPOINT",
        ("RELEASE", _) => "RELEASE",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_or_ends_a_transaction_is_told_by_its_first_words() {
        let rules = LexicalRules::postgres();
        for (statement, words) in [
            ("/* x */ begin work", Some("BEGIN")),
            ("start\n transaction isolation level serializable", Some("START TRANSACTION")),
            ("COMMIT AND CHAIN", Some("COMMIT")),
            ("commit prepared 'a'", Some("COMMIT PREPARED")),
            ("prepare transaction 'a'", Some("PREPARE TRANSACTION")),
            ("ROLLBACK TO a", Some("ROLLBACK")),
            ("savepoint a", Some("SAVEPOINT")),
            ("PREPARE q AS SELECT 1", None),
            ("BEGIN NOT ATOMIC SELECT 1; END", None),
            ("START REPLICA", None),
            ("SELECT 'COMMIT'", None),
            ("", None),
        ] {
            assert_eq!(transaction_control(statement, &rules), words, "{statement}");
        }
    }
}
