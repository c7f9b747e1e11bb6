//! What is told of tables that a plan touches and that are otherwise than the patches in force left them: somebody's own
//! change, or a table that was dropped by hand.

use super::{Plan, Planning};
use crate::database::Touched;
use crate::drift::{Drift, compare_all, compare_some};
use crate::ledger::Ledger;
use patchwright_hooks_api::schema::{How, Part};
use patchwright_hooks_api::{Error, Finding};
use std::collections::BTreeSet;

/// Adds what is to be told to the patches' findings. The database must be as it was before the rehearsal.
///
/// # Errors
/// When the database can't be asked, or the ledger can't be read.
pub(super) fn tell(planning: &Planning<'_>, plan: &mut Plan, touched: &[Touched]) -> Result<(), Error> {
    let ledger = Ledger::new(planning.database, &planning.config.table_prefix);
    let mut told = BTreeSet::new();
    let named: BTreeSet<String> =
        touched.iter().filter(|touched| touched.before.is_none()).flat_map(names_in_lower_case).collect();
    let of_named = compare_some(&ledger, &named)?;
    for (planned, touched) in plan.patches.iter_mut().zip(touched) {
        let mut drift = match &touched.before {
            Some(_) => compare_all(&ledger, &planning.database.info().name)?.drift,
            None => {
                let names: BTreeSet<String> = names_in_lower_case(touched).collect();
                let is_touched = |drift: &&Drift| names.contains(&drift.difference.object.to_ascii_lowercase());
                of_named.iter().filter(is_touched).cloned().collect()
            }
        };
        let blockers: Vec<&mut Finding> = planned.findings.iter_mut().filter(|finding| finding.is_blocker()).collect();
        if !blockers.is_empty() {
            drift.extend(named_by(&ledger, &blockers, &drift)?);
            explain(blockers, &drift);
        }
        for one in drift {
            let explained = planned.findings.iter().any(|finding| finding.message.ends_with(&one.message));
            if !explained && told.insert(one.message.clone()) {
                let hint =
                    "`patchwright verify` tells all that differs; what was done by hand may be in the patch's way";
                planned.findings.push(Finding::notice(one.message).hint(hint));
            }
        }
    }
    Ok(())
}

fn names_in_lower_case(touched: &Touched) -> impl Iterator<Item = String> {
    touched.names.iter().map(|name| name.to_ascii_lowercase())
}

/// The drift of tables that blockers name, besides what is known already.
fn named_by(ledger: &Ledger<'_>, blockers: &[&mut Finding], known: &[Drift]) -> Result<Vec<Drift>, Error> {
    if !ledger.remembers_structures()? {
        return Ok(Vec::new());
    }
    let mut names: BTreeSet<String> = ledger.remembered(None)?.into_keys().collect();
    names.retain(|name| {
        blockers.iter().any(|finding| names_word(&finding.message, name))
            && !known.iter().any(|drift| drift.difference.object.eq_ignore_ascii_case(name))
    });
    compare_some(ledger, &names)
}

/// Says behind a blocker that names a missing table where the table went.
fn explain(blockers: Vec<&mut Finding>, drift: &[Drift]) {
    for finding in blockers {
        let missing = drift.iter().find(|drift| {
            let gone = matches!(drift.difference.part, Part::Table | Part::View | Part::Sequence)
                && drift.difference.how == How::Missing;
            gone && names_word(&finding.message, &drift.difference.object)
        });
        if let Some(drift) = missing {
            finding.message = format!("{}; {}", finding.message, drift.message);
            finding.hint = Some("bring it back, from a backup for one, and plan again".to_owned());
        }
    }
}

/// Whether a text names this, as a word of its own.
fn names_word(text: &str, name: &str) -> bool {
    let mut words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.any(|word| word.eq_ignore_ascii_case(name))
}
