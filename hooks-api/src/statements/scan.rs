//! Cuts SQL text into tokens by a dialect's lexical rules: left to right, each byte once, without recursion.

use super::error::{SplitError, SplitFault};
use super::rules::LexicalRules;

/// Editors on Windows put it before the first character of a file, and files get concatenated; it is a blank.
pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// What ends a statement unless a `DELIMITER` command says otherwise.
pub(super) const SEMICOLON: &str = ";";

/// MySQL reads at most six digits of a version after `/*!`.
const MAX_VERSION_DIGITS: usize = 6;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A blank character.
    Blank,
    /// A comment.
    Comment,
    /// A string literal, dollar-quoted ones excepted.
    String,
    /// A dollar-quoted string.
    DollarQuoted,
    /// A name in quotes.
    QuotedIdentifier,
    /// A keyword, an identifier or a number.
    Word,
    /// `/*!` with its version; what follows up to `ExecutableClose` is lexed as content.
    ExecutableOpen,
    /// The end of such a comment.
    ExecutableClose,
    /// What ends a statement. Inside an executable comment the same text is a symbol.
    Delimiter,
    /// The placeholder that is searched for.
    Placeholder,
    /// Any other character.
    Symbol,
}

/// A piece of SQL that has no smaller pieces.
#[derive(Clone, Copy, Debug)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, quotes and all.
    pub text: &'a str,
    /// The byte at which it begins.
    pub start: usize,
}

impl Token<'_> {
    /// The byte behind it.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }

    pub(super) fn is_content(&self) -> bool {
        !matches!(self.kind, TokenKind::Blank | TokenKind::Comment)
    }
}

pub(super) struct Scanner<'a, 'r> {
    text: &'a str,
    rules: &'r LexicalRules,
    delimiter: &'a str,
    placeholder: Option<&'r str>,
    at: usize,
    executable_since: Option<usize>,
}

impl<'a, 'r> Scanner<'a, 'r> {
    pub(super) fn new(text: &'a str, rules: &'r LexicalRules) -> Self {
        Self { text, rules, delimiter: SEMICOLON, placeholder: None, at: 0, executable_since: None }
    }

    /// A scanner that also finds `placeholder` (never empty), even where it looks like the start of a comment.
    pub(super) fn with_placeholder(text: &'a str, rules: &'r LexicalRules, placeholder: &'r str) -> Self {
        Self { placeholder: Some(placeholder), ..Self::new(text, rules) }
    }

    /// The next token, or nothing at the end. After an error the scanner stands where the faulty token begins.
    pub(super) fn next(&mut self) -> Result<Option<Token<'a>>, SplitError> {
        let start = self.at;
        if start == self.text.len() {
            return match self.executable_since {
                Some(open) => Err(SplitError::new(self.text, SplitFault::UnterminatedComment, open)),
                None => Ok(None),
            };
        }
        let (kind, end) = self.token_at(start).map_err(|fault| SplitError::new(self.text, fault, start))?;
        match kind {
            TokenKind::ExecutableOpen => self.executable_since = Some(start),
            TokenKind::ExecutableClose => self.executable_since = None,
            _ => {}
        }
        self.at = end;
        Ok(Some(Token { kind, text: &self.text[start..end], start }))
    }

    /// What ends statements now.
    pub(super) fn delimiter(&self) -> &'a str {
        self.delimiter
    }

    /// Everything from the next token on.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Whether the word just read can be a command with an argument: a blank or the end follows.
    pub(super) fn stands_before_blank(&self) -> bool {
        self.rest().chars().next().is_none_or(is_blank)
    }

    /// Takes the rest of the line as the argument of a `DELIMITER` command; its first word is the new delimiter.
    /// None if there is none, or if it is longer than `limit` bytes.
    pub(super) fn read_delimiter(&mut self, limit: usize) -> Option<()> {
        let line = self.rest().split('\n').next().unwrap_or_default();
        self.at += line.len();
        self.delimiter = line.split(is_blank).find(|word| !word.is_empty()).filter(|word| word.len() <= limit)?;
        Some(())
    }

    fn token_at(&self, start: usize) -> Result<(TokenKind, usize), SplitFault> {
        let rest = &self.text[start..];
        let rules = self.rules;
        if let Some(placeholder) = self.placeholder.filter(|placeholder| rest.starts_with(placeholder)) {
            return Ok((TokenKind::Placeholder, start + placeholder.len()));
        }
        if self.executable_since.is_none() && rest.starts_with(self.delimiter) {
            return Ok((TokenKind::Delimiter, start + self.delimiter.len()));
        }
        let mut chars = rest.chars();
        let first = chars.next().unwrap_or_default();
        let second = chars.next();
        match first {
            c if is_blank(c) || c == BYTE_ORDER_MARK => Ok((TokenKind::Blank, start + c.len_utf8())),
            '\'' => self.quoted(start, rules.backslash_escapes, TokenKind::String),
            '"' if rules.double_quoted_strings => self.quoted(start, rules.backslash_escapes, TokenKind::String),
            '"' => self.quoted(start, false, TokenKind::QuotedIdentifier),
            '`' if rules.backtick_identifiers => self.quoted(start, false, TokenKind::QuotedIdentifier),
            '[' if rules.bracket_identifiers => {
                let length = rest.find(']').ok_or(SplitFault::UnterminatedIdentifier)?;
                Ok((TokenKind::QuotedIdentifier, start + length + 1))
            }
            'e' | 'E' if rules.e_strings && second == Some('\'') => self.quoted(start + 1, true, TokenKind::String),
            '-' if self.begins_dash_comment(rest) => Ok((TokenKind::Comment, self.line_end(start))),
            '#' if rules.hash_comments => Ok((TokenKind::Comment, self.line_end(start))),
            '/' if second == Some('*') => self.block_comment(start),
            '*' if second == Some('/') && self.executable_since.is_some() => {
                Ok((TokenKind::ExecutableClose, start + 2))
            }
            '$' if rules.dollar_quotes => self.dollar_quoted(start),
            c if is_word_start(c) || c.is_ascii_digit() => Ok((TokenKind::Word, self.word_end(start, c))),
            c => Ok((TokenKind::Symbol, start + c.len_utf8())),
        }
    }

    /// A doubled quote, and with `escapes` the character after a backslash, does not close.
    fn quoted(&self, open: usize, escapes: bool, kind: TokenKind) -> Result<(TokenKind, usize), SplitFault> {
        let bytes = self.text.as_bytes();
        let quote = bytes[open];
        let mut at = open + 1;
        while let Some(&byte) = bytes.get(at) {
            if escapes && byte == b'\\' {
                at += 2;
            } else if byte != quote {
                at += 1;
            } else if bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                return Ok((kind, at + 1));
            }
        }
        match kind {
            TokenKind::String => Err(SplitFault::UnterminatedString),
            _ => Err(SplitFault::UnterminatedIdentifier),
        }
    }

    fn begins_dash_comment(&self, rest: &str) -> bool {
        let Some(after) = rest.strip_prefix("--") else { return false };
        !self.rules.dash_comment_needs_blank || after.chars().next().is_none_or(|c| is_blank(c) || c.is_ascii_control())
    }

    fn line_end(&self, start: usize) -> usize {
        self.text[start..].find('\n').map_or(self.text.len(), |length| start + length)
    }

    fn block_comment(&self, start: usize) -> Result<(TokenKind, usize), SplitFault> {
        if self.rules.executable_comments && self.executable_since.is_none() {
            let rest = &self.text[start..];
            if let Some(after) = rest.strip_prefix("/*!").or_else(|| rest.strip_prefix("/*M!")) {
                let digits = after.bytes().take(MAX_VERSION_DIGITS).take_while(u8::is_ascii_digit).count();
                return Ok((TokenKind::ExecutableOpen, self.text.len() - after.len() + digits));
            }
        }
        let bytes = self.text.as_bytes();
        let mut depth = 1_usize;
        let mut at = start + 2;
        while let Some(&byte) = bytes.get(at) {
            match (byte, bytes.get(at + 1)) {
                (b'*', Some(b'/')) => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return Ok((TokenKind::Comment, at));
                    }
                }
                (b'/', Some(b'*')) if self.rules.nested_comments => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        Err(SplitFault::UnterminatedComment)
    }

    fn dollar_quoted(&self, start: usize) -> Result<(TokenKind, usize), SplitFault> {
        let Some(tag) = dollar_tag(&self.text[start..]) else { return Ok((TokenKind::Symbol, start + 1)) };
        let body = start + tag.len();
        let length = self.text[body..].find(tag).ok_or(SplitFault::UnterminatedDollarQuote)?;
        Ok((TokenKind::DollarQuoted, body + length + tag.len()))
    }

    /// A word ends before a delimiter (`END$$`) or a placeholder that can't be part of a word, too.
    fn word_end(&self, start: usize, first: char) -> usize {
        let dollars = !first.is_ascii_digit();
        let placeholder = self.placeholder.filter(|placeholder| !placeholder.starts_with(is_word_start));
        let stops = |rest: &str| {
            rest.starts_with(self.delimiter) || placeholder.is_some_and(|placeholder| rest.starts_with(placeholder))
        };
        self.text[start..]
            .char_indices()
            .map(|(at, c)| (start + at, c))
            .find(|&(at, c)| {
                !(is_word_start(c) || c.is_ascii_digit() || (dollars && c == '$'))
                    || (at > start && stops(&self.text[at..]))
            })
            .map_or(self.text.len(), |(at, _)| at)
    }
}

/// The `$tag$` that opens `text`; `$1` is a parameter.
pub(super) fn dollar_tag(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let end = name.find(|c: char| !(is_word_start(c) || c.is_ascii_digit()))?;
    let closes = name[end..].starts_with('$') && !name.starts_with(|c: char| c.is_ascii_digit());
    closes.then(|| &text[..end + 2])
}

/// The blanks of SQL. Other spaces of Unicode are letters to every server.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

pub(super) fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}
