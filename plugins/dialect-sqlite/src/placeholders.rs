//! How many values a statement wants.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{LexicalRules, occurrences};
use sqlx::Statement as _;
use sqlx::sqlite::SqliteStatement;

/// What a placeholder with a name begins with.
const NAMED: [char; 3] = [':', '@', '$'];

/// How many placeholders a statement has, if it has no numbered or named ones and the reader of statements can tell.
pub(crate) fn counted(text: &str, rules: &LexicalRules) -> Option<usize> {
    let is_numbered = |behind: &str| behind.starts_with(|first: char| first.is_ascii_digit());
    if text.contains(NAMED) || text.split('?').skip(1).any(is_numbered) {
        return None;
    }
    occurrences(text, rules, "?").ok().map(|places| places.len())
}

/// How many SQLite found.
pub(crate) fn found(prepared: &SqliteStatement) -> Option<usize> {
    prepared.parameters().map(|parameters| parameters.map_left(<[_]>::len).into_inner())
}

/// An error unless there is a value for each: SQLite would silently take NULL for one that has none.
pub(crate) fn check(wanted: usize, given: usize) -> Result<(), Error> {
    if wanted == given {
        return Ok(());
    }
    Err(Error::wrong_values(wanted, given).hint("give one value for each ?, or quote it if it is not a placeholder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_counted_where_no_name_or_number_may_make_two_of_them_one() {
        for (text, count) in [
            ("SELECT 1", Some(0)),
            ("INSERT INTO t VALUES (?, '?', ? /* ? */)", Some(2)),
            ("SELECT ?1, ?1", None),
            ("SELECT :a, @b, $c", None),
            ("SELECT '12:30', ?", None),
            ("SELECT ?, 'open", None),
        ] {
            assert_eq!(counted(text, &LexicalRules::sqlite()), count, "{text}");
        }
    }
}
