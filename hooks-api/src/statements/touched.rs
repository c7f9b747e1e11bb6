//! Which tables' structure a statement changes, as far as its first words tell.

use super::LexicalRules;
use super::words::{Words, content, is};

/// What of a database's structure a statement changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Nothing: it reads, or changes rows.
    Nothing,
    /// These tables, views and sequences alone, as the statement writes their names, without quotes and without the schema before them.
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
/// Kinds of objects that are no part of any table's structure. Functions are: triggers run them, and domains are types of columns.
const APART: [&str; 5] = ["PROCEDURE", "EVENT", "ROLE", "USER", "AGGREGATE"];
/// Words of a statement that reaches further than to the object that it names.
const FAR_REACHING: [&str; 5] = ["RENAME", "CASCADE", "PARTITION", "INHERIT", "CHANGE"];

/// What the statement changes. When in doubt it is [`Touched::Anything`]: renaming, for one, reaches into the views, triggers
/// and foreign keys of other tables.
pub fn touched(statement: &str, rules: &LexicalRules) -> Touched {
    Words(&content(statement, rules)).touched()
}

impl Words<'_, '_> {
    fn touched(mut self) -> Touched {
        match self.word().as_deref() {
            Some("CREATE") if self.is_for_a_while() => Touched::Anything,
            Some("CREATE") => self.creates(),
            Some("ALTER") => self.alters(),
            Some("DROP") => self.drops(),
            Some("SELECT" | "WITH") if self.makes_a_table() => Touched::Anything,
            Some("SELECT" | "WITH") => Touched::Nothing,
            Some(word) if OF_ROWS.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    /// Whether a temporary table is made, whose name may hide another's.
    fn is_for_a_while(&self) -> bool {
        self.0.iter().take(3).any(|token| is(token, "TEMP") || is(token, "TEMPORARY"))
    }

    fn creates(mut self) -> Touched {
        match self.kind().as_deref() {
            Some("TABLE" | "VIEW" | "SEQUENCE") => self.only_named(),
            Some("INDEX" | "TRIGGER") => self.behind_on(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    fn alters(mut self) -> Touched {
        match self.kind().as_deref() {
            Some("TABLE" | "VIEW" | "SEQUENCE") if !self.has_any(&FAR_REACHING) => self.only_named(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    fn drops(mut self) -> Touched {
        match self.kind().as_deref() {
            _ if self.has_any(&FAR_REACHING) => Touched::Anything,
            Some("TABLE" | "VIEW" | "SEQUENCE") => self.only_named(),
            Some("INDEX" | "TRIGGER") => self.behind_on(),
            Some(word) if APART.contains(&word) => Touched::Nothing,
            _ => Touched::Anything,
        }
    }

    /// The names that stand here.
    fn only_named(mut self) -> Touched {
        self.names().map_or(Touched::Anything, Touched::Only)
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

    fn has_any(&self, words: &[&str]) -> bool {
        self.0.iter().any(|token| words.iter().any(|word| is(token, word)))
    }

    /// Whether a query puts its rows into a table that it makes.
    fn makes_a_table(&self) -> bool {
        self.has_any(&["INTO"]) && !self.has_any(&["INSERT", "REPLACE", "MERGE"])
    }
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
            ("CREATE SEQUENCE IF NOT EXISTS s START 7", "s"),
            ("ALTER SEQUENCE s RESTART WITH 7", "s"),
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
            "CREATE OR REPLACE FUNCTION f() RETURNS int AS 'x'",
            "ALTER DOMAIN d SET DEFAULT 1",
            "CREATE TABLE",
            "'",
            "",
        ] {
            assert_eq!(touched(statement, &LexicalRules::postgres()), Touched::Anything, "{statement}");
        }
        assert_eq!(touched("DROP INDEX i ON item", &LexicalRules::mysql()), Touched::Only(vec!["item".to_owned()]));
    }
}
