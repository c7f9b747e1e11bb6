//! The rehearsal of a way back in the database: what is refused, what could not be tried, and what is lost should the way back fail.

use super::Found;
use super::hooks::Downgrade;
use super::statements::{Deed, inverses};
use crate::database::Database;
use crate::operator::Answers;
use crate::planning::{ask_going_back, rehearsal_lane};
use crate::running::Context;
use patchwright_hooks_api::{Change, Error, Finding, Inverse};

/// Does it all in a transaction that is taken back, where that changes nothing. Elsewhere it is foreseen as far as a hook needs that:
/// inverses alone are what was approved with the patch. Tells the first thing that is refused, and what could not be tried.
///
/// # Errors
/// When the database can't begin or end a transaction.
pub(super) fn rehearse(
    context: &Context<'_>,
    deeds: &[Deed],
    answers: &Answers,
    about_all: &str,
) -> Result<Vec<Found>, Error> {
    let (mut found, refused) = try_out(context, deeds, answers, about_all)?;
    match refused {
        Some((patch, error)) => found.push(Found { patch, finding: Finding::from(error) }),
        None => found.extend(ask_about_hooks(context, deeds, answers)?),
    }
    Ok(found)
}

/// Does so once more, behind the shut gate, where each deed will be in force at once: what comes out differently is known before the
/// first one.
///
/// # Errors
/// Then, and when the database fails.
pub(super) fn rehearse_again(context: &Context<'_>, deeds: &[Deed], answers: &Answers) -> Result<(), Error> {
    if context.database.is_transactional() {
        return Ok(());
    }
    let (_, refused) = try_out(context, deeds, answers, "")?;
    refused.map_or(Ok(()), |(_, error)| Err(error))
}

type Refused = Option<(String, Error)>;

fn try_out(
    context: &Context<'_>,
    deeds: &[Deed],
    answers: &Answers,
    about_all: &str,
) -> Result<(Vec<Found>, Refused), Error> {
    let database = context.database;
    let tried = if database.is_transactional() { deeds } else { up_to_the_last_hook(deeds) };
    let (mut found, mut refused) = (Vec::new(), None);
    if tried.is_empty() {
        return Ok((found, refused));
    }
    database.begin()?;
    let mut lane = rehearsal_lane(database);
    for deed in tried {
        let ended = deed.rehearse(context, answers, lane.as_mut());
        let patch = deed.hook().map_or(about_all, Downgrade::patch);
        found.extend(lane.findings().into_iter().map(|finding| Found { patch: patch.to_owned(), finding }));
        if let Err(error) = ended {
            let error = match deed.hook() {
                Some(hook) => error.while_doing(format_args!("the downgrade hook of {} fails", hook.patch())),
                None => error.while_doing("the database refuses the way back"),
            };
            refused = Some((patch.to_owned(), error));
            break;
        }
    }
    drop(lane);
    database.take_touched();
    database.roll_back()?;
    Ok((found, refused))
}

fn up_to_the_last_hook(deeds: &[Deed]) -> &[Deed] {
    let last = deeds.iter().rposition(|deed| deed.hook().is_some());
    last.map_or(&[], |last| &deeds[..=last])
}

/// What hooks do and nothing takes back should the way back fail after it: the statements without an inverse, unless the transaction
/// that they are in is the last one.
fn ask_about_hooks(context: &Context<'_>, deeds: &[Deed], answers: &Answers) -> Result<Vec<Found>, Error> {
    let database = context.database;
    let mut found = Vec::new();
    if database.is_transactional() {
        return Ok(found);
    }
    let mut commits_later = false;
    for deed in deeds.iter().rev() {
        match deed {
            Deed::Undo(undo) => {
                for inverse in &undo.inverses {
                    commits_later |= commits_by_itself(database, inverse)?;
                }
            }
            Deed::Hook(hook) => {
                for (at, executed) in hook.shown().executed.iter().enumerate().rev() {
                    commits_later |= database.commits_by_itself(&executed.statement)?;
                    if commits_later && executed.inverse.is_none() {
                        let finding = ask_going_back(database, (hook.patch(), at), executed, answers);
                        found.push(Found { patch: hook.patch().to_owned(), finding });
                    }
                }
            }
        }
    }
    found.reverse();
    Ok(found)
}

fn commits_by_itself(database: &Database, inverse: &Inverse) -> Result<bool, Error> {
    match inverse {
        Inverse::Statement(statement) => database.commits_by_itself(statement),
        Inverse::Change(change) if change.is_of_rows() && !matches!(**change, Change::TruncateTable { .. }) => {
            Ok(!database.without_transactions(&[change.target().to_owned()])?.is_empty())
        }
        Inverse::Change(_) => Ok(true),
    }
}

/// Where the way back can't be rolled back itself, what it drops is lost should it fail: its structure comes back, its rows don't.
pub(super) fn loss(database: &Database, deeds: &[Deed]) -> Option<Finding> {
    if database.is_transactional() {
        return None;
    }
    let commits = |text: &str| database.info().commits_by_itself(text);
    let drops = |inverse: &&Inverse| match inverse {
        Inverse::Statement(statement) => commits(&statement.text),
        Inverse::Change(change) => !change.is_of_rows(),
    };
    let first = deeds.iter().find_map(|deed| match deed {
        Deed::Hook(hook) => {
            hook.shown().statements().map(|statement| statement.text.clone()).find(|text| commits(text))
        }
        Deed::Undo(_) => inverses(std::slice::from_ref(deed)).find(drops).map(ToString::to_string),
    })?;
    Some(Finding::notice(format!(
        "should going back fail halfway, {} has kept no rows of what was dropped before, the first: {first}",
        database.info().name
    )))
}
