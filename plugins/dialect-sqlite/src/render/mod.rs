//! Says portable changes in SQLite's words: by ALTER TABLE where that does it rightly, else by a table made anew.

mod edit;
mod proof;
mod rebuild;
#[cfg(test)]
mod tests;
mod words;

use crate::definition::{Cursor, Definition, IndexDefinition};
use crate::schema;
use patchwright_hooks_api::change::{OnConflict, sql};
use patchwright_hooks_api::schema::{Column, ColumnType, DefaultValue, Index, PartSource, Schema, Table};
use patchwright_hooks_api::statements::TokenKind;
use patchwright_hooks_api::{Change, Error, ErrorKind, ServerInfo, Statement, Value};
use proof::Proof;
use words::Words;

/// The versions from which SQLite can do these itself.
const RENAMES_COLUMNS: (u32, u32) = (3, 25);
const RENAMES_IN_KEYS: (u32, u32) = (3, 26);
const DROPS_COLUMNS: (u32, u32) = (3, 35);
const UPDATES_ON_ANY_CONFLICT: (u32, u32) = (3, 35);

/// The statements for a change that is to be done.
pub(crate) fn render(change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
    let version = version(server);
    let known = || {
        let name = change.target();
        before.table(name).ok_or_else(|| Error::missing(format!("there is no table {name}")))
    };
    match change {
        Change::CreateTable(table) => create_table(table),
        Change::DropTable { table } => {
            let drop = Statement::new(format!("DROP TABLE {}", Words::quoted(table)));
            Ok(Proof::references_to(table).around(vec![drop]))
        }
        Change::RenameTable { table, to } => {
            since(version, RENAMES_IN_KEYS, change)?;
            one(format!("ALTER TABLE {} RENAME TO {}", Words::quoted(table), Words::quoted(to)))
        }
        Change::AddColumn { column, .. } => add_column(change, known()?, column),
        Change::DropColumn { column, .. } => drop_column(change, known()?, column, version),
        Change::RenameColumn { table, column, to } => {
            since(version, RENAMES_COLUMNS, change)?;
            let [table, column, to] = [table, column, to].map(|name| Words::quoted(name));
            one(format!("ALTER TABLE {table} RENAME COLUMN {column} TO {to}"))
        }
        Change::AlterColumn { .. }
        | Change::AddPrimaryKey { .. }
        | Change::DropPrimaryKey { .. }
        | Change::AddForeignKey { .. }
        | Change::DropForeignKey { .. }
        | Change::AddCheck { .. }
        | Change::DropCheck { .. } => rebuild::rebuild(change, known()?),
        Change::CreateIndex { table, index } => Ok(vec![create_index(table, index)]),
        Change::DropIndex { table, index } => match known()?.index(index) {
            Some(Index { constraint: true, .. }) => rebuild::rebuild(change, known()?),
            known => {
                let drop = vec![Statement::new(format!("DROP INDEX {}", Words::quoted(index)))];
                // Foreign keys of other tables may need it.
                let unique = known.is_some_and(|index| index.unique);
                Ok(if unique { Proof::references_to(table).around(drop) } else { drop })
            }
        },
        Change::RenameIndex { table, index, to } => match known()?.index(index) {
            Some(Index { constraint: true, .. }) => rebuild::rebuild(change, known()?),
            Some(known) => rename_index(table, known, to),
            None => Err(Error::missing(format!("the table {table} has no index {index}"))),
        },
        Change::CreateView { view, query } => {
            let mut statements = if before.view(view).is_some() { drop_view(view) } else { Vec::new() };
            statements.push(Statement::new(format!("CREATE VIEW {} AS {query}", Words::quoted(view))));
            Ok(statements)
        }
        Change::DropView { view } => Ok(drop_view(view)),
        // SQLite keeps no remarks, and its tables are all alike.
        Change::SetComment { .. } | Change::SetTableOptions { .. } => Ok(Vec::new()),
        Change::InsertRows { columns, rows, on_conflict, .. } => {
            insert_rows(known()?, columns, rows, *on_conflict, version)
        }
        Change::UpdateRows { table, set, condition, .. } => Ok(vec![sql::update(&Words::LOOSE, table, set, condition)]),
        Change::DeleteRows { table, condition } => Ok(vec![sql::delete(&Words::LOOSE, table, condition)]),
        Change::TruncateTable { .. } => Ok(truncate_table(known()?)),
        Change::CopyRows { from, table, set, condition } => {
            Ok(vec![sql::copy(&Words::LOOSE, from, table, set, condition)])
        }
        Change::CreateSequence(_)
        | Change::DropSequence { .. }
        | Change::RenameSequence { .. }
        | Change::RestartSequence { .. } => {
            Err(Error::new(ErrorKind::Unsupported, format!("can't {change}: SQLite has no sequences"))
                .hint("let the column number its rows (auto), or say by if-server for which database the sequence is"))
        }
        _ => Err(unsupported(change, "nothing in SQLite does it")),
    }
}

fn create_table(table: &Table) -> Result<Vec<Statement>, Error> {
    let mut table = schema::stored(table);
    let numbered = table.columns.iter().find(|column| column.auto).map(|column| column.name.clone());
    if let Some(name) = numbered {
        if !matches!(table.primary_key.as_slice(), [key] if key.eq_ignore_ascii_case(&name)) {
            return Err(only_a_key_numbers(&table.name, &name));
        }
        // It stands with the column.
        table.primary_key.clear();
    }
    let columns = table.columns.iter().map(|column| Words::LOOSE.column(column)).collect::<Result<_, Error>>()?;
    let mut statements = vec![sql::create_table_of(&Words::LOOSE, &table, columns)];
    statements.extend(table.indexes.iter().map(|index| create_index(&table.name, index)));
    Ok(statements)
}

fn add_column(change: &Change, table: &Table, column: &Column) -> Result<Vec<Statement>, Error> {
    if column.auto {
        return Err(only_a_key_numbers(&table.name, &column.name));
    }
    let is_constant = matches!(&column.default, None | Some(DefaultValue::Literal(_)));
    let has_value = matches!(&column.default, Some(DefaultValue::Literal(value)) if !value.is_null());
    if !is_constant || !(column.null || has_value) {
        return rebuild::rebuild(change, table);
    }
    let text = Words::of(table).column(column)?;
    one(format!("ALTER TABLE {} ADD COLUMN {text}", Words::quoted(&table.name)))
}

fn drop_column(change: &Change, table: &Table, column: &str, version: (u32, u32)) -> Result<Vec<Statement>, Error> {
    if let Some(user) = user_of(table, column) {
        return Err(Error::conflict(format!("can't {change}: {user} needs it")).hint("drop that first"));
    }
    if version < DROPS_COLUMNS {
        return rebuild::rebuild(change, table);
    }
    one(format!("ALTER TABLE {} DROP COLUMN {}", Words::quoted(&table.name), Words::quoted(column)))
}

/// What of the table can't be without the column.
fn user_of(table: &Table, column: &str) -> Option<String> {
    let is_it = |name: &String| name.eq_ignore_ascii_case(column);
    let in_index = |index: &&Index| {
        let in_part = |source: &PartSource| match source {
            PartSource::Column(name) => is_it(name),
            PartSource::Expression(text) => mentions(text, column),
        };
        index.parts.iter().any(|part| in_part(&part.source))
            || index.filter.as_ref().is_some_and(|filter| mentions(filter, column))
    };
    let is_computed_of_it = |other: &&Column| {
        !is_it(&other.name) && matches!(&other.kind, ColumnType::Native(text) if mentions(text, column))
    };
    let own_checks = checks_of_column(table, column);
    if table.primary_key.iter().any(is_it) {
        return Some("the primary key".to_owned());
    }
    None.or_else(|| table.indexes.iter().find(in_index).map(|index| format!("the index {}", index.name)))
        .or_else(|| {
            let key = table.foreign_keys.iter().find(|key| key.columns.iter().any(is_it));
            key.map(|key| format!("the foreign key {}", key.name))
        })
        .or_else(|| {
            let mut checks = table.checks.iter().filter(|check| !own_checks.contains(&check.name));
            checks.find(|check| mentions(&check.condition, column)).map(|check| format!("the check {}", check.name))
        })
        .or_else(|| table.columns.iter().find(is_computed_of_it).map(|other| format!("the column {}", other.name)))
}

/// The checks that stand in the definition of that column, and go with it.
fn checks_of_column(table: &Table, column: &str) -> Vec<String> {
    let Some(text) = &table.text else { return Vec::new() };
    let Ok(definition) = Definition::read(text) else { return Vec::new() };
    let Some(range) = definition.column(column).map(|column| column.range.clone()) else { return Vec::new() };
    let checks = schema::checks(text, &definition).into_iter();
    checks.filter(|(_, at)| range.start <= at.start && at.end <= range.end).map(|(name, _)| name).collect()
}

/// Whether the SQL has that name in it.
fn mentions(text: &str, name: &str) -> bool {
    let Ok(mut cursor) = Cursor::new(text) else { return true };
    while let Some(token) = cursor.next() {
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
        if is_name && crate::definition::unquoted(token.text).eq_ignore_ascii_case(name) {
            return true;
        }
    }
    false
}

/// By the text that made it once, if there is one and it still says the same: it knows collations.
fn create_index(table: &str, index: &Index) -> Statement {
    let says_the_same = |text: &&String| {
        let on_it = IndexDefinition::read(text).is_ok_and(|known| known.table.eq_ignore_ascii_case(table));
        // Names of columns may be written in another case there.
        let same = |known: Index| known.to_string().eq_ignore_ascii_case(&index.to_string());
        on_it && schema::index(&index.name, text).is_ok_and(same)
    };
    match index.text.as_ref().filter(says_the_same) {
        Some(text) => Statement::new(text),
        None => sql::create_index(&Words::LOOSE, table, index),
    }
}

fn rename_index(table: &str, index: &Index, to: &str) -> Result<Vec<Statement>, Error> {
    let create = match &index.text {
        Some(text) => {
            let mut text = text.clone();
            let name = IndexDefinition::read(&text)?.name;
            text.replace_range(name, &Words::quoted(to));
            Statement::new(text)
        }
        None => sql::create_index(&Words::LOOSE, table, &Index { name: to.to_owned(), ..index.clone() }),
    };
    Ok(vec![Statement::new(format!("DROP INDEX {}", Words::quoted(&index.name))), create])
}

/// Drops a view, unless its triggers would go with it: they let it be written to, and nobody could bring them back.
fn drop_view(view: &str) -> Vec<Statement> {
    let mut statements = Proof::no_triggers_on(view).before();
    statements.push(Statement::new(format!("DROP VIEW {}", Words::quoted(view))));
    statements
}

fn insert_rows(
    table: &Table,
    columns: &[String],
    rows: &[Vec<Value>],
    on_conflict: OnConflict,
    version: (u32, u32),
) -> Result<Vec<Statement>, Error> {
    let conflict = match on_conflict {
        OnConflict::Fail => String::new(),
        OnConflict::Ignore => "ON CONFLICT DO NOTHING".to_owned(),
        OnConflict::Update => on_conflict_update(table, columns, version)?,
    };
    Ok(sql::insert(&Words::LOOSE, &table.name, columns, rows, &conflict))
}

/// SQLite has no word for it, and counts on unless its own table forgets where it was.
fn truncate_table(table: &Table) -> Vec<Statement> {
    let mut statements = vec![Statement::new(format!("DELETE FROM {}", Words::quoted(&table.name)))];
    if table.columns.iter().any(|column| column.auto) {
        let name = sql::quoted_text(&table.name);
        statements.push(Statement::new(format!("DELETE FROM sqlite_sequence WHERE name = {name} COLLATE NOCASE")));
    }
    Proof::references_to(&table.name).around(statements)
}

/// The row that is there keeps its primary key and gets the rest.
fn on_conflict_update(table: &Table, columns: &[String], version: (u32, u32)) -> Result<String, Error> {
    let in_key = |name: &&String| table.primary_key.iter().any(|key| key.eq_ignore_ascii_case(name));
    let set: Vec<String> = columns
        .iter()
        .filter(|name| !in_key(name))
        .map(|name| format!("{0} = excluded.{0}", Words::quoted(name)))
        .collect();
    if set.is_empty() {
        return Ok("ON CONFLICT DO NOTHING".to_owned());
    }
    if version < UPDATES_ON_ANY_CONFLICT {
        return Err(Error::new(ErrorKind::Unsupported, "this SQLite can't update rows on any conflict")
            .hint("it can from version 3.35"));
    }
    Ok(format!("ON CONFLICT DO UPDATE SET {}", set.join(", ")))
}

fn one(text: String) -> Result<Vec<Statement>, Error> {
    Ok(vec![Statement::new(text)])
}

/// The first two numbers of the version.
fn version(server: &ServerInfo) -> (u32, u32) {
    let mut numbers = server.version.split('.').map(|number| number.parse().unwrap_or_default());
    (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default())
}

fn since(version: (u32, u32), wanted: (u32, u32), change: &Change) -> Result<(), Error> {
    if version >= wanted {
        return Ok(());
    }
    let (major, minor) = wanted;
    Err(unsupported(change, &format!("SQLite can do it from version {major}.{minor}")))
}

fn unsupported(change: &Change, why: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("can't {change}: {why}"))
        .hint("write the change as <sql> for this dialect")
}

fn only_a_key_numbers(table: &str, column: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the column {column} of {table} can't be numbered: SQLite numbers a primary key of one column alone"),
    )
    .hint("make it the primary key when the table is made, or leave out auto")
}
