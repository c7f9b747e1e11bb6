//! The site as steps see and change it: files in an overlay, statements on a lane to the database.
//!
//! There is one editor for the rehearsal and the run. They differ in where contents are kept, and in the lane. Where one
//! transaction can hold a whole patch, both have the same lane, and differ in whether it is taken back or committed in the
//! end; elsewhere the rehearsal foresees what the run does statement by statement. So what was rehearsed is what happens.

mod batches;
mod done;

use crate::database::Database;
use crate::handover::{question, wanted};
use crate::intake::{MANIFEST, Manifest, Members};
use crate::ledger::{Executed, Ledger};
use crate::operator::{Answers, Event, Operator};
use crate::restart::Granted;
use crate::site::config::SiteConfig;
use crate::site::overlay::Overlay;
use crate::site::tree::sha256_of_json;
use crate::store::Store;
pub(crate) use done::Done;
use patchwright_hooks_api::change::Rendered;
use patchwright_hooks_api::editor::{not_replaced, too_early_for};
use patchwright_hooks_api::{
    Change, Entry, Error, ErrorKind, Finding, Inverse, KnownSum, Level, Md5, Metadata, NewPatcher, PatcherFacts,
    Payload, Rows, Schema, ServerInfo, Sha256, SiteEditor, SiteFacts, SitePath, SiteView, Statement, Version,
    WebAnswer, WebRequest,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// How a patch's statements reach the site's database.
pub(crate) trait Lane {
    /// The database that it leads to.
    fn database(&self) -> &Database;

    /// Runs a statement that a patch brings.
    fn execute(&mut self, statement: &Statement, inverse: Option<&[Inverse]>) -> Result<u64, Error>;

    /// Runs a query that a patch brings.
    fn query(&self, statement: &Statement) -> Result<Rows, Error>;

    /// The structure of these tables, views and sequences as far as they are there.
    fn structure(&self, names: &[&str]) -> Result<Schema, Error> {
        self.database().introspect(names)
    }

    /// What a portable change comes to.
    fn rendered(&self, change: &Change) -> Result<Rendered, Error>;

    /// Makes a portable change, and gives the statements that it came to.
    fn change(&mut self, change: &Change) -> Result<Vec<Executed>, Error> {
        let mut done = Vec::new();
        self.rendered(change)?.make(change, |statement, inverse| {
            if change.batch().is_none() {
                self.execute(statement, inverse.as_deref())?;
            }
            done.push(Executed { statement: statement.clone(), inverse });
            Ok(())
        })?;
        if let Some(size) = change.batch() {
            batches::run(self, change, size)?;
        }
        Ok(done)
    }

    /// Whether statements come into force one by one: what the plan promised is then compared deed by deed, before each, and a
    /// portable change by what it wants and not by its words, which depend on the table as it then is.
    fn is_stepwise(&self) -> bool {
        false
    }

    /// What could not be rehearsed since it was last asked.
    fn findings(&mut self) -> Vec<Finding> {
        Vec::new()
    }

    /// Whether a query had no answer because it can't be foreseen, since it was last asked.
    fn could_not_tell(&self) -> bool {
        false
    }
}

/// The lane of a database on which one transaction holds a whole patch.
pub(crate) struct Transaction<'a>(pub &'a Database);

impl Lane for Transaction<'_> {
    fn database(&self) -> &Database {
        self.0
    }

    fn execute(&mut self, statement: &Statement, _: Option<&[Inverse]>) -> Result<u64, Error> {
        self.0.execute_for_patch(statement)
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.0.query_for_patch(statement)
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        self.0.rendered(change)
    }
}

/// The site, with one patch's changes being staged on it.
pub(crate) struct Editor<'a> {
    facts: SiteFacts,
    members: &'a Members,
    overlay: &'a mut Overlay,
    lane: &'a mut dyn Lane,
    answers: &'a Answers,
    store: &'a Store,
    operator: &'a dyn Operator,
    done: Done,
    promised: Option<&'a [Sha256]>,
    earlier: Vec<&'a Members>,
    earlier_components: BTreeMap<String, Version>,
    granted: Option<Granted<'a>>,
}

impl<'a> Editor<'a> {
    /// An editor for one patch. A transaction must be open on the database.
    pub(crate) fn new(
        facts: SiteFacts,
        members: &'a Members,
        overlay: &'a mut Overlay,
        lane: &'a mut dyn Lane,
        answers: &'a Answers,
        store: &'a Store,
        operator: &'a dyn Operator,
    ) -> Self {
        let (done, earlier, earlier_components) = (Done::default(), Vec::new(), BTreeMap::new());
        let (promised, granted) = (None, None);
        Self {
            facts,
            members,
            overlay,
            lane,
            answers,
            store,
            operator,
            done,
            promised,
            earlier,
            earlier_components,
            granted,
        }
    }

    /// Lets it know what the patches before it in a plan will have brought: no store has their archives yet, and no ledger
    /// the components that they move.
    pub(crate) fn following(self, earlier: Vec<&'a Members>, earlier_components: BTreeMap<String, Version>) -> Self {
        Self { earlier, earlier_components, ..self }
    }

    /// Lets it do what the site's owner grants beyond the site: the patch is in force.
    pub(crate) fn granting(self, granted: Granted<'a>) -> Self {
        Self { granted: Some(granted), ..self }
    }

    /// Holds it to the deeds that the plan showed, where each comes into force by itself.
    pub(crate) fn promised(self, deeds: &'a [Sha256]) -> Self {
        Self { promised: Some(deeds), ..self }
    }

    /// The statements that were run until now, in order.
    pub(crate) fn executed(&self) -> &[Executed] {
        &self.done.executed
    }

    /// What the operator is to decide about a new patcher, or has decided.
    pub(crate) fn patcher_finding(&self) -> Option<Finding> {
        Some(question(self.facts.patcher.as_ref()?, self.done.patcher.as_ref()?, self.answers))
    }

    /// What was done besides changing files.
    pub(crate) fn into_done(self) -> Done {
        self.done
    }

    /// Whether a query had no answer because it can't be foreseen, since it was last asked.
    pub(crate) fn could_not_tell(&self) -> bool {
        self.lane.could_not_tell()
    }

    /// Holds a deed to what the plan showed, before it is done.
    fn promise(&mut self, deed: &impl Serialize, shown: &dyn std::fmt::Display) -> Result<(), Error> {
        if !self.lane.is_stepwise() {
            return Ok(());
        }
        let sum = sha256_of_json(deed);
        if self.promised.is_some_and(|promised| promised.get(self.done.deeds.len()) != Some(&sum)) {
            return Err(Error::conflict(format!("the plan did not show this: {shown}")).hint(
                "the site is not as it was when the plan was made: make a new plan, look at it, and apply that",
            ));
        }
        self.done.deeds.push(sum);
        Ok(())
    }
}

/// What the steps of a patch may know of the site, which is at version `from`.
pub(crate) fn facts_for(
    config: &SiteConfig,
    database: &Database,
    patcher: Option<PatcherFacts>,
    from: &Version,
    manifest: &Manifest,
) -> SiteFacts {
    SiteFacts {
        product: config.product.clone(),
        version: from.clone(),
        to: manifest.to.clone(),
        patch: manifest.id.clone(),
        dialect: database.info().clone(),
        table_prefix: config.table_prefix.clone(),
        settings: config.settings.clone(),
        patcher,
        commands: config.restarts.commands.iter().map(|command| command.name.clone()).collect(),
        origins: config.restarts.origins.clone(),
        gate_flag: config.gate_flag.clone(),
    }
}

impl SiteView for Editor<'_> {
    fn facts(&self) -> &SiteFacts {
        &self.facts
    }

    fn payload(&self) -> &dyn Payload {
        self.members
    }

    fn metadata(&self, path: &SitePath) -> Result<Option<Metadata>, Error> {
        self.facts.refuse_own(path)?;
        self.overlay.metadata(path)
    }

    fn read(&self, path: &SitePath) -> Result<Vec<u8>, Error> {
        self.facts.refuse_own(path)?;
        self.overlay.read(path)
    }

    fn sha256(&self, path: &SitePath) -> Result<Sha256, Error> {
        self.facts.refuse_own(path)?;
        self.overlay.sha256(path)
    }

    fn md5(&self, path: &SitePath) -> Result<Md5, Error> {
        self.facts.refuse_own(path)?;
        self.overlay.md5(path)
    }

    fn stored(&self, path: &SitePath, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        if let Some(given) = self.answers.content(sum) {
            return Ok(Some(given.to_vec()));
        }
        for members in self.earlier.iter().rev() {
            if let Some(bytes) = members.with_sum(sum)? {
                return Ok(Some(bytes));
            }
        }
        let ledger = Ledger::new(self.lane.database(), &self.facts.table_prefix);
        self.store.find(&ledger, path, sum)
    }

    fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        let mut entries = self.overlay.list(directory)?;
        entries.retain(|entry| self.facts.gate_flag.as_ref() != Some(&entry.path));
        Ok(entries)
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.lane.query(statement)
    }

    fn structure(&self, names: &[&str]) -> Result<Schema, Error> {
        self.lane.structure(names)
    }

    fn server(&self) -> Result<ServerInfo, Error> {
        self.lane.database().server_info()
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        self.lane.rendered(change)
    }

    fn components(&self) -> Result<BTreeMap<String, Version>, Error> {
        let mut components = Ledger::new(self.lane.database(), &self.facts.table_prefix).components()?;
        components.extend(self.earlier_components.clone());
        Ok(components)
    }

    fn answer(&self, question: &str) -> Option<String> {
        self.answers.get(question).map(str::to_owned)
    }

    fn log(&self, level: Level, message: &str) {
        self.operator.event(&Event::Log { level, message: message.to_owned() });
    }

    fn progress(&self, done: u64, of: u64, doing: &str) {
        self.operator.event(&Event::Progress { done, of, doing: doing.to_owned() });
    }
}

impl SiteEditor for Editor<'_> {
    fn view(&self) -> &dyn SiteView {
        self
    }

    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        self.overlay.write(path, bytes, mode)
    }

    fn install(&mut self, payload: &str, path: &SitePath, mode: Option<u32>) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        if payload == MANIFEST {
            return Err(Error::refused(format!(
                "{MANIFEST} says what is done with the patch's members, and is none to install"
            )));
        }
        let member = self.members.entry(payload).zip(self.members.slot(payload));
        let Some((entry, slot)) = member else {
            return Err(Error::new(ErrorKind::Missing, format!("the patch has no member {payload:?}")));
        };
        self.overlay.install(path, entry, (self.members.store().clone(), slot), mode)
    }

    fn remove(&mut self, path: &SitePath) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        self.overlay.remove(path)
    }

    fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        self.overlay.set_mode(path, mode)
    }

    fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        self.overlay.make_dir(path, mode)
    }

    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Inverse>>) -> Result<u64, Error> {
        let executed = Executed { statement: statement.clone(), inverse };
        self.promise(&executed, &statement.text)?;
        self.lane.database().note_statement(statement)?;
        let touched = self.lane.execute(statement, executed.inverse.as_deref())?;
        self.done.executed.push(executed);
        Ok(touched)
    }

    fn change(&mut self, change: &Change) -> Result<(), Error> {
        self.promise(change, change)?;
        self.lane.database().note_change(change)?;
        let executed = self.lane.change(change)?;
        self.done.executed.extend(executed);
        Ok(())
    }

    fn note(&mut self, text: &str) -> Result<(), Error> {
        self.done.notes.push(text.to_owned());
        Ok(())
    }

    fn run_command(&mut self, name: &str) -> Result<String, Error> {
        let granted = self.granted.as_ref().ok_or_else(|| too_early_for(&format!("run the command {name}")))?;
        granted.run_command(name)
    }

    fn request(&mut self, request: &WebRequest) -> Result<WebAnswer, Error> {
        let granted = self.granted.as_ref().ok_or_else(|| too_early_for(&format!("ask {}", request.url)))?;
        granted.request(request)
    }

    fn replace_patcher(&mut self, new: &NewPatcher) -> Result<(), Error> {
        let patcher = self.facts.patcher.as_ref().ok_or_else(|| not_replaced(new))?;
        if self.done.patcher.is_some() {
            return Err(Error::conflict("the patch replaces the patcher twice"));
        }
        self.done.patcher = wanted(patcher, self.members, new)?;
        Ok(())
    }
}
