//! The step `add`: a file or directory that the site does not have yet.

use patchwright_hooks_api::{Element, Error, Finding, Level, Payload, Position, SiteEditor, SitePath, SiteView, Step};

use crate::is_directory;
use crate::local::{Course, conflict, found};
use crate::new_file::NewFile;
use crate::verdict::{Found, Thing, Verdict, verdict};

/// What a new directory gets unless the manifest says otherwise.
const DIRECTORY_MODE: u32 = 0o755;

/// Reads `<add path payload? sha256 mode?/>` or `<add path directory="true" mode?/>`.
pub(crate) fn parse(element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
    if is_directory(element)? {
        element.only(&["path", "directory", "mode"], &[])?;
        let mode = element.mode("mode")?.unwrap_or(DIRECTORY_MODE);
        return Ok(Box::new(AddDirectory { path: element.path("path")?, mode, position: element.position.clone() }));
    }
    element.only(&["path", "directory", "payload", "sha256", "mode"], &[])?;
    Ok(Box::new(AddFile { new: NewFile::parse(element, payload)?, position: element.position.clone() }))
}

/// Puts a file where none is (A8).
#[derive(Debug)]
struct AddFile {
    new: NewFile,
    position: Position,
}

impl AddFile {
    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        self.new.course(None, site)
    }
}

impl Step for AddFile {
    fn summary(&self) -> String {
        format!("add {}", self.new.path)
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let course = self.course(site).map_err(|error| error.at(&self.position))?;
        Ok(course.findings(&self.position))
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let course = self.course(site.view());
        course.and_then(|course| self.new.follow(course, site)).map_err(|error| error.at(&self.position))
    }
}

/// Makes a directory (A8).
#[derive(Debug)]
struct AddDirectory {
    path: SitePath,
    mode: u32,
    position: Position,
}

impl AddDirectory {
    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.path;
        let found = found(site.metadata(path)?, || Ok(false), |_| Ok(false))?;
        let found = Found { is_theirs: found.thing == Thing::Directory, ..found };
        Ok(match verdict(Thing::Absent, found, Thing::Directory, false) {
            Verdict::Go => Course::Go,
            Verdict::Blocked(kind) => Course::stop(format!("can't add the directory {path}: {kind} stands there")),
            _ => Course::Done(format!("the directory {path} is there already")),
        })
    }

    fn follow(&self, course: Course, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match course {
            Course::Go | Course::Take(_) => site.make_dir(&self.path, self.mode),
            Course::Done(message) | Course::Keep(message) | Course::Write(_, message) => {
                site.log(Level::Info, &message);
                Ok(())
            }
            Course::Ask(finding) | Course::Stop(finding) => Err(conflict(finding)),
        }
    }
}

impl Step for AddDirectory {
    fn summary(&self) -> String {
        format!("add directory {}", self.path)
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let course = self.course(site).map_err(|error| error.at(&self.position))?;
        Ok(course.findings(&self.position))
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let course = self.course(site.view());
        course.and_then(|course| self.follow(course, site)).map_err(|error| error.at(&self.position))
    }
}

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, parse_element, sha256};
    use patchwright_hooks_api::{ErrorKind, Severity, StepKind};

    use super::*;
    use crate::FileSteps;

    fn site() -> FakeSite {
        FakeSite::new().payload("files/docs/new.gif", "GIF").payload("files/b/new.gif", "other")
    }

    fn add(xml: &str) -> Box<dyn Step> {
        FileSteps.parse(&parse_element(xml), &site()).unwrap()
    }

    fn add_gif() -> Box<dyn Step> {
        add(&format!("<add path='docs/new.gif' sha256='{}' mode='600'/>", sha256("GIF")))
    }

    fn add_cache() -> Box<dyn Step> {
        add("<add path='var/cache' directory='true' mode='700'/>")
    }

    fn refusal(xml: &str) -> Error {
        FileSteps.parse(&parse_element(xml), &site()).unwrap_err()
    }

    #[test]
    fn a_file_is_put_in_place_with_its_mode_and_the_directories_above() {
        // A8, C22
        let mut site = site();
        let step = add_gif();
        assert_eq!(step.check(&site).unwrap(), []);
        step.apply(&mut site).unwrap();
        assert_eq!(site.contents("docs/new.gif"), Some("GIF".as_bytes()));
        assert_eq!(site.mode("docs/new.gif"), Some(0o600));
    }

    #[test]
    fn payload_may_lie_anywhere_in_the_archive_so_equal_base_names_do_not_collide() {
        // A14
        let mut site = site();
        for (path, payload, bytes) in [("x.gif", "files/docs/new.gif", "GIF"), ("y/x.gif", "files/b/new.gif", "other")]
        {
            let sum = sha256(bytes);
            add(&format!("<add path='{path}' payload='{payload}' sha256='{sum}'/>")).apply(&mut site).unwrap();
        }
        assert_eq!(site.contents("x.gif"), Some("GIF".as_bytes()));
        assert_eq!(site.contents("y/x.gif"), Some("other".as_bytes()));
    }

    #[test]
    fn payload_that_is_missing_or_not_the_one_named_is_refused_before_anything_happens() {
        // A14, D15
        let sum = sha256("GIF");
        let missing = refusal(&format!("\n<add path='a' sha256='{sum}'/>"));
        assert_eq!(missing.to_string(), "patch.xml:2:1: the patch's archive has no member files/a for a");
        let changed = refusal(&format!("<add path='b/new.gif' sha256='{sum}'/>"));
        assert!(changed.message.contains("files/b/new.gif has the SHA-256 sum"), "{changed}");
        assert!(changed.position.is_some());
    }

    #[test]
    fn what_the_manifest_leaves_out_or_misspells_is_refused() {
        // C27
        for xml in [
            "<add path='docs/new.gif'/>",
            "<add path='docs/new.gif' sha256='12'/>",
            "<add sha256='12'/>",
            "<add path='../x' directory='true'/>",
            "<add path='x' directory='yes'/>",
            "<add path='x' directory='true' payload='files/x'/>",
            "<add path='x' directory='true' mod='755'/>",
            "<add path='x' directory='true'>text</add>",
        ] {
            assert!(refusal(xml).position.is_some(), "{xml}");
        }
    }

    #[test]
    fn a_file_with_the_content_that_comes_is_left_alone_but_for_its_mode() {
        let mut site = site().file("docs/new.gif", "GIF");
        let findings = add_gif().check(&site).unwrap();
        assert_eq!(findings[0].severity, Severity::Notice);
        add_gif().apply(&mut site).unwrap();
        assert_eq!(site.mode("docs/new.gif"), Some(0o600));
    }

    #[test]
    fn a_file_in_the_way_is_a_question_and_never_silently_overwritten() {
        // A8, C22
        let mut site = site().file("docs/new.gif", "mine");
        let findings = add_gif().check(&site).unwrap();
        let Severity::Question(question) = &findings[0].severity else { panic!("{findings:?}") };
        assert_eq!(question.id, "exists:docs/new.gif");
        let words: Vec<_> = question.answers.iter().map(|choice| choice.answer.as_str()).collect();
        assert_eq!(words, ["abort", "take", "keep", "use"]);
        let error = add_gif().apply(&mut site).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains("exists:docs/new.gif"), "{error}");
        assert_eq!(site.contents("docs/new.gif"), Some("mine".as_bytes()));
    }

    #[test]
    fn the_operator_may_take_the_new_file_or_keep_the_old_one_beside_it() {
        let mut taken = site().file("docs/new.gif", "mine").answer("exists:docs/new.gif", "take");
        add_gif().apply(&mut taken).unwrap();
        assert_eq!(taken.contents("docs/new.gif"), Some("GIF".as_bytes()));

        let mut kept = site().file("docs/new.gif", "mine").answer("exists:docs/new.gif", "keep");
        add_gif().apply(&mut kept).unwrap();
        assert_eq!(kept.contents("docs/new.gif"), Some("mine".as_bytes()));
        assert_eq!(kept.contents("docs/new.gif.acme-cms-1.0.1"), Some("GIF".as_bytes()));
    }

    #[test]
    fn something_other_than_a_file_in_the_way_is_a_blocker() {
        for site in [site().directory("docs/new.gif"), site().link("docs/new.gif"), site().special("docs/new.gif")] {
            assert!(add_gif().check(&site).unwrap()[0].is_blocker());
        }
    }

    #[test]
    fn a_directory_is_made_with_its_mode_and_one_that_is_there_stays() {
        // A8
        let mut site = site();
        add_cache().apply(&mut site).unwrap();
        assert_eq!(site.mode("var/cache"), Some(0o700));
        assert_eq!(add_cache().check(&site).unwrap()[0].severity, Severity::Notice);
        add_cache().apply(&mut site).unwrap();
    }

    #[test]
    fn a_file_where_a_directory_comes_is_a_blocker() {
        let site = site().file("var/cache", "");
        assert!(add_cache().check(&site).unwrap()[0].is_blocker());
    }
}
