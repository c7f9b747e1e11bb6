//! What the state of a path says: a table over what the patch's author saw there, what stands there now, and what comes.

use patchwright_hooks_api::EntryKind;

/// What is at a path, as far as the table needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// Nothing.
    Absent,
    /// A directory.
    Directory,
    /// A file with certain bytes.
    File,
    /// A symbolic link, socket, pipe or device, which no patch replaces or follows.
    Foreign(EntryKind),
}

/// What stands at a path, held against what was there and what comes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// What it is.
    pub(crate) thing: Thing,
    /// Whether it is, kind and bytes, what the patch's author saw.
    pub(crate) is_base: bool,
    /// Whether it is, kind and bytes, what comes.
    pub(crate) is_theirs: bool,
}

/// What is to be done about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// What the patch wants.
    Go,
    /// Nothing: it is as the patch wants it.
    Done,
    /// Nothing: the patch does not change what was changed locally.
    Untouched,
    /// The operator is asked about a file that was changed locally.
    Changed,
    /// The operator is asked about a file that was removed locally.
    Removed,
    /// The operator is asked about a file that stands where a new one comes.
    InTheWay,
    /// The patch can't be applied: something stands there that it would destroy or that leads elsewhere.
    Blocked(EntryKind),
}

/// The verdict on a path where the author saw `base` and wants `theirs`; `same` tells whether both have the same bytes.
pub(crate) fn verdict(base: Thing, found: Found, theirs: Thing, same: bool) -> Verdict {
    // First what the author saw: a release that changes the mode alone overwrites a file with its own content.
    if found.is_base {
        return Verdict::Go;
    }
    if found.is_theirs {
        return Verdict::Done;
    }
    match (found.thing, base, theirs) {
        (Thing::Foreign(kind), ..) => Verdict::Blocked(kind),
        (Thing::Directory, ..) => Verdict::Blocked(EntryKind::Directory),
        (Thing::File, Thing::Directory, _) | (Thing::File, _, Thing::Directory) => Verdict::Blocked(EntryKind::File),
        (Thing::Absent, _, Thing::Absent) => Verdict::Done,
        (Thing::Absent, Thing::Absent, _) => Verdict::Go,
        (Thing::Absent, ..) if same => Verdict::Untouched,
        (Thing::Absent, ..) => Verdict::Removed,
        (Thing::File, Thing::Absent, _) => Verdict::InTheWay,
        (Thing::File, ..) if same => Verdict::Untouched,
        (Thing::File, ..) => Verdict::Changed,
    }
}

/// Which permission bits a file gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModeVerdict {
    /// Those that it has.
    Keep,
    /// Those that the patch wants.
    Set(u32),
    /// The operator is asked: both have changed them.
    Changed(u32),
}

/// The verdict on the permission bits of a file that had `base` when the patch's author saw it, if he said so, has `mine`, and is
/// to get `theirs`, if the patch says anything of them.
pub(crate) fn mode_verdict(base: Option<u32>, mine: u32, theirs: Option<u32>) -> ModeVerdict {
    match theirs {
        None => ModeVerdict::Keep,
        Some(theirs) if theirs == mine || base == Some(theirs) => ModeVerdict::Keep,
        Some(theirs) if base.is_none_or(|base| base == mine) => ModeVerdict::Set(theirs),
        Some(theirs) => ModeVerdict::Changed(theirs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing, three files of different bytes, a directory, a link.
    const ALL: [&str; 6] = ["-", "A", "B", "C", "d", "l"];

    fn thing(name: &str) -> Thing {
        match name {
            "-" => Thing::Absent,
            "d" => Thing::Directory,
            "l" => Thing::Foreign(EntryKind::Link),
            _ => Thing::File,
        }
    }

    fn of(base: &str, mine: &str, theirs: &str) -> Verdict {
        let found = Found { thing: thing(mine), is_base: mine == base, is_theirs: mine == theirs };
        verdict(thing(base), found, thing(theirs), base == theirs)
    }

    #[test]
    fn every_state_of_a_path_has_its_verdict() {
        // A16, C44 to C50: base (as the author saw it), then for mine = - A B C d l what happens on the way to theirs.
        let table = "
            -  A   go        done      way       way       dir  link
            -  d   go        file      file      file      done link
            A  -   done      go        changed   changed   dir  link
            A  A   untouched go        untouched untouched dir  link
            A  B   removed   go        done      changed   dir  link
            d  -   done      file      file      file      go   link
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let cells: Vec<&str> = row.split_whitespace().collect();
            let (base, theirs) = (cells[0], cells[1]);
            for (mine, expected) in ALL.iter().zip(&cells[2..]) {
                let expected = match *expected {
                    "go" => Verdict::Go,
                    "done" => Verdict::Done,
                    "untouched" => Verdict::Untouched,
                    "changed" => Verdict::Changed,
                    "removed" => Verdict::Removed,
                    "way" => Verdict::InTheWay,
                    "dir" => Verdict::Blocked(EntryKind::Directory),
                    "file" => Verdict::Blocked(EntryKind::File),
                    "link" => Verdict::Blocked(EntryKind::Link),
                    other => panic!("{other}"),
                };
                assert_eq!(of(base, mine, theirs), expected, "{base} → {theirs}, and {mine} stands there");
            }
        }
    }

    #[test]
    fn nothing_local_is_ever_replaced_unasked() {
        for base in ALL {
            for mine in ALL {
                for theirs in ALL {
                    let is_local = mine != base && mine != theirs && mine != "-";
                    if is_local {
                        assert!(!matches!(of(base, mine, theirs), Verdict::Go), "{base} {mine} {theirs}");
                    }
                }
            }
        }
    }

    #[test]
    fn which_bytes_are_called_a_b_or_c_makes_no_difference() {
        let renamed = |name: &'static str| match name {
            "A" => "B",
            "B" => "C",
            "C" => "A",
            other => other,
        };
        for base in ALL {
            for mine in ALL {
                for theirs in ALL {
                    let other = of(renamed(base), renamed(mine), renamed(theirs));
                    assert_eq!(of(base, mine, theirs), other, "{base} {mine} {theirs}");
                }
            }
        }
    }

    #[test]
    fn permission_bits_that_were_changed_locally_are_kept_or_asked_about() {
        let (a, b, c) = (0o644, 0o755, 0o600);
        for (base, mine, theirs, expected) in [
            (None, a, None, ModeVerdict::Keep),
            (None, a, Some(b), ModeVerdict::Set(b)),
            (Some(a), a, Some(b), ModeVerdict::Set(b)),
            (Some(a), c, Some(a), ModeVerdict::Keep),
            (Some(a), b, Some(b), ModeVerdict::Keep),
            (Some(a), c, None, ModeVerdict::Keep),
            (Some(a), c, Some(b), ModeVerdict::Changed(b)),
        ] {
            assert_eq!(mode_verdict(base, mine, theirs), expected, "{base:?} {mine:o} {theirs:?}");
        }
    }
}
