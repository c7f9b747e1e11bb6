//! A schedule of many small patches: what each costs does not depend on how many there are.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Answer, Asked, Engine, Event, Operator, SiteSpec};
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, Rows, Schema, ServerInfo, Statement,
};
use patchwright_step_sql::SqlSteps;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const PATCHES: usize = 30;

/// SQLite, and how often anything was said to it.
struct Counted(Arc<AtomicUsize>);

struct CountedConnection(Box<dyn Connection>, Arc<AtomicUsize>);

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
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.as_mut()
    }
}

impl Connection for CountedConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        self.said().server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
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

/// Notes how much was said when each patch came into force.
struct Watching(Arc<AtomicUsize>, Mutex<Vec<usize>>);

impl Operator for Watching {
    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }

    fn event(&self, event: &Event) {
        if matches!(event, Event::Committed { .. }) {
            self.1.lock().unwrap().push(self.0.load(Ordering::Relaxed));
        }
    }
}

struct World {
    folder: tempfile::TempDir,
    engine: Engine,
    said: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("public")).unwrap();
        let said = Arc::new(AtomicUsize::new(0));
        let engine = Engine::builder().step_kind(SqlSteps).dialect(Counted(said.clone())).build();
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
        Self { folder, engine, said }
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

    /// Applies what is new among the archives. Gives how much had been said when each patch came into force.
    fn apply(&self, archives: &[PathBuf]) -> Vec<usize> {
        let site = self.engine.open(self.folder.path()).unwrap();
        let operator = Watching(self.said.clone(), Mutex::default());
        let session = site.begin(&operator).unwrap();
        let plan = session.plan(archives, &Wanted::default(), &operator).unwrap();
        let outcome = session.apply(&plan, "test", &operator);
        assert!(outcome.failure.is_none(), "{:?}", outcome.failure);
        operator.1.into_inner().unwrap()
    }

    /// How much is said while this is done.
    fn said_during(&self, act: impl FnOnce()) -> usize {
        let before = self.said.load(Ordering::Relaxed);
        act();
        self.said.load(Ordering::Relaxed) - before
    }
}

#[test]
fn six_things_are_said_to_the_database_for_each_patch_of_a_schedule() {
    let world = World::new();
    let said = world.apply(&world.archives(PATCHES));
    assert_eq!(said.len(), PATCHES);
    // The transaction's begin and commit, the end of the ledger, the statement, a look at its table, the ledger's rows.
    let each: Vec<usize> = said.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(each, vec![6; PATCHES - 1]);
}

#[test]
fn what_is_said_with_nothing_to_do_does_not_depend_on_the_history() {
    let world = World::new();
    let few = world.archives(2);
    world.apply(&few);
    let with_few = world.said_during(|| drop(world.apply(&few)));
    let many = world.archives(PATCHES);
    world.apply(&many);
    let with_many = world.said_during(|| drop(world.apply(&many)));
    assert_eq!(with_many, with_few);
    assert!(with_few < 20, "{with_few} questions");
}

#[test]
fn of_a_long_history_each_part_that_is_offered_again_is_known() {
    let world = World::new();
    let all = world.archives(130);
    assert_eq!(world.apply(&all[..120]).len(), 120);
    for offered in [&all[..120], &all[..100], &all[20..120], &all[..3]] {
        assert_eq!(world.apply(offered), [0; 0], "{} archives", offered.len());
    }
    assert_eq!(world.apply(&all).len(), 10);
}

#[test]
fn a_patch_without_file_changes_leaves_no_folder() {
    let world = World::new();
    world.apply(&world.archives(2));
    assert!(!world.folder.path().join(".patchwright/kept").exists());
}
