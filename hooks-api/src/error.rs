//! The one error that crosses between the engine and its plugins: flat, so that it survives any boundary.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What went wrong, in a form that a front end can show and a boundary can carry.
///
/// The message names what failed and why; the hint says what to do next; the position says where in which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The class of fault, for callers that decide by it.
    pub kind: ErrorKind,
    /// What failed and why, without a final period.
    pub message: String,
    /// What to do next, if there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where in the patch (or another text) the fault stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// The classes of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not well formed: a manifest, a script, a statement.
    Invalid,
    /// Something that was asked for is not there.
    Missing,
    /// The site is not in the state that the patch expects.
    Conflict,
    /// It is not allowed, whatever the state: a path outside the root, a transaction statement in a patch.
    Refused,
    /// The plugin or the server can't do it.
    Unsupported,
    /// Somebody else is at work, and holds what is needed.
    Busy,
    /// A limit was reached: operations, size, time.
    Limit,
    /// The database refused or failed.
    Database,
    /// The disk refused or failed.
    Io,
    /// The operator asked to stop.
    Cancelled,
    /// A fault of this program or of a plugin.
    Internal,
}

/// A place in a text: the file's name in the patch, and 1-based line and column (in characters).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The file's name as the patch knows it, such as `patch.xml`; a large manifest has many places.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// The line of the text that it is in, where whoever found the fault had it at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Position {
    /// The longest line that is kept, in characters: a longer one was not written by hand.
    const MAX_TEXT_CHARS: usize = 240;

    /// A place in `file`.
    pub fn new(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self { file: file.into(), line, column, text: None }
    }

    /// Adds the line that the place is in. `source` is all of the file; a line that is too long to be shown is left out.
    #[must_use]
    pub fn in_source(mut self, source: &str) -> Self {
        let index = usize::try_from(self.line).unwrap_or(usize::MAX).saturating_sub(1);
        let line = source.lines().nth(index).filter(|line| line.chars().nth(Self::MAX_TEXT_CHARS).is_none());
        self.text = line.map(str::to_owned);
        self
    }

    /// The line that the place is in with a mark below it, as compilers show it, where the line is known. The mark is as long as the
    /// word that begins there, or follows the sign that does.
    pub fn excerpt(&self) -> Option<String> {
        // What a terminal would obey is not shown to one.
        let shown = |letter: char| if letter.is_control() && letter != '\t' { ' ' } else { letter };
        let line: String = self.text.as_ref()?.chars().map(shown).collect();
        let before = usize::try_from(self.column).ok()?.saturating_sub(1);
        let gap: String = line.chars().take(before).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
        let is_part = |letter: &char| letter.is_alphanumeric() || *letter == '_';
        let word = line.chars().skip(before + 1).take_while(is_part).count() + 1;
        let margin = " ".repeat(self.line.to_string().len());
        Some(format!("{margin} |\n{} | {line}\n{margin} | {gap}{}", self.line, "^".repeat(word)))
    }

    /// The place that `line` and `column` (both 1-based) of a text have, when that text itself begins at `self`.
    #[must_use]
    pub fn offset_by(&self, line: u32, column: u32) -> Self {
        let column = if line <= 1 { self.column + column.saturating_sub(1) } else { column };
        Self::new(self.file.clone(), self.line + line.saturating_sub(1), column)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, position: None }
    }

    /// The input is not well formed.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// Something that was asked for is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Missing, message)
    }

    /// The site is not in the state that the patch expects.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message)
    }

    /// Not allowed, whatever the state.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, message)
    }

    /// A second transaction on a connection that has one open.
    pub fn transaction_open() -> Self {
        Self::new(ErrorKind::Internal, "a transaction is open already on this connection")
    }

    /// The end of a transaction on a connection that has none open.
    pub fn no_transaction() -> Self {
        Self::new(ErrorKind::Internal, "there is no transaction to commit on this connection")
    }

    /// A statement with another number of values than it has placeholders.
    pub fn wrong_values(wanted: impl fmt::Display, given: impl fmt::Display) -> Self {
        Self::invalid(format!("the statement has {wanted} placeholders and {given} values"))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds where it stands, unless a more exact place is known already.
    #[must_use]
    pub fn at(mut self, position: &Position) -> Self {
        self.position.get_or_insert_with(|| position.clone());
        self
    }

    /// Adds the line of `source` to its place, if that is in `file`.
    #[must_use]
    pub fn in_source(mut self, file: &str, source: &str) -> Self {
        self.position = self.position.map(|place| if &*place.file == file { place.in_source(source) } else { place });
        self
    }

    /// Puts what was being done before the message: `context: message`.
    #[must_use]
    pub fn while_doing(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.position {
            Some(position) => write!(f, "{position}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_place_before_its_message() {
        let error =
            Error::invalid("unknown element <ad>").at(&Position::new("patch.xml", 3, 5)).hint("did you mean add");
        assert_eq!(error.to_string(), "patch.xml:3:5: unknown element <ad>");
    }

    #[test]
    fn the_first_position_is_kept_because_it_is_the_more_exact_one() {
        let inner = Position::new("upgrade.rhai", 7, 1);
        let error = Error::invalid("x").at(&inner).at(&Position::new("patch.xml", 1, 1));
        assert_eq!(error.position, Some(inner));
    }

    #[test]
    fn a_place_shows_the_line_that_it_is_in_with_a_mark_below_the_word() {
        let source = "fn upgrade() {\n\tfs::raed(\"ä\")\n}";
        let shown = |line, column| Position::new("upgrade.rhai", line, column).in_source(source).excerpt();
        assert_eq!(shown(2, 6).unwrap(), "  |\n2 | \tfs::raed(\"ä\")\n  | \t    ^^^^");
        assert_eq!(shown(3, 2).unwrap(), "  |\n3 | }\n  |  ^");
        assert_eq!(shown(9, 1), None);
        assert_eq!(Position::new("upgrade.rhai", 1, 1).excerpt(), None);
    }

    #[test]
    fn a_line_that_nobody_wrote_by_hand_is_not_shown_and_what_a_terminal_would_obey_is_not_sent_to_it() {
        let place = Position::new("upgrade.rhai", 1, 3);
        assert_eq!(place.clone().in_source(&"x".repeat(300)).text, None);
        assert_eq!(place.in_source("a \u{1b}[31mb").excerpt().unwrap(), "  |\n1 | a  [31mb\n  |   ^");
    }

    #[test]
    fn a_position_inside_an_embedded_text_counts_from_where_that_text_begins() {
        let start = Position::new("patch.xml", 10, 9);
        assert_eq!(start.offset_by(1, 4), Position::new("patch.xml", 10, 12));
        assert_eq!(start.offset_by(3, 4), Position::new("patch.xml", 12, 4));
    }
}
