//! A site on a simulated machine, for one turn: from the start of the engine to its end, however that comes.

use crate::disk::{SITE, SimDisk};
use crate::files::{Effect, Files};
use crate::machine::{Fault, Machine, Recording, World};
use crate::patches::{INITIAL_TABLES, initial_files};
use crate::picture::{Picture, Rows, tree};
use crate::programs::SimPrograms;
use crate::sql::{Ddl, SimDialect};
use crate::timeline::Neighbour;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::handover::{Patcher, Trial};
use patchwright_engine::journal::Purpose;
use patchwright_engine::ledger::RunRow;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::site::chance::Chance;
use patchwright_engine::site::clock::Clock;
use patchwright_engine::site::config::{AtOdds, LocalChanges, SiteConfig};
use patchwright_engine::site::disk::{Disk, Place};
use patchwright_engine::site::restarts::Restarts;
use patchwright_engine::site::tree::read;
use patchwright_engine::{Engine, Failure, Operator, Outcome, Seams, Silent, Site, Unwanted};
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, PatcherFacts, SitePath, Statement};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// The file below the root that is there while the gate is shut.
const FLAG: &str = "maintenance.flag";
/// The state folder, as its files are named to other programs.
const STATE: &str = "/srv/acme/.patchwright";
/// What the disk keeps in reserve; here from the start, so that not every world carries its bytes as changes.
const BALLAST: &str = "ballast";

/// What does not change from turn to turn.
pub struct SimSite {
    folder: TempDir,
    /// Whether the disk can exchange two names in one instant.
    exchanges: bool,
    /// Whether the engine is run by the site's owner, and not by root.
    heeds_modes: bool,
    ddl: Ddl,
    restarts: Restarts,
    turns: AtomicUsize,
}

/// The engine, started on a machine that is in some world.
pub struct Turn {
    /// The site, opened.
    pub site: Site,
    machine: Arc<Machine>,
    database: PathBuf,
    ddl: Ddl,
    /// What a machine holds that no engine has run on.
    start: World,
}

/// It is always the same second: what the engine writes is the same in every run. Who waits has waited at once.
#[derive(Default)]
pub(crate) struct StoppedClock(Mutex<Duration>);

impl Clock for StoppedClock {
    fn now(&self) -> jiff::Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn pause(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

/// It always decides the same.
pub(crate) struct NoChance;

impl Chance for NoChance {
    fn number(&self) -> u64 {
        0
    }
}

/// A patcher whose successors work if their file says so.
struct SimPatcher(Arc<dyn Disk>);

impl Patcher for SimPatcher {
    fn facts(&self) -> PatcherFacts {
        PatcherFacts { version: "0.1.0".parse().unwrap(), platform: "sim".to_owned(), plugins: BTreeMap::new() }
    }

    fn try_out(&self, trial: &Trial<'_>) -> Result<(), Error> {
        let Some((program, _)) = trial.program else { return Ok(()) };
        let path = program.strip_prefix(STATE).unwrap().to_str().unwrap();
        let program = read(self.0.as_ref(), &Place::state(&SitePath::new(path).unwrap()))?;
        match String::from_utf8(program).unwrap().strip_prefix("works, is ") {
            Some(version) if version.parse() == Ok(trial.version.clone()) => Ok(()),
            _ => Err(Error::refused("it does not work")),
        }
    }
}

impl SimSite {
    /// A place for the databases of one test. Whether they are fast matters, and whether they survive a power cut of the
    /// machine that runs the test does not: they are in memory where that is possible.
    pub fn new(exchanges: bool) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let (restarts, turns) = (Restarts::default(), AtomicUsize::new(0));
        Self { folder, exchanges, heeds_modes: false, ddl: Ddl::RollsBack, restarts, turns }
    }

    /// The same with an engine that is run by the site's owner, who can't change names in a closed directory.
    pub fn run_by_its_owner() -> Self {
        Self { heeds_modes: true, ..Self::new(true) }
    }

    /// The same on a database on which every CREATE, ALTER and DROP commits by itself.
    pub fn stepwise() -> Self {
        Self { ddl: Ddl::Commits, ..Self::new(true) }
    }

    /// The same with what its owner wants run around an upgrade.
    #[must_use]
    pub fn restarting(self, restarts: Restarts) -> Self {
        Self { restarts, ..self }
    }

    /// The site before any patch.
    pub fn initial_world(&self) -> World {
        let database = self.fresh_file();
        let spec = ConnectSpec { url: format!("sqlite:{}", database.display()), create: true };
        let mut connection = Sqlite.connect(&spec).unwrap();
        for statement in INITIAL_TABLES {
            connection.execute(&Statement::new(statement)).unwrap();
        }
        drop(connection);
        let bytes = std::fs::read(&database).unwrap();
        let world = World { durable: initial_disk(), pending: Vec::new(), database: bytes.into() };
        let turn = self.turn(&world, Fault::None);
        let run =
            RunRow { run: "baseline", purpose: Purpose::Apply, patch: "baseline", at: "", by: "harness", plan: "" };
        turn.site.ledger().begin("acme-cms", &"1.0.0".parse().unwrap(), &BTreeMap::new(), &run).unwrap();
        turn.recording().end()
    }

    /// Starts the engine in a world.
    pub fn turn(&self, world: &World, fault: Fault) -> Turn {
        let database = self.fresh_file();
        std::fs::write(&database, &world.database).unwrap();
        let machine = Machine::new(world, fault);
        machine.inner().restarts = self.restarts.clone();
        let disk: Arc<dyn Disk> =
            Arc::new(SimDisk::new(machine.clone(), self.exchanges).heeding_modes(self.heeds_modes));
        let site = open_stopped(machine.clone(), database.clone(), self.ddl, disk);
        let start = World { durable: initial_disk(), pending: Vec::new(), database: world.database.clone() };
        Turn { site, machine, database, ddl: self.ddl, start }
    }

    fn fresh_file(&self) -> PathBuf {
        self.folder.path().join(format!("{}.db", self.turns.fetch_add(1, Ordering::Relaxed)))
    }
}

impl Turn {
    /// Another engine on another machine, whose state folder is empty, at the same database.
    pub fn elsewhere(&self) -> Site {
        let machine = self.machine.clone();
        let disk: Arc<dyn Disk> = Arc::new(SimDisk::new(Machine::new(&self.start, Fault::None), true));
        open_stopped(machine, self.database.clone(), self.ddl, disk)
    }

    /// Another engine on the same machine.
    pub fn neighbour(&self) -> Neighbour {
        Neighbour { machine: self.machine.clone(), database: self.database.clone(), ddl: self.ddl }
    }

    /// Plans and applies the patches.
    ///
    /// # Errors
    /// When it does not come to applying.
    pub fn apply(&self, archives: &[PathBuf]) -> Result<Outcome, Failure> {
        self.apply_as(&Silent, archives)
    }

    /// The same with this operator.
    ///
    /// # Errors
    /// When it does not come to applying.
    pub fn apply_as(&self, operator: &dyn Operator, archives: &[PathBuf]) -> Result<Outcome, Failure> {
        let session = self.site.begin(operator)?;
        let plan = session.plan(archives, &Wanted::default(), operator)?;
        Ok(session.apply(&plan, "harness", operator))
    }

    /// Takes patches back.
    ///
    /// # Errors
    /// When they can't be.
    pub fn take_back(&self, unwanted: &Unwanted, operator: &dyn Operator) -> Result<(), Failure> {
        let session = self.site.begin(operator)?;
        let plan = self.site.plan_rollback(unwanted, operator).map_err(Failure::untouched)?;
        session.roll_back(plan, "harness", operator).map(drop)
    }

    /// What the machine did since the engine was started.
    pub fn recording(&self) -> Recording {
        self.machine.recording()
    }

    /// The files as they stand.
    pub fn files(&self) -> Files {
        self.machine.inner().files.clone()
    }

    /// The bytes of a file in the state folder.
    pub fn state_file(&self, path: &str) -> Option<Arc<[u8]>> {
        let inner = self.machine.inner();
        inner.files.at(&Place::state(&SitePath::new(path).unwrap()))?.1.bytes.clone()
    }

    /// The database as it stands.
    pub fn rows(&self) -> Rows {
        Rows::of(&self.database)
    }

    /// The database's file as it stands.
    pub(crate) fn database_bytes(&self) -> Vec<u8> {
        std::fs::read(&self.database).unwrap()
    }

    /// The site as it stands.
    pub fn picture(&self) -> Picture {
        Picture { tree: tree(&self.files()), rows: self.rows() }
    }

    /// Somebody changes the database by hand.
    pub fn execute(&self, statement: &str) {
        let spec = ConnectSpec { url: format!("sqlite:{}", self.database.display()), create: false };
        Sqlite.connect(&spec).unwrap().execute(&Statement::new(statement)).unwrap();
    }

    /// Somebody edits a file by hand.
    pub fn edit(&self, path: &str, bytes: &str) {
        let inner = &mut *self.machine.inner();
        let at = Place::root(&SitePath::new(path).unwrap());
        let node = inner.fresh_node();
        let (old, _) = inner.files.at(&at).unwrap();
        let effects = [
            Effect::Unlink { at: at.clone(), node: old, moved: false },
            Effect::MakeFile { at, node, owner: SITE },
            Effect::Write { node, offset: 0, bytes: bytes.as_bytes().into() },
        ];
        inner.change(|| format!("edit {path}"), effects.to_vec()).unwrap();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.database);
    }
}

fn open_stopped(machine: Arc<Machine>, database: PathBuf, ddl: Ddl, disk: Arc<dyn Disk>) -> Site {
    open(machine, database, ddl, disk, Arc::new(StoppedClock::default()), Arc::new(NoChance))
}

/// Opens a site on a machine.
pub(crate) fn open(
    machine: Arc<Machine>,
    database: PathBuf,
    ddl: Ddl,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Site {
    let config = SiteConfig {
        product: "acme-cms".into(),
        root: "/srv/acme/public".into(),
        state: STATE.into(),
        database: Some(format!("sqlite:{}", database.display()).into()),
        version: None,
        table_prefix: String::new(),
        gate_flag: Some(SitePath::new(FLAG).unwrap()),
        local_changes: LocalChanges::Ask,
        edited_patches: AtOdds::Refuse,
        late_patches: AtOdds::Tell,
        ask_for_backup: false,
        settings: std::collections::BTreeMap::new(),
        dialects: Vec::new(),
        restarts: machine.inner().restarts.clone(),
    };
    let programs = Arc::new(SimPrograms { machine: machine.clone() });
    let engine = Engine::builder()
        .step_kind(patchwright_step_files::FileSteps)
        .step_kind(patchwright_step_text::TextSteps)
        .step_kind(patchwright_step_sql::SqlSteps)
        .step_kind(patchwright_step_change::ChangeSteps)
        .step_kind(patchwright_step_script::ScriptSteps)
        .step_kind(patchwright_step_patcher::PatcherSteps)
        .patcher(SimPatcher(disk.clone()))
        .dialect(SimDialect { machine, file: database, ddl })
        .build();
    engine.open_with(config, Seams { disk, clock, chance, programs }).unwrap()
}

fn initial_disk() -> Files {
    let mut files = Files::default();
    for (node, (path, bytes, mode)) in (1..).zip(initial_files()) {
        let at = Place::root(&SitePath::new(path.trim_end_matches('/')).unwrap());
        if path.ends_with('/') {
            files.apply(&Effect::MakeDirectory { at, node, mode, owner: SITE });
        } else {
            files.apply(&Effect::MakeFile { at, node, owner: SITE });
            files.apply(&Effect::Write { node, offset: 0, bytes: bytes.as_bytes().into() });
            files.apply(&Effect::SetMode { node, mode });
        }
    }
    let at = Place::state(&SitePath::new(BALLAST).unwrap());
    files.apply(&Effect::MakeFile { at, node: 1000, owner: (0, 0) });
    files
}
