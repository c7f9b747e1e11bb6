//! The query of a view, as near to what its author wrote as can be told.

use patchwright_hooks_api::statements::{LexicalRules, occurrences};

/// Words of a query that reads from more than one thing.
const FURTHER: [&str; 6] = ["JOIN", "UNION", "INTERSECT", "EXCEPT", "WITH", "LATERAL"];

/// The query that PostgreSQL gives back, without its end. Before version 16 it names the table before each column, even
/// where there is no other: that is taken out again, because it means nothing and nobody writes it.
pub(super) fn query(text: &str) -> String {
    let text = text.trim().trim_end_matches(';');
    only_source(text).and_then(|source| without_qualifier(text, source)).unwrap_or_else(|| text.to_owned())
}

/// What the query calls the one thing that it reads from; `None` if there may be several.
fn only_source(text: &str) -> Option<&str> {
    let rules = LexicalRules::postgres();
    let places = |word: &str| occurrences(text, &rules, word).ok();
    let (selects, froms) = (places("SELECT")?, places("FROM")?);
    let &[from] = froms.as_slice() else { return None };
    let alone = selects.len() == 1 && FURTHER.iter().all(|word| places(word).is_some_and(|found| found.is_empty()));
    let behind = text[from + "FROM".len()..].trim_start();
    let clause = behind.split('\n').next()?.trim_end();
    let source = clause.rsplit([' ', '.']).next()?;
    let plain = source.chars().all(|sign| sign.is_alphanumeric() || sign == '_');
    (alone && plain && !clause.contains(['(', ',', '"'])).then_some(source)
}

/// The text without `source.` wherever it stands bare.
fn without_qualifier(text: &str, source: &str) -> Option<String> {
    let places = occurrences(text, &LexicalRules::postgres(), source).ok()?;
    let mut out = String::with_capacity(text.len());
    let mut read = 0;
    for place in places {
        let end = place + source.len();
        let is_qualifier = text[end..].starts_with('.') && !text[..place].ends_with('.');
        if is_qualifier {
            out.push_str(&text[read..place]);
            read = end + 1;
        }
    }
    out.push_str(&text[read..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_alone_is_not_named_before_its_columns() {
        for (given, query) in [
            (
                " SELECT item.id,\n    'item.x' AS x\n   FROM item\n  WHERE (item.state > 0);",
                "SELECT id,\n    'item.x' AS x\n   FROM item\n  WHERE (state > 0)",
            ),
            (" SELECT i.id\n   FROM item i;", "SELECT id\n   FROM item i"),
            (" SELECT item.id\n   FROM app.item;", "SELECT id\n   FROM app.item"),
            (" SELECT 1 AS one;", "SELECT 1 AS one"),
        ] {
            assert_eq!(super::query(given), query);
        }
    }

    #[test]
    fn where_there_are_several_nothing_is_taken_out() {
        for given in [
            "SELECT a.id\n   FROM (a\n     JOIN b ON ((a.id = b.id)))",
            "SELECT a.id\n   FROM a,\n    b",
            "SELECT a.id\n   FROM a\n  WHERE (EXISTS ( SELECT 1\n           FROM b\n          WHERE (b.id = a.id)))",
        ] {
            assert_eq!(query(given), given);
        }
    }
}
