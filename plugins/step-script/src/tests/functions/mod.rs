//! Every function of every module, module by module.

mod configuration;
mod database;
mod files;
mod site;
mod texts;
