//! What every dialect refuses to send: a text that is more than one statement, or that takes the transaction out of the
//! engine's hands.

use super::{LexicalRules, split, transaction_control};
use crate::Error;

/// Refuses a NUL character: servers stop reading there.
///
/// # Errors
/// Then.
pub fn check_readable(text: &str) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(Error::invalid("the statement holds a NUL character").hint("put such bytes into a parameter"));
    }
    Ok(())
}

/// Refuses a text of more than one statement: a server would run them all, and of a failing one keep the first half. A delimiter
/// at the end is none too many.
///
/// # Errors
/// Then, and as [`check_readable`].
pub fn check_single(text: &str, rules: &LexicalRules) -> Result<(), Error> {
    check_readable(text)?;
    let pieces = split(text, rules).map_err(|error| Error::invalid(error.to_string()))?;
    if pieces.len() > 1 {
        return Err(Error::refused("the text holds more than one statement").hint("run one statement at a time"));
    }
    Ok(())
}

/// Refuses a statement that begins or ends a transaction: the engine does.
///
/// # Errors
/// Then, with the statement's words.
pub fn check_transaction_control(text: &str, rules: &LexicalRules) -> Result<(), Error> {
    transaction_control(text, rules).map_or(Ok(()), |words| Err(transaction_refused(words)))
}

/// The refusal of a statement with these words, which begins or ends a transaction.
pub fn transaction_refused(words: &str) -> Error {
    Error::refused(format!("{words} is not allowed: transactions are begun and ended by the engine"))
        .hint("leave the line out; a patch is one transaction")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_statement_is_refused_and_a_final_delimiter_is_not() {
        let rules = LexicalRules::sqlite();
        assert!(check_single("DELETE FROM a; DELETE FROM b", &rules).is_err());
        for text in [
            "INSERT INTO t VALUES (';');",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END",
        ] {
            assert!(check_single(text, &rules).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_nul_character_is_refused() {
        assert!(check_single("SELECT 1\0SELECT 2", &LexicalRules::sqlite()).is_err());
    }

    #[test]
    fn statements_of_transactions_are_refused_in_their_own_words() {
        let rules = LexicalRules::sqlite();
        for text in ["COMMIT", "-- x\nend transaction", "ROLLBACK TO a", "savepoint a", "BEGIN", "RELEASE a"] {
            assert!(check_transaction_control(text, &rules).is_err(), "{text}");
        }
        let error = check_transaction_control("commit work", &rules).unwrap_err();
        assert!(error.message.starts_with("COMMIT"), "{error}");
        assert!(check_transaction_control("SELECT 1", &rules).is_ok());
    }
}
