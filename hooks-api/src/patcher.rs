//! The patcher itself, as a part of the site that a patch may replace (A18).

use crate::site::Sha256;
use crate::version::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The program that applies a patch, where patches may replace it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatcherFacts {
    /// Its version.
    pub version: Version,
    /// What it is built for: architecture and system, such as `x86_64-linux`.
    pub platform: String,
    /// The sums of the plugins that it has on this site, by the names of their dialects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plugins: BTreeMap<String, Sha256>,
}

impl PatcherFacts {
    /// A program of this version that the caller was built into.
    pub fn of_this_platform(version: Version) -> Self {
        let platform = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
        Self { version, platform, plugins: BTreeMap::new() }
    }

    /// Whether it has a plugin for the dialect on this site, and another one than that with this sum.
    pub fn has_other_plugin(&self, dialect: &str, sum: Option<Sha256>) -> bool {
        self.plugins.get(dialect).is_some_and(|has| Some(*has) != sum)
    }
}

/// What is to take the patcher's place: a program with the plugins that it comes with, or plugins alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPatcher {
    /// The program; without one it stays, with other plugins.
    pub program: Option<NewProgram>,
    /// The members that are libraries of dialects, by the names under which the site's configuration has these dialects.
    pub plugins: BTreeMap<String, String>,
}

/// A program that is to take the patcher's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProgram {
    /// Its version, which it must say itself too.
    pub version: Version,
    /// The member of the patch's archive that is the program.
    pub member: String,
}

impl NewPatcher {
    /// All members that it is made of.
    pub fn members(&self) -> impl Iterator<Item = &String> {
        self.program.iter().map(|program| &program.member).chain(self.plugins.values())
    }
}

impl fmt::Display for NewPatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.program {
            Some(program) => write!(f, "patchwright {}", program.version),
            None => {
                let names: Vec<&str> = self.plugins.keys().map(String::as_str).collect();
                write!(f, "the plugins {}", names.join(", "))
            }
        }
    }
}
