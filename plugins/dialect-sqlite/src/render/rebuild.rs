//! Makes a table anew, for what ALTER TABLE can't do (<https://www.sqlite.org/lang_altertable.html#otheralter>).
//!
//! 1. The table's own text is edited, and read again: it must say what the change wants, or nothing happens.
//! 2. A table is made of it beside the old one; the rows are copied, with their rowids, and the counter of AUTOINCREMENT.
//! 3. The old one is dropped and the new one gets its name. `legacy_alter_table` keeps SQLite from minding views that have
//!    no table for a moment, and from following the name into other tables' keys, which mean the old name.
//! 4. Indexes and triggers are made again, by their own texts.
//! 5. `foreign_key_check` must find no more than before.

use super::edit::edited;
use super::proof::Proof;
use super::unsupported;
use super::words::Words;
use crate::definition::Definition;
use crate::{schema, types};
use patchwright_hooks_api::change::Place;
use patchwright_hooks_api::change::sql::quoted_text;
use patchwright_hooks_api::schema::{Schema, Table, table_differences};
use patchwright_hooks_api::{Change, Error, Statement};

/// What the name of the new table begins with, until it gets the old one's.
const NEW: &str = "patchwright_new_";
/// What a rowid can be called, as long as no column has that name.
const ROWIDS: [&str; 3] = ["rowid", "_rowid_", "oid"];

/// The statements that change the table by making it anew.
pub(super) fn rebuild(change: &Change, before: &Table) -> Result<Vec<Statement>, Error> {
    // A table that is only thought of has no text yet.
    let text = &match &before.text {
        Some(text) => text.clone(),
        None => super::create_table(before)?.remove(0).text,
    };
    let change = &placed_last(change);
    let unread = |error: Error| unsupported(change, &format!("its definition can't be read: {}", error.message));
    let old = Definition::read(text).map_err(unread)?;
    let after = wanted(change, before)?;
    let new_text = edited(change, text, &old, before, &after)?;
    let new = Definition::read(&new_text)?;
    must_say(change, &after, &schema::table(&before.name, &new_text, &new))?;

    let table = Words::quoted(&before.name);
    let copy = format!("{NEW}{}", before.name);
    let mut create = new_text.clone();
    create.replace_range(new.name.clone(), &Words::quoted(&copy));
    let mut statements = vec![Statement::new(create)];
    if new.primary_key().is_some_and(|(_, auto)| auto) {
        // Before the rows: SQLite then goes on counting from there.
        let [old_name, new_name] = [&before.name, &copy].map(|name| quoted_text(name));
        statements.push(Statement::new(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {new_name}, seq FROM sqlite_sequence WHERE name = {old_name}"
        )));
    }
    statements.push(copy_rows(change, &before.name, &copy, (text, &old), (&new_text, &new)));
    statements.push(Statement::new(format!("DROP TABLE {table}")));
    statements.push(Statement::new("PRAGMA legacy_alter_table = ON"));
    statements.push(Statement::new(format!("ALTER TABLE {} RENAME TO {table}", Words::quoted(&copy))));
    statements.push(Statement::new("PRAGMA legacy_alter_table = OFF"));
    let indexes = before.indexes.iter().filter(|index| !index.constraint);
    statements.extend(indexes.map(|index| match &index.text {
        Some(text) => Statement::new(text),
        None => super::create_index(&before.name, index),
    }));
    statements.extend(before.triggers.iter().map(|trigger| Statement::new(&trigger.text)));

    let mut all = key_without_null(change, before);
    all.extend(Proof::references_to(&before.name).around(statements));
    all.extend(values_fit(change, before, &after));
    Ok(all)
}

/// A new column stands last in SQLite, whichever way it is added.
fn placed_last(change: &Change) -> Change {
    let mut change = change.clone();
    if let Change::AddColumn { place, .. } = &mut change {
        *place = Place::Last;
    }
    change
}

/// The table as the change wants it.
fn wanted(change: &Change, before: &Table) -> Result<Table, Error> {
    let schema = Schema { tables: vec![before.clone()], ..Schema::default() };
    let after = change.applied_to(&schema)?;
    let table = after.table(&before.name).ok_or_else(|| unsupported(change, "it makes no table anew"))?;
    Ok(schema::stored(table))
}

/// Makes sure that the edited text says what the change wants, as far as the text says it.
fn must_say(change: &Change, after: &Table, said: &Table) -> Result<(), Error> {
    let mut after = after.clone();
    after.indexes.retain(|index| index.constraint);
    after.triggers.clear();
    let mut said = said.clone();
    for key in &mut said.foreign_keys {
        if let Some(wanted) = after.foreign_key(&key.name) {
            // The text may leave out the targets, and write the table's name in another case.
            if key.targets.is_empty() {
                key.targets.clone_from(&wanted.targets);
            }
            if key.table.eq_ignore_ascii_case(&wanted.table) {
                key.table.clone_from(&wanted.table);
            }
        }
    }
    // A check of a column goes with it.
    if matches!(change, Change::DropColumn { .. }) {
        after.checks.clone_from(&said.checks);
    }
    let differences = table_differences(&after, &said);
    if differences.is_empty() {
        return Ok(());
    }
    Err(unsupported(
        change,
        &format!("its definition can't be edited so that it says that: {}", differences.join("; ")),
    ))
}

/// INSERT of all that both tables have, as it is.
fn copy_rows(
    change: &Change,
    from: &str,
    to: &str,
    (old_text, old): (&str, &Definition),
    (new_text, new): (&str, &Definition),
) -> Statement {
    let mut targets = Vec::new();
    let mut sources = Vec::new();
    for column in new.columns.iter().filter(|column| !column.is_generated()) {
        let Some(known) = old.column(&column.name) else { continue };
        targets.push(Words::quoted(&column.name));
        sources.push(match change {
            Change::AlterColumn { column: altered, alteration, .. } if known.name.eq_ignore_ascii_case(altered) => {
                alteration.using.as_ref().map_or_else(|| Words::quoted(&known.name), |using| format!("({using})"))
            }
            _ => Words::quoted(&known.name),
        });
    }
    // A column that is the rowid brings it along.
    if new.rowid_alias(new_text).is_none() && !new.without_rowid && !old.without_rowid {
        let free = |name: &&&str| new.column(name).is_none() && old.column(name).is_none();
        if let Some(rowid) = ROWIDS.iter().find(free) {
            targets.insert(0, (*rowid).to_owned());
            sources.insert(
                0,
                old.rowid_alias(old_text).map_or_else(|| (*rowid).to_owned(), |alias| Words::quoted(&alias.name)),
            );
        }
    }
    let (to, from) = (Words::quoted(to), Words::quoted(from));
    Statement::new(format!("INSERT INTO {to} ({}) SELECT {} FROM {from}", targets.join(", "), sources.join(", ")))
}

/// A key that is the rowid would number the rows that have none.
fn key_without_null(change: &Change, before: &Table) -> Vec<Statement> {
    let Change::AddPrimaryKey { table, columns } = change else { return Vec::new() };
    let is_null: Vec<String> = columns
        .iter()
        .filter(|name| before.column(name).is_some_and(|column| column.null))
        .map(|name| format!("{} IS NULL", Words::quoted(name)))
        .collect();
    if is_null.is_empty() {
        return Vec::new();
    }
    Proof::no_row(table, &is_null.join(" OR "), format!("rows of {table} have no value for their primary key")).before()
}

/// SQLite keeps text in a column of numbers where it can't make one of it; other databases refuse the change.
fn values_fit(change: &Change, before: &Table, after: &Table) -> Vec<Statement> {
    let Change::AlterColumn { table, column, .. } = change else { return Vec::new() };
    let (Some(old), Some(new)) = (before.column(column), after.column(column)) else { return Vec::new() };
    if types::is_numeric(&old.kind) || !types::is_numeric(&new.kind) {
        return Vec::new();
    }
    let condition = format!("typeof({}) IN ('text', 'blob')", Words::quoted(column));
    Proof::no_row(table, &condition, format!("values of {column} in {table} are no {}", new.kind)).before()
}
