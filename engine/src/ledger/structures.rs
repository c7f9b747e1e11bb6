//! What the ledger remembers of the database's structure: for each table and view, how the last run that touched it left it.
//!
//! The whole is looked at once, when the ledger begins. From then on each run adds what it touched and nothing else, so that
//! the thousandth patch costs what the first one does. Rows are never changed: the last one of a name counts.

use super::bulk::Bulk;
use super::chain::Seal;
use super::{Ledger, count};
use crate::database::Touched;
use crate::journal::Purpose;
use patchwright_hooks_api::schema::{Sequence, Table, View, compare};
use patchwright_hooks_api::{Error, ErrorKind, Schema, Statement, Value};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The columns of a row.
pub(super) const COLUMNS: &str = "n, run, name, kind, structure";
/// The run of the rows that the ledger began with.
pub(super) const BASELINE: &str = "baseline";
/// The kind of the row with the number 0, which says that the baseline is whole.
const BEGUN: &str = "begun";
/// The kind of a row of something that is not there any more.
const GONE: &str = "gone";
/// How many names are asked for in one query.
const NAMES_PER_QUERY: usize = 500;

/// What the ledger remembers of one table or view.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// The run that left it so.
    pub run: String,
    /// How it was left; `None` if it was dropped.
    pub object: Option<Object>,
}

/// A table, a view or a sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Object {
    /// A table.
    Table(Box<Table>),
    /// A view.
    View(View),
    /// A sequence.
    Sequence(Sequence),
}

impl Ledger<'_> {
    /// Whether the ledger remembers structures: it began with an engine and a dialect that can read them.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn remembers_structures(&self) -> Result<bool, Error> {
        if !self.database.has_table(self.tables.name("patches_structures"))? {
            return Ok(false);
        }
        let text = format!("SELECT COUNT(*) FROM {} WHERE n = 0", self.structures());
        Ok(count(&self.database.query(&Statement::new(text))?)? > 0)
    }

    /// Looks at everything once, and remembers it. In a transaction, with the table there; does nothing where the dialect can't read structures.
    ///
    /// # Errors
    /// When the database can't be asked, or refuses.
    pub(super) fn begin_structures(&self) -> Result<Vec<Seal>, Error> {
        let Some(schema) = self.site_schema(None)? else { return Ok(Vec::new()) };
        let rows = objects(schema).map(|(name, object)| (name, Some(object)));
        let row = vec![0.into(), BASELINE.into(), "".into(), BEGUN.into(), "".into()];
        let begun = Bulk::one(&self.tables, "patches_structures", COLUMNS, BASELINE, row);
        let write = |statement: &Statement| self.run(statement);
        Ok(vec![self.object_rows(BASELINE, 1, rows)?.finish(write)?, begun.finish(write)?])
    }

    /// The rows of what a run touched, behind the `last` one, of which all are written but for the last; nothing where none are
    /// remembered.
    pub(super) fn structure_rows(&self, run: &str, last: Option<i64>, touched: Touched) -> Result<Option<Bulk>, Error> {
        let Some(last) = last.filter(|_| !touched.is_empty()) else { return Ok(None) };
        let names: Vec<&str> = touched.names.iter().map(String::as_str).collect();
        let now = self.site_schema(touched.before.is_none().then_some(names.as_slice()))?.unwrap_or_default();
        let mut keys: BTreeSet<String> = touched.names.iter().map(|name| key(name)).collect();
        if let Some(before) = touched.before {
            let before = self.of_the_site(before);
            keys.extend(compare(&before, &now).into_iter().map(|difference| key(&difference.object)));
        }
        let mut found: BTreeMap<String, Object> = objects(now).collect();
        let mut rows: Vec<(String, Option<Object>)> = Vec::new();
        let mut gone = BTreeSet::new();
        for name in keys {
            match found.remove(&name) {
                Some(object) => rows.push((name, Some(object))),
                None => drop(gone.insert(name)),
            }
        }
        if !gone.is_empty() {
            let known = self.remembered(Some(&gone))?.into_iter().filter(|(_, known)| known.object.is_some());
            rows.extend(known.map(|(name, _)| (name, None)));
        }
        self.object_rows(run, last + 1, rows).map(Some)
    }

    /// What is remembered of these names, or with `None` of all, by name in lower case.
    ///
    /// # Errors
    /// When the database can't be asked, or a row can't be read.
    pub fn remembered(&self, names: Option<&BTreeSet<String>>) -> Result<BTreeMap<String, Remembered>, Error> {
        let of = |condition: String| {
            let table = self.structures();
            let last = format!("SELECT MAX(n) FROM {table} {condition} GROUP BY name");
            format!("SELECT run, name, kind, structure FROM {table} WHERE n IN ({last})")
        };
        let mut statements = Vec::new();
        match names {
            None => statements.push(Statement::new(of("WHERE n > 0".to_owned()))),
            Some(names) => {
                let keys: Vec<Value> = names.iter().map(|name| key(name).into()).collect();
                for some in keys.chunks(NAMES_PER_QUERY) {
                    let condition = format!("WHERE name IN ({})", vec!["?"; some.len()].join(", "));
                    statements.push(Statement::with(of(condition), some.iter().cloned()));
                }
            }
        }
        let mut remembered = BTreeMap::new();
        for statement in statements {
            for row in self.database.query(&statement)?.rows {
                let cell = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default();
                let (run, name, kind) = (cell(0).to_owned(), cell(1).to_owned(), cell(2));
                let object = match kind {
                    GONE => None,
                    _ => Some(serde_json::from_str(cell(3)).map_err(|error| unreadable(&name, &error))?),
                };
                remembered.insert(name, Remembered { run, object });
            }
        }
        Ok(remembered)
    }

    /// The run that made what has this name now, or had it last: the first one that left it since it was dropped.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn maker_of(&self, name: &str) -> Result<Option<String>, Error> {
        let text = format!("SELECT run, kind FROM {} WHERE name = ? ORDER BY n", self.structures());
        let mut maker = None;
        for row in self.database.query(&Statement::with(text, [key(name).into()]))?.rows {
            let cell = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default();
            match cell(1) {
                GONE => maker = None,
                _ => maker = maker.or(Some(cell(0).to_owned())),
            }
        }
        Ok(maker)
    }

    /// The patch that a run was about and what it did with it; `None` for what was there before all patches.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn patch_of(&self, run: &str) -> Result<Option<(String, Purpose)>, Error> {
        let text = format!("SELECT purpose, patch FROM {} WHERE run = ?", self.tables.quoted("patches_runs"));
        let rows = self.database.query(&Statement::with(text, [run.into()]))?;
        let cells = rows.rows.first().filter(|_| run != BASELINE);
        let text = |row: &[Value], at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default().to_owned();
        Ok(cells.map(|row| {
            let purpose = match text(row, 0).as_str() {
                "roll-back" => Purpose::RollBack,
                "after" => Purpose::After,
                _ => Purpose::Apply,
            };
            (text(row, 1), purpose)
        }))
    }

    /// The structure of the site's own tables and views as it is now, of these names or with `None` of all; nothing where
    /// the dialect can't tell.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn site_schema(&self, names: Option<&[&str]>) -> Result<Option<Schema>, Error> {
        Ok(self.database.structure(names)?.map(|schema| self.of_the_site(schema)))
    }

    /// Without what belongs to the engine, or does not begin as all of the site's tables do (D14), and without the texts that
    /// only a rebuild needs.
    fn of_the_site(&self, mut schema: Schema) -> Schema {
        let prefix = key(&self.prefix);
        let own = |name: &str| key(name).starts_with(&prefix) && !self.tables.holds(name);
        schema.tables.retain(|table| own(&table.name));
        schema.views.retain(|view| own(&view.name));
        schema.sequences.retain(|sequence| own(&sequence.name));
        for table in &mut schema.tables {
            table.text = None;
            table.indexes.iter_mut().for_each(|index| index.text = None);
        }
        schema
    }

    fn object_rows(
        &self,
        run: &str,
        first: i64,
        rows: impl IntoIterator<Item = (String, Option<Object>)>,
    ) -> Result<Bulk, Error> {
        let mut bulk = Bulk::new(&self.tables, "patches_structures", COLUMNS, run, first);
        for (n, (name, object)) in (first..).zip(rows) {
            let kind = match &object {
                Some(Object::Table(_)) => "table",
                Some(Object::View(_)) => "view",
                Some(Object::Sequence(_)) => "sequence",
                None => GONE,
            };
            let json =
                object.map(|object| serde_json::to_string(&object).expect("structures hold nothing that JSON can't"));
            let row = vec![n.into(), run.into(), name.into(), kind.into(), json.unwrap_or_default().into()];
            bulk.add(row, |statement| self.run(statement))?;
        }
        Ok(bulk)
    }

    fn structures(&self) -> &str {
        self.tables.quoted("patches_structures")
    }
}

/// Names compare without regard to ASCII case, as in [`Schema::table`].
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn objects(schema: Schema) -> impl Iterator<Item = (String, Object)> {
    let tables = schema.tables.into_iter().map(|table| (key(&table.name), Object::Table(Box::new(table))));
    let views = schema.views.into_iter().map(|view| (key(&view.name), Object::View(view)));
    let sequences = schema.sequences.into_iter();
    tables.chain(views).chain(sequences.map(|sequence| (key(&sequence.name), Object::Sequence(sequence))))
}

fn unreadable(name: &str, error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Database, format!("what the ledger remembers of {name} can't be read: {error}"))
        .hint("was the ledger written by a later engine, or changed by hand?")
}
