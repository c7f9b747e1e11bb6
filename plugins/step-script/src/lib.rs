//! The step kind `script`: upgrade scripts in Rhai, confined to what the editor offers (A17, A44).
//!
//! A script runs on a thread of its own and holds a conversation with the thread that owns the site: every function that
//! touches the site is a question, answered by the [`SiteEditor`]. So a script reaches the site's files and database
//! alone, and is rehearsed, journaled and taken back like every other step.

mod call;
mod check;
mod conversation;
mod diagnose;
mod findings;
mod hook;
mod ini_file;
mod inspect;
mod layout;
mod limits;
mod modules;
mod nearest;
mod run;
mod sandbox;
mod script;
mod script_element;
#[cfg(test)]
mod tests;
mod unwrapped;
mod values;
mod vocabulary;
mod xml_file;

pub use inspect::{HOOKS, Inspection, OneHook, ScriptInspections, inspect};

use conversation::Site;
use hook::Hook;
use patchwright_hooks_api::{Element, Error, Finding, Origin, Payload, SiteEditor, SiteView, Step, StepKind};
use script::Script;
use script_element::{Grants, ScriptElement};

/// Reads `<script src="upgrade.rhai"><uses payload="files/x.conf"/></script>`.
///
/// The script is compiled at once, so that a mistake in it is found before anything is planned. `<uses>` declares the
/// payload members that the script installs by itself, `<runs command="…"/>` the commands of the site's owner that it runs,
/// `<reaches origin="…"/>` who on the web it asks; it can have no others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScriptSteps;

impl StepKind for ScriptSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["script"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        let mut element = ScriptElement::read(element, payload)?;
        let only_for = std::mem::take(&mut element.only_for);
        Ok(Box::new(ScriptStep { script: element.compile()?, only_for }))
    }
}

#[derive(Debug)]
struct ScriptStep {
    script: Script,
    /// The components of which one must be installed; none where that does not matter.
    only_for: Vec<String>,
}

impl ScriptStep {
    /// Whether it is to run on this site, as it is now.
    fn is_for(&self, site: &dyn SiteView) -> Result<bool, Error> {
        if self.only_for.is_empty() {
            return Ok(true);
        }
        let installed = site.components()?;
        Ok(self.only_for.iter().any(|name| installed.contains_key(name)))
    }

    /// Runs a hook that may change the site, if the script is for this one.
    fn run(&self, hook: Hook, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match self.is_for(site.view())? {
            true => self.script.run(hook, &mut Site::Edited(site)).map(drop),
            false => Ok(()),
        }
    }
}

impl Step for ScriptStep {
    fn summary(&self) -> String {
        let hooks: Vec<_> = self.script.hooks().map(Hook::call).collect();
        let Grants { runs, reaches, .. } = self.script.grants();
        let runs: String = runs.iter().map(|command| format!("; runs {command}")).collect();
        let reaches: String = reaches.iter().map(|origin| format!("; reaches {origin}")).collect();
        let only_for =
            if self.only_for.is_empty() { String::new() } else { format!("; for {}", self.only_for.join(", ")) };
        format!("script {}: {}{runs}{reaches}{only_for}", self.script.name(), hooks.join(", "))
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        if !self.is_for(site)? {
            let (name, components) = (self.script.name(), self.only_for.join(", "));
            return Ok(vec![Finding::notice(format!(
                "the script {name} is for {components}, none of it installed, and is left out"
            ))]);
        }
        let (facts, Grants { runs, reaches, .. }) = (site.facts(), self.script.grants());
        let commands = runs.iter().filter(|command| !facts.commands.contains(command));
        let origins = reaches.iter().filter(|origin| !facts.origins.contains(origin));
        let mut found: Vec<Finding> = commands.map(|command| command_not_granted(command)).collect();
        found.extend(origins.map(origin_not_granted));
        if let Some(said) = self.script.run(Hook::Preflight, &mut Site::Shown(site))? {
            found.extend(findings::read(&said).map_err(|error| self.script.at_hook(Hook::Preflight, error))?);
        }
        Ok(found)
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        self.run(Hook::Upgrade, site)
    }

    fn verify(&self, site: &dyn SiteView) -> Result<(), Error> {
        if !self.is_for(site)? {
            return Ok(());
        }
        let Some(said) = self.script.run(Hook::Verify, &mut Site::Shown(site))? else { return Ok(()) };
        if said.is_unit() {
            return Ok(());
        }
        let error = match said.as_bool() {
            Ok(true) => return Ok(()),
            Ok(false) => Error::conflict("verify() returned false")
                .hint("the script finds the upgraded site not in order; throw a text in verify() to say why"),
            Err(kind) => Error::invalid(format!("verify() returned {}, not true or false", values::described(kind))),
        };
        Err(self.script.at_hook(Hook::Verify, error))
    }

    fn has_after(&self) -> bool {
        self.script.has(Hook::After)
    }

    fn after(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        self.run(Hook::After, site)
    }

    fn has_downgrade(&self) -> bool {
        self.script.has(Hook::Downgrade)
    }

    fn downgrade(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        self.run(Hook::Downgrade, site)
    }
}

fn origin_not_granted(origin: &Origin) -> Finding {
    Finding::blocker(format!("the script reaches {origin} on the web, which the site's owner does not grant")).hint(
        format!("grant it in the site's configuration, if you know what it is to do there: origins = [\"{origin}\"]"),
    )
}

fn command_not_granted(command: &str) -> Finding {
    Finding::blocker(format!("the script runs the command {command}, which the site's owner does not grant")).hint(
        format!("grant it in the site's configuration, if you know what it is to do: [[command]] name = {command:?}"),
    )
}
