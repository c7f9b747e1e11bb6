//! The file that a step brings along: a member of the archive, held against what the manifest says of it.

use patchwright_hooks_api::{
    Element, EntryKind, Error, Finding, KnownSum, Level, Metadata, Payload, Sha256, SiteEditor, SitePath, SiteView,
};
use patchwright_merge::{EXISTS, LOCAL_CHANGE, MAX_BYTES};

use crate::local::{Course, Doubt, bytes_at, conflict, found};
use crate::verdict::{ModeVerdict, Thing, Verdict, mode_verdict, verdict};

/// Where payload lies in the archive unless the manifest says otherwise.
const PAYLOAD_FOLDER: &str = "files";

/// A member of the archive that goes to a path of the site.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) path: SitePath,
    payload: String,
    sha256: Sha256,
    size: u64,
    mode: Option<u32>,
    /// The permission bits that the patch's author saw, if he says so.
    was_mode: Option<u32>,
}

impl NewFile {
    /// Reads `path`, `payload`, `sha256`, `mode` and `was-mode`, and compares the sum with the archive's (A14, D15).
    pub(crate) fn parse(element: &Element, archive: &dyn Payload) -> Result<Self, Error> {
        let path = element.path("path")?;
        let payload =
            element.attribute("payload").map_or_else(|| format!("{PAYLOAD_FOLDER}/{path}"), ToOwned::to_owned);
        let Some(entry) = archive.entry(&payload) else {
            return Err(element
                .error(format!("the patch's archive has no member {payload} for {path}"))
                .hint("add it to the archive, or name another with the attribute payload"));
        };
        let sha256: Sha256 = element.required("sha256")?.parse().map_err(|error: Error| error.at(&element.position))?;
        if entry.sha256 != sha256 {
            return Err(element
                .error(format!("the archive's member {payload} has the SHA-256 sum {}, not {sha256}", entry.sha256))
                .hint("fetch the patch again; if that does not help, its vendor has to build it again"));
        }
        Ok(Self {
            path,
            payload,
            sha256,
            size: entry.size,
            mode: element.mode("mode")?,
            was_mode: element.mode("was-mode")?,
        })
    }

    /// Whether the file at the path has this content already.
    pub(crate) fn is_at(&self, path: &SitePath, metadata: Metadata, site: &dyn SiteView) -> Result<bool, Error> {
        let may_be_equal = metadata.kind == EntryKind::File && metadata.size == self.size;
        Ok(may_be_equal && site.sha256(path)? == self.sha256)
    }

    /// What is to be done at the path, where the patch's author saw `original` (`None`: nothing).
    pub(crate) fn course(&self, original: Option<KnownSum>, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.path;
        let metadata = site.metadata(path)?;
        let is_base = || original.map_or(Ok(false), |sum| site.has_sum(path, sum));
        let found = found(metadata, is_base, |metadata| self.is_at(path, metadata, site))?;
        let base = if original.is_some() { Thing::File } else { Thing::Absent };
        let same = original == Some(KnownSum::Sha256(self.sha256));
        let verb = if original.is_some() { "overwrite" } else { "add the file" };
        let course = match verdict(base, found, Thing::File, same) {
            Verdict::Go => Course::Go,
            Verdict::Done => Course::Done(format!("{path} has the content that comes already")),
            Verdict::Untouched => {
                Course::Done(format!("{path} was changed locally where the patch changes nothing: it stays"))
            }
            Verdict::Changed => self.settle(LOCAL_CHANGE, format!("{path} was changed locally"), original, site)?,
            Verdict::Removed => self.settle(LOCAL_CHANGE, format!("{path} was removed locally"), original, site)?,
            Verdict::InTheWay => {
                self.settle(EXISTS, format!("{path} exists already and is not the file that comes"), None, site)?
            }
            Verdict::Blocked(kind) => Course::Stop(
                Finding::blocker(format!("can't {verb} {path}: {kind} stands there"))
                    .hint("put it aside or remove it: a patch replaces files alone, and follows no link"),
            ),
        };
        self.with_mode(course, metadata, site)
    }

    /// What the operator says to a file that is in the way of this one.
    fn settle(
        &self,
        kind: &'static str,
        message: String,
        original: Option<KnownSum>,
        site: &dyn SiteView,
    ) -> Result<Course, Error> {
        let path = &self.path;
        let beside = path.with_suffix(&site.facts().patch)?;
        let mine = bytes_at(path, site)?;
        let base = match original.filter(|_| mine.is_some()) {
            Some(original) => site.stored(path, original)?,
            None => None,
        };
        let is_comparable = mine.is_some() && self.size <= MAX_BYTES as u64;
        let theirs = is_comparable.then(|| site.payload().read(&self.payload)).transpose()?;
        let (old, as_it_is) = match mine {
            Some(_) => ("; the old one is kept in the patch's backup", "leave the file as it is"),
            None => ("", "leave it away"),
        };
        let course = Doubt {
            path,
            kind,
            message,
            take: format!("put the new file in place{old}"),
            keep: format!("{as_it_is} and lay the new one beside it as {beside}, to be merged by hand"),
            base,
            mine,
            theirs,
        }
        .settle(site)?;
        if !matches!(course, Course::Keep(_)) {
            return Ok(course);
        }
        match site.metadata(&beside)? {
            Some(metadata) if !self.is_at(&beside, metadata, site)? => {
                let message = format!("{path} is kept, but {beside}, where the new file would lie, is taken");
                Ok(Course::Stop(Finding::blocker(message).hint(format!("rename or remove {beside}"))))
            }
            _ => Ok(course),
        }
    }

    /// The course, unless the permission bits are in doubt too: then that is asked once the bytes are settled.
    fn with_mode(&self, course: Course, metadata: Option<Metadata>, site: &dyn SiteView) -> Result<Course, Error> {
        if matches!(course, Course::Keep(_) | Course::Ask(_) | Course::Stop(_)) {
            return Ok(course);
        }
        Ok(match (self.mode(metadata, site)?, course) {
            (NewMode::Doubtful(doubt), _) => doubt,
            (NewMode::Settled(_), course) => course,
        })
    }

    /// The permission bits that the file gets.
    fn mode(&self, metadata: Option<Metadata>, site: &dyn SiteView) -> Result<NewMode, Error> {
        let Some(Metadata { kind: EntryKind::File, mode: mine, .. }) = metadata else {
            return Ok(NewMode::Settled(self.mode));
        };
        let theirs = match mode_verdict(self.was_mode, mine, self.mode) {
            ModeVerdict::Keep => return Ok(NewMode::Settled(None)),
            ModeVerdict::Set(theirs) => return Ok(NewMode::Settled(Some(theirs))),
            ModeVerdict::Changed(theirs) => theirs,
        };
        let path = &self.path;
        let course = Doubt {
            path,
            kind: "local-mode",
            message: format!("the permissions of {path} were changed locally to {mine:o}"),
            take: format!("set them to {theirs:o}, as the patch wants"),
            keep: format!("leave them at {mine:o}"),
            base: None,
            mine: None,
            theirs: None,
        }
        .settle(site)?;
        Ok(match course {
            Course::Take(_) => NewMode::Settled(Some(theirs)),
            Course::Keep(_) => NewMode::Settled(None),
            doubt => NewMode::Doubtful(doubt),
        })
    }

    /// Does what the course says.
    pub(crate) fn follow(&self, course: Course, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let mode = match self.mode(site.metadata(&self.path)?, site.view())? {
            NewMode::Settled(mode) => mode,
            // The course is about something else, then.
            NewMode::Doubtful(_) => None,
        };
        match course {
            Course::Go | Course::Take(_) => site.install(&self.payload, &self.path, mode),
            Course::Write(bytes, message) => {
                site.log(Level::Info, &message);
                site.write(&self.path, &bytes, mode)
            }
            Course::Done(message) => {
                site.log(Level::Info, &message);
                match mode {
                    Some(mode) if site.metadata(&self.path)?.is_some_and(|metadata| metadata.mode != mode) => {
                        site.set_mode(&self.path, mode)
                    }
                    _ => Ok(()),
                }
            }
            Course::Keep(_) => self.lay_beside(site),
            Course::Ask(finding) | Course::Stop(finding) => Err(conflict(finding)),
        }
    }

    /// Tells the operator too, since nobody else will ever merge the two (C50).
    fn lay_beside(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let beside = self.path.with_suffix(&site.facts().patch)?;
        site.install(&self.payload, &beside, self.mode)?;
        let path = &self.path;
        site.log(Level::Warn, &format!("{path} stays as it is, the new file is {beside}: merge them by hand"));
        Ok(())
    }
}

/// The permission bits that a file gets.
enum NewMode {
    /// These; `None`: those that it has, or what a new file gets.
    Settled(Option<u32>),
    /// The operator is asked first, or has said to stop.
    Doubtful(Course),
}
