//! A site with read-only files and closed directories, whose owner is not root.

use crate::world::World;

/// `hello` and its MD5 sum.
const HELLO: (&str, &str) = ("hello\n", "b1946ac92492d2347c6235b4d2611184");
/// What is read-only, and how.
const CLOSED: [(&str, u32); 4] =
    [("public/lang/en.txt", 0o444), ("public/old.txt", 0o444), ("public/lang", 0o555), ("public/bin", 0o555)];

/// A patch that adds to a closed directory, replaces a read-only file in another one and removes one from an open one.
fn closed() -> World {
    let mut world = World::with_site();
    let (hello, md5) = HELLO;
    for path in ["public/lang/en.txt", "public/old.txt", "public/bin/tool"] {
        world.write(path, hello);
    }
    let steps =
        format!("<add path='bin/new'/><overwrite path='lang/en.txt' md5='{md5}'/><delete path='old.txt' md5='{md5}'/>");
    world.patch("1.0.0", "1.0.1", &steps, &[("files/bin/new", "new\n"), ("files/lang/en.txt", "good day\n")]);
    world.run_by_nobody();
    for (path, mode) in CLOSED {
        world.set_mode(path, mode);
    }
    world
}

#[test]
fn what_is_read_only_is_one_list_nothing_is_changed_and_it_goes_on_once_it_is_writable() {
    // C42 C43 C46 C47 C49 C53 C54 C55
    let mut world = closed();
    world.run("apply patches --yes");
    assert_eq!(world.read("public/lang/en.txt"), HELLO.0);
    for (path, mode) in CLOSED {
        assert_eq!(world.mode(path), mode, "{path}");
    }
    for (path, _) in CLOSED {
        world.set_mode(path, 0o755);
    }
    world.note("all of it was made writable").run("apply patches --yes");
    assert_eq!(world.read("public/lang/en.txt"), "good day\n");
    world.run("status").run("message acme-1.0.1 --done");
    world.set_mode("public/lang", 0o555).set_mode("public/lang/en.txt", 0o444);
    world.note("lang is read-only again").run("message acme-1.0.1 --done");
    world.set_mode("public/bin", 0o555);
    world.note("so is bin").run("message acme-1.0.1 --done").run("message acme-1.0.1").run("history --verify");
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_path_with_blanks_bars_and_other_letters_is_told_as_it_is() {
    // C54
    let mut world = World::with_site();
    let (hello, md5) = HELLO;
    let path = "lang/größe | it's.txt";
    world.write(&format!("public/{path}"), hello);
    let steps = format!("<overwrite path=\"{path}\" md5='{md5}'/>");
    world.patch("1.0.0", "1.0.1", &steps, &[(&format!("files/{path}"), "good day\n")]);
    world.run_by_nobody();
    world.set_mode(&format!("public/{path}"), 0o444);
    assert_eq!(world.json("apply patches --yes").1, 21);
    world.set_mode(&format!("public/{path}"), 0o644);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!((code, &applied["messages"][0]["writable"][0]["path"]), (0, &path.into()));
    let (message, _) = world.json("message acme-1.0.1");
    assert_eq!(message["writable"], serde_json::json!([{ "path": path, "mode": 0o644, "was": 0o444 }]));
    let said = world.command(&["message", "acme-1.0.1"]);
    let command = String::from_utf8(said.stdout).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(std::process::Command::new("sh").args(["-c", command.trim()]).status().unwrap().success(), "{command}");
    assert_eq!(world.mode(&format!("public/{path}")), 0o444);
    assert_eq!(world.json("message acme-1.0.1 --done").1, 0);
}

#[test]
fn directories_that_the_run_is_to_open_are_closed_after_it_and_nothing_is_left_to_do() {
    // C42
    let mut world = closed();
    world.run("apply patches --yes --make-writable");
    assert_eq!((world.read("public/lang/en.txt").as_str(), world.mode("public/lang/en.txt")), ("good day\n", 0o444));
    assert_eq!((world.mode("public/lang"), world.mode("public/bin")), (0o555, 0o555));
    world.run("message acme-1.0.1").run("rollback --yes").run("rollback --yes --make-writable").run("verify");
    assert_eq!((world.mode("public/lang"), world.mode("public/bin")), (0o555, 0o555));
    assert_eq!(world.read("public/old.txt"), HELLO.0);
    insta::assert_snapshot!(world.transcript());
}

#[test]
fn a_file_that_was_put_away_is_told_and_comes_back_as_it_was() {
    // C45 C48 C50 C55
    let mut world = World::with_site();
    world.write("public/page.php", "mine\n");
    world.write("public/note.txt", "mine, too\n");
    world.patch(
        "1.0.0",
        "1.0.1",
        "<add path='page.php'/><add path='note.txt'/>",
        &[("files/page.php", "theirs\n"), ("files/note.txt", "theirs\n")],
    );
    world.write("d.toml", "['acme-1.0.1']\n'exists:page.php' = 'take'\n'exists:note.txt' = 'keep'\n");
    world.run("apply patches --yes --decisions d.toml").run("message acme-1.0.1 --done");
    let (message, _) = world.json("message acme-1.0.1");
    let kept = message["backups"][0]["kept"].as_str().unwrap();
    assert_eq!(world.read(&format!(".patchwright/{kept}")), "mine\n");
    std::fs::remove_file(world.path("public/note.txt.acme-1.0.1")).unwrap();
    assert_eq!(world.json("message acme-1.0.1 --done").1, 0);
    world.write("public/page.php", "theirs, and mine again\n");
    world.write("back.toml", "['acme-1.0.1']\n'local-change:page.php' = 'take'\n");
    world.note("page.php was edited").run("rollback --yes --decisions back.toml").run("message acme-1.0.1");
    let (message, _) = world.json("message acme-1.0.1");
    let kept = message["backups"][0]["kept"].as_str().unwrap();
    assert_eq!(world.read(&format!(".patchwright/{kept}")), "theirs, and mine again\n");
    assert_eq!(world.read("public/page.php"), "mine\n");
    insta::assert_snapshot!(world.transcript());
}
