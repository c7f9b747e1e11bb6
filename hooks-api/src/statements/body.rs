//! Tells whether a `;` stands inside the body of a trigger or routine, or inside the actions of a rule.
//!
//! In every dialect each statement of a body ends with `;`, so a `BEGIN` or `END` that counts stands where a statement
//! may begin. The `END` of a `CASE` expression, or a column that is called `end`, never does, and needs no counting.

use super::rules::LexicalRules;
use super::scan::{Token, TokenKind};

/// Watches the tokens of one statement.
pub(super) struct Body<'r> {
    rules: &'r LexicalRules,
    head: Head,
    place: Place,
    /// An `END` was seen where a statement may begin; the next word tells what it ends.
    ending: bool,
    /// A `DECLARE … HANDLER` may have a `BEGIN` before its `;`.
    handler: bool,
    after_dot: bool,
    parentheses: usize,
    blocks: usize,
    opened_at: usize,
}

/// How far the beginning of the statement has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    Start,
    Begin,
    BeginNot,
    /// After CREATE or ALTER, before the kind of object.
    Modifiers,
    Definer,
    DefinerUser,
    AfterDefinerUser,
    Name,
    /// After the name of an object that may have a body.
    BeforeBody,
    /// After BEGIN, where only ATOMIC makes it a body.
    BeforeAtomic,
    Inside,
    /// After CREATE RULE.
    Rule,
    /// A statement that has no body.
    Plain,
}

/// What may stand at this place of a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A statement or the block's END: after `;` and BEGIN.
    StatementOrEnd,
    /// A statement: after THEN, ELSE, DO, LOOP, REPEAT and a label's colon.
    Statement,
    Elsewhere,
}

impl<'r> Body<'r> {
    pub(super) fn new(rules: &'r LexicalRules) -> Self {
        Self {
            rules,
            head: Head::Start,
            place: Place::Elsewhere,
            ending: false,
            handler: false,
            after_dot: false,
            parentheses: 0,
            blocks: 0,
            opened_at: 0,
        }
    }

    /// Where the body begins whose end is still missing.
    pub(super) fn open_since(&self) -> Option<usize> {
        let open = match self.head {
            Head::Inside => self.blocks > usize::from(self.ending),
            Head::Rule => self.parentheses > 0,
            _ => false,
        };
        open.then_some(self.opened_at)
    }

    pub(super) fn see(&mut self, token: &Token<'_>) {
        if matches!(token.kind, TokenKind::ExecutableOpen | TokenKind::ExecutableClose) {
            return;
        }
        let keyword = if token.kind == TokenKind::Word && !self.after_dot { token.text } else { "" };
        self.after_dot = token.text == ".";
        if self.head == Head::Inside {
            self.read_inside(token, keyword);
        } else {
            self.head = self.read_head(token, keyword);
        }
    }

    fn read_head(&mut self, token: &Token<'_>, keyword: &str) -> Head {
        match self.head {
            Head::Start if is_one_of(keyword, &["CREATE", "ALTER", "RECREATE"]) => Head::Modifiers,
            Head::Start if self.rules.begin_not_atomic && is(keyword, "BEGIN") => {
                self.opened_at = token.start;
                Head::Begin
            }
            Head::Begin if is(keyword, "NOT") => Head::BeginNot,
            Head::BeginNot if is(keyword, "ATOMIC") => self.open(),
            Head::Modifiers | Head::AfterDefinerUser if token.kind == TokenKind::Word => self.read_modifier(keyword),
            Head::Definer if token.text == "=" => Head::DefinerUser,
            Head::DefinerUser => Head::AfterDefinerUser,
            Head::AfterDefinerUser if token.text == "@" => Head::DefinerUser,
            Head::AfterDefinerUser if matches!(token.text, "(" | ")") => Head::AfterDefinerUser,
            Head::Name if is_one_of(keyword, &["IF", "NOT", "EXISTS"]) => Head::Name,
            Head::Name => Head::BeforeBody,
            Head::BeforeBody => self.read_before_body(token, keyword),
            Head::BeforeAtomic if is(keyword, "ATOMIC") => self.open(),
            Head::BeforeAtomic => Head::BeforeBody,
            Head::Rule => self.read_rule(token),
            _ => Head::Plain,
        }
    }

    fn read_modifier(&self, word: &str) -> Head {
        const MODIFIERS: &[&str] = &["OR", "REPLACE", "ALTER", "TEMP", "TEMPORARY", "AGGREGATE"];
        if is_one_of(word, MODIFIERS) {
            Head::Modifiers
        } else if is(word, "DEFINER") {
            Head::Definer
        } else if self.rules.compound_bodies.iter().any(|kind| is(word, kind)) {
            Head::Name
        } else if self.rules.rule_actions && is(word, "RULE") {
            Head::Rule
        } else {
            Head::Plain
        }
    }

    fn read_before_body(&mut self, token: &Token<'_>, keyword: &str) -> Head {
        self.count_parentheses(token);
        // A parameter may be called so.
        if self.parentheses > 0 || !is(keyword, "BEGIN") {
            return Head::BeforeBody;
        }
        self.opened_at = token.start;
        if self.rules.begin_atomic { Head::BeforeAtomic } else { self.open() }
    }

    fn read_rule(&mut self, token: &Token<'_>) -> Head {
        if self.parentheses == 0 {
            self.opened_at = token.start;
        }
        self.count_parentheses(token);
        Head::Rule
    }

    fn count_parentheses(&mut self, token: &Token<'_>) {
        match token.text {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
    }

    fn open(&mut self) -> Head {
        self.blocks += 1;
        self.place = Place::StatementOrEnd;
        Head::Inside
    }

    fn read_inside(&mut self, token: &Token<'_>, keyword: &str) {
        if self.ending {
            self.ending = false;
            if is_one_of(keyword, &["IF", "LOOP", "WHILE", "REPEAT", "CASE", "FOR"]) {
                self.place = Place::Elsewhere;
                return;
            }
            self.blocks = self.blocks.saturating_sub(1);
        }
        let place = std::mem::replace(&mut self.place, Place::Elsewhere);
        if token.text == ";" {
            self.handler = false;
            self.place = Place::StatementOrEnd;
        } else if token.text == ":" || is_one_of(keyword, &["THEN", "ELSE", "DO", "LOOP", "REPEAT"]) {
            self.place = Place::Statement;
        } else if is(keyword, "HANDLER") {
            self.handler = true;
        } else if is(keyword, "BEGIN") && (self.handler || place != Place::Elsewhere) {
            self.handler = false;
            self.open();
        } else if is(keyword, "END") && place == Place::StatementOrEnd {
            self.ending = true;
        }
    }
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

fn is_one_of(word: &str, keywords: &[&str]) -> bool {
    keywords.iter().any(|keyword| is(word, keyword))
}
