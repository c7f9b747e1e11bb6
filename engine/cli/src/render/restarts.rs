//! What runs after a plan, as the operator sees it before approving it.

use jiff::SignedDuration;
use patchwright_engine::site::restarts::{Probe, Restarts, Unhealthy};
use patchwright_engine::site::shell::line;
use serde_json::{Value, json};
use std::time::Duration;

/// The restart commands and the probe after an upgrade, in words; nothing where there are none.
pub(crate) fn text(restarts: &Restarts) -> String {
    lines(
        restarts,
        match restarts.unhealthy {
            Unhealthy::Ask => "you are asked",
            Unhealthy::RollBack => "all is taken back",
            Unhealthy::Keep => "it stays, and is told",
        },
    )
}

/// The same after a way back, which goes no further.
pub(crate) fn text_of_way_back(restarts: &Restarts) -> String {
    lines(restarts, "that is told")
}

fn lines(restarts: &Restarts, otherwise: &str) -> String {
    let hooks = restarts.hooks.iter().map(|hook| format!("  restart {}: {}\n", hook.name, line(&hook.command)));
    let probe = restarts.probe.iter().map(|probe| self::probe(probe, otherwise));
    let lines: String = hooks.chain(probe).collect();
    if lines.is_empty() { lines } else { format!("then, before the gate is opened:\n{lines}") }
}

fn probe(probe: &Probe, otherwise: &str) -> String {
    let expected = probe.expect.iter().map(|expected| format!(" to hold {expected:?}")).collect::<String>();
    let deadline = words(probe.deadline);
    format!("  probe: {}{expected}, for {deadline} at most; if it is not healthy, {otherwise}\n", probe.target())
}

/// The same for programs.
pub(crate) fn json(restarts: &Restarts) -> Value {
    json!({ "restarts": restarts.hooks, "probe": restarts.probe, "unhealthy": restarts.unhealthy })
}

fn words(duration: Duration) -> String {
    format!("{:#}", SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX))
}
