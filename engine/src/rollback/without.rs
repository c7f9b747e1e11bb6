//! What would stand at a path if some of the patches that changed it had never been applied.
//!
//! The rows of a path are followed from the first one that goes. A later patch's row stays, laid over what is then there: as it
//! is where nothing has become different, else as a three-way merge of its change with what the patches that go did not do.
//! What it found and left is then another thing than its row says, so the row is written anew.

use crate::site::change::{Change, State};
use crate::site::disk::Owner;
use patchwright_hooks_api::{Error, Sha256, SitePath};
use patchwright_merge::{Merged, merge};

/// One row of the path in the ledger.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The run whose row it is.
    pub run: String,
    /// Its number there.
    pub number: i64,
    /// What it did.
    pub change: Change,
    /// Whether its patch is one of those that go.
    pub goes: bool,
}

/// What stands at a path, and where its bytes are if it is a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Held {
    pub state: State,
    pub bytes: Source,
}

/// Where bytes are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// In this file of the state folder, which is dressed for that state.
    Slot(SitePath, State),
    /// Somewhere among the pristine copies.
    Store,
    /// Here.
    Given(Vec<u8>),
}

/// What a path comes to without the patches that go.
#[derive(Debug)]
pub(super) struct Without {
    /// What the last row left.
    pub left: State,
    /// The slot of the last row.
    pub slot: SitePath,
    /// What would stand there.
    pub target: Held,
    /// The rows that are to be written anew.
    pub rewritten: Vec<Rewritten>,
}

/// A row that is to say something else.
#[derive(Clone, Debug)]
pub(super) struct Rewritten {
    pub run: String,
    pub number: i64,
    /// What its patch would have found.
    pub before: Held,
    /// What it would have left.
    pub after: Held,
}

impl Rewritten {
    /// Whether bytes are kept for the way back of its patch: another mode needs none.
    pub(super) fn keeps_bytes(&self) -> bool {
        matches!(self.before.state, State::File { .. }) && !self.before.state.same_content(&self.after.state)
    }
}

/// What is asked about bytes.
pub(super) trait Texts {
    /// The bytes with this sum that stood at the path once, if the site has them.
    fn find(&self, sum: Sha256) -> Result<Option<Vec<u8>>, Error>;

    /// Whether the run's patch brought these bytes along as a whole file, made for what it found.
    fn is_brought(&self, run: &str, sum: Sha256) -> Result<bool, Error>;
}

/// Follows the rows of a path, oldest first. Gives the run of a row that can't be without those that go, or nothing at all where
/// none of them goes.
pub(super) fn without(links: &[Link], texts: &dyn Texts) -> Result<Option<Result<Without, String>>, Error> {
    let Some(first) = links.iter().position(|link| link.goes) else { return Ok(None) };
    let links = &links[first..];
    let start = &links[0].change;
    let mut now = Held { state: start.before, bytes: Source::Slot(start.slot.clone(), start.before) };
    let mut rewritten = Vec::new();
    for link in links.iter().filter(|link| !link.goes) {
        let Some(after) = laid_over(&now, link, texts)? else { return Ok(Some(Err(link.run.clone()))) };
        if now.state != link.change.before {
            let (run, number) = (link.run.clone(), link.number);
            rewritten.push(Rewritten { run, number, before: now, after: after.clone() });
        }
        now = after;
    }
    let last = &links[links.len() - 1].change;
    Ok(Some(Ok(Without { left: last.after, slot: last.slot.clone(), target: now, rewritten })))
}

/// What a later row comes to, laid over what stands there without those that go; nothing where both don't go together.
fn laid_over(now: &Held, link: &Link, texts: &dyn Texts) -> Result<Option<Held>, Error> {
    let (base, mine, theirs) = (link.change.before, now.state, link.change.after);
    let (mode, owner) = if mine.kind() == theirs.kind() && base.kind() == theirs.kind() {
        (changed(base.mode(), theirs.mode(), mine.mode()), changed(owner(&base), owner(&theirs), owner(&mine)))
    } else {
        (None, None)
    };
    Ok(match side(&base, &mine, &theirs) {
        Side::Mine => Some(Held { state: dressed(mine, mode, owner), bytes: now.bytes.clone() }),
        Side::Theirs => Some(Held { state: dressed(theirs, mode, owner), bytes: Source::Store }),
        Side::Both => {
            let (Some(base), Some(mine), Some(theirs)) = (base.sha256(), mine.sha256(), theirs.sha256()) else {
                return Ok(None);
            };
            if texts.is_brought(&link.run, theirs)? {
                return Ok(None);
            }
            let mine = match &now.bytes {
                Source::Given(bytes) => Some(bytes.clone()),
                _ => texts.find(mine)?,
            };
            let (Some(base), Some(mine), Some(theirs)) = (texts.find(base)?, mine, texts.find(theirs)?) else {
                return Ok(None);
            };
            match merge(&base, &mine, &theirs) {
                Merged::Clean(clean) => {
                    let state = of_bytes(&clean.bytes, dressed(now.state, mode, owner));
                    Some(Held { state, bytes: Source::Given(clean.bytes) })
                }
                _ => None,
            }
        }
    })
}

/// Which of two changes of one thing is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Mine alone, or both are the same.
    Mine,
    /// Theirs alone.
    Theirs,
    /// Each another one.
    Both,
}

/// Which of two changes of the content is one.
pub(super) fn side(base: &State, mine: &State, theirs: &State) -> Side {
    if mine.same_content(theirs) || base.same_content(theirs) {
        Side::Mine
    } else if base.same_content(mine) {
        Side::Theirs
    } else {
        Side::Both
    }
}

/// `first`, if it was changed, else `second`: of two changes the first counts.
pub(super) fn changed<T: Copy + PartialEq>(base: T, first: T, second: T) -> T {
    if first == base { second } else { first }
}

/// Who owns what stands there.
pub(super) fn owner(state: &State) -> Option<Owner> {
    match *state {
        State::Absent => None,
        State::Directory { owner, .. } | State::File { owner, .. } => Some(owner),
    }
}

/// The same thing with these permission bits and this owner, where they are given.
pub(super) fn dressed(state: State, bits: Option<u32>, user: Option<Owner>) -> State {
    match state {
        State::Absent => State::Absent,
        State::Directory { mode, owner } => {
            State::Directory { mode: bits.unwrap_or(mode), owner: user.unwrap_or(owner) }
        }
        State::File { sha256, size, mode, owner } => {
            State::File { sha256, size, mode: bits.unwrap_or(mode), owner: user.unwrap_or(owner) }
        }
    }
}

/// A file of these bytes, dressed as `like`.
pub(super) fn of_bytes(bytes: &[u8], like: State) -> State {
    match like {
        State::File { mode, owner, .. } => {
            State::File { sha256: crate::site::tree::sha256_of(bytes), size: bytes.len() as u64, mode, owner }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tree::sha256_of;

    const TEXTS: [&str; 6] =
        ["1\n2\n3\n4\n", "P\n2\n3\n4\n", "P\n2\n3\nQ\n", "1\n2\n3\nQ\n", "whole\n", "P\nQ\n3\n4\n"];

    /// Knows these texts; a patch brought the fifth along whole.
    struct Known;

    impl Texts for Known {
        fn find(&self, sum: Sha256) -> Result<Option<Vec<u8>>, Error> {
            let known = TEXTS.iter().find(|text| sha256_of(text.as_bytes()) == sum);
            Ok(known.map(|text| text.as_bytes().to_vec()))
        }

        fn is_brought(&self, _: &str, sum: Sha256) -> Result<bool, Error> {
            Ok(sum == sha256_of(TEXTS[4].as_bytes()))
        }
    }

    /// A digit is a text with mode 644, one with an `x` behind it has 755; `-` is nothing, `d` a directory.
    fn state(name: &str) -> State {
        let (name, mode) = name.strip_suffix('x').map_or((name, 0o644), |name| (name, 0o755));
        match name {
            "-" => State::Absent,
            "d" => State::Directory { mode, owner: (0, 0) },
            digit => {
                let text = TEXTS[digit.parse::<usize>().unwrap()].as_bytes();
                of_bytes(text, State::File { sha256: sha256_of(text), size: 0, mode, owner: (0, 0) })
            }
        }
    }

    /// Rows such as `P:0>1`, where what begins with `P` goes.
    fn links(rows: &str) -> Vec<Link> {
        let link = |(number, row): (i64, &str)| {
            let (run, change) = row.split_once(':').unwrap();
            let (before, after) = change.split_once('>').unwrap();
            let slot = SitePath::new(&format!("kept/{run}/{number}")).unwrap();
            let change = Change { path: SitePath::new("a").unwrap(), before: state(before), after: state(after), slot };
            Link { run: run.to_owned(), number, change, goes: run.starts_with('P') }
        };
        (0..).zip(rows.split(' ')).map(link).collect()
    }

    #[test]
    fn a_path_comes_to_what_the_patches_that_stay_make_of_it_and_their_rows_say_so() {
        // D6: rows, then what the last left, what stands there without those that go, and the rows that are written anew.
        let table = "
            P:0>1                | 1  | 0  |
            P:->1                | 1  | -  |
            P:0>-                | -  | 0  |
            N:->0 P:0>1          | 1  | 0  |
            P:0>1 P2:1>5         | 5  | 0  |
            P:0>1 N:1>2          | 2  | 3  | N:0>3
            P:0>1 N:1>2 P2:2>-   | -  | 3  | N:0>3
            P:0>1 N:1>1x         | 1x | 0x | N:0>0x
            P:0>0x N:0x>3x       | 3x | 3  | N:0>3
            P:->d N:d>-          | -  | -  | N:->-
            P:d>- N:->d          | d  | d  | N:d>d
            P:0>- N:->0          | 0  | 0  | N:0>0
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let found = without(&links(cells[0]), &Known).unwrap().unwrap().unwrap();
            assert_eq!(found.left, state(cells[1]), "{row}");
            assert_eq!(found.target.state, state(cells[2]), "{row}");
            let rewritten: Vec<_> =
                found.rewritten.iter().map(|row| (row.run.clone(), row.before.state, row.after.state)).collect();
            let expected: Vec<_> = cells[3].split_whitespace().flat_map(links).collect();
            let expected: Vec<_> =
                expected.into_iter().map(|link| (link.run, link.change.before, link.change.after)).collect();
            assert_eq!(rewritten, expected, "{row}");
        }
    }

    #[test]
    fn a_later_change_that_can_not_be_without_them_is_named() {
        // D6: the same lines, a whole file made for what they left, a file that they added and that was changed or removed further.
        for rows in ["P:0>1 N:1>5", "P:0>1 N:1>4", "P:->1 N:1>2", "P:0>1 N:1>-", "P:0>- N:->2", "P:0>d N:d>2"] {
            assert_eq!(without(&links(rows), &Known).unwrap().unwrap().err().as_deref(), Some("N"), "{rows}");
        }
    }

    #[test]
    fn a_path_that_none_of_them_touched_is_not_asked_about() {
        assert!(without(&links("N:0>1"), &Known).unwrap().is_none());
    }
}
