//! The workspace as the house rules read it: its source files, its packages, the floors of the engine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// One Rust file of the workspace.
pub(super) struct Source {
    /// From the workspace's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn is_below(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether it is code that integrators build into their own programs.
    pub(super) fn is_library(&self) -> bool {
        self.path.contains("/src/") && !self.is_below("engine/cli") && !self.is_below("hooks-api/conformance")
    }

    pub(super) fn is_test(&self) -> bool {
        let folder = self.path.split('/').any(|part| part == "tests" || part == "examples" || part == "benches");
        let name = self.path.rsplit('/').next().unwrap_or_default();
        folder || name == "tests.rs" || name == "testing.rs" || name.ends_with("_tests.rs")
    }

    /// The file without the tests at its end.
    pub(super) fn production(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
    }

    /// Numbered lines of code, without comments and inline tests.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = if self.is_test() { self.text.as_str() } else { self.production() };
        (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Fails with every line of code that holds the word.
    pub(super) fn lines_with(&self, word: &str, instead: &str) {
        if self.path == "tests/suite/tidy/mod.rs" {
            return;
        }
        let lines: Vec<String> =
            self.code().filter(|(_, line)| line.contains(word)).map(|(number, _)| number.to_string()).collect();
        assert!(lines.is_empty(), "{}:{}: {word} is out of place here; {instead}", self.path, lines.join(","));
    }

    /// The module of the engine that it belongs to.
    pub(super) fn module(&self) -> Option<&str> {
        let below = self.path.strip_prefix("engine/src/")?;
        below.split('/').next()?.strip_suffix(".rs").or(below.split('/').next())
    }

    /// The first names of all paths that begin with `crate::`, with their lines.
    pub(super) fn crate_paths(&self) -> Vec<(usize, String)> {
        let mut paths = Vec::new();
        for (number, line) in self.code() {
            for rest in line.split("crate::").skip(1) {
                let list = rest.strip_prefix('{').and_then(|rest| rest.split('}').next());
                let names = list.map_or_else(|| vec![rest], |list| list.split(',').collect());
                for name in names {
                    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                    let first: String = name.trim_start().chars().take_while(|letter| is_part(*letter)).collect();
                    paths.push((number, first));
                }
            }
        }
        paths
    }
}

/// One package of the workspace.
pub(super) struct Manifest {
    pub(super) folder: String,
    /// What it needs to be built, not what its tests need.
    pub(super) dependencies: Vec<String>,
}

pub(super) fn manifests() -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for file in files(&root(), "toml") {
        let path = relative(&file);
        let Some(folder) = path.strip_suffix("/Cargo.toml") else { continue };
        let text = fs::read_to_string(&file).unwrap();
        let mut dependencies = Vec::new();
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
                dependencies
                    .extend(line.strip_prefix("[dependencies.").map(|name| name.trim_end_matches(']').to_owned()));
            } else if section.ends_with("dependencies]") && !section.contains("dev-") && !line.starts_with('#') {
                let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
                dependencies.extend((!name.is_empty()).then(|| name.to_owned()));
            }
        }
        manifests.push(Manifest { folder: folder.to_owned(), dependencies });
    }
    assert!(manifests.len() > 5, "the workspace was not found");
    manifests
}

pub(super) fn manifest(folder: &str) -> Manifest {
    manifests().into_iter().find(|manifest| manifest.folder == folder).unwrap()
}

/// The floor of each module of the engine, counted from the door down.
pub(super) fn floors() -> BTreeMap<String, usize> {
    let mut floors = BTreeMap::new();
    for (floor, paragraph) in read("engine/src/lib.rs").split("\n\n").enumerate() {
        for line in paragraph.lines() {
            let line = line.strip_prefix("pub ").unwrap_or(line);
            if let Some(module) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                floors.insert(module.to_owned(), floor);
            }
        }
    }
    floors
}

pub(super) fn sources() -> Vec<Source> {
    let read = |file: PathBuf| Source { path: relative(&file), text: fs::read_to_string(file).unwrap() };
    files(&root(), "rs").into_iter().map(read).collect()
}

/// All files below the folder with this ending, sorted; build products and hidden folders left out.
pub(super) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found
}

pub(super) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(super) fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}
