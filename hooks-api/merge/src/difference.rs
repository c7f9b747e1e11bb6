//! What was changed, to be read by a person.

use crate::{MAX_BYTES, is_binary};
use similar::{ChangeTag, DiffOp, DiffTag, TextDiff};
use std::time::Duration;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;
/// How long two texts are compared for the smallest difference; then a larger one is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was changed between two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A unified diff, or one sentence where the files are no texts.
    pub text: String,
    /// How many places were changed; 1 where the files are no texts.
    pub places: usize,
    /// How many lines came.
    pub added: usize,
    /// How many lines went.
    pub removed: usize,
}

/// The difference of two files, whose names stand at its head. Bytes that are not UTF-8 are shown as replacement characters.
pub fn difference((old_name, old): (&str, &[u8]), (new_name, new): (&str, &[u8])) -> Difference {
    if [old, new].iter().any(|bytes| bytes.len() > MAX_BYTES || is_binary(bytes)) {
        let text = format!("{old_name} ({} bytes) and {new_name} ({} bytes) differ\n", old.len(), new.len());
        return Difference { text, places: 1, added: 0, removed: 0 };
    }
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let lines = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let is_change = |operation: &&DiffOp| operation.tag() != DiffTag::Equal;
    Difference {
        places: diff.ops().iter().filter(is_change).count(),
        text: diff.unified_diff().context_radius(CONTEXT).header(old_name, new_name).to_string(),
        added: lines(ChangeTag::Insert),
        removed: lines(ChangeTag::Delete),
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn texts_are_compared_line_by_line() {
        let found = difference(("vendor's", b"a\nb\nc\n"), ("yours", b"a\nB\nc\nd\n"));
        assert_eq!(found.text, "--- vendor's\n+++ yours\n@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n");
        assert_eq!((found.places, found.added, found.removed), (2, 2, 1));
    }

    #[test]
    fn of_what_is_no_text_the_sizes_are_told() {
        let found = difference(("vendor's", b"\0"), ("yours", b"a\n"));
        assert_eq!(found.text, "vendor's (1 bytes) and yours (2 bytes) differ\n");
    }
}
