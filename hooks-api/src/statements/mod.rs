//! Splits SQL scripts into statements, exactly as the server's own client would, driven by a dialect's lexical rules.
//!
//! No SQL is parsed here. A script with a table-prefix placeholder goes through [`substitute()`] as a whole *before*
//! [`split`], because a placeholder such as `#__` looks like a comment.

mod body;
mod control;
mod error;
mod normal;
mod occurrences;
mod place;
mod position;
#[cfg(test)]
mod property_tests;
mod rules;
mod scan;
mod single;
mod substitute;
mod target;
#[cfg(test)]
mod tests;
mod touched;
mod words;

use std::ops::Range;

pub use control::transaction_control;
pub use error::{SplitError, SplitFault};
pub use normal::{NORMAL_VERSION, normalised};
pub use occurrences::occurrences;
pub use place::{line_and_column, only_place};
pub use rules::LexicalRules;
pub use scan::{Token, TokenKind};
pub use single::{check_readable, check_single, check_transaction_control, transaction_refused};
pub use substitute::substitute;
pub use target::{Target, target};
pub use touched::{Touched, touched};
pub use words::words;

use body::Body;
use position::Position;
use scan::{SEMICOLON, Scanner};

/// The longest argument of a `DELIMITER` command, as in the MySQL client; it keeps splitting linear.
pub const MAX_DELIMITER_BYTES: usize = 15;

/// What stands for the site's table prefix wherever a patch holds SQL (D14).
pub const PREFIX_PLACEHOLDER: &str = "{prefix}";

/// How many words [`first_keywords`] gives.
pub const MAX_FIRST_KEYWORDS: usize = 3;

/// One statement of a script and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The statement, without the delimiter after it and without the blanks and comments around it. Comments inside
    /// it and executable comments stay.
    pub text: &'a str,
    /// The byte of the script at which it begins, from 0.
    pub offset: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1.
    pub column: usize,
}

impl Piece<'_> {
    /// The bytes of the script that it takes. Between the ranges of neighbours lie only blanks, comments, delimiters
    /// and `DELIMITER` commands.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset + self.text.len()
    }
}

/// Splits `text` into its statements, in order; empty statements are left out.
///
/// # Errors
/// If a string, quoted identifier, comment, dollar quote or body begins and does not end, or a `DELIMITER` command
/// names none. Nothing of such a script may run: where its statements end is anybody's guess.
pub fn split<'a>(text: &'a str, rules: &LexicalRules) -> Result<Vec<Piece<'a>>, SplitError> {
    let mut scanner = Scanner::new(text, rules);
    let mut statement = Statement::new(rules);
    let mut pieces = Pieces { text, reached: Position::START, found: Vec::new() };
    while let Some(token) = scanner.next()? {
        if !token.is_content() {
            continue;
        }
        if token.kind == TokenKind::Delimiter && statement.body.open_since().is_none() {
            pieces.push(statement.range);
            statement = Statement::new(rules);
        } else if statement.range.is_none() && is_delimiter_command(&token, &scanner, rules) {
            scanner
                .read_delimiter(MAX_DELIMITER_BYTES)
                .ok_or_else(|| SplitError::new(text, SplitFault::BadDelimiter, token.start))?;
        } else {
            statement.extend(&token, scanner.delimiter());
        }
    }
    if let Some(begin) = statement.body.open_since() {
        return Err(SplitError::new(text, SplitFault::UnterminatedBody, begin));
    }
    pieces.push(statement.range);
    Ok(pieces.found)
}

/// The tokens of `text` but blanks and comments: what a dialect reads its own catalog's SQL by.
///
/// # Errors
/// If something in quotes, or a comment, begins and does not end.
pub fn tokens<'a>(text: &'a str, rules: &LexicalRules) -> Result<Vec<Token<'a>>, SplitError> {
    let mut scanner = Scanner::new(text, rules);
    let mut tokens = Vec::new();
    while let Some(token) = scanner.next()? {
        if token.is_content() {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

/// The bare words that `statement` begins with, in upper case, at most [`MAX_FIRST_KEYWORDS`]; comments are skipped
/// and anything else ends the list. Enough to recognise `BEGIN`, `COMMIT`, `SAVEPOINT`, `ATTACH`, `VACUUM` and the like.
pub fn first_keywords(statement: &str, rules: &LexicalRules) -> Vec<String> {
    let mut scanner = Scanner::new(statement, rules);
    let mut keywords = Vec::new();
    while keywords.len() < MAX_FIRST_KEYWORDS {
        let Ok(Some(token)) = scanner.next() else { break };
        match token.kind {
            TokenKind::Word => keywords.push(token.text.to_uppercase()),
            TokenKind::Blank | TokenKind::Comment | TokenKind::ExecutableOpen | TokenKind::ExecutableClose => {}
            _ => break,
        }
    }
    keywords
}

fn is_delimiter_command(token: &Token<'_>, scanner: &Scanner<'_, '_>, rules: &LexicalRules) -> bool {
    rules.delimiter_command
        && token.kind == TokenKind::Word
        && token.text.eq_ignore_ascii_case("DELIMITER")
        && scanner.stands_before_blank()
}

/// The statement that is being read.
struct Statement<'r> {
    range: Option<Range<usize>>,
    body: Body<'r>,
}

impl<'r> Statement<'r> {
    fn new(rules: &'r LexicalRules) -> Self {
        Self { range: None, body: Body::new(rules) }
    }

    fn extend(&mut self, token: &Token<'_>, delimiter: &str) {
        self.range.get_or_insert(token.start..token.start).end = token.end();
        // An author who set a delimiter says where statements end; no body is guessed then.
        if delimiter == SEMICOLON {
            self.body.see(token);
        }
    }
}

struct Pieces<'a> {
    text: &'a str,
    reached: Position,
    found: Vec<Piece<'a>>,
}

impl Pieces<'_> {
    fn push(&mut self, range: Option<Range<usize>>) {
        let Some(range) = range else { return };
        self.reached = self.reached.advanced(self.text, range.start);
        let Position { line, column, .. } = self.reached;
        self.found.push(Piece { offset: range.start, text: &self.text[range], line, column });
    }
}
