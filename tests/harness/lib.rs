//! The harness of the acceptance tests: a machine in memory that can lose power at every instant, and sites that live on it.
//!
//! A run is recorded once ([`Recording`]): every effect that it had on the disk and every commit of its database, in
//! order. From a recording follow all the [`World`]s that a power cut or the death of the process could have left: the
//! suite lets the engine recover in each of them, and looks at what came out.

#![allow(clippy::unwrap_used, reason = "a harness tells a fault by panicking, as the tests that it belongs to do")]

mod archive;
mod cut;
mod disk;
mod failures;
mod files;
mod machine;
mod patches;
mod picture;
mod programs;
mod runs;
mod site;
mod sql;
mod stories;
mod survivors;
mod timeline;

pub use archive::{Archive, ArchiveBuilder};
pub use cut::{Cut, CutDialect};
pub use files::{Effect, Files};
pub use machine::{Fault, Machine, Recording, World};
pub use patches::{chain, initial_files, reference, stepwise};
pub use picture::{Picture, Rows};
pub use runs::{Says, applying, applying_as, rolling_back};
pub use site::{SimSite, Turn};
pub use stories::{Legal, Stories, disk_used, in_parallel, told_in_full};
pub use survivors::{Survivors, after_power_cut};
pub use timeline::{Neighbour, Timeline};
