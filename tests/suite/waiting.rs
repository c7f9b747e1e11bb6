//! A site that is to be at a version before its application starts: brought there, or waited for (B18).

use acceptance::{Fault, Neighbour, SimSite, Timeline, Turn, World, chain, reference, stepwise};
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::site::clock::Clock;
use patchwright_engine::{Answer, Asked, Event, Goal, Operator, Outcome, Silent, Site, SiteState};
use patchwright_hooks_api::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// Remembers what it is told, and may call everything off as soon as it waits.
#[derive(Default)]
struct Listener {
    told: Mutex<Vec<Event>>,
    calls_off: bool,
    has_called_off: AtomicBool,
}

impl Listener {
    fn waited_for(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        let reasons = told.iter().filter_map(|event| match event {
            Event::Waiting { reason } => Some(reason.clone()),
            _ => None,
        });
        reasons.collect()
    }

    fn was_told_of_a_recovery(&self) -> bool {
        self.told.lock().unwrap().iter().any(|event| matches!(event, Event::Recovered { .. }))
    }
}

impl Operator for Listener {
    fn event(&self, event: &Event) {
        if self.calls_off && matches!(event, Event::Waiting { .. }) {
            self.has_called_off.store(true, Ordering::Relaxed);
        }
        self.told.lock().unwrap().push(event.clone());
    }

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }

    fn cancelled(&self) -> bool {
        self.has_called_off.load(Ordering::Relaxed)
    }
}

fn ensure(site: &Site, version: &str, archives: &[PathBuf], operator: &dyn Operator) -> Outcome {
    let version = version.parse().unwrap();
    site.ensure(&Goal { version: &version, archives, patience: PATIENCE, by: "start" }, operator)
}

/// Opens the site of the turn once more, by this clock.
fn beside(turn: &Turn, clock: &Arc<Timeline>) -> Site {
    turn.neighbour().site(clock.clone())
}

fn apply(neighbour: &Neighbour, archives: &[PathBuf]) {
    let site = neighbour.site(Arc::new(Timeline::default()));
    let session = site.begin(&Silent).unwrap();
    let plan = session.plan(archives, &Wanted::default(), &Silent).unwrap();
    assert_eq!(session.apply(&plan, "neighbour", &Silent).failure, None);
}

fn turn(site: &SimSite) -> Turn {
    site.turn(&site.initial_world(), Fault::None)
}

#[test]
fn a_site_is_brought_to_the_version_and_not_beyond() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    let archives: Vec<_> = chain();
    let paths: Vec<PathBuf> = archives.iter().map(acceptance::Archive::path).collect();
    let outcome = ensure(&turn.site, "1.0.2", &paths, &Silent);
    assert_eq!(outcome.failure, None);
    let versions: Vec<String> = outcome.receipts.iter().map(|receipt| receipt.version.to_string()).collect();
    assert_eq!(versions, ["1.0.1", "1.0.2"]);
    assert!(turn.site.status().unwrap().gate.is_open());
}

#[test]
fn at_a_site_that_is_at_the_version_no_archive_is_read_and_nothing_is_locked_or_changed() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    turn.neighbour().seize();
    let before = turn.recording().changes.len();
    let outcome = ensure(&turn.site, "1.0.0", &["/nowhere/at-all.tar".into()], &Silent);
    assert_eq!((outcome.failure, outcome.receipts.len()), (None, 0));
    assert_eq!(turn.recording().changes.len(), before);
}

#[test]
fn a_site_at_a_later_version_is_refused_in_its_own_way() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    let failure = ensure(&turn.site, "0.9", &[], &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::Ahead);
    assert!(failure.error.message.contains("1.0.0") && failure.error.message.contains("0.9"), "{failure}");
}

#[test]
fn what_needs_an_answer_is_refused_and_nothing_is_changed() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    turn.edit("index.php", "<?php echo 'mine';\n");
    let before = turn.picture();
    let failure = ensure(&turn.site, "1.1.0", &[reference().path()], &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::Undecided);
    assert_eq!(turn.picture(), before);
}

#[test]
fn no_way_to_the_version_is_a_refusal_that_waits_for_nobody() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    let clock = Arc::new(Timeline::default());
    let failure = ensure(&beside(&turn, &clock), "7.0", &[reference().path()], &Silent).failure.unwrap();
    assert_eq!((failure.state, clock.elapsed()), (SiteState::Untouched, Duration::ZERO));
}

#[test]
fn who_comes_second_waits_is_told_for_whom_and_finds_the_site_there() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    let (archive, neighbour) = (reference(), turn.neighbour());
    neighbour.seize();
    turn.site.gate().shut_for_run("ann", "upgrading acme-cms").unwrap();
    let (other, path) = (neighbour.clone(), archive.path());
    let clock = Arc::new(Timeline::default().after(Duration::from_secs(7), move || {
        other.let_go();
        apply(&other, &[path]);
    }));
    let listener = Listener::default();
    let outcome = ensure(&beside(&turn, &clock), "1.1.0", &[archive.path()], &listener);
    assert_eq!((outcome.failure, outcome.receipts.len()), (None, 0));
    assert_eq!(listener.waited_for(), ["upgrading acme-cms, since 2026-03-01T12:00:00Z by ann"]);
    // Who waits looks again within a second.
    assert!(clock.elapsed() <= Duration::from_secs(8), "{:?}", clock.elapsed());
}

#[test]
fn where_the_one_that_is_waited_for_dies_his_run_is_taken_back_and_the_patch_applied() {
    for (site, archive) in [(SimSite::new(true), reference()), (SimSite::stepwise(), stepwise())] {
        let first = turn(&site);
        assert_eq!(first.apply(&[archive.path()]).unwrap().failure, None);
        let recording = first.recording();
        let expected = first.picture();
        for instant in (0..recording.instants()).step_by(9) {
            let dead: World = recording.killed_at(instant);
            let turn = site.turn(&dead, Fault::None);
            let neighbour = turn.neighbour();
            neighbour.seize();
            let clock = Arc::new(Timeline::default().after(Duration::from_secs(2), move || neighbour.let_go()));
            let listener = Listener::default();
            let outcome = ensure(&beside(&turn, &clock), "1.1.0", &[archive.path()], &listener);
            assert_eq!(outcome.failure, None, "{}", recording.when(instant));
            assert_eq!(turn.site.status().unwrap().version.to_string(), "1.1.0");
            assert!(turn.site.status().unwrap().gate.is_open());
            let recovered = listener.was_told_of_a_recovery();
            if outcome.receipts.is_empty() {
                // It was in force, but for its hook at most, which a dead engine does not run.
                continue;
            }
            assert_eq!(turn.picture().tree, expected.tree, "{}", recording.when(instant));
            assert!(recovered || !recording.when(instant).contains("exchange"), "{}", recording.when(instant));
        }
    }
}

#[test]
fn patience_ends_and_says_whom_it_waited_for() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    turn.neighbour().seize();
    let clock = Arc::new(Timeline::default());
    let before = turn.picture();
    let failure = ensure(&beside(&turn, &clock), "1.1.0", &[reference().path()], &Silent).failure.unwrap();
    assert_eq!(failure.state, SiteState::Busy);
    assert!(failure.error.message.contains("60 s") && failure.error.message.contains("another run"), "{failure}");
    assert_eq!(clock.elapsed(), PATIENCE);
    assert_eq!(turn.picture(), before);
}

#[test]
fn who_is_called_off_while_he_waits_ends_at_once() {
    let site = SimSite::new(true);
    let turn = turn(&site);
    turn.neighbour().seize();
    let clock = Arc::new(Timeline::default());
    let listener = Listener { calls_off: true, ..Listener::default() };
    let failure = ensure(&beside(&turn, &clock), "1.1.0", &[reference().path()], &listener).failure.unwrap();
    assert_eq!((failure.state, failure.error.kind), (SiteState::Busy, ErrorKind::Cancelled));
    assert!(clock.elapsed() <= Duration::from_millis(50), "{:?}", clock.elapsed());
}
