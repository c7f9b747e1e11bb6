//! What the vendor shipped is found by its sum, wherever it lies, and what is damaged is never used.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

mod probe;
mod site;

use flate2::write::GzEncoder;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::planning::Plan;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Answer, Asked, Baseline, Engine, Event, Failure, Operator, Unwanted};
use patchwright_hooks_api::finding::{Question, USE};
use patchwright_hooks_api::site::Sum;
use patchwright_hooks_api::{Finding, Md5, Severity, Sha256, SitePath};
use patchwright_step_files::FileSteps;
use patchwright_step_text::TextSteps;
use probe::Probes;
use sha2::Digest;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Answers every question with the same, and remembers what was answered the last time.
struct Answering(Answer, Mutex<Vec<Option<String>>>);

impl Answering {
    fn with(answer: Answer) -> Self {
        Self(answer, Mutex::default())
    }

    fn word(word: &str) -> Self {
        Self::with(Answer::Word(word.to_owned()))
    }
}

impl Operator for Answering {
    fn event(&self, _: &Event) {}

    fn answer(&self, asked: &Asked<'_>) -> Option<Answer> {
        self.1.lock().unwrap().push(asked.last.map(str::to_owned));
        Some(self.0.clone())
    }
}

/// A site of two files, in a folder that goes with the test.
struct World {
    folder: tempfile::TempDir,
    engine: Engine,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("public")).unwrap();
        let engine =
            Engine::builder().step_kind(FileSteps).step_kind(TextSteps).step_kind(Probes).dialect(Sqlite).build();
        site::make(&engine, folder.path());
        let world = Self { folder, engine };
        world.put("index.php", "zero\n");
        world
    }

    fn put(&self, path: &str, text: &str) {
        fs::write(self.folder.path().join("public").join(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join("public").join(path)).unwrap()
    }

    /// Packs the patch from 1.N to 1.(N+1).
    fn patch(&self, number: u32, steps: &str, files: &[(&str, &str)]) -> PathBuf {
        let (from, to) = (number, number + 1);
        let manifest = format!(
            "<patch format='1' product='acme' id='acme-1.{to}' from='1.{from}' to='1.{to}' severity='security'>\
             <title>A fix</title><steps>{steps}</steps></patch>"
        );
        let path = self.folder.path().join(format!("acme-1.{to}.tar"));
        fs::write(&path, tar(&[&[("patch.xml", manifest.as_str())], files].concat())).unwrap();
        path
    }

    fn apply(&self, archive: &Path, operator: &dyn Operator) {
        let site = self.engine.open(self.folder.path()).unwrap();
        let session = site.begin(operator).unwrap();
        let plan = session.plan(&[archive.to_owned()], &Wanted::default(), operator).unwrap();
        let outcome = session.apply(&plan, "test", operator);
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        // What is in force is its own copy: nobody needs the archive any more.
        fs::remove_file(archive).unwrap();
    }

    fn plan(&self, archive: &Path, operator: &dyn Operator) -> Plan {
        let site = self.engine.open(self.folder.path()).unwrap();
        site.plan(&[archive.to_owned()], &Wanted::default(), operator).unwrap()
    }

    /// What the next patch, from 1.N, is told to be stored for a path.
    fn stored(&self, number: u32, path: &str, sum: &str) -> String {
        let probe = self.patch(number, &format!("<stored path='{path}' {sum}/>"), &[]);
        let plan = self.plan(&probe, &Answering::word("abort"));
        plan.findings().map(|(_, finding)| finding.message.clone()).collect()
    }

    fn import(&self, release: &Path) -> Result<Baseline, Failure> {
        let site = self.engine.open(self.folder.path()).unwrap();
        let session = site.begin(&Answering::word("abort")).unwrap();
        session.import_release(release)
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join(".patchwright")
    }

    /// The only file of this name below the state folder.
    fn state_file(&self, name: &str) -> Option<PathBuf> {
        let mut waiting = vec![self.state()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    waiting.push(path);
                } else if path.file_name().unwrap().to_str().unwrap().ends_with(name) {
                    return Some(path);
                }
            }
        }
        None
    }
}

fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // Written as it is, since the crate itself refuses bad names.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn sha256(text: &str) -> String {
    let sum: Sha256 = Sum(sha2::Sha256::digest(text).into());
    format!("sha256='{sum}'")
}

fn md5(text: &str) -> String {
    format!("md5='{}'", md5_sum(text))
}

fn md5_sum(text: &str) -> Md5 {
    Sum(md5::Md5::digest(text).into())
}

/// As the seeds have it: of the old file the MD5 sum alone is known.
fn overwrite(old: &str, new: &str) -> String {
    format!("<overwrite path='index.php' {} {}/>", md5(old), sha256(new))
}

#[test]
fn what_a_patch_brought_and_what_it_replaced_is_found_by_either_sum() {
    // C45, A16, D15
    let world = World::new();
    let patch = world.patch(0, &overwrite("zero\n", "one\n"), &[("files/index.php", "one\n")]);
    world.apply(&patch, &Answering::word("abort"));
    world.put("index.php", "mine\n");
    for sum in [sha256, md5] {
        assert_eq!(world.stored(1, "index.php", &sum("one\n")), "stored: one\n");
        assert_eq!(world.stored(1, "index.php", &sum("zero\n")), "stored: zero\n");
        assert_eq!(world.stored(1, "index.php", &sum("mine\n")), "not stored");
    }
}

#[test]
fn after_a_local_change_was_kept_the_vendors_file_is_what_is_found() {
    // C45, C50
    let world = World::new();
    world.put("index.php", "mine\n");
    let patch = world.patch(0, &overwrite("zero\n", "one\n"), &[("files/index.php", "one\n")]);
    world.apply(&patch, &Answering::word("keep"));
    assert_eq!(world.read("index.php"), "mine\n");
    for sum in [sha256, md5] {
        assert_eq!(world.stored(1, "index.php", &sum("one\n")), "stored: one\n");
    }
}

#[test]
fn what_a_patch_made_of_a_file_is_found_unless_it_is_too_large_to_be_merged_by_hand() {
    // C45
    let world = World::new();
    let large = "-".repeat(1 << 20);
    world.put("large.php", &format!("{large}zero\n"));
    let alter = |path| format!("<alter path='{path}'><replace><from>zero</from><to>made</to></replace></alter>");
    let patch = world.patch(0, &[alter("index.php"), alter("large.php")].concat(), &[]);
    world.apply(&patch, &Answering::word("abort"));
    for sum in [sha256, md5] {
        assert_eq!(world.stored(1, "index.php", &sum("made\n")), "stored: made\n");
        assert_eq!(world.stored(1, "large.php", &sum(&format!("{large}made\n"))), "not stored");
    }
}

#[test]
fn a_damaged_copy_is_told_and_never_used() {
    // C45
    let world = World::new();
    let patch = world.patch(0, &overwrite("zero\n", "one\n"), &[("files/index.php", "one\n")]);
    world.apply(&patch, &Answering::word("abort"));
    let archive = world.state_file("archive").unwrap();
    let mut bytes = fs::read(&archive).unwrap();
    bytes.truncate(700);
    fs::write(&archive, &bytes).unwrap();
    let told = world.stored(1, "index.php", &sha256("one\n"));
    assert!(told.contains("the pristine copy kept/") && told.contains("is damaged"), "{told}");
    let old = archive.with_file_name("1");
    fs::write(&old, "rotten\n").unwrap();
    let told = world.stored(1, "index.php", &sha256("zero\n"));
    assert!(told.contains("is damaged"), "{told}");
}

#[test]
fn what_is_taken_back_takes_its_copies_along() {
    // C45
    let world = World::new();
    let patch = world.patch(0, &overwrite("zero\n", "one\n"), &[("files/index.php", "one\n")]);
    world.apply(&patch, &Answering::word("abort"));
    let operator = Answering::word("abort");
    let site = world.engine.open(world.folder.path()).unwrap();
    let session = site.begin(&operator).unwrap();
    let plan = site.plan_rollback(&Unwanted::Last, &operator).unwrap();
    session.roll_back(plan, "test", &operator).unwrap();
    assert_eq!(world.state_file("archive"), None);
}

#[test]
fn a_content_that_the_operator_gives_is_in_the_plan_and_then_in_force() {
    // C50
    let world = World::new();
    let patch = world.patch(0, "<ask id='local-change:answer.php'/>", &[]);
    let mine = Answering::with(Answer::Content(b"given\n".to_vec()));
    let other = Answering::with(Answer::Content(b"other\n".to_vec()));
    assert_ne!(world.plan(&patch, &mine).hash(), world.plan(&patch, &other).hash());
    assert_eq!(world.plan(&patch, &Answering::word(USE)).open_questions().count(), 1, "a word without a content");
    world.apply(&patch, &mine);
    assert_eq!(world.read("answer.php"), "given\n");
    let history = world.engine.open(world.folder.path()).unwrap().history().unwrap();
    let sum: Sha256 = Sum(sha2::Sha256::digest("given\n").into());
    assert_eq!(history[1].decisions["local-change:answer.php"], format!("use:{sum}"));

    let again = world.patch(1, "<ask id='local-change:answer.php'/><ask id='local-change:new.php'/>", &[]);
    let asked = Answering::word("abort");
    let _ = world.plan(&again, &asked);
    assert_eq!(*asked.1.lock().unwrap(), [Some(format!("use:{sum}")), None]);
}

#[test]
fn a_content_is_no_answer_where_none_is_asked_for() {
    // C50
    let question = Question { draft: None, ..question(&[("abort", "")]) };
    let mut answers = patchwright_engine::Answers::default();
    assert!(!answers.take(&question, Answer::Content(Vec::new())));
    assert!(answers.take(&question, Answer::Word("abort".into())));
}

fn question(answers: &[(&str, &str)]) -> Question {
    match Finding::question("q", "?", answers).severity {
        Severity::Question(question) => question,
        _ => unreachable!("a question is a question"),
    }
}

const RELEASE: [(&str, &str); 3] =
    [("acme-1.0/index.php", "zero\n"), ("acme-1.0/tools/a.php", "a\n"), ("acme-1.0/tools/b.php", "b\n")];

#[test]
fn a_release_is_learnt_from_every_kind_of_archive_and_is_the_same_release() {
    // D3, D15
    let world = World::new();
    world.put("index.php", "mine\n");
    fs::create_dir(world.folder.path().join("public/tools")).unwrap();
    world.put("tools/a.php", "a\n");
    let place = |name: &str| world.folder.path().join(name);
    fs::write(place("r.tar"), tar(&RELEASE)).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&tar(&RELEASE)).unwrap();
    fs::write(place("r.tar.gz"), packed.finish().unwrap()).unwrap();
    fs::write(place("r.zip"), zip(&RELEASE)).unwrap();
    for (name, text) in RELEASE {
        let file = place("unpacked").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    }
    let mut learnt = true;
    for kind in ["r.tar", "r.tar.gz", "r.zip", "unpacked"] {
        let baseline = world.import(&place(kind)).unwrap();
        assert_eq!((baseline.files, baseline.learnt), (3, learnt), "{kind}");
        assert_eq!(baseline.changed, [SitePath::new("index.php").unwrap()]);
        assert_eq!(baseline.missing, [SitePath::new("tools/b.php").unwrap()]);
        learnt = false;
    }
    for sum in [sha256, md5] {
        assert_eq!(world.stored(0, "index.php", &sum("zero\n")), "stored: zero\n");
    }
    let pack = world.state_file(".pack").unwrap();
    let rotten = vec![0; fs::read(&pack).unwrap().len()];
    fs::write(&pack, rotten).unwrap();
    assert!(world.stored(0, "index.php", &sha256("zero\n")).contains("is damaged"));
}

#[test]
fn what_a_patch_in_force_left_is_no_local_change() {
    // D3
    let world = World::new();
    let patch = world.patch(0, &overwrite("zero\n", "one\n"), &[("files/index.php", "one\n")]);
    world.apply(&patch, &Answering::word("abort"));
    let release = world.folder.path().join("r.tar");
    fs::write(&release, tar(&[("index.php", "zero\n")])).unwrap();
    assert_eq!(world.import(&release).unwrap().changed, []);
}

#[test]
fn a_release_with_a_bad_name_is_refused_and_nothing_of_it_is_learnt() {
    // A2, D3
    let world = World::new();
    let release = world.folder.path().join("release");
    let good = ("a.php", "a\n");
    for bad in ["../out.php", "/etc/passwd", "a\\b.php", "A.php"] {
        for archive in [tar(&[good, (bad, "b\n")]), zip(&[good, (bad, "b\n")])] {
            fs::write(&release, archive).unwrap();
            let failure = world.import(&release).unwrap_err();
            assert!(failure.error.message.contains("which is refused"), "{bad}: {}", failure.error);
            assert_eq!(world.stored(0, "a.php", &sha256("a\n")), "not stored");
        }
    }
    fs::write(&release, "%PDF-1.7").unwrap();
    assert!(world.import(&release).unwrap_err().error.message.contains("is not a release: it is a PDF document"));
}
