//! A run on a database whose DDL commits by itself: statement by statement, each in the ledger before it happens, so that it can
//! be taken back.
//!
//! 1. Statements of rows go into a transaction, each together with its row of progress.
//! 2. Before a statement that commits by itself: its row, as an *intent*, with what a probe of the catalog gives. That
//!    transaction is committed, then the statement is run alone, then its row is marked as done.
//! 3. The last transaction holds the ledger's rows too and deletes the rows of progress. It is the commit of the run.
//! 4. Whatever ends a run before that leaves its rows behind. [`take_back`] settles the statement that was in flight, and runs the
//!    inverses in reverse order, each recorded in the same way.

mod probe;
mod reversal;

use crate::database::Database;
use crate::editor::Lane;
use crate::journal::Header;
use crate::ledger::{Executed, Ledger, Probe, ProgressRow, ProgressState};
use patchwright_hooks_api::change::Rendered;
use patchwright_hooks_api::{Change, Error, Inverse, Rows, Statement};
pub(crate) use reversal::{TakenBack, take_back, unfinished};

/// Whether a run may do what nothing takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finality {
    /// The operator was asked in preflight.
    Decided,
    /// Nobody was asked.
    Refused,
}

/// The way of a run's statements to such a database. A transaction is open on it between any two of them.
pub(crate) struct Progress<'a> {
    database: &'a Database,
    ledger: Ledger<'a>,
    header: &'a Header,
    finality: Finality,
    next: i64,
    /// The first statement so far that nothing takes back.
    is_final: Option<String>,
}

impl<'a> Progress<'a> {
    /// The way of this run, which begins with it. A transaction must be open.
    pub(crate) fn new(database: &'a Database, ledger: Ledger<'a>, header: &'a Header, finality: Finality) -> Self {
        Self { database, ledger, header, finality, next: 1, is_final: None }
    }

    fn row(&mut self, statement: &Statement, inverse: Option<&[Inverse]>) -> ProgressRow {
        let number = self.next;
        self.next += 1;
        ProgressRow {
            run: self.header.run.clone(),
            number,
            purpose: self.header.purpose,
            patch: self.header.patch.clone(),
            takes_back: None,
            state: ProgressState::Done,
            deed: statement.text.clone(),
            inverse: inverse.map(<[Inverse]>::to_vec),
            probe: Probe::Nothing,
            fingerprint: None,
        }
    }

    /// An error if this statement makes something final that nobody was asked about.
    fn check_finality(
        &mut self,
        statement: &Statement,
        inverse: Option<&[Inverse]>,
        commits: bool,
    ) -> Result<(), Error> {
        if inverse.is_none() {
            self.is_final.get_or_insert_with(|| statement.text.clone());
        }
        match &self.is_final {
            Some(text) if commits && self.finality == Finality::Refused => {
                let dialect = &self.database.info().name;
                Err(Error::refused(format!("on {dialect} nothing takes this back if the run fails later: {text}"))
                    .hint("give it an undo, or bring it before the commit, where the operator is asked"))
            }
            _ => Ok(()),
        }
    }
}

impl Lane for Progress<'_> {
    fn database(&self) -> &Database {
        self.database
    }

    fn execute(&mut self, statement: &Statement, inverse: Option<&[Inverse]>) -> Result<u64, Error> {
        self.database.check_for_patch(statement)?;
        let commits = self.database.commits_by_itself(statement)?;
        self.check_finality(statement, inverse, commits)?;
        let row = self.row(statement, inverse);
        if commits {
            let touched = run_announced(self.database, &self.ledger, row, statement)?;
            self.database.begin()?;
            return Ok(touched);
        }
        let touched = self.database.execute(statement)?;
        self.ledger.add_progress(&row)?;
        Ok(touched)
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.database.query_for_patch(statement)
    }

    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        self.database.rendered(change)
    }

    fn is_stepwise(&self) -> bool {
        true
    }
}

/// Runs a statement that commits by itself, between its intent and its mark. The transaction that is open takes the intent and is
/// committed; afterwards none is open.
fn run_announced(
    database: &Database,
    ledger: &Ledger<'_>,
    row: ProgressRow,
    statement: &Statement,
) -> Result<u64, Error> {
    let probe = probe::of(database, statement);
    let fingerprint = probe::taken(database, &probe)?;
    let row = ProgressRow { state: ProgressState::Intent, probe, fingerprint, ..row };
    ledger.add_progress(&row)?;
    database.commit()?;
    let touched = database.execute(statement)?;
    ledger.mark_progress(&row.run, row.number, ProgressState::Done)?;
    Ok(touched)
}

/// The statements that can't be taken back if the run fails after them, by their place among all: those without an inverse,
/// unless the transaction that they are in is the last one.
///
/// # Errors
/// When the database can't be asked.
pub(crate) fn final_statements<'a>(
    database: &Database,
    executed: &'a [Executed],
) -> Result<Vec<(usize, &'a Executed)>, Error> {
    let mut committed = 0;
    for (at, executed) in executed.iter().enumerate() {
        if database.commits_by_itself(&executed.statement)? {
            committed = at + 1;
        }
    }
    Ok(executed[..committed].iter().enumerate().filter(|(_, executed)| executed.inverse.is_none()).collect())
}
