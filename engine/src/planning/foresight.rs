//! The rehearsal's lane on a database whose DDL commits by itself: what would happen is worked out, and nothing happens.
//!
//! - Portable changes are made to a model of the tables, which begins as what the database has; a later change sees an earlier
//!   one.
//! - Other DDL is not run. What it names must be there, or must not; what becomes of it is then not known any more.
//! - Statements of rows run in the transaction that is taken back, unless they name a table that is about to be otherwise: those
//!   are not run, and the plan says so.
//! - A query that names such a table has no answer, and what depends on it can't be rehearsed.

use crate::database::Database;
use crate::editor::Lane;
use crate::ledger::{Executed, shortened};
use patchwright_hooks_api::change::{Rendered, Standing};
use patchwright_hooks_api::schema::{Sequence, Table, View};
use patchwright_hooks_api::statements::{Target, first_keywords, target, words};
use patchwright_hooks_api::{Change, Error, ErrorKind, Finding, Inverse, Rows, Schema, Statement};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// What is foreseen of a database.
pub(super) struct Foresight<'a> {
    database: &'a Database,
    /// The tables and views that are otherwise than in the database, by their names in lower case.
    model: BTreeMap<String, Foreseen>,
    /// Tables whose rows are otherwise, likewise.
    stale: BTreeSet<String>,
    /// Whether something was done that might have touched anything.
    blind: bool,
    findings: Vec<Finding>,
    untold: Cell<bool>,
}

/// What becomes of a table or view.
enum Foreseen {
    Gone,
    Table(Box<Table>),
    View(View),
    Sequence(Sequence),
    /// It is there, and how is not known.
    Somehow,
}

impl<'a> Foresight<'a> {
    pub(super) fn new(database: &'a Database) -> Self {
        let (model, stale, findings, untold) = Default::default();
        Self { database, model, stale, blind: false, findings, untold }
    }

    /// The first thing that the statement names and that is about to be otherwise.
    fn clouded(&self, statement: &Statement) -> Option<String> {
        if self.blind {
            return Some("the database".to_owned());
        }
        let mut named = words(&statement.text, &self.database.info().lexical).into_iter();
        named.find(|word| self.model.contains_key(word) || self.stale.contains(word))
    }

    fn exists(&self, name: &str) -> Result<bool, Error> {
        match self.model.get(&name.to_lowercase()) {
            Some(foreseen) => Ok(!matches!(foreseen, Foreseen::Gone)),
            None => self.database.has_table(name),
        }
    }

    fn set(&mut self, name: &str, foreseen: Foreseen) {
        self.model.insert(name.to_lowercase(), foreseen);
    }

    /// The structure of these tables and views when the turn of the next change comes.
    fn foreseen_structure(&self, names: &[&str]) -> Result<Schema, Error> {
        let unchanged: Vec<&str> =
            names.iter().copied().filter(|name| !self.model.contains_key(&name.to_lowercase())).collect();
        let mut schema = Schema::default();
        if !unchanged.is_empty() {
            schema = self.database.introspect(&unchanged)?;
        }
        for name in names {
            match self.model.get(&name.to_lowercase()) {
                Some(Foreseen::Table(table)) => schema.tables.push((**table).clone()),
                Some(Foreseen::View(view)) => schema.views.push(view.clone()),
                Some(Foreseen::Sequence(sequence)) => schema.sequences.push(sequence.clone()),
                Some(Foreseen::Somehow) => {
                    return Err(self.unforeseen(format!("how {name} is after the statements before it")));
                }
                Some(Foreseen::Gone) | None => {}
            }
        }
        Ok(schema)
    }

    fn unforeseen(&self, what: impl std::fmt::Display) -> Error {
        let dialect = &self.database.info().name;
        Error::new(ErrorKind::Unsupported, format!("{what} can't be rehearsed on {dialect}, which can't roll back")).hint(
            "write the statements before it as portable changes, or put what depends on them into a patch of its own",
        )
    }

    /// Foresees DDL that is not portable: its words tell what comes and goes, not how it is.
    fn foresee(&mut self, statement: &Statement) -> Result<(), Error> {
        let lexical = &self.database.info().lexical;
        match target(&statement.text, lexical) {
            Target::Structure(names) => self.foresee_structure(statement, &names),
            Target::AllRows(names) => {
                names.iter().try_for_each(|name| self.check_there(name))?;
                self.stale.extend(names.iter().map(|name| name.to_lowercase()));
                Ok(())
            }
            Target::Rows(_) | Target::Unknown => {
                self.blind = true;
                Ok(())
            }
        }
    }

    fn foresee_structure(&mut self, statement: &Statement, names: &[String]) -> Result<(), Error> {
        let lexical = &self.database.info().lexical;
        let first = first_keywords(&statement.text, lexical);
        let verb = first.first().map(String::as_str).unwrap_or_default();
        let of_a_table = first.iter().any(|word| word == "TABLE");
        let of_a_sequence = first.iter().any(|word| word == "SEQUENCE");
        let of_a_view = first.iter().any(|word| word == "VIEW");
        // IF EXISTS, IF NOT EXISTS and OR REPLACE suit whatever is there.
        let suits_anything =
            words(&statement.text, lexical).iter().take(6).any(|word| word == "exists" || word == "replace");
        match verb {
            // What there is of them no question of the contract tells.
            _ if of_a_sequence => {}
            "CREATE" if of_a_table && !suits_anything => self.check_gone(&names[0])?,
            "CREATE" if !of_a_table && !of_a_view && !suits_anything => self.check_there(&names[0])?,
            "ALTER" if !suits_anything => self.check_there(&names[0])?,
            "DROP" if !suits_anything => names.iter().try_for_each(|name| self.check_there(name))?,
            _ => {}
        }
        match verb {
            "DROP" if of_a_table || of_a_view || of_a_sequence => {
                names.iter().for_each(|name| self.set(name, Foreseen::Gone));
            }
            "RENAME" => {
                for pair in names.chunks_exact(2) {
                    self.check_there(&pair[0])?;
                    self.check_gone(&pair[1])?;
                    self.set(&pair[0], Foreseen::Gone);
                    self.set(&pair[1], Foreseen::Somehow);
                }
            }
            _ => {
                names.iter().for_each(|name| self.set(name, Foreseen::Somehow));
                if verb == "ALTER" && names.len() > 1 {
                    self.set(&names[0], Foreseen::Gone);
                }
            }
        }
        Ok(())
    }

    fn check_there(&self, name: &str) -> Result<(), Error> {
        if self.exists(name)? { Ok(()) } else { Err(Error::missing(format!("there is no table {name}"))) }
    }

    fn check_gone(&self, name: &str) -> Result<(), Error> {
        if self.exists(name)? { Err(Error::conflict(format!("there is a table {name} already"))) } else { Ok(()) }
    }
}

impl Lane for Foresight<'_> {
    fn database(&self) -> &Database {
        self.database
    }

    fn execute(&mut self, statement: &Statement, _: Option<&[Inverse]>) -> Result<u64, Error> {
        self.database.check_for_patch(statement)?;
        if self.database.info().commits_by_itself(&statement.text) {
            return self.foresee(statement).map(|()| 0);
        }
        let clouded = match self.clouded(statement) {
            Some(clouded) => clouded,
            None if !self.database.commits_by_itself(statement)? => return self.database.execute(statement),
            None => "a table without transactions".to_owned(),
        };
        match target(&statement.text, &self.database.info().lexical) {
            Target::Rows(names) => self.stale.extend(names.iter().map(|name| name.to_lowercase())),
            _ => self.blind = true,
        }
        let dialect = &self.database.info().name;
        let text = shortened(&statement.text);
        let finding = Finding::notice(format!(
            "not rehearsed, since {dialect} can't roll back what is done to {clouded}: {text}"
        ));
        self.findings.push(match &statement.position {
            Some(position) => finding.at(position),
            None => finding,
        });
        Ok(0)
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.database.check_query(statement)?;
        match self.clouded(statement) {
            None => self.database.query(statement),
            Some(clouded) => {
                self.untold.set(true);
                Err(self.unforeseen(format!("a query of {clouded} after what is done to it before")))
            }
        }
    }

    fn structure(&self, names: &[&str]) -> Result<Schema, Error> {
        if self.blind {
            return Err(self.unforeseen("a look at a table after a statement whose words don't tell what it changes"));
        }
        self.foreseen_structure(names)
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        if self.blind {
            return Err(self.unforeseen("a portable change after a statement whose words don't tell what it changes"));
        }
        self.database.rendered_for(change, &self.foreseen_structure(&change.names())?)
    }

    fn change(&mut self, change: &Change) -> Result<Vec<Executed>, Error> {
        let rendered = self.rendered(change)?;
        let (is_of_rows, to_do) = (change.is_of_rows(), rendered.standing == Standing::ToDo);
        let before = self.foreseen_structure(&change.names())?;
        let mut done = Vec::new();
        let is_foreseen = matches!(change, Change::TruncateTable { .. } | Change::RestartSequence { .. });
        if is_foreseen {
            // Whatever its words are here: it is as it was, but for what it holds.
            self.stale.insert(change.target().to_lowercase());
        }
        rendered.make(change, |statement, inverse| {
            if is_of_rows && !is_foreseen {
                self.execute(statement, inverse.as_deref())?;
            }
            done.push(Executed { statement: statement.clone(), inverse });
            Ok(())
        })?;
        if to_do && !is_of_rows {
            let after = change.applied_to(&before)?;
            for name in change.names() {
                let foreseen = match (after.table(name), after.view(name), after.sequence(name)) {
                    (Some(table), ..) => Foreseen::Table(Box::new(self.database.stored(table))),
                    (None, Some(view), _) => Foreseen::View(view.clone()),
                    (None, None, Some(sequence)) => Foreseen::Sequence(sequence.clone()),
                    (None, None, None) => Foreseen::Gone,
                };
                self.set(name, foreseen);
            }
        }
        Ok(done)
    }

    fn is_stepwise(&self) -> bool {
        true
    }

    fn findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    fn could_not_tell(&self) -> bool {
        self.untold.take()
    }
}
