//! One site, to be changed: the lock is held, and nothing that a crash cut off is left.

use super::site::{Site, busy, not_locked, rfc3339};
use crate::database::DatabaseLock;
use crate::failure::{Failure, SiteState};
use crate::handover::{self, Successor};
use crate::kept::{self, Garbage, Retirement, Touched};
use crate::ledger::{Ledger, PatchRow};
use crate::loader::{CheckedFile, Pinned};
use crate::operator::{Approval, Event, Operator};
use crate::planning::order::Wanted;
use crate::planning::{Plan, check_ready, find_read_only, is_to_be_opened};
use crate::recover::{self, Recovered, Recovery};
use crate::restart::{Pending, Restarted, Restarter};
use crate::rollback::{self, RollbackPlan, Unwanted};
use crate::running::{Context, Slots};
use crate::site::asked;
use crate::site::contents::Contents;
use crate::site::disk::{Area, Disk, Lock, Place};
use crate::site::layout;
use crate::upgrade::{self, Outcome};
use patchwright_hooks_api::{Error, Finding, Level, Sha256, SitePath};
use std::path::PathBuf;
use std::sync::Arc;

/// From so many staged bytes on they are written while the plan is made.
const WRITTEN_EARLY: u64 = 1 << 20;

/// A site that is being changed. While it lives nobody else can begin.
pub struct Session<'a> {
    site: &'a Site,
    restarter: Restarter,
    recovered: Option<Recovered>,
    /// Why the restart that recovery did failed, if it did.
    not_restarted: Option<Failure>,
    /// The folders of runs that it touches.
    touched: Touched,
    // The database's lock goes first: whoever gets both finds nothing of ours.
    _database_lock: DatabaseLock<'a>,
    _lock: Box<dyn Lock>,
}

impl<'a> Session<'a> {
    pub(super) fn begin(site: &'a Site, restarter: Restarter, operator: &dyn Operator) -> Result<Self, Failure> {
        let disk = site.tree.disk().as_ref();
        if !disk.may_change(Area::State, None).map_err(|error| Failure::untouched(error.into()))? {
            return Err(Failure::untouched(not_allowed()));
        }
        let locked = disk.lock().map_err(|error| Failure::untouched(error.into()))?;
        let lock = locked.ok_or_else(busy)?;
        let database_lock =
            site.database.lock_unless(site.ledger().lock_name(), &|| operator.cancelled()).map_err(not_locked)?;
        site.ledger().check_format().map_err(Failure::untouched)?;
        let Recovery { recovered, restarted, tally } =
            recover::recover(disk, &site.gate, &site.database, &site.ledger(), &restarter, operator)
                .map_err(|error| Failure::new(error, SiteState::NeedsRecovery))?;
        let not_restarted = restarted.after(Ok(()), true).err();
        if let Some(failure) = &not_restarted {
            operator.event(&Event::Log { level: Level::Warn, message: failure.to_string() });
        }
        site.ledger().complete().map_err(Failure::untouched)?;
        if let Some(patcher) = &site.patcher {
            handover::prove(disk, &patcher.facts().version).map_err(Failure::untouched)?;
        }
        Ok(Self {
            site,
            restarter,
            recovered,
            not_restarted,
            touched: Touched::none_of(tally),
            _database_lock: database_lock,
            _lock: lock,
        })
    }

    pub(super) fn site(&self) -> &Site {
        self.site
    }

    /// What had to be brought to an end before this session could begin.
    pub fn recovered(&self) -> Option<&Recovered> {
        self.recovered.as_ref()
    }

    /// Why the restart that had to be done before this session could begin failed, if it did. It is still due.
    pub fn not_restarted(&self) -> Option<&Failure> {
        self.not_restarted.as_ref()
    }

    /// Tries the restart again that is due, and asks whether the site is healthy. Gives whether one was due.
    ///
    /// # Errors
    /// When it fails again, or the site is not healthy.
    pub fn restart(&self, operator: &dyn Operator) -> Result<bool, Failure> {
        let in_force = self.site.in_force().map_err(Failure::untouched)?;
        let restarted = self.restarter.restart(&in_force.version, operator);
        let was_due = !matches!(restarted, Restarted::NotDue);
        restarted.after(Ok(()), true).map(|()| was_due)
    }

    /// Plans what the patches would do, and stages their files in the state folder so that they can be applied. Nothing live is
    /// changed.
    ///
    /// # Errors
    /// As [`Site::plan`].
    pub fn plan(&self, archives: &[PathBuf], wanted: &Wanted, operator: &dyn Operator) -> Result<Plan, Failure> {
        let disk = self.site.tree.disk();
        let mut ids = None;
        let offered = self.site.read_all(archives, operator, || {
            let ids = match &mut ids {
                Some(ids) => ids,
                None => ids.insert(self.run_ids()),
            };
            let run = self.begin_run(ids)?;
            let slots: Arc<dyn Contents> = Arc::new(Slots::of(disk.clone(), &run));
            Ok((slots, run))
        });
        let plan = offered.and_then(|offered| {
            let staged: u64 = offered.iter().map(|offered| offered.patch.members.total_bytes()).sum();
            // The plan, the operator and the steps take their time, in which the disk can write.
            if staged >= WRITTEN_EARLY {
                disk.hasten();
            }
            self.site.plan_offered(offered, wanted, operator)
        });
        let noted = plan.and_then(|plan| self.note_asked(&plan).map(|()| plan).map_err(Failure::untouched));
        noted.inspect_err(|_| self.tidy_up())
    }

    /// Notes what is to be made writable before the plan can be applied: once it is in force, that is told again (C53).
    fn note_asked(&self, plan: &Plan) -> Result<(), Error> {
        if check_ready(plan).is_ok() {
            return Ok(());
        }
        let disk = self.site.tree.disk().as_ref();
        for planned in plan.patches.iter().filter(|planned| !is_to_be_opened(&planned.answers)) {
            asked::add(disk, &planned.patch.manifest.id, find_read_only(disk, &planned.effects)?.modes())?;
        }
        Ok(())
    }

    /// Applies a plan that this session made, as the operator approved it.
    pub fn apply(&self, plan: &Plan, by: &str, operator: &dyn Operator) -> Outcome {
        let new_run = || self.begin_run(&mut self.run_ids());
        let outcome = upgrade::apply(&self.context(operator), plan, &self.approval(by), &new_run);
        for receipt in &outcome.receipts {
            // The ledger has it now; a note that stays is told by the next patch of that id.
            let _ = asked::forget(self.site.tree.disk().as_ref(), &receipt.patch);
        }
        match &outcome.failure {
            None => self.tidy_up(),
            Some(_) => self.tidy_up_after_failure(),
        }
        outcome
    }

    /// Lets go of a plan that is not to be applied.
    pub fn discard(&self, plan: Plan) {
        drop(plan);
        self.tidy_up();
    }

    /// Takes the patches back as the operator approved it. Gives them, the newest first.
    ///
    /// # Errors
    /// When it can't be; the failure says how the site stands.
    pub fn roll_back(&self, plan: RollbackPlan, by: &str, operator: &dyn Operator) -> Result<Vec<PatchRow>, Failure> {
        let run = self.begin_run(&mut self.run_ids()).map_err(Failure::untouched)?;
        self.touched.expect_back(self.site.tree.disk().as_ref(), plan.giving_back()).map_err(Failure::untouched)?;
        let ended = rollback::roll_back(&self.context(operator), plan, &run, &self.approval(by));
        match &ended {
            Ok(_) => self.tidy_up(),
            Err(_) => self.tidy_up_after_failure(),
        }
        ended
    }

    /// The newest program that a patch put in the patcher's place, if it has not proved itself.
    ///
    /// # Errors
    /// When the state folder's note of it can't be read.
    pub fn unproved_successor(&self) -> Result<Option<Successor>, Error> {
        let last = handover::in_force(self.site.tree.disk().as_ref())?.pop();
        Ok(last.filter(|last| !last.proved))
    }

    /// The same, if it was started as often as may be and never came so far as to hold the site's locks: this program goes on in its
    /// place, and the patch that brought it is to be taken back.
    ///
    /// # Errors
    /// When the state folder's note of it can't be read.
    pub fn given_up_successor(&self) -> Result<Option<Successor>, Error> {
        match &self.site.patcher {
            None => Ok(None),
            Some(patcher) => handover::given_up(self.site.tree.disk().as_ref(), &patcher.facts().version),
        }
    }

    /// Takes back the patch that brought a program which does not work.
    ///
    /// # Errors
    /// When it can't be; the failure says how the site stands.
    pub fn take_back_successor(&self, failed: &Successor, by: &str, operator: &dyn Operator) -> Result<(), Failure> {
        let unwanted = Unwanted::Patch(failed.patch.clone());
        let plan = self.site.plan_rollback(&unwanted, operator).map_err(Failure::untouched)?;
        self.roll_back(plan, by, operator).map(drop)
    }

    /// Retires a patch: drops what it replaced, and the way back with it (D9).
    ///
    /// # Errors
    /// When the disk fails.
    pub fn retire(&self, retirement: &Retirement) -> Result<(), Error> {
        let disk = self.site.tree.disk().as_ref();
        self.touched.expect_any(disk)?;
        kept::retire(disk, retirement)?;
        self.tidy_up();
        Ok(())
    }

    /// Removes what the state folder keeps for nothing, and where that is wanted what recovery put aside.
    ///
    /// # Errors
    /// When the disk or the database fails.
    pub fn collect_garbage(&self, with_rescued: bool) -> Result<(), Error> {
        let (disk, ledger) = (self.site.tree.disk().as_ref(), self.site.ledger());
        self.touched.expect_any(disk)?;
        Garbage::find(disk, &ledger)?.remove(disk, &ledger)?;
        if with_rescued {
            kept::forget_rescued(disk)?;
        }
        disk.barrier()?;
        self.tidy_up();
        Ok(())
    }

    fn context<'b>(&'b self, operator: &'b dyn Operator) -> Context<'b> {
        Context { restarter: &self.restarter, ..self.site.context(operator) }
    }

    fn approval(&self, by: &str) -> Approval {
        Approval { by: by.to_owned(), at: rfc3339(self.site.clock.as_ref()) }
    }

    fn run_ids(&self) -> RunIds {
        let second = self.site.clock.now().strftime("%Y%m%dT%H%M%SZ");
        RunIds { stem: format!("{second}-{:016x}", self.site.chance.number()), free: Vec::new(), asked: 0 }
    }

    /// The id of a run that something is about to be staged for.
    fn begin_run(&self, ids: &mut RunIds) -> Result<String, Error> {
        let disk = self.site.tree.disk().as_ref();
        let run = ids.next(disk, &self.site.ledger())?;
        self.touched.expect(disk, [run.clone()])?;
        Ok(run)
    }

    /// Removes what was staged and is not in force, and notes what is kept then.
    fn tidy_up(&self) {
        if self.is_whole() {
            self.touched.tidy_up(self.site.tree.disk().as_ref(), &self.site.ledger());
        }
    }

    /// The same after a failure, which may have left more: the next session is to look for it.
    fn tidy_up_after_failure(&self) {
        self.touched.lose_count();
        if self.is_whole() {
            self.touched.remove(self.site.tree.disk().as_ref(), &self.site.ledger());
        }
    }

    /// Whether nothing is left for recovery, which needs what is staged.
    fn is_whole(&self) -> bool {
        let needed = recover::is_needed(self.site.tree.disk().as_ref(), &self.site.gate, &self.site.ledger());
        matches!(needed, Ok(false))
    }
}

/// Ids for runs: the second in which they are staged, chance, since in the same second an engine on another machine may stage one
/// for the same database, and a number.
struct RunIds {
    /// Second and chance.
    stem: String,
    /// The next ones that are not in the ledger, the last first.
    free: Vec<String>,
    /// How many the ledger was asked about: a few at first, then more at a time.
    asked: usize,
}

impl RunIds {
    fn next(&mut self, disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<String, Error> {
        loop {
            while let Some(run) = self.free.pop() {
                if disk.stat(&Place::state(&layout::run(&run)))?.is_none() {
                    return Ok(run);
                }
            }
            let numbers = self.asked..2 * self.asked + 4;
            self.asked = numbers.end;
            self.free = numbers.rev().map(|number| format!("{}-{number}", self.stem)).collect();
            let taken = ledger.runs_among(&self.free)?;
            self.free.retain(|run| !taken.contains(run));
        }
    }
}

/// Who may write to the state folder may patch the site; nobody else may (A19).
fn not_allowed() -> Error {
    Error::refused("this user may not change the site: it can't write to the state folder")
        .hint("run it as the user who owns the state folder")
}

/// Looks for what would keep a run from working.
pub(super) fn examine(site: &Site) -> Result<Vec<Finding>, Error> {
    let disk = site.tree.disk();
    let mut findings = Vec::new();
    for (area, what) in [(Area::Root, "the site's root"), (Area::State, "the state folder")] {
        if !disk.may_change(area, None)? {
            findings.push(Finding::blocker(format!("no permission to change files in {what}")));
        }
    }
    match disk.stat_folder(Area::Root)?.device == disk.stat_folder(Area::State)?.device {
        true => {}
        false => findings.push(
            Finding::blocker("the state folder lies on another file system than the site's root")
                .hint("move it beside the root: files are switched by renaming them"),
        ),
    }
    if recover::is_needed(disk.as_ref(), &site.gate, &site.ledger())? {
        findings.push(Finding::blocker("a run was cut off").hint("run `patchwright recover`"));
    }
    for run in kept::lost_runs(disk.as_ref(), &site.ledger())? {
        let place = site.config.state.join(layout::run(&run).as_str());
        let what = site.patch_in(&run).unwrap_or_else(|| format!("the patch of the run {run}"));
        findings.push(
            Finding::notice(format!(
                "{what} is not in the ledger: the database was put back to an earlier state, and the files were not"
            ))
            .hint(format!("apply it again, or put the files back too; what it replaced is in {}", place.display())),
        );
    }
    if let Some(last) = site.successors()?.pop() {
        let what = match last.program {
            Some(_) => format!("the patcher {} that {} brought", last.version, last.patch),
            None => format!("the patcher {} with the plugins that {} brought", last.version, last.patch),
        };
        let open = |(file, sum): (SitePath, Sha256)| {
            CheckedFile::open(Pinned::ByPatch, &site.config.state.join(file.as_str()), Some(sum)).map(drop)
        };
        if let Err(error) = last.files().try_for_each(open) {
            findings.push(Finding::from(error.while_doing(what)));
        } else if !last.proved {
            findings.push(Finding::notice(format!("{what} has not been started yet")));
        }
    }
    findings.extend(site.restarter.examine());
    let status = site.status()?;
    if let Some(Pending { message, failed, .. }) = &status.restart_pending {
        let why = failed.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        findings.push(
            Finding::notice(format!("a restart is due ({message}){why}"))
                .hint("try it again with `patchwright restart`"),
        );
    }
    for patch in &status.unfinished {
        findings.push(Finding::notice(format!("the after hook of {patch} has not run to its end")));
    }
    if status.gate.maintenance.is_some() {
        findings.push(
            Finding::notice("the gate is shut for maintenance").hint("open it with `patchwright maintenance off`"),
        );
    }
    Ok(findings)
}
