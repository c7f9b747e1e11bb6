//! What every run does before and after: the disk's reserve, the gate.

use super::Context;
use crate::failure::{Failure, SiteState};
use crate::operator::Event;
use crate::site::sweep;
use patchwright_hooks_api::Error;

/// Runs behind the shut gate. The gate is opened again whatever became of the run, unless recovery must come first: it is
/// open only while the site is at one version.
///
/// # Errors
/// Those of the run; and when the gate can't be moved.
pub(crate) fn gated(
    context: &Context<'_>,
    by: &str,
    message: &str,
    run: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    sweep::keep_ballast(context.disk()).map_err(|error| Failure::untouched(error.into()))?;
    let ended = match shut(context, by, message) {
        Ok(()) => {
            context.operator.event(&Event::GateShut);
            run()
        }
        Err(error) => Err(Failure::untouched(error)),
    };
    if matches!(&ended, Err(failure) if failure.state == SiteState::NeedsRecovery) {
        return ended;
    }
    match context.gate.open_after_run() {
        Ok(()) => {
            context.operator.event(&Event::GateOpen);
            ended
        }
        Err(error) => Err(stuck(ended, error)),
    }
}

/// Shuts the gate. Where statements come into force one by one, the first barrier of the run's files comes after them, so the gate
/// needs one of its own.
fn shut(context: &Context<'_>, by: &str, message: &str) -> Result<(), Error> {
    context.gate.shut_for_run(by, message)?;
    if !context.database.is_transactional() {
        context.disk().barrier()?;
    }
    Ok(())
}

/// The gate could not be opened. An error of the run counts more than one of the gate.
fn stuck(ended: Result<(), Failure>, error: Error) -> Failure {
    match ended {
        Ok(()) => Failure::new(error, SiteState::NeedsRecovery),
        Err(failure) => Failure { state: SiteState::NeedsRecovery, ..failure }.and(error),
    }
}
