//! Which tables' structure a statement changes, as far as its first words tell.

use super::LexicalRules;
use super::scan::{Scanner, Token, TokenKind};

/// What of a database's structure a statement changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Nothing: it reads, or changes rows.
    Nothing,
    /// These tables and views alone, as the statement writes their names, without quotes and without the schema before them.
    Only(Vec<String>),
    /// What its words don't tell: it might be anything.
    Anything,
}

/// Statements that leave the structure as it is.
const OF_ROWS: [&str; 20] = [
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "VALUES",
    "TRUNCATE",
    "SET",
    "GRANT",
    "REVOKE",
    "ANALYZE",
    "REINDEX",
    "VACUUM",
    "LOCK",
    "UNLOCK",
    "SHOW",
    "DESCRIBE",
    "EXPLAIN",
    "SAVEPOINT",
    "USE",
];
/// Words that may stand between CREATE, ALTER or DROP and the kind of object.
const BEFORE_KIND: [&str; 10] =
    ["OR", "REPLACE", "UNIQUE", "FULLTEXT", "SPATIAL", "UNLOGGED", "RECURSIVE", "MATERIALIZED", "CONSTRAINT", "IGNORE"];
/// Words that may stand between the kind of object and its name.
const BEFORE_NAME: [&str; 5] = ["IF", "NOT", "EXISTS", "ONLY", "CONCURRENTLY"];
/// Kinds of objects that are no part of any table's structure.
const APART: [&str; 8] = ["FUNCTION", "PROCEDURE", "SEQUENCE", "EVENT", "ROLE", "USER", "AGGREGATE", "DOMAIN"];
/// Words of a statement that reaches further than to the object that it names.
const FAR_REACHING: [&str; 5] = ["RENAME", "CASCADE", "PARTITION", "INHERIT", "CHANGE"];

/// What the statement changes. When in doubt it is [`Touched::Anything`]: renaming, for one, reaches into the views, triggers
/// and foreign keys of other tables.
pub fn touched(statement: &str, rules: &LexicalRules) -> Touched {
    let mut scanner = Scanner::new(statement, rules);
    let mut tokens = Vec::new();
    while let Ok(Some(token)) = scanner.next() {
        if token.is_content() && !matches!(token.kind, TokenKind::ExecutableOpen | TokenKind::ExecutableClose) {
            tokens.push(token);
        }
    }
    Words(&tokens).touched()
}

/// The tokens of a statement from one of them on.
struct Words<'t, 'a>(&'t [Token<'a>]);

impl<'a> Words<'_, 'a> {
    fn touched(mut self) -> Touched {
        match self.word().as_deref() {
            Some("CREATE") => self.created(),
            Some("ALTER") => self.altered(),
            Some("DROP") => self.dropped(),
            Some("SELECT" | "WITH") if self.makes_a_table() => Touched::Anything,
            Some("SELECT" | "WITH") => Touched::Nothing,
            Some(word) if OF_ROWS.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    fn created(mut self) -> Touched {
        match self.kind().as_deref() {
            Some("TABLE" | "VIEW") => self.only_named(),
            Some("INDEX" | "TRIGGER") => self.behind_on(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    fn altered(mut self) -> Touched {
        match self.kind().as_deref() {
            Some("TABLE" | "VIEW") if !self.has_any(&FAR_REACHING) => self.only_named(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    fn dropped(mut self) -> Touched {
        match self.kind().as_deref() {
            _ if self.has_any(&FAR_REACHING) => Touched::Anything,
            Some("TABLE" | "VIEW") => self.only_named(),
            Some("INDEX" | "TRIGGER") => self.behind_on(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    /// The next word, in upper case.
    fn word(&mut self) -> Option<String> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (first.kind == TokenKind::Word).then(|| first.text.to_uppercase())
    }

    /// The kind of object that a CREATE, ALTER or DROP is about.
    fn kind(&mut self) -> Option<String> {
        loop {
            let word = self.word()?;
            if !BEFORE_KIND.contains(&word.as_str()) {
                return Some(word);
            }
        }
    }

    /// The names that stand here, with commas between them.
    fn only_named(mut self) -> Touched {
        let mut names = Vec::new();
        while let Some(name) = self.name() {
            names.push(name);
            match self.0.split_first() {
                Some((comma, rest)) if comma.text == "," => self.0 = rest,
                _ => return Touched::Only(names),
            }
        }
        Touched::Anything
    }

    /// The name behind the word ON.
    fn behind_on(mut self) -> Touched {
        while let Some((token, rest)) = self.0.split_first() {
            self.0 = rest;
            if is(token, "ON") {
                return self.name().map_or(Touched::Anything, |name| Touched::Only(vec![name]));
            }
        }
        Touched::Anything
    }

    /// A name, of which the last part counts.
    fn name(&mut self) -> Option<String> {
        while let Some((token, rest)) = self.0.split_first()
            && BEFORE_NAME.iter().any(|word| is(token, word))
        {
            self.0 = rest;
        }
        loop {
            let (part, rest) = self.0.split_first()?;
            let name = unquoted(part)?;
            match rest {
                [point, further @ ..] if point.text == "." => self.0 = further,
                _ => {
                    self.0 = rest;
                    return Some(name);
                }
            }
        }
    }

    fn has_any(&self, words: &[&str]) -> bool {
        self.0.iter().any(|token| words.iter().any(|word| is(token, word)))
    }

    /// Whether a query puts its rows into a table that it makes.
    fn makes_a_table(&self) -> bool {
        self.has_any(&["INTO"]) && !self.has_any(&["INSERT", "REPLACE", "MERGE"])
    }
}

fn is(token: &Token<'_>, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word)
}

/// The identifier that a token is.
fn unquoted(token: &Token<'_>) -> Option<String> {
    let inner = || token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
    Some(match (token.kind, token.text.chars().next()?) {
        (TokenKind::Word, _) => token.text.to_owned(),
        (TokenKind::QuotedIdentifier, '[') => inner().to_owned(),
        (TokenKind::QuotedIdentifier, quote) => inner().replace(&format!("{quote}{quote}"), &quote.to_string()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_s_words_tell_what_it_touches() {
        let rules = LexicalRules::sqlite();
        for (statement, names) in [
            ("CREATE TABLE item (id INTEGER)", "item"),
            ("create table if not exists \"main\".\"a \"\"b\"\"\" (id INTEGER)", "a \"b\""),
            ("CREATE TABLE [a b] AS SELECT 1", "a b"),
            ("CREATE UNIQUE INDEX IF NOT EXISTS i ON main.item (id)", "item"),
            ("CREATE TRIGGER t AFTER UPDATE OF a ON item BEGIN SELECT 1; END", "item"),
            ("CREATE OR REPLACE VIEW v AS SELECT * FROM item", "v"),
            ("/* x */ ALTER TABLE `item` ADD COLUMN on_sale TEXT", "item"),
            ("DROP TABLE IF EXISTS a, b", "a b"),
            ("DROP VIEW v", "v"),
        ] {
            let Touched::Only(touched) = touched(statement, &rules) else { panic!("{statement}") };
            assert_eq!(touched.join(" "), names, "{statement}");
        }
    }

    #[test]
    fn statements_of_rows_touch_nothing() {
        for statement in [
            "INSERT INTO item VALUES (1)",
            "WITH a AS (SELECT 1) INSERT INTO item SELECT * FROM a",
            "SELECT setval('a', 1)",
            "REPLACE INTO item VALUES (1)",
            "CREATE OR REPLACE FUNCTION f() RETURNS int AS 'x'",
            "DROP PROCEDURE p",
        ] {
            assert_eq!(touched(statement, &LexicalRules::postgres()), Touched::Nothing, "{statement}");
        }
    }

    #[test]
    fn what_is_not_understood_may_touch_anything() {
        for statement in [
            "ALTER TABLE item RENAME TO thing",
            "ALTER TABLE item RENAME COLUMN a TO b",
            "DROP TABLE item CASCADE",
            "DROP INDEX item_name",
            "DROP TRIGGER t",
            "CREATE VIRTUAL TABLE search USING fts5(title)",
            "CREATE TEMP TABLE t (id INTEGER)",
            "SELECT * INTO copy FROM item",
            "DO $$ BEGIN EXECUTE 'DROP TABLE item'; END $$",
            "PRAGMA writable_schema = ON",
            "CREATE TABLE",
            "'",
            "",
        ] {
            assert_eq!(touched(statement, &LexicalRules::postgres()), Touched::Anything, "{statement}");
        }
        assert_eq!(touched("DROP INDEX i ON item", &LexicalRules::mysql()), Touched::Only(vec!["item".to_owned()]));
    }
}
