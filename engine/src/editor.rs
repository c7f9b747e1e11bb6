//! The site as steps see and change it: files in an overlay, statements in the open transaction.
//!
//! There is one editor for the rehearsal and the run. Both stage everything and change nothing live; they differ in where
//! contents are kept, and in whether the transaction is taken back or committed in the end. So what was rehearsed is what
//! happens.

use crate::database::Database;
use crate::intake::{Manifest, Members};
use crate::ledger::Executed;
use crate::operator::{Event, Operator};
use crate::site::config::SiteConfig;
use crate::site::overlay::Overlay;
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::change::Rendered;
use patchwright_hooks_api::{
    Change, Entry, Error, ErrorKind, Inverse, Level, Md5, Metadata, Payload, Rows, Sha256, SiteEditor, SiteFacts,
    SitePath, SiteView, Statement, Version,
};
use std::collections::BTreeMap;

/// The site, with one patch's changes being staged on it.
pub(crate) struct Editor<'a> {
    facts: SiteFacts,
    members: &'a Members,
    overlay: &'a mut Overlay,
    database: &'a Database,
    answers: &'a BTreeMap<String, String>,
    operator: &'a dyn Operator,
    executed: Vec<Executed>,
}

impl<'a> Editor<'a> {
    /// An editor for one patch. A transaction must be open on the database.
    pub(crate) fn new(
        facts: SiteFacts,
        members: &'a Members,
        overlay: &'a mut Overlay,
        database: &'a Database,
        answers: &'a BTreeMap<String, String>,
        operator: &'a dyn Operator,
    ) -> Self {
        Self { facts, members, overlay, database, answers, operator, executed: Vec::new() }
    }

    /// The statements that were run, in order.
    pub(crate) fn into_executed(self) -> Vec<Executed> {
        self.executed
    }
}

/// What the steps of a patch may know of the site, which is at version `from`.
pub(crate) fn facts_for(config: &SiteConfig, database: &Database, from: &Version, manifest: &Manifest) -> SiteFacts {
    SiteFacts {
        product: config.product.clone(),
        version: from.clone(),
        to: manifest.to.clone(),
        patch: manifest.id.clone(),
        dialect: database.info().clone(),
        table_prefix: config.table_prefix.clone(),
        settings: config.settings.clone(),
    }
}

/// One digest over statements, their parameters and what takes them back.
pub(crate) fn digest_of(executed: &[Executed]) -> Sha256 {
    sha256_of_json(&executed)
}

impl SiteView for Editor<'_> {
    fn facts(&self) -> &SiteFacts {
        &self.facts
    }

    fn payload(&self) -> &dyn Payload {
        self.members
    }

    fn metadata(&self, path: &SitePath) -> Result<Option<Metadata>, Error> {
        self.overlay.metadata(path)
    }

    fn read(&self, path: &SitePath) -> Result<Vec<u8>, Error> {
        self.overlay.read(path)
    }

    fn sha256(&self, path: &SitePath) -> Result<Sha256, Error> {
        self.overlay.sha256(path)
    }

    fn md5(&self, path: &SitePath) -> Result<Md5, Error> {
        self.overlay.md5(path)
    }

    fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        self.overlay.list(directory)
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.database.query_for_patch(statement)
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        self.database.rendered(change)
    }

    fn answer(&self, question: &str) -> Option<String> {
        self.answers.get(question).cloned()
    }

    fn log(&self, level: Level, message: &str) {
        self.operator.event(&Event::Log { level, message: message.to_owned() });
    }
}

impl SiteEditor for Editor<'_> {
    fn view(&self) -> &dyn SiteView {
        self
    }

    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        self.overlay.write(path, bytes, mode)
    }

    fn install(&mut self, payload: &str, path: &SitePath, mode: Option<u32>) -> Result<(), Error> {
        let member = self.members.entry(payload).zip(self.members.slot(payload));
        let Some((entry, slot)) = member else {
            return Err(Error::new(ErrorKind::Missing, format!("the patch has no member {payload:?}")));
        };
        self.overlay.install(path, entry, (self.members.store().clone(), slot), mode)
    }

    fn remove(&mut self, path: &SitePath) -> Result<(), Error> {
        self.overlay.remove(path)
    }

    fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.overlay.set_mode(path, mode)
    }

    fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.overlay.make_dir(path, mode)
    }

    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Inverse>>) -> Result<u64, Error> {
        let touched = self.database.execute_for_patch(statement)?;
        self.executed.push(Executed { statement: statement.clone(), inverse });
        Ok(touched)
    }
}
