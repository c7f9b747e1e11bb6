//! The commands: a file each, with what can be said to it and what it does.

pub(crate) mod apply;
pub(crate) mod archives;
pub(crate) mod baseline;
pub(crate) mod build;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod ensure;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod maintenance;
pub(crate) mod man;
pub(crate) mod message;
pub(crate) mod pack;
pub(crate) mod plan;
pub(crate) mod plugin;
pub(crate) mod ready;
pub(crate) mod recover;
pub(crate) mod rollback;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod taking_back;
pub(crate) mod uninstall;
pub(crate) mod verify;
