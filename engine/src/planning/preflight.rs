//! What the engine itself checks before a patch may run, besides what its steps check: the disk and its permissions.
//!
//! All that is wrong is told at once, so that it can be mended in one go (C42).

use super::plan::{Effects, FileEffect};
use super::read_only::ReadOnly;
use crate::operator::Answers;
use crate::site::change::{OPEN_TO_OWNER, State};
use crate::site::disk::{Area, Disk, Owner, Place, Stat};
use patchwright_hooks_api::{EntryKind, Error, Finding, SitePath};
use std::collections::BTreeMap;

/// Bytes that a run wants free besides the new files: journal, ledger, directory blocks.
const SPARE_BYTES: u64 = 8 << 20;
/// How many paths a finding names before it counts the rest.
const NAMED_PATHS: usize = 20;

/// Directories (`None`: the root), and what each is.
pub(super) type Directories = BTreeMap<Option<SitePath>, Stat>;

/// Looks at the disk for what would keep these effects from coming about.
///
/// # Errors
/// When the disk can't be looked at.
pub(crate) fn check_disk(disk: &dyn Disk, effects: &Effects, answers: &Answers) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let directories = live_directories(disk, effects)?;
    findings.extend(ReadOnly::find(disk, effects, &directories)?.finding(disk.own_owner(), answers));
    findings.extend(closed_from_the_start(effects, disk.own_owner()));
    findings.extend(elsewhere(disk, &directories)?);
    findings.extend(other_owner(effects));
    findings.extend(too_full(disk, effects)?);
    Ok(findings)
}

/// Directories that the patch makes with a mode in which their owner can't put the patch's other files into them. Root can.
fn closed_from_the_start(effects: &Effects, (user, _): Owner) -> Option<Finding> {
    if user == 0 {
        return None;
    }
    let is_closed = |effect: &&FileEffect| match (effect.before, effect.after) {
        (State::Directory { .. }, _) => false,
        (_, State::Directory { mode, .. }) => mode & OPEN_TO_OWNER != OPEN_TO_OWNER,
        _ => false,
    };
    let holds_more = |effect: &&FileEffect| {
        effects.files.iter().any(|other| other.after != State::Absent && other.path.is_below(&effect.path))
    };
    let closed = effects.files.iter().filter(is_closed).filter(holds_more);
    let all: Vec<&str> = closed.map(|effect| effect.path.as_str()).collect();
    (!all.is_empty()).then(|| {
        Finding::blocker(format!("the patch puts files into {}, which it makes closed to their owner", some_of(&all)))
            .hint("run it as root, or ask the vendor for a patch that makes the directory with mode 755")
    })
}

/// Directories on another file system than the state folder: no rename leads there.
fn elsewhere(disk: &dyn Disk, directories: &Directories) -> Result<Option<Finding>, Error> {
    let home = disk.stat_folder(Area::State)?.device;
    let all: Vec<&str> = directories
        .iter()
        .filter(|(_, stat)| stat.device != home)
        .map(|(directory, _)| directory.as_ref().map_or("the site's root", SitePath::as_str))
        .collect();
    if all.is_empty() {
        return Ok(None);
    }
    Ok(Some(
        Finding::blocker(format!("{} lies on another file system than the state folder", some_of(&all)))
            .hint("files are switched by renaming them, which needs one file system for both"),
    ))
}

/// What is read-only among the paths that these effects change.
///
/// # Errors
/// When the disk can't be looked at.
pub(crate) fn find_read_only(disk: &dyn Disk, effects: &Effects) -> Result<ReadOnly, Error> {
    ReadOnly::find(disk, effects, &live_directories(disk, effects)?)
}

/// The nearest directories above the changed paths that are there now, and what each is.
fn live_directories(disk: &dyn Disk, effects: &Effects) -> Result<Directories, Error> {
    let mut directories = BTreeMap::new();
    for FileEffect { path, .. } in &effects.files {
        let mut above = path.parent();
        while !directories.contains_key(&above) {
            let Some(directory) = &above else { break };
            match disk.stat(&Place::root(directory))? {
                Some(stat) if stat.kind == EntryKind::Directory => {
                    directories.insert(above.clone(), stat);
                }
                // Nothing yet, or a file whose place a directory will take.
                _ => above = directory.parent(),
            }
        }
        if above.is_none() && !directories.contains_key(&None) {
            directories.insert(None, disk.stat_folder(Area::Root)?);
        }
    }
    Ok(directories)
}

fn other_owner(effects: &Effects) -> Option<Finding> {
    let changes_hands = |effect: &&FileEffect| match (effect.before, effect.after) {
        (State::File { owner: old, .. }, State::File { owner: new, .. }) => old != new,
        _ => false,
    };
    let all: Vec<&str> = effects.files.iter().filter(changes_hands).map(|effect| effect.path.as_str()).collect();
    (!all.is_empty()).then(|| {
        Finding::notice(format!("{} will belong to you, since only root may give files away", some_of(&all)))
            .hint("run the engine as the files' owner or as root to keep their owner")
    })
}

fn too_full(disk: &dyn Disk, effects: &Effects) -> Result<Option<Finding>, Error> {
    let new_bytes = effects.files.iter().map(|effect| effect.after.size());
    let (needed, free) = (new_bytes.sum::<u64>() + SPARE_BYTES, disk.free_bytes()?);
    Ok((needed > free).then(|| {
        Finding::blocker(format!(
            "the disk has {} MiB free, and the patch needs {} MiB",
            free >> 20,
            (needed >> 20) + 1
        ))
        .hint("make room on the site's file system")
    }))
}

/// The first of them, and how many there are besides.
pub(super) fn some_of(all: &[&str]) -> String {
    match all.split_at_checked(NAMED_PATHS) {
        Some((named, rest)) if !rest.is_empty() => format!("{} and {} more", named.join(", "), rest.len()),
        _ => all.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::site::Sum;

    fn effect(path: &str, after: State) -> FileEffect {
        FileEffect { path: SitePath::new(path).unwrap(), before: State::Absent, after }
    }

    fn directory(mode: u32) -> State {
        State::Directory { mode, owner: (1000, 1000) }
    }

    fn effects(files: Vec<FileEffect>) -> Effects {
        Effects { files, statements: 0, statements_sha256: Sum([0; 32]) }
    }

    #[test]
    fn files_in_a_new_directory_that_is_closed_to_its_owner_are_told_before_anything_is_staged() {
        // C42
        let file = State::File { sha256: Sum([0; 32]), size: 1, mode: 0o444, owner: (1000, 1000) };
        let closed = effects(vec![effect("lib", directory(0o555)), effect("lib/a.php", file)]);
        let finding = closed_from_the_start(&closed, (1000, 1000)).unwrap();
        assert!(finding.is_blocker() && finding.message.contains("lib"), "{}", finding.message);
        assert!(closed_from_the_start(&closed, (0, 0)).is_none(), "root may");
        for fine in
            [vec![effect("lib", directory(0o755)), effect("lib/a.php", file)], vec![effect("lib", directory(0o555))]]
        {
            assert!(closed_from_the_start(&effects(fine), (1000, 1000)).is_none());
        }
    }
}
