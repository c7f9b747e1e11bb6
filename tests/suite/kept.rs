//! Letting go of what is kept, on a disk that dies: nothing else is ever touched, and what was begun can be ended.

use acceptance::{
    Fault, SimSite, Survivors, Turn, after_power_cut, applying, chain, disk_used, reference, rolling_back,
};
use patchwright_engine::{Failure, Figure, Silent, Unwanted};

const PATCH: &str = "acme-cms-1.1.0";

#[test]
fn a_retirement_that_is_cut_off_anywhere_leaves_the_site_alone_and_is_ended_by_the_next() {
    // A43, D9
    let site = SimSite::new(true);
    let start = site.patched(&[reference().path()]);
    let before = site.turn(&start, Fault::None).picture();
    let turn = site.turn(&start, Fault::None);
    let retirement = turn.site.plan_retirement(PATCH).unwrap();
    assert!(retirement.files.len() > 5, "{retirement:?}");
    turn.site.begin(&Silent).unwrap().retire(&retirement).unwrap();
    let recording = turn.recording();
    let mut told = (0, 0);
    for instant in 0..recording.instants() {
        for world in after_power_cut(&recording.killed_at(instant), Survivors::Brief) {
            let turn = site.turn(&world, Fault::None);
            let when = recording.when(instant);
            let can_be_taken_back =
                turn.site.plan_rollback(&Unwanted::Last, &Silent).unwrap().blockers().next().is_none();
            let left = turn.site.plan_retirement(PATCH).unwrap();
            // As long as it can be taken back, nothing was dropped.
            assert!(!can_be_taken_back || left.files == retirement.files, "{when}");
            let session = turn.site.begin(&Silent).unwrap();
            session.collect_garbage(false).unwrap();
            session.retire(&turn.site.plan_retirement(PATCH).unwrap()).unwrap();
            drop(session);
            assert_eq!(turn.site.disk_use().unwrap().backups, Figure::default(), "{when}");
            assert!(turn.site.plan_rollback(&Unwanted::Last, &Silent).unwrap().blockers().next().is_some(), "{when}");
            assert!(turn.picture() == before, "{when}");
            told = if can_be_taken_back { (told.0 + 1, told.1) } else { (told.0, told.1 + 1) };
        }
    }
    println!("{} stories before a retirement, {} after its mark", told.0, told.1);
    assert!(told.0 > 0 && told.1 > 10);
}

#[test]
fn the_disk_used_is_known_without_a_look_at_the_files_whatever_a_session_did() {
    // D9
    let site = SimSite::new(true);
    let [first, second, third] = chain().try_into().ok().unwrap();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let check = |when: &str| {
        assert!(turn.state_file("tally.json").is_some(), "{when}: there is no note");
        assert_eq!(turn.site.disk_use().unwrap().all().bytes, disk_used(&turn.files()).bytes, "{when}");
    };
    for archive in [&first, &second, &third] {
        assert_eq!(turn.apply(&[archive.path()]).unwrap().failure, None);
        check("after a patch");
    }
    let session = turn.site.begin(&Silent).unwrap();
    session.retire(&turn.site.plan_retirement("acme-cms-1.0.1").unwrap()).unwrap();
    check("after a retirement");
    session.collect_garbage(false).unwrap();
    check("after the garbage");
    drop(session);
    turn.take_back(&Unwanted::Last, &Silent).unwrap();
    check("after a way back");
    assert_eq!(turn.apply(&[third.path()]).unwrap().failure, None);
    check("after the patch once more");
}

/// What a session does, and what of it failed.
type Acting<'a> = &'a dyn Fn(&Turn) -> Option<Failure>;

#[test]
fn the_disk_used_is_known_wherever_the_last_session_was_killed() {
    // D9: its note is gone before anything that it speaks of changes.
    let site = SimSite::new(true);
    let [first, second, third] = chain().try_into().ok().unwrap();
    let start = site.patched(&[first.path(), second.path()]);
    let archives = [third.path()];
    let retiring = |turn: &Turn| {
        let session = turn.site.begin(&Silent).unwrap();
        session.retire(&turn.site.plan_retirement("acme-cms-1.0.1").unwrap()).err().map(Failure::untouched)
    };
    let applying = applying(&archives);
    let sessions: [(&str, Acting<'_>); 3] =
        [("a retirement", &retiring), ("a patch", &applying), ("a way back", &rolling_back)];
    for (what, session) in sessions {
        let recording = site.record(&start, session);
        for instant in 0..recording.instants() {
            let turn = site.turn(&recording.killed_at(instant), Fault::None);
            let when = recording.when(instant);
            assert_eq!(turn.site.disk_use().unwrap().all().bytes, disk_used(&turn.files()).bytes, "{what}, {when}");
            drop(turn.site.begin(&Silent).unwrap());
            assert_eq!(turn.site.disk_use().unwrap().all().bytes, disk_used(&turn.files()).bytes, "{what}, {when}");
        }
    }
}
