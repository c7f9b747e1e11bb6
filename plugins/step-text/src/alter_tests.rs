//! What `<alter>` keeps: its chunks, its places, and what is asked about a file that was changed locally.

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

const QUESTION: &str = "local-change:a.php";

/// Deletes the line `old` of the file that has the sum of `base`.
fn alter_known(base: &str) -> Box<dyn Step> {
    let xml = format!("<alter path='a.php' md5='{}'><delete>old\n</delete></alter>", md5(base));
    TextSteps.parse(&parse_element(&xml), &FakeSite::new()).unwrap()
}

fn answers(step: &dyn Step, site: &FakeSite) -> Vec<String> {
    let finding = step.check(site).unwrap().remove(0);
    let Severity::Question(question) = finding.severity else { panic!("{finding:?}") };
    assert_eq!(question.id, QUESTION);
    question.answers.into_iter().map(|choice| choice.answer).collect()
}

#[test]
fn a_file_as_the_author_saw_it_is_altered_without_a_question() {
    // A16, C45
    assert_eq!(alter_known("old\n").check(&FakeSite::new().file("a.php", "old\n")).unwrap(), []);
    let reads = TextSteps.reads(&parse_element(&format!("<alter path='a.php' md5='{}'/>", md5("old")))).unwrap();
    assert_eq!((reads.path.as_str(), reads.md5), ("a.php", true));
}

#[test]
fn a_locally_changed_file_in_which_every_chunk_is_found_is_altered_when_the_operator_says_so() {
    // C45
    let step = alter_known("old\n");
    let site = || FakeSite::new().file("a.php", "mine\nold\n");
    assert_eq!(answers(step.as_ref(), &site()), ["abort", "merge", "keep", "use"]);
    let mut unanswered = site();
    assert!(step.apply(&mut unanswered).is_err());
    assert_eq!(unanswered.contents("a.php"), Some("mine\nold\n".as_bytes()));
    let mut merged = site().answer(QUESTION, "merge");
    step.apply(&mut merged).unwrap();
    assert_eq!(merged.contents("a.php"), Some("mine\n".as_bytes()));
    let mut kept = site().answer(QUESTION, "keep");
    step.apply(&mut kept).unwrap();
    assert_eq!(kept.contents("a.php"), Some("mine\nold\n".as_bytes()));
}

#[test]
fn where_the_vendor_s_file_is_known_it_may_be_taken_or_laid_beside() {
    // C45, C50
    let step = alter_known("old\nnext\n");
    let site = || FakeSite::new().file("a.php", "mine\nold\nnext\n").stored("old\nnext\n");
    assert_eq!(answers(step.as_ref(), &site()), ["abort", "merge", "take", "keep", "use"]);
    let mut taken = site().answer(QUESTION, "take");
    step.apply(&mut taken).unwrap();
    assert_eq!(taken.contents("a.php"), Some("next\n".as_bytes()));
    let mut kept = site().answer(QUESTION, "keep");
    step.apply(&mut kept).unwrap();
    assert_eq!(kept.contents("a.php"), Some("mine\nold\nnext\n".as_bytes()));
    assert_eq!(kept.contents("a.php.acme-cms-1.0.1"), Some("next\n".as_bytes()));
    let taken = site().answer(QUESTION, "keep").file("a.php.acme-cms-1.0.1", "half merged");
    assert!(step.check(&taken).unwrap()[0].is_blocker());
}

#[test]
fn a_chunk_that_was_changed_locally_is_merged_by_hand_or_blocks_where_nobody_knows_the_vendor_s_file() {
    // C31, C45
    let step = alter_known("a\nold\nb\n");
    let unknown = FakeSite::new().file("a.php", "a\nOLD\nb\n");
    assert!(step.check(&unknown).unwrap()[0].is_blocker());
    let known = unknown.stored("a\nold\nb\n");
    assert_eq!(answers(step.as_ref(), &known), ["abort", "take", "keep", "use"]);
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
