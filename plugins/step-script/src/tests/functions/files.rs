//! The module `fs`.

use super::super::{failure, said, upgraded};
use patchwright_conformance::FakeSite;
use patchwright_hooks_api::ErrorKind;

#[test]
fn a_script_reads_and_writes_files() {
    // A17
    let site =
        upgraded(FakeSite::new().file("a.txt", "old"), r#"fs::write("b/c.txt", fs::read("a.txt") + "er", 0o600)"#);
    assert_eq!(site.contents("b/c.txt"), Some(b"older".as_slice()));
    assert_eq!(site.mode("b/c.txt"), Some(0o600));
}

#[test]
fn a_script_writes_blobs() {
    let site = upgraded(FakeSite::new(), r#"fs::write("b", blob(2, 255))"#);
    assert_eq!(site.contents("b"), Some([255, 255].as_slice()));
}

#[test]
fn a_script_makes_and_removes_and_sets_modes() {
    let site = FakeSite::new().file("old", "");
    let site = upgraded(
        site,
        r#"fs::make_dir("var", 0o700); fs::make_dir("tmp"); fs::remove("old"); fs::set_mode("tmp", 0o711)"#,
    );
    assert_eq!(site.paths(), ["tmp", "var"]);
    assert_eq!((site.mode("var"), site.mode("tmp")), (Some(0o700), Some(0o711)));
}

#[test]
fn a_script_asks_what_stands_at_a_path() {
    let site = FakeSite::new().file("d/f", "abc");
    let body = r#"print(fs::exists("d/f")); print(fs::exists("x")); print(fs::is_dir("d")); print(fs::size("d/f")); print(fs::md5("d/f")); print(fs::sha256("d/f").len())"#;
    assert_eq!(said(site, body), ["true", "false", "true", "3", "900150983cd24fb0d6963f7d28e17f72", "64"]);
}

#[test]
fn a_script_lists_a_directory_and_the_root() {
    let site = FakeSite::new().file("d/f", "abc");
    let body = r#"for e in fs::list("") { print(e.path + e.kind) } for e in fs::list("d") { print(`${e.path} ${e.name} ${e.size} ${e.mode}`) }"#;
    assert_eq!(said(site, body), ["ddirectory", "d/f f 3 420"]);
}

#[test]
fn the_size_of_a_directory_or_of_nothing_is_an_error() {
    assert_eq!(failure(FakeSite::new().directory("d"), r#"fs::size("d")"#).kind, ErrorKind::Conflict);
    assert_eq!(failure(FakeSite::new(), r#"fs::size("d")"#).kind, ErrorKind::Missing);
}

#[test]
fn a_file_that_is_not_utf_8_is_not_read_as_text() {
    assert_eq!(failure(FakeSite::new().file("f", [0xff]), r#"fs::read("f")"#).kind, ErrorKind::Conflict);
}

#[test]
fn a_mode_beyond_permission_bits_is_refused() {
    for mode in ["0o4755", "-1", "\"644\""] {
        assert_eq!(failure(FakeSite::new(), &format!("fs::write(\"a\", \"\", {mode})")).kind, ErrorKind::Invalid);
    }
}

#[test]
fn a_text_is_added_to_the_end_of_a_file_that_keeps_its_mode() {
    let site = upgraded(FakeSite::new().file_with_mode("a", "1\n", 0o600), r#"fs::append("a", "2\n")"#);
    assert_eq!((site.contents("a"), site.mode("a")), (Some(b"1\n2\n".as_slice()), Some(0o600)));
    assert_eq!(failure(FakeSite::new(), r#"fs::append("a", "x")"#).kind, ErrorKind::Missing);
    assert_eq!(failure(FakeSite::new().directory("a"), r#"fs::append("a", "x")"#).kind, ErrorKind::Conflict);
}

#[test]
fn a_copy_has_the_bytes_and_where_it_is_new_the_mode() {
    let site = FakeSite::new().file_with_mode("a", [0, 255], 0o750).file("old", "x");
    let site = upgraded(site, r#"fs::copy("a", "d/b"); fs::copy("a", "old"); fs::copy("a", "c", 0o600)"#);
    assert_eq!(["d/b", "old", "c"].map(|path| site.mode(path).unwrap()), [0o750, 0o644, 0o600]);
    assert!(["a", "d/b", "old", "c"].iter().all(|path| site.contents(path) == Some([0, 255].as_slice())));
    assert_eq!(failure(FakeSite::new(), r#"fs::copy("a", "b")"#).kind, ErrorKind::Missing);
    assert_eq!(failure(FakeSite::new().directory("a"), r#"fs::copy("a", "b")"#).kind, ErrorKind::Conflict);
}

#[test]
fn a_file_and_a_directory_with_all_in_it_get_another_path() {
    let site = FakeSite::new().file_with_mode("a/b/c", "c", 0o600).file("a/d", "d").directory("a/e").file("f", "f");
    let site = upgraded(site, r#"fs::rename("a", "x/y"); fs::rename("f", "g")"#);
    assert_eq!(site.paths(), ["g", "x", "x/y", "x/y/b", "x/y/b/c", "x/y/d", "x/y/e"]);
    assert_eq!(site.mode("x/y/b/c"), Some(0o600));
}

#[test]
fn nothing_is_renamed_onto_what_is_there_or_into_itself() {
    let site = || FakeSite::new().file("a/b", "").file("c", "");
    for call in [r#"fs::rename("a", "c")"#, r#"fs::rename("a", "a/x")"#, r#"fs::rename("a", "a")"#] {
        assert_eq!(failure(site(), call).kind, ErrorKind::Conflict, "{call}");
    }
    assert_eq!(failure(site(), r#"fs::rename("x", "y")"#).kind, ErrorKind::Missing);
}

#[test]
fn a_directory_is_removed_with_all_in_it_unless_there_is_a_link() {
    let site = FakeSite::new().file("a/b/c", "").file("a/d", "").file("e", "");
    let site = upgraded(site, r#"print(fs::remove_all("a"))"#);
    assert_eq!((site.paths(), site.logged()[0].1.as_str()), (vec!["e"], "2"));
    let mut linked = FakeSite::new().file("a/b/c", "").link("a/l");
    let before = linked.snapshot();
    let source = r#"fn upgrade() { try { fs::remove_all("a") } catch {} try { fs::rename("a", "b") } catch {} }"#;
    super::super::step(source).apply(&mut linked).unwrap();
    assert_eq!(linked.snapshot(), before);
    assert_eq!(failure(FakeSite::new().file("a", ""), r#"fs::remove_all("a")"#).kind, ErrorKind::Conflict);
}

#[test]
fn files_are_found_by_a_pattern_in_order() {
    let site = || {
        let files = ["index.php", "a/index.php", "a/b/index.php", "a/b/x.html", "themes/dark/t.json", "themes/t.json"];
        files.into_iter().fold(FakeSite::new(), |site, path| site.file(path, "")).link("l").directory("d.php")
    };
    for (pattern, found) in [
        ("*.php", vec!["index.php"]),
        ("**/*.php", vec!["a/b/index.php", "a/index.php", "index.php"]),
        ("a/**", vec!["a/b/index.php", "a/b/x.html", "a/index.php"]),
        ("themes/*/t.json", vec!["themes/dark/t.json"]),
        ("a/**/x.????", vec!["a/b/x.html"]),
        ("**", vec!["a/b/index.php", "a/b/x.html", "a/index.php", "index.php", "themes/dark/t.json", "themes/t.json"]),
        ("index.php/**", vec![]),
        ("l", vec![]),
        ("**/**/nothing", vec![]),
    ] {
        assert_eq!(said(site(), &format!("for path in fs::glob(\"{pattern}\") {{ print(path) }}")), found, "{pattern}");
    }
}

#[test]
fn a_pattern_that_could_leave_the_root_is_refused() {
    for pattern in ["../*", "/etc/*", "a/../*", "*/../..", "a\\\\*", ""] {
        assert_eq!(failure(FakeSite::new(), &format!("fs::glob(\"{pattern}\")")).kind, ErrorKind::Refused, "{pattern}");
    }
    assert_eq!(failure(FakeSite::new(), "fs::glob(\"a**b\")").kind, ErrorKind::Invalid);
}

#[test]
fn what_is_not_there_or_no_file_is_told_apart() {
    for call in ["read", "md5", "sha256"] {
        let call = format!("fs::{call}(\"a\")");
        assert_eq!(failure(FakeSite::new(), &call).kind, ErrorKind::Missing, "{call}");
        assert_eq!(failure(FakeSite::new().directory("a"), &call).kind, ErrorKind::Conflict, "{call}");
    }
}

#[test]
fn a_mode_is_told() {
    let body = r#"print(fs::mode("a") == 0o600); print(fs::mode("d") == 0o755)"#;
    assert_eq!(said(FakeSite::new().file_with_mode("a", "", 0o600).directory("d"), body), ["true", "true"]);
    assert_eq!(failure(FakeSite::new(), r#"fs::mode("a")"#).kind, ErrorKind::Missing);
}

#[test]
fn a_variable_that_a_closure_took_in_is_an_argument_like_any_other() {
    let site = upgraded(
        FakeSite::new(),
        r#"let p = "a"; let write = |text| fs::write(p, text); write.call("x"); fs::write(p, "y")"#,
    );
    assert_eq!(site.contents("a"), Some(b"y".as_slice()));
}
