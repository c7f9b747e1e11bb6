//! Calls off a statement while it runs: a patch's statement may take hours, and the operator must not have to wait for it.

use crate::database::Database;
use crate::operator::Operator;
use patchwright_hooks_api::Canceller;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often the operator is asked.
const INTERVAL: Duration = Duration::from_millis(50);

/// Does something with the database while another thread asks the operator whether it shall stop, and then ends the statement that
/// is running. To be used where whatever fails is taken back, and never around the taking back itself.
pub(crate) fn watched<T>(operator: &dyn Operator, database: &Database, act: impl FnOnce() -> T) -> T {
    let Some((canceller, at_work)) = database.canceller() else { return act() };
    let (going_on, over) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || watch(operator, &canceller, &at_work, &over));
        let result = act();
        drop(going_on);
        result
    })
}

fn watch(operator: &dyn Operator, cancel: &Canceller, at_work: &AtomicBool, over: &Receiver<()>) {
    while over.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        if at_work.load(Ordering::Acquire) && operator.cancelled() {
            // One that can't be ended is waited for, as if nobody had asked.
            let _ = cancel();
        }
    }
}
