//! The step `overwrite`: a new file in place of one that the patch's author knew.

use patchwright_hooks_api::{Element, Error, Finding, KnownSum, Payload, Position, SiteEditor, SiteView, Step};

use crate::local::Course;
use crate::new_file::NewFile;

/// Replaces a file, unless it was changed locally (A9, A16, C24, C50).
#[derive(Debug)]
pub(crate) struct Overwrite {
    new: NewFile,
    original: KnownSum,
    position: Position,
}

impl Overwrite {
    /// Reads `<overwrite path payload? md5? was-sha256? sha256 mode? was-mode?/>`, with at least one sum of the old file.
    pub(crate) fn parse(element: &Element, payload: &dyn Payload) -> Result<Self, Error> {
        element.only(&["path", "payload", "md5", "was-sha256", "sha256", "mode", "was-mode"], &[])?;
        let Some(original) = element.known_sum()? else {
            return Err(element
                .error("<overwrite> needs the attribute md5 or was-sha256, the sum of the file that it replaces")
                .hint("without it nobody can tell whether the file was changed locally"));
        };
        Ok(Self { new: NewFile::parse(element, payload)?, original, position: element.position.clone() })
    }

    fn course(&self, site: &dyn SiteView) -> Result<Course, Error> {
        self.new.course(Some(self.original), site)
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

    const PATH: &str = "tools/create.php";
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

    fn answers(findings: &[Finding]) -> Vec<&str> {
        match &findings[0].severity {
            Severity::Question(question) => question.answers.iter().map(|choice| choice.answer.as_str()).collect(),
            other => panic!("{other:?}"),
        }
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
        assert_eq!(error.hint.as_deref(), Some("answer it with abort, take, keep, use"));
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
    fn a_change_that_goes_together_with_the_new_file_can_be_merged() {
        // A16, C45
        let (old, new, mine) = ("a\nb\nc\n", "a\nb\nC\n", "A\nb\nc\n");
        let site = || FakeSite::new().file(PATH, mine).payload("files/tools/create.php", new).stored(old);
        let xml = format!("<overwrite path='{PATH}' md5='{}' sha256='{}'/>", md5(old), sha256(new));
        let step = FileSteps.parse(&parse_element(&xml), &site()).unwrap();
        let findings = step.check(&site()).unwrap();
        assert_eq!(answers(&findings), ["abort", "merge", "take", "keep", "use"]);
        assert!(findings[0].difference.as_ref().unwrap().contains("-a\n+A\n"), "{findings:?}");
        let mut site = site().answer(QUESTION, "merge");
        step.apply(&mut site).unwrap();
        assert_eq!(site.contents(PATH), Some("A\nb\nC\n".as_bytes()));
    }

    #[test]
    fn changes_of_the_same_lines_have_a_draft_and_the_finished_file_can_be_given() {
        // C45, C50
        let finished = "a\nmerged\n";
        let site = || site("a\nmine\n").stored("old").stored(finished);
        let findings = overwrite().check(&site()).unwrap();
        let Severity::Question(asked) = &findings[0].severity else { panic!("{findings:?}") };
        assert!(asked.draft.as_ref().unwrap().contains("<<<<<<< yours\na\nmine\n"), "{asked:?}");
        let mut given = site().answer(QUESTION, &format!("use:{}", sha256(finished)));
        overwrite().apply(&mut given).unwrap();
        assert_eq!(given.contents(PATH), Some(finished.as_bytes()));
        assert_eq!(given.mode(PATH), Some(0o640));
        let lost = site().answer(QUESTION, &format!("use:{}", sha256("lost")));
        assert!(overwrite().check(&lost).unwrap()[0].is_blocker());
    }

    #[test]
    fn a_file_that_was_removed_locally_comes_back_only_when_the_operator_says_so() {
        // A16
        let gone = || FakeSite::new().payload("files/tools/create.php", "new");
        assert_eq!(question(&overwrite().check(&gone()).unwrap()), Some(QUESTION));
        let mut taken = gone().answer(QUESTION, "take");
        overwrite().apply(&mut taken).unwrap();
        assert_eq!(taken.contents(PATH), Some("new".as_bytes()));
        let mut kept = gone().answer(QUESTION, "keep");
        overwrite().apply(&mut kept).unwrap();
        assert!(!kept.exists(PATH));
        assert_eq!(kept.contents(BESIDE), Some("new".as_bytes()));
    }

    #[test]
    fn permissions_that_both_changed_are_asked_about_and_those_that_one_changed_are_not() {
        // A16
        let xml = format!(
            "<overwrite path='{PATH}' was-sha256='{}' sha256='{}' mode='755' was-mode='644'/>",
            sha256("old"),
            sha256("new")
        );
        let step = FileSteps.parse(&parse_element(&xml), &site("")).unwrap();
        let with_mode =
            |mode| FakeSite::new().file_with_mode(PATH, "old", mode).payload("files/tools/create.php", "new");
        let mut unchanged = with_mode(0o644);
        step.apply(&mut unchanged).unwrap();
        assert_eq!(unchanged.mode(PATH), Some(0o755));
        let asked = step.check(&with_mode(0o600)).unwrap();
        assert_eq!(question(&asked), Some("local-mode:tools/create.php"));
        for (answer, mode) in [("take", 0o755), ("keep", 0o600)] {
            let mut site = with_mode(0o600).answer("local-mode:tools/create.php", answer);
            step.apply(&mut site).unwrap();
            assert_eq!((site.contents(PATH), site.mode(PATH)), (Some("new".as_bytes()), Some(mode)));
        }
    }

    #[test]
    fn a_patch_that_changes_the_mode_alone_leaves_a_changed_file_as_it_is() {
        // A16
        let xml = format!("<overwrite path='{PATH}' was-sha256='{0}' sha256='{0}' mode='755'/>", sha256("new"));
        let mut site = site("mine");
        let step = FileSteps.parse(&parse_element(&xml), &site).unwrap();
        assert_eq!(step.check(&site).unwrap()[0].severity, Severity::Notice);
        step.apply(&mut site).unwrap();
        assert_eq!((site.contents(PATH), site.mode(PATH)), (Some("mine".as_bytes()), Some(0o755)));
    }

    #[test]
    fn what_is_no_file_stops_the_patch() {
        let directory = FakeSite::new().directory("tools/create.php");
        let link = FakeSite::new().link("tools/create.php");
        for mut site in [directory, link] {
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
