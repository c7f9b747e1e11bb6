//! The promise on a database that can't roll DDL back: cut off before, in and after every statement, the site is exactly before or
//! exactly after.

use acceptance::{Fault, Legal, Recording, SimSite, Stories, Survivors, Turn, World, stepwise};
use patchwright_engine::{Failure, Silent};
use std::path::PathBuf;

fn applying(archives: &[PathBuf]) -> impl Fn(&Turn) -> Option<Failure> + Sync {
    move |turn| match turn.apply(archives) {
        Ok(outcome) => outcome.failure,
        Err(failure) => Some(failure),
    }
}

fn rolling_back(turn: &Turn) -> Option<Failure> {
    turn.roll_back().err()
}

fn record(site: &SimSite, world: &World, run: impl Fn(&Turn) -> Option<Failure>) -> Recording {
    let turn = site.turn(world, Fault::None);
    assert_eq!(run(&turn), None);
    turn.recording()
}

fn patched(site: &SimSite, archives: &[PathBuf]) -> World {
    let end = record(site, &site.initial_world(), applying(archives)).end();
    World { durable: end.files(), pending: Vec::new(), database: end.database }
}

#[test]
fn a_patch_that_is_cut_off_at_any_statement_is_in_force_or_taken_back() {
    // A43
    let site = SimSite::stepwise();
    let archive = stepwise();
    let archives = vec![archive.path()];
    let start = site.initial_world();
    let recording = record(&site, &start, applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    // Before, after the patch, after its hook.
    assert_eq!(stories.legal().count(), 3);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 1);
    println!("cut off everywhere: {} stories in {} worlds", stories.told(), stories.worlds());
    stories.fail_everywhere(&start, applying(&archives));
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories of a stepwise patch, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_roll_back_that_is_cut_off_at_any_statement_has_happened_or_has_not() {
    // A43
    let site = SimSite::stepwise();
    let archive = stepwise();
    let start = patched(&site, &[archive.path()]);
    let recording = record(&site, &start, rolling_back);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    assert_eq!(stories.legal().count(), 2);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 1);
    stories.fail_everywhere(&start, rolling_back);
    stories.die_everywhere(&start, recording.changes.len(), rolling_back);
    println!("{} stories of going back, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn nothing_is_changed_by_a_rehearsal() {
    let site = SimSite::stepwise();
    let turn = site.turn(&site.initial_world(), Fault::None);
    let rows = turn.rows();
    let plan = turn.site.plan(&[stepwise().path()], &Default::default(), &Silent).unwrap();
    assert_eq!(plan.blockers().count(), 0);
    assert_eq!(turn.rows(), rows);
    assert!(turn.recording().changes.is_empty());
}
