//! The commands for who makes patches.

use crate::world::World;

#[test]
fn a_patch_is_packed_shown_and_linted() {
    // A6 A7
    let mut world = World::new();
    world.patch_folder("1.0.0", "1.0.1", "<add path='a.txt'/>\n<sql>DELETE FROM x</sql>", &[("files/a.txt", "a")]);
    world
        .run("lint acme-1.0.1")
        .run("pack acme-1.0.1 -o patches/acme-1.0.1.tar")
        .run("show patches/acme-1.0.1.tar")
        .run("lint patches/acme-1.0.1.tar --json");
    insta::assert_snapshot!(world.transcript());
}

const DATABASE_STEPS: &str = "<add path='a.txt'/>
<create-table name='topic'>
  <column name='id'><bigint auto='true'/></column><column name='title'><varchar size='80' null='false'/></column>
  <primary-key><column>id</column></primary-key><index name='topic_title'><column>title</column></index>
</create-table>
<insert-rows table='topic'><row><set column='title'>it's new</set></row></insert-rows>
<alter-column table='topic' name='title'><varchar size='200'/></alter-column>
<sql>UPDATE topic SET title = 'x';
DELETE FROM topic<undo/></sql>
<add-column table='person' name='mail'><varchar size='120'/></add-column>";

#[test]
fn what_a_patch_would_run_is_shown_for_an_empty_database_and_what_depends_on_a_site_is_said() {
    // A12
    let mut world = World::new();
    world.patch("1.0.0", "1.0.1", DATABASE_STEPS, &[("files/a.txt", "a")]);
    let show = "show patches/acme-1.0.1.tar.gz --sql --dialect";
    world.run(&format!("{show} sqlite")).run(&format!("{show} sqlite --json")).run(&format!("{show} oracle"));
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn what_a_patch_would_run_is_shown_for_the_site_as_it_is() {
    // A12
    let mut world = World::with_site();
    world.patch(
        "1.0.0",
        "1.0.1",
        "<create-table name='person'><column name='id'><integer/></column></create-table>",
        &[],
    );
    world.run("apply patches/acme-1.0.1.tar.gz --yes");
    world.patch("1.0.1", "1.0.2", DATABASE_STEPS, &[("files/a.txt", "a")]);
    world.run("show patches/acme-1.0.2.tar.gz --sql").run("status");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn all_mistakes_in_a_manifest_are_told_with_their_places() {
    let mut world = World::new();
    world.patch_folder("1.0.0", "1.0.1", "<ad path='a.txt'/>\n<add path='../a.txt'/>", &[]);
    world.run("lint acme-1.0.1");
    world.patch_folder("1.0.0", "1.0.1", "<add path='a.txt'/>", &[]);
    world.run("lint acme-1.0.1").run("pack acme-1.0.1 -o patches/acme-1.0.1.tar");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_patch_is_built_of_two_releases() {
    let mut world = World::with_site();
    for (release, greeting) in [("old", "hello"), ("new", "good day")] {
        world.write(&format!("{release}/index.php"), &format!("<?php echo '{greeting}';\n"));
    }
    world.write("new/CHANGES.txt", "1.1.0\n");
    world.write("CHANGELOG.md", "# 1.1.0\n- Greets politely\n");
    let build = "build old new --product acme --from 1.0.0 --to 1.1.0 --changelog CHANGELOG.md -o acme.tar";
    world.run(build).run("apply acme.tar --yes").run("verify");
    world.run("build old old --product acme --from 1.0.0 --to 1.1.0 -o acme.tar");
    assert!(world.read("public/index.php").contains("good day"));
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn the_demo_tells_its_story_to_the_end() {
    let world = World::new();
    let said = world.command(&["demo", "--keep", "demo"]);
    let story = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success(), "{story}\n{}", String::from_utf8_lossy(&said.stderr));
    for part in ["in force", "That was meant to fail", "as the patches left them", "was taken back"] {
        assert!(story.contains(part), "{part:?} is not in\n{story}");
    }
    assert!(world.path("demo/patchwright.toml").exists());
}
