//! The step `delete`: a file, or a directory that is empty, goes.

use patchwright_hooks_api::{Element, Error, Finding, KnownSum, Level, Position, SiteEditor, SitePath, SiteView, Step};
use patchwright_merge::LOCAL_CHANGE;

use crate::is_directory;
use crate::local::{Course, Doubt, bytes_at, conflict, found};
use crate::verdict::{Found, Thing, Verdict, verdict};

/// Reads `<delete path md5? was-sha256?/>` or `<delete path directory="true"/>`.
pub(crate) fn parse(element: &Element) -> Result<Box<dyn Step>, Error> {
    let path = element.path("path")?;
    let position = element.position.clone();
    if is_directory(element)? {
        element.only(&["path", "directory"], &[])?;
        return Ok(Box::new(Delete { path, what: What::Directory, position }));
    }
    element.only(&["path", "directory", "md5", "was-sha256"], &[])?;
    Ok(Box::new(Delete { path, what: What::File(element.known_sum()?), position }))
}

/// Removes a file or an empty directory (A15, C23).
#[derive(Debug)]
struct Delete {
    path: SitePath,
    what: What,
    position: Position,
}

#[derive(Debug)]
enum What {
    /// A file, and the sum of the one that the patch's author saw, if he says it.
    File(Option<KnownSum>),
    Directory,
}

impl Delete {
    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.path;
        let metadata = site.metadata(path)?;
        let is_base = || match &self.what {
            What::File(original) => original.map_or(Ok(true), |sum| site.has_sum(path, sum)),
            What::Directory => Ok(false),
        };
        let found = found(metadata, is_base, |_| Ok(false))?;
        let base = match self.what {
            What::File(_) => Thing::File,
            What::Directory => Thing::Directory,
        };
        let found =
            Found { is_base: found.is_base || found.thing == Thing::Directory && base == Thing::Directory, ..found };
        match verdict(base, found, Thing::Absent, false) {
            Verdict::Go if base == Thing::Directory => self.directory_course(site),
            Verdict::Go => Ok(Course::Go),
            Verdict::Blocked(kind) => Ok(Course::stop(format!("can't {}: {kind} stands there", self.summary()))),
            Verdict::Changed => self.settle(site),
            _ => Ok(Course::Done(format!("{path} is gone already"))),
        }
    }

    fn settle(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.path;
        let mine = bytes_at(path, site)?;
        let base = match &self.what {
            What::File(Some(original)) if mine.is_some() => site.stored(path, *original)?,
            _ => None,
        };
        Doubt {
            path,
            kind: LOCAL_CHANGE,
            message: format!("{path} was changed locally"),
            take: "delete the file; it is kept in the patch's backup".into(),
            keep: "leave the file where it is".into(),
            base,
            mine,
            theirs: None,
        }
        .settle(site)
    }

    fn directory_course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        if site.list(Some(&self.path))?.is_empty() {
            return Ok(Course::Go);
        }
        Ok(Course::Done(format!("the directory {} is kept since it holds other files", self.path)))
    }

    fn follow(&self, course: Course, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match course {
            Course::Go | Course::Take(_) => site.remove(&self.path),
            Course::Done(message) => {
                site.log(Level::Info, &message);
                Ok(())
            }
            Course::Keep(message) | Course::Write(_, message) => {
                site.log(Level::Warn, &message);
                Ok(())
            }
            Course::Ask(finding) | Course::Stop(finding) => Err(conflict(finding)),
        }
    }
}

impl Step for Delete {
    fn summary(&self) -> String {
        match self.what {
            What::File(_) => format!("delete {}", self.path),
            What::Directory => format!("delete directory {}", self.path),
        }
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
    use patchwright_conformance::{FakeSite, md5, parse_element};
    use patchwright_hooks_api::{Severity, StepKind};

    use super::*;
    use crate::FileSteps;

    fn delete(xml: &str) -> Box<dyn Step> {
        FileSteps.parse(&parse_element(xml), &FakeSite::new()).unwrap()
    }

    fn delete_known() -> Box<dyn Step> {
        delete(&format!("<delete path='old.php' md5='{}'/>", md5("old")))
    }

    #[test]
    fn a_file_is_removed_by_its_path_alone() {
        // A15, C23
        let mut site = FakeSite::new().file("old.php", "whatever");
        let step = delete("<delete path='old.php'/>");
        assert_eq!(step.check(&site).unwrap(), []);
        step.apply(&mut site).unwrap();
        assert!(!site.exists("old.php"));
    }

    #[test]
    fn a_file_that_is_gone_already_is_a_notice() {
        // C23
        let mut site = FakeSite::new();
        assert_eq!(delete_known().check(&site).unwrap()[0].severity, Severity::Notice);
        delete_known().apply(&mut site).unwrap();
    }

    #[test]
    fn a_locally_changed_file_goes_only_when_the_operator_says_so() {
        // A16
        let site = |answer: Option<&str>| {
            let site = FakeSite::new().file("old.php", "mine");
            match answer {
                Some(answer) => site.answer("local-change:old.php", answer),
                None => site,
            }
        };
        for (answer, succeeds, remains) in
            [(None, false, true), (Some("abort"), false, true), (Some("keep"), true, true), (Some("take"), true, false)]
        {
            let mut site = site(answer);
            assert_eq!(delete_known().apply(&mut site).is_ok(), succeeds, "{answer:?}");
            assert_eq!(site.exists("old.php"), remains, "{answer:?}");
        }
    }

    #[test]
    fn a_directory_goes_when_it_is_empty_and_stays_with_a_notice_when_it_is_not() {
        let step = delete("<delete path='old' directory='true'/>");
        let mut empty = FakeSite::new().directory("old");
        step.apply(&mut empty).unwrap();
        assert!(!empty.exists("old"));

        let mut full = FakeSite::new().file("old/mine.txt", "");
        let notice = step.check(&full).unwrap().remove(0);
        assert_eq!(notice.message, "the directory old is kept since it holds other files");
        step.apply(&mut full).unwrap();
        assert!(full.exists("old/mine.txt"));
    }

    #[test]
    fn a_directory_where_a_file_is_to_go_is_a_blocker_and_the_other_way_round() {
        let directory = FakeSite::new().directory("x");
        assert!(delete("<delete path='x'/>").check(&directory).unwrap()[0].is_blocker());
        let file = FakeSite::new().file("x", "");
        assert!(delete("<delete path='x' directory='true'/>").check(&file).unwrap()[0].is_blocker());
        assert!(delete("<delete path='x'/>").check(&FakeSite::new().link("x")).unwrap()[0].is_blocker());
    }

    #[test]
    fn a_directory_has_no_sum() {
        let xml = "<delete path='x' directory='true' md5='d41d8cd98f00b204e9800998ecf8427e'/>";
        assert!(FileSteps.parse(&parse_element(xml), &FakeSite::new()).is_err());
    }
}
