//! Patches that change the database alone, committed together.
//!
//! A small patch of SQL costs little but for its commit, which waits for the disk several times and writes each page of the ledger
//! anew. The gate is shut and nobody waits for a state in between: so patches that follow each other share a transaction, as
//! they did in the rehearsal. Killed, the site is before the first of them or after the last.

use super::bringing::{Brought, Switched, Terms, begin, end_for, switch};
use crate::failure::Failure;
use crate::planning::{PlannedPatch, steps_for};
use crate::running::{Applied, Context};
use patchwright_hooks_api::Version;
use std::time::Duration;

/// How long patches are gathered before they are committed. A kill takes no more back than that and the patch that it met: a long
/// change of data keeps a commit of its own.
const GATHERED_FOR: Duration = Duration::from_millis(250);

/// How many of these patches, from the first on, may be committed together.
pub(super) fn how_many(context: &Context<'_>, patches: &[PlannedPatch]) -> usize {
    if !context.database.is_transactional() {
        return 1;
    }
    let dialect = &context.database.info().name;
    let of_the_database_alone = |planned: &&PlannedPatch| {
        let steps = steps_for(&planned.patch.steps, dialect);
        planned.effects.files.is_empty() && planned.patcher.is_none() && !steps.iter().any(|step| step.step.has_after())
    };
    patches.iter().take_while(of_the_database_alone).count().max(1)
}

/// Brings patches into force in one transaction, on a site whose product is at this version: all of them, or as many as have been
/// gathered in time.
///
/// # Errors
/// When one of them could not be brought, or the commit failed; all are taken back then, and whoever wants to know which one it was
/// brings them one by one.
pub(super) fn bring(
    context: &Context<'_>,
    patches: &[PlannedPatch],
    terms: &Terms<'_>,
    version: &Version,
) -> Result<Vec<Brought>, Failure> {
    let began = context.clock.elapsed();
    let mut version = version;
    let mut unit: Option<Applied> = None;
    let mut gathered: Vec<Switched> = Vec::new();
    for planned in patches {
        let end = match gathered.last() {
            None => begin(context, planned, version)?,
            // Nobody else can have moved the product: the transaction's own row says where it is.
            Some(before) if planned.patch.manifest.component.is_none() => before.end.clone(),
            Some(_) => end_for(context, planned, version)?,
        };
        let (applied, switched) = switch(context, planned, terms, version, end)?;
        unit = Some(match unit {
            Some(earlier) => earlier.with(applied),
            None => applied,
        });
        gathered.push(switched);
        if planned.patch.manifest.component.is_none() {
            version = &planned.patch.manifest.to;
        }
        if context.clock.elapsed().saturating_sub(began) >= GATHERED_FOR {
            break;
        }
    }
    unit.map_or(Ok(()), |unit| unit.commit(context))?;
    Ok(gathered.into_iter().zip(patches).map(|(switched, planned)| switched.in_force(context, planned)).collect())
}
