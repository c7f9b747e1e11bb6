//! SQL that an author wrote beside the same SQL as a database gives it back.
//!
//! PostgreSQL and MySQL keep a check, a filter or a default as a tree and print it in words of their own: more parentheses,
//! quotes, casts, another case. No SQL is understood here; what differs in nothing but these is taken for the same.

use super::{DefaultValue, PartSource, Schema, Table};

/// The words behind `::` that a second word belongs to (PostgreSQL's types of several words).
const FIRST_WORDS: [&str; 4] = ["character", "double", "timestamp", "time"];
/// Those that can follow them.
const FURTHER_WORDS: [&str; 6] = ["varying", "precision", "with", "without", "time", "zone"];

impl Schema {
    /// The same schema, with the words of `other` wherever both have the same SQL in other words.
    #[must_use]
    pub fn worded_like(mut self, other: &Self) -> Self {
        for table in &mut self.tables {
            if let Some(other) = other.table(&table.name) {
                table.take_words_of(other);
            }
        }
        for view in &mut self.views {
            if let Some(other) = other.view(&view.name) {
                take(&mut view.query, &other.query);
            }
        }
        self
    }
}

impl Table {
    fn take_words_of(&mut self, other: &Self) {
        for column in &mut self.columns {
            if let Some(DefaultValue::Expression(text)) = &mut column.default
                && let Some(DefaultValue::Expression(words)) =
                    other.column(&column.name).and_then(|column| column.default.as_ref())
            {
                take(text, words);
            }
        }
        for index in &mut self.indexes {
            let Some(other) = other.index(&index.name) else { continue };
            if let (Some(filter), Some(words)) = (&mut index.filter, &other.filter) {
                take(filter, words);
            }
            for (part, other) in index.parts.iter_mut().zip(&other.parts) {
                if let (PartSource::Expression(text), PartSource::Expression(words)) = (&mut part.source, &other.source)
                {
                    take(text, words);
                }
            }
        }
        for check in &mut self.checks {
            if let Some(other) = other.check(&check.name) {
                take(&mut check.condition, &other.condition);
            }
        }
    }
}

fn take(text: &mut String, words: &String) {
    if bare(text) == bare(words) {
        text.clone_from(words);
    }
}

/// What is left of SQL without blanks, parentheses, quotes of identifiers, casts and upper case.
fn bare(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '\'' => string_length(rest),
            ':' if rest.starts_with("::") => {
                rest = after_cast(&rest[2..]);
                continue;
            }
            // MySQL's character set before a string.
            '_' if rest.starts_with("_utf8mb4'") => {
                rest = &rest["_utf8mb4".len()..];
                continue;
            }
            _ => character.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        match character {
            '\'' => out.push_str(token),
            '(' | ')' | '"' | '`' | '[' | ']' => {}
            _ if character.is_whitespace() => {}
            _ => out.extend(character.to_lowercase()),
        }
        rest = behind;
    }
    out
}

/// How long the string is that `text` begins with; a doubled quote inside makes two strings, which is as good.
fn string_length(text: &str) -> usize {
    text[1..].find('\'').map_or(text.len(), |end| end + 2)
}

/// What stands behind the name of a type, such as `character varying(80)` or `timestamp(3) without time zone`.
fn after_cast(text: &str) -> &str {
    let (first, rest) = split_word(text);
    let mut rest = after_size(rest);
    if FIRST_WORDS.contains(&first.to_lowercase().as_str()) {
        loop {
            let (further, behind) = split_word(rest.trim_start());
            if !FURTHER_WORDS.contains(&further.to_lowercase().as_str()) {
                break;
            }
            rest = after_size(behind);
        }
    }
    rest.strip_prefix("[]").unwrap_or(rest)
}

fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_');
    text.split_at(end.unwrap_or(text.len()))
}

/// What stands behind a type's size, if it has one here.
fn after_size(text: &str) -> &str {
    text.strip_prefix('(').and_then(|size| size.split_once(')')).map_or(text, |(_, behind)| behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_sql_in_other_words_is_the_same() {
        for (author, database) in [
            ("id > 0", "(id > 0)"),
            ("id > 0", "(`id` > 0)"),
            ("state = 'A b'", "((state)::text = 'A b'::text)"),
            ("state = 'A'", "(`state` = _utf8mb4'A')"),
            ("LOWER(name) <> ''", "(lower((name)::character varying(80)) <> ''::character varying)"),
            ("made > '2024-01-01'", "(made > '2024-01-01'::timestamp(3) without time zone)"),
        ] {
            assert_eq!(bare(author), bare(database));
        }
    }

    #[test]
    fn other_sql_is_not() {
        for (one, other) in
            [("id > 0", "id > 1"), ("a = 'x'", "a = 'X'"), ("a = 'x y'", "a = 'xy'"), ("a", "a::text || b")]
        {
            assert_ne!(bare(one), bare(other));
        }
    }

    #[test]
    fn what_is_cut_off_ends_somewhere() {
        for text in ["'", "::", "a::", "_utf8mb4'", "a::character(", "'ä", "::timestamp without"] {
            bare(text);
        }
    }
}
