//! Taking a run back on a database whose DDL commits by itself: the statement in flight is settled, then the inverses are run in
//! reverse order.
//!
//! Each inverse is recorded as the statements were, so that whoever is cut off here is followed by one who goes on. An inverse that
//! was written for several statements may come too early, when the run ended between them: what it finds missing it is
//! refused, and whether all is as before is then judged by the probes. So it is when somebody has put things right by hand.

use super::{probe, run_announced};
use crate::database::Database;
use crate::journal::Purpose;
use crate::ledger::{Ledger, Probe, ProgressRow, ProgressState};
use patchwright_hooks_api::change::Standing;
use patchwright_hooks_api::{Change, Error, Inverse};

/// A run that was taken back in the database.
#[derive(Debug)]
pub(crate) struct TakenBack {
    /// What it was for.
    pub purpose: Purpose,
    /// Its patch.
    pub patch: String,
    /// The statements that stay, since nothing takes them back or it can't be told whether they were.
    pub kept: Vec<String>,
}

/// The ids of the runs that are neither before nor after.
///
/// # Errors
/// When the database can't be asked.
pub(crate) fn unfinished(ledger: &Ledger<'_>) -> Result<Vec<String>, Error> {
    let mut runs: Vec<String> = ledger.progress()?.into_iter().map(|row| row.run).collect();
    runs.dedup();
    Ok(runs)
}

/// Takes back what a run did to the database, if anything is left of it. No transaction may be open, and the lock must be held.
///
/// # Errors
/// When the database fails or refuses an inverse; to be called again then.
pub(crate) fn take_back(database: &Database, ledger: &Ledger<'_>, run: &str) -> Result<Option<TakenBack>, Error> {
    let rows: Vec<ProgressRow> = ledger.progress()?.into_iter().filter(|row| row.run == run).collect();
    let Some(last) = rows.last() else { return Ok(None) };
    let (purpose, patch) = (last.purpose, last.patch.clone());
    let mut reversal = Reversal { database, ledger, next: last.number + 1, rows, kept: Vec::new() };
    reversal.settle()?;
    reversal.run_back()?;
    ledger.forget_progress(run, 0)?;
    Ok(Some(TakenBack { purpose, patch, kept: reversal.kept }))
}

struct Reversal<'a> {
    database: &'a Database,
    ledger: &'a Ledger<'a>,
    rows: Vec<ProgressRow>,
    next: i64,
    kept: Vec<String>,
}

impl Reversal<'_> {
    /// Tells what became of the statement that was in flight. The database has ended it, since we hold its lock.
    fn settle(&mut self) -> Result<(), Error> {
        let Some(row) = self.rows.last_mut().filter(|row| row.state == ProgressState::Intent) else { return Ok(()) };
        let now = probe::taken(self.database, &row.probe)?;
        row.state = match (row.fingerprint, now) {
            (Some(before), Some(now)) if before != now => ProgressState::Done,
            (None, _) | (_, None) if row.probe != Probe::Again => ProgressState::InDoubt,
            _ => {
                self.ledger.forget_progress(&row.run, row.number)?;
                self.rows.pop();
                return Ok(());
            }
        };
        self.ledger.mark_progress(&row.run, row.number, row.state)
    }

    /// Goes back statement by statement. Those that share an inverse are a group, at whose first the inverse stands.
    fn run_back(&mut self) -> Result<(), Error> {
        let forward: Vec<ProgressRow> = self.rows.iter().filter(|row| row.takes_back.is_none()).cloned().collect();
        let mut group = Vec::new();
        // The run may have ended between the statements of the last group.
        let mut may_be_partial = true;
        for row in forward.into_iter().rev() {
            let inverse = row.inverse.clone();
            let undone = row.state == ProgressState::Undone;
            let deed = row.deed.clone();
            group.push(row);
            match inverse.as_deref() {
                Some([]) => continue,
                None => self.kept.push(deed),
                Some(inverses) if !undone => self.undo(&group, inverses, may_be_partial)?,
                Some(_) => {}
            }
            group.clear();
            may_be_partial = false;
        }
        Ok(())
    }

    /// Runs the inverses of a group, whose first statement is its last element here.
    fn undo(&mut self, group: &[ProgressRow], inverses: &[Inverse], may_be_partial: bool) -> Result<(), Error> {
        let Some(head) = group.last() else { return Ok(()) };
        // Where something stays that was accepted as final, an inverse may miss it.
        let is_in_doubt = group.iter().any(|row| row.state == ProgressState::InDoubt);
        let may_be_refused = may_be_partial || is_in_doubt || !self.kept.is_empty();
        let tried: Vec<ProgressRow> =
            self.rows.iter().filter(|row| row.takes_back == Some(head.number)).cloned().collect();
        let first = tried.first().map_or(self.next, |row| row.number);
        let mut refusal = tried.iter().any(|row| row.state == ProgressState::Refused).then(|| refused_before(head));
        if let Some((doubtful, inverse)) =
            tried.iter().zip(inverses).find(|(row, _)| row.state == ProgressState::InDoubt)
        {
            self.run_once_more(doubtful, inverse)?;
        }
        for inverse in inverses.iter().skip(tried.len()) {
            let number = self.next;
            let Err(error) = self.run_inverse(head, inverse) else { continue };
            if !self.database.answers() {
                return Err(error);
            }
            refusal.get_or_insert(error);
            self.database.roll_back()?;
            self.ledger.forget_progress(&head.run, number)?;
            self.next = number;
            if !may_be_refused {
                break;
            }
            let row = self.row(head, inverse, ProgressState::Refused);
            self.ledger.add_progress(&row)?;
        }
        if let Some(error) = refusal {
            match self.is_as_before(group)? {
                Some(true) => {}
                None if may_be_refused => self.kept.push(head.deed.clone()),
                Some(false) if !self.kept.is_empty() => self.kept.push(head.deed.clone()),
                _ => {
                    self.ledger.forget_progress(&head.run, first)?;
                    return Err(not_taken_back(head, error));
                }
            }
        }
        self.ledger.mark_progress(&head.run, head.number, ProgressState::Undone)
    }

    /// Runs an inverse of which nothing tells whether it has happened. If it has, the database refuses it now.
    fn run_once_more(&self, doubtful: &ProgressRow, inverse: &Inverse) -> Result<(), Error> {
        if let Err(error) = self.database.execute_inverse(inverse)
            && !self.database.answers()
        {
            return Err(error);
        }
        self.ledger.mark_progress(&doubtful.run, doubtful.number, ProgressState::Done)
    }

    fn run_inverse(&mut self, head: &ProgressRow, inverse: &Inverse) -> Result<(), Error> {
        match inverse {
            Inverse::Change(change) => self.run_change(head, inverse, change),
            Inverse::Statement(statement) => {
                self.database.check_for_patch(statement)?;
                let commits = self.database.commits_by_itself(statement)?;
                let row = self.row(head, inverse, ProgressState::Done);
                self.database.begin()?;
                if commits {
                    return run_announced(self.database, self.ledger, row, statement).map(drop);
                }
                self.database.execute(statement)?;
                self.ledger.add_progress(&row)?;
                self.database.commit()
            }
        }
    }

    /// A portable change wants to reach a state, so one that was in flight is simply made once more.
    fn run_change(&mut self, head: &ProgressRow, inverse: &Inverse, change: &Change) -> Result<(), Error> {
        let rendered = self.database.rendered(change)?;
        let mut commits = false;
        for statement in &rendered.statements {
            commits |= self.database.commits_by_itself(statement)?;
        }
        let row = self.row(head, inverse, ProgressState::Done);
        if rendered.standing == Standing::ToDo && commits {
            self.ledger.add_progress(&ProgressRow {
                state: ProgressState::Intent,
                probe: Probe::Again,
                ..row.clone()
            })?;
            rendered.make(change, |statement, _| self.database.execute_for_patch(statement).map(drop))?;
            return self.ledger.mark_progress(&row.run, row.number, ProgressState::Done);
        }
        self.database.begin()?;
        rendered.make(change, |statement, _| self.database.execute_for_patch(statement).map(drop))?;
        self.ledger.add_progress(&row)?;
        self.database.commit()
    }

    fn row(&mut self, head: &ProgressRow, inverse: &Inverse, state: ProgressState) -> ProgressRow {
        let number = self.next;
        self.next += 1;
        ProgressRow {
            number,
            takes_back: Some(head.number),
            state,
            deed: inverse.to_string(),
            inverse: None,
            probe: Probe::Nothing,
            fingerprint: None,
            ..head.clone()
        }
    }

    /// Whether all that a group touched is as it was before its first statement; `None` if nothing tells.
    fn is_as_before(&self, group: &[ProgressRow]) -> Result<Option<bool>, Error> {
        let mut told = None;
        let mut seen: Vec<&Probe> = Vec::new();
        for row in group.iter().rev() {
            let Some(before) = row.fingerprint.filter(|_| !seen.contains(&&row.probe)) else { continue };
            let now = probe::taken(self.database, &row.probe)?;
            told = Some(told.unwrap_or(true) && now == Some(before));
            seen.push(&row.probe);
        }
        Ok(told)
    }
}

fn refused_before(head: &ProgressRow) -> Error {
    Error::conflict(format!("the database refused an inverse of {} before", head.deed))
}

fn not_taken_back(head: &ProgressRow, error: Error) -> Error {
    error
        .while_doing(format!("\"{}\" of {} can't be taken back", head.deed, head.patch))
        .hint("make its tables as they were before the patch, then run `patchwright recover`: it goes on from there")
}
