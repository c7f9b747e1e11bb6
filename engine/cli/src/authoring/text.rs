//! Finds the few edits that turn one text into another, each of which says for itself where it belongs.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use patchwright_step_text::edit::{Change, edit};
use similar::{DiffTag, TextDiff};

use super::manifest::{edit_element, is_xml};

/// The largest text that is compared, in bytes.
const MAX_TEXT_BYTES: usize = 256 << 10;
/// The longest text that is compared, in lines; the time that a comparison takes may grow with their square.
const MAX_TEXT_LINES: usize = 10_000;
/// How many edits a file may need; one that needs more is better replaced.
const MAX_EDITS: usize = 100;
/// How many lines an edit may take along on either side to become unique; one that needs more is no small edit.
const MAX_CONTEXT_LINES: usize = 12;

/// The edits that turn `old` into `new`, in order, if there are such that take less room than `new` itself.
///
/// Each has just so many lines around the change that its chunk occurs once in the file as the edits before it leave it.
/// What is returned was tried: the step that sites run gives `new`, byte for byte.
pub(super) fn edits(old: &[u8], new: &[u8]) -> Option<Vec<Change>> {
    let edits = line_edits(editable(old)?, editable(new)?)?;
    // The step reads line endings more freely than the comparison does, so what is unique here need not be so there.
    (edit(old, &edits).ok()? == new).then_some(edits)
}

fn line_edits(old: &str, new: &str) -> Option<Vec<Change>> {
    let mut room = new.len();
    let diff = TextDiff::from_lines(old, new);
    let old: Vec<&str> = diff.iter_old_slices().collect();
    let new: Vec<&str> = diff.iter_new_slices().collect();
    let hunks = hunks(&diff);
    if hunks.len() > MAX_EDITS {
        return None;
    }
    let mut edits = Vec::new();
    for (gone, come) in hunks {
        let current = [&new[..come.start], &old[gone.start..]].concat();
        let edit = unique_edit(&current, come.start..come.start + gone.len(), &new[come])?;
        room = room.checked_sub(edit_element(&edit).len())?;
        edits.push(edit);
    }
    Some(edits)
}

/// The file's bytes, unless it is too large to be compared.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let read = || match std::fs::metadata(path)?.len() > MAX_TEXT_BYTES as u64 {
        true => Ok(None),
        false => std::fs::read(path).map(Some),
    };
    read().with_context(|| format!("can't read {}", path.display()))
}

fn editable(bytes: &[u8]) -> Option<&str> {
    let text = str::from_utf8(bytes).ok()?;
    (text.lines().count() <= MAX_TEXT_LINES && is_xml(text)).then_some(text)
}

/// The lines that go and the lines that come in their place, change by change.
fn hunks(diff: &TextDiff<'_, '_, str>) -> Vec<(Range<usize>, Range<usize>)> {
    let mut hunks: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for (tag, gone, come) in diff.ops().iter().map(similar::DiffOp::as_tag_tuple) {
        match hunks.last_mut() {
            _ if tag == DiffTag::Equal => {}
            Some(last) if last.0.end == gone.start && last.1.end == come.start => {
                (last.0.end, last.1.end) = (gone.end, come.end);
            }
            _ => hunks.push((gone, come)),
        }
    }
    hunks
}

/// Replaces the lines `gone` of `current` by `come`, with as many lines around them as make the chunk unique.
fn unique_edit(current: &[&str], gone: Range<usize>, come: &[&str]) -> Option<Change> {
    let whole = current.concat();
    for context in 0..=MAX_CONTEXT_LINES {
        let before = &current[gone.start.saturating_sub(context)..gone.start];
        let after = &current[gone.end..current.len().min(gone.end + context)];
        let from = [before, &current[gone.clone()], after].concat().concat();
        // Readers may drop a chunk of white space alone.
        if !from.trim().is_empty() && whole.matches(&from).count() == 1 {
            return Some(Change::once(from, [before, come, after].concat().concat()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text of numbered lines, long enough that edits are shorter than it.
    fn numbered(changed: &[(usize, &str)]) -> String {
        let line = |number| match changed.iter().find(|(at, _)| *at == number) {
            Some((_, text)) => (*text).to_owned(),
            None => format!("this is the line with the number {number};\n"),
        };
        (0..40).map(line).collect()
    }

    #[test]
    fn a_changed_line_is_replaced_without_its_neighbours() {
        let edits = edits(numbered(&[]).as_bytes(), numbered(&[(7, "seven\n")]).as_bytes()).unwrap();
        assert_eq!(edits, [Change::once("this is the line with the number 7;\n", "seven\n")]);
    }

    #[test]
    fn a_new_line_takes_its_neighbours_along() {
        let (seven, eight) = ("this is the line with the number 7;\n", "this is the line with the number 8;\n");
        let new = numbered(&[(7, &format!("{seven}new\n"))]);
        let edits = edits(numbered(&[]).as_bytes(), new.as_bytes()).unwrap();
        assert_eq!(edits, [Change::once(format!("{seven}{eight}"), format!("{seven}new\n{eight}"))]);
    }

    #[test]
    fn a_line_that_occurs_twice_takes_along_what_tells_it_apart() {
        let old = numbered(&[(7, "same\n"), (20, "same\n")]);
        let new = numbered(&[(7, "same\n"), (20, "other\n")]);
        let edits = edits(old.as_bytes(), new.as_bytes()).unwrap();
        assert_eq!(edits.len(), 1);
        assert!(edits[0].from.contains("number 19;\nsame\n"), "{edits:?}");
    }

    #[test]
    fn what_is_no_text_or_no_smaller_than_the_file_has_no_edits() {
        let long = numbered(&[]);
        for (old, new) in [
            (&b"\xff\n"[..], &b"a\n"[..]),
            (b"a\n", b"a\0\n"),
            (long.as_bytes(), b"all new\n"),
            (b"", b"first\n"),
            (b"a\n\x1b[0m\n", b"b\n\x1b[0m\n"),
        ] {
            assert_eq!(edits(old, new), None);
        }
    }

    fn texts() -> impl Strategy<Value = String> {
        let line = prop_oneof!["[ab<&]{0,3}", "common line of some length"];
        let end = prop_oneof![6 => Just("\n"), 1 => Just("\r\n")];
        let lines = proptest::collection::vec((line, end), 0..30);
        (lines, any::<bool>()).prop_map(|(lines, ended)| {
            let text: String = lines.into_iter().map(|(line, end)| line + end).collect();
            if ended { text } else { text.trim_end().to_owned() }
        })
    }

    proptest! {
        #[test]
        fn edits_applied_in_order_give_the_new_text(old in texts(), new in texts()) {
            let Some(edits) = edits(old.as_bytes(), new.as_bytes()) else { return Ok(()) };
            let mut text = old;
            for Change { from, to, .. } in edits {
                prop_assert_eq!(text.matches(&from).count(), 1);
                text = text.replacen(&from, &to, 1);
            }
            prop_assert_eq!(text, new);
        }
    }
}
