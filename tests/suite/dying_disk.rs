//! The promise on a disk that dies: cut off at any instant, the site is exactly before or exactly after (A43).

use acceptance::{
    Archive, ArchiveBuilder, Effect, Fault, Legal, Says, SimSite, Stories, Survivors, World, after_power_cut, applying,
    applying_as, chain, disk_used, reference, rolling_back,
};
use patchwright_engine::site::disk::Place;
use patchwright_engine::{Silent, SiteState};
use patchwright_hooks_api::SitePath;
use std::path::PathBuf;

#[test]
fn a_patch_that_is_cut_off_anywhere_is_in_force_or_taken_back() {
    // A43
    let site = SimSite::new(true);
    let archive = reference();
    let archives = vec![archive.path()];
    let start = site.initial_world();
    let recording = site.record(&start, applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    stories.cut_off_everywhere(&recording, 0, Survivors::Thorough, 0);
    let (told, worlds) = (stories.told(), stories.worlds());
    println!("cut off everywhere: {told} stories in {worlds} worlds");
    stories.fail_everywhere(&start, applying(&archives));
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories of the reference patch, in {} worlds", stories.told(), stories.worlds());
    assert!(stories.told() >= 10_000);
}

#[test]
fn directories_that_are_opened_for_a_run_are_closed_whenever_it_is_cut_off() {
    // A43, C42
    let site = SimSite::run_by_its_owner();
    let archive = reference();
    let archives = vec![archive.path()];
    let mut start = site.initial_world();
    for (path, mode) in [("lang", 0o555), ("old", 0o550), ("tools", 0o555), ("data", 0o500), ("bin", 0o511)] {
        let at = Place::root(&SitePath::new(path).unwrap());
        let (node, _) = start.durable.at(&at).unwrap();
        start.durable.apply(&Effect::SetMode { node, mode });
    }
    let refused = site.turn(&start, Fault::None);
    assert_eq!(applying(&archives)(&refused).unwrap().state, SiteState::Undecided);
    let run = || applying_as(Says("make-writable"), &archives);
    let recording = site.record(&start, run());
    let turn = site.turn(&start, Fault::None);
    assert_eq!(run()(&turn), None);
    let mode = |path: &str| turn.picture().tree.get(path).map(|seen| seen.1);
    assert_eq!([mode("tools"), mode("data"), mode("bin")], [Some(0o555), Some(0o500), Some(0o511)]);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.fail_everywhere(&start, run());
    stories.die_everywhere(&start, recording.changes.len(), run());
    println!("{} stories of closed directories, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_recovery_that_is_cut_off_in_its_turn_is_ended_by_the_next() {
    // A43
    let site = SimSite::new(true);
    let archive = reference();
    let archives = vec![archive.path()];
    let recording = site.record(&site.initial_world(), applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives);
    // Before the journal is announced, recovery does no more than sweep.
    let announced = (0..recording.instants()).find(|instant| recording.when(*instant).contains("intent")).unwrap();
    stories.cut_off_everywhere(&recording, announced, Survivors::Few, 1);
    println!("{} stories of recovery, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_roll_back_that_is_cut_off_anywhere_has_happened_or_has_not() {
    // A43
    let site = SimSite::new(true);
    let archive = reference();
    let start = site.patched(&[archive.path()]);
    let recording = site.record(&start, rolling_back);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.fail_everywhere(&start, rolling_back);
    stories.die_everywhere(&start, recording.changes.len(), rolling_back);
    println!("{} stories of going back, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_roll_back_of_the_database_alone_that_is_cut_off_anywhere_leaves_nothing_behind() {
    // A43, D9: no journal's barrier comes before its commit, and what was kept is then for nobody.
    let site = SimSite::new(true);
    // What has a hook for the way back is kept, although it changes no file.
    let script = "fn upgrade() { db::execute(\"INSERT INTO visitor (name) VALUES ('Eve')\"); } \
                  fn downgrade() { db::execute(\"DELETE FROM visitor WHERE name = 'Eve'\"); }";
    let archive = ArchiveBuilder::new("1.0.0", "1.1.0")
        .member("upgrade.rhai", script)
        .step("<script src='upgrade.rhai'/>")
        .archive();
    let start = site.patched(&[archive.path()]);
    assert!(disk_used(&start.files()).files > 0);
    let recording = site.record(&start, rolling_back);
    let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new());
    assert_eq!(stories.legal().count(), 2);
    stories.cut_off_everywhere(&recording, 0, Survivors::Thorough, 1);
    println!("{} stories of going back in the database alone, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_plan_that_is_cut_off_anywhere_stands_after_one_of_its_patches() {
    // A43
    let site = SimSite::new(true);
    let chain = chain();
    let archives: Vec<PathBuf> = chain.iter().map(Archive::path).collect();
    let recording = site.record(&site.initial_world(), applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives);
    assert_eq!(stories.legal().count(), 4);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    println!("{} stories of three patches, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn patches_of_the_database_alone_that_are_cut_off_anywhere_are_in_force_together_or_not_at_all() {
    // A43: between two patches that change files, two that don't share a transaction.
    let site = SimSite::new(true);
    let versions = ["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4"];
    let patch = |number: usize| {
        let (from, to) = (versions[number], versions[number + 1]);
        let sql = format!(
            "INSERT INTO item (title) VALUES ('{to}'); CREATE TABLE made_{number} (id INTEGER PRIMARY KEY, name TEXT)"
        );
        let patch = ArchiveBuilder::new(from, to).step(format_args!("<sql dialect='sqlite'>{sql}</sql>"));
        let patch = if [0, 3].contains(&number) { patch.add(&format!("news/{to}.txt"), to, "") } else { patch };
        patch.archive()
    };
    let patches: Vec<Archive> = (0..4).map(patch).collect();
    let archives: Vec<PathBuf> = patches.iter().map(Archive::path).collect();
    let start = site.initial_world();
    let recording = site.record(&start, applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    assert_eq!(stories.legal().count(), 4);
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.fail_everywhere(&start, applying(&archives));
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories of four patches, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn a_disk_that_can_not_exchange_names_keeps_the_promise_too() {
    // A43
    let site = SimSite::new(false);
    let archive = reference();
    let archives = vec![archive.path()];
    let start = site.initial_world();
    let recording = site.record(&start, applying(&archives));
    let stories = Stories::new(&site, Legal::of(&site, &recording), archives.clone());
    stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
    stories.die_everywhere(&start, recording.changes.len(), applying(&archives));
    println!("{} stories without exchange, in {} worlds", stories.told(), stories.worlds());
}

#[test]
fn what_somebody_edits_between_a_crash_and_its_recovery_is_kept_and_reported() {
    // A43, C45
    let site = SimSite::new(true);
    let archive = reference();
    let archives = [archive.path()];
    let recording = site.record(&site.initial_world(), applying(&archives));
    let switched = (0..recording.instants()).find(|instant| recording.when(*instant).contains("exchange index.php"));
    let killed = recording.killed_at(switched.unwrap());
    let turn = site.turn(&killed, Fault::None);
    turn.edit("index.php", "<?php echo 'mine';\n");
    let session = turn.site.begin(&Silent).unwrap();
    let recovered = session.recovered().unwrap();
    assert!(!recovered.in_force);
    assert_eq!(recovered.rescued.iter().map(ToString::to_string).collect::<Vec<_>>(), ["index.php"]);
    let kept = turn.state_file("rescued/20260301T120000Z-0000000000000000-0-0");
    assert_eq!(kept.as_deref(), Some(b"<?php echo 'mine';\n".as_slice()));
}

#[test]
fn a_maintenance_of_the_owner_outlives_every_run_that_is_cut_off() {
    // A41, A43
    let site = SimSite::new(true);
    let archive = reference();
    let turn = site.turn(&site.initial_world(), Fault::None);
    turn.site.gate().begin_maintenance("owner", "a new server").unwrap();
    let start = World { durable: turn.files(), pending: Vec::new(), database: site.initial_world().database };
    let recording = site.record(&start, applying(&[archive.path()]));
    let mut told = 0;
    for instant in 0..recording.instants() {
        for world in after_power_cut(&recording.killed_at(instant), Survivors::Brief) {
            let turn = site.turn(&world, Fault::None);
            drop(turn.site.begin(&Silent).unwrap());
            let gate = turn.site.status().unwrap().gate;
            assert_eq!(gate.maintenance.map(|reason| reason.message).as_deref(), Some("a new server"));
            assert_eq!(gate.run, None, "{}", recording.when(instant));
            told += 1;
        }
    }
    println!("{told} stories of a site under maintenance");
}

#[test]
fn a_second_session_is_told_that_the_site_is_busy() {
    let site = SimSite::new(true);
    let turn = site.turn(&site.initial_world(), Fault::None);
    let first = turn.site.begin(&Silent).unwrap();
    assert_eq!(turn.site.begin(&Silent).err().map(|failure| failure.state), Some(SiteState::Busy));
    drop(first);
    assert!(turn.site.begin(&Silent).is_ok());
}

#[test]
fn who_may_not_write_to_the_state_folder_may_not_patch_the_site_and_changes_nothing() {
    // A19
    let site = SimSite::new(true);
    let turn = site.turn(&site.initial_world(), Fault::Forbidden);
    let failure = turn.apply(&[reference().path()]).unwrap_err();
    assert_eq!(failure.state, SiteState::Untouched);
    assert!(failure.error.to_string().contains("this user may not change the site"), "{}", failure.error);
    assert!(turn.recording().changes.is_empty());
}
