//! Programs of the site's owner: `reload` restarts the site, and `healthy VERSION…` says whether it is at one of these.

use crate::machine::Machine;
use patchwright_engine::site::programs::{Ended, Program, Programs, Ran};
use patchwright_hooks_api::Error;
use std::sync::Arc;

pub(crate) struct SimPrograms {
    pub(crate) machine: Arc<Machine>,
}

impl Programs for SimPrograms {
    fn run(&self, program: &Program<'_>, _: &dyn Fn() -> bool) -> Result<Ran, Error> {
        let said = program.environment.iter().find(|(name, _)| *name == "PATCHWRIGHT_VERSION");
        let version = said.map(|(_, version)| version.clone()).unwrap();
        let code = match program.words.split_first() {
            Some((name, _)) if name == "reload" => {
                self.machine.inner().restarted(version);
                0
            }
            Some((name, versions)) if name == "healthy" => i32::from(!versions.contains(&version)),
            _ => 127,
        };
        Ok(Ran { ended: Ended::Exited(code), output: String::new() })
    }

    fn check(&self, _: &Program<'_>) -> Result<(), Error> {
        Ok(())
    }
}
