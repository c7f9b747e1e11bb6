//! Every function of every module, module by module.

mod configuration;
mod database;
mod files;
mod patcher;
mod site;
mod texts;
mod web;
