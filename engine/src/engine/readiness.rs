//! Whether the application may serve (B9): the database is at the code's version, the gate is open, nothing is cut off.

use super::Site;
use crate::recover;
use patchwright_hooks_api::{Error, Version};
use serde::Serialize;

/// How the database stands to the application's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The site's configuration doesn't say where the code says its version.
    Unknown,
    /// Both are at one version.
    Agreed,
    /// The database is older: it needs an update before the code can run (B1).
    DatabaseOlder,
    /// The database is newer: the code was put back, and can't run on it (B3).
    DatabaseNewer,
}

/// Why the application must not serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Obstacle {
    /// What kind of reason it is.
    pub kind: ObstacleKind,
    /// The reason in words.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The kinds of reasons why an application must not serve, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// A run was cut off, or is under way.
    NeedsRecovery,
    /// The database is newer than the code.
    DatabaseNewer,
    /// The database is older than the code.
    DatabaseOlder,
    /// The gate is shut.
    GateShut,
}

impl Agreement {
    /// How a database at the version `in_force` stands to the code.
    pub(super) fn of(in_force: &Version, code: Option<&Version>) -> Self {
        let Some(code) = code else { return Self::Unknown };
        // A fix may keep the version that the code says: 1.0.0+fix.7 suits code that calls itself 1.0.0.
        let suits = in_force.without_patch_level() == *code;
        match in_force.cmp(code) {
            _ if suits => Self::Agreed,
            std::cmp::Ordering::Less => Self::DatabaseOlder,
            std::cmp::Ordering::Equal => Self::Agreed,
            std::cmp::Ordering::Greater => Self::DatabaseNewer,
        }
    }
}

impl Site {
    /// The version that the application's code says it has, where the site's configuration says where it stands.
    ///
    /// # Errors
    /// When it doesn't stand there.
    pub fn code_version(&self) -> Result<Option<Version>, Error> {
        self.config.version.as_ref().map(|source| source.read(self.tree.disk().as_ref())).transpose()
    }

    /// Why the application must not serve now, the gravest reason first; empty if it may.
    ///
    /// # Errors
    /// When the site can't be looked at: it must not serve then either.
    pub fn obstacles(&self) -> Result<Vec<Obstacle>, Error> {
        let mut obstacles = Vec::new();
        let mut tell = |kind, message: String, hint: &str| {
            obstacles.push(Obstacle { kind, message, hint: hint.to_owned() });
        };
        if recover::is_needed(self.tree.disk().as_ref(), &self.gate, &self.ledger())? {
            let hint = "wait for the run that is under way; if there is none, run `patchwright recover`";
            tell(ObstacleKind::NeedsRecovery, "a run was cut off, or is under way".to_owned(), hint);
        }
        let in_force = self.in_force()?.version;
        let code = self.code_version()?;
        let versions = |what: &str| match &code {
            Some(code) => format!("the database is {what} than the code: {in_force}, and the code is at {code}"),
            None => String::new(),
        };
        match Agreement::of(&in_force, code.as_ref()) {
            Agreement::Unknown | Agreement::Agreed => {}
            Agreement::DatabaseOlder => {
                let hint = "apply the patches that lead to the code's version";
                tell(ObstacleKind::DatabaseOlder, versions("older"), hint);
            }
            Agreement::DatabaseNewer => {
                let hint = "put the newer code back, or take the patches back with `patchwright rollback`";
                tell(ObstacleKind::DatabaseNewer, versions("newer"), hint);
            }
        }
        if let Some(reason) = self.gate.closure()?.maintenance {
            let message = format!("the gate is shut since {} by {}: {}", reason.since, reason.by, reason.message);
            tell(ObstacleKind::GateShut, message, "open it with `patchwright maintenance off`");
        }
        Ok(obstacles)
    }
}
