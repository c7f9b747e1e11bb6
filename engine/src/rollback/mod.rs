//! Taking patches back that are in force: their files from the state folder, their database changes by their inverses.
//!
//! The last one, the last ones down to a version, or one that later patches can do without: the site then is as if they had never
//! been applied, and so is what the ledger says of the patches that stay. What was changed locally since is merged, or asked
//! about, as when a patch is applied. However many they are, it is one run like any other: checked before anything is changed,
//! journaled, one unit with its row in the ledger.

mod chosen;
mod files;
mod hooks;
mod rehearsal;
mod staging;
mod standing;
mod statements;
mod without;

use crate::failure::{Failure, SiteState};
use crate::handover;
use crate::journal::{FORMAT, Header, Purpose};
use crate::kept::{is_retired, sweep_runs};
use crate::ledger::{Head, PatchRow, RunRow};
use crate::operator::{Answers, Approval};
use crate::planning::{Effects, FileEffect, ask_all, check_disk, check_settled, is_to_be_opened};
use crate::progress::Finality;
use crate::running::{Context, Ready, gated, take_back};
use crate::site::layout;
use crate::site::tree::sha256_of_json;
pub use chosen::Unwanted;
use chosen::{Chosen, choose, dependent};
use files::Files;
use hooks::Hooks;
use patchwright_hooks_api::{Error, Finding, Inverse, Question, SitePath, Version};
use rehearsal::{loss, rehearse, rehearse_again};
use serde::Serialize;
use staging::{Staged, stage};
use standing::Planned;
use statements::{Deed, deeds, in_common, inverses, without_inverse};

/// The longest name of a run in the ledger, in characters.
const MAX_NAME_CHARS: usize = 100;

/// What was found about taking a patch back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The patch that goes.
    pub patch: String,
    /// What was found.
    pub finding: Finding,
}

/// What taking patches back will do, and what stands in its way.
#[derive(Debug, Serialize)]
#[must_use = "a plan does nothing until it is carried out"]
pub struct RollbackPlan {
    /// The patches that will be taken back, the newest first.
    pub patches: Vec<PatchRow>,
    /// What was found.
    pub findings: Vec<Found>,
    /// The operator's answers to the questions among it.
    pub answers: Answers,
    /// The paths that will be changed.
    pub files: Vec<SitePath>,
    /// The version that the product is at now.
    #[serde(skip)]
    installed: Version,
    #[serde(skip)]
    staying: Vec<PatchRow>,
    #[serde(skip)]
    changes: Files,
    #[serde(skip)]
    deeds: Vec<Deed>,
}

/// Looks at what taking patches back would do, and asks the operator what is to be asked. Changes nothing.
///
/// # Errors
/// When none of these is in force, or the site can't be looked at.
pub(crate) fn plan_rollback(context: &Context<'_>, unwanted: &Unwanted) -> Result<RollbackPlan, Error> {
    let mut answers = Answers::default();
    loop {
        let plan = look(context, unwanted, answers.clone())?;
        if !plan.ask(context, &mut answers)? {
            return Ok(plan);
        }
    }
}

fn look(context: &Context<'_>, unwanted: &Unwanted, answers: Answers) -> Result<RollbackPlan, Error> {
    let ledger = context.ledger();
    let chosen = choose(&ledger, unwanted)?;
    let in_force = ledger.must_be_in_force()?;
    let about_all = |finding| Found { patch: chosen.oldest().to_owned(), finding };
    let mut findings: Vec<Found> = chosen.needed(&ledger)?.into_iter().map(about_all).collect();
    let hooks = Hooks::read(context, &chosen)?;
    findings.extend(hooks.unread().map(|(patch, finding)| Found { patch, finding }));
    findings.extend(database_findings(context, &chosen, &hooks));
    findings.extend(retired(context, &chosen)?);
    let mut changes = files::look(context, &chosen, &answers)?;
    findings.append(&mut changes.findings);
    let deeds = deeds(chosen.going.iter().rev(), &hooks);
    findings.extend(check_disk(context.disk(), &effects(&changes, &deeds), &answers)?.into_iter().map(about_all));
    if !findings.iter().any(|found| found.finding.is_blocker()) {
        findings.extend(rehearse(context, &deeds, &answers, chosen.oldest())?);
    }
    findings.extend(loss(context.database, &deeds).map(about_all));
    let mut files: Vec<SitePath> = changes.planned.iter().map(|planned| planned.path.clone()).collect();
    files.dedup();
    let Chosen { going, staying } = chosen;
    let patches = going.into_iter().rev().collect();
    Ok(RollbackPlan { patches, findings, answers, files, installed: in_force.version, staying, changes, deeds })
}

/// Patches whose backups were dropped.
fn retired(context: &Context<'_>, chosen: &Chosen) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for PatchRow { run, patch, .. } in &chosen.going {
        if is_retired(context.disk(), run)? {
            let finding = Finding::blocker(format!("{patch} was retired: what it replaced is not kept any more"))
                .hint("restore the site from a backup of the time before it, or leave the patch in force");
            found.push(Found { patch: patch.clone(), finding });
        }
    }
    Ok(found)
}

fn effects(changes: &Files, deeds: &[Deed]) -> Effects {
    let inverses: Vec<&Inverse> = inverses(deeds).collect();
    let file =
        |planned: &Planned| FileEffect { path: planned.path.clone(), before: planned.before, after: planned.after };
    let files = changes.planned.iter().map(file).collect();
    Effects { files, statements: inverses.len(), statements_sha256: sha256_of_json(&inverses) }
}

/// Statements that nothing takes back, and what later patches built on.
fn database_findings(context: &Context<'_>, chosen: &Chosen, hooks: &Hooks) -> Vec<Found> {
    let mut findings = Vec::new();
    for row in &chosen.going {
        let about_it = |finding| Found { patch: row.patch.clone(), finding };
        let hook = hooks.of(&row.run);
        if hook.is_none() {
            findings.extend(without_inverse(row).map(about_it));
        }
        for later in chosen.staying.iter().filter(|later| later.number > row.number) {
            let common = match hook {
                // Nobody can tell what it touches.
                Some(_) if !later.statements.is_empty() => Some("its downgrade hook may touch anything".to_owned()),
                _ => in_common(context.database, &row.statements, &later.statements),
            };
            let reason = common.map(|what| format!("builds on what {} did to the database: {what}", row.patch));
            findings.extend(reason.map(|reason| about_it(dependent(&later.patch, &reason))));
        }
    }
    findings
}

/// Takes the patches back.
///
/// # Errors
/// When they can't be; the site is then as before, with all of them in force.
pub(crate) fn roll_back(
    context: &Context<'_>,
    plan: RollbackPlan,
    run: &str,
    approval: &Approval,
) -> Result<Vec<PatchRow>, Failure> {
    check_settled("taken back", plan.blockers(), plan.open_questions())?;
    let mut head = None;
    let ended = gated(context, &approval.by, &plan.message(), || {
        let ended = run_back(context, &plan, run, approval).map(|sealed| head = Some(sealed));
        let version = if head.is_some() { plan.version_after() } else { &plan.installed };
        context.restarter.follow(&ended, version, context.operator).after(ended, head.is_some())
    });
    let is_whole = !matches!(&ended, Err(failure) if failure.state == SiteState::NeedsRecovery);
    if let Some(head) = head.filter(|_| is_whole) {
        clear_away(context, &plan, &head)?;
    }
    ended.map(|()| plan.patches)
}

/// Takes the patches back within a run that has shut the gate, and leaves it shut. Gives where the ledger then ends.
///
/// # Errors
/// When they can't be; the site is then as before, with all of them in force.
pub(crate) fn roll_back_gated(
    context: &Context<'_>,
    plan: &RollbackPlan,
    run: &str,
    approval: &Approval,
) -> Result<Head, Failure> {
    check_settled("taken back", plan.blockers(), plan.open_questions())?;
    run_back(context, plan, run, approval)
}

/// Notes where the ledger ends, and removes what was kept for patches that are taken back.
///
/// # Errors
/// When the disk or the ledger fails; they are taken back all the same.
pub(crate) fn clear_away(context: &Context<'_>, plan: &RollbackPlan, head: &Head) -> Result<(), Failure> {
    // An older note is as good, only it knows less.
    let _ = head.note(context.disk());
    let gone = plan.patches.iter().flat_map(|row| [row.run.clone(), layout::after_run(&row.run)]);
    let ended = sweep_runs(context.disk(), &context.ledger(), gone);
    ended.map(drop).map_err(|error| Failure::new(error, SiteState::InForce))
}

fn run_back(context: &Context<'_>, plan: &RollbackPlan, run: &str, approval: &Approval) -> Result<Head, Failure> {
    let header = Header { format: FORMAT, run: run.to_owned(), purpose: Purpose::RollBack, patch: plan.name() };
    rehearse_again(context, &plan.deeds, &plan.answers).map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let staged = (|| {
        let component = plan.patches.iter().find_map(|patch| patch.component.as_ref());
        let component = component.map(|step| (step.name.as_str(), Some(&step.to)));
        context.ledger().end_at(&plan.installed, component)?;
        let staged = stage(context, run, &plan.changes)?;
        let mut lane = context.lane(&header, Finality::Decided);
        for deed in &plan.deeds {
            context.check_cancelled()?;
            deed.make(context, &plan.answers, lane.as_mut())?;
        }
        drop(lane);
        let head = record(context, plan, &header, &staged, approval)?;
        let going = plan.patches.iter().map(|row| row.run.as_str()).collect();
        Ok((staged.changes, head, handover::leave(context.disk(), run, &going)?))
    })();
    let (changes, head, left) = staged.map_err(|error| take_back(context, &header, &[], error))?;
    let ready = Ready { header, changes, opens_directories: is_to_be_opened(&plan.answers) };
    let committed =
        ready.switch(context, |_| Ok(head)).and_then(|(applied, head)| applied.commit(context).map(|()| head));
    match (left, committed) {
        (Some(left), Ok(head)) => {
            left.put_in_force(context.disk()).map_err(|error| Failure::new(error, SiteState::InForce))?;
            Ok(head)
        }
        (Some(_), Err(failure)) => {
            if failure.state != SiteState::NeedsRecovery {
                // The next start does it where it fails.
                let _ = handover::withdraw(context.disk());
            }
            Err(failure)
        }
        (None, ended) => ended,
    }
}

fn record(
    context: &Context<'_>,
    plan: &RollbackPlan,
    header: &Header,
    staged: &Staged,
    approval: &Approval,
) -> Result<Head, Error> {
    let ledger = context.ledger();
    let mut entry = ledger.enter(&RunRow {
        run: &header.run,
        purpose: Purpose::RollBack,
        patch: &header.patch,
        at: &approval.at,
        by: &approval.by,
        plan: "",
    })?;
    if !staged.kept.is_empty() {
        entry.add_files(&header.run, 0, &staged.kept)?;
    }
    let decisions: Vec<String> =
        plan.answers.words().iter().map(|(question, answer)| format!("decision {question}: {answer}")).collect();
    if !decisions.is_empty() {
        entry.add_actions(&decisions)?;
    }
    entry.add_structures(context.database.take_touched())?;
    for patch in &plan.patches {
        entry.take_back(&patch.run)?;
    }
    for (run, number, change) in &staged.rows {
        entry.change_file(run, *number, change)?;
    }
    for (run, change) in &staged.inherited {
        let next = ledger.files(run)?.len();
        entry.add_files(run, next, std::slice::from_ref(change))?;
    }
    let version = plan.patches.iter().rfind(|patch| patch.component.is_none()).map(|patch| &patch.from);
    if let Some(version) = version {
        for row in &plan.staying {
            entry.set_product_version(&row.run, version)?;
        }
    }
    entry.seal()
}

impl RollbackPlan {
    /// What keeps the patches from being taken back.
    pub fn blockers(&self) -> impl Iterator<Item = (&str, &Finding)> {
        let all = self.findings.iter().map(|Found { patch, finding }| (patch.as_str(), finding));
        all.filter(|(_, finding)| finding.is_blocker())
    }

    /// The questions that nobody has answered yet.
    pub fn open_questions(&self) -> impl Iterator<Item = (&str, &Finding, &Question)> {
        self.findings.iter().filter_map(|Found { patch, finding }| {
            Some((patch.as_str(), finding, self.answers.open_question(finding)?))
        })
    }

    /// Asks the operator all open questions. Gives whether any was answered.
    fn ask(&self, context: &Context<'_>, answers: &mut Answers) -> Result<bool, Error> {
        let answered = ask_all(context.operator, &context.ledger(), self.open_questions())?;
        let taken: Vec<bool> =
            answered.into_iter().map(|(_, question, answer)| answers.take(&question, answer)).collect();
        Ok(taken.contains(&true))
    }

    /// The version that the product is at once they are taken back.
    pub(crate) fn version_after(&self) -> &Version {
        let oldest = self.patches.iter().rfind(|patch| patch.component.is_none());
        oldest.map_or(&self.installed, |patch| &patch.from)
    }

    /// The patches' names, as far as they fit into a row of the ledger.
    fn name(&self) -> String {
        let ids: Vec<&str> = self.patches.iter().map(|patch| patch.patch.as_str()).collect();
        let all = ids.join(", ");
        match ids.as_slice() {
            [first, rest @ ..] if !rest.is_empty() && all.chars().count() > MAX_NAME_CHARS => {
                let more = format!(" and {} before it", rest.len());
                first.chars().take(MAX_NAME_CHARS - more.len()).chain(more.chars()).collect()
            }
            _ => all,
        }
    }

    /// The runs whose folders give files back, or go.
    pub(crate) fn giving_back(&self) -> impl Iterator<Item = String> {
        let gone = self.patches.iter().map(|row| row.run.clone());
        gone.chain(self.changes.slots().filter_map(layout::run_of))
    }

    /// What users are told while it lasts.
    fn message(&self) -> String {
        match self.patches.as_slice() {
            [patch] => {
                let (from, to) = patch.course();
                format!("going back from {to} to {}", from.unwrap_or_else(|| "before it was installed".to_owned()))
            }
            _ => format!("taking back {}", self.name()),
        }
    }

    /// The statements that will take back what the patches did to the database, in order, those of hooks among them.
    pub fn statements(&self) -> impl Iterator<Item = String> {
        self.deeds.iter().flat_map(|deed| -> Vec<String> {
            match deed {
                Deed::Undo(undo) => undo.inverses.iter().map(ToString::to_string).collect(),
                Deed::Hook(hook) => hook.shown().statements().map(|statement| statement.text.clone()).collect(),
            }
        })
    }
}
