//! What the state folder keeps, and letting go of it.

use crate::world::World;

/// A site with two patches, each of which replaces the page.
fn two_patches() -> World {
    let world = World::with_site();
    // The sums of the page that the site begins with, and of the first patch's.
    for (from, to, md5, page) in [
        ("1.0.0", "1.0.1", "853662855919b9fd2f6a9373c1197058", "two\n"),
        ("1.0.1", "1.0.2", "c193497a1a06b2c72230e6146ff47080", "three\n"),
    ] {
        world.patch(from, to, &format!("<overwrite path='index.php' md5='{md5}'/>"), &[("files/index.php", page)]);
    }
    assert_eq!(world.json("apply patches --yes").1, 0);
    world
}

#[test]
fn a_retired_patch_gives_its_backups_up_and_what_it_brought_stays_known() {
    // D9
    let mut world = two_patches();
    world.run("status").run("retire acme-1.0.1 --dry-run").run("retire acme-1.0.1");
    world.run("retire acme-1.0.1 --yes").run("retire acme-1.0.1 --yes").run("status");
    world
        .note("the last one can still be taken back, and the retired one can't")
        .run("rollback --yes")
        .run("rollback --yes");
    assert_eq!(world.read("public/index.php"), "two\n");
    // A local change is told by what the retired patch brought.
    world.write("public/index.php", "mine\n");
    let (plan, _) = world.json("plan patches");
    assert!(plan["patches"].to_string().contains("-two\\n+mine\\n"), "{plan}");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_is_kept_for_nothing_is_told_and_removed_and_nothing_else_is() {
    // D9
    let mut world = two_patches();
    world.run("gc");
    world.write(".patchwright/kept/20200101T000000Z-0000000000000000-0/0", "left\n");
    world.write(".patchwright/rescued/20200101T000000Z-0000000000000000-0-0", "mine\n");
    world.note("a run left something, and recovery put a file aside");
    world.run("gc --dry-run").run("gc --rescued").run("gc --rescued --yes").run("gc --dry-run").run("verify");
    world.run("rollback --to 1.0.0 --yes");
    assert_eq!(world.read("public/index.php"), "<?php echo 'hello';\n");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_the_ledger_has_lost_is_told_and_its_old_files_are_never_swept() {
    // D10
    let mut world = World::with_database("");
    let add = |version: &str, page: &str| (version.to_owned(), page.to_owned());
    for ((from, to), (page, text)) in
        [(("1.0.0", "1.0.1"), add("a.php", "a\n")), (("1.0.1", "1.0.2"), add("b.php", "b\n"))]
    {
        world.patch(from, to, &format!("<add path='{page}'/>"), &[(&format!("files/{page}"), &text)]);
    }
    assert_eq!(world.json("apply patches --to 1.0.1 --yes").1, 0);
    std::fs::copy(world.path("cms.db"), world.path("backup.db")).unwrap();
    assert_eq!(world.json("apply patches --yes").1, 0);
    std::fs::copy(world.path("backup.db"), world.path("cms.db")).unwrap();
    world.note("the database is put back to 1.0.1").run("doctor").run("gc --dry-run");
    // One that nobody approves is not taken for a lost one.
    assert_eq!(
        world.json("apply patches --plan 0000000000000000000000000000000000000000000000000000000000000000").1,
        20
    );
    world.patch("1.0.1", "1.0.1+fix.1", "<add path='c.php'/>", &[("files/c.php", "c\n")]);
    assert_eq!(world.json("apply patches/acme-1.0.1+fix.1.tar.gz --yes").1, 0);
    world.note("another patch was applied since").run("gc --dry-run").run("doctor");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn your_own_files_that_a_way_back_kept_go_when_you_say_so() {
    // C48, D9
    let mut world = two_patches();
    world.write("public/index.php", "mine\n");
    world.write("back.toml", "['acme-1.0.2']\n'local-change:index.php' = 'take'\n");
    assert_eq!(world.json("rollback --yes --decisions back.toml").1, 0);
    world.run("message acme-1.0.2").run("retire acme-1.0.2 --yes").run("message acme-1.0.2").run("gc --dry-run");
    insta::assert_snapshot!(world.transcript());
}
