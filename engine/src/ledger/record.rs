//! What a patch that comes into force leaves in the ledger: its rows, told to the database at once.

use super::chain::{Head, links};
use super::rows::unreadable;
use super::{ContentSums, Ledger, PatchRow, Requirement, RunRow};
use crate::database::Touched;
use crate::site::asked::Modes;
use crate::site::change::Change;
use patchwright_hooks_api::{Error, Statement, Value, Version};

/// All that is recorded of a patch.
pub(crate) struct Record<'a> {
    /// The run that brings it.
    pub(crate) run: RunRow<'a>,
    /// Its row.
    pub(crate) patch: PatchRow,
    /// What it did to files (C35, C36).
    pub(crate) changes: &'a [Change],
    /// What each of its steps did, in order (C36).
    pub(crate) actions: Box<dyn Iterator<Item = String> + 'a>,
    /// What it requires of others.
    pub(crate) requirements: &'a [Requirement],
    /// What its scripts note for the report.
    pub(crate) notes: &'a [String],
    /// What was made writable for it (C54).
    pub(crate) made_writable: &'a Modes,
    /// What it is made of.
    pub(crate) sums: ContentSums,
    /// The tables and views that it touched.
    pub(crate) touched: Touched,
}

/// Where the ledger ends: the rows of the next patch come behind.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// The number of the newest patch.
    number: i64,
    /// The number of the newest structure; `None` where none are remembered.
    structure: Option<i64>,
    /// The last link of the chain.
    head: Head,
}

impl End {
    /// The number that the next patch gets.
    pub(crate) fn next_number(&self) -> i64 {
        self.number + 1
    }

    /// The last link of the chain.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }
}

/// An error unless a part is still at the version at which the plan was made; nothing where it is not installed.
fn check_unmoved(name: &str, now: Option<&Version>, then: Option<&Version>) -> Result<(), Error> {
    if now == then {
        return Ok(());
    }
    let [now, then] = [now, then].map(|version| version.map_or("no version", Version::as_str));
    Err(Error::conflict(format!("{name} is at {now} by now, and no longer at {then}"))
        .hint("another engine has changed it meanwhile: make a new plan"))
}

impl Ledger<'_> {
    /// The end of the ledger, and an error unless the product is at this version, and the component, if one is named, at that
    /// of its own. In a run's own transaction nobody can change any of it any more.
    ///
    /// # Errors
    /// When it is at another, since some other engine was faster; or the database can't be asked.
    pub(crate) fn end_at(&self, version: &Version, component: Option<(&str, Option<&Version>)>) -> Result<End, Error> {
        let (number, patches) = (self.tables.columns("number"), self.tables.quoted("patches"));
        let structures = self.tables.quoted("patches_structures");
        let (chain, links) = (self.tables.columns("chain"), self.tables.quoted("patches_chain"));
        let mut columns = format!(
            "to_version, (SELECT MAX({number}) FROM {patches}), (SELECT MAX(n) FROM {structures}), \
             (SELECT MAX(n) FROM {links}), (SELECT {chain} FROM {links} WHERE n = (SELECT MAX(n) FROM {links}))"
        );
        let mut values = Vec::new();
        if let Some((name, _)) = component {
            columns.push_str(&format!(", ({})", self.newest_of_component()));
            values = vec![name.into(), name.into()];
        }
        let found = self.newest_with(&columns, values)?;
        let cell = |at: usize| found.rows.first().and_then(|row| row.get(at));
        let now = |at: usize| cell(at).and_then(Value::as_text).map(str::parse).transpose().map_err(unreadable);
        check_unmoved("the site", now(0)?.as_ref(), Some(version))?;
        if let Some((name, version)) = component {
            check_unmoved(name, now(5)?.as_ref(), version)?;
        }
        let integer = |at: usize| cell(at).and_then(Value::as_integer);
        let chain = cell(4).and_then(Value::as_text).unwrap_or_default().to_owned();
        let head = Head { n: integer(3).unwrap_or_default(), run: String::new(), chain };
        Ok(End { number: integer(1).unwrap_or_default(), structure: integer(2), head })
    }

    /// Records a patch that is in force, behind `end`, and seals it. In the run's own transaction. Gives where the ledger then ends.
    ///
    /// # Errors
    /// When the database refuses.
    pub(crate) fn record(&self, record: Record<'_>, end: End) -> Result<End, Error> {
        let Record { run, patch, changes, actions, requirements, notes, made_writable, sums, touched } = record;
        let mut rows = Vec::new();
        let mut bulks = vec![self.run_row(&run), patch.row(&self.tables), self.sums_row(run.run, &sums)];
        bulks.extend(patch.component.as_ref().map(|step| self.component_row(run.run, step)));
        if !requirements.is_empty() {
            bulks.push(self.requirement_rows(run.run, requirements)?);
        }
        if !notes.is_empty() {
            bulks.push(self.note_rows(run.run, 0, notes)?);
        }
        if !made_writable.is_empty() {
            bulks.push(self.permission_rows(run.run, made_writable)?);
        }
        bulks.push(self.file_rows(run.run, 0, changes)?);
        let structures = self.structure_rows(run.run, end.structure, touched)?;
        let structure = structures.as_ref().map_or(end.structure, |bulk| Some(bulk.last()));
        bulks.extend(structures);
        bulks.push(self.action_rows(run.run, actions)?);
        let seals: Vec<_> = bulks.into_iter().map(|bulk| bulk.rest(&mut rows)).collect();
        let (last, head) = links(&self.tables, end.head, run.run, &seals, |statement| self.run(statement))?;
        last.rest(&mut rows);
        self.database.execute_all(&rows).map_err(super::not_written)?;
        Ok(End { number: patch.number, structure, head })
    }

    /// The number of the newest structure; `None` where none are remembered.
    pub(super) fn last_structure(&self) -> Result<Option<i64>, Error> {
        let text = format!("SELECT MAX(n) FROM {}", self.tables.quoted("patches_structures"));
        Ok(self.database.query(&Statement::new(text))?.scalar().and_then(Value::as_integer))
    }
}
