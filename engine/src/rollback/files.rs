//! What a way back does to files: each path that the patches changed, held against what stands there now.

use super::Found;
use super::chosen::{Chosen, dependent};
use super::standing::{Planned, Standing};
use super::without::{Link, Rewritten, Source, Texts, without};
use crate::ledger::{FileRow, Ledger};
use crate::operator::Answers;
use crate::running::Context;
use crate::site::change::State;
use crate::site::disk::{Area, Disk, Place};
use crate::site::tree;
use patchwright_hooks_api::{Error, Finding, KnownSum, Sha256, SitePath};
use std::collections::{BTreeMap, BTreeSet};

/// What becomes of all paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// What becomes of each.
    pub planned: Vec<Planned>,
    /// The rows of patches that stay and are to say something else, by path.
    pub rewritten: Vec<(SitePath, Rewritten)>,
    /// Directories that a patch that stays needs from now on as if it had made them: its run, the path, what stands there.
    pub inherited: Vec<(String, SitePath, State)>,
    /// What was found.
    pub findings: Vec<Found>,
}

/// The rows of the paths that the patches which go have changed, and of all others the runs of patches that stay.
struct Rows {
    links: BTreeMap<SitePath, Vec<Link>>,
    /// What the patches that stay left, by path, and the first of them that changed it.
    left: BTreeMap<SitePath, Left>,
}

/// What patches that stay left at a path.
struct Left {
    /// The number, in the ledger, of the first of them, and its run.
    first: (i64, String),
    state: State,
}

/// Looks at all paths.
///
/// # Errors
/// When the ledger or the disk can't be read.
pub(super) fn look(context: &Context<'_>, chosen: &Chosen, answers: &Answers) -> Result<Files, Error> {
    let ledger = context.ledger();
    let rows = read_rows(&ledger, chosen)?;
    let paths: Vec<&SitePath> = rows.links.keys().collect();
    let states = context.tree.states(&paths);
    let mut files = Files::default();
    for ((path, links), now) in rows.links.iter().zip(states) {
        let Some(last) = links.iter().rfind(|link| link.goes) else { continue };
        let patch = chosen.patch_of(&last.run);
        let texts = PathTexts { context, ledger: &ledger, path };
        let mut found = |finding| files.findings.push(Found { patch: patch.to_owned(), finding });
        match (without(links, &texts)?, now) {
            (None, _) => {}
            (Some(Err(run)), _) => {
                let reason = format!("changed {path} further, as {patch} had left it");
                found(dependent(chosen.patch_of(&run), &reason));
            }
            // A link, say: no patch left that.
            (Some(Ok(_)), Err(error)) => found(Finding::from(error)),
            (Some(Ok(without)), Ok(now)) => {
                let tree = context.tree.as_ref();
                let standing = Standing { path, patch, now, without: &without, tree, texts: &texts, answers };
                files.settle(&standing, &texts)?;
            }
        }
    }
    files.keep_what_is_not_empty(context.disk(), &rows, chosen.oldest())?;
    files.check_parents(context, chosen.oldest())?;
    Ok(files)
}

fn read_rows(ledger: &Ledger<'_>, chosen: &Chosen) -> Result<Rows, Error> {
    let mut all: Vec<_> = chosen.going.iter().map(|row| (row, true)).collect();
    all.extend(chosen.staying.iter().map(|row| (row, false)));
    all.sort_by_key(|(row, _)| row.number);
    let (mut links, mut left) = (BTreeMap::<_, Vec<Link>>::new(), BTreeMap::new());
    for (patch, goes) in all {
        for FileRow { number, change } in ledger.files(&patch.run)? {
            let path = change.path.clone();
            if !goes {
                let known = left
                    .entry(path.clone())
                    .or_insert_with(|| Left { first: (patch.number, patch.run.clone()), state: change.after });
                known.state = change.after;
            }
            links.entry(path).or_default().push(Link { run: patch.run.clone(), number, change, goes });
        }
    }
    links.retain(|_, links| links.iter().any(|link| link.goes));
    Ok(Rows { links, left })
}

impl Rows {
    /// The run of the first patch that stays and has something below a directory.
    fn heir(&self, directory: &SitePath) -> Option<&str> {
        let below = self.left.iter().filter(|(path, left)| path.is_below(directory) && left.state.kind().is_some());
        below.map(|(_, left)| &left.first).min().map(|(_, run)| run.as_str())
    }
}

impl Files {
    /// The files of the state folder that what comes back is taken from.
    pub(super) fn slots(&self) -> impl Iterator<Item = &SitePath> {
        self.planned.iter().filter_map(|planned| match &planned.bytes {
            Some(Source::Slot(slot, _)) => Some(slot),
            _ => None,
        })
    }

    fn settle(&mut self, standing: &Standing<'_>, texts: &PathTexts<'_>) -> Result<(), Error> {
        let (path, patch) = (standing.path, standing.patch);
        let (mut planned, finding) = standing.settle()?;
        let mut rewritten = standing.without.rewritten.clone();
        let mut are_at_hand = true;
        for Planned { after, bytes, .. } in &mut planned {
            if let Some(bytes) = bytes {
                are_at_hand &= texts.bring_to_hand(after, bytes)?;
            }
        }
        for Rewritten { before, .. } in rewritten.iter_mut().filter(|row| row.keeps_bytes()) {
            are_at_hand &= texts.bring_to_hand(&before.state, &mut before.bytes)?;
        }
        let lost = (!are_at_hand).then(|| {
            Finding::blocker(format!("the old bytes of {path} are not in the state folder any more"))
                .hint("restore the file from a backup")
        });
        let findings = finding.into_iter().chain(lost);
        self.findings.extend(findings.map(|finding| Found { patch: patch.to_owned(), finding }));
        self.planned.extend(planned);
        self.rewritten.extend(rewritten.into_iter().map(|row| (path.clone(), row)));
        Ok(())
    }

    /// Leaves directories that would not be empty: something local is in them, or a patch that stays put it there. That one
    /// then stands for the directory.
    fn keep_what_is_not_empty(&mut self, disk: &dyn Disk, rows: &Rows, patch: &str) -> Result<(), Error> {
        let (going, arriving): (Vec<&Planned>, Vec<&Planned>) =
            self.planned.iter().partition(|planned| planned.after == State::Absent);
        let arriving: BTreeSet<SitePath> = arriving.into_iter().map(|planned| planned.path.clone()).collect();
        let mut going: BTreeMap<SitePath, State> =
            going.into_iter().map(|planned| (planned.path.clone(), planned.before)).collect();
        let is_directory = |(path, before): (&SitePath, &State)| {
            (matches!(before, State::Directory { .. }) && !arriving.contains(path)).then(|| path.clone())
        };
        let directories: Vec<SitePath> = going.iter().filter_map(is_directory).collect();
        // A path sorts after the directories above it: whether one stays is known before it is asked of the next above.
        for directory in directories.into_iter().rev() {
            let entries = disk.list(Area::Root, Some(&directory))?;
            let stays = |(name, _): &(String, _)| directory.join(name).is_ok_and(|path| !going.contains_key(&path));
            let arrives = || arriving.iter().any(|path| path.parent().as_ref() == Some(&directory));
            if !entries.iter().any(stays) && !arrives() {
                continue;
            }
            let Some(state) = going.remove(&directory) else { continue };
            self.planned.retain(|planned| planned.path != directory);
            match rows.heir(&directory) {
                Some(run) => self.inherited.push((run.to_owned(), directory, state)),
                None => {
                    let finding = Finding::notice(format!("{directory} stays: it is not empty"));
                    self.findings.push(Found { patch: patch.to_owned(), finding });
                }
            }
        }
        Ok(())
    }

    /// Finds files that have no directory to come back to.
    fn check_parents(&mut self, context: &Context<'_>, patch: &str) -> Result<(), Error> {
        let made: BTreeSet<&SitePath> = self
            .planned
            .iter()
            .filter(|planned| matches!(planned.after, State::Directory { .. }))
            .map(|planned| &planned.path)
            .collect();
        let mut missing = BTreeSet::new();
        for planned in self.planned.iter().filter(|planned| planned.before == State::Absent) {
            let Some(parent) = planned.path.parent() else { continue };
            if !made.contains(&parent) && !matches!(context.tree.state(&parent)?, State::Directory { .. }) {
                missing.insert(parent);
            }
        }
        self.findings.extend(missing.into_iter().map(|parent| {
            let finding =
                Finding::blocker(format!("the directory {parent} is not there, and files are to come back to it"))
                    .hint(format!("make the directory {parent} below the site's root again"));
            Found { patch: patch.to_owned(), finding }
        }));
        Ok(())
    }
}

/// The bytes that stood at one path.
struct PathTexts<'a> {
    context: &'a Context<'a>,
    ledger: &'a Ledger<'a>,
    path: &'a SitePath,
}

impl Texts for PathTexts<'_> {
    fn find(&self, sum: Sha256) -> Result<Option<Vec<u8>>, Error> {
        self.context.store.find(self.ledger, self.path, KnownSum::Sha256(sum))
    }

    fn is_brought(&self, run: &str, sum: Sha256) -> Result<bool, Error> {
        self.context.store.is_brought(run, sum)
    }
}

impl PathTexts<'_> {
    /// Makes sure that the bytes of what is to stand somewhere are where they are said to be, or elsewhere. Gives whether they are.
    fn bring_to_hand(&self, state: &State, bytes: &mut Source) -> Result<bool, Error> {
        let Some(sum) = state.sha256() else { return Ok(true) };
        match bytes {
            Source::Given(_) => return Ok(true),
            Source::Slot(slot, _) => {
                let (disk, slot) = (self.context.disk(), Place::state(slot));
                if disk.stat(&slot)?.is_some() && tree::sums(disk, &slot, false)?.sha256 == sum {
                    return Ok(true);
                }
                *bytes = Source::Store;
            }
            Source::Store => {}
        }
        Ok(self.find(sum)?.is_some())
    }
}
