//! From patches to a plan: which, in which order, rehearsed one after the other, with everything that was found.

mod altered;
mod backup;
mod content;
mod finality;
mod foresight;
pub mod order;
mod plan;
mod preflight;
mod preview;
mod read_only;
mod rehearsal;
mod settling;

use crate::cancellation::watched;
use crate::database::Database;
use crate::editor::{Lane, Transaction, facts_for};
use crate::failure::Failure;
use crate::intake::Patch;
use crate::ledger::{InForce, Ledger};
use crate::operator::{Answers, Operator};
use crate::site::config::SiteConfig;
use crate::site::contents::Scratch;
use crate::site::overlay::Overlay;
use crate::site::tree::{Look, Picture, Tree};
use crate::store::Store;
pub use content::content_sums;
pub(crate) use finality::ask_going_back;
use foresight::Foresight;
use order::{Candidate, Installed, Wanted};
use patchwright_hooks_api::{Error, PatcherFacts, Version};
pub use plan::{Effects, FileEffect, Plan, PlannedPatch};
pub(crate) use preflight::{check_disk, find_read_only};
pub use preview::StepSql;
pub(crate) use preview::{preview_on, preview_without_site};
pub(crate) use read_only::is_to_be_opened;
pub use read_only::{MAKE_WRITABLE, READ_ONLY};
pub use rehearsal::{looks, steps_for};
pub(crate) use settling::{ask_all, check_settled};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What planning looks at.
pub struct Planning<'a> {
    /// The site's files.
    pub tree: &'a Arc<Tree>,
    /// The site's database.
    pub database: &'a Database,
    /// What the ledger says is in force.
    pub in_force: &'a InForce,
    /// The versions of the components that are installed.
    pub components: &'a BTreeMap<String, Version>,
    /// The site's configuration.
    pub config: &'a SiteConfig,
    /// The site's pristine copies.
    pub store: &'a Store,
    /// The program that the engine is built into, where patches may replace it.
    pub patcher: Option<PatcherFacts>,
    /// Who decides and is told.
    pub operator: &'a dyn Operator,
}

/// A patch that may become part of a plan.
pub struct Offered {
    /// The patch.
    pub patch: Patch,
    /// The id of the run that will bring it, should it be applied.
    pub run: String,
    /// What was found at the paths that it reads, while it was taken in.
    pub seen: Picture,
}

/// Puts the patches that are wanted into order, rehearses them, and asks the operator what they ask.
///
/// # Errors
/// When there is no one order, or the site can't be looked at. What the rehearsal turns up is in the plan.
pub fn make_plan(planning: &Planning<'_>, offered: Vec<Offered>, wanted: &Wanted) -> Result<Plan, Failure> {
    let candidates: Vec<Candidate> =
        offered.iter().map(|offered| candidate(&offered.patch, planning.patcher.is_some())).collect();
    let ledger = Ledger::new(planning.database, &planning.config.table_prefix);
    let known = ledger.steps_among(&named(&candidates, wanted)).map_err(Failure::untouched)?;
    let told = content::check_offered(planning, &offered, &known).map_err(Failure::untouched)?;
    let installed = Installed {
        product: planning.in_force.product.clone(),
        version: planning.in_force.version.clone(),
        patches: known.into_iter().map(|step| step.patch).collect(),
        components: planning.components.clone(),
        engine: crate::engine_version(),
    };
    let order = order::order(&installed, &candidates, wanted)
        .map_err(|error| Failure::untouched(Error::conflict(error.to_string()).hint(error.hint())))?;
    let mut offered: Vec<Option<Offered>> = offered.into_iter().map(Some).collect();
    let chosen: Vec<Offered> = order.into_iter().filter_map(|index| offered.get_mut(index)?.take()).collect();
    let Installed { product, version, components, .. } = installed;
    let plan = Plan { product, installed: version, components, patches: Vec::new(), told };
    if chosen.is_empty() {
        return Ok(plan);
    }
    let mut seen = Picture::new();
    let mut undecided = Vec::with_capacity(chosen.len());
    for offered in chosen {
        seen.extend(offered.seen);
        undecided.push((offered.patch, offered.run, Answers::default()));
    }
    let mut plan = rehearse_all(planning, plan, undecided, seen).map_err(Failure::untouched)?;
    // Answers change what a step does, and so what later steps find: the rehearsal is repeated until nothing new is asked.
    while ask(planning, &mut plan).map_err(Failure::untouched)? {
        let decided: Vec<Decided> =
            plan.patches.drain(..).map(|planned| (planned.patch, planned.run, planned.answers)).collect();
        // Whoever was asked may have taken his time.
        let wanted: Vec<Look<'_>> = decided.iter().flat_map(|(patch, ..)| looks(&patch.steps)).collect();
        let seen = planning.tree.picture(&wanted);
        plan = rehearse_all(planning, plan, decided, seen).map_err(Failure::untouched)?;
    }
    Ok(plan)
}

/// An error unless the plan can be applied: without blockers, without open questions.
///
/// # Errors
/// Naming the first of them and counting the rest.
pub fn check_ready(plan: &Plan) -> Result<(), Failure> {
    check_settled("applied", plan.blockers(), plan.open_questions())
}

fn candidate(patch: &Patch, patcher_is_replaced: bool) -> Candidate {
    let manifest = &patch.manifest;
    let brought = patch.steps.iter().filter(|_| patcher_is_replaced).find_map(|planned| planned.step.patcher());
    Candidate {
        id: manifest.id.clone(),
        product: manifest.product.clone(),
        component: manifest.component.clone(),
        from: manifest.from.clone(),
        to: manifest.to.clone(),
        requires_patches: manifest.requires.patches.clone(),
        requires_components: manifest.requires.components.clone(),
        requires_product: manifest.requires.product.clone(),
        requires_engine: manifest.requires.engine.clone(),
        brings_engine: brought.cloned(),
        conflicts: manifest.conflicts.clone(),
    }
}

/// The ids of all patches that the order has to do with: whether they are in force is all that it asks of the history.
fn named(candidates: &[Candidate], wanted: &Wanted) -> BTreeSet<String> {
    let of = |candidate: &Candidate| {
        let Candidate { id, requires_patches, conflicts, .. } = candidate;
        [std::slice::from_ref(id), requires_patches, conflicts].concat()
    };
    candidates.iter().flat_map(of).chain(wanted.ids.iter().cloned()).collect()
}

type Decided = (Patch, String, Answers);

fn rehearse_all(planning: &Planning<'_>, mut plan: Plan, chosen: Vec<Decided>, seen: Picture) -> Result<Plan, Error> {
    let structure = planning.database.watched_structure()?;
    planning.database.begin()?;
    let mut overlay = Overlay::new(planning.tree.clone(), seen, Arc::new(Scratch::new()), 0);
    let mut lane = rehearsal_lane(planning.database);
    let mut version = planning.in_force.version.clone();
    let mut touched = Vec::with_capacity(chosen.len());
    let rehearse_in_turn = || -> Result<(), Error> {
        for (patch, run, answers) in chosen {
            let facts =
                facts_for(planning.config, planning.database, planning.patcher.clone(), &version, &patch.manifest);
            if patch.manifest.component.is_none() {
                version = patch.manifest.to.clone();
            }
            let mut stage = rehearsal::Stage {
                overlay: &mut overlay,
                database: planning.database,
                earlier: &plan.patches,
                lane: lane.as_mut(),
                store: planning.store,
                operator: planning.operator,
            };
            let mut planned = rehearsal::rehearse(patch, run, facts, answers, &mut stage);
            planned.findings.extend(check_disk(planning.tree.disk().as_ref(), &planned.effects, &planned.answers)?);
            plan.patches.push(planned);
            touched.push(planning.database.take_touched());
        }
        Ok(())
    };
    watched(planning.operator, planning.database, rehearse_in_turn)?;
    if let Some(first) = plan.patches.first_mut().filter(|_| planning.config.ask_for_backup) {
        first.findings.push(backup::ask(&first.answers));
    }
    drop(lane);
    match planning.database.roll_back() {
        Ok(()) => {
            planning.database.check_structure(structure.as_ref())?;
            altered::tell(planning, &mut plan, &touched)?;
        }
        // A line that broke in a step is told there, by a blocker; the database takes the transaction back by itself.
        Err(_) if plan.blockers().next().is_some() => {}
        Err(error) => return Err(error),
    }
    Ok(plan)
}

/// The way of a rehearsal to the database, which it does not change. A transaction must be open, and is to be taken back.
pub(crate) fn rehearsal_lane(database: &Database) -> Box<dyn Lane + '_> {
    if database.is_transactional() { Box::new(Transaction(database)) } else { Box::new(Foresight::new(database)) }
}

/// Asks the operator all open questions. Gives whether any was answered.
fn ask(planning: &Planning<'_>, plan: &mut Plan) -> Result<bool, Error> {
    let ledger = Ledger::new(planning.database, &planning.config.table_prefix);
    let mut taken = false;
    for (patch, question, answer) in ask_all(planning.operator, &ledger, plan.open_questions())? {
        if let Some(planned) = plan.patches.iter_mut().find(|planned| planned.patch.manifest.id == patch) {
            taken |= planned.answers.take(&question, answer);
        }
    }
    Ok(taken)
}
