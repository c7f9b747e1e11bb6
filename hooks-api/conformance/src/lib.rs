//! What every step kind must keep, and a site in memory to show it on: for the tests of plugins, here and elsewhere.
//!
//! A plugin's tests put a [`FakeSite`] together, read an element with [`parse_element`], and look at what the step made
//! of the site.

mod changes;
pub mod dialect;
mod drift;
mod fake_site;
mod manifest;
mod step;

pub use changes::changes;
pub use drift::mutations;
pub use fake_site::{Executed, FakeSite, Snapshot, md5, sha256};
pub use manifest::parse_element;
pub use step::{StepCase, step_kind};
