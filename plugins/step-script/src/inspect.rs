//! Scripts looked at by their authors: all that is wrong with one at once, and one hook of it alone.

use crate::hook::Hook;
use crate::script::Script;
use crate::script_element::ScriptElement;
use patchwright_hooks_api::{Element, Error, Finding, Payload, SiteEditor, SiteView, Step, StepKind};
use std::sync::{Arc, Mutex, PoisonError};

/// What is to be said of a script without any site.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The script's name in its patch.
    pub name: String,
    /// The hooks that it has, such as `upgrade()`; none when it can't be read.
    pub hooks: Vec<String>,
    /// All that is wrong with it, in order.
    pub faults: Vec<Error>,
}

/// Reads a script and says all that is wrong with it.
pub fn inspect(name: &str, source: &str) -> Inspection {
    let (hooks, faults) = match Script::compile(name, source, crate::script_element::Grants::default()) {
        Ok(script) => (script.hooks().map(Hook::call).collect(), Vec::new()),
        Err(faults) => (Vec::new(), faults),
    };
    Inspection { name: name.to_owned(), hooks, faults }
}

/// Reads `<script>` as [`ScriptSteps`](crate::ScriptSteps) does, but refuses no script: it keeps what is to be said of each.
#[derive(Clone, Debug, Default)]
pub struct ScriptInspections(Arc<Mutex<Vec<Inspection>>>);

impl ScriptInspections {
    /// What is to be said of the scripts that were read so far.
    pub fn take(&self) -> Vec<Inspection> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl StepKind for ScriptInspections {
    fn elements(&self) -> &'static [&'static str] {
        &["script"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        let written = ScriptElement::read(element, payload)?;
        let inspection = inspect(written.name, &written.source);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(inspection);
        Ok(Box::new(Nothing))
    }
}

/// The step of a script that is looked at and not run.
#[derive(Debug)]
struct Nothing;

impl Step for Nothing {
    fn summary(&self) -> String {
        "a script that is only looked at".to_owned()
    }

    fn check(&self, _site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }

    fn apply(&self, _site: &mut dyn SiteEditor) -> Result<(), Error> {
        Err(Error::refused("the script was read to be looked at, and not to be run"))
    }
}

/// Reads `<script>`, and makes a step of it that runs one hook alone: for a rehearsal of that hook.
#[derive(Clone, Copy, Debug)]
pub struct OneHook(Hook);

/// The names of the hooks.
pub const HOOKS: [&str; 5] = Hook::NAMES;

impl OneHook {
    /// The hook of that name, such as `upgrade`.
    pub fn named(name: &str) -> Option<Self> {
        Hook::named(name).map(Self)
    }
}

impl StepKind for OneHook {
    fn elements(&self) -> &'static [&'static str] {
        &["script"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        let script = ScriptElement::read(element, payload)?.compile()?;
        if !script.has(self.0) {
            let message = format!("the script {} has no {}", script.name(), self.0.call());
            return Err(Error::missing(message).at(&element.position));
        }
        Ok(Box::new(HookStep { hook: self.0, script }))
    }
}

#[derive(Debug)]
struct HookStep {
    hook: Hook,
    script: Script,
}

impl Step for HookStep {
    fn summary(&self) -> String {
        format!("script {}: {}", self.script.name(), self.hook.call())
    }

    fn check(&self, _site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        self.script.rehearse(self.hook, site)
    }
}
