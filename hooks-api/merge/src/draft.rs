//! A conflict as a text with markers, as git and diff3 write it: for a person to finish in an editor, and read back where only
//! the text has travelled.

use crate::conflict::{Conflict, Hunk, Part, end_line};

/// What the three texts are called at the markers of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// The text that both sides changed.
    pub base: &'a str,
    /// The local text.
    pub mine: &'a str,
    /// The vendor's text.
    pub theirs: &'a str,
}

const MINE: &str = "<<<<<<<";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const THEIRS: &str = ">>>>>>>";

impl Conflict {
    /// The text with markers around each hunk, for a person to finish in an editor; `None` where it is not UTF-8, which an editor
    /// might not leave as it is.
    pub fn draft(&self, labels: &Labels<'_>) -> Option<String> {
        let mut text = Vec::new();
        for part in self.parts() {
            match part {
                Part::Settled(bytes) => text.extend_from_slice(bytes),
                Part::Open(hunk) => {
                    let sides =
                        [(MINE, labels.mine, &hunk.mine), (BASE, labels.base, &hunk.base), (MIDDLE, "", &hunk.theirs)];
                    for (marker, label, lines) in sides {
                        mark(&mut text, marker, label);
                        text.extend_from_slice(lines);
                    }
                    mark(&mut text, THEIRS, labels.theirs);
                }
            }
        }
        String::from_utf8(text).ok()
    }

    /// The conflict that this draft was made of, and its labels: `None` where it holds none, or where markers of the texts' own stand
    /// among the draft's. A last line without an end has got one.
    pub fn of_draft(draft: &str) -> Option<(Self, Labels<'_>)> {
        let mut parts = vec![Part::Settled(Vec::new())];
        let mut labels: Option<Labels<'_>> = None;
        let mut lines = draft.split_inclusive('\n');
        while let Some(line) = lines.next() {
            match (label(line, MINE), parts.last_mut()) {
                (None, Some(Part::Settled(bytes))) => bytes.extend_from_slice(line.as_bytes()),
                (Some(mine), _) => {
                    let (own, base) = side(&mut lines, BASE)?;
                    let (before, _) = side(&mut lines, MIDDLE)?;
                    let (new, theirs) = side(&mut lines, THEIRS)?;
                    parts.push(Part::Open(Hunk { base: before, mine: own, theirs: new }));
                    parts.push(Part::Settled(Vec::new()));
                    labels = Some(Labels { base, mine, theirs });
                }
                (None, _) => return None,
            }
        }
        let (conflict, labels) = (Self::new(parts), labels?);
        (conflict.draft(&labels).as_deref() == Some(draft)).then_some((conflict, labels))
    }
}

/// Whether a text still holds markers of a draft. The line between the sides is none: some texts underline a title so.
pub fn has_markers(text: &[u8]) -> bool {
    let is_marker = |line: &[u8], marker: &str| {
        line.strip_prefix(marker.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r')))
    };
    text.split(|&byte| byte == b'\n').any(|line| [MINE, BASE, THEIRS].iter().any(|marker| is_marker(line, marker)))
}

/// The lines up to a marker, and its label.
fn side<'a>(lines: &mut impl Iterator<Item = &'a str>, marker: &str) -> Option<(Vec<u8>, &'a str)> {
    let mut text = Vec::new();
    for line in lines {
        if let Some(label) = label(line, marker) {
            return Some((text, label));
        }
        if [MINE, BASE, MIDDLE, THEIRS].iter().any(|other| label(line, other).is_some()) {
            return None;
        }
        text.extend_from_slice(line.as_bytes());
    }
    None
}

/// The label of a line that is this marker.
fn label<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    let rest = line.trim_end_matches(['\r', '\n']).strip_prefix(marker)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix(' ') }
}

fn mark(text: &mut Vec<u8>, marker: &str, label: &str) {
    end_line(text);
    text.extend_from_slice(format!("{marker} {label}").trim_end().as_bytes());
    text.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choice, Merged, merge};

    const LABELS: Labels<'_> = Labels { base: "vendor, 1.0", mine: "yours", theirs: "vendor, 1.1" };

    fn conflict() -> Conflict {
        match merge(b"a\nb\nc\nd\ne", b"a\nmine\nc\nd\nE", b"a\ntheirs\nc\nd\ne!") {
            Merged::Conflict(conflict) => conflict,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_draft_shows_all_three_sides_between_markers() {
        let draft = conflict().draft(&LABELS).unwrap();
        let first = "a\n<<<<<<< yours\nmine\n||||||| vendor, 1.0\nb\n=======\ntheirs\n>>>>>>> vendor, 1.1\nc\nd\n";
        assert!(draft.starts_with(first), "{draft}");
        assert!(has_markers(draft.as_bytes()));
    }

    #[test]
    fn a_draft_is_read_back_and_settled_in_part() {
        // C45
        let draft = conflict().draft(&LABELS).unwrap();
        let (read, labels) = Conflict::of_draft(&draft).unwrap();
        assert_eq!((read.hunks().count(), labels), (2, LABELS));
        let left = read.settle(&[Some(Choice::Theirs), None]);
        assert_eq!(left.hunks().count(), 1);
        assert!(left.draft(&labels).unwrap().starts_with("a\ntheirs\nc\nd\n<<<<<<< yours\nE\n"));
        assert_eq!(left.settle(&[Some(Choice::Mine)]).draft(&labels).unwrap(), "a\ntheirs\nc\nd\nE\n");
    }

    #[test]
    fn a_text_whose_own_lines_look_like_markers_is_not_read_back() {
        // A title that is underlined so stands in the conflict.
        let Merged::Conflict(conflict) = merge(b"a\n", b"Title\n=======\n", b"b\n") else { panic!() };
        assert_eq!(Conflict::of_draft(&conflict.draft(&LABELS).unwrap()), None);
        for draft in ["", "no conflict\n", "<<<<<<< yours\na\n", "<<<<<<< yours\n<<<<<<< yours\n"] {
            assert_eq!(Conflict::of_draft(draft), None, "{draft:?}");
        }
    }

    #[test]
    fn a_text_that_was_finished_holds_no_markers() {
        assert!(!has_markers(b"A title\n=======\n  <<<<<<< indented\n<<<<<<<<<< a box\n"));
        for left in ["<<<<<<< x", "a\n<<<<<<<", "a\r\n|||||||\r\nb", ">>>>>>> z\n"] {
            assert!(has_markers(left.as_bytes()), "{left:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_has_no_draft_and_can_be_settled_by_choices() {
        let Merged::Conflict(conflict) = merge(b"\xe9\n", b"\xe8\n", b"\xe0\n") else { panic!() };
        assert_eq!(conflict.draft(&LABELS), None);
        assert_eq!(conflict.resolve(&[Choice::Both]).unwrap(), b"\xe8\n\xe0\n");
    }
}
