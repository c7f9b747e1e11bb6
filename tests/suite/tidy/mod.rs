//! House rules that the compiler does not know, kept by reading the sources. Each failure says what to do.

mod house;

use house::{files, floors, manifest, manifests, read, relative, root, sources};
use sha2::{Digest, Sha256};
use std::fs;

/// Lines of a file without its inline tests. More, and it has two reasons to exist.
const MAX_LINES: usize = 400;
/// Lines of a file with its tests, or of a file of tests.
const MAX_LINES_WITH_TESTS: usize = 700;
/// The last row of each section of the feature list, which comments such as `// A16` refer to.
const FEATURE_ROWS: [(char, u32); 4] = [('A', 44), ('B', 21), ('C', 55), ('D', 16)];
/// Crates that have no business in the engine: databases and scripts come as plugins, networks and terminals as front ends.
const NOT_IN_THE_ENGINE: [&str; 14] = [
    "anyhow",
    "axum",
    "clap",
    "console",
    "crossterm",
    "dialoguer",
    "hyper",
    "indicatif",
    "reqwest",
    "rhai",
    "rusqlite",
    "sqlx",
    "tokio",
    "ureq",
];
/// What changes files, makes them durable, or goes around the disk's seam.
const DISK_WORDS: [&str; 14] = [
    "rustix::fs",
    "fs::write(",
    "fs::rename(",
    "fs::hard_link(",
    "fs::remove_",
    "fs::create_dir",
    "fs::copy(",
    "fs::set_permissions(",
    "DirBuilder",
    "File::create",
    "OpenOptions",
    ".sync_all(",
    ".sync_data(",
    "syncfs(",
];
/// Where [`DISK_WORDS`] are at home, and why.
const DISK_FILES: [(&str, &str); 3] = [
    ("engine/src/site/", "the disk itself"),
    (
        "engine/src/engine/making.rs",
        "`init` writes the configuration and makes the state folder: before that there is no site",
    ),
    (
        "plugins/step-script/src/modules/fs/mod.rs",
        "the names of functions that scripts call, which ask the site's editor",
    ),
];

/// What plugins and engine stand on: the contract, and beside it what both need.
const GROUND: [&str; 3] = ["patchwright-hooks-api", "patchwright-merge", "patchwright-xml"];

#[test]
fn plugins_know_the_contract_and_never_the_engine() {
    for manifest in manifests().iter().filter(|manifest| manifest.folder.starts_with("plugins/")) {
        // A plugin's thin library holds nothing but the export of the plugin itself.
        let plugin = manifest.folder.strip_prefix("plugins/").and_then(|folder| folder.strip_suffix("/library"));
        let own = plugin.map(|name| format!("patchwright-{name}"));
        for dependency in manifest.dependencies.iter().filter(|&name| Some(name) != own.as_ref()) {
            let ours = dependency.starts_with("patchwright") && !GROUND.contains(&dependency.as_str());
            assert!(!ours, "{} depends on {dependency}: a plugin knows the ground alone", manifest.folder);
        }
    }
}

#[test]
fn the_engine_knows_no_dialect_no_script_language_no_network_and_no_terminal() {
    for dependency in &manifest("engine").dependencies {
        let plugin = dependency.starts_with("patchwright-") && !GROUND.contains(&dependency.as_str());
        assert!(
            !plugin,
            "the engine depends on {dependency}: front ends hand plugins in, see engine/cli/src/wiring.rs"
        );
        let known = NOT_IN_THE_ENGINE.contains(&dependency.as_str());
        assert!(!known, "the engine depends on {dependency}, which belongs into a plugin or a front end");
    }
}

#[test]
fn the_contract_depends_on_serde_alone() {
    for dependency in &manifest("hooks-api").dependencies {
        let allowed = ["serde", "serde_json"].contains(&dependency.as_str());
        assert!(allowed, "hooks-api depends on {dependency}: every plugin would have to build it");
    }
}

#[test]
fn only_the_wiring_of_the_command_names_plugins() {
    for source in sources().iter().filter(|source| source.is_below("engine/cli/src") && !source.is_test()) {
        // What a vendor's tool writes, it tries with the reader's own code.
        if source.path == "engine/cli/src/wiring.rs" || source.is_below("engine/cli/src/authoring") {
            continue;
        }
        for word in ["patchwright_step_", "patchwright_dialect_"] {
            source.lines_with(word, "put it into engine/cli/src/wiring.rs, the one place that knows plugins");
        }
    }
}

#[test]
fn the_engines_modules_use_only_floors_below_their_own() {
    let floors = floors();
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.is_below("engine/src") && !source.is_test()) {
        let Some(own) = source.module().filter(|module| floors.contains_key(*module)) else { continue };
        for (line, used) in source.crate_paths() {
            let at = format!("{}:{line}", source.path);
            match floors.get(used.as_str()) {
                Some(floor) if used != own && *floor <= floors[own] => {
                    faults.push(format!("{at}: {own} uses {used}, which is not on a floor below"));
                }
                None if used.starts_with(char::is_uppercase) => {
                    faults.push(format!("{at}: crate::{used} hides its floor; name the module that it is from"));
                }
                _ => {}
            }
        }
    }
    assert!(faults.is_empty(), "see the paragraphs of engine/src/lib.rs:\n{}", faults.join("\n"));
}

#[test]
fn no_code_is_unsafe() {
    let seams = ["hooks-api/src/abi/", "engine/src/loader/library.rs"];
    for source in sources().iter().filter(|source| !seams.iter().any(|seam| source.path.starts_with(seam))) {
        for word in ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"] {
            source.lines_with(word, "the C boundary alone may need it");
        }
    }
}

#[test]
fn whoever_changes_the_boundary_looks_at_its_document() {
    let read = |path: &str| fs::read(root().join("hooks-api").join(path)).unwrap();
    let mut hasher = Sha256::new();
    for path in ["src/abi/layout.rs", "src/abi/message.rs", "include/patchwright_plugin.h"] {
        hasher.update(read(path));
    }
    let sum: String = hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let document = String::from_utf8(read("docs/dialect-abi.md")).unwrap();
    assert!(
        document.contains(&format!("<!-- boundary: {sum} -->")),
        "the layout, the messages or the header have changed: bring hooks-api/docs/dialect-abi.md up to date, and write {sum} into it"
    );
}

#[test]
fn files_are_changed_through_the_disks_seam_alone() {
    // Tests put a failing disk into that seam: what goes around it is not tested.
    for source in sources().iter().filter(|source| source.is_library() && !source.is_test()) {
        if DISK_FILES.iter().any(|(allowed, _)| source.path.starts_with(allowed)) {
            continue;
        }
        for word in DISK_WORDS {
            source.lines_with(word, "go through site::disk::Disk");
        }
    }
}

#[test]
fn the_clock_is_behind_its_seam() {
    for source in sources().iter().filter(|source| source.is_library() && !source.is_test()) {
        if source.path == "engine/src/site/clock.rs" {
            continue;
        }
        for word in ["Timestamp::now", "SystemTime::now", "Zoned::now"] {
            source.lines_with(word, "ask site::clock::Clock");
        }
        if source.is_below("engine/src") {
            source.lines_with("Instant::now", "ask site::clock::Clock");
        }
    }
}

#[test]
fn the_process_ends_in_main_alone() {
    for source in sources().iter().filter(|source| !source.is_test() && source.path != "engine/cli/src/main.rs") {
        for word in ["process::exit", "process::abort"] {
            source.lines_with(word, "return to engine/cli/src/main.rs, so that locks and transactions are let go of");
        }
    }
}

#[test]
fn every_source_file_says_first_what_it_is_for() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} does not open with a //! sentence", source.path);
    }
}

#[test]
fn no_file_is_long() {
    for source in sources() {
        let (code, all) = (source.production().lines().count(), source.text.lines().count());
        let path = &source.path;
        assert!(
            source.is_test() || code <= MAX_LINES,
            "{path} has {code} lines without its tests: which two things is it for?"
        );
        assert!(
            all <= MAX_LINES_WITH_TESTS,
            "{path} has {all} lines: move tests to a file of their own, or split them"
        );
    }
}

#[test]
fn nothing_is_left_to_be_done_and_nothing_panics_on_bad_input() {
    for source in sources().iter().filter(|source| !source.is_test()) {
        for word in [".unwrap()", "todo!(", "unimplemented!("] {
            source.lines_with(word, "return an error, or `expect` with the reason why it can't fail");
        }
    }
}

#[test]
fn modules_are_named_for_what_they_do() {
    for source in sources() {
        for name in ["util", "utils", "helper", "helpers", "common", "manager", "misc"] {
            let named = source.path.split(['/', '.']).any(|part| part == name);
            assert!(!named, "{}: {name} says nothing; name what it is for", source.path);
        }
    }
}

#[test]
fn rows_of_the_feature_list_are_named_as_they_are_numbered() {
    for source in sources() {
        for (number, line) in (1..).zip(source.text.lines()) {
            let Some(comment) = line.trim_start().strip_prefix("// ") else { continue };
            let rows: Vec<&str> = comment.split([',', ' ', '.']).filter(|word| !word.is_empty()).collect();
            if rows.is_empty() || !rows.iter().all(|word| looks_like_a_row(word)) {
                continue;
            }
            for row in rows {
                assert!(is_a_row(row), "{}:{number}: there is no row {row}", source.path);
            }
        }
    }
}

#[test]
fn the_architecture_names_every_crate_and_every_module_of_the_engine() {
    let text = read("engine/docs/architecture.md");
    for manifest in manifests() {
        assert!(text.contains(&format!("| `{}` |", manifest.folder)), "the map lacks the crate {}", manifest.folder);
    }
    for module in floors().keys() {
        assert!(text.contains(&format!("`{module}`")), "the map lacks the engine's module {module}");
    }
}

#[test]
fn what_documents_link_to_is_there() {
    let mut missing = Vec::new();
    for document in files(&root(), "md") {
        let text = fs::read_to_string(&document).unwrap();
        let folder = document.parent().unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(char::is_whitespace) {
                continue;
            }
            if !folder.join(target).exists() {
                missing.push(format!("{}: {target}", relative(&document)));
            }
        }
    }
    assert!(missing.is_empty(), "links that lead nowhere:\n{}", missing.join("\n"));
}

#[test]
fn the_catalogue_lists_the_examples_in_order_and_the_decisions_are_listed() {
    for (folder, catalogue) in
        [("example-patches", "example-patches/README.md"), ("engine/docs/decisions", "engine/docs/decisions/README.md")]
    {
        let text = read(catalogue);
        let mut names: Vec<String> = fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
            .collect();
        names.sort();
        let mut from = 0;
        for name in names {
            let link = format!("]({name}");
            let found =
                text[from..].find(&link).unwrap_or_else(|| panic!("{catalogue} lacks {name}, or has it too early"));
            from += found;
        }
    }
}

fn looks_like_a_row(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| first.is_ascii_uppercase())
        && word.len() > 1
        && letters.all(|digit| digit.is_ascii_digit())
}

fn is_a_row(row: &str) -> bool {
    let number = row[1..].parse::<u32>().ok().filter(|_| !row[1..].starts_with('0'));
    FEATURE_ROWS.iter().any(|(section, last)| row.starts_with(*section) && number.is_some_and(|number| number <= *last))
}
