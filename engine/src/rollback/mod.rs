//! Taking patches back that are in force: their files from the state folder, their database changes by their inverses.
//!
//! The last one, the last ones down to a version, or one that later patches can do without: the site then is as if they had never
//! been applied, and so is what the ledger says of the patches that stay. What was changed locally since is merged, or asked
//! about, as when a patch is applied. However many they are, it is one run like any other: checked before anything is changed,
//! journaled, one unit with its row in the ledger.

mod chosen;
mod files;
mod staging;
mod standing;
mod statements;
mod without;

use crate::failure::{Failure, SiteState};
use crate::journal::{FORMAT, Header, Purpose};
use crate::ledger::{Head, PatchRow, RunRow};
use crate::operator::{Answers, Approval, Asked};
use crate::planning::{Effects, FileEffect, check_disk};
use crate::progress::Finality;
use crate::recover::sweep_leftovers;
use crate::running::{Context, Ready, gated, take_back};
use crate::site::tree::sha256_of_json;
pub use chosen::Unwanted;
use chosen::{Chosen, choose, dependent};
use files::Files;
use patchwright_hooks_api::{Error, ErrorKind, Finding, Inverse, Question, Severity, SitePath, Version};
use serde::Serialize;
use staging::{Staged, stage};
use standing::Planned;
use statements::{Undo, in_common, loss, rehearse, undos, without_inverse};

/// The longest name of a run in the ledger, in characters.
const MAX_NAME_CHARS: usize = 100;

/// What taking patches back will do, and what stands in its way.
#[derive(Debug, Serialize)]
#[must_use = "a plan does nothing until it is carried out"]
pub struct RollbackPlan {
    /// The patches that will be taken back, the newest first.
    pub patches: Vec<PatchRow>,
    /// What was found, each with the patch that it is about, if it is about one.
    pub findings: Vec<(String, Finding)>,
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
    undos: Vec<Undo>,
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
    let in_force = ledger.in_force()?.ok_or_else(|| Error::missing("the site's database has no ledger"))?;
    let mut findings: Vec<(String, Finding)> = Vec::new();
    let about_first = chosen.going.first().map_or_else(String::new, |row| row.patch.clone());
    findings.extend(chosen.needed(&ledger)?.into_iter().map(|finding| (about_first.clone(), finding)));
    findings.extend(database_findings(context, &chosen));
    let mut changes = files::look(context, &chosen, &answers)?;
    findings.append(&mut changes.findings);
    let Chosen { mut going, staying } = chosen;
    going.reverse();
    let undos: Vec<Undo> = going.iter().flat_map(|patch| undos(&patch.statements)).collect();
    findings.extend(loss(context.database, &undos).map(|finding| (about_first.clone(), finding)));
    let disk_findings = check_disk(context.disk(), &effects(&changes, &undos))?;
    findings.extend(disk_findings.into_iter().map(|finding| (about_first.clone(), finding)));
    if !findings.iter().any(|(_, finding)| finding.is_blocker()) {
        findings.extend(rehearse(context.database, &undos)?.map(|finding| (about_first, finding)));
    }
    let mut files: Vec<SitePath> = changes.planned.iter().map(|planned| planned.path.clone()).collect();
    files.dedup();
    let installed = in_force.version;
    Ok(RollbackPlan { patches: going, findings, answers, files, installed, staying, changes, undos })
}

fn effects(changes: &Files, undos: &[Undo]) -> Effects {
    let inverses: Vec<&Inverse> = undos.iter().flat_map(|undo| &undo.inverses).collect();
    let file =
        |planned: &Planned| FileEffect { path: planned.path.clone(), before: planned.before, after: planned.after };
    let files = changes.planned.iter().map(file).collect();
    Effects { files, statements: inverses.len(), statements_sha256: sha256_of_json(&inverses) }
}

/// Statements that nothing takes back, and what later patches built on.
fn database_findings(context: &Context<'_>, chosen: &Chosen) -> Vec<(String, Finding)> {
    let mut findings = Vec::new();
    for patch in &chosen.going {
        findings.extend(without_inverse(patch).map(|finding| (patch.patch.clone(), finding)));
        let later = chosen.staying.iter().filter(|row| row.number > patch.number);
        for row in later {
            let common = in_common(context.database, &patch.statements, &row.statements);
            findings.extend(common.map(|what| {
                let reason = format!("builds on what {} did to the database: {what}", patch.patch);
                (patch.patch.clone(), dependent(&row.patch, &reason))
            }));
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
    plan.check_ready()?;
    let mut head = None;
    gated(context, &approval.by, &plan.message(), || {
        head = Some(run_back(context, &plan, run, approval)?);
        Ok(())
    })?;
    if let Some(head) = head {
        // An older note is as good, only it knows less.
        let _ = head.note(context.disk());
    }
    let ended = sweep_leftovers(context.disk(), &context.ledger());
    ended.map_err(|error| Failure::new(error, SiteState::InForce))?;
    Ok(plan.patches)
}

fn run_back(context: &Context<'_>, plan: &RollbackPlan, run: &str, approval: &Approval) -> Result<Head, Failure> {
    let header = Header { format: FORMAT, run: run.to_owned(), purpose: Purpose::RollBack, patch: plan.name() };
    context.database.begin().map_err(|error| Failure::new(error, SiteState::TakenBack))?;
    let staged = (|| {
        let component = plan.patches.iter().find_map(|patch| patch.component.as_ref());
        let component = component.map(|step| (step.name.as_str(), Some(&step.to)));
        context.ledger().end_at(&plan.installed, component)?;
        let staged = stage(context, run, &plan.changes)?;
        let mut lane = context.lane(&header, Finality::Decided);
        for undo in &plan.undos {
            context.check_cancelled()?;
            undo.make(lane.as_mut())?;
        }
        drop(lane);
        let head = record(context, plan, &header, &staged, approval)?;
        Ok((staged.changes, head))
    })();
    match staged {
        Ok((changes, head)) => Ready { header, changes }.switch(context, |_| Ok(head))?.commit(context),
        Err(error) => Err(take_back(context, &header, &[], error)),
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
        self.findings
            .iter()
            .filter(|(_, finding)| finding.is_blocker())
            .map(|(patch, finding)| (patch.as_str(), finding))
    }

    /// The questions that nobody has answered yet.
    pub fn open_questions(&self) -> impl Iterator<Item = (&str, &Finding, &Question)> {
        self.findings.iter().filter_map(|(patch, finding)| match &finding.severity {
            Severity::Question(question) if self.answers.get(&question.id).is_none() => {
                Some((patch.as_str(), finding, question))
            }
            _ => None,
        })
    }

    /// Asks the operator all open questions. Gives whether any was answered.
    fn ask(&self, context: &Context<'_>, answers: &mut Answers) -> Result<bool, Error> {
        if self.open_questions().next().is_none() {
            return Ok(false);
        }
        let last = context.ledger().last_answers()?;
        let mut taken = false;
        for (patch, finding, question) in self.open_questions() {
            let last = last.get(&question.id).map(String::as_str);
            let answer = context.operator.answer(&Asked { patch, finding, question, last });
            taken |= answer.is_some_and(|answer| answers.take(question, answer));
        }
        Ok(taken)
    }

    fn check_ready(&self) -> Result<(), Failure> {
        let name = self.name();
        if let Some((_, blocker)) = self.blockers().next() {
            let error = Error { hint: blocker.hint.clone(), ..Error::conflict(&blocker.message) };
            return Err(Failure::untouched(error.while_doing(format_args!("{name} can't be taken back"))));
        }
        if let Some((_, finding, question)) = self.open_questions().next() {
            let answers: Vec<&str> = question.answers.iter().map(|choice| choice.answer.as_str()).collect();
            let error = Error::new(ErrorKind::Conflict, format!("taking {name} back asks: {}", finding.message))
                .hint(format!("answer {} with one of {}", question.id, answers.join(", ")));
            return Err(Failure::new(error, SiteState::Undecided));
        }
        Ok(())
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

    /// The statements that will take back what the patches did to the database, in order.
    pub fn inverses(&self) -> impl Iterator<Item = String> {
        self.undos.iter().flat_map(|undo| &undo.inverses).map(ToString::to_string)
    }
}
