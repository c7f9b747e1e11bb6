//! The edit itself, as a pure function: bytes and changes in, bytes out. Nothing here knows of sites or manifests.
//!
//! - A chunk is literal text: `$1`, `\\` and `\$` mean themselves (C31).
//! - It must occur exactly as often as its [`Count`] says, counted from the front without overlaps.
//! - Changes are made in order, each on the result of the one before (C51).
//! - A line ending in a chunk fits any of `\n`, `\r\n` and `\r`. The file keeps its own; one that is put in takes the
//!   place of one that goes, or else is as most of the file's are.
//! - UTF-8, UTF-16 with a byte order mark, and single-byte files keep their encoding. In a file that is not UTF-8, a
//!   chunk is looked for as UTF-8 first and as Latin-1 then.
//! - Everything outside the chunks stays as it is, byte for byte: byte order mark, missing final line ending and all.

use std::fmt;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::str::FromStr;

use memchr::memmem;

use crate::document::{Document, newlines};

/// The largest result, in bytes: a short chunk that occurs everywhere and a long text in its place would otherwise
/// fill the memory.
pub const MAX_RESULT_BYTES: usize = 64 * 1024 * 1024;

/// How many of the lines at which a chunk was found an error names.
const MAX_LINES_NAMED: usize = 10;

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What must be found; not empty.
    pub from: String,
    /// What takes its place; empty deletes.
    pub to: String,
    /// How often it must be found.
    pub count: Count,
}

impl Change {
    /// Replaces a chunk that occurs exactly once.
    pub fn once(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), count: Count::default() }
    }
}

/// How often a chunk must be found. The default is once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// This often, no more and no less.
    Exactly(NonZeroUsize),
    /// At least once, and all of them are replaced.
    All,
}

impl Count {
    fn admits(self, found: usize) -> bool {
        match self {
            Self::Exactly(count) => found == count.get(),
            Self::All => found > 0,
        }
    }
}

impl Default for Count {
    fn default() -> Self {
        Self::Exactly(NonZeroUsize::MIN)
    }
}

impl FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse().map(Self::Exactly).map_err(|_| format!("{text:?} is neither a number from 1 nor all"))
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) if *count == NonZeroUsize::MIN => f.write_str("once"),
            Self::Exactly(count) => write!(f, "{count} times"),
            Self::All => f.write_str("at least once"),
        }
    }
}

/// Why an edit can't be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditError {
    /// Which change it is, from 0.
    pub change: usize,
    /// What is wrong with it.
    pub fault: EditFault,
}

/// What can be wrong with a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditFault {
    /// There is nothing to look for.
    EmptyChunk,
    /// The chunk was not found as often as it must be.
    Count {
        /// How often it must be found.
        expected: Count,
        /// The lines at which it was found, from 1, in the text as the changes before left it.
        lines: Vec<usize>,
    },
    /// The new text has characters that the file's encoding has not.
    NotEncodable,
    /// The result would be larger than [`MAX_RESULT_BYTES`].
    TooLarge,
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "change {}: {}", self.change + 1, self.fault)
    }
}

impl fmt::Display for EditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyChunk => f.write_str("its chunk is empty"),
            Self::Count { expected, lines } if lines.is_empty() => {
                write!(f, "its chunk must occur {expected} and was not found")
            }
            Self::Count { expected, lines } => {
                let named: Vec<_> = lines.iter().take(MAX_LINES_NAMED).map(ToString::to_string).collect();
                let more = if lines.len() > MAX_LINES_NAMED { " and more" } else { "" };
                let (found, named) = (lines.len(), named.join(", "));
                write!(f, "its chunk must occur {expected} and was found {found} times, at lines {named}{more}")
            }
            Self::NotEncodable => f.write_str("its new text has characters that the file's encoding can't hold"),
            Self::TooLarge => write!(f, "the result would be larger than {} MB", MAX_RESULT_BYTES / 1024 / 1024),
        }
    }
}

impl std::error::Error for EditError {}

/// Makes the changes, in order.
///
/// # Errors
/// At the first change that can't be made; then none is.
pub fn edit(bytes: &[u8], changes: &[Change]) -> Result<Vec<u8>, EditError> {
    let mut document = Document::new(bytes);
    for (at, change) in changes.iter().enumerate() {
        make(&mut document, change).map_err(|fault| EditError { change: at, fault })?;
    }
    Ok(document.into_bytes())
}

fn make(document: &mut Document, change: &Change) -> Result<(), EditFault> {
    if change.from.is_empty() {
        return Err(EditFault::EmptyChunk);
    }
    let text = document.text();
    let forms = document.forms_of(&change.from);
    let found = forms.into_iter().map(|form| (occurrences(text, &form.bytes), form));
    let Some((ranges, form)) = found.into_iter().find(|(ranges, _)| !ranges.is_empty()) else {
        return Err(EditFault::Count { expected: change.count, lines: Vec::new() });
    };
    if !change.count.admits(ranges.len()) {
        return Err(EditFault::Count { expected: change.count, lines: lines_of(text, &ranges) });
    }
    let with = form.encode(&change.to).ok_or(EditFault::NotEncodable)?;
    let removed = form.bytes.len().saturating_mul(ranges.len());
    let added = with.len().saturating_mul(ranges.len());
    if text.len().saturating_sub(removed).saturating_add(added) > MAX_RESULT_BYTES {
        return Err(EditFault::TooLarge);
    }
    document.replace(&ranges, &with);
    Ok(())
}

fn occurrences(text: &[u8], chunk: &[u8]) -> Vec<Range<usize>> {
    memmem::find_iter(text, chunk).map(|start| start..start + chunk.len()).collect()
}

fn lines_of(text: &[u8], ranges: &[Range<usize>]) -> Vec<usize> {
    let mut line = 1;
    let mut reached = 0;
    let mut lines = Vec::with_capacity(ranges.len());
    for range in ranges {
        line += newlines(&text[reached..range.start]);
        reached = range.start;
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn once(bytes: impl AsRef<[u8]>, from: &str, to: &str) -> Result<Vec<u8>, EditError> {
        edit(bytes.as_ref(), &[Change::once(from, to)])
    }

    fn counted(bytes: &str, from: &str, to: &str, count: &str) -> Result<String, EditError> {
        let change = Change { from: from.into(), to: to.into(), count: count.parse().unwrap() };
        edit(bytes.as_bytes(), &[change]).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn utf_16_le(text: &str) -> Vec<u8> {
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    }

    #[test]
    fn a_chunk_that_occurs_once_is_replaced() {
        // C25
        assert_eq!(once("a = 1;\nb = 2;\n", "b = 2;", "b = 3;").unwrap(), b"a = 1;\nb = 3;\n");
        assert_eq!(once("a = 1;\nb = 2;\n", "a = 1;\n", "").unwrap(), b"b = 2;\n");
    }

    #[test]
    fn a_chunk_that_does_not_occur_is_refused() {
        // C31
        let error = once("abc", "x", "y").unwrap_err();
        assert_eq!(error.to_string(), "change 1: its chunk must occur once and was not found");
    }

    #[test]
    fn a_chunk_that_occurs_twice_is_refused_with_the_lines_of_both() {
        // C31
        let error = once("x\n\nx\n", "x", "y").unwrap_err();
        assert_eq!(error.to_string(), "change 1: its chunk must occur once and was found 2 times, at lines 1, 3");
    }

    #[test]
    fn a_count_admits_exactly_that_many_and_all_admits_one_or_more() {
        assert_eq!(counted("x x", "x", "yy", "2").unwrap(), "yy yy");
        assert!(counted("x x x", "x", "y", "2").is_err());
        assert_eq!(counted("x x x", "x", "", "all").unwrap(), "  ");
        assert!(counted("abc", "x", "y", "all").is_err());
        assert!(["0", "-1", "", "some"].iter().all(|text| text.parse::<Count>().is_err()));
    }

    #[test]
    fn occurrences_are_counted_from_the_front_without_overlaps() {
        assert_eq!(counted("aaaa", "aa", "b", "2").unwrap(), "bb");
    }

    #[test]
    fn changes_are_made_in_order_each_on_the_result_of_the_one_before() {
        // C51
        let changes = [Change::once("one", "two"), Change::once("two", "three")];
        assert_eq!(edit(b"one", &changes).unwrap(), b"three");
        let error = edit(b"one two", &changes).unwrap_err();
        assert_eq!(error.change, 1);
    }

    #[test]
    fn what_other_tools_take_for_a_pattern_is_literal() {
        // C31
        for text in ["$1", "\\\\", "\\$", "$0", "\\1", ".*", "&", "(?i)a", "%s"] {
            let edited = once(format!("<{text}>"), text, &format!("{text}{text}")).unwrap();
            assert_eq!(edited, format!("<{text}{text}>").into_bytes());
        }
    }

    #[test]
    fn an_empty_chunk_is_refused() {
        // C29
        assert_eq!(once("abc", "", "x").unwrap_err().fault, EditFault::EmptyChunk);
    }

    #[test]
    fn a_chunk_fits_any_line_ending_and_the_file_keeps_its_own() {
        // C31
        for ending in ["\n", "\r\n", "\r"] {
            for chunk_ending in ["\n", "\r\n", "\r"] {
                let [file, from, to, expected] = ["a|b|c|", "a|b", "a|new|b|x", "a|new|b|x|c|"];
                let edited =
                    once(file.replace('|', ending), &from.replace('|', chunk_ending), &to.replace('|', chunk_ending));
                assert_eq!(edited.unwrap(), expected.replace('|', ending).into_bytes());
            }
        }
    }

    #[test]
    fn lines_of_a_chunk_that_stay_keep_their_endings_in_a_mixed_file() {
        assert_eq!(once("a\nb\r\nc\r\n", "a\nb", "a\nB").unwrap(), b"a\nB\r\nc\r\n");
    }

    #[test]
    fn a_byte_order_mark_and_a_missing_final_line_ending_are_kept() {
        // C31
        assert_eq!(once("\u{feff}a\nb", "b", "c").unwrap(), "\u{feff}a\nc".as_bytes());
    }

    #[test]
    fn a_latin_1_file_is_found_and_stays_latin_1() {
        // C31
        let file = b"caf\xe9 = 1; // \xfc\n";
        assert_eq!(once(file, "café = 1", "café = 'é'").unwrap(), b"caf\xe9 = '\xe9'; // \xfc\n");
        assert_eq!(once(file, "= 1", "= 'ä'").unwrap(), b"caf\xe9 = '\xe4'; // \xfc\n");
    }

    #[test]
    fn text_that_the_files_encoding_can_not_hold_is_refused() {
        assert_eq!(once(b"caf\xe9 1", "1", "文").unwrap_err().fault, EditFault::NotEncodable);
    }

    #[test]
    fn a_chunk_of_utf_8_is_found_in_a_file_with_a_stray_byte() {
        assert_eq!(once(b"caf\xc3\xa9 \xff", "café", "thé").unwrap(), b"th\xc3\xa9 \xff");
    }

    #[test]
    fn a_utf_16_file_stays_utf_16() {
        let edited = once(utf_16_le("a = 'é';\r\nb\r\n"), "'é';\n", "'文';\n\n").unwrap();
        assert_eq!(edited, utf_16_le("a = '文';\r\n\r\nb\r\n"));
    }

    #[test]
    fn a_chunk_of_a_megabyte_that_almost_fits_everywhere_is_found_at_once() {
        // C31
        let chunk = "ab".repeat(512 * 1024);
        assert!(once(format!("{chunk}a{chunk}"), &format!("{chunk}c"), "x").is_err());
        assert!(once(format!("{chunk}a{chunk}c"), &format!("{chunk}c"), "x").is_ok());
    }

    #[test]
    fn a_result_that_would_fill_the_memory_is_refused() {
        let error = counted(&"a".repeat(1024 * 1024), "a", &"b".repeat(1024 * 1024), "all").unwrap_err();
        assert_eq!(error.fault, EditFault::TooLarge);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_and_changes_never_panic(bytes: Vec<u8>, from: String, to: String, all: bool) {
            let count = if all { Count::All } else { Count::default() };
            let _ = edit(&bytes, &[Change { from, to, count }]);
        }

        #[test]
        fn what_stands_outside_the_chunk_is_kept(before: Vec<u8>, after: Vec<u8>, to: String) {
            let from = "<the chunk>";
            prop_assume!(!before.starts_with(&[0xFF, 0xFE]) && !before.starts_with(&[0xFE, 0xFF]));
            let file = [&before[..], from.as_bytes(), &after].concat();
            let Ok(edited) = once(&file, from, &to) else { return Ok(()) };
            prop_assert!(edited.starts_with(&before) && edited.ends_with(&after));
        }

        #[test]
        fn the_inverse_change_gives_the_file_back(
            before in "[a-c\n]{0,20}", after in "[a-c\n]{0,20}", from in "[d-f\n]{1,5}", to in "[g-i]|[g-i][g-i\n]{0,3}[g-i]",
            crlf: bool,
        ) {
            let ending = if crlf { "\r\n" } else { "\n" };
            let file = format!("{before}{from}{after}").replace('\n', ending).into_bytes();
            let Ok(edited) = once(&file, &from, &to) else { return Ok(()) };
            let Ok(back) = once(&edited, &to, &from) else { return Ok(()) };
            // With no ending left in the file nothing tells which it had.
            prop_assume!(edited.contains(&b'\n') || !crlf);
            prop_assert_eq!(back, file);
        }
    }
}
