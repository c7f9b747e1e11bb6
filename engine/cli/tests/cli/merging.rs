//! Files that were changed locally: merged with the vendor's, or finished by hand, from the vendor's old bytes that the site keeps.

use crate::world::World;

/// The page as three releases have it.
const SHIPPED: [&str; 3] = [
    "<?php\n$title = 'Acme';\n\n$limit = 10;\n",
    "<?php\n$title = 'Acme';\n\n$limit = 20;\n",
    "<?php\n$title = 'Acme Inc.';\n\n$limit = 20;\n",
];
/// The page with another title, of the first release and of the second.
const MINE: &str = "<?php\n$title = 'Our forum';\n\n$limit = 10;\n";
const MERGED: &str = "<?php\n$title = 'Our forum';\n\n$limit = 20;\n";

/// A site that got its page by a patch, and changed the title in it; two patches change the page. Their manifests know MD5 sums
/// alone, as the seeds' do.
fn with_own_title() -> World {
    let world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='page.php'/>", &[("files/page.php", SHIPPED[0])]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    // The vendor's bytes are the site's own by now.
    std::fs::remove_dir_all(world.path("patches")).unwrap();
    world.write("public/page.php", MINE);
    let overwrite = |md5: &str| format!("<overwrite path='page.php' md5='{md5}'/>");
    let first = overwrite("61ad65ce721a6b1e4e7481f96978048d");
    world.patch("1.0.1", "1.0.2", &first, &[("files/page.php", SHIPPED[1])]);
    let second = overwrite("983b87ca0e6aede617cbb880f61c8976");
    world.patch("1.0.2", "1.0.3", &second, &[("files/page.php", SHIPPED[2])]);
    world
}

#[test]
fn a_change_that_goes_together_with_the_patch_is_shown_and_merged_by_the_site_s_policy() {
    // A16 C44 C45
    let mut world = with_own_title();
    world.run("plan patches --to 1.0.2 --diff");
    let config = world.read("patchwright.toml");
    world.write("patchwright.toml", &format!("{config}[policy]\nlocal-changes = 'merge'\n"));
    world.note("policy: local-changes = 'merge'").run("apply patches --to 1.0.2 --yes").run("history acme-1.0.2");
    assert_eq!(world.read("public/page.php"), MERGED);
    world.note("both changed the title").run("apply patches --yes");
    assert_eq!(world.read("public/page.php"), MERGED);
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_conflict_is_finished_by_hand_and_the_finished_file_taken() {
    // C45 C50
    let world = with_own_title();
    world.write("merge.toml", "['acme-1.0.2']\n'local-change:page.php' = 'merge'\n");
    assert_eq!(world.json("apply patches --to 1.0.2 --yes --decisions merge.toml").1, 0);
    assert_eq!(world.json("plan patches --write-decisions todo.toml").1, 21);
    let draft = world.read("merged/page.php");
    assert!(draft.contains("<<<<<<< yours\n$title = 'Our forum';\n"), "{draft}");
    assert!(draft.contains("=======\n$title = 'Acme Inc.';\n>>>>>>> acme-1.0.3\n"), "{draft}");
    world.write("done.toml", "['acme-1.0.3']\n'local-change:page.php' = { use = 'merged/page.php' }\n");
    let (refused, _) = world.json("apply patches --yes --decisions done.toml");
    assert!(refused.to_string().contains("still has conflict markers"), "{refused}");
    let finished = MERGED.replace("Our forum", "Our forum, Acme Inc.");
    world.write("merged/page.php", &finished);
    assert_eq!(world.json("apply patches --yes --decisions done.toml").1, 0);
    assert_eq!(world.read("public/page.php"), finished);
    assert_eq!(world.json("rollback --yes").1, 0);
    assert_eq!(world.read("public/page.php"), MERGED);
}

#[test]
fn a_change_is_merged_with_all_patches_of_one_plan_each_from_what_the_one_before_it_brings() {
    // A16 C44
    let world = with_own_title();
    // The third release as one that changes another line again, so that both go together with the title.
    let third = SHIPPED[1].replace("20", "30");
    let overwrite = "<overwrite path='page.php' md5='983b87ca0e6aede617cbb880f61c8976'/>";
    world.patch("1.0.2", "1.0.3", overwrite, &[("files/page.php", &third)]);
    world.write(
        "merge.toml",
        "['acme-1.0.2']\n'local-change:page.php' = 'merge'\n['acme-1.0.3']\n'local-change:page.php' = 'merge'\n",
    );
    assert_eq!(world.json("apply patches --yes --decisions merge.toml").1, 0);
    assert_eq!(world.read("public/page.php"), MERGED.replace("20", "30"));
}

#[test]
fn a_change_that_was_kept_is_merged_with_the_next_patch_from_the_vendor_s_file() {
    // A16 C50
    let world = with_own_title();
    world.write("keep.toml", "['acme-1.0.2']\n'local-change:page.php' = 'keep'\n");
    assert_eq!(world.json("apply patches --to 1.0.2 --yes --decisions keep.toml").1, 0);
    assert_eq!(
        (world.read("public/page.php").as_str(), world.read("public/page.php.acme-1.0.2").as_str()),
        (MINE, SHIPPED[1])
    );
    // Merged by hand, with a line more. What the third patch starts from is what the second brought.
    world.write("public/page.php", &format!("{}$theme = 'ours';\n", SHIPPED[1]));
    let (plan, code) = world.json("plan patches");
    assert_eq!(code, 21, "{plan}");
    assert!(plan.to_string().contains("lay both together"), "{plan}");
}

#[test]
fn a_site_that_was_there_before_its_first_patch_learns_the_release_it_has() {
    // A16 D3
    let world = World::with_site();
    world.write("release/page.php", SHIPPED[0]);
    world.write("public/page.php", MINE);
    let overwrite = "<overwrite path='page.php' md5='61ad65ce721a6b1e4e7481f96978048d'/>";
    world.patch("1.0.0", "1.0.1", overwrite, &[("files/page.php", SHIPPED[1])]);
    world.write("merge.toml", "['acme-1.0.1']\n'local-change:page.php' = 'merge'\n");
    assert_eq!(world.json("apply patches --yes --decisions merge.toml").1, 21);
    assert_eq!(world.json("baseline import release").1, 0);
    assert_eq!(world.json("apply patches --yes --decisions merge.toml").1, 0);
    assert_eq!(world.read("public/page.php"), MERGED);
}

#[test]
fn what_was_changed_since_goes_together_with_the_way_back_or_is_kept_or_put_away() {
    // C44 C45 C48
    let mut world = World::with_site();
    world.patch("1.0.0", "1.0.1", "<add path='page.php'/>", &[("files/page.php", SHIPPED[0])]);
    let overwrite = "<overwrite path='page.php' md5='61ad65ce721a6b1e4e7481f96978048d'/>";
    world.patch("1.0.1", "1.0.2", overwrite, &[("files/page.php", SHIPPED[1])]);
    assert_eq!(world.json("apply patches --yes").1, 0);
    let ours = |shipped: &str| shipped.replace("<?php\n", "<?php\n// ours\n");
    world.write("public/page.php", &ours(SHIPPED[1]));
    world.run("rollback --to 1.0.1 --dry-run --diff").run("rollback --to 1.0.1 --yes");
    assert_eq!(world.read("public/page.php"), ours(SHIPPED[1]));
    world.write("merge.toml", "['acme-1.0.2']\n'local-change:page.php' = 'merge'\n");
    world.run("rollback --to 1.0.1 --yes --decisions merge.toml");
    assert_eq!(world.read("public/page.php"), ours(SHIPPED[0]));
    world.write("keep.toml", "['acme-1.0.1']\n'local-change:page.php' = 'keep'\n");
    world.run("uninstall acme-1.0.1 --yes --decisions keep.toml").run("status");
    assert_eq!(world.read("public/page.php"), ours(SHIPPED[0]));
    insta::assert_snapshot!(world.transcript());
}
