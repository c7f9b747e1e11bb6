//! A script in normal form: what is left of it when its layout is taken away.

use super::{LexicalRules, SplitError, split, tokens};
use std::borrow::Cow;

/// The number of the form that [`normalised`] gives: whoever keeps a sum over it keeps this number beside it.
pub const NORMAL_VERSION: u32 = 1;

/// The tokens of each statement of a script, in order.
///
/// Blanks, comments, what ends statements and the kind of line ends don't count: two scripts that differ in nothing else
/// give the same tokens. Comments that are executed count, and so does everything inside strings but the kind of line ends.
///
/// # Errors
/// As [`split`].
pub fn normalised<'a>(script: &'a str, rules: &LexicalRules) -> Result<Vec<Vec<Cow<'a, str>>>, SplitError> {
    split(script, rules)?.into_iter().map(|piece| tokens_of(piece.text, rules)).collect()
}

fn tokens_of<'a>(statement: &'a str, rules: &LexicalRules) -> Result<Vec<Cow<'a, str>>, SplitError> {
    Ok(tokens(statement, rules)?.into_iter().map(|token| with_one_line_end(token.text)).collect())
}

/// A string or a body over several lines comes with other line ends when its file is checked out elsewhere.
fn with_one_line_end(token: &str) -> Cow<'_, str> {
    if token.contains('\r') { Cow::Owned(token.replace("\r\n", "\n")) } else { Cow::Borrowed(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(rules: &LexicalRules, one: &str, other: &str) -> bool {
        normalised(one, rules).unwrap() == normalised(other, rules).unwrap()
    }

    #[test]
    fn layout_and_comments_do_not_count() {
        let rules = LexicalRules::sqlite();
        let script = "CREATE TABLE a (b TEXT DEFAULT 'x\ny');\nINSERT INTO a VALUES ('1');\n";
        for other in [
            &script.replace('\n', "\r\n"),
            "-- first\nCREATE TABLE a(b TEXT DEFAULT 'x\ny') ; /* then */ INSERT INTO a VALUES('1')",
        ] {
            assert!(same(&rules, script, other), "{other}");
        }
    }

    #[test]
    fn what_a_server_would_see_counts() {
        let mysql = LexicalRules::mysql();
        for (one, other) in [
            ("SELECT 'a b'", "SELECT 'a  b'"),
            ("SELECT a", "SELECT A"),
            ("SELECT ab", "SELECT a b"),
            ("SELECT 1 /*!50000 + 1 */", "SELECT 1"),
            ("SELECT 1; SELECT 2", "SELECT 1 SELECT 2"),
            ("SELECT '-- a'", "SELECT '-- b'"),
        ] {
            assert!(!same(&mysql, one, other), "{one} was taken for {other}");
        }
        assert!(same(&mysql, "SELECT 1 /* + 1 */", "SELECT 1 # one"));
    }

    #[test]
    fn another_delimiter_is_layout_too() {
        let one = "DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.b = 1; END//\n";
        let other = "DELIMITER $$\nCREATE TRIGGER t BEFORE INSERT ON a\nFOR EACH ROW BEGIN SET NEW.b = 1; END$$\n";
        assert!(same(&LexicalRules::mysql(), one, other));
    }

    #[test]
    fn a_script_that_never_ends_has_none() {
        assert!(normalised("SELECT 'open", &LexicalRules::sqlite()).is_err());
    }
}
