//! The patcher's own replacement: a patch brings a new program, and from its commit on that program is the site's patcher (A18, B13).
//! Or it brings plugins alone: then the program goes on anew, with these.
//!
//! 1. Before anything is changed the operator is asked (`wanted`).
//! 2. Before the patch begins, its files are laid into a folder of their own, and the new program must show that it runs here, loads
//!    its plugins and reads this site's journal and ledger (`prepare`). So what can't work is found with nothing done.
//! 3. With the patch's commit the new line of succession is in force: a note that was made durable before says of which run it is,
//!    and whether that run is committed the ledger says (`settle`).
//! 4. The program is then started and goes on with the plan. It has proved itself once it holds the site's locks. If it doesn't, the
//!    one before it takes the patch back.
//!
//! Files of a program are never changed: a replacement is another folder, and whichever program is in force is there whole.

mod line;
mod prepare;
mod succession;
mod wanted;

pub use line::{Heir, give_up, heir, is_unsettled, line};
pub(crate) use line::{given_up, plugins_of, prove};
pub(crate) use prepare::{Prepared, Workplace, leave, prepare, settle, withdraw};
pub use succession::Successor;
pub(crate) use succession::{in_force, is_pending};
pub use wanted::Replacement;
pub(crate) use wanted::{question, wanted};

use patchwright_hooks_api::{Error, PatcherFacts, Sha256, Version};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The program that the engine is built into, where patches may replace it.
pub trait Patcher: Send + Sync {
    /// What it is. Which plugins it has on a site the engine adds.
    fn facts(&self) -> PatcherFacts;

    /// Has a new program show that it runs here, loads the site's plugins, and reads the site's journal and ledger. It must change
    /// nothing, and is stopped when it takes too long.
    ///
    /// # Errors
    /// With what it did not show.
    fn try_out(&self, trial: &Trial<'_>) -> Result<(), Error>;
}

/// A program on one site.
struct OnSite {
    program: Arc<dyn Patcher>,
    plugins: BTreeMap<String, Sha256>,
}

/// The program with the plugins that it has on a site.
pub(crate) fn on_site(program: Arc<dyn Patcher>, plugins: BTreeMap<String, Sha256>) -> Arc<dyn Patcher> {
    Arc::new(OnSite { program, plugins })
}

impl Patcher for OnSite {
    fn facts(&self) -> PatcherFacts {
        PatcherFacts { plugins: self.plugins.clone(), ..self.program.facts() }
    }

    fn try_out(&self, trial: &Trial<'_>) -> Result<(), Error> {
        self.program.try_out(trial)
    }
}

/// A program that is to be tried out.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// Its file, and the sum that the file has; nothing where the program stays and its plugins are others.
    pub program: Option<(&'a Path, Sha256)>,
    /// The version that it must say it has.
    pub version: &'a Version,
    /// A journal of the kind that it may find.
    pub journal: &'a Path,
}
