//! What a way back does to the database: the inverses of the statements in reverse order, and whether later patches can do without
//! what they take away.

use super::hooks::{Downgrade, Hooks};
use crate::database::Database;
use crate::editor::Lane;
use crate::ledger::{Executed, PatchRow};
use crate::operator::Answers;
use crate::running::Context;
use patchwright_hooks_api::change::{Comparison, Condition, Match};
use patchwright_hooks_api::statements::{Target, target, words};
use patchwright_hooks_api::{Change, Error, Finding, Inverse};
use std::sync::Arc;

/// What takes some of a patch's statements back, and what does them once more should the way back fail.
#[derive(Debug)]
pub(super) struct Undo {
    pub inverses: Vec<Inverse>,
    redo: Vec<Inverse>,
}

/// One thing that a way back does to the database.
#[derive(Debug)]
pub(super) enum Deed {
    /// Runs the hook of a patch.
    Hook(Arc<Downgrade>),
    /// Takes statements back.
    Undo(Undo),
}

/// What takes back all that these patches did, which come the newest first: of each its hook, then its inverses.
pub(super) fn deeds<'a>(newest_first: impl Iterator<Item = &'a PatchRow>, hooks: &Hooks) -> Vec<Deed> {
    let of = |patch: &PatchRow| {
        let hook = hooks.of(&patch.run).cloned().map(Deed::Hook);
        hook.into_iter().chain(undos(&patch.statements).into_iter().map(Deed::Undo))
    };
    newest_first.flat_map(of).collect()
}

/// Those among the deeds that are inverses.
pub(super) fn inverses(deeds: &[Deed]) -> impl Iterator<Item = &Inverse> {
    deeds.iter().flat_map(|deed| match deed {
        Deed::Undo(undo) => undo.inverses.as_slice(),
        Deed::Hook(_) => &[],
    })
}

impl Deed {
    /// Does it.
    ///
    /// # Errors
    /// When the database or the hook refuses.
    pub(super) fn make(&self, context: &Context<'_>, answers: &Answers, lane: &mut dyn Lane) -> Result<(), Error> {
        match self {
            Self::Hook(hook) => hook.run(context, answers, lane),
            Self::Undo(undo) => undo.make(lane),
        }
    }

    /// Does it on the lane of a rehearsal.
    ///
    /// # Errors
    /// When the database or the hook refuses, or where it is only foreseen, when it can't be.
    pub(super) fn rehearse(&self, context: &Context<'_>, answers: &Answers, lane: &mut dyn Lane) -> Result<(), Error> {
        match self {
            Self::Undo(undo) if lane.is_stepwise() => undo.inverses.iter().try_for_each(|inverse| match inverse {
                Inverse::Statement(statement) => lane.execute(statement, None).map(drop),
                Inverse::Change(change) => lane.change(change).map(drop),
            }),
            _ => self.make(context, answers, lane),
        }
    }

    /// The hook, if it is one.
    pub(super) fn hook(&self) -> Option<&Downgrade> {
        match self {
            Self::Hook(hook) => Some(hook),
            Self::Undo(_) => None,
        }
    }
}

/// The inverses in reverse order. One that stands with the first of several statements takes them all back.
fn undos(statements: &[Executed]) -> Vec<Undo> {
    let mut undos: Vec<Undo> = Vec::new();
    for Executed { statement, inverse } in statements {
        let done = Inverse::Statement(statement.clone());
        match (inverse.as_deref(), undos.last_mut()) {
            (Some([]), Some(undo)) => undo.redo.push(done),
            (Some([]), None) | (None, _) => {}
            (Some(inverses), _) => undos.push(Undo { inverses: inverses.to_vec(), redo: vec![done] }),
        }
    }
    undos.reverse();
    undos
}

impl Undo {
    /// Takes its statements back.
    fn make(&self, lane: &mut dyn Lane) -> Result<(), Error> {
        for (at, inverse) in self.inverses.iter().enumerate() {
            let mut redo = Some(self.redo_of(at));
            match inverse {
                Inverse::Statement(statement) => {
                    lane.database().note_statement(statement)?;
                    lane.execute(statement, redo.take())?;
                }
                Inverse::Change(change) => {
                    lane.database().note_change(change)?;
                    lane.rendered(change)?.make(change, |statement, _| {
                        lane.execute(statement, Some(redo.take().unwrap_or_default())).map(drop)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What does once more what this inverse took back. As many inverses as statements are taken for their pairs, in reverse order,
    /// so that each can be done once more alone; else the first stands for all.
    fn redo_of(&self, at: usize) -> &[Inverse] {
        match self.redo.len().checked_sub(at + 1) {
            Some(pair) if self.redo.len() == self.inverses.len() => &self.redo[pair..=pair],
            _ if at == 0 => &self.redo,
            _ => &[],
        }
    }
}

/// Statements of a patch that nothing takes back.
pub(super) fn without_inverse(patch: &PatchRow) -> Option<Finding> {
    let without: Vec<&Executed> = patch.statements.iter().filter(|executed| executed.inverse.is_none()).collect();
    let first = &without.first()?.statement.text;
    let message = format!("{} statements of {} can't be taken back, the first: {first}", without.len(), patch.patch);
    Some(Finding::blocker(message).hint("the vendor gave no undo for them; restore the database from a backup instead"))
}

/// What of the database a statement is about.
#[derive(Debug)]
struct Reach {
    /// A table, view or sequence, in lower case.
    name: String,
    what: What,
}

#[derive(Debug)]
enum What {
    /// All of it.
    Whole,
    /// Some columns, in lower case.
    Columns(Vec<String>),
    /// Some rows; all that are known by their key.
    Rows(Option<Vec<Match>>),
}

/// What the statements that go and one that stays have in common, if anything: the name of it.
pub(super) fn in_common(database: &Database, going: &[Executed], staying: &[Executed]) -> Option<String> {
    let gone = reaches(database, going);
    if gone.as_ref().is_some_and(Vec::is_empty) || staying.is_empty() {
        return None;
    }
    let unknown = || "what nobody can tell from its statements".to_owned();
    let (Some(gone), Some(stays)) = (gone, reaches(database, staying)) else { return Some(unknown()) };
    if let Some(reach) = gone.iter().find(|one| stays.iter().any(|other| one.meets(other))) {
        return Some(reach.name.clone());
    }
    // A view, a key or a query may speak of a table that it does not change.
    let rules = &database.info().lexical;
    let spoken: Vec<String> = staying.iter().flat_map(|executed| words(&executed.statement.text, rules)).collect();
    let told = |reach: &&Reach| spoken.contains(&reach.name) && !stays.iter().any(|other| other.name == reach.name);
    gone.iter().find(told).map(|reach| reach.name.clone())
}

/// What statements are about; nothing if that of one can't be told.
fn reaches(database: &Database, statements: &[Executed]) -> Option<Vec<Reach>> {
    let mut reaches = Vec::new();
    for Executed { statement, inverse } in statements {
        let changes: Option<Vec<&Change>> = inverse.as_ref().and_then(|all| all.iter().map(as_change).collect());
        match changes {
            Some(changes) => reaches.extend(changes.into_iter().flat_map(of_change)),
            None => {
                let of = |names: Vec<String>, rows: bool| {
                    names.into_iter().map(move |name| Reach {
                        name: name.to_lowercase(),
                        what: if rows { What::Rows(None) } else { What::Whole },
                    })
                };
                match target(&statement.text, &database.info().lexical) {
                    Target::Structure(names) => reaches.extend(of(names, false)),
                    Target::AllRows(names) | Target::Rows(names) => reaches.extend(of(names, true)),
                    Target::Unknown => return None,
                }
            }
        }
    }
    Some(reaches)
}

fn as_change(inverse: &Inverse) -> Option<&Change> {
    match inverse {
        Inverse::Change(change) => Some(change),
        Inverse::Statement(_) => None,
    }
}

fn of_change(change: &Change) -> Vec<Reach> {
    let columns = |names: &[&String]| What::Columns(names.iter().map(|name| name.to_lowercase()).collect());
    let what = match change {
        Change::DropColumn { column, .. } | Change::AlterColumn { column, .. } => columns(&[column]),
        Change::RenameColumn { column, to, .. } => columns(&[column, to]),
        Change::DeleteRows { condition: Condition(key), .. } => What::Rows(Some(key.clone())),
        _ if change.is_of_rows() => What::Rows(None),
        Change::RenameTable { table, to } => {
            return [table, to].map(|name| Reach { name: name.to_lowercase(), what: What::Whole }).into();
        }
        _ => What::Whole,
    };
    vec![Reach { name: change.target().to_lowercase(), what }]
}

impl Reach {
    /// Whether both are about the same thing, or may be.
    fn meets(&self, other: &Self) -> bool {
        self.name == other.name
            && match (&self.what, &other.what) {
                (What::Columns(one), What::Columns(other)) => one.iter().any(|column| other.contains(column)),
                (What::Rows(Some(one)), What::Rows(Some(other))) => !are_apart(one, other),
                _ => true,
            }
    }
}

/// Whether no row fits both: they want another value of the same column.
fn are_apart(one: &[Match], other: &[Match]) -> bool {
    let exact = |key: &&Match| key.comparison == Comparison::Equal;
    one.iter().filter(exact).any(|one| {
        other.iter().filter(exact).any(|other| {
            // Some databases take upper and lower case, or a number and its digits, for the same.
            let text = |value: &Match| value.value.to_string().to_lowercase();
            one.column.eq_ignore_ascii_case(&other.column) && text(one) != text(other)
        })
    })
}
