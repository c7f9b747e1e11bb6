//! Changes that don't go together, settled hunk by hunk.

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

impl Conflict {
    pub(crate) fn new(parts: Vec<Part>) -> Self {
        Self { parts }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
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
                Part::Open(hunk) => text.extend(hunk.settled(*choices.next()?)),
            }
        }
        choices.next().is_none().then_some(text)
    }

    /// The conflict with a choice made for some hunks, in order; the others stay open.
    #[must_use]
    pub fn settle(&self, choices: &[Option<Choice>]) -> Self {
        let mut choices = choices.iter();
        let settled = |part: &Part| match part {
            Part::Open(hunk) => match choices.next().copied().flatten() {
                Some(choice) => Part::Settled(hunk.settled(choice)),
                None => part.clone(),
            },
            Part::Settled(_) => part.clone(),
        };
        Self { parts: self.parts.iter().map(settled).collect() }
    }
}

impl Hunk {
    /// What stands in its place once the choice is made.
    fn settled(&self, choice: Choice) -> Vec<u8> {
        match choice {
            Choice::Mine => self.mine.clone(),
            Choice::Theirs => self.theirs.clone(),
            Choice::Both => {
                let mut text = self.mine.clone();
                end_line(&mut text);
                text.extend_from_slice(&self.theirs);
                text
            }
        }
    }
}

/// Ends the last line, if it has no end.
pub(crate) fn end_line(text: &mut Vec<u8>) {
    if text.last().is_some_and(|&last| last != b'\n') {
        text.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use crate::{Choice, Conflict, Merged, merge};

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
}
