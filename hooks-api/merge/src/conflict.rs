//! Changes that don't go together: shown with markers, and settled hunk by hunk.

/// Where the conflicts of a merge are, and all that is settled around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Settled(Vec<u8>),
    Open(Hunk),
}

/// One place that both sides have changed, each in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines that both had.
    pub base: Vec<u8>,
    /// What the local text made of them.
    pub mine: Vec<u8>,
    /// What the vendor's text made of them.
    pub theirs: Vec<u8>,
}

/// What is to stand in the place of a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The local lines.
    Mine,
    /// The vendor's lines.
    Theirs,
    /// The local lines, and the vendor's below them.
    Both,
}

/// What the three texts are called at the markers of a conflict.
#[derive(Clone, Copy, Debug)]
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
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    /// The text, if there is no conflict in it.
    pub(crate) fn settled(&self) -> Option<Vec<u8>> {
        self.resolve(&[])
    }

    /// The conflicts, in the order of the text.
    pub fn hunks(&self) -> impl Iterator<Item = &Hunk> {
        self.parts.iter().filter_map(|part| match part {
            Part::Open(hunk) => Some(hunk),
            Part::Settled(_) => None,
        })
    }

    /// The text with a choice made for each hunk, in order; `None` unless there are as many choices as hunks.
    pub fn resolve(&self, choices: &[Choice]) -> Option<Vec<u8>> {
        let mut choices = choices.iter();
        let mut text = Vec::new();
        for part in &self.parts {
            match part {
                Part::Settled(bytes) => text.extend_from_slice(bytes),
                Part::Open(hunk) => match choices.next()? {
                    Choice::Mine => text.extend_from_slice(&hunk.mine),
                    Choice::Theirs => text.extend_from_slice(&hunk.theirs),
                    Choice::Both => {
                        text.extend_from_slice(&hunk.mine);
                        end_line(&mut text);
                        text.extend_from_slice(&hunk.theirs);
                    }
                },
            }
        }
        choices.next().is_none().then_some(text)
    }

    /// The text with markers around each hunk, for a person to finish in an editor; `None` where it is not UTF-8, which an editor
    /// might not leave as it is.
    pub fn draft(&self, labels: &Labels<'_>) -> Option<String> {
        let mut text = Vec::new();
        for part in &self.parts {
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
}

/// Whether a text still holds markers of a draft. The line between the sides is none: some texts underline a title so.
pub fn has_markers(text: &[u8]) -> bool {
    let is_marker = |line: &[u8], marker: &str| {
        line.strip_prefix(marker.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b' ' | b'\r')))
    };
    text.split(|&byte| byte == b'\n').any(|line| [MINE, BASE, THEIRS].iter().any(|marker| is_marker(line, marker)))
}

fn mark(text: &mut Vec<u8>, marker: &str, label: &str) {
    end_line(text);
    text.extend_from_slice(format!("{marker} {label}").trim_end().as_bytes());
    text.push(b'\n');
}

fn end_line(text: &mut Vec<u8>) {
    if text.last().is_some_and(|&last| last != b'\n') {
        text.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use crate::{Choice, Conflict, Labels, Merged, has_markers, merge};

    fn conflict() -> Conflict {
        match merge(b"a\nb\nc\nd\ne", b"a\nmine\nc\nd\nE", b"a\ntheirs\nc\nd\ne!") {
            Merged::Conflict(conflict) => conflict,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_hunk_is_settled_by_a_choice_and_the_rest_stays() {
        let conflict = conflict();
        assert_eq!(conflict.hunks().count(), 2);
        let text = |one, other| String::from_utf8(conflict.resolve(&[one, other]).unwrap()).unwrap();
        assert_eq!(text(Choice::Mine, Choice::Theirs), "a\nmine\nc\nd\ne!");
        assert_eq!(text(Choice::Theirs, Choice::Both), "a\ntheirs\nc\nd\nE\ne!");
    }

    #[test]
    fn as_many_choices_are_needed_as_there_are_hunks() {
        assert_eq!(conflict().resolve(&[Choice::Mine]), None);
        assert_eq!(conflict().resolve(&[Choice::Mine; 3]), None);
    }

    #[test]
    fn a_draft_shows_all_three_sides_between_markers() {
        let labels = Labels { base: "vendor, 1.0", mine: "yours", theirs: "vendor, 1.1" };
        let draft = conflict().draft(&labels).unwrap();
        let first = "a\n<<<<<<< yours\nmine\n||||||| vendor, 1.0\nb\n=======\ntheirs\n>>>>>>> vendor, 1.1\nc\nd\n";
        assert!(draft.starts_with(first), "{draft}");
        assert!(has_markers(draft.as_bytes()));
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
        assert_eq!(conflict.draft(&Labels { base: "", mine: "", theirs: "" }), None);
        assert_eq!(conflict.resolve(&[Choice::Both]).unwrap(), b"\xe8\n\xe0\n");
    }
}
