//! A site on its disk: its files, its state folder, its configuration. The lowest floor of the engine.

pub mod asked;
pub mod chance;
pub mod change;
pub mod clock;
pub mod config;
pub mod contents;
pub mod disk;
pub mod layout;
pub mod note;
pub mod overlay;
pub mod programs;
pub mod real_disk;
pub mod real_programs;
pub mod restarts;
pub mod secret;
pub mod shell;
pub mod sweep;
pub mod tree;
pub mod version_source;
pub mod web;
