//! One site, to be looked at. Nothing here changes it.

use super::readiness::Agreement;
use super::session::Session;
use super::verification::{self, Verification};
use crate::database::Database;
use crate::failure::{Failure, SiteState};
use crate::gate::{Closure, Gate};
use crate::handover::{self, Patcher, Successor};
use crate::intake::{Limits, Patch, foresee, read_again, read_patch, small_sums};
use crate::kept::{self, DiskUse, Figure, Garbage, Retirement};
use crate::ledger::{Audit, InForce, Ledger, PatchRow, Summary};
use crate::message::Message;
use crate::operator::{Event, Operator};
use crate::planning::order::Wanted;
use crate::planning::{Offered, Plan, Planning, looks, make_plan};
use crate::recover;
use crate::registry::Registry;
use crate::restart::{Pending, Restarter};
use crate::rollback::{self, RollbackPlan, Unwanted};
use crate::running::Context;
use crate::site::chance::Chance;
use crate::site::clock::Clock;
use crate::site::config::SiteConfig;
use crate::site::contents::{Contents, Scratch};
use crate::site::disk::Place;
use crate::site::layout;
use crate::site::tree::{Picture, Tree};
use crate::store::Store;
use patchwright_hooks_api::{Error, ErrorKind, Finding, Version};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::thread;

/// One installed application.
pub struct Site {
    pub(super) registry: Registry,
    pub(super) config: SiteConfig,
    pub(super) tree: Arc<Tree>,
    pub(super) database: Database,
    pub(super) gate: Gate,
    pub(super) store: Store,
    pub(super) restarter: Restarter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) chance: Arc<dyn Chance>,
    pub(super) patcher: Option<Arc<dyn Patcher>>,
}

/// How a site stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The product.
    pub product: String,
    /// The version that is in force.
    pub version: Version,
    /// The versions of the components that are installed (B21).
    pub components: BTreeMap<String, Version>,
    /// The version that the application's code says it has, where the site's configuration says where it stands.
    pub code: Option<Version>,
    /// How the database, which is at the version in force, stands to the code (B1, B3).
    pub agreement: Agreement,
    /// How many patches are in force.
    pub patches: usize,
    /// The last patch that came into force.
    pub last_patch: Option<String>,
    /// Patches whose `after` hook has not run to its end.
    pub unfinished: Vec<String>,
    /// The restart that is due and has not been done, if one is (B19).
    pub restart_pending: Option<Pending>,
    /// Patches that left their operator something that is still to be done: see [`Site::message`].
    pub to_do: Vec<String>,
    /// Why the gate is shut, if it is.
    pub gate: Closure,
    /// Whether a crash left something that recovery must deal with.
    pub needs_recovery: bool,
    /// The database, such as `SQLite 3.50.4`.
    pub database: String,
    /// The version of the program that does this, where patches may replace it.
    pub patcher: Option<Version>,
    /// The program that the last patch brought which brought one (A18).
    pub successor: Option<Successor>,
}

impl Site {
    /// The site's configuration.
    pub fn config(&self) -> &SiteConfig {
        &self.config
    }

    /// The site's gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The name of the dialect that the site's database speaks, such as `sqlite`.
    pub fn dialect(&self) -> &str {
        &self.database.info().name
    }

    /// How the site stands.
    ///
    /// # Errors
    /// When it can't be looked at.
    pub fn status(&self) -> Result<Status, Error> {
        let in_force = self.in_force()?;
        let Summary { patches, last, unfinished } = self.ledger().summary()?;
        let code = self.code_version()?;
        Ok(Status {
            product: in_force.product,
            agreement: Agreement::of(&in_force.version, code.as_ref()),
            code,
            version: in_force.version,
            components: self.ledger().components()?,
            patches,
            last_patch: last,
            unfinished,
            restart_pending: self.restarter.pending()?,
            to_do: self.messages()?.into_iter().filter(|left| left.to_do() > 0).map(|left| left.patch).collect(),
            gate: self.gate.closure()?,
            needs_recovery: recover::is_needed(self.tree.disk().as_ref(), &self.gate, &self.ledger())?,
            database: self.database.server()?,
            patcher: self.patcher.as_ref().map(|patcher| patcher.facts().version),
            successor: self.successors()?.pop(),
        })
    }

    /// All patches that were ever in force, oldest first; the first is the baseline.
    ///
    /// # Errors
    /// When the ledger can't be read.
    pub fn history(&self) -> Result<Vec<PatchRow>, Error> {
        self.ledger().patches()
    }

    /// The patch of this id that was in force last.
    ///
    /// # Errors
    /// When it never was in force here, or the ledger can't be read.
    pub fn patch(&self, id: &str) -> Result<PatchRow, Error> {
        self.ledger().last_of(id)?.ok_or_else(|| {
            Error::missing(format!("{id} was never in force here"))
                .hint("see `patchwright history` for those that were")
        })
    }

    /// What a patch left to its operator: one in force, or one that was taken back. As it stands now (C55).
    ///
    /// # Errors
    /// When it never was in force here, or the ledger or the disk can't be read.
    pub fn message(&self, patch: &str) -> Result<Message, Error> {
        let (rows, disk) = (self.ledger(), self.tree.disk().as_ref());
        let row = self.patch(patch)?;
        match row.status.is_in_force() {
            true => Message::of(&rows, disk, &row),
            false => Message::of_ways_back(&rows, disk, patch),
        }
    }

    /// What patches in force left to their operator, where they left something.
    ///
    /// # Errors
    /// When the ledger or the disk can't be read.
    pub fn messages(&self) -> Result<Vec<Message>, Error> {
        self.messages_of_runs(self.ledger().runs_with_messages()?)
    }

    /// The same of the patches that these runs brought.
    ///
    /// # Errors
    /// When the ledger or the disk can't be read.
    pub fn messages_of(&self, runs: &BTreeSet<&str>) -> Result<Vec<Message>, Error> {
        self.messages_of_runs(self.ledger().runs_with_messages_among(runs)?)
    }

    fn messages_of_runs(&self, runs: BTreeSet<String>) -> Result<Vec<Message>, Error> {
        let (rows, disk) = (self.ledger(), self.tree.disk().as_ref());
        let all = runs.into_iter().map(|run| Message::of(&rows, disk, &rows.patch_of_run(&run)?));
        Ok(all.collect::<Result<Vec<_>, _>>()?.into_iter().filter(|message| !message.is_empty()).collect())
    }

    /// Looks at what retiring a patch would drop. Nothing is changed.
    ///
    /// # Errors
    /// When it never was in force here, or the ledger or the disk can't be read.
    pub fn plan_retirement(&self, patch: &str) -> Result<Retirement, Error> {
        kept::plan_retirement(&self.ledger(), self.tree.disk().as_ref(), &self.patch(patch)?)
    }

    /// How much of the disk the state folder keeps for nothing.
    ///
    /// # Errors
    /// When the ledger or the disk can't be read.
    pub fn garbage(&self) -> Result<Figure, Error> {
        Ok(Garbage::find(self.tree.disk().as_ref(), &self.ledger())?.figure)
    }

    /// How much of the disk the state folder takes.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn disk_use(&self) -> Result<DiskUse, Error> {
        DiskUse::of(self.tree.disk().as_ref())
    }

    /// The site's ledger.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger::new(&self.database, &self.config.table_prefix)
    }

    /// Looks for rows of the ledger that somebody else than the engine changed, took out or put in.
    ///
    /// # Errors
    /// When the ledger or the state folder can't be read.
    pub fn audit_ledger(&self) -> Result<Audit, Error> {
        self.ledger().audit(self.tree.disk().as_ref())
    }

    /// Compares the tree and the structure of the database with what the patches in force left.
    ///
    /// # Errors
    /// When the ledger, the database or the tree can't be read.
    pub fn verify(&self) -> Result<Verification, Error> {
        verification::verify(&self.tree, &self.ledger(), self.dialect())
    }

    /// Plans what the patches would do, without keeping anything on the site's disk. Nothing is changed.
    ///
    /// # Errors
    /// When a patch can't be read, there is no one order, or the site can't be looked at.
    pub fn plan(&self, archives: &[PathBuf], wanted: &Wanted, operator: &dyn Operator) -> Result<Plan, Failure> {
        let offered = self.read_all(archives, operator, || Ok((Arc::new(Scratch::new()), String::new())))?;
        self.plan_offered(offered, wanted, operator)
    }

    /// Plans taking patches back, and asks what is to be asked. Nothing is changed.
    ///
    /// # Errors
    /// When there is none, or the site can't be looked at.
    pub fn plan_rollback(&self, unwanted: &Unwanted, operator: &dyn Operator) -> Result<RollbackPlan, Error> {
        rollback::plan_rollback(&self.context(operator), unwanted)
    }

    /// Looks for what would keep a run from working, before one is wanted.
    ///
    /// # Errors
    /// When the disk can't be looked at.
    pub fn examine(&self) -> Result<Vec<Finding>, Error> {
        super::session::examine(self)
    }

    /// The programs that patches in force put in the patcher's place, oldest first.
    ///
    /// # Errors
    /// When the state folder's note of them can't be read.
    pub fn successors(&self) -> Result<Vec<Successor>, Error> {
        handover::in_force(self.tree.disk().as_ref())
    }

    /// Begins to change the site: takes its lock, and brings to an end what a crash cut off.
    ///
    /// # Errors
    /// When another holds the lock, or recovery can't be brought to its end.
    pub fn begin(&self, operator: &dyn Operator) -> Result<Session<'_>, Failure> {
        Session::begin(self, self.restarter.clone(), operator)
    }

    pub(super) fn in_force(&self) -> Result<InForce, Error> {
        self.ledger().must_be_in_force()
    }

    pub(super) fn context<'a>(&'a self, operator: &'a dyn Operator) -> Context<'a> {
        let Self { registry, tree, database, config, gate, store, restarter, .. } = self;
        let (patcher, clock) = (self.patcher.as_deref(), self.clock.as_ref());
        Context { tree, database, config, gate, store, restarter, registry, patcher, clock, operator }
    }

    /// Reads the archives, each into the contents that `place` gives for it, but for those that are in force as they are: a
    /// folder of a thousand patches is passed over in the time that it takes to read it.
    pub(super) fn read_all(
        &self,
        archives: &[PathBuf],
        operator: &dyn Operator,
        mut place: impl FnMut() -> Result<(Arc<dyn Contents>, String), Error>,
    ) -> Result<Vec<Offered>, Failure> {
        let sums = small_sums(archives);
        let known = sums.values().cloned().collect();
        let in_force = self.ledger().archives_in_force(&known).map_err(Failure::untouched)?;
        let mut offered = Vec::new();
        for archive in archives {
            if sums.get(archive.as_path()).is_some_and(|sum| in_force.contains(sum)) {
                continue;
            }
            let (contents, run) = place().map_err(Failure::untouched)?;
            let (patch, seen) = self.read_patch(archive, contents).map_err(not_taken_in)?;
            let members = patch.members.names().count();
            operator.event(&Event::Unpacked { patch: patch.manifest.id.clone(), members });
            offered.push(Offered { patch, run, seen });
        }
        Ok(offered)
    }

    pub(super) fn plan_offered(
        &self,
        offered: Vec<Offered>,
        wanted: &Wanted,
        operator: &dyn Operator,
    ) -> Result<Plan, Failure> {
        let in_force = self.in_force().map_err(Failure::untouched)?;
        let components = self.ledger().components().map_err(Failure::untouched)?;
        let planning = Planning {
            tree: &self.tree,
            database: &self.database,
            in_force: &in_force,
            components: &components,
            config: &self.config,
            store: &self.store,
            patcher: self.patcher.as_ref().map(|patcher| patcher.facts()),
            operator,
        };
        make_plan(&planning, offered, wanted)
    }

    /// The patch whose archive is kept with a run that the ledger does not know, if it can be read.
    pub(super) fn patch_in(&self, run: &str) -> Option<String> {
        let archive = self.tree.disk().open(&Place::state(&layout::archive(run))).ok()?;
        let (manifest, ..) = read_again(archive, Arc::new(Scratch::new()), &self.registry).ok()?;
        Some(format!("{} ({})", manifest.id, manifest.target()))
    }

    fn read_patch(&self, archive: &Path, contents: Arc<dyn Contents>) -> Result<(Patch, Picture), Error> {
        let (tree, registry) = (&self.tree, &self.registry);
        let seen = OnceLock::new();
        // While the rest of the archive is decoded, the files that the patch replaces are read.
        let patch = thread::scope(|scope| {
            let ahead = |manifest: Vec<u8>| {
                let seen = &seen;
                scope.spawn(move || {
                    let reads = foresee(&manifest, registry);
                    drop(manifest);
                    let looks: Vec<_> = reads.iter().map(|reads| (&reads.path, reads.md5)).collect();
                    // An archive has one manifest, or is refused.
                    let _ = seen.set(tree.picture(&looks));
                });
            };
            read_patch(archive, contents, registry, &Limits::default(), &ahead)
        })?;
        // A small one was through before it would have been worth a thread.
        let looks = || tree.picture(&looks(&patch.steps).collect::<Vec<_>>());
        let seen = seen.into_inner().unwrap_or_else(looks);
        Ok((patch, seen))
    }
}

/// A patch that can't be taken in is at fault itself, unless it was the disk.
fn not_taken_in(error: Error) -> Failure {
    let state = if error.kind == ErrorKind::Io { SiteState::Untouched } else { SiteState::NotTakenIn };
    Failure::new(error, state)
}

/// Now, as the ledger writes it.
pub(super) fn rfc3339(clock: &dyn Clock) -> String {
    clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A failure of an engine that another run keeps from working.
pub(super) fn busy() -> Failure {
    let error = Error::conflict("another run is active on this site").hint("wait until it is through, then try again");
    Failure::new(error, SiteState::Busy)
}

/// A failure to get the lock of the database: another engine works on it, perhaps on another machine.
pub(super) fn not_locked(error: Error) -> Failure {
    match error.kind {
        ErrorKind::Busy => {}
        ErrorKind::Cancelled => return Failure::new(error, SiteState::Busy),
        _ => return Failure::untouched(error),
    }
    let hint = error.hint.clone().unwrap_or_else(|| "wait until it is through, then try again".to_owned());
    Failure::new(error.while_doing("another run is active on this site's database").hint(hint), SiteState::Busy)
}
