//! Upgrade scripts on a whole site: hostile ones change nothing, and what random ones did is taken back to the last byte and row.

use acceptance::{Archive, ArchiveBuilder, Fault, SimSite, Turn, World, in_parallel, told_in_full};
use patchwright_engine::{Answer, Asked, Event, Operator, Silent, Unwanted};
use patchwright_hooks_api::Level;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

/// How many random scripts there are if all are tried, and of how many one is tried otherwise.
const SCRIPTS: u64 = 10_000;
const SAMPLE: u64 = 100;

/// An operator who notes the warnings.
#[derive(Default)]
struct Listens(Mutex<Vec<String>>);

impl Operator for Listens {
    fn event(&self, event: &Event) {
        if let Event::Log { level: Level::Warn, message } = event {
            self.0.lock().unwrap().push(message.clone());
        }
    }

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }
}

fn patch_with(script: &str) -> Archive {
    ArchiveBuilder::new("1.0.0", "1.0.1")
        .member("upgrade.rhai", script)
        .member("files/x", "installed\n")
        .step("<script src='upgrade.rhai'><uses payload='files/x'/></script>")
        .archive()
}

/// The hostile scripts with their names; those that reach limits take their time. The disk of these tests has no links: what goes through
/// one meets it in the tests of the script step itself.
fn hostile() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile-scripts");
    let mut scripts = Vec::new();
    for kind in fs::read_dir(folder).unwrap().map(|kind| kind.unwrap().path()) {
        for file in fs::read_dir(&kind).unwrap().map(|file| file.unwrap().path()) {
            let name = format!("{}/{}", kind.file_name().unwrap().display(), file.file_stem().unwrap().display());
            scripts.push((name, fs::read_to_string(file).unwrap()));
        }
    }
    scripts.retain(|(name, _)| (told_in_full() || !name.starts_with("limits/")) && !name.contains("link"));
    scripts.sort();
    scripts
}

#[test]
fn no_hostile_script_changes_anything_of_a_site() {
    // A17
    let site = SimSite::new(true);
    let start = site.initial_world();
    let scripts = hostile();
    assert!(scripts.len() > 100);
    in_parallel(scripts.len(), |at| meets(&site, &start, &scripts[at].0, &scripts[at].1));
}

fn meets(site: &SimSite, start: &World, name: &str, script: &str) {
    let turn = site.turn(start, Fault::None);
    let before = turn.picture();
    let listens = Listens::default();
    let outcome = turn.apply_as(&listens, &[patch_with(script).path()]);
    let is_in_force = outcome.as_ref().is_ok_and(|outcome| outcome.failure.is_none());
    let place = script.lines().next().unwrap().rsplit(' ').next().unwrap();
    if script.starts_with("// caught") {
        assert!(is_in_force, "{name}: {outcome:?}");
        let told = listens.0.lock().unwrap();
        assert!(told.iter().any(|told| told.starts_with(&format!("upgrade.rhai:{place}: "))), "{name}: {told:?}");
        assert_eq!(turn.picture().application(), before.application(), "{name}");
    } else if script.contains("fn downgrade()") {
        assert!(is_in_force, "{name}: {outcome:?}");
        let in_force = turn.picture();
        assert!(turn.take_back(&Unwanted::Last, &Silent).is_err(), "{name}");
        assert_eq!(turn.picture(), in_force, "{name}");
    } else {
        assert!(!is_in_force, "{name} was applied");
        assert_eq!(turn.picture(), before, "{name}");
    }
}

/// Numbers that look as if they came by chance, the same for each script.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Paths that are there and paths that are not, files and directories, and one below another.
const PATHS: [&str; 16] = [
    "index.php",
    "config.php",
    "theme",
    "theme/a.css",
    "old",
    "old/readme.txt",
    "lang/en.txt",
    "lang",
    "tools",
    "tools/run.sh",
    "new",
    "new/a",
    "new/a/b.json",
    "data/settings.ini",
    "bin",
    "bin/x",
];

/// One deed of a script. Each may fail, and is then left out: which does depends on those before it.
fn deed(dice: &mut Dice, number: usize) -> String {
    let (path, other) = (dice.one(&PATHS), dice.one(&PATHS));
    let mode = dice.one(&["0o600", "0o644", "0o755", "0o700"]);
    match dice.below(23) {
        0 => format!("fs::write(\"{path}\", \"{number}\\n\")"),
        1 => format!("fs::write(\"{path}\", blob({number}, 255), {mode})"),
        2 => format!("fs::append(\"{path}\", \"more {number}\\n\")"),
        3 => format!("fs::copy(\"{path}\", \"{other}\")"),
        4 => format!("fs::copy(\"{path}\", \"{other}\", {mode})"),
        5 | 6 => format!("fs::rename(\"{path}\", \"{other}\")"),
        7 => format!("fs::remove(\"{path}\")"),
        8 => format!("fs::remove_all(\"{path}\")"),
        9 => format!("fs::make_dir(\"{path}\", {mode})"),
        10 => format!("fs::set_mode(\"{path}\", {mode})"),
        11 => format!("fs::install(\"files/x\", \"{path}\", {mode})"),
        12 => format!("for p in fs::glob(\"{path}/**\") {{ fs::append(p, \"{number}\") }}"),
        13 => format!(
            "fs::write(\"{path}\", json::set(if fs::exists(\"{path}\") {{ fs::read(\"{path}\") }} else {{ \"{{}}\" }}, [\"k{number}\", \"v\"], {number}))"
        ),
        14 => format!("fs::write(\"{path}\", ini::set(fs::read(\"{path}\"), \"s\", \"k{number}\", {number}))"),
        15 => format!("fs::write(\"{path}\", text::replace_regex(fs::read(\"{path}\"), \"[a-z]+\", \"<$0>\"))"),
        16 => format!(
            "let old = db::scalar(\"SELECT title FROM item WHERE id = 1\"); \
             db::execute(\"UPDATE item SET title = ? WHERE id = 1\", [\"t{number}\"], \
             `UPDATE item SET title = '${{old}}' WHERE id = 1`)"
        ),
        17 => format!(
            "db::batch(\"INSERT INTO visitor (id, name) VALUES (?, ?)\", [[{number}10, \"a\"], [{number}11, \"b\"]], \
             \"DELETE FROM visitor WHERE id IN ({number}10, {number}11)\")"
        ),
        18 => "db::each_row(\"SELECT id, name FROM visitor ORDER BY id\", [], |row| db::execute(\
             \"UPDATE visitor SET name = ? WHERE id = ?\", [row.name + \"!\", row.id], \
             `UPDATE visitor SET name = '${row.name}' WHERE id = ${row.id}`))"
            .to_owned(),
        19 => format!(
            "db::change(`<create-table name=\"t{number}\"><column name=\"id\"><integer/></column><column name=\"name\"><text/></column></create-table>`); \
             db::execute(\"INSERT INTO t{number} (id) VALUES (1)\", [], \"DELETE FROM t{number}\")"
        ),
        20 => format!("db::change(`<add-column table=\"item\" name=\"c{number}\"><integer/></add-column>`)"),
        21 => format!(
            "db::change(`<create-index table=\"visitor\" name=\"i{number}\"><column>name</column></create-index>`)"
        ),
        _ => "let ids = db::query(\"SELECT id, name FROM visitor ORDER BY id DESC LIMIT 1\"); \
             for row in ids { db::execute(\"DELETE FROM visitor WHERE id = ?\", [row.id], \
             `INSERT INTO visitor (id, name) VALUES (${row.id}, '${row.name}')`) }"
            .to_owned(),
    }
}

fn random_script(dice: &mut Dice) -> String {
    let mut script = "fn upgrade() {\n".to_owned();
    for number in 1..=3 + dice.below(12) {
        writeln!(script, "    try {{ {} }} catch (e) {{ log::debug(e) }}", deed(dice, number)).unwrap();
    }
    script + "}\n"
}

fn applied(turn: &Turn, patch: &Archive, script: &str) {
    let outcome = turn.apply(&[patch.path()]).unwrap_or_else(|failure| panic!("{failure}\n{script}"));
    assert_eq!(outcome.failure, None, "{script}");
}

#[test]
fn whatever_a_script_did_taking_it_back_leaves_the_site_as_it_was() {
    // A17, D2, D14
    let site = SimSite::new(true);
    let start = site.initial_world();
    let step = if told_in_full() { 1 } else { SAMPLE };
    let numbers: Vec<u64> = (0..SCRIPTS).step_by(usize::try_from(step).unwrap()).collect();
    let changed = Mutex::new(0);
    in_parallel(numbers.len(), |at| {
        let script = random_script(&mut Dice(numbers[at]));
        let patch = patch_with(&script);
        let turn = site.turn(&start, Fault::None);
        let before = turn.picture();
        applied(&turn, &patch, &script);
        let after = turn.picture();
        *changed.lock().unwrap() += usize::from(after.application() != before.application());
        let taken = turn.take_back(&Unwanted::Last, &Silent);
        taken.unwrap_or_else(|failure| panic!("script {}: {failure}\n{script}", numbers[at]));
        assert_eq!(turn.picture().application(), before.application(), "script {}\n{script}", numbers[at]);
        // And once more: taking back has left nothing that a second run would trip over.
        applied(&turn, &patch, &script);
        assert_eq!(turn.picture().application(), after.application(), "script {}\n{script}", numbers[at]);
    });
    let changed = changed.into_inner().unwrap();
    assert!(changed * 10 > numbers.len() * 9, "only {changed} of {} scripts changed anything", numbers.len());
}
