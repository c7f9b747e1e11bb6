//! The patcher itself, as a part of the site that a patch may replace (A18).

use crate::version::Version;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The program that applies a patch, where patches may replace it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatcherFacts {
    /// Its version.
    pub version: Version,
    /// What it is built for: architecture and system, such as `x86_64-linux`.
    pub platform: String,
}

impl PatcherFacts {
    /// A program of this version that the caller was built into.
    pub fn of_this_platform(version: Version) -> Self {
        Self { version, platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS) }
    }
}

/// A program that is to take the patcher's place, and the plugins that it comes with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPatcher {
    /// Its version, which it must say itself too.
    pub version: Version,
    /// The member of the patch's archive that is the program.
    pub program: String,
    /// The members that are libraries of dialects, by the names under which the site's configuration has these dialects.
    pub plugins: BTreeMap<String, String>,
}
