//! The step `alter`: changes inside a text file of the site.

use patchwright_hooks_api::{
    Element, EntryKind, Error, ErrorKind, Finding, KnownSum, Level, Position, Sha256, SiteEditor, SitePath, SiteView,
    Step,
};
use patchwright_merge::{
    Clean, Decision, LOCAL_CHANGE, Labels, LocalChange, Merged, difference, merge, question_about,
};

use crate::edit::{Change, Count, EditError, edit};

/// The largest file that is altered, in bytes: it is held in memory, several times over.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// How much of a chunk's first line a message shows, in characters.
const MAX_EXCERPT_CHARS: usize = 60;

/// Makes changes inside a file, each of which must fit exactly (C25, C31, C51).
///
/// ```xml
/// <alter path="tools/create.php" md5="…">
///   <replace count="2"><from>old</from><to>new</to></replace>
///   <delete>gone</delete>
/// </alter>
/// ```
///
/// The text of `from`, `to` and `delete` is taken verbatim, blanks and line breaks at its ends included.
#[derive(Debug)]
pub(crate) struct Alter {
    path: SitePath,
    /// The sum of the file that the patch's author saw.
    original: Option<KnownSum>,
    changes: Vec<Change>,
    /// Where the chunk of each change stands.
    places: Vec<Position>,
    position: Position,
}

impl Alter {
    /// Reads `<alter>` with its changes.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        element.only(&["path", "md5", "was-sha256"], &["replace", "delete"])?;
        element.no_text()?;
        let (mut changes, mut places) = (Vec::new(), Vec::new());
        for child in element.children() {
            let (change, chunk) = if child.name == "replace" { replacement(child)? } else { deletion(child)? };
            if change.from.is_empty() {
                return Err(chunk
                    .error(format!("the chunk in <{}> is empty", chunk.name))
                    .hint("name what to look for"));
            }
            changes.push(change);
            places.push(chunk.text_position().clone());
        }
        if changes.is_empty() {
            return Err(element.error("<alter> changes nothing").hint("put <replace> or <delete> into it"));
        }
        let position = element.position.clone();
        Ok(Self { path: element.path("path")?, original: element.known_sum()?, changes, places, position })
    }

    /// What is to be done: a file as the patch's author saw it is altered, and about another the operator is asked.
    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.path;
        let Some(metadata) = site.metadata(path)? else {
            return Err(Error::conflict(format!("can't alter {path}: nothing stands there")));
        };
        if metadata.kind != EntryKind::File {
            return Err(Error::conflict(format!("can't alter {path}: it is {}, not a file", metadata.kind)));
        }
        if metadata.size > MAX_FILE_BYTES {
            let limit = MAX_FILE_BYTES / 1024 / 1024;
            return Err(Error::new(ErrorKind::Limit, format!("can't alter {path}: it is larger than {limit} MB")));
        }
        let mine = site.read(path)?;
        match self.original {
            Some(sum) if !site.has_sum(path, sum)? => self.settle(site, sum, &mine),
            _ => self.edited(&mine).map(Course::Go),
        }
    }

    /// What the operator says to a file that was changed locally (C45). As long as every chunk is found, the changes are made in
    /// it; else what they make of the vendor's file is merged with it, if the site keeps the vendor's file.
    fn settle(&self, site: &dyn SiteView, original: KnownSum, mine: &[u8]) -> Result<Course, Error> {
        let (path, patch) = (&self.path, &site.facts().patch);
        let base = site.stored(path, original)?;
        let theirs = base.as_deref().map(|base| self.edited(base)).transpose()?;
        let difference = base
            .as_ref()
            .map(|base| difference((&format!("{path} (as it was shipped)"), base), (&format!("{path} (yours)"), mine)));
        let merged = match (self.edited(mine), base.as_deref().zip(theirs.as_deref())) {
            (Ok(bytes), _) => {
                let mine = difference.as_ref().map_or(0, |difference| difference.places);
                Merged::Clean(Clean { bytes, mine, theirs: self.changes.len() })
            }
            (Err(_), Some((base, theirs))) => merge(base, mine, theirs),
            (Err(error), None) => return Err(error),
        };
        let beside = path.with_suffix(patch)?;
        let change = LocalChange {
            id: question_about(LOCAL_CHANGE, path),
            message: format!("{path} was changed locally"),
            take: theirs.as_ref().map(|_| {
                "put the vendor's file in place, with its changes; the old one is kept in the patch's backup".to_owned()
            }),
            keep: match theirs {
                Some(_) => {
                    format!("leave the file as it is and lay the vendor's beside it as {beside}, to be merged by hand")
                }
                None => "leave the file as it is, without the vendor's changes".to_owned(),
            },
            merged: Some(merged),
            labels: Labels { base: "as it was shipped", mine: "yours", theirs: patch },
            difference,
            takes_bytes: true,
        };
        let given = |sum: Sha256| site.stored(path, KnownSum::Sha256(sum));
        Ok(match change.decide(site.answer(&change.id).as_deref(), given)? {
            Decision::Take(message) => Course::Write(theirs.unwrap_or_default(), message),
            Decision::Keep(message) => match theirs {
                Some(theirs) if is_taken(&beside, &theirs, site)? => Course::Stop(
                    Finding::blocker(format!("{path} is kept, but {beside}, where the vendor's would lie, is taken"))
                        .hint(format!("rename or remove {beside}")),
                ),
                theirs => Course::Keep(theirs.map(|theirs| (beside, theirs)), message),
            },
            Decision::Write(bytes, message) => Course::Write(bytes, message),
            Decision::Ask(finding) | Decision::Stop(finding) => Course::Stop(finding),
        })
    }

    fn edited(&self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        edit(bytes, &self.changes).map_err(|error| self.misfit(&error))
    }

    fn follow(&self, course: Course, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match course {
            Course::Go(bytes) => site.write(&self.path, &bytes, None),
            Course::Write(bytes, message) => {
                site.log(Level::Info, &message);
                site.write(&self.path, &bytes, None)
            }
            Course::Keep(beside, message) => {
                site.log(Level::Warn, &message);
                beside.map_or(Ok(()), |(path, bytes)| site.write(&path, &bytes, None))
            }
            Course::Stop(finding) => Err(unanswered(finding)),
        }
    }

    fn misfit(&self, error: &EditError) -> Error {
        let excerpt = self.changes.get(error.change).map(|change| excerpt(&change.from)).unwrap_or_default();
        let place = self.places.get(error.change).unwrap_or(&self.position);
        let (path, number, count, fault) = (&self.path, error.change + 1, self.changes.len(), &error.fault);
        Error::conflict(format!("can't alter {path}: change {number} of {count}, {excerpt:?}: {fault}"))
            .hint(format!("{path} is not as the patch's author knew it: compare it with the vendor's"))
            .at(place)
    }
}

/// What a look at the file says is to be done. Checking reports it, applying follows it.
enum Course {
    /// The file becomes this.
    Go(Vec<u8>),
    /// The file becomes this, as the operator chose.
    Write(Vec<u8>, String),
    /// The file stays, as the operator chose; the vendor's is laid beside it, if it is known.
    Keep(Option<(SitePath, Vec<u8>)>, String),
    /// Nothing before the operator has answered, or nothing at all.
    Stop(Finding),
}

impl Step for Alter {
    fn summary(&self) -> String {
        let count = self.changes.len();
        format!("alter {} ({count} {})", self.path, if count == 1 { "change" } else { "changes" })
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let finding = match self.course(site) {
            Ok(Course::Go(_)) => return Ok(Vec::new()),
            Ok(Course::Write(_, message) | Course::Keep(_, message)) => Finding::notice(message),
            Ok(Course::Stop(finding)) => finding,
            Err(error) => error.into(),
        };
        Ok(vec![finding.at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let course = self.course(site.view());
        course.and_then(|course| self.follow(course, site)).map_err(|error| error.at(&self.position))
    }
}

/// Reads `<replace count?><from/><to/></replace>`; gives the element that holds the chunk, too.
fn replacement(element: &Element) -> Result<(Change, &Element), Error> {
    element.only(&["count"], &["from", "to"])?;
    element.no_text()?;
    let (Some(from), Some(to), 2) = (element.child("from"), element.child("to"), element.children().count()) else {
        return Err(element
            .error("<replace> needs one <from> and one <to>")
            .hint("to put nothing in its place, write <delete>"));
    };
    from.only(&[], &[])?;
    to.only(&[], &[])?;
    Ok((Change { from: from.text(), to: to.text(), count: count(element)? }, from))
}

/// Reads `<delete count?>chunk</delete>`.
fn deletion(element: &Element) -> Result<(Change, &Element), Error> {
    element.only(&["count"], &[])?;
    Ok((Change { from: element.text(), to: String::new(), count: count(element)? }, element))
}

fn count(element: &Element) -> Result<Count, Error> {
    Ok(element.parsed("count")?.unwrap_or_default())
}

/// The error of an alteration that is made although its check would not let it.
fn unanswered(finding: Finding) -> Error {
    let hint = finding.hint.or_else(|| Some("answer its question first".to_owned()));
    Error { hint, ..Error::conflict(finding.message) }
}

/// Whether something else than these bytes stands at the path.
fn is_taken(path: &SitePath, bytes: &[u8], site: &dyn SiteView) -> Result<bool, Error> {
    Ok(match site.metadata(path)? {
        None => false,
        Some(metadata) => metadata.kind != EntryKind::File || site.read(path)? != bytes,
    })
}

/// The first line of the chunk that is not blank, shortened.
fn excerpt(chunk: &str) -> String {
    let line = chunk.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
#[path = "alter_tests.rs"]
mod tests;
