//! The hooks of an upgrade script: the functions that the engine calls, each at its stage.

/// A function of the script that the engine calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hook {
    /// Looks at the site and reports findings; changes nothing.
    Preflight,
    /// Does the script's part of the patch.
    Upgrade,
    /// Looks at the upgraded site before the commit; changes nothing.
    Verify,
    /// Runs once the patch is in force (A44).
    After,
    /// Takes back what no inverse can, when the patch is taken back; changes no files.
    Downgrade,
}

impl Hook {
    pub(crate) const ALL: [Self; 5] = [Self::Preflight, Self::Upgrade, Self::Verify, Self::After, Self::Downgrade];

    /// Their names.
    pub(crate) const NAMES: [&str; 5] =
        [Self::Preflight.name(), Self::Upgrade.name(), Self::Verify.name(), Self::After.name(), Self::Downgrade.name()];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Upgrade => "upgrade",
            Self::Verify => "verify",
            Self::After => "after",
            Self::Downgrade => "downgrade",
        }
    }

    /// The hook as it is written in messages, such as `upgrade()`.
    pub(crate) fn call(self) -> String {
        format!("{}()", self.name())
    }
}
