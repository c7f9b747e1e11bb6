//! The file that a step brings along: a member of the archive, held against what the manifest says of it.

use patchwright_hooks_api::{
    Element, EntryKind, Error, Finding, Level, Metadata, Payload, Sha256, SiteEditor, SitePath, SiteView,
};

use crate::local::{Course, Doubt, conflict};

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
}

impl NewFile {
    /// Reads `path`, `payload`, `sha256` and `mode`, and compares the sum with the archive's (A14, D15).
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
        Ok(Self { path, payload, sha256, size: entry.size, mode: element.mode()? })
    }

    /// Whether the file at the path has this content already.
    pub(crate) fn is_at(&self, path: &SitePath, metadata: Metadata, site: &dyn SiteView) -> Result<bool, Error> {
        let may_be_equal = metadata.kind == EntryKind::File && metadata.size == self.size;
        Ok(may_be_equal && site.sha256(path)? == self.sha256)
    }

    /// What the operator says to a file that is in the way of this one.
    pub(crate) fn settle(&self, doubt: &Doubt, site: &dyn SiteView) -> Result<Course, Error> {
        let beside = self.path.with_suffix(&site.facts().patch)?;
        let take = "put the new file in place; the old one is kept in the patch's backup";
        let keep = format!("leave the file as it is and lay the new one beside it as {beside}, to be merged by hand");
        let course = doubt.settle(site, take, &keep);
        if !matches!(course, Course::Keep(_)) {
            return Ok(course);
        }
        match site.metadata(&beside)? {
            Some(metadata) if !self.is_at(&beside, metadata, site)? => {
                let message = format!("{} is kept, but {beside}, where the new file would lie, is taken", self.path);
                Ok(Course::Stop(Finding::blocker(message).hint(format!("rename or remove {beside}"))))
            }
            _ => Ok(course),
        }
    }

    /// Does what the course says.
    pub(crate) fn follow(&self, course: Course, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match course {
            Course::Go | Course::Take(_) => site.install(&self.payload, &self.path, self.mode),
            Course::Done(message) => {
                site.log(Level::Info, &message);
                self.settle_mode(site)
            }
            Course::Keep(_) => self.lay_beside(site),
            Course::Ask(finding) | Course::Stop(finding) => Err(conflict(finding)),
        }
    }

    fn settle_mode(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match (self.mode, site.metadata(&self.path)?) {
            (Some(mode), Some(metadata)) if metadata.mode != mode => site.set_mode(&self.path, mode),
            _ => Ok(()),
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
