//! Enumerations: a text of limited length, and a check that names the words.
//!
//! A type of PostgreSQL's own would have to be named, and would outlive its column; what a site has of those stays a native
//! type. The check is known again by its name, which follows the table's and the column's.

use crate::names;
use crate::render::Words;
use patchwright_hooks_api::change::sql::{Spelling, quoted_text};

/// The name of the check.
pub(crate) fn check_name(table: &str, column: &str) -> String {
    names::shortened(&format!("{table}_{column}_enum"))
}

/// The check as it stands behind a column, and after ADD.
pub(crate) fn check(spelling: &Words<'_>, table: &str, column: &str, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted_text(word)).collect();
    let name = spelling.quoted(&check_name(table, column));
    format!("CONSTRAINT {name} CHECK ({} IN ({}))", spelling.quoted(column), words.join(", "))
}

/// The longest word, in characters.
pub(crate) fn length(words: &[String]) -> usize {
    words.iter().map(|word| word.chars().count()).max().unwrap_or_default().max(1)
}

/// The words that such a check names, as PostgreSQL gives it back; `None` if it is no such check.
pub(crate) fn words(condition: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = condition;
    while let Some((_, behind)) = rest.split_once('\'') {
        let mut word = String::new();
        rest = behind;
        loop {
            let (content, behind) = rest.split_once('\'')?;
            word.push_str(content);
            rest = behind;
            let Some(behind) = rest.strip_prefix('\'') else { break };
            word.push('\'');
            rest = behind;
        }
        words.push(word);
    }
    let is_list = condition.contains("ANY (") || words.len() == 1 && condition.contains(" = ");
    (is_list && !words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_check_are_read_back() {
        let list = "((state)::text = ANY ((ARRAY['red'::character varying, 'it''s'::character varying])::text[]))";
        assert_eq!(words(list), Some(vec!["red".to_owned(), "it's".to_owned()]));
        assert_eq!(words("((state)::text = 'red'::text)"), Some(vec!["red".to_owned()]));
        assert_eq!(words("((state)::text <> 'red'::text)"), None);
        assert_eq!(words("(state > 0)"), None);
    }
}
