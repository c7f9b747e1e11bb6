//! The line to the database server is cut before and after everything that a run says on it, its commit included: the site
//! is then before or after the patch, and never between.

use crate::databases::{Database, STEPS, site_on};
use crate::world::World;
use patchwright_dialect_postgres::Postgres;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Engine, Silent};
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Rows, Schema, ServerInfo, Statement, Value,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Which of the things that are said on the line is the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// It never reaches the server.
    Before(usize),
    /// It is done, and of a commit nobody learns it.
    After(usize),
}

/// What is said on all lines since the cut was planned.
#[derive(Default)]
struct Said {
    cut: Option<Cut>,
    calls: Vec<&'static str>,
}

/// PostgreSQL, behind a line that somebody cuts.
#[derive(Clone)]
struct Cutting {
    said: Arc<Mutex<Said>>,
    /// The URL of the line over which the others are cut.
    url: String,
}

struct CutConnection {
    connection: Box<dyn Connection>,
    process: i64,
    by: Cutting,
}

impl Dialect for Cutting {
    fn info(&self) -> DialectInfo {
        Postgres.info()
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        let mut connection = Postgres.connect(to)?;
        let process = connection.query(&Statement::new("SELECT pg_backend_pid()"))?;
        let process = process.scalar().and_then(Value::as_integer).unwrap();
        Ok(Box::new(CutConnection { connection, process, by: self.clone() }))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        Postgres.render(change, server, before)
    }

    fn stored(&self, table: &Table) -> Table {
        Postgres.stored(table)
    }
}

impl CutConnection {
    fn say<T>(
        &mut self,
        what: &'static str,
        say: impl FnOnce(&mut dyn Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (cut, number) = {
            let said = &mut *self.by.said.lock().unwrap();
            said.calls.push(what);
            (said.cut, said.calls.len())
        };
        if cut == Some(Cut::Before(number)) {
            self.cut();
        }
        let answer = say(self.connection.as_mut());
        if cut == Some(Cut::After(number)) {
            self.cut();
            if what == "commit" {
                return Err(Error::new(ErrorKind::Io, "the line was cut before the answer came"));
            }
        }
        answer
    }

    fn cut(&self) {
        let mut other = Postgres.connect(&ConnectSpec { url: self.by.url.clone(), create: false }).unwrap();
        let end = format!("SELECT pg_terminate_backend({}, 5000)", self.process);
        other.query(&Statement::new(end)).unwrap();
    }
}

impl Connection for CutConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        self.connection.server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.say("execute", |connection| connection.execute(statement))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.say("query", |connection| connection.query(statement))
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        self.say("lock", |connection| connection.lock(name))
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        self.say("unlock", |connection| connection.unlock(name))
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.say("begin", |connection| connection.begin())
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.say("commit", |connection| connection.commit())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        self.connection.roll_back()
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        self.say("has_table", |connection| connection.has_table(name))
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        self.say("introspect", |connection| connection.introspect(names))
    }
}

/// All that a site is: its files, its schema, and each row.
#[derive(Debug, PartialEq)]
struct Picture {
    files: BTreeMap<String, Vec<u8>>,
    schema: Schema,
    rows: Vec<(String, Rows)>,
}

impl Picture {
    fn of(world: &World, database: &Database) -> Self {
        let mut connection = database.connect(&database.url());
        let schema = connection.introspect(None).unwrap();
        let rows = |table: &Table| {
            let text = format!("SELECT * FROM \"{}\" ORDER BY 1, 2", table.name);
            (table.name.clone(), connection.query(&Statement::new(text)).unwrap())
        };
        let rows = schema.tables.iter().map(rows).collect();
        let mut files = BTreeMap::new();
        let root = world.path("public");
        read_files(&root, &root, &mut files);
        Self { files, schema, rows }
    }

    /// Without what the ledger says of when and in which run.
    fn without_ledger(mut self) -> Self {
        self.rows.retain(|(table, _)| !table.starts_with("cms_patches"));
        self
    }
}

fn read_files(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_files(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

/// A site with a patch to be applied.
struct Story {
    database: Database,
    world: World,
    said: Arc<Mutex<Said>>,
    before: Picture,
}

impl Story {
    fn new() -> Self {
        let database = Database::new();
        let world = site_on(&database);
        world.patch("1.0.0", "1.0.1", STEPS, &[("files/docs/a.txt", "a\n")]);
        let before = Picture::of(&world, &database);
        Self { database, world, said: Arc::default(), before }
    }

    fn engine(&self) -> Engine {
        let dialect = Cutting { said: self.said.clone(), url: self.database.url() };
        Engine::builder()
            .step_kind(patchwright_step_files::FileSteps)
            .step_kind(patchwright_step_sql::SqlSteps)
            .step_kind(patchwright_step_change::ChangeSteps)
            .dialect(dialect)
            .build()
    }

    /// Applies the patch while the line is cut, and gives whether the engine says that the patch is in force.
    fn apply(&self, cut: Option<Cut>) -> bool {
        let site = self.engine().open(&self.world.path("")).unwrap();
        let session = site.begin(&Silent).unwrap();
        let archive = self.world.path("patches/acme-1.0.1.tar.gz");
        let plan = session.plan(&[archive], &Wanted::default(), &Silent).unwrap();
        *self.said.lock().unwrap() = Said { cut, calls: Vec::new() };
        let outcome = session.apply(&plan, "tester", &Silent);
        outcome.failure.is_none()
    }

    /// Starts the engine anew, which brings the site to rest.
    fn recover(&self) {
        *self.said.lock().unwrap() = Said::default();
        let site = self.engine().open(&self.world.path("")).unwrap();
        drop(site.begin(&Silent).unwrap());
        let status = site.status().unwrap();
        assert!(status.gate.is_open() && !status.needs_recovery, "{status:?}");
        assert!(site.verify().unwrap().is_clean());
    }
}

#[test]
fn whenever_the_line_is_cut_the_site_is_before_or_after_the_patch() {
    // A11 C41
    let whole = Story::new();
    assert!(whole.apply(None));
    let calls = whole.said.lock().unwrap().calls.clone();
    let after = Picture::of(&whole.world, &whole.database).without_ledger();
    let commit = 1 + calls.iter().position(|call| *call == "commit").unwrap();
    assert!(calls[..commit].iter().filter(|call| **call == "execute").count() > 10, "{calls:?}");

    let mut story = Story::new();
    let cuts = (1..=calls.len()).flat_map(|number| [Cut::Before(number), Cut::After(number)]);
    for cut in cuts {
        let said_done = story.apply(Some(cut));
        story.recover();
        let found = Picture::of(&story.world, &story.database);
        let is_before = match cut {
            Cut::Before(number) => number <= commit,
            Cut::After(number) => number < commit,
        };
        if is_before {
            assert!(!said_done, "{cut:?}, {:?}: it says that the patch is in force", calls.get(commit));
            assert!(found == story.before, "{cut:?} of {calls:?}: {found:#?} is not {:#?}", story.before);
            continue;
        }
        let found = found.without_ledger();
        assert!(found == after, "{cut:?} of {calls:?}: {found:#?} is not {after:#?}");
        story = Story::new();
    }
}
