//! What MySQL would run but may not: texts that end the transaction, give up the locks, or hold more than they seem to.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{
    LexicalRules, check_single, check_transaction_control, first_keywords, occurrences,
};

/// What kind of statement it is, as far as the connection treats kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StatementKind {
    /// It changes rows, and the server counts them.
    Rows,
    /// It may change what the session is set to.
    Session,
    /// Anything else; for some of them the server counts the rows that it copied.
    Other,
}

/// Words that no statement may hold outside strings, with what they would do.
const FORBIDDEN: [(&str, &str); 5] = [
    ("RELEASE_ALL_LOCKS", "would give up the engine's locks"),
    ("OUTFILE", "writes a file on the server"),
    ("DUMPFILE", "writes a file on the server"),
    ("LOAD_FILE", "reads a file on the server"),
    ("SQL_LOG_BIN", "keeps changes from the server's replicas"),
];

/// Words that no SET may hold.
const FORBIDDEN_IN_SET: [(&str, &str); 5] = [
    ("AUTOCOMMIT", "begins or ends a transaction"),
    ("TRANSACTION", "changes the engine's transaction"),
    ("GLOBAL", "reaches beyond the site's own database"),
    ("PERSIST", "reaches beyond the site's own database"),
    ("PERSIST_ONLY", "reaches beyond the site's own database"),
];

/// Tells the kind of a statement, or why it may not run.
pub(crate) fn examine(text: &str, rules: &LexicalRules) -> Result<StatementKind, Error> {
    check_single(text, rules)?;
    check_executable_comments(text, rules)?;
    check_transaction_control(text, rules)?;
    check_words(text, rules, &FORBIDDEN)?;
    let keywords = first_keywords(text, rules);
    match keywords.first().map_or("", String::as_str) {
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" => Ok(StatementKind::Rows),
        "SET" => check_words(text, rules, &FORBIDDEN_IN_SET).map(|()| StatementKind::Session),
        "CREATE" => check_replacement(text, rules).map(|()| StatementKind::Other),
        "CALL" | "EXECUTE" | "BEGIN" => Ok(StatementKind::Session),
        _ => Ok(StatementKind::Other),
    }
}

/// `CREATE OR REPLACE DATABASE` drops one; the list of what is refused holds no entries of four words.
fn check_replacement(text: &str, rules: &LexicalRules) -> Result<(), Error> {
    let replaces = occurrences(text, rules, "REPLACE").map_err(|error| Error::invalid(error.to_string()))?;
    let Some(at) = replaces.first().filter(|_| first_keywords(text, rules).ends_with(&["REPLACE".to_owned()])) else {
        return Ok(());
    };
    match first_keywords(&text[at + "REPLACE".len()..], rules).first().map(String::as_str) {
        Some(what @ ("DATABASE" | "SCHEMA" | "USER" | "ROLE" | "SERVER")) => {
            Err(Error::refused(format!("CREATE OR REPLACE {what} reaches beyond the site's own database"))
                .hint("leave it out"))
        }
        _ => Ok(()),
    }
}

/// Comments that are executed may not hide what a statement is: the server looks into them, or not, by its own version.
fn check_executable_comments(text: &str, rules: &LexicalRules) -> Result<(), Error> {
    if !text.contains("/*!") && !text.contains("/*M!") {
        return Ok(());
    }
    let refused = |what: &str| {
        let hint = "write the statement without /*! … */, one for each dialect or version that needs its own";
        Err(Error::refused(format!("a comment that is executed {what}")).hint(hint))
    };
    let ends = occurrences(text, rules, ";").map_err(|error| Error::invalid(error.to_string()))?;
    let has_body = !occurrences(text, rules, "BEGIN").map_err(|error| Error::invalid(error.to_string()))?.is_empty();
    if !ends.is_empty() && !has_body {
        return refused("ends the statement");
    }
    let unopened = LexicalRules { executable_comments: false, ..rules.clone() };
    if first_keywords(text, rules) != first_keywords(text, &unopened) && is_conditional(text) {
        return refused("decides what the statement is");
    }
    Ok(())
}

/// Whether a comment is executed by some servers only. MariaDB passes over those for MySQL 5.7 and later.
fn is_conditional(text: &str) -> bool {
    let version = |after: &str| after.bytes().take(6).take_while(u8::is_ascii_digit).count();
    text.contains("/*M!")
        || text.match_indices("/*!").any(|(at, mark)| {
            let after = &text[at + mark.len()..];
            after[..version(after)].parse().is_ok_and(|version: u32| version >= 50_700)
        })
}

fn check_words(text: &str, rules: &LexicalRules, forbidden: &[(&str, &str)]) -> Result<(), Error> {
    for (word, what) in forbidden {
        let may_hold = text.len() >= word.len() && text.to_ascii_uppercase().contains(word);
        if may_hold && !occurrences(text, rules, word).map_err(|error| Error::invalid(error.to_string()))?.is_empty() {
            return Err(Error::refused(format!("{word} is not allowed: it {what}")).hint("leave it out"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examined(text: &str) -> Result<StatementKind, Error> {
        examine(text, &LexicalRules::mysql())
    }

    #[test]
    fn statements_that_change_rows_are_told_from_others() {
        assert_eq!(examined("/* a */ insert INTO t VALUES (1)"), Ok(StatementKind::Rows));
        assert_eq!(examined("ALTER TABLE t ADD a INT"), Ok(StatementKind::Other));
        assert_eq!(examined("SET @a = 1"), Ok(StatementKind::Session));
    }

    #[test]
    fn a_second_statement_is_refused_and_a_final_delimiter_is_not() {
        assert!(examined("DELETE FROM a; DELETE FROM b").is_err());
        assert!(examined("SELECT 1 /*! ; DROP TABLE x */").is_err());
        assert!(examined("INSERT INTO a VALUES ('it\\'s; so');").is_ok());
        assert!(
            examined("CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN DELETE FROM b; DELETE FROM c; END").is_ok()
        );
        assert!(
            examined("/*!50003 CREATE*/ /*!50003 TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN DELETE FROM b; END */")
                .is_ok()
        );
    }

    #[test]
    fn statements_of_transactions_are_refused() {
        for text in
            ["COMMIT", "-- x\nrollback", "ROLLBACK TO a", "savepoint a", "BEGIN", "START TRANSACTION", "/*! COMMIT */"]
        {
            assert!(examined(text).is_err(), "{text}");
        }
        assert!(examined("BEGIN NOT ATOMIC SELECT 1; END").is_ok());
    }

    #[test]
    fn a_comment_that_only_some_servers_execute_hides_no_statement() {
        assert!(examined("/*!99999 DROP */ COMMIT").is_err());
        assert!(examined("/*M!100100 ALTER TABLE t */ ADD a INT").is_err());
        assert!(examined("/*!40101 SET @old = @@sql_mode */").is_ok());
        assert!(examined("CREATE TABLE t (a INT) /*!80000 COMMENT 'x' */").is_ok());
    }

    #[test]
    fn a_database_is_not_replaced() {
        assert!(examined("CREATE OR REPLACE DATABASE cms").is_err());
        assert!(examined("CREATE OR REPLACE VIEW `database` AS SELECT 1").is_ok());
    }

    #[test]
    fn what_gives_up_locks_or_reaches_files_is_refused_unless_it_is_a_string() {
        for text in
            ["SELECT release_all_locks()", "SELECT 1 INTO OUTFILE '/tmp/x'", "SET @a = LOAD_FILE('/etc/passwd')"]
        {
            assert!(examined(text).is_err(), "{text}");
        }
        assert!(examined("INSERT INTO t VALUES ('INTO OUTFILE')").is_ok());
    }

    #[test]
    fn settings_of_the_transaction_and_of_the_server_are_refused() {
        for text in
            ["SET autocommit = 1", "SET @@autocommit=0", "SET SESSION TRANSACTION READ ONLY", "SET @a=1, @@global.b=2"]
        {
            assert!(examined(text).is_err(), "{text}");
        }
    }
}
