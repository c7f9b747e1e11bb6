//! The example patches: packed and applied in their order, and all of them taken back.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::statements::split;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Statement};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use walkdir::WalkDir;

/// What the names of examples contain that fail on purpose.
const FAILS: &str = "-fails";
/// The exit code of a patch that failed and was taken back.
const TAKEN_BACK: i32 = 30;

/// Every path below the root with its mode and bytes.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

#[test]
fn the_examples_are_applied_in_their_order_and_taken_back_to_where_they_began() {
    // A8, A9, A10, A11, A15, A17, A43, A44
    let site = Site::new();
    let (tree, database) = (site.tree(), site.database());
    let mut applied = 0;
    for folder in examples() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let archive = format!("{name}.patch.tar.gz");
        site.succeeds(&["pack", folder.to_str().unwrap(), "-o", &archive]);
        if name.contains(FAILS) {
            site.fails_without_a_trace(&archive);
        } else {
            site.succeeds(&["apply", &archive, "--yes"]);
            applied += 1;
        }
    }
    site.succeeds(&["verify"]);
    let text = |path| fs::read_to_string(site.path(path)).unwrap();
    assert!(text("public/config/site.php").contains("    'cache' => true,\n    'cache_seconds' => 300,\n"));
    assert!(text("public/assets/bundle.css").contains("\n/* assets/style.css */\nbody {"));
    assert!(
        text("public/config/modules.json").ends_with("// letters\n  \"theme\": {\n    \"name\": \"plain\"\n  },\n}\n")
    );
    for _ in 0..applied {
        site.succeeds(&["rollback", "--yes"]);
    }
    assert_eq!(site.tree(), tree);
    assert_eq!(site.database(), database);
}

#[test]
fn an_edit_outside_the_chunk_survives_the_patch_and_its_rollback() {
    // A16
    let site = Site::new();
    let header = site.path("public/templates/header.html");
    let edited = fs::read_to_string(&header).unwrap().replace("<title>Acme</title>", "<title>Our shop</title>");
    fs::write(&header, &edited).unwrap();
    for folder in examples().iter().take(4) {
        let archive = format!("{}.patch.tar.gz", folder.file_name().unwrap().to_str().unwrap());
        site.succeeds(&["pack", folder.to_str().unwrap(), "-o", &archive]);
        site.succeeds(&["apply", &archive, "--yes"]);
    }
    let patched = fs::read_to_string(&header).unwrap();
    assert!(patched.contains("Our shop") && patched.contains("type=\"search\""), "{patched}");
    site.succeeds(&["rollback", "--yes"]);
    assert_eq!(fs::read_to_string(&header).unwrap(), edited);
}

/// A copy of the application that the examples are for.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self { folder: TempDir::new().unwrap() };
        let template = catalogue().join("site");
        for entry in WalkDir::new(template.join("public")) {
            let entry = entry.unwrap();
            let target = site.path(entry.path().strip_prefix(&template).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir(target).unwrap();
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
        let mut connection = site.connect(true);
        let schema = fs::read_to_string(template.join("schema.sql")).unwrap();
        for piece in split(&schema, &Sqlite.info().lexical).unwrap() {
            connection.execute(&Statement::new(piece.text)).unwrap();
        }
        drop(connection);
        let known = ["--product", "acme-cms", "--version", "1.0.0", "--database", "sqlite:cms.db"];
        site.succeeds(&[&["init", "--root", "public"][..], &known].concat());
        site
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    fn command(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_patchwright"));
        command.args(words).current_dir(self.folder.path()).env("USER", "tester").output().unwrap()
    }

    #[track_caller]
    fn succeeds(&self, words: &[&str]) {
        let said = self.command(words);
        assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
    }

    #[track_caller]
    fn fails_without_a_trace(&self, archive: &str) {
        let before = (self.tree(), self.database());
        let said = self.command(&["apply", archive, "--yes"]);
        assert_eq!(said.status.code(), Some(TAKEN_BACK), "{archive}: {}", String::from_utf8_lossy(&said.stderr));
        assert!((self.tree(), self.database()) == before, "{archive} left something behind");
    }

    fn tree(&self) -> Tree {
        use std::os::unix::fs::PermissionsExt;
        let root = self.path("public");
        let entries = WalkDir::new(&root).min_depth(1).into_iter().map(|entry| {
            let entry = entry.unwrap();
            let bytes = if entry.file_type().is_dir() { Vec::new() } else { fs::read(entry.path()).unwrap() };
            let mode = entry.metadata().unwrap().permissions().mode();
            (entry.path().strip_prefix(&root).unwrap().to_owned(), (mode, bytes))
        });
        entries.collect()
    }

    /// The definition and the rows of everything in the database, the ledger left out.
    fn database(&self) -> Vec<String> {
        let mut connection = self.connect(false);
        let mut all = Vec::new();
        let schema = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'patches%' ORDER BY type, name";
        for row in connection.query(&Statement::new(schema)).unwrap().rows {
            let text = |at: usize| row[at].as_text().unwrap_or_default().to_owned();
            all.push(text(2).split_whitespace().collect::<Vec<_>>().join(" "));
            if text(0) == "table" {
                let rows = connection.query(&Statement::new(format!("SELECT * FROM {} ORDER BY 1", text(1)))).unwrap();
                all.extend(rows.rows.iter().map(|row| format!("{row:?}")));
            }
        }
        all
    }

    fn connect(&self, create: bool) -> Box<dyn Connection> {
        Sqlite.connect(&ConnectSpec { url: format!("sqlite:{}", self.path("cms.db").display()), create }).unwrap()
    }
}

/// The folders of the examples, in the order of their numbers.
fn examples() -> Vec<PathBuf> {
    let folders = fs::read_dir(catalogue()).unwrap().map(|entry| entry.unwrap().path());
    let mut examples: Vec<PathBuf> = folders.filter(|folder| folder.join("patch.xml").exists()).collect();
    examples.sort();
    assert!(examples.len() >= 10);
    examples
}

fn catalogue() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../example-patches")
}
