//! Files found by a pattern, below the root and through no link.
//!
//! The pattern steers the walk: every directory is read at most once, whatever the pattern, and only where a name in it can
//! still lead to a match.

use crate::call::Call;
use crate::limits;
use patchwright_hooks_api::{EntryKind, Error, ErrorKind, SitePath};
use rhai::{Array, Dynamic};
use std::collections::BTreeSet;

/// The longest pattern, in bytes.
const PATTERN_BYTES: usize = 1_000;
/// The part of a pattern that stands for any number of directories.
const ANY_DEPTH: &str = "**";

/// The paths of the files that match, sorted.
pub(super) fn glob(call: &Call<'_>) -> Result<Dynamic, Error> {
    let pattern = call.string(0)?;
    let parts = parts(call, &pattern)?;
    let mut found = Vec::new();
    let mut open = vec![(None, reached(&parts, BTreeSet::from([0])))];
    while let Some((directory, at)) = open.pop() {
        let listed: Option<SitePath> = directory.clone();
        for entry in call.run.look(move |site| site.list(listed.as_ref()))? {
            let next = reached(&parts, after(&parts, &at, entry.path.name()));
            match entry.metadata.kind {
                EntryKind::File if next.contains(&parts.len()) => found.push(entry.path),
                EntryKind::Directory if next.iter().any(|at| *at < parts.len()) => open.push((Some(entry.path), next)),
                _ => {}
            }
        }
        if found.len().max(open.len()) > limits::ARRAY_ELEMENTS {
            let message = format!("fs::glob: {pattern} leads to more than {} paths", limits::ARRAY_ELEMENTS);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        call.run.within_own_time()?;
    }
    found.sort();
    Ok(found.into_iter().map(|path| Dynamic::from(path.as_str().to_owned())).collect::<Array>().into())
}

/// The names and patterns between the slashes, each of which could be part of a path below the root.
fn parts<'p>(call: &Call<'_>, pattern: &'p str) -> Result<Vec<&'p str>, Error> {
    if pattern.len() > PATTERN_BYTES {
        let message = format!("fs::glob: a pattern has at most {PATTERN_BYTES} bytes");
        return Err(Error::new(ErrorKind::Limit, message));
    }
    SitePath::new(pattern).map_err(|error| error.while_doing(call.name()))?;
    let parts: Vec<&str> = pattern.split('/').collect();
    match parts.iter().find(|part| part.contains(ANY_DEPTH) && **part != ANY_DEPTH) {
        Some(part) => Err(call.error(format!("** stands alone between slashes, and not in {part:?}"))),
        None => Ok(parts),
    }
}

/// The places in the pattern that a name leads to from these.
fn after(parts: &[&str], at: &BTreeSet<usize>, name: &str) -> BTreeSet<usize> {
    let mut next = BTreeSet::new();
    for &at in at {
        match parts.get(at) {
            Some(&ANY_DEPTH) => {
                next.insert(at);
                // At the end of a pattern it stands for all that is in there.
                next.extend((at + 1 == parts.len()).then_some(at + 1));
            }
            Some(part) if matches(part, name) => next.extend([at + 1]),
            _ => {}
        }
    }
    next
}

/// These places, and those behind a `**`, which may stand for no directory at all.
fn reached(parts: &[&str], mut at: BTreeSet<usize>) -> BTreeSet<usize> {
    for (place, part) in parts.iter().enumerate() {
        if *part == ANY_DEPTH && place + 1 < parts.len() && at.contains(&place) {
            at.insert(place + 1);
        }
    }
    at
}

/// Whether a name is as the part has it: `*` stands for any characters, `?` for one. It goes back to the last `*` alone, so
/// its time is at most the product of both lengths.
fn matches(part: &str, name: &str) -> bool {
    let (part, name): (Vec<char>, Vec<char>) = (part.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while n < name.len() {
        match part.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((star_p, star_n)) = star else { return false };
                star = Some((star_p, star_n + 1));
                p = star_p + 1;
                n = star_n + 1;
            }
        }
    }
    part[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_a_question_mark_for_one() {
        for (part, name) in
            [("*", ""), ("*.php", "a.php"), ("a*b*c", "aXbYbc"), ("?.ä", "ö.ä"), ("a", "a"), ("**", "x")]
        {
            assert!(matches(part, name), "{part} {name}");
        }
        for (part, name) in [("*.php", "a.ph"), ("?", ""), ("a*b", "acb_"), ("", "a"), ("a", "")] {
            assert!(!matches(part, name), "{part} {name}");
        }
    }

    #[test]
    fn a_part_of_many_stars_takes_no_time() {
        assert!(!matches(&"*a".repeat(120), &"a".repeat(119)));
        assert!(!matches(&format!("{}b", "a*".repeat(120)), &"a".repeat(250)));
    }
}
