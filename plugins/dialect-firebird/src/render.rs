//! Portable changes in Firebird's words.

mod column;
mod rows;

use crate::{catalog, defaults, names, types};
use patchwright_hooks_api::change::Place;
use patchwright_hooks_api::change::sql::{self, Spelling, quoted_text};
use patchwright_hooks_api::schema::{Column, ColumnType, Index, PartSource, Sequence, Table};
use patchwright_hooks_api::{Change, Error, ErrorKind, Schema, ServerInfo, Statement, Value};

/// Firebird's spelling.
pub(crate) struct Words;

impl Spelling for Words {
    fn quoted(&self, name: &str) -> String {
        names::quoted(name)
    }

    fn column_type(&self, kind: &ColumnType) -> Result<String, Error> {
        types::words(&types::stored(kind))
    }

    fn literal(&self, value: &Value, kind: &ColumnType) -> Result<String, Error> {
        defaults::literal(value, kind)
    }
}

/// The statements that do a change, each of which commits by itself where it changes the structure.
pub(crate) fn render(change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
    Ok(match change {
        Change::CreateTable(table) => create_table(table)?,
        Change::DropTable { table } => vec![statement(format!("DROP TABLE {}", names::quoted(table)))],
        Change::RenameTable { .. } => {
            return Err(unsupported("Firebird can't rename a table", "make a new table and copy the rows into it"));
        }
        Change::AddColumn { table, column, place } => add_column(table, column, place, before)?,
        Change::DropColumn { table, column } => vec![alter(table, format!("DROP {}", names::quoted(column)))],
        Change::RenameColumn { table, column, to } => column::rename(known(before, table)?, column, to)?,
        Change::AlterColumn { table, column, alteration } => column::alter(known(before, table)?, column, alteration)?,
        Change::AddPrimaryKey { table, columns } => add_primary_key(known(before, table)?, columns),
        Change::DropPrimaryKey { table } => vec![drop_primary_key(known(before, table)?)?],
        Change::CreateIndex { table, index } => vec![create_index(known(before, table)?, index)?],
        Change::DropIndex { table, index } => vec![drop_index(known(before, table)?, index)?],
        Change::RenameIndex { table, index, to } => {
            let table = known(before, table)?;
            let renamed = Index { name: to.clone(), ..known_index(table, index)?.clone() };
            vec![drop_index(table, index)?, create_index(table, &renamed)?]
        }
        Change::AddForeignKey { table, key } => {
            names::check(&key.name)?;
            vec![alter(table, format!("ADD {}", sql::foreign_key(&Words, key)))]
        }
        Change::AddCheck { table, check } => {
            names::check(&check.name)?;
            vec![alter(table, format!("ADD {}", sql::check(&Words, check)))]
        }
        Change::DropForeignKey { table, key: name } | Change::DropCheck { table, check: name } => {
            vec![alter(table, format!("DROP CONSTRAINT {}", names::quoted(name)))]
        }
        Change::CreateView { view, query } => {
            names::check(view)?;
            vec![statement(format!("CREATE OR ALTER VIEW {} AS {query}", names::quoted(view)))]
        }
        Change::DropView { view } => vec![statement(format!("DROP VIEW {}", names::quoted(view)))],
        Change::CreateSequence(Sequence { name, start, increment, .. }) => {
            names::check(name)?;
            let start = first(*start, *increment, server);
            let name = names::quoted(name);
            vec![statement(format!("CREATE SEQUENCE {name} START WITH {start} INCREMENT BY {increment}"))]
        }
        Change::DropSequence { sequence } => vec![statement(format!("DROP SEQUENCE {}", names::quoted(sequence)))],
        Change::RenameSequence { .. } => {
            return Err(unsupported(
                "Firebird can't rename a sequence",
                "make a new one that starts where the old one is",
            ));
        }
        Change::RestartSequence { sequence, at } => {
            let increment = before.sequence(sequence).map_or(1, |known| known.increment);
            let name = names::quoted(sequence);
            // ALTER SEQUENCE would change where the sequence starts as well; this tells what it has reached.
            let reached = at.saturating_sub(increment);
            vec![Statement {
                // The structure doesn't show it.
                probe: Some(format!("SELECT GEN_ID({name}, 0) FROM RDB$DATABASE")),
                ..statement(format!("SET GENERATOR {name} TO {reached}"))
            }]
        }
        Change::SetComment { table, column, comment } => {
            vec![set_comment(table, column.as_deref(), comment.as_deref())]
        }
        // Firebird's tables are all alike.
        Change::SetTableOptions { .. } => Vec::new(),
        other => rows::render(other, before)?,
    })
}

/// What stands for the first number that a sequence gives out.
fn first(number: i64, increment: i64, server: &ServerInfo) -> i64 {
    if catalog::is_before_4(&server.version) { number - increment } else { number }
}

fn create_table(table: &Table) -> Result<Vec<Statement>, Error> {
    let constraints =
        table.foreign_keys.iter().map(|key| &key.name).chain(table.checks.iter().map(|check| &check.name));
    let columns = table.columns.iter().map(|column| &column.name);
    std::iter::once(&table.name).chain(columns).chain(constraints).try_for_each(|name| names::check(name))?;
    let columns = table.columns.iter().map(column::definition).collect::<Result<_, _>>()?;
    let mut statements = vec![sql::create_table_of(&Words, table, columns)];
    for index in &table.indexes {
        statements.push(create_index(table, index)?);
    }
    if table.comment.is_some() {
        statements.push(set_comment(&table.name, None, table.comment.as_deref()));
    }
    let commented = table.columns.iter().filter(|column| column.comment.is_some());
    statements.extend(commented.map(|column| set_comment(&table.name, Some(&column.name), column.comment.as_deref())));
    Ok(statements)
}

fn add_column(table: &str, column: &Column, place: &Place, before: &Schema) -> Result<Vec<Statement>, Error> {
    names::check(&column.name)?;
    let mut statements = vec![alter(table, format!("ADD {}", column::definition(column)?))];
    let position = match place {
        Place::Last => None,
        Place::First => Some(1),
        Place::After(name) => {
            let columns = &known(before, table)?.columns;
            columns.iter().position(|known| known.name.eq_ignore_ascii_case(name)).map(|at| at + 2)
        }
    };
    statements.extend(position.map(|position| column::move_to(table, &column.name, position)));
    if column.comment.is_some() {
        statements.push(set_comment(table, Some(&column.name), column.comment.as_deref()));
    }
    Ok(statements)
}

fn add_primary_key(table: &Table, columns: &[String]) -> Vec<Statement> {
    let may_be_null = |name: &&String| table.column(name).is_some_and(|column| column.null);
    let not_null = columns.iter().filter(may_be_null).map(|name| column::set_null(&table.name, name, false));
    let key = alter(&table.name, format!("ADD PRIMARY KEY {}", sql::names(&Words, columns)));
    not_null.chain(std::iter::once(key)).collect()
}

/// Firebird gives a key its name; the catalog has read it.
fn drop_primary_key(table: &Table) -> Result<Statement, Error> {
    let name =
        table.text.as_deref().ok_or_else(|| Error::missing(format!("the table {} has no primary key", table.name)))?;
    Ok(alter(&table.name, format!("DROP CONSTRAINT \"{name}\"")))
}

fn create_index(table: &Table, index: &Index) -> Result<Statement, Error> {
    names::check(&index.name)?;
    let is_long = |column: &&Column| matches!(types::stored(&column.kind), ColumnType::Text(_) | ColumnType::Blob(_));
    let mut columns = index.parts.iter().filter_map(|part| table.column(part.as_column()?));
    if let Some(column) = columns.find(is_long) {
        let message = format!("Firebird can't index {}, a column of any length", column.name);
        return Err(unsupported(message, "give it a varchar, or index an expression such as SUBSTRING(…)"));
    }
    if index.filter.is_some() {
        return Err(unsupported("Firebird 3 has no index with a filter", "leave the filter out, or the index"));
    }
    let descending = index.parts.iter().filter(|part| part.descending).count();
    if descending != 0 && descending != index.parts.len() {
        return Err(unsupported(
            "an index of Firebird's descends as a whole or not at all",
            "let all of its columns descend, or none",
        ));
    }
    let parts: Vec<&PartSource> = index.parts.iter().map(|part| &part.source).collect();
    let of = match parts[..] {
        [PartSource::Expression(text)] => format!("COMPUTED BY ({text})"),
        _ => {
            let column = |part: &&PartSource| match part {
                PartSource::Column(name) => Ok(name.clone()),
                PartSource::Expression(_) => Err(unsupported(
                    "an index of Firebird's is made of columns or of one expression",
                    "make an index for each expression",
                )),
            };
            sql::names(&Words, &parts.iter().map(column).collect::<Result<Vec<_>, _>>()?)
        }
    };
    Ok(statement(format!(
        "CREATE {}{}INDEX {} ON {} {of}",
        if index.unique { "UNIQUE " } else { "" },
        if descending > 0 { "DESCENDING " } else { "" },
        names::quoted(&index.name),
        names::quoted(&table.name),
    )))
}

fn drop_index(table: &Table, name: &str) -> Result<Statement, Error> {
    let quoted = names::quoted(name);
    Ok(if known_index(table, name)?.constraint {
        alter(&table.name, format!("DROP CONSTRAINT {quoted}"))
    } else {
        statement(format!("DROP INDEX {quoted}"))
    })
}

fn set_comment(table: &str, column: Option<&str>, comment: Option<&str>) -> Statement {
    let words = comment.map_or_else(|| "NULL".to_owned(), quoted_text);
    let table = names::quoted(table);
    statement(match column {
        Some(column) => format!("COMMENT ON COLUMN {table}.{} IS {words}", names::quoted(column)),
        None => format!("COMMENT ON TABLE {table} IS {words}"),
    })
}

fn alter(table: &str, what: impl std::fmt::Display) -> Statement {
    statement(format!("ALTER TABLE {} {what}", names::quoted(table)))
}

fn statement(text: String) -> Statement {
    Statement::new(text)
}

fn known<'a>(before: &'a Schema, table: &str) -> Result<&'a Table, Error> {
    before.table(table).ok_or_else(|| Error::missing(format!("there is no table {table}")))
}

fn known_index<'a>(table: &'a Table, index: &str) -> Result<&'a Index, Error> {
    table.index(index).ok_or_else(|| Error::missing(format!("the table {} has no index {index}", table.name)))
}

fn unsupported(message: impl Into<String>, hint: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message).hint(hint)
}
