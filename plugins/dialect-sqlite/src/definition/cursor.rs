//! A place among the tokens of a definition.

use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::{LexicalRules, Token, TokenKind, tokens};
use std::ops::Range;

/// Reads tokens one after the other.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    /// What was read and no rule speaks of.
    aside: Vec<String>,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Result<Self, Error> {
        let tokens = tokens(text, &LexicalRules::sqlite()).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(Self { text, tokens, at: 0, aside: Vec::new() })
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    pub(crate) fn peek_second(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at + 1)
    }

    /// Where the next token begins, or the end.
    pub(crate) fn start(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.start)
    }

    /// Where the last token that was read ends.
    pub(crate) fn end(&self) -> usize {
        self.at.checked_sub(1).map_or(0, |last| self.tokens[last].end())
    }

    pub(crate) fn next(&mut self) -> Option<Token<'a>> {
        let token = self.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    /// Whether the next token is that keyword.
    pub(crate) fn sees(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|token| is_word(token, keyword))
    }

    /// Whether the next token is one of these keywords.
    pub(crate) fn sees_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.sees(keyword))
    }

    pub(crate) fn sees_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Symbol && token.text == symbol)
    }

    /// Reads the keywords if they all come next.
    pub(crate) fn take(&mut self, keywords: &str) -> bool {
        let count = keywords.split(' ').count();
        let come = keywords
            .split(' ')
            .enumerate()
            .all(|(ahead, keyword)| self.tokens.get(self.at + ahead).is_some_and(|token| is_word(token, keyword)));
        self.at += if come { count } else { 0 };
        come
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let comes = self.sees_symbol(symbol);
        self.at += usize::from(comes);
        comes
    }

    pub(crate) fn expect(&mut self, keywords: &str) -> Result<(), Error> {
        if self.take(keywords) { Ok(()) } else { Err(self.unexpected(keywords)) }
    }

    pub(crate) fn expect_symbol(&mut self, symbol: &str) -> Result<(), Error> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(symbol)) }
    }

    /// A name, quoted or not. SQLite takes a string for one too.
    pub(crate) fn name(&mut self) -> Result<String, Error> {
        match self.peek() {
            Some(token) if matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String) => {
                let name = unquoted(token.text);
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.unexpected("a name")),
        }
    }

    /// Names in parentheses.
    pub(crate) fn names(&mut self) -> Result<Vec<String>, Error> {
        self.expect_symbol("(")?;
        let mut names = vec![self.name()?];
        while self.take_symbol(",") {
            names.push(self.name()?);
        }
        self.expect_symbol(")")?;
        Ok(names)
    }

    /// What stands in parentheses, whatever it is.
    pub(crate) fn parenthesised(&mut self) -> Result<Range<usize>, Error> {
        self.expect_symbol("(")?;
        let start = self.start();
        let mut end = start;
        let mut depth = 0_usize;
        loop {
            if self.sees_symbol("(") {
                depth += 1;
            } else if self.sees_symbol(")") {
                if depth == 0 {
                    self.at += 1;
                    return Ok(start..end.max(start));
                }
                depth -= 1;
            }
            end = self.next().ok_or_else(|| self.unexpected(")"))?.end();
        }
    }

    /// Sets aside what was read since the byte `start`: it belongs to the constraint and to none of its rules.
    pub(crate) fn set_aside(&mut self, start: usize) {
        let first = self.tokens[..self.at].iter().rposition(|token| token.start < start).map_or(0, |before| before + 1);
        self.aside.extend(self.tokens[first..self.at].iter().map(|token| token.text.to_ascii_uppercase()));
    }

    /// What was set aside since this was asked last.
    pub(crate) fn take_aside(&mut self) -> String {
        std::mem::take(&mut self.aside).join(" ")
    }

    /// Goes behind that byte.
    pub(crate) fn skip_to(&mut self, byte: usize) {
        while self.peek().is_some_and(|token| token.start < byte) {
            self.at += 1;
        }
    }

    pub(crate) fn unexpected(&self, wanted: &str) -> Error {
        let found = self.peek().map_or("the end", |token| token.text);
        Error::invalid(format!("{wanted} was expected and not {found}, at byte {}", self.start()))
    }
}

/// The name that an identifier stands for.
pub(crate) fn unquoted(text: &str) -> String {
    let mut characters = text.chars();
    let close = match characters.next() {
        Some('[') => ']',
        Some(quote @ ('"' | '`' | '\'')) => quote,
        _ => return text.to_owned(),
    };
    let inner = characters.as_str();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    if close == ']' { inner.to_owned() } else { inner.replace(&format!("{close}{close}"), &close.to_string()) }
}

fn is_word(token: &Token<'_>, keyword: &str) -> bool {
    token.kind == TokenKind::Word && token.text.eq_ignore_ascii_case(keyword)
}
