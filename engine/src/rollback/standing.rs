//! What is to be done about a path as it stands now: what the patches did is taken out of it, what was changed locally since stays
//! or is asked about (C44, C45).

use super::without::{Side, Source, Texts, Without, changed, dressed, of_bytes, owner, side};
use crate::operator::Answers;
use crate::site::change::State;
use crate::site::tree::Tree;
use patchwright_hooks_api::{Error, Finding, KnownSum, SitePath};
use patchwright_merge::{
    Decision, Difference, LOCAL_CHANGE, Labels, LocalChange, MAX_BYTES, Merged, difference, merge, question_about,
};

/// What becomes of a path.
#[derive(Debug)]
pub(super) struct Planned {
    pub path: SitePath,
    /// What stands there now.
    pub before: State,
    /// What is to stand there.
    pub after: State,
    /// Where its bytes are; nothing where none are needed.
    pub bytes: Option<Source>,
    /// Whether what stands there now is kept with the run: it is of a local hand.
    pub keeps: bool,
}

/// A path, and what is known of it.
pub(super) struct Standing<'a> {
    pub path: &'a SitePath,
    /// The patch that goes and changed it.
    pub patch: &'a str,
    /// What stands there now.
    pub now: State,
    /// What it comes to without the patches that go.
    pub without: &'a Without,
    /// The site's files.
    pub tree: &'a Tree,
    pub texts: &'a dyn Texts,
    pub answers: &'a Answers,
}

impl Standing<'_> {
    /// What becomes of the path, and what the operator is told or asked.
    pub(super) fn settle(&self) -> Result<(Vec<Planned>, Option<Finding>), Error> {
        let (left, target, now) = (self.without.left, &self.without.target, self.now);
        if now == left {
            return Ok((self.becoming(target.state, Some(target.bytes.clone()), false), None));
        }
        let same_kinds = left.kind() == now.kind() && target.state.kind() == now.kind();
        let (mode, user) = if same_kinds {
            let mode = changed(left.mode(), now.mode(), target.state.mode());
            (mode, changed(owner(&left), owner(&now), owner(&target.state)))
        } else {
            (None, None)
        };
        match side(&left, &now, &target.state) {
            Side::Mine => Ok((self.becoming(dressed(now, mode, user), None, false), None)),
            Side::Theirs => {
                Ok((self.becoming(dressed(target.state, mode, user), Some(target.bytes.clone()), false), None))
            }
            Side::Both => self.ask(dressed(target.state, mode, user)),
        }
    }

    /// The change that brings the path there, or two where a file and a directory change places.
    fn becoming(&self, after: State, bytes: Option<Source>, keeps: bool) -> Vec<Planned> {
        let (before, path) = (self.now, self.path);
        let bytes = bytes.filter(|_| !before.same_content(&after));
        let planned = |before, after, bytes| Planned { path: path.clone(), before, after, bytes, keeps };
        if before == after {
            Vec::new()
        } else if before.kind().is_some() && after.kind().is_some() && before.kind() != after.kind() {
            let out = Some(Source::Slot(self.without.slot.clone(), State::Absent));
            vec![planned(before, State::Absent, out), planned(State::Absent, after, bytes)]
        } else {
            vec![planned(before, after, bytes)]
        }
    }

    fn ask(&self, after: State) -> Result<(Vec<Planned>, Option<Finding>), Error> {
        let Self { path, patch, now, .. } = *self;
        if matches!(now, State::Directory { .. }) || matches!(after, State::Directory { .. }) {
            let finding =
                Finding::blocker(format!("{now} stands at {path}, where {patch} had left {}", self.without.left))
                    .hint("put it aside, take the patch back, and bring it back where it is wanted");
            return Ok((Vec::new(), Some(finding)));
        }
        let beside = (now.kind().is_some() && after.kind().is_some()).then(|| beside(path, patch)).transpose()?;
        let change = self.question(&after, beside.as_ref())?;
        let given = |sum| Ok(self.answers.content(KnownSum::Sha256(sum)).map(<[u8]>::to_vec));
        let (planned, finding) = match change.decide(self.answers.get(&change.id), given)? {
            Decision::Ask(finding) | Decision::Stop(finding) => (Vec::new(), finding),
            Decision::Take(told) => {
                (self.becoming(after, Some(self.without.target.bytes.clone()), true), Finding::notice(told))
            }
            Decision::Write(bytes, told) => {
                let written =
                    of_bytes(&bytes, if now.kind().is_some() { dressed(now, after.mode(), None) } else { after });
                (self.becoming(written, Some(Source::Given(bytes)), true), Finding::notice(told))
            }
            Decision::Keep(told) => match beside {
                Some(beside) if self.tree.state(&beside)? != State::Absent => {
                    let taken = format!("{path} is to be kept, but {beside}, where the old file would lie, is taken");
                    (Vec::new(), Finding::blocker(taken).hint("put that file aside first"))
                }
                Some(beside) => {
                    let bytes = Some(self.without.target.bytes.clone());
                    let laid = Planned { path: beside, before: State::Absent, after, bytes, keeps: false };
                    (vec![laid], Finding::notice(told))
                }
                None => (Vec::new(), Finding::notice(told)),
            },
        };
        Ok((planned, Some(finding)))
    }

    fn question(&self, after: &State, beside: Option<&SitePath>) -> Result<LocalChange<'_>, Error> {
        let Self { path, patch, now, without, texts, .. } = self;
        let fits = |state: &State| state.size() <= MAX_BYTES as u64;
        let find = |state: &State| match state.sha256() {
            Some(sum) if fits(state) => texts.find(sum),
            _ => Ok(None),
        };
        let base = find(&without.left)?;
        let mine = if now.kind().is_some() && fits(now) { Some(self.tree.read(path)?) } else { None };
        let theirs = match &without.target.bytes {
            Source::Given(bytes) => Some(bytes.clone()),
            _ => find(after)?,
        };
        let (is_there, comes) = (now.kind().is_some(), after.kind().is_some());
        let take = match (is_there, comes) {
            (_, false) => "remove it; your bytes are kept in the state folder",
            (true, true) => "put the file as it was before in its place; your bytes are kept in the state folder",
            (false, true) => "bring the file as it was before back",
        };
        let keep = match beside {
            Some(beside) => format!("leave yours as it is, and lay the file as it was before beside it, as {beside}"),
            None if is_there => "leave yours as it is".to_owned(),
            None => "leave it removed".to_owned(),
        };
        let how = if is_there { "changed" } else { "removed" };
        Ok(LocalChange {
            id: question_about(LOCAL_CHANGE, path),
            message: format!("{path} was {how} locally since {patch}"),
            take: Some(take.to_owned()),
            keep,
            merged: laid_together(base.as_deref(), mine.as_deref(), theirs.as_deref()),
            labels: Labels { base: patch, mine: "yours", theirs: "as it was before" },
            difference: self.difference(base.as_deref(), mine.as_deref()),
            takes_bytes: is_there && comes,
        })
    }

    fn difference(&self, base: Option<&[u8]>, mine: Option<&[u8]>) -> Option<Difference> {
        let (path, patch) = (self.path, self.patch);
        Some(difference((&format!("{path} ({patch})"), base?), (&format!("{path} (yours)"), mine?)))
    }
}

fn laid_together(base: Option<&[u8]>, mine: Option<&[u8]>, theirs: Option<&[u8]>) -> Option<Merged> {
    Some(merge(base?, mine?, theirs?))
}

/// Where the old file is laid if the local one is kept (C48).
fn beside(path: &SitePath, patch: &str) -> Result<SitePath, Error> {
    path.with_suffix(&format!("{patch}.old"))
}
