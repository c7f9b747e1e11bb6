//! Why a script can't be split, and where.

use std::fmt;

use super::position::Position;

/// A script that can't be split: what is wrong and where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitError {
    /// What is wrong.
    pub fault: SplitFault,
    /// The byte at which it begins, from 0.
    pub offset: usize,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The column at which it begins, in characters from 1.
    pub column: usize,
}

impl SplitError {
    pub(super) fn new(text: &str, fault: SplitFault, offset: usize) -> Self {
        let Position { line, column, .. } = Position::START.advanced(text, offset);
        Self { fault, offset, line, column }
    }
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.fault)
    }
}

impl std::error::Error for SplitError {}

/// What can be wrong with a script before anything is known about its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitFault {
    /// A string literal has no closing quote.
    UnterminatedString,
    /// A quoted identifier has no closing quote.
    UnterminatedIdentifier,
    /// A block comment has no `*/`.
    UnterminatedComment,
    /// The tag of a dollar-quoted string does not come again.
    UnterminatedDollarQuote,
    /// A `BEGIN` that opened a body has no `END`, or the actions of a rule have no `)`.
    UnterminatedBody,
    /// A `DELIMITER` command names nothing, or more than [`super::MAX_DELIMITER_BYTES`].
    BadDelimiter,
}

impl fmt::Display for SplitFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnterminatedString => "a string literal begins here and its closing quote is missing",
            Self::UnterminatedIdentifier => "a quoted identifier begins here and its closing quote is missing",
            Self::UnterminatedComment => "a comment begins here and its '*/' is missing",
            Self::UnterminatedDollarQuote => "a dollar-quoted string begins here and its closing tag is missing",
            Self::UnterminatedBody => "a body of statements begins here and its end is missing",
            Self::BadDelimiter => "the DELIMITER command needs a delimiter of 1 to 15 bytes",
        })
    }
}
