//! What a patch built from two releases holds, and that it turns the one into the other. Shows A3, A8, A9, A15, A16.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;
use tempfile::TempDir;

use super::*;
use crate::authoring::testing::{Node, Tree, planted, unpacked};

/// The MD5 and SHA-256 of `old\n`, and the SHA-256 of `new\n`.
const OLD_SUMS: &str = "md5=\"814fa5ca98406a903e22b43d9b610105\" was-sha256=\"01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee\"";
const NEW_SUM: &str = "sha256=\"7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c\"";

fn file(text: &str) -> Node {
    Node::File(text.into(), 0o644)
}

fn tree<const N: usize>(nodes: [(&str, Node); N]) -> Tree {
    nodes.into_iter().map(|(path, node)| (path.to_owned(), node)).collect()
}

/// Two releases on the disk and what is built of them.
struct Bench {
    old: TempDir,
    new: TempDir,
    out: TempDir,
}

impl Bench {
    fn new(old: &Tree, new: &Tree) -> Self {
        Self { old: planted(old), new: planted(new), out: tempfile::tempdir().unwrap() }
    }

    fn spec(&self) -> BuildSpec {
        BuildSpec {
            old: self.old.path().into(),
            new: self.new.path().into(),
            product: "acme".into(),
            component: None,
            from: "1.0".parse().ok(),
            to: "1.1".parse().unwrap(),
            id: None,
            title: None,
            severity: "recommended".into(),
            changelog: None,
            alter: false,
            out: self.out.path().join("acme-1.1.tar"),
        }
    }

    fn members(&self, spec: &BuildSpec) -> BTreeMap<String, Vec<u8>> {
        build(spec).unwrap();
        unpacked(&spec.out)
    }

    fn manifest(&self, spec: &BuildSpec) -> String {
        String::from_utf8(self.members(spec).remove(MANIFEST).unwrap()).unwrap()
    }
}

/// The lines between `<steps>` and its end.
fn steps(old: &Tree, new: &Tree) -> Vec<String> {
    let bench = Bench::new(old, new);
    let manifest = bench.manifest(&bench.spec());
    let (_, steps) = manifest.split_once("<steps>\n").unwrap();
    let (steps, _) = steps.split_once("  </steps>").unwrap();
    steps.lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_patch_says_what_it_is() {
    let bench = Bench::new(&tree([]), &tree([("a", file("new\n"))]));
    let spec = BuildSpec { title: Some("Ä & <b>".into()), severity: "security".into(), ..bench.spec() };
    let manifest = bench.manifest(&spec);
    let root = "<patch format=\"1\" product=\"acme\" id=\"acme-1.1\" from=\"1.0\" to=\"1.1\" severity=\"security\">";
    assert!(manifest.contains(root), "{manifest}");
    assert!(manifest.contains("<title>Ä &amp; &lt;b&gt;</title>"), "{manifest}");
}

#[test]
fn a_patch_of_a_component_says_so_and_without_an_old_version_it_installs_it() {
    // B21
    let bench = Bench::new(&tree([]), &tree([("a", file("new\n"))]));
    let spec = BuildSpec { component: Some("forum".into()), from: None, ..bench.spec() };
    let manifest = bench.manifest(&spec);
    let root = "<patch format=\"1\" product=\"acme\" component=\"forum\" id=\"forum-1.1\" to=\"1.1\" severity=\"recommended\">";
    assert!(manifest.contains(root), "{manifest}");
    assert!(manifest.contains("<title>forum 1.1</title>"), "{manifest}");
}

#[test]
fn each_file_that_differs_has_its_step_with_its_sums() {
    let old = tree([("gone", file("old\n")), ("changed", file("old\n")), ("same", file("same"))]);
    let new = tree([("come", file("new\n")), ("changed", file("new\n")), ("same", file("same"))]);
    let expected = [
        format!("<delete path=\"gone\" {OLD_SUMS}/>"),
        format!("<add path=\"come\" {NEW_SUM} mode=\"644\"/>"),
        format!("<overwrite path=\"changed\" {OLD_SUMS} {NEW_SUM}/>"),
    ];
    assert_eq!(steps(&old, &new), expected);
}

#[test]
fn a_mode_is_named_only_where_it_changes() {
    let old = tree([("run", Node::File(b"new\n".into(), 0o644)), ("keep", Node::File(b"1".into(), 0o755))]);
    let new = tree([("run", Node::File(b"new\n".into(), 0o755)), ("keep", Node::File(b"2".into(), 0o755))]);
    let steps = steps(&old, &new);
    assert!(steps[0].starts_with("<overwrite path=\"keep\"") && !steps[0].contains("mode="), "{steps:?}");
    assert!(steps[1].ends_with(&format!("{NEW_SUM} mode=\"755\" was-mode=\"644\"/>")), "{steps:?}");
}

#[test]
fn directories_are_named_when_no_file_brings_them_along() {
    let new =
        tree([("empty/deep", Node::Directory(0o755)), ("secret", Node::Directory(0o700)), ("secret/a", file("new\n"))]);
    let expected = [
        "<add path=\"empty/deep\" directory=\"true\" mode=\"755\"/>".to_owned(),
        "<add path=\"secret\" directory=\"true\" mode=\"700\"/>".to_owned(),
        format!("<add path=\"secret/a\" {NEW_SUM} mode=\"644\"/>"),
    ];
    assert_eq!(steps(&tree([]), &new), expected);
}

#[test]
fn directories_that_are_gone_go_after_their_files_and_the_deepest_first() {
    let old = tree([("a/b/c", file("old\n")), ("a/d", Node::Directory(0o755)), ("e", file("same"))]);
    let expected = [
        format!("<delete path=\"a/b/c\" {OLD_SUMS}/>"),
        "<delete path=\"a/d\" directory=\"true\"/>".to_owned(),
        "<delete path=\"a/b\" directory=\"true\"/>".to_owned(),
        "<delete path=\"a\" directory=\"true\"/>".to_owned(),
    ];
    assert_eq!(steps(&old, &tree([("e", file("same"))])), expected);
}

#[test]
fn a_file_becomes_a_directory_and_a_directory_a_file() {
    let old = tree([("x", file("old\n")), ("y/z", file("old\n"))]);
    let new = tree([("x/z", file("new\n")), ("y", file("new\n"))]);
    let expected = [
        format!("<delete path=\"x\" {OLD_SUMS}/>"),
        format!("<delete path=\"y/z\" {OLD_SUMS}/>"),
        "<delete path=\"y\" directory=\"true\"/>".to_owned(),
        format!("<add path=\"x/z\" {NEW_SUM} mode=\"644\"/>"),
        format!("<add path=\"y\" {NEW_SUM} mode=\"644\"/>"),
    ];
    assert_eq!(steps(&old, &new), expected);
}

#[test]
fn a_small_change_becomes_an_edit_if_asked_for() {
    let text = |greeting: &str| {
        format!("{}<b>{greeting}</b> & ]]>\r\n{}", "first line\n".repeat(20), "last line\n".repeat(20))
    };
    let bench = Bench::new(&tree([("a", file(&text("hello")))]), &tree([("a", file(&text("good day")))]));
    let spec = BuildSpec { alter: true, ..bench.spec() };
    let built = build(&spec).unwrap();
    assert_eq!((built.altered, built.overwritten), (1, 0));
    let manifest = bench.manifest(&spec);
    let from = "<replace><from>&lt;b&gt;hello&lt;/b&gt; &amp; ]]&gt;&#13;\n</from>";
    assert!(manifest.contains(from), "{manifest}");
    assert_eq!(bench.members(&spec).len(), 1, "an edit needs no payload");
}

#[test]
fn the_changelog_comes_along_and_its_items_are_the_changes() {
    let bench = Bench::new(&tree([]), &tree([("a", file("new\n"))]));
    let changelog = bench.out.path().join("changes.md");
    let text = "# 1.1\n\n- One\n  goes on\n* Two <b>\n\nNo item.\n  - Three\u{1b}[0m\n";
    fs::write(&changelog, text).unwrap();
    let spec = BuildSpec { changelog: Some(changelog), ..bench.spec() };
    let manifest = bench.manifest(&spec);
    let expected = "<changelog href=\"CHANGELOG.md\">\n    <change>One goes on</change>\n    <change>Two &lt;b&gt;</change>\n    \
                    <change>Three [0m</change>\n  </changelog>";
    assert!(manifest.contains(expected), "{manifest}");
    assert_eq!(bench.members(&spec)[CHANGELOG], text.as_bytes());
}

#[test]
fn a_patch_that_does_not_raise_the_version_or_change_anything_is_refused() {
    let bench = Bench::new(&tree([("a", file("same"))]), &tree([("a", file("same"))]));
    let refusal = |spec: &BuildSpec| build(spec).unwrap_err().to_string();
    assert!(refusal(&BuildSpec { to: "1.0".parse().unwrap(), ..bench.spec() }).contains("1.0 is not later than 1.0"));
    assert!(refusal(&BuildSpec { severity: "mild".into(), ..bench.spec() }).contains("\"mild\" is not a severity"));
    assert!(refusal(&bench.spec()).contains("nothing to patch"));
    assert_eq!(fs::read_dir(bench.out.path()).unwrap().count(), 0);
}

#[test]
fn a_directory_that_only_changes_its_mode_is_reported() {
    let directory = |mode| tree([("d", Node::Directory(mode)), ("a", file(&format!("{mode}")))]);
    let bench = Bench::new(&directory(0o755), &directory(0o700));
    assert_eq!(build(&bench.spec()).unwrap().other_modes, [SitePath::new("d").unwrap()]);
}

/// Does to a tree what the manifest says.
fn patched(mut tree: Tree, members: &BTreeMap<String, Vec<u8>>) -> Tree {
    let manifest = std::str::from_utf8(&members[MANIFEST]).unwrap();
    let mut reader = Reader::from_str(manifest);
    let mut edited = String::new();
    let (mut text, mut from) = (String::new(), String::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return tree,
            Event::Start(start) | Event::Empty(start) => {
                text.clear();
                let attributes: BTreeMap<_, _> = start
                    .attributes()
                    .map(|attribute| attribute.unwrap())
                    .map(|attribute| {
                        (
                            attribute.key.as_ref().to_owned(),
                            attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned(),
                        )
                    })
                    .collect();
                match (start.name().as_ref(), attributes.get("path")) {
                    ("alter", Some(path)) => edited.clone_from(path),
                    (step, Some(path)) => run(&mut tree, step, path, &attributes, members),
                    _ => {}
                }
            }
            Event::Text(part) => text.push_str(&part.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => text.push_str(quick_xml::escape::resolve_predefined_entity(&reference).unwrap()),
            },
            Event::End(end) => match end.name().as_ref() {
                "from" => from = std::mem::take(&mut text),
                "to" => replace(&mut tree, &edited, &from, &text),
                "delete" => replace(&mut tree, &edited, &text, ""),
                _ => {}
            },
            _ => {}
        }
    }
}

fn run(
    tree: &mut Tree,
    step: &str,
    path: &str,
    attributes: &BTreeMap<String, String>,
    members: &BTreeMap<String, Vec<u8>>,
) {
    let mode = attributes.get("mode").map(|mode| u32::from_str_radix(mode, 8).unwrap());
    let inside = |tree: &Tree| tree.keys().any(|other| other.starts_with(&format!("{path}/")));
    match (step, attributes.contains_key("directory")) {
        ("delete", directory) => {
            assert!(!inside(tree), "{path} is not empty");
            let gone = tree.remove(path);
            assert_eq!(matches!(gone, Some(Node::Directory(_))), directory, "{path}");
        }
        ("add", true) => {
            assert_eq!(tree.insert(path.to_owned(), Node::Directory(mode.unwrap())), None);
        }
        ("add" | "overwrite", false) => {
            let before = tree.get(path).map(|node| match node {
                Node::File(_, mode) => *mode,
                Node::Directory(_) => panic!("{path} is a directory"),
            });
            assert_eq!(before.is_some(), step == "overwrite", "{path}");
            let bytes = members[&format!("files/{path}")].clone();
            tree.insert(path.to_owned(), Node::File(bytes, mode.or(before).unwrap()));
        }
        _ => panic!("<{step}>"),
    }
    with_directories(tree);
}

fn replace(tree: &mut Tree, path: &str, from: &str, to: &str) {
    let Some(Node::File(bytes, _)) = tree.get_mut(path) else { panic!("{path} is no file") };
    let text = std::str::from_utf8(bytes).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text:?}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

/// Adds the directories above everything, as the disk has them.
fn with_directories(tree: &mut Tree) {
    for path in tree.keys().cloned().collect::<Vec<_>>() {
        for above in SitePath::new(&path).unwrap().ancestors() {
            assert!(!matches!(tree.entry(above.into()).or_insert(Node::Directory(0o755)), Node::File(..)));
        }
    }
}

fn releases() -> impl Strategy<Value = Tree> {
    let line = prop_oneof![
        Just("some line that many files have in common\n"),
        Just("a<b&\"c\"\r\n"),
        Just("]]>\t\n"),
        Just("\u{b}")
    ];
    let text = proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat().into_bytes());
    let node = prop_oneof![
        4 => (text, prop_oneof![Just(0o644), Just(0o755)]).prop_map(|(bytes, mode)| Node::File(bytes, mode)),
        1 => Just(Node::Directory(0o755)),
    ];
    let path = prop_oneof!["[ab]", "[ab]/[ab&]", "[ab]/[a\"]/[ab]"];
    proptest::collection::vec((path, node), 0..8).prop_map(|nodes| {
        let mut tree = Tree::new();
        for (path, node) in nodes {
            let below_file = SitePath::new(&path)
                .unwrap()
                .ancestors()
                .any(|above| matches!(tree.get(above.as_str()), Some(Node::File(..))));
            if !below_file && !tree.contains_key(&path) {
                tree.insert(path, node);
                with_directories(&mut tree);
            }
        }
        tree
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_patch_turns_the_old_release_into_the_new_one(old in releases(), new in releases(), alter: bool) {
        prop_assume!(old != new);
        let bench = Bench::new(&old, &new);
        let members = bench.members(&BuildSpec { alter, ..bench.spec() });
        prop_assert_eq!(patched(old, &members), new);
    }

    #[test]
    fn the_same_releases_give_the_same_archive(old in releases(), new in releases()) {
        prop_assume!(old != new);
        let archive = || {
            let bench = Bench::new(&old, &new);
            let spec = BuildSpec { alter: true, out: bench.out.path().join("p.tar.gz"), ..bench.spec() };
            build(&spec).map(|_| fs::read(&spec.out).unwrap()).unwrap()
        };
        prop_assert_eq!(archive(), archive());
    }
}
