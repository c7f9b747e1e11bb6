//! A statement as words: the little that is read of one without parsing SQL.

use super::LexicalRules;
use super::scan::{Scanner, Token, TokenKind};

/// Words between CREATE, ALTER or DROP and the kind of object.
const BEFORE_KIND: [&str; 17] = [
    "OR",
    "REPLACE",
    "TEMPORARY",
    "TEMP",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "ONLINE",
    "OFFLINE",
    "IGNORE",
    "ALGORITHM",
    "MATERIALIZED",
    "UNLOGGED",
    "RECURSIVE",
    "CONSTRAINT",
    "LOCAL",
    "GLOBAL",
];
/// Words that may stand before a name, behind the kind of object or a statement's first word.
const BEFORE_NAME: [&str; 13] = [
    "IF",
    "NOT",
    "EXISTS",
    "ONLY",
    "CONCURRENTLY",
    "INTO",
    "FROM",
    "LOW_PRIORITY",
    "DELAYED",
    "HIGH_PRIORITY",
    "QUICK",
    "IGNORE",
    "TABLE",
];

/// Every identifier and keyword of the statement, in lower case and without quotes: a table whose name is not among them is
/// not named by it.
pub fn words(statement: &str, rules: &LexicalRules) -> Vec<String> {
    content(statement, rules).iter().filter_map(unquoted).map(|word| word.to_lowercase()).collect()
}

/// The tokens of a statement that a server would see, as far as they can be told apart.
pub(super) fn content<'a>(statement: &'a str, rules: &LexicalRules) -> Vec<Token<'a>> {
    let mut scanner = Scanner::new(statement, rules);
    let mut tokens = Vec::new();
    while let Ok(Some(token)) = scanner.next() {
        if token.is_content() && !matches!(token.kind, TokenKind::ExecutableOpen | TokenKind::ExecutableClose) {
            tokens.push(token);
        }
    }
    tokens
}

/// The tokens of a statement from one of them on.
pub(super) struct Words<'t, 'a>(pub(super) &'t [Token<'a>]);

impl Words<'_, '_> {
    /// The next word, in upper case.
    pub(super) fn word(&mut self) -> Option<String> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (first.kind == TokenKind::Word).then(|| first.text.to_uppercase())
    }

    /// Passes this word, if it stands here.
    pub(super) fn skip(&mut self, word: &str) -> bool {
        let found = self.0.first().is_some_and(|token| is(token, word));
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// The kind of object that a CREATE, ALTER or DROP is about; what stands before it, such as a view's algorithm, is passed.
    pub(super) fn kind(&mut self) -> Option<String> {
        loop {
            let word = self.word()?;
            if word == "ALGORITHM" || word == "SQL" {
                // ALGORITHM = MERGE, SQL SECURITY INVOKER: two more.
                self.0 = self.0.get(2..)?;
            } else if word == "DEFINER" {
                while !self.0.is_empty() && !self.0.first().is_some_and(|token| is_kind(token)) {
                    self.0 = &self.0[1..];
                }
            } else if !BEFORE_KIND.contains(&word.as_str()) {
                return Some(word);
            }
        }
    }

    /// The names that stand here, with commas between them.
    pub(super) fn names(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        loop {
            names.push(self.name()?);
            match self.0.split_first() {
                Some((comma, rest)) if comma.text == "," => self.0 = rest,
                _ => return Some(names),
            }
        }
    }

    /// A name, of which the last part counts.
    pub(super) fn name(&mut self) -> Option<String> {
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
}

fn is_kind(token: &Token<'_>) -> bool {
    ["VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SQL"].iter().any(|kind| is(token, kind))
}

/// Whether the token is this word.
pub(super) fn is(token: &Token<'_>, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(word)
}

/// The identifier that a token is.
pub(super) fn unquoted(token: &Token<'_>) -> Option<String> {
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
    fn every_name_is_among_the_words() {
        let found = words("SELECT `A b`.x, 'text' FROM Item -- other", &LexicalRules::mysql());
        assert_eq!(found, ["select", "a b", "x", "from", "item"]);
    }
}
