//! What a patch would run on a database, statement by statement (A12).
//!
//! On a site the steps are rehearsed, and what they ran is told. Without one they run against a model of a database: it holds
//! what the patch's own changes make, and what it can't know it says.

use super::rehearsal::steps_for;
use crate::editor::Editor;
use crate::intake::{Members, Patch, PlannedStep};
use patchwright_hooks_api::change::{Rendered, Standing, rendered};
use patchwright_hooks_api::schema::Schema;
use patchwright_hooks_api::{
    Change, Connection, Dialect, Entry, Error, ErrorKind, Inverse, KnownSum, Level, Md5, Metadata, Payload, Rows,
    ServerInfo, Sha256, SiteEditor, SiteFacts, SitePath, SiteView, Statement, Version,
};
use std::collections::BTreeMap;

/// What one step would run.
#[derive(Debug)]
pub struct StepSql {
    /// Its number among all steps of the patch, from 1.
    pub number: usize,
    /// The element's name, such as `create-table`.
    pub element: &'static str,
    /// The step in one line.
    pub summary: String,
    /// Its statements, in order; those up to the trouble, if there is one.
    pub statements: Vec<Statement>,
    /// Why not all of it is known.
    pub trouble: Option<Error>,
}

impl StepSql {
    fn of(patch: &Patch, step: &PlannedStep, statements: Vec<Statement>, outcome: Result<(), Error>) -> Self {
        let number = patch.steps.iter().take_while(|other| !std::ptr::eq(*other, step)).count() + 1;
        let (element, summary) = (step.element, step.step.summary());
        Self { number, element, summary, statements, trouble: outcome.err() }
    }
}

/// What the patch would run on a server of this dialect whose database has this structure.
pub(crate) fn preview_without_site(patch: &Patch, dialect: &dyn Dialect) -> Vec<StepSql> {
    let facts = SiteFacts {
        product: patch.manifest.product.clone(),
        // Without a site nobody knows which version of the product the patch of a component finds.
        version: patch.manifest.from.clone().unwrap_or_else(|| patch.manifest.to.clone()),
        to: patch.manifest.to.clone(),
        patch: patch.manifest.id.clone(),
        dialect: dialect.info(),
        table_prefix: String::new(),
        settings: BTreeMap::new(),
        patcher: None,
        commands: Vec::new(),
        origins: Vec::new(),
        gate_flag: None,
    };
    let name = facts.dialect.name.clone();
    let mut model = Model { facts, members: &patch.members, dialect, schema: Schema::default(), executed: Vec::new() };
    steps_for(&patch.steps, &name)
        .into_iter()
        .filter(|step| step.step.is_of_database() || step.element == "script")
        .map(|step| {
            let outcome = if step.step.is_of_database() { step.step.apply(&mut model) } else { Err(only_on_a_site()) };
            StepSql::of(patch, step, std::mem::take(&mut model.executed), outcome)
        })
        .collect()
}

/// What the patch runs on the site that the editor shows. Its transaction must be taken back afterwards.
pub(crate) fn preview_on(patch: &Patch, mut editor: Editor<'_>) -> Vec<StepSql> {
    let name = editor.facts().dialect.name.clone();
    let mut all = Vec::new();
    for step in steps_for(&patch.steps, &name) {
        let before = editor.executed().len();
        let outcome = step.step.apply(&mut editor);
        let statements: Vec<Statement> =
            editor.executed()[before..].iter().map(|executed| executed.statement.clone()).collect();
        if step.step.is_of_database() || !statements.is_empty() {
            all.push(StepSql::of(patch, step, statements, outcome));
        }
    }
    all
}

/// A database that is not there.
struct Model<'a> {
    facts: SiteFacts,
    members: &'a Members,
    dialect: &'a dyn Dialect,
    schema: Schema,
    executed: Vec<Statement>,
}

impl Model<'_> {
    /// The structure after the change, as far as it is known. Texts of tables that it touched say what was before.
    fn after(&self, change: &Change) -> Result<Schema, Error> {
        let mut after = change.applied_to(&self.schema)?;
        for table in &mut after.tables {
            if self.schema.table(&table.name) != Some(table) {
                *table = self.dialect.stored(table);
                table.text = None;
            }
        }
        Ok(after)
    }

    /// The table or view that the change needs and that nothing made here.
    fn unknown<'c>(&self, change: &'c Change) -> Option<&'c str> {
        let is_made = match change {
            Change::CreateTable(_) | Change::CreateView { .. } | Change::CreateSequence(_) => Some(change.target()),
            Change::RenameTable { to, .. } | Change::RenameSequence { to, .. } => Some(to.as_str()),
            _ => None,
        };
        change.names().into_iter().find(|name| !self.schema.holds(name) && is_made != Some(*name))
    }
}

impl SiteView for Model<'_> {
    fn facts(&self) -> &SiteFacts {
        &self.facts
    }

    fn payload(&self) -> &dyn Payload {
        self.members
    }

    fn metadata(&self, _path: &SitePath) -> Result<Option<Metadata>, Error> {
        Err(only_on_a_site())
    }

    fn read(&self, _path: &SitePath) -> Result<Vec<u8>, Error> {
        Err(only_on_a_site())
    }

    fn sha256(&self, _path: &SitePath) -> Result<Sha256, Error> {
        Err(only_on_a_site())
    }

    fn md5(&self, _path: &SitePath) -> Result<Md5, Error> {
        Err(only_on_a_site())
    }

    fn stored(&self, _path: &SitePath, _sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        Err(only_on_a_site())
    }

    fn list(&self, _directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        Err(only_on_a_site())
    }

    fn query(&self, _statement: &Statement) -> Result<Rows, Error> {
        Err(only_on_a_site())
    }

    fn structure(&self, names: &[&str]) -> Result<Schema, Error> {
        if names.iter().any(|name| !self.schema.holds(name)) {
            return Err(only_on_a_site());
        }
        Catalog(&self.schema).introspect(Some(names))
    }

    fn server(&self) -> Result<ServerInfo, Error> {
        Err(only_on_a_site())
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        if let Some(name) = self.unknown(change) {
            return Err(Error::missing(format!("it depends on {name}, which nothing in this patch makes"))
                .hint("show the patch on a site, with --site"));
        }
        rendered(change, self.dialect, &mut Catalog(&self.schema))
    }

    fn components(&self) -> Result<BTreeMap<String, Version>, Error> {
        Err(only_on_a_site())
    }

    fn answer(&self, _question: &str) -> Option<String> {
        None
    }

    fn log(&self, _level: Level, _message: &str) {}

    fn progress(&self, _done: u64, _of: u64, _doing: &str) {}
}

impl SiteEditor for Model<'_> {
    fn view(&self) -> &dyn SiteView {
        self
    }

    fn write(&mut self, _path: &SitePath, _bytes: &[u8], _mode: Option<u32>) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn install(&mut self, _payload: &str, _path: &SitePath, _mode: Option<u32>) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn remove(&mut self, _path: &SitePath) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn set_mode(&mut self, _path: &SitePath, _mode: u32) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn make_dir(&mut self, _path: &SitePath, _mode: u32) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn note(&mut self, _text: &str) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn execute(&mut self, statement: &Statement, _inverse: Option<Vec<Inverse>>) -> Result<u64, Error> {
        self.executed.push(statement.clone());
        Ok(0)
    }

    fn change(&mut self, change: &Change) -> Result<(), Error> {
        let rendered = self.rendered(change)?;
        let is_done = rendered.standing == Standing::Done;
        rendered.make(change, |statement, inverse| self.execute(statement, inverse).map(drop))?;
        if !is_done {
            self.schema = self.after(change)?;
        }
        Ok(())
    }
}

/// A connection that knows a structure and nothing else.
struct Catalog<'a>(&'a Schema);

impl Connection for Catalog<'_> {
    /// Nobody knows which server it will be, so it is one that can do everything.
    fn server(&mut self) -> Result<ServerInfo, Error> {
        Ok(ServerInfo { product: String::new(), version: "999".to_owned() })
    }

    fn execute(&mut self, _statement: &Statement) -> Result<u64, Error> {
        Err(only_on_a_site())
    }

    fn query(&mut self, _statement: &Statement) -> Result<Rows, Error> {
        Err(only_on_a_site())
    }

    fn begin(&mut self) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn commit(&mut self) -> Result<(), Error> {
        Err(only_on_a_site())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        Ok(self.0.table(name).is_some() || self.0.view(name).is_some())
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        let wanted = |name: &str| names.is_none_or(|names| names.iter().any(|other| other.eq_ignore_ascii_case(name)));
        let mut found = self.0.clone();
        found.tables.retain(|table| wanted(&table.name));
        found.views.retain(|view| wanted(&view.name));
        found.sequences.retain(|sequence| wanted(&sequence.name));
        Ok(found)
    }
}

fn only_on_a_site() -> Error {
    Error::new(ErrorKind::Unsupported, "what it runs is known on a site alone")
        .hint("show the patch on a site, with --site")
}
