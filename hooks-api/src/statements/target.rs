//! What a statement changes: the tables whose structure or rows it is about, as far as its words tell.
//!
//! No SQL is parsed here. A statement that commits by itself has to be settled after a crash by a look at what it names, and
//! a statement of rows can be rehearsed only if nothing that it names is about to become otherwise.

use super::LexicalRules;
use super::scan::Token;
use super::words::{Words, content, is, unquoted};

/// What a statement changes. Names are without quotes and without the database before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The structure of these tables, views and sequences; among them those that come, go, or get another name.
    Structure(Vec<String>),
    /// All the rows of these tables at once, whose structure stays (`TRUNCATE`).
    AllRows(Vec<String>),
    /// Rows of these tables.
    Rows(Vec<String>),
    /// What its words don't tell, such as a procedure.
    Unknown,
}

/// Words that end the list of tables of an UPDATE or DELETE.
const AFTER_TABLES: [&str; 6] = ["SET", "WHERE", "ORDER", "LIMIT", "RETURNING", "USING"];

/// What the statement changes.
pub fn target(statement: &str, rules: &LexicalRules) -> Target {
    let tokens = content(statement, rules);
    let mut words = Words(&tokens);
    let found = match words.word().as_deref() {
        Some("CREATE" | "DROP") => words.object().map(Target::Structure),
        Some("ALTER") => words.altered().map(Target::Structure),
        Some("RENAME") if words.skip("TABLE") => words.renamed().map(Target::Structure),
        Some("TRUNCATE") => words.names().map(Target::AllRows),
        Some("INSERT" | "REPLACE") => words.name().map(|name| Target::Rows(vec![name])),
        Some("UPDATE" | "DELETE") => Some(Target::Rows(words.all_until(&AFTER_TABLES))),
        _ => None,
    };
    found.unwrap_or(Target::Unknown)
}

impl Words<'_, '_> {
    fn object(&mut self) -> Option<Vec<String>> {
        match self.kind()?.as_str() {
            "TABLE" | "VIEW" | "SEQUENCE" => self.names(),
            "INDEX" | "TRIGGER" => {
                while !self.skip("ON") {
                    self.0 = self.0.get(1..)?;
                }
                self.name().map(|name| vec![name])
            }
            _ => None,
        }
    }

    /// The table, and what it is called afterwards if it is renamed.
    fn altered(&mut self) -> Option<Vec<String>> {
        if !matches!(self.kind()?.as_str(), "TABLE" | "VIEW" | "SEQUENCE") {
            return None;
        }
        let mut names = vec![self.name()?];
        while let Some((token, rest)) = self.0.split_first() {
            self.0 = rest;
            let of_a_part =
                |token: &Token<'_>| ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|part| is(token, part));
            if is(token, "RENAME") && !rest.first().is_some_and(of_a_part) {
                let _ = self.skip("TO") || self.skip("AS");
                // PostgreSQL and SQLite may leave COLUMN out: then this is a column's name, and nothing of that name is found.
                names.extend(self.name());
            }
        }
        Some(names)
    }

    /// `a TO b, c TO d`.
    fn renamed(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            if !self.skip("TO") {
                return None;
            }
            names.push(self.name()?);
            match self.0.split_first() {
                Some((comma, rest)) if comma.text == "," => self.0 = rest,
                _ => return Some(names),
            }
        }
    }

    /// Every identifier up to one of these words: more than the tables, and never less.
    fn all_until(&self, ends: &[&str]) -> Vec<String> {
        let before = self.0.iter().take_while(|token| !ends.iter().any(|end| is(token, end)));
        before.filter_map(unquoted).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statement: &str) -> Target {
        target(statement, &LexicalRules::mysql())
    }

    #[test]
    fn a_statement_s_first_words_tell_which_tables_become_otherwise() {
        for (statement, names) in [
            ("CREATE TABLE IF NOT EXISTS item (id INT)", "item"),
            ("create or replace temporary table `shop`.`a b` like x", "a b"),
            ("CREATE UNIQUE INDEX i ON item (id)", "item"),
            ("CREATE FULLTEXT INDEX i USING BTREE ON item (id)", "item"),
            ("CREATE DEFINER = `root`@`%` TRIGGER t BEFORE INSERT ON item FOR EACH ROW SET NEW.a = 1", "item"),
            ("CREATE ALGORITHM = MERGE DEFINER=root@localhost SQL SECURITY INVOKER VIEW v AS SELECT 1", "v"),
            ("/*!50001 ALTER TABLE item ADD COLUMN state INT */", "item"),
            ("ALTER TABLE item RENAME TO thing", "item thing"),
            ("ALTER TABLE item ADD a INT, RENAME thing", "item thing"),
            ("ALTER TABLE item RENAME COLUMN a TO b, RENAME INDEX c TO d", "item"),
            ("DROP TABLE IF EXISTS a, shop.b CASCADE", "a b"),
            ("DROP INDEX i ON item", "item"),
            ("CREATE OR REPLACE SEQUENCE s START WITH 7", "s"),
            ("ALTER SEQUENCE s INCREMENT BY 2", "s"),
            ("RENAME TABLE a TO b, c TO d", "a b c d"),
        ] {
            let Target::Structure(found) = of(statement) else { panic!("{statement}: {:?}", of(statement)) };
            assert_eq!(found.join(" "), names, "{statement}");
        }
    }

    #[test]
    fn statements_of_rows_name_at_least_the_tables_whose_rows_they_change() {
        for (statement, name) in [
            ("INSERT IGNORE INTO item (a) SELECT b FROM other", "item"),
            ("REPLACE INTO `item` VALUES (1)", "item"),
            ("UPDATE other o JOIN item i ON o.id = i.id SET i.a = 1", "item"),
            ("DELETE QUICK FROM item WHERE a = 1", "item"),
            ("DELETE i FROM other o JOIN item i ON o.id = i.id WHERE 1", "item"),
        ] {
            let Target::Rows(found) = of(statement) else { panic!("{statement}") };
            assert!(found.iter().any(|found| found == name), "{statement}: {found:?}");
        }
        assert_eq!(of("TRUNCATE TABLE item"), Target::AllRows(vec!["item".into()]));
    }

    #[test]
    fn what_the_words_do_not_tell_is_unknown() {
        for statement in
            ["CREATE PROCEDURE p() SELECT 1", "DROP TRIGGER t", "RENAME USER a TO b", "CALL p()", "ALTER", "'", ""]
        {
            assert_eq!(of(statement), Target::Unknown, "{statement}");
        }
    }
}
