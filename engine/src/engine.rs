//! The door: what an integrator or a front end calls.
//!
//! An [`Engine`] knows step kinds and dialects. It opens a [`Site`], which can be looked at by anyone at any time. Who wants to
//! change it begins a [`Session`], which holds the site's lock and has brought to an end whatever a crash cut off.

mod baseline;
mod ensure;
mod making;
mod opening;
mod patience;
mod preview;
mod readiness;
mod session;
mod site;
mod verification;

use crate::database::Database;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::handover::{self, Patcher};
use crate::intake::{IntakeError, Limits, Patch, read_patch};
use crate::ledger::never_begun;
use crate::loader::Loader;
use crate::planning::{StepSql, preview_without_site};
use crate::registry::Registry;
use crate::restart::Restarter;
use crate::site::chance::{Chance, SystemChance};
use crate::site::clock::{Clock, SystemClock};
use crate::site::config::SiteConfig;
use crate::site::contents::Scratch;
use crate::site::disk::Disk;
use crate::site::layout;
use crate::site::programs::Programs;
use crate::site::real_disk::RealDisk;
use crate::site::real_programs::SystemPrograms;
use crate::site::tree::Tree;
use crate::site::web::Web;
use crate::store::Store;
pub use baseline::Baseline;
pub use ensure::Goal;
use patchwright_hooks_api::{ConnectSpec, Dialect, DialectInfo, Error, ErrorKind, Sha256, StepKind, Version};
pub use preview::Rehearsed;
pub use readiness::{Agreement, Obstacle, ObstacleKind};
pub use session::Session;
pub use site::{Site, Status};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
pub use verification::Verification;

/// The engine: what it can do, and nothing of any site.
pub struct Engine {
    registry: Registry,
    loader: Loader,
    patcher: Option<Arc<dyn Patcher>>,
    web: Option<Arc<dyn Web>>,
}

/// Gathers what an engine can do.
#[derive(Default)]
#[must_use = "a builder builds nothing until it is told to"]
pub struct EngineBuilder {
    registry: Registry,
    loader: Loader,
    patcher: Option<Arc<dyn Patcher>>,
    web: Option<Arc<dyn Web>>,
}

/// The site that [`Engine::init`] is to make.
#[derive(Clone, Debug)]
pub struct SiteSpec {
    /// The folder that gets the configuration file.
    pub folder: PathBuf,
    /// The application's own files, relative to the folder or absolute.
    pub root: PathBuf,
    /// The product, such as `acme-cms`.
    pub product: String,
    /// The version that is installed.
    pub version: Version,
    /// The versions of its components that are installed (B21).
    pub components: BTreeMap<String, Version>,
    /// The URL of the site's database, if it has one of its own.
    pub database: Option<String>,
    /// What all the site's tables begin with.
    pub table_prefix: String,
    /// Who does it, for the ledger.
    pub by: String,
}

/// What a site stands on, for tests and for who brings a disk of his own.
pub struct Seams {
    /// The two folders.
    pub disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// What makes one run's id differ from another's.
    pub chance: Arc<dyn Chance>,
    /// What runs the programs of the site's owner.
    pub programs: Arc<dyn Programs>,
}

impl Seams {
    /// The machine itself, for the site with this configuration.
    fn of_the_machine(config: &SiteConfig) -> Result<Self, Error> {
        let disk = Arc::new(RealDisk::open(&config.root, &config.state)?);
        let (clock, chance, programs) = (Arc::new(SystemClock), Arc::new(SystemChance), Arc::new(SystemPrograms));
        Ok(Self { disk, clock, chance, programs })
    }
}

impl EngineBuilder {
    /// Adds a step kind.
    pub fn step_kind(mut self, kind: impl StepKind + 'static) -> Self {
        let kind: Arc<dyn StepKind> = Arc::new(kind);
        self.registry.add_step_kind(&kind);
        self
    }

    /// Adds a dialect.
    pub fn dialect(mut self, dialect: impl Dialect + 'static) -> Self {
        self.registry.add_dialect(Arc::new(dialect));
        self
    }

    /// How dialects that a site's configuration names are loaded. Without it they run in this process, and what they say is lost.
    pub fn loader(mut self, loader: Loader) -> Self {
        self.loader = loader;
        self
    }

    /// The program that the engine is built into, which patches may then replace (A18). Without it they leave it alone.
    pub fn patcher(mut self, patcher: impl Patcher + 'static) -> Self {
        self.patcher = Some(Arc::new(patcher));
        self
    }

    /// Who asks an address whether a site is healthy. Without it, a probe must be a command.
    pub fn web(mut self, web: impl Web + 'static) -> Self {
        self.web = Some(Arc::new(web));
        self
    }

    /// The engine that can do what was added.
    pub fn build(self) -> Engine {
        Engine { registry: self.registry, loader: self.loader, patcher: self.patcher, web: self.web }
    }
}

impl Engine {
    /// An engine that can do nothing yet.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// The same engine with one more dialect, which goes before those that it has: for a site whose configuration does not name
    /// it yet.
    #[must_use]
    pub fn and_dialect(&self, dialect: Arc<dyn Dialect>) -> Self {
        let mut registry = Registry::default();
        registry.add_dialect(dialect);
        Self {
            registry: registry.and(&self.registry),
            loader: self.loader.clone(),
            patcher: self.patcher.clone(),
            web: self.web.clone(),
        }
    }

    /// What is so of each dialect that the engine was given.
    pub fn dialects(&self) -> Vec<DialectInfo> {
        self.registry.dialects()
    }

    /// Reads and verifies a patch, without any site.
    ///
    /// # Errors
    /// When it is not a patch that this engine reads; with all that is wrong with its manifest.
    pub fn read_patch(&self, archive: &Path) -> Result<Patch, IntakeError> {
        read_patch(archive, Arc::new(Scratch::new()), &self.registry, &Limits::default(), &|_| {})
    }

    /// What the patch would run on a database of that dialect which has nothing in it.
    ///
    /// # Errors
    /// When the engine has no dialect of that name.
    pub fn preview(&self, patch: &Patch, dialect: &str) -> Result<Vec<StepSql>, Error> {
        Ok(preview_without_site(patch, self.registry.dialect_named(dialect)?.as_ref()))
    }

    /// Makes a site known: writes its configuration, makes its state folder and its ledger.
    ///
    /// # Errors
    /// When the site is known already, or something can't be made. Where an earlier call was cut off, the same one goes on.
    pub fn init(&self, spec: &SiteSpec) -> Result<Site, Failure> {
        self.make_site(spec, "").map_err(site::not_locked)
    }

    /// The same with more in its configuration: tables of TOML, such as one of the library that speaks to its database.
    ///
    /// # Errors
    /// As [`Engine::init`].
    pub fn init_with(&self, spec: &SiteSpec, tables: &str) -> Result<Site, Failure> {
        self.make_site(spec, &format!("\n{tables}")).map_err(site::not_locked)
    }

    /// Opens the site whose configuration is `at`, in `at`, or in the nearest folder above it.
    ///
    /// # Errors
    /// When there is none, or its folders or its database can't be opened.
    pub fn open(&self, at: &Path) -> Result<Site, Error> {
        let config = SiteConfig::read(&SiteConfig::find(at)?)?;
        let seams = Seams::of_the_machine(&config)?;
        self.open_with(config, seams)
    }

    /// Opens a site on a disk, by a clock and with a chance of the caller's own.
    ///
    /// # Errors
    /// When its database can't be opened.
    pub fn open_with(&self, config: SiteConfig, seams: Seams) -> Result<Site, Error> {
        let connected = self.connect(&config, false)?;
        Ok(self.site(config, seams, connected))
    }

    fn site(&self, config: SiteConfig, seams: Seams, connected: Connected) -> Site {
        let Connected { database, plugins } = connected;
        let Seams { disk, clock, chance, programs } = seams;
        let gate = Gate::new(disk.clone(), clock.clone(), config.gate_flag.clone());
        let store = Store::new(disk.clone());
        let restarter = Restarter::new(&config, disk.clone(), clock.clone(), programs, self.web.clone());
        let tree = Arc::new(Tree::new(disk));
        let registry = self.registry.clone();
        let patcher = self.patcher.clone().map(|patcher| handover::on_site(patcher, plugins));
        Site { registry, config, tree, database, gate, store, restarter, clock, chance, patcher }
    }

    fn connect(&self, config: &SiteConfig, create: bool) -> Result<Connected, Error> {
        let own = config.database.as_ref().map(|url| url.reveal().to_owned());
        let embedded = || format!("sqlite:{}", config.state.join(layout::LEDGER).display());
        let create = create && own.is_none();
        let is_embedded = own.is_none();
        let url = own.unwrap_or_else(embedded);
        // What the site's owner has configured goes before what is bundled.
        let mut registry = Registry::default();
        let libraries = match &self.patcher {
            Some(patcher) => handover::plugins_of(config, &patcher.facts().version)?,
            None => config.dialects.clone(),
        };
        for library in &libraries {
            registry.add_dialect(self.loader.dialect(library)?);
        }
        let is_foreign = registry.dialect_for(&url).is_ok();
        let dialect = registry.and(&self.registry).dialect_for(&url)?;
        let database = Database::connect(dialect, ConnectSpec { url, create }).map_err(|error| match error.kind {
            ErrorKind::Missing if is_embedded => never_begun(),
            _ => error,
        })?;
        let database = if is_foreign { database.of_library() } else { database };
        let plugins = libraries.into_iter().map(|library| (library.name, library.sha256)).collect();
        Ok(Connected { database, plugins })
    }
}

/// The open line to a site's database.
struct Connected {
    database: Database,
    /// The sums of the dialects that are from libraries on this site, by their names.
    plugins: BTreeMap<String, Sha256>,
}
