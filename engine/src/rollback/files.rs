//! What a way back does to files: each path that the patches changed, held against what stands there now.

use super::chosen::{Chosen, dependent};
use super::standing::{Planned, Standing};
use super::without::{Link, Rewritten, Source, Texts, Without, without};
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
    /// What was found, each with the patch that goes.
    pub findings: Vec<(String, Finding)>,
}

/// The rows of the paths that the patches which go have changed, and of all others the runs of patches that stay.
struct Rows {
    links: BTreeMap<SitePath, Vec<Link>>,
    /// What the patches that stay left, by path.
    left: BTreeMap<SitePath, (String, State)>,
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
        let patch = chosen.going.iter().find(|row| row.run == last.run).map_or(last.run.as_str(), |row| &row.patch);
        let texts = PathTexts { context, ledger: &ledger, path };
        let mut found = |finding| files.findings.push((patch.to_owned(), finding));
        match (without(links, &texts)?, now) {
            (None, _) => {}
            (Some(Err(run)), _) => {
                let reason = format!("changed {path} further, as {patch} had left it");
                found(dependent(chosen.staying(&run), &reason));
            }
            // A link, say: no patch left that.
            (Some(Ok(_)), Err(error)) => found(Finding::from(error)),
            (Some(Ok(without)), Ok(now)) => files.settle(context, patch, path, now, without, &texts, answers)?,
        }
    }
    files.keep_what_is_not_empty(context.disk(), &rows)?;
    files.check_parents(context)?;
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
                left.insert(path.clone(), (patch.run.clone(), change.after));
            }
            links.entry(path).or_default().push(Link { run: patch.run.clone(), number, change, goes });
        }
    }
    links.retain(|_, links| links.iter().any(|link| link.goes));
    Ok(Rows { links, left })
}

impl Files {
    #[expect(clippy::too_many_arguments, reason = "all of it is about one path")]
    fn settle(
        &mut self,
        context: &Context<'_>,
        patch: &str,
        path: &SitePath,
        now: State,
        without: Without,
        texts: &PathTexts<'_>,
        answers: &Answers,
    ) -> Result<(), Error> {
        let beside = |path: &SitePath| context.tree.state(path);
        let read = || Ok(context.tree.read(path)?);
        let standing = Standing { path, patch, now, without: &without, beside: &beside, read: &read, texts, answers };
        let (mut planned, finding) = standing.settle()?;
        let mut lost = false;
        for planned in &mut planned {
            lost |= !texts.bring_to_hand(&planned.after, &mut planned.bytes)?;
        }
        let mut rewritten = without.rewritten;
        for row in &mut rewritten {
            let mut bytes = Some(row.before.bytes.clone());
            lost |= !texts.bring_to_hand(&row.before.state, &mut bytes)?;
            row.before.bytes = bytes.unwrap_or(Source::Store);
        }
        self.findings.extend(finding.map(|finding| (patch.to_owned(), finding)));
        if lost {
            let finding = Finding::blocker(format!("the old bytes of {path} are not in the state folder any more"))
                .hint("restore the file from a backup");
            self.findings.push((patch.to_owned(), finding));
        }
        self.planned.extend(planned);
        self.rewritten.extend(rewritten.into_iter().map(|row| (path.clone(), row)));
        Ok(())
    }

    /// Leaves directories that would not be empty: something local is in them, or a patch that stays put it there. That one
    /// then stands for the directory.
    fn keep_what_is_not_empty(&mut self, disk: &dyn Disk, rows: &Rows) -> Result<(), Error> {
        let gone = |planned: &&Planned| planned.after == State::Absent;
        let mut going: BTreeSet<SitePath> =
            self.planned.iter().filter(gone).map(|planned| planned.path.clone()).collect();
        let arriving: BTreeSet<SitePath> = self
            .planned
            .iter()
            .filter(|planned| planned.after.kind().is_some())
            .map(|planned| planned.path.clone())
            .collect();
        let directories: Vec<(SitePath, State)> = self
            .planned
            .iter()
            .filter(|planned| matches!(planned.before, State::Directory { .. }) && planned.after == State::Absent)
            .map(|planned| (planned.path.clone(), planned.before))
            .collect();
        for (directory, state) in directories.into_iter().rev() {
            let entries = disk.list(Area::Root, Some(&directory))?;
            let stays = |(name, _): &(String, _)| directory.join(name).is_ok_and(|path| !going.contains(&path));
            let arrives = arriving.iter().any(|path| path.parent().as_ref() == Some(&directory));
            let is_replaced = arriving.contains(&directory);
            if is_replaced || !(arrives || entries.iter().any(stays)) {
                continue;
            }
            going.remove(&directory);
            self.planned.retain(|planned| planned.path != directory);
            let is_there =
                |(path, (_, left)): &(&SitePath, &(String, State))| path.is_below(&directory) && left.kind().is_some();
            let heir = rows.left.iter().filter(is_there).map(|(_, (run, _))| run).min();
            match heir {
                Some(run) => self.inherited.push((run.clone(), directory, state)),
                None => {
                    self.findings.push((String::new(), Finding::notice(format!("{directory} stays: it is not empty"))));
                }
            }
        }
        Ok(())
    }

    /// Finds files that have no directory to come back to.
    fn check_parents(&mut self, context: &Context<'_>) -> Result<(), Error> {
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
                Finding::blocker(format!("the directory {parent} is not there, and files are to come back to it"));
            (String::new(), finding.hint(format!("mkdir {parent}")))
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
    fn bring_to_hand(&self, after: &State, bytes: &mut Option<Source>) -> Result<bool, Error> {
        let (Some(sum), Some(source)) = (after.sha256(), bytes.as_mut()) else { return Ok(true) };
        if let Source::Given(_) = source {
            return Ok(true);
        }
        if let Source::Slot(slot, _) = source {
            let (disk, slot) = (self.context.disk(), Place::state(slot));
            if disk.stat(&slot)?.is_some() && tree::sums(disk, &slot, false)?.sha256 == sum {
                return Ok(true);
            }
            *source = Source::Store;
        }
        Ok(self.find(sum)?.is_some())
    }
}
