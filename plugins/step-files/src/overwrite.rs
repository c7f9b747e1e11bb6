//! The step `overwrite`: a new file in place of one that the patch's author knew.

use patchwright_hooks_api::{Element, EntryKind, Error, Finding, Payload, Position, SiteEditor, SiteView, Step};

use crate::local::{Course, Doubt, Original};
use crate::new_file::NewFile;

/// Replaces a file, unless it was changed locally (A9, A16, C24, C50).
#[derive(Debug)]
pub(crate) struct Overwrite {
    new: NewFile,
    original: Original,
    position: Position,
}

impl Overwrite {
    /// Reads `<overwrite path payload? md5? was-sha256? sha256 mode?/>`, with at least one sum of the old file.
    pub(crate) fn parse(element: &Element, payload: &dyn Payload) -> Result<Self, Error> {
        element.only(&["path", "payload", "md5", "was-sha256", "sha256", "mode"], &[])?;
        let original = Original::parse(element)?;
        if matches!(original, Original::Unknown) {
            return Err(element
                .error("<overwrite> needs the attribute md5 or was-sha256, the sum of the file that it replaces")
                .hint("without it nobody can tell whether the file was changed locally"));
        }
        Ok(Self { new: NewFile::parse(element, payload)?, original, position: element.position.clone() })
    }

    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        let path = &self.new.path;
        let Some(metadata) = site.metadata(path)? else {
            return Ok(Course::stop(format!("can't overwrite {path}: nothing stands there")));
        };
        if metadata.kind != EntryKind::File {
            return Ok(Course::stop(format!("can't overwrite {path}: it is {}, not a file", metadata.kind)));
        }
        // First, since a release that changes the mode alone overwrites a file with its own content.
        if self.original.is_at(path, site)? {
            return Ok(Course::Go);
        }
        if self.new.is_at(path, metadata, site)? {
            return Ok(Course::Done(format!("{path} has the content that comes already")));
        }
        self.new.settle(&Doubt::local_change(path), site)
    }
}

impl Step for Overwrite {
    fn summary(&self) -> String {
        format!("overwrite {}", self.new.path)
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

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, md5, parse_element, sha256};
    use patchwright_hooks_api::{Level, Severity, StepKind};

    use super::*;
    use crate::FileSteps;

    const QUESTION: &str = "local-change:tools/create.php";
    const BESIDE: &str = "tools/create.php.acme-cms-1.0.1";

    fn site(old: &str) -> FakeSite {
        FakeSite::new().file_with_mode("tools/create.php", old, 0o640).payload("files/tools/create.php", "new")
    }

    fn overwrite() -> Box<dyn Step> {
        let (md5, new) = (md5("old"), sha256("new"));
        let xml = format!("<overwrite path='tools/create.php' md5='{md5}' sha256='{new}'/>");
        FileSteps.parse(&parse_element(&xml), &site("")).unwrap()
    }

    fn question(findings: &[Finding]) -> Option<&str> {
        match &findings.first()?.severity {
            Severity::Question(question) => Some(&question.id),
            _ => None,
        }
    }

    #[test]
    fn an_unchanged_file_is_replaced_and_its_mode_kept() {
        // A9, A16, C24
        let mut site = site("old");
        assert_eq!(overwrite().check(&site).unwrap(), []);
        overwrite().apply(&mut site).unwrap();
        assert_eq!(site.contents("tools/create.php"), Some("new".as_bytes()));
        assert_eq!(site.mode("tools/create.php"), Some(0o640));
    }

    #[test]
    fn one_changed_byte_is_a_question_and_nothing_is_done_before_its_answer() {
        // A16
        let mut site = site("olD");
        let before = site.snapshot();
        let findings = overwrite().check(&site).unwrap();
        assert_eq!(question(&findings), Some(QUESTION));
        assert!(findings[0].position.is_some());
        let error = overwrite().apply(&mut site).unwrap_err();
        assert!(error.message.contains(QUESTION), "{error}");
        assert_eq!(error.hint.as_deref(), Some("answer it with abort, take, keep"));
        assert_eq!(site.snapshot(), before);
    }

    #[test]
    fn of_two_sums_of_the_old_file_the_better_one_decides() {
        let (md5, new) = (md5("else"), sha256("new"));
        for (was, asks) in [("old", false), ("else", true)] {
            let was = sha256(was);
            let xml = format!("<overwrite path='tools/create.php' md5='{md5}' was-sha256='{was}' sha256='{new}'/>");
            let step = FileSteps.parse(&parse_element(&xml), &site("")).unwrap();
            assert_eq!(question(&step.check(&site("old")).unwrap()).is_some(), asks);
        }
    }

    #[test]
    fn the_operator_who_takes_the_new_file_gets_it() {
        let mut site = site("mine").answer(QUESTION, "take");
        assert_eq!(overwrite().check(&site).unwrap()[0].severity, Severity::Notice);
        overwrite().apply(&mut site).unwrap();
        assert_eq!(site.contents("tools/create.php"), Some("new".as_bytes()));
    }

    #[test]
    fn the_operator_who_keeps_the_own_file_gets_the_new_one_beside_it_and_is_told_to_merge() {
        // C50
        let mut site = site("mine").answer(QUESTION, "keep");
        let notice = overwrite().check(&site).unwrap().remove(0);
        assert!(notice.message.contains(BESIDE), "{}", notice.message);
        overwrite().apply(&mut site).unwrap();
        assert_eq!(site.contents("tools/create.php"), Some("mine".as_bytes()));
        assert_eq!(site.contents(BESIDE), Some("new".as_bytes()));
        let (level, message) = site.logged().remove(0);
        assert_eq!(level, Level::Warn);
        assert!(message.contains("merge them by hand"), "{message}");
    }

    #[test]
    fn what_lies_beside_a_kept_file_already_is_not_lost() {
        // C50
        let mut site = site("mine").answer(QUESTION, "keep").file(BESIDE, "half merged");
        assert!(overwrite().check(&site).unwrap()[0].is_blocker());
        overwrite().apply(&mut site).unwrap_err();
        assert_eq!(site.contents(BESIDE), Some("half merged".as_bytes()));
    }

    #[test]
    fn the_operator_who_aborts_and_a_word_that_is_no_answer_block_the_patch() {
        for answer in ["abort", "yes"] {
            let mut site = site("mine").answer(QUESTION, answer);
            assert!(overwrite().check(&site).unwrap()[0].is_blocker(), "{answer}");
            overwrite().apply(&mut site).unwrap_err();
        }
    }

    #[test]
    fn a_file_that_is_the_new_one_already_is_left_alone() {
        let mut site = site("new");
        let before = site.snapshot();
        assert_eq!(overwrite().check(&site).unwrap()[0].severity, Severity::Notice);
        overwrite().apply(&mut site).unwrap();
        assert_eq!(site.snapshot(), before);
    }

    #[test]
    fn a_file_that_gets_another_mode_alone_is_nothing_to_tell_about() {
        // A9
        let xml =
            format!("<overwrite path='tools/create.php' md5='{}' sha256='{}' mode='755'/>", md5("new"), sha256("new"));
        let mut site = site("new");
        let step = FileSteps.parse(&parse_element(&xml), &site).unwrap();
        assert_eq!(step.check(&site).unwrap(), []);
        step.apply(&mut site).unwrap();
        assert_eq!(site.mode("tools/create.php"), Some(0o755));
    }

    #[test]
    fn a_target_that_is_missing_or_no_file_is_a_blocker() {
        let missing = FakeSite::new();
        let directory = FakeSite::new().directory("tools/create.php");
        let link = FakeSite::new().link("tools/create.php");
        for mut site in [missing, directory, link] {
            assert!(overwrite().check(&site).unwrap()[0].is_blocker());
            overwrite().apply(&mut site).unwrap_err();
        }
    }

    #[test]
    fn without_a_sum_of_the_old_file_it_is_refused() {
        // A16
        let xml = format!("<overwrite path='tools/create.php' sha256='{}'/>", sha256("new"));
        let error = FileSteps.parse(&parse_element(&xml), &site("")).unwrap_err();
        assert!(error.message.contains("md5 or was-sha256"), "{error}");
    }
}
