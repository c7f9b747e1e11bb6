//! A release that is learnt on a disk that dies: it is known or it is not, and the site is as it was.

use acceptance::{Fault, SimSite, Survivors, Turn, after_power_cut};
use patchwright_engine::Silent;

/// A release of a few files, unpacked.
fn release() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.php"), "<?php echo 'shipped';\n").unwrap();
    std::fs::write(folder.path().join("about.php"), "<?php echo 'about';\n").unwrap();
    folder
}

#[test]
fn a_release_whose_learning_is_cut_off_anywhere_is_known_or_not_and_can_be_learnt_again() {
    // A43, D3
    let site = SimSite::new(true);
    let (start, release) = (site.initial_world(), release());
    let before = site.turn(&start, Fault::None).picture();
    let import = |turn: &Turn| turn.site.begin(&Silent).unwrap().import_release(release.path());
    let turn = site.turn(&start, Fault::None);
    assert!(import(&turn).unwrap().learnt);
    let recording = turn.recording();
    let mut told = 0;
    for instant in 0..recording.instants() {
        for world in after_power_cut(&recording.killed_at(instant), Survivors::Brief) {
            let turn = site.turn(&world, Fault::None);
            drop(turn.site.begin(&Silent).unwrap());
            for draft in ["releases/draft.pack", "releases/draft.json"] {
                assert!(turn.state_file(draft).is_none(), "{}", recording.when(instant));
            }
            assert_eq!(import(&turn).unwrap().files, 2);
            assert!(!import(&turn).unwrap().learnt, "{}", recording.when(instant));
            assert!(turn.picture() == before, "{}", recording.when(instant));
            told += 1;
        }
    }
    println!("{told} stories of a release that is learnt");
    assert!(told > 20);
}
