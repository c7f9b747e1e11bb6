//! The command as people and programs meet it: transcripts of whole sessions, each run in a folder of its own.
//!
//! The transcripts lie in `snapshots`; `INSTA_UPDATE=always cargo test -p patchwright --test cli` writes them anew.

#![expect(clippy::unwrap_used, reason = "a world that can't be set up fails its test")]

#[path = "cli/world.rs"]
mod world;

#[path = "cli/applying.rs"]
mod applying;
#[path = "cli/authoring.rs"]
mod authoring;
#[path = "cli/changes.rs"]
mod changes;
#[path = "cli/components.rs"]
mod components;
#[path = "cli/cut_lines.rs"]
mod cut_lines;
#[path = "cli/databases.rs"]
mod databases;
#[path = "cli/databases_mysql.rs"]
mod databases_mysql;
#[path = "cli/downgrade.rs"]
mod downgrade;
#[path = "cli/drift.rs"]
mod drift;
#[path = "cli/ensure.rs"]
mod ensure;
#[path = "cli/failing.rs"]
mod failing;
#[path = "cli/kept.rs"]
mod kept;
#[path = "cli/merging.rs"]
mod merging;
#[path = "cli/new_plugins.rs"]
mod new_plugins;
#[path = "cli/offered.rs"]
mod offered;
#[path = "cli/plugins.rs"]
mod plugins;
#[path = "cli/programs.rs"]
mod programs;
#[path = "cli/read_only.rs"]
mod read_only;
#[path = "cli/restarts.rs"]
mod restarts;
#[path = "cli/scripts.rs"]
mod scripts;
#[path = "cli/sealed.rs"]
mod sealed;
#[path = "cli/site.rs"]
mod site;
#[path = "cli/versions.rs"]
mod versions;
