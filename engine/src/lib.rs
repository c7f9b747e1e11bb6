//! The patch engine that integrators embed: a patch and the site it is for become one unit, in force or taken back.
//!
//! What happens is here, and in which order; how one kind of step or database is dealt with is in the plugins that are
//! handed in. The engine knows no dialect, no script language, no network, no terminal.
//!
//! The way of a patch: [`intake`] reads and verifies it, [`planning`] puts it in order and rehearses it, `upgrade` takes it up
//! the stairs (gate, staging, journal, switch, commit), `recover` ends what a crash cut off. The door is [`Engine`].

// Floors, from the door down: a module uses only modules of paragraphs further down.

mod engine;

mod upgrade;

mod rollback;

mod after;

mod running;

pub mod planning;
mod recover;

pub mod kept;
mod progress;

mod cancellation;
pub mod drift;
mod editor;
mod registry;

pub mod handover;
pub mod message;
mod restart;
pub mod store;

pub mod intake;
pub mod ledger;

pub mod gate;
pub mod journal;
mod undo;

mod database;
pub mod failure;
pub mod loader;
pub mod operator;

pub mod site;

pub use engine::{
    Agreement, Baseline, Engine, EngineBuilder, Goal, Obstacle, ObstacleKind, Rehearsed, Seams, Session, Site,
    SiteSpec, Status, Verification,
};
pub use failure::{Failure, SiteState};
pub use kept::{DiskUse, Figure, Retirement};
pub use message::Message;
pub use operator::{Answer, Answers, Approval, Asked, Event, Operator, Silent};
pub use recover::Recovered;
pub use restart::Pending;
pub use rollback::{Found, RollbackPlan, Unwanted};
pub use upgrade::{HandedOver, Outcome, Receipt};

/// The version of this engine, which manifests may require.
pub fn engine_version() -> patchwright_hooks_api::Version {
    env!("CARGO_PKG_VERSION").parse().expect("the package's version is a version")
}
