//! A schedule of many small patches: what each costs does not depend on how many there are, and they share their commits.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::site::chance::SystemChance;
use patchwright_engine::site::clock::Clock;
use patchwright_engine::site::config::SiteConfig;
use patchwright_engine::site::real_disk::RealDisk;
use patchwright_engine::site::real_programs::SystemPrograms;
use patchwright_engine::{Answer, Asked, Engine, Event, Operator, Outcome, Seams, Site, SiteSpec, SiteState};
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, Rows, Schema, ServerInfo, Statement,
};
use patchwright_step_sql::SqlSteps;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const PATCHES: usize = 30;

/// What is said to the database.
#[derive(Default)]
struct Talk {
    /// How often anything was said.
    said: AtomicUsize,
    /// How many commits there were.
    commits: AtomicUsize,
    /// How often a table of this name may still be made.
    bears: Mutex<Option<(String, usize)>>,
    /// Whether the next commit fails.
    breaks: AtomicBool,
}

/// SQLite, overheard.
struct Counted(Arc<Talk>);

struct CountedConnection(Box<dyn Connection>, Arc<Talk>);

impl Dialect for Counted {
    fn info(&self) -> DialectInfo {
        Sqlite.info()
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(CountedConnection(Sqlite.connect(to)?, self.0.clone())))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        Sqlite.render(change, server, before)
    }
}

impl CountedConnection {
    fn said(&mut self) -> &mut dyn Connection {
        self.1.said.fetch_add(1, Ordering::Relaxed);
        self.0.as_mut()
    }
}

impl Connection for CountedConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        self.said().server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        if let Some((table, left)) = self.1.bears.lock().unwrap().as_mut()
            && statement.text.contains(&format!("TABLE {table} "))
        {
            *left = left.checked_sub(1).ok_or_else(|| Error::refused(format!("no more {table}")))?;
        }
        self.said().execute(statement)
    }

    fn execute_all(&mut self, statements: &[Statement]) -> Result<(), Error> {
        self.said().execute_all(statements)
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.said().query(statement)
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.said().begin()
    }

    fn commit(&mut self) -> Result<(), Error> {
        if self.1.breaks.swap(false, Ordering::Relaxed) {
            self.0.roll_back()?;
            return Err(Error::refused("no commit today"));
        }
        self.1.commits.fetch_add(1, Ordering::Relaxed);
        self.said().commit()
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        self.said().roll_back()
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        self.said().has_table(name)
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        self.said().introspect(names)
    }
}

/// Notes which patches came into force, and which were taken back.
#[derive(Default)]
struct Watching(Mutex<Vec<String>>);

impl Operator for Watching {
    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }

    fn event(&self, event: &Event) {
        match event {
            Event::Committed { patch, .. } => self.0.lock().unwrap().push(format!("{patch} in force")),
            Event::TakenBack { patch } => self.0.lock().unwrap().push(format!("{patch} taken back")),
            _ => {}
        }
    }
}

/// Goes on by as much whenever it is looked at.
struct StepClock(Duration, Mutex<Duration>);

impl Clock for StepClock {
    fn now(&self) -> jiff::Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn elapsed(&self) -> Duration {
        let mut now = self.1.lock().unwrap();
        *now += self.0;
        *now
    }

    fn pause(&self, _: Duration) {}
}

struct World {
    folder: tempfile::TempDir,
    engine: Engine,
    talk: Arc<Talk>,
    /// How much time each look at the clock takes.
    step: Duration,
}

impl World {
    fn new() -> Self {
        Self::in_steps_of(Duration::ZERO)
    }

    fn in_steps_of(step: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("public")).unwrap();
        let talk = Arc::new(Talk::default());
        let engine = Engine::builder().step_kind(SqlSteps).dialect(Counted(talk.clone())).build();
        let spec = SiteSpec {
            folder: folder.path().to_owned(),
            root: "public".into(),
            product: "acme".into(),
            version: "0".parse().unwrap(),
            components: BTreeMap::new(),
            database: None,
            table_prefix: String::new(),
            by: "test".into(),
        };
        engine.init(&spec).unwrap();
        Self { folder, engine, talk, step }
    }

    fn open(&self) -> Site {
        let config = SiteConfig::read(&SiteConfig::find(self.folder.path()).unwrap()).unwrap();
        let disk = Arc::new(RealDisk::open(&config.root, &config.state).unwrap());
        let clock = Arc::new(StepClock(self.step, Mutex::default()));
        let (chance, programs) = (Arc::new(SystemChance), Arc::new(SystemPrograms));
        self.engine.open_with(config, Seams { disk, clock, chance, programs }).unwrap()
    }

    fn archives(&self, count: usize) -> Vec<PathBuf> {
        (1..=count).map(|number| self.archive(number)).collect()
    }

    fn archive(&self, number: usize) -> PathBuf {
        let before = number - 1;
        let manifest = format!(
            "<patch format='1' product='acme' id='acme-{number}' from='{before}' to='{number}' severity='optional'>\
             <title>{number}</title><steps><sql>CREATE TABLE item_{number} (id INTEGER PRIMARY KEY)</sql></steps></patch>"
        );
        let path = self.folder.path().join(format!("{number}.tar"));
        let mut archive = tar::Builder::new(fs::File::create(&path).unwrap());
        let mut header = tar::Header::new_gnu();
        header.set_size(manifest.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, "patch.xml", manifest.as_bytes()).unwrap();
        archive.into_inner().unwrap();
        path
    }

    /// Applies what is new among the archives, once the plan is made and `before` is done. Gives what came of it, and what was told.
    fn try_apply(&self, archives: &[PathBuf], before: impl FnOnce(&Talk)) -> (Outcome, Vec<String>) {
        let site = self.open();
        let operator = Watching::default();
        let session = site.begin(&operator).unwrap();
        let plan = session.plan(archives, &Wanted::default(), &operator).unwrap();
        before(&self.talk);
        let outcome = session.apply(&plan, "test", &operator);
        (outcome, operator.0.into_inner().unwrap())
    }

    /// Applies what is new among the archives. Gives how many patches came into force.
    fn apply(&self, archives: &[PathBuf]) -> usize {
        let (outcome, told) = self.try_apply(archives, |_| {});
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        assert_eq!(told.len(), outcome.receipts.len());
        told.len()
    }

    /// How much is said while this is done.
    fn said_during(&self, act: impl FnOnce()) -> usize {
        let before = self.talk.said.load(Ordering::Relaxed);
        act();
        self.talk.said.load(Ordering::Relaxed) - before
    }

    /// How often something is committed while these are applied.
    fn commits_of(&self, archives: &[PathBuf]) -> usize {
        let (outcome, _) = self.try_apply(archives, |talk| talk.commits.store(0, Ordering::Relaxed));
        assert_eq!(outcome.receipts.len(), archives.len(), "{:?}", outcome.failure);
        self.talk.commits.load(Ordering::Relaxed)
    }
}

#[test]
fn four_things_are_said_to_the_database_for_each_patch_of_a_schedule() {
    let said = [PATCHES, PATCHES + 20].map(|count| {
        let world = World::new();
        let archives = world.archives(count);
        world.said_during(|| assert_eq!(world.apply(&archives), count))
    });
    // The statement in the rehearsal, the statement, a look at its table, the ledger's rows.
    assert_eq!(said[1] - said[0], 20 * 4);
}

#[test]
fn patches_that_change_the_database_alone_are_committed_together() {
    let world = World::new();
    assert_eq!(world.commits_of(&world.archives(PATCHES)), 1);
}

#[test]
fn what_takes_long_is_not_gathered_for_longer_than_a_quarter_of_a_second() {
    let world = World::in_steps_of(Duration::from_millis(100));
    assert_eq!(world.commits_of(&world.archives(PATCHES)), PATCHES / 3);
    let world = World::in_steps_of(Duration::from_secs(3600));
    assert_eq!(world.commits_of(&world.archives(3)), 3);
}

#[test]
fn where_one_of_several_fails_those_before_it_are_in_force_and_it_says_why() {
    // A15
    let world = World::new();
    let archives = world.archives(4);
    let (outcome, told) =
        world.try_apply(&archives, |talk| *talk.bears.lock().unwrap() = Some(("item_3".to_owned(), 0)));
    let failure = outcome.failure.unwrap();
    assert_eq!(
        (failure.state, failure.error.message.as_str()),
        (SiteState::TakenBack, "statement 1 of 1: no more item_3")
    );
    assert_eq!(told, ["acme-1 in force", "acme-2 in force", "acme-3 taken back"]);
    assert_eq!(outcome.receipts.len(), 2);
    *world.talk.bears.lock().unwrap() = None;
    assert_eq!(world.apply(&archives), 2);
}

#[test]
fn what_fails_together_and_not_by_itself_comes_into_force() {
    let world = World::new();
    let archives = world.archives(3);
    let (outcome, told) = world.try_apply(&archives, |talk| talk.breaks.store(true, Ordering::Relaxed));
    assert_eq!(outcome.failure, None);
    assert_eq!(told, ["acme-1 in force", "acme-2 in force", "acme-3 in force"]);
    assert_eq!(world.apply(&archives), 0);
}

#[test]
fn what_is_said_with_nothing_to_do_does_not_depend_on_the_history() {
    let world = World::new();
    let few = world.archives(2);
    world.apply(&few);
    let with_few = world.said_during(|| assert_eq!(world.apply(&few), 0));
    let many = world.archives(PATCHES);
    world.apply(&many);
    let with_many = world.said_during(|| assert_eq!(world.apply(&many), 0));
    assert_eq!(with_many, with_few);
    assert!(with_few < 20, "{with_few} questions");
}

#[test]
fn of_a_long_history_each_part_that_is_offered_again_is_known() {
    let world = World::new();
    let all = world.archives(130);
    assert_eq!(world.apply(&all[..120]), 120);
    for offered in [&all[..120], &all[..100], &all[20..120], &all[..3]] {
        assert_eq!(world.apply(offered), 0, "{} archives", offered.len());
    }
    assert_eq!(world.apply(&all), 10);
}

#[test]
fn a_patch_without_file_changes_leaves_no_folder() {
    let world = World::new();
    world.apply(&world.archives(2));
    assert!(!world.folder.path().join(".patchwright/kept").exists());
}
