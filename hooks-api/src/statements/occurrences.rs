//! Where a word or a sign stands in a statement as such, and not inside a string, a quoted name or a comment.

use super::scan::{Scanner, TokenKind};
use super::{LexicalRules, SplitError};

/// The bytes at which `wanted`, one bare word or one sign such as `?`, stands in the text, compared without regard to ASCII
/// case. What is inside strings, dollar quotes, quoted identifiers and comments is not found.
///
/// # Errors
/// If a string, quoted identifier, comment or dollar quote begins and does not end.
pub fn occurrences(text: &str, rules: &LexicalRules, wanted: &str) -> Result<Vec<usize>, SplitError> {
    let mut scanner = Scanner::new(text, rules);
    let mut found = Vec::new();
    while let Some(token) = scanner.next()? {
        let is_bare = matches!(token.kind, TokenKind::Word | TokenKind::Symbol);
        if is_bare && token.text.eq_ignore_ascii_case(wanted) {
            found.push(token.start);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_bare_is_found() {
        let text = "SELECT ?, '?', \"?\", $$?$$, E'\\'?' /* ? /* ? */ */ -- ?\n WHERE a = ?";
        let found = occurrences(text, &LexicalRules::postgres(), "?").unwrap();
        assert_eq!(found, [7, text.len() - 1]);
    }

    #[test]
    fn a_word_is_found_whole_and_in_any_case() {
        let text = "create index CONCURRENTLY concurrently_made on t (\"concurrently\")";
        assert_eq!(occurrences(text, &LexicalRules::postgres(), "concurrently").unwrap(), [13]);
    }

    #[test]
    fn a_text_that_never_ends_has_none() {
        assert!(occurrences("SELECT ? 'open", &LexicalRules::postgres(), "?").is_err());
    }
}
