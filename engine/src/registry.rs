//! The step kinds and dialects that the engine was given. A value handed in, never a global.

use crate::intake::StepKinds;
use patchwright_hooks_api::{Dialect, DialectInfo, Error, StepKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the engine can do: which step elements it reads, which databases it speaks to.
#[derive(Default, Clone)]
pub(crate) struct Registry {
    kinds: BTreeMap<&'static str, Arc<dyn StepKind>>,
    dialects: Vec<Arc<dyn Dialect>>,
}

impl Registry {
    /// Adds a step kind. Of two kinds that read the same element the later one counts.
    pub(crate) fn add_step_kind(&mut self, kind: &Arc<dyn StepKind>) {
        for element in kind.elements() {
            self.kinds.insert(element, kind.clone());
        }
    }

    /// Adds a dialect.
    pub(crate) fn add_dialect(&mut self, dialect: Arc<dyn Dialect>) {
        self.dialects.push(dialect);
    }

    /// What is so of each dialect.
    pub(crate) fn dialects(&self) -> Vec<DialectInfo> {
        self.dialects.iter().map(|dialect| dialect.info()).collect()
    }

    /// These, and behind them the other's.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.kinds.extend(other.kinds.clone());
        self.dialects.extend(other.dialects.iter().cloned());
        self
    }

    /// The dialect of that name; of several the first.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn dialect_named(&self, name: &str) -> Result<Arc<dyn Dialect>, Error> {
        self.dialects.iter().find(|dialect| dialect.info().name == name).cloned().ok_or_else(|| {
            let known: Vec<String> = self.dialects.iter().map(|dialect| dialect.info().name).collect();
            Error::missing(format!("there is no dialect {name}")).hint(format!("known dialects: {}", known.join(", ")))
        })
    }

    /// The dialect that answers to the URL's scheme; of several the first.
    ///
    /// # Errors
    /// When none does; the URL itself is not shown, since it may hold a password.
    pub(crate) fn dialect_for(&self, url: &str) -> Result<Arc<dyn Dialect>, Error> {
        let scheme = url.split(':').next().unwrap_or_default();
        let speaks = |dialect: &&Arc<dyn Dialect>| dialect.info().schemes.iter().any(|known| known == scheme);
        self.dialects.iter().find(speaks).cloned().ok_or_else(|| {
            let known: Vec<String> = self.dialects.iter().flat_map(|dialect| dialect.info().schemes).collect();
            Error::missing(format!("no dialect speaks to {scheme:?} databases"))
                .hint(format!("known schemes: {}", known.join(", ")))
        })
    }
}

impl StepKinds for Registry {
    fn kind(&self, element: &str) -> Option<&dyn StepKind> {
        self.kinds.get(element).map(AsRef::as_ref)
    }

    fn known(&self) -> Vec<&'static str> {
        self.kinds.keys().copied().collect()
    }
}
