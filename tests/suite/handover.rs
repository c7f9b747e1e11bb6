//! The patcher's own replacement, on a disk that dies: the site's patcher is the one that the patches in force say (A18).

use acceptance::{
    Archive, ArchiveBuilder, Fault, Legal, Says, SimSite, Stories, Survivors, World, applying, applying_as,
    rolling_back,
};
use patchwright_engine::{HandedOver, SiteState, Unwanted};

const BROUGHT: &str = "works, is 0.2.0";

/// A patch that brings a program, and changes a file and the database.
fn patch(program: &str) -> Archive {
    bringing(program, ArchiveBuilder::new("1.0.0", "1.1.0").add("lang/de.txt", "Willkommen\n", ""))
}

fn bringing(program: &str, patch: ArchiveBuilder) -> Archive {
    patch
        .step("<sql>INSERT INTO item (title) VALUES ('third')<undo>DELETE FROM item WHERE title = 'third'</undo></sql>")
        .member("patcher/patchwright", program)
        .step("<patcher version='0.2.0'><program platform='sim' payload='patcher/patchwright'/></patcher>")
        .archive()
}

/// One that goes on from there.
fn next() -> Archive {
    ArchiveBuilder::new("1.1.0", "1.2.0").add("lang/fr.txt", "Bienvenue\n", "").archive()
}

/// The world in which the patch with the program is in force.
fn replaced(site: &SimSite, archive: &Archive) -> World {
    let recording = site.record(&site.initial_world(), applying_as(Says("replace"), &[archive.path()]));
    let end = recording.end();
    World { durable: end.files(), pending: Vec::new(), database: end.database }
}

#[test]
fn a_replacement_that_is_cut_off_anywhere_has_happened_with_its_patch_or_has_not() {
    // A18, A43
    let site = SimSite::new(true);
    let start = site.initial_world();
    // Where no file changes there is no journal, whose barrier would make the note durable too.
    let without_files = bringing(BROUGHT, ArchiveBuilder::new("1.0.0", "1.1.0"));
    for archive in [patch(BROUGHT), without_files] {
        let archives = [archive.path()];
        let run = || applying_as(Says("replace"), &archives);
        let recording = site.record(&start, run());
        let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
        stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
        stories.fail_everywhere(&start, run());
        stories.die_everywhere(&start, recording.changes.len(), run());
        println!("{} stories of a new patcher, in {} worlds", stories.told(), stories.worlds());
        assert!(stories.told() > 300);
    }
}

#[test]
fn a_patch_that_is_taken_back_takes_its_patcher_along_wherever_it_is_cut_off() {
    // A18, A43
    let site = SimSite::new(true);
    let archive = patch(BROUGHT);
    let start = replaced(&site, &archive);
    let recording = site.record(&start, rolling_back);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.fail_everywhere(&start, rolling_back);
    stories.die_everywhere(&start, recording.changes.len(), rolling_back);
    println!("{} stories of a patcher that goes, in {} worlds", stories.told(), stories.worlds());
    let turn = site.turn(&start, Fault::None);
    assert_eq!(turn.site.successors().unwrap().len(), 1);
    turn.take_back(&Unwanted::Last, &Says("replace")).unwrap();
    assert!(turn.site.successors().unwrap().is_empty());
    assert_eq!(turn.state_file("patchers.json").map(|_| ()), Some(()));
}

#[test]
fn a_patcher_that_does_not_work_here_is_found_before_anything_is_changed() {
    // A18
    let site = SimSite::new(true);
    let start = site.initial_world();
    for program in ["is broken", "works, is 0.3.0"] {
        let archive = patch(program);
        let turn = site.turn(&start, Fault::None);
        let before = turn.picture();
        let failure = applying_as(Says("replace"), &[archive.path()])(&turn).unwrap();
        assert_eq!(failure.state, SiteState::TakenBack, "{failure}");
        assert!(failure.error.message.contains("the new patcher 0.2.0 does not work here"), "{failure}");
        assert!(turn.picture() == before && turn.site.successors().unwrap().is_empty());
        assert!(turn.state_file("patchers/20260301T120000Z-0000000000000000-0/patchwright").is_none());
    }
}

#[test]
fn nobody_is_replaced_whom_the_operator_has_not_agreed_to_replace() {
    // A18
    let site = SimSite::new(true);
    let start = site.initial_world();
    let archive = patch(BROUGHT);
    let asked = applying(&[archive.path()])(&site.turn(&start, Fault::None)).unwrap();
    assert_eq!(asked.state, SiteState::Undecided);
    let refused = applying_as(Says("stop"), &[archive.path()])(&site.turn(&start, Fault::None)).unwrap();
    assert_eq!(refused.state, SiteState::Untouched);
}

#[test]
fn the_patch_that_brings_a_patcher_is_the_last_one_that_the_old_one_applies() {
    // A18
    let site = SimSite::new(true);
    let (first, second) = (patch(BROUGHT), next());
    let turn = site.turn(&site.initial_world(), Fault::None);
    let outcome = turn.apply_as(&Says("replace"), &[first.path(), second.path()]).unwrap();
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.receipts.len(), 1);
    let handed_over = HandedOver { patch: "acme-cms-1.1.0".into(), version: "0.2.0".parse().unwrap() };
    assert_eq!(outcome.handed_over, Some(handed_over));
    assert_eq!(turn.site.status().unwrap().version, "1.1.0".parse().unwrap());
    let [successor] = turn.site.successors().unwrap().try_into().unwrap();
    assert!(!successor.proved && successor.version == "0.2.0".parse().unwrap());
}
