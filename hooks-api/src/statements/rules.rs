//! The lexical rules of a dialect as plain data: a plugin states them, the splitter follows them.

use serde::{Deserialize, Serialize};

/// What a dialect's SQL looks like, as far as it takes to tell where a statement ends.
///
/// The default is the standard's core, which every dialect shares: `'…'` strings and `"…"` identifiers in which a
/// doubled quote stands for itself, `-- …` and `/* … */` comments, and `;` after a statement. Each field adds to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LexicalRules {
    /// A backslash in a string escapes the next character, so `'\''` is a whole string (MySQL).
    pub backslash_escapes: bool,
    /// `"…"` is a string and not an identifier (MySQL without `ANSI_QUOTES`).
    pub double_quoted_strings: bool,
    /// `` `…` `` is an identifier (MySQL, SQLite).
    pub backtick_identifiers: bool,
    /// `[…]` is an identifier (SQLite).
    pub bracket_identifiers: bool,
    /// `E'…'` is a string with backslash escapes (PostgreSQL).
    pub e_strings: bool,
    /// `$$…$$` and `$tag$…$tag$` are strings, mostly of code (PostgreSQL).
    pub dollar_quotes: bool,
    /// A `/*` inside a block comment must be closed too (PostgreSQL).
    pub nested_comments: bool,
    /// `--` begins a comment only before a blank, a control character or the end (MySQL): `1--1` is 2 there.
    pub dash_comment_needs_blank: bool,
    /// `#` begins a comment to the end of the line (MySQL).
    pub hash_comments: bool,
    /// `/*! … */`, `/*!50003 … */` and `/*M! … */` are executed and belong to their statement (MySQL, MariaDB).
    pub executable_comments: bool,
    /// A line `DELIMITER //` before a statement changes what ends statements (the MySQL client's command).
    pub delimiter_command: bool,
    /// The kinds of objects, in upper case, whose `CREATE` or `ALTER` may hold a body of statements between `BEGIN`
    /// and `END`: `TRIGGER`, `PROCEDURE` and so on.
    pub compound_bodies: Vec<String>,
    /// The body of a `compound_bodies` object opens with `BEGIN ATOMIC` and not with `BEGIN` alone (PostgreSQL).
    pub begin_atomic: bool,
    /// `BEGIN NOT ATOMIC` opens a body outside any object (MariaDB).
    pub begin_not_atomic: bool,
    /// The actions of a `CREATE RULE` may be several statements in parentheses (PostgreSQL).
    pub rule_actions: bool,
    /// A name without quotes is the same name in upper case (Firebird, as the standard has it). A portable name in lower case
    /// is then quoted in upper case, so that it is the one that the author's own SQL means.
    pub upper_case_names: bool,
}

impl LexicalRules {
    /// The rules of SQLite.
    pub fn sqlite() -> Self {
        Self {
            backtick_identifiers: true,
            bracket_identifiers: true,
            compound_bodies: kinds(&["TRIGGER"]),
            ..Self::default()
        }
    }

    /// The rules of PostgreSQL with `standard_conforming_strings`, its default since 9.1.
    pub fn postgres() -> Self {
        Self {
            e_strings: true,
            dollar_quotes: true,
            nested_comments: true,
            compound_bodies: kinds(&["FUNCTION", "PROCEDURE"]),
            begin_atomic: true,
            rule_actions: true,
            ..Self::default()
        }
    }

    /// The rules of MySQL and MariaDB in their default SQL mode, with the `DELIMITER` command of their clients.
    pub fn mysql() -> Self {
        Self {
            backslash_escapes: true,
            double_quoted_strings: true,
            backtick_identifiers: true,
            dash_comment_needs_blank: true,
            hash_comments: true,
            executable_comments: true,
            delimiter_command: true,
            compound_bodies: kinds(&["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"]),
            begin_not_atomic: true,
            ..Self::default()
        }
    }
}

fn kinds(kinds: &[&str]) -> Vec<String> {
    kinds.iter().map(ToString::to_string).collect()
}
