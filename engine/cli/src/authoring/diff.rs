//! What differs between two releases: which files and directories come, change and go.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use patchwright_hooks_api::SitePath;
use walkdir::WalkDir;

use super::digest::{Digests, digests};
use super::manifest::is_xml;

/// The mode that a directory gets when nobody asks for one.
const USUAL_DIRECTORY_MODE: u32 = 0o755;
/// How many paths an error names: more help nobody.
const MAX_NAMED: usize = 20;

/// What differs between two trees; each list is sorted.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Files that go.
    pub(super) deleted: Vec<(SitePath, Digests)>,
    /// Directories that go, the deepest first.
    pub(super) deleted_directories: Vec<SitePath>,
    /// Directories that have to be named because no file brings them along as they are, with their modes.
    pub(super) added_directories: Vec<(SitePath, u32)>,
    /// Files that come.
    pub(super) added: Vec<(SitePath, Digests, u32)>,
    /// Files that change.
    pub(super) changed: Vec<Changed>,
    /// Directories that have other modes: a patch has no step for that.
    pub(super) other_modes: Vec<SitePath>,
}

/// A file that both trees have, with other bytes or another mode.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) path: SitePath,
    pub(super) old: Digests,
    pub(super) new: Digests,
    /// The old mode and the new one, if they differ.
    pub(super) modes: Option<(u32, u32)>,
}

/// Compares two trees.
pub(super) fn difference(old: &Path, new: &Path) -> Result<Difference> {
    let (old_tree, new_tree) = (tree(old)?, tree(new)?);
    let mut difference = Difference::default();
    for (path, node) in &old_tree {
        let stays = new_tree.get(path).is_some_and(|other| other.directory == node.directory);
        match (stays, node.directory) {
            (true, _) => {}
            (false, true) => difference.deleted_directories.push(path.clone()),
            (false, false) => difference.deleted.push((path.clone(), digests(&old.join(path.as_str()))?)),
        }
    }
    difference.deleted_directories.reverse();
    let occupied: BTreeSet<SitePath> = new_tree.keys().filter_map(SitePath::parent).collect();
    for (path, node) in &new_tree {
        let before = old_tree.get(path).filter(|other| other.directory == node.directory);
        match (before, node.directory) {
            (Some(before), true) if before.mode != node.mode => difference.other_modes.push(path.clone()),
            (Some(_), true) => {}
            (Some(before), false) => {
                let (old, new) = (digests(&old.join(path.as_str()))?, digests(&new.join(path.as_str()))?);
                let modes = (before.mode != node.mode).then_some((before.mode, node.mode));
                if old != new || modes.is_some() {
                    difference.changed.push(Changed { path: path.clone(), old, new, modes });
                }
            }
            (None, true) => {
                if node.mode != USUAL_DIRECTORY_MODE || !occupied.contains(path) {
                    difference.added_directories.push((path.clone(), node.mode));
                }
            }
            (None, false) => difference.added.push((path.clone(), digests(&new.join(path.as_str()))?, node.mode)),
        }
    }
    Ok(difference)
}

#[derive(Debug)]
struct Node {
    directory: bool,
    mode: u32,
}

/// Everything below `root`. What a patch can't carry is an error that names all of it at once.
fn tree(root: &Path) -> Result<BTreeMap<SitePath, Node>> {
    ensure!(root.is_dir(), "{} is not a directory", root.display());
    let mut tree = BTreeMap::new();
    let (mut special, mut badly_named) = (Vec::new(), Vec::new());
    for entry in WalkDir::new(root).min_depth(1).sort_by_file_name() {
        let entry = entry.with_context(|| format!("can't read the tree {}", root.display()))?;
        let shown = || entry.path().strip_prefix(root).unwrap_or(entry.path()).display().to_string();
        let kind = entry.file_type();
        if !kind.is_file() && !kind.is_dir() {
            special.push(shown());
            continue;
        }
        let Some(path) = site_path(root, entry.path()) else {
            badly_named.push(shown());
            continue;
        };
        let mode = entry.metadata()?.permissions().mode() & 0o777;
        tree.insert(path, Node { directory: kind.is_dir(), mode });
    }
    let root = root.display();
    if !special.is_empty() {
        bail!("a patch carries regular files and directories alone, but {root} holds {}", listed(&special));
    }
    if !badly_named.is_empty() {
        bail!("names in {root} can't be written in a patch: {}", listed(&badly_named));
    }
    Ok(tree)
}

/// The path as patches write it, if they can.
pub(super) fn site_path(root: &Path, path: &Path) -> Option<SitePath> {
    let text = path.strip_prefix(root).ok()?.to_str()?;
    SitePath::new(text).ok().filter(|path| is_xml(path.as_str()))
}

/// The first of the names, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_NAMED).map(|name| format!("{name:?}")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::testing::{Tree, planted};

    #[test]
    fn what_a_patch_cannot_carry_is_named_all_at_once() {
        let (old, new) = (planted(&Tree::new()), planted(&Tree::new()));
        for name in ["b", "a"] {
            std::os::unix::fs::symlink("/etc", new.path().join(name)).unwrap();
        }
        let error = difference(old.path(), new.path()).unwrap_err().to_string();
        assert!(error.ends_with("holds \"a\", \"b\""), "{error}");
    }

    #[test]
    fn names_that_no_patch_can_write_are_named_all_at_once() {
        let (old, new) = (planted(&Tree::new()), planted(&Tree::new()));
        for name in ["a\\b", "c\nd", "e\u{ffff}"] {
            std::fs::write(new.path().join(name), "").unwrap();
        }
        let error = difference(old.path(), new.path()).unwrap_err().to_string();
        assert!(error.contains("\"a\\\\b\", \"c\\nd\", \"e"), "{error}");
    }
}
