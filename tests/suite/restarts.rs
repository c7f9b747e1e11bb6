//! A site whose owner wants programs restarted around an upgrade: whenever it is cut off, what runs is what is in force, or it is
//! known that a restart is due (A43, A44, B19).

use acceptance::{
    Archive, ArchiveBuilder, Fault, Legal, Recording, Says, SimSite, Stories, Survivors, after_power_cut, applying,
    applying_as, chain, in_parallel, reference, rolling_back, stepwise,
};
use patchwright_engine::site::restarts::{OwnCommand, Probe, Restarts, Target, Unhealthy};
use patchwright_engine::{Answer, Asked, Event, Operator, Silent, SiteState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(5);

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// One restart command, and a probe that finds the site healthy at these versions.
fn restarts(healthy: &str, unhealthy: Unhealthy) -> Restarts {
    let target = Target::Command(words(&format!("healthy {healthy}")));
    Restarts {
        commands: Vec::new(),
        origins: Vec::new(),
        folder: PathBuf::from("/srv/acme"),
        hooks: vec![OwnCommand { name: "php".into(), command: words("reload php"), timeout: TIMEOUT }],
        probe: Some(Probe { target, expect: None, timeout: TIMEOUT, deadline: TIMEOUT }),
        unhealthy,
    }
}

fn paths(archives: &[Archive]) -> Vec<PathBuf> {
    archives.iter().map(Archive::path).collect()
}

/// The run is cut off at every instant. Whatever recovery makes of it, the site was restarted last at the version that it is at, what
/// is still due has failed and is told, and the gate is open.
fn what_runs_is_what_is_in_force(site: &SimSite, recording: &Recording, at_first: &str) {
    in_parallel(recording.instants(), |instant| {
        let killed = recording.killed_at(instant);
        let mut worlds = after_power_cut(&killed, Survivors::Few);
        worlds.push(killed);
        for world in worlds {
            let turn = site.turn(&world, Fault::None);
            drop(turn.site.begin(&Silent).unwrap());
            let status = turn.site.status().unwrap();
            let recovery = turn.recording();
            let restarted = recovery.restarted_before(usize::MAX).or_else(|| recording.restarted_before(instant));
            let when = recording.when(instant);
            assert_eq!(restarted.unwrap_or(at_first), status.version.to_string(), "{when}");
            let is_told = status.restart_pending.as_ref().is_none_or(|pending| pending.failed.is_some());
            assert!(is_told, "{when}: {status:?}");
            assert!(status.gate.is_open() && !status.needs_recovery, "{when}: {status:?}");
        }
    });
}

#[test]
fn a_run_that_is_cut_off_anywhere_leaves_no_old_code_running_unnoticed() {
    // A43 A44 B19
    let site = SimSite::new(true).restarting(restarts("1.0.0 1.0.1", Unhealthy::Ask));
    let archive = chain().remove(0);
    let archives = vec![archive.path()];
    let start = site.initial_world();
    let recording = site.record(&start, applying(&archives));
    assert_eq!(recording.restarted_before(usize::MAX), Some("1.0.1"));
    what_runs_is_what_is_in_force(&site, &recording, "1.0.0");
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.fail_everywhere(&start, applying(&archives));
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories of a restart, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_way_back_that_is_cut_off_anywhere_leaves_no_new_code_running_unnoticed() {
    // A43 B19
    let site = SimSite::new(true).restarting(restarts("1.0.0 1.1.0", Unhealthy::Ask));
    let archive = reference();
    let start = site.patched(&[archive.path()]);
    let recording = site.record(&start, rolling_back);
    assert_eq!(recording.restarted_before(usize::MAX), Some("1.0.0"));
    what_runs_is_what_is_in_force(&site, &recording, "1.1.0");
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    stories.cut_off_everywhere(&recording, 0, Survivors::Few, 0);
}

#[test]
fn a_plan_restarts_once_after_its_last_patch() {
    // A44 B19
    let site = SimSite::new(true).restarting(restarts("1.0.3", Unhealthy::Ask));
    let chain = chain();
    let archives = paths(&chain);
    let recording = site.record(&site.initial_world(), applying(&archives));
    let commits = recording.databases();
    let (last, _) = commits.last().unwrap();
    assert_eq!(recording.restarted_before(*last), None);
    assert_eq!(recording.restarted_before(usize::MAX), Some("1.0.3"));
    what_runs_is_what_is_in_force(&site, &recording, "1.0.0");
}

#[test]
fn patches_without_files_are_restarted_for_after_a_power_cut_too() {
    // A43 B19
    let site = SimSite::new(true).restarting(restarts("1.0.0 1.0.1", Unhealthy::Ask));
    let archive = ArchiveBuilder::new("1.0.0", "1.0.1")
        .step("<sql dialect='sqlite'>CREATE TABLE t (id INTEGER);<undo>DROP TABLE t</undo></sql>")
        .archive();
    let recording = site.record(&site.initial_world(), applying(&[archive.path()]));
    what_runs_is_what_is_in_force(&site, &recording, "1.0.0");
}

#[test]
fn where_statements_come_into_force_one_by_one_no_restart_is_forgotten_either() {
    // A43 B19
    let site = SimSite::stepwise().restarting(restarts("1.0.0 1.1.0", Unhealthy::Ask));
    let archive = stepwise();
    let recording = site.record(&site.initial_world(), applying(&[archive.path()]));
    assert_eq!(recording.restarted_before(usize::MAX), Some("1.1.0"));
    what_runs_is_what_is_in_force(&site, &recording, "1.0.0");
}

#[test]
fn a_plan_after_which_the_site_is_not_healthy_is_taken_back_whole_behind_the_shut_gate() {
    // A43 B19
    let site = SimSite::new(true).restarting(restarts("1.0.0", Unhealthy::RollBack));
    let chain = chain();
    let archives = paths(&chain);
    let start = site.initial_world();
    let turn = site.turn(&start, Fault::None);
    let before = turn.picture();
    let outcome = turn.apply(&archives).unwrap();
    let failure = outcome.failure.unwrap();
    assert_eq!((failure.state, outcome.receipts.len()), (SiteState::TakenBack, 0));
    assert!(failure.error.message.contains("not healthy") && failure.also.is_empty(), "{failure:?}");
    assert_eq!(turn.picture().tree, before.tree);
    let status = turn.site.status().unwrap();
    assert_eq!((status.version.to_string().as_str(), status.restart_pending), ("1.0.0", None));
    assert!(status.gate.is_open());
    let recording = turn.recording();
    assert_eq!(recording.restarted_before(usize::MAX), Some("1.0.0"));
    // The gate is shut from the first change to the last.
    let gate = |change: &&String| change.contains("gate.json") && !change.contains("new");
    assert_eq!(recording.changes.iter().filter(gate).count(), 2, "{:?}", recording.changes);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    stories.cut_off_everywhere(&recording, 0, Survivors::Few, 0);
    what_runs_is_what_is_in_force(&site, &recording, "1.0.0");
}

#[test]
fn what_becomes_of_a_site_that_is_not_healthy_is_the_operator_s_word() {
    // B19
    let archive = reference();
    let archives = vec![archive.path()];
    for (says, state, version) in
        [("roll-back", SiteState::TakenBack, "1.0.0"), ("keep", SiteState::Unhealthy, "1.1.0")]
    {
        let site = SimSite::new(true).restarting(restarts("1.0.0", Unhealthy::Ask));
        let turn = site.turn(&site.initial_world(), Fault::None);
        let failure = applying_as(Says(says), &archives)(&turn).unwrap();
        assert_eq!(failure.state, state, "{failure:?}");
        let status = turn.site.status().unwrap();
        assert_eq!((status.version.to_string().as_str(), status.gate.is_open()), (version, true));
        assert_eq!(status.restart_pending.is_some(), says == "keep");
    }
}

/// Calls everything off as soon as the site is asked whether it is healthy.
#[derive(Default)]
struct CallsTheProbeOff(AtomicBool);

impl Operator for CallsTheProbeOff {
    fn event(&self, event: &Event) {
        if matches!(event, Event::Probing { .. }) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_probe_that_is_called_off_takes_nothing_back() {
    // B19
    let site = SimSite::new(true).restarting(restarts("1.0.0", Unhealthy::RollBack));
    let archive = reference();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let failure = turn.apply_as(&CallsTheProbeOff::default(), &[archive.path()]).unwrap().failure.unwrap();
    assert_eq!((failure.state, failure.also.len()), (SiteState::Unhealthy, 0), "{failure:?}");
    assert_eq!(turn.site.status().unwrap().version.to_string(), "1.1.0");
}

#[test]
fn where_nobody_answers_the_patches_stay_and_the_way_back_is_named() {
    // B19
    let site = SimSite::new(true).restarting(restarts("1.0.0", Unhealthy::Ask));
    let archive = reference();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let failure = applying(&[archive.path()])(&turn).unwrap();
    assert_eq!(failure.state, SiteState::Unhealthy);
    assert!(failure.error.hint.as_ref().unwrap().contains("`patchwright rollback --to 1.0.0`"), "{failure:?}");
    what_runs_is_what_is_in_force(&site, &turn.recording(), "1.0.0");
}

#[test]
fn a_site_without_restarts_makes_the_same_changes_as_ever() {
    // B19
    let archive = reference();
    let archives = vec![archive.path()];
    let plain = SimSite::new(true);
    let changes = plain.record(&plain.initial_world(), applying(&archives)).changes;
    assert!(!changes.iter().any(|change| change.contains("restart.json")), "{changes:?}");
    let restarting = SimSite::new(true).restarting(restarts("1.1.0", Unhealthy::Ask));
    let more = restarting.record(&restarting.initial_world(), applying(&archives)).changes;
    // The note is written and put in its place, and goes: no barrier of its own.
    assert_eq!(more.len(), changes.len() + 3);
    let barriers = |changes: &[String]| changes.iter().filter(|change| *change == "barrier").count();
    assert_eq!(barriers(&more), barriers(&changes));
}
