//! The step `alter`: changes inside a text file of the site.

use patchwright_hooks_api::{
    Element, EntryKind, Error, ErrorKind, Finding, Level, Md5, Position, SiteEditor, SitePath, SiteView, Step,
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
    md5: Option<Md5>,
    changes: Vec<Change>,
    /// Where the chunk of each change stands.
    places: Vec<Position>,
    position: Position,
}

/// What the changes make of the file.
struct Altered {
    bytes: Vec<u8>,
    changed_locally: bool,
}

impl Alter {
    /// Reads `<alter>` with its changes.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        element.only(&["path", "md5"], &["replace", "delete"])?;
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
        Ok(Self { path: element.path("path")?, md5: element.parsed("md5")?, changes, places, position })
    }

    fn altered(&self, site: &dyn SiteView) -> Result<Altered, Error> {
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
        let bytes = edit(&site.read(path)?, &self.changes).map_err(|error| self.misfit(&error))?;
        let changed_locally = match self.md5 {
            Some(md5) => site.md5(path)? != md5,
            None => false,
        };
        Ok(Altered { bytes, changed_locally })
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

impl Step for Alter {
    fn summary(&self) -> String {
        let count = self.changes.len();
        format!("alter {} ({count} {})", self.path, if count == 1 { "change" } else { "changes" })
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let finding = match self.altered(site) {
            Ok(Altered { changed_locally: false, .. }) => return Ok(Vec::new()),
            Ok(Altered { changed_locally: true, .. }) => {
                Finding::notice(format!("{} was changed locally, but every change still fits and is made", self.path))
            }
            Err(error) => error.into(),
        };
        Ok(vec![finding.at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let altered = self.altered(site.view()).map_err(|error| error.at(&self.position))?;
        if altered.changed_locally {
            site.log(Level::Info, &format!("{} was changed locally; what was changed is kept", self.path));
        }
        site.write(&self.path, &altered.bytes, None).map_err(|error| error.at(&self.position))
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

/// The first line of the chunk that is not blank, shortened.
fn excerpt(chunk: &str) -> String {
    let line = chunk.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, md5, parse_element};
    use patchwright_hooks_api::{Severity, StepKind};

    use super::*;
    use crate::TextSteps;

    const FILE: &str = "<?php\n$a = 1;\n$b = 2;\n$c = $a && $b;\n";

    fn alter(changes: &str) -> Result<Box<dyn Step>, Error> {
        TextSteps.parse(&parse_element(&format!("<alter path='a.php'>\n{changes}</alter>")), &FakeSite::new())
    }

    fn applied(changes: &str, file: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
        let mut site = FakeSite::new().file_with_mode("a.php", file, 0o600);
        alter(changes)?.apply(&mut site)?;
        assert_eq!(site.mode("a.php"), Some(0o600));
        Ok(site.contents("a.php").unwrap().to_vec())
    }

    #[test]
    fn replacements_and_deletions_are_made_in_order() {
        // C25, C29, C51
        let changes = "<replace><from>$a = 1;</from><to>$a = 7;</to></replace>\n<delete>$b = 2;\n</delete>";
        assert_eq!(applied(changes, FILE).unwrap(), b"<?php\n$a = 7;\n$c = $a && $b;\n");
    }

    #[test]
    fn entities_and_cdata_in_chunks_stand_for_their_characters() {
        // C33
        let changes = "<replace><from>&#36;a &amp;&amp; $b</from><to><![CDATA[$a > 0 && $b < 1]]></to></replace>";
        assert!(applied(changes, FILE).unwrap().ends_with(b"$c = $a > 0 && $b < 1;\n"));
    }

    #[test]
    fn blanks_around_a_chunk_belong_to_it() {
        let changes = "<replace><from> = </from><to>=</to></replace>";
        assert_eq!(applied(changes, "a = b").unwrap(), b"a=b");
        assert!(applied("<delete> x </delete>", "x").is_err());
    }

    #[test]
    fn a_count_says_how_often_a_chunk_is_expected() {
        assert_eq!(applied("<replace count='2'><from>x</from><to>y</to></replace>", "xx").unwrap(), b"yy");
        assert_eq!(applied("<delete count='all'>x</delete>", "axbxcx").unwrap(), b"abc");
        assert!(alter("<delete count='0'>x</delete>").unwrap_err().message.contains("neither a number"));
    }

    #[test]
    fn a_chunk_that_does_not_fit_is_a_blocker_that_names_file_change_excerpt_and_place() {
        // C31
        let site = FakeSite::new().file("a.php", FILE);
        let step = alter("<delete>$a = 1;</delete>\n<delete>\n  $x = 9;\n</delete>").unwrap();
        let finding = step.check(&site).unwrap().remove(0);
        assert!(finding.is_blocker());
        let expected = "can't alter a.php: change 2 of 2, \"$x = 9;\": its chunk must occur once and was not found";
        assert_eq!(finding.message, expected);
        assert_eq!(finding.position, Some(Position::new("patch.xml", 3, 9)));
    }

    #[test]
    fn a_chunk_that_occurs_twice_is_a_blocker_that_names_the_lines_and_nothing_is_written() {
        // C31
        let mut site = FakeSite::new().file("a.php", "x\ny\nx\n");
        let before = site.snapshot();
        let step = alter("<delete>y</delete><delete>x</delete>").unwrap();
        assert!(step.check(&site).unwrap()[0].message.ends_with("was found 2 times, at lines 1, 3"));
        assert_eq!(step.apply(&mut site).unwrap_err().kind, ErrorKind::Conflict);
        assert_eq!(site.snapshot(), before);
    }

    #[test]
    fn a_locally_changed_file_in_which_every_chunk_is_found_is_altered_with_a_notice() {
        let xml = |sum| format!("<alter path='a.php' md5='{sum}'><delete>old</delete></alter>");
        let mut site = FakeSite::new().file("a.php", "mine old");
        let step = TextSteps.parse(&parse_element(&xml(md5("old"))), &site).unwrap();
        assert_eq!(step.check(&site).unwrap()[0].severity, Severity::Notice);
        step.apply(&mut site).unwrap();
        assert_eq!(site.contents("a.php"), Some("mine ".as_bytes()));
        let unchanged = FakeSite::new().file("a.php", "old");
        assert_eq!(step.check(&unchanged).unwrap(), []);
        let reads = TextSteps.reads(&parse_element(&xml(md5("old")))).unwrap();
        assert_eq!((reads.path.as_str(), reads.md5), ("a.php", true));
    }

    #[test]
    fn an_alteration_without_a_change_is_refused() {
        // C28
        assert!(alter("").unwrap_err().message.contains("changes nothing"));
    }

    #[test]
    fn an_empty_chunk_is_refused_with_its_place() {
        // C29
        for changes in ["<delete/>", "<delete></delete>", "<replace><from></from><to>x</to></replace>"] {
            assert_eq!(alter(changes).unwrap_err().position.unwrap().line, 2, "{changes}");
        }
    }

    #[test]
    fn what_is_neither_replace_nor_delete_is_refused() {
        // C27, C29
        for changes in [
            "<insert>x</insert>",
            "text",
            "<replace><from>x</from></replace>",
            "<replace><from>x</from><from>y</from><to/></replace>",
            "<replace><from>x</from><to/>text</replace>",
            "<replace><from>x<b/></from><to/></replace>",
            "<delete cuont='2'>x</delete>",
        ] {
            assert!(alter(changes).is_err(), "{changes}");
        }
    }

    #[test]
    fn a_target_that_is_missing_or_no_file_is_a_blocker() {
        let step = alter("<delete>x</delete>").unwrap();
        for site in [FakeSite::new(), FakeSite::new().directory("a.php"), FakeSite::new().link("a.php")] {
            assert!(step.check(&site).unwrap()[0].is_blocker());
        }
    }
}
