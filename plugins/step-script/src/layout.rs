//! What edits that keep a text's layout have in common: the lines around a place, and the text's line ends.

use std::ops::Range;

/// The range, with the whole lines that would be blank without it: their indentation and line end. A range within a line stays
/// as it is.
pub(crate) fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let is_blank = |part: &str| part.chars().all(|character| matches!(character, ' ' | '\t' | '\r'));
    let begin = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let (end, behind) = match text[range.end..].find('\n') {
        Some(newline) => (range.end + newline, range.end + newline + 1),
        None => (text.len(), text.len()),
    };
    if is_blank(&text[begin..range.start]) && is_blank(&text[range.end..end]) { begin..behind } else { range }
}

/// What ends the text's lines: that of the first one.
pub(crate) fn line_end(text: &str) -> &'static str {
    match text.split_once('\n') {
        Some((line, _)) if line.ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The blanks that the line of this place begins with.
pub(crate) fn indentation(text: &str, at: usize) -> &str {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let length = text[line..].find(|character| !matches!(character, ' ' | '\t')).unwrap_or(text.len() - line);
    &text[line..line + length]
}
