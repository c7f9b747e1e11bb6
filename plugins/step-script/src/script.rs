//! One upgrade script: compiled once, its hooks run when the engine comes to their stage.

use crate::check;
use crate::conversation::{self, Site};
use crate::diagnose;
use crate::hook::Hook;
use crate::limits;
use crate::run::Run;
use crate::sandbox;
use crate::script_element::Grants;
use crate::unwrapped;
use patchwright_hooks_api::{Error, Position, SiteEditor};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A compiled script and what the manifest says of it.
pub(crate) struct Script {
    name: String,
    source: String,
    code: AST,
    hooks: BTreeMap<Hook, Position>,
    /// Each hook as the main part of the script, where that could be made.
    unwrapped: BTreeMap<Hook, AST>,
    grants: Grants,
    own_time: Duration,
}

impl Script {
    /// Compiles the source and checks what can be checked without running it.
    ///
    /// # Errors
    /// All mistakes in the source, each with its place. Where it doesn't parse that is the first one alone.
    pub(crate) fn compile(name: &str, source: &str, grants: Grants) -> Result<Self, Vec<Error>> {
        let engine = sandbox::engine();
        let faults = |faults: Vec<Error>| -> Vec<Error> {
            faults.into_iter().map(|fault| fault.in_source(name, source)).collect()
        };
        let code =
            engine.compile(source).map_err(|error| faults(vec![diagnose::compile_error(name, source, &error)]))?;
        let hooks = check::hooks(name, &code).map_err(faults)?;
        let unwrapped = unwrapped::hooks(&engine, source, &code, &hooks);
        Ok(Self {
            name: name.to_owned(),
            source: source.to_owned(),
            code,
            hooks,
            unwrapped,
            grants,
            own_time: limits::OWN_TIME,
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn hooks(&self) -> impl Iterator<Item = Hook> {
        self.hooks.keys().copied()
    }

    /// What it may have besides the site's files and database.
    pub(crate) fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(crate) fn has(&self, hook: Hook) -> bool {
        self.hooks.contains_key(&hook)
    }

    /// Runs a hook and gives what it returned, or `None` if the script doesn't have it.
    ///
    /// # Errors
    /// When the hook throws, fails at the site or reaches a limit; with the innermost place in the script.
    pub(crate) fn run(&self, hook: Hook, site: &mut Site<'_>) -> Result<Option<Dynamic>, Error> {
        let Some(hook_at) = self.hooks.get(&hook) else { return Ok(None) };
        conversation::hold(site, |line| {
            let run = Arc::new(Run::new(line, hook, &self.name, &self.grants, self.own_time));
            let outcome = self.call(hook_at, &run);
            run.tell_caught_failures(outcome.as_ref().err());
            outcome.map(Some)
        })?
        .map_err(|error| error.in_source(&self.name, &self.source))
    }

    /// The error at the hook's place, unless it knows a more exact one: for what the hook returned.
    pub(crate) fn at_hook(&self, hook: Hook, error: Error) -> Error {
        match self.hooks.get(&hook) {
            Some(position) => error.at(position).in_source(&self.name, &self.source),
            None => error,
        }
    }

    /// Runs one hook on a site of which nothing is kept, in the way in which the hook may have it.
    ///
    /// # Errors
    /// As [`Script::run`].
    pub(crate) fn rehearse(&self, hook: Hook, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let mut site = match hook {
            Hook::Preflight | Hook::Verify => Site::Shown(site.view()),
            Hook::Upgrade | Hook::After | Hook::Downgrade => Site::Edited(site),
        };
        self.run(hook, &mut site).map(drop)
    }

    fn call(&self, hook_at: &Position, run: &Arc<Run>) -> Result<Dynamic, Error> {
        let engine = sandbox::engine_for(run);
        self.run_in(&engine, run.hook).map_err(|error| {
            let functions: Vec<_> = self.code.iter_functions().map(|function| function.name.to_owned()).collect();
            diagnose::run_error(run, hook_at, &functions, &error)
        })
    }

    fn run_in(&self, engine: &Engine, hook: Hook) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut scope = Scope::new();
        match self.unwrapped.get(&hook) {
            Some(unwrapped) => engine.eval_ast_with_scope(&mut scope, unwrapped),
            None => {
                let options = CallFnOptions::new().eval_ast(true);
                engine.call_fn_with_options(options, &mut scope, &self.code, hook.name(), ())
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn with_own_time(mut self, own_time: Duration) -> Self {
        self.own_time = own_time;
        self
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("name", &self.name)
            .field("hooks", &self.hooks)
            .field("grants", &self.grants)
            .finish()
    }
}
