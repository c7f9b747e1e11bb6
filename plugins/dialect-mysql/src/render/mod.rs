//! Portable changes in the words of MySQL and MariaDB: each change of a structure is one statement.

mod column;
mod index;
mod options;
mod rows;
mod sequence;
mod table;

use crate::server::Server;
use crate::{bound, defaults, types};
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::schema::{ColumnType, DefaultValue, ForeignKey, OnTarget, Schema, Table};
use patchwright_hooks_api::{Change, Error, ErrorKind, Statement, Value};

/// The statements that make the change.
pub(crate) fn render(change: &Change, server: Server, before: &Schema) -> Result<Vec<Statement>, Error> {
    let target = || {
        before.table(change.target()).ok_or_else(|| Error::missing(format!("there is no table {}", change.target())))
    };
    let words = Words { server };
    if let Some(statement) = sequence::render(words, change)? {
        return Ok(one(statement));
    }
    if change.is_of_rows() {
        return rows::render(words, change, before);
    }
    let actions = match change {
        Change::CreateTable(table) => return words.create_table(table).map(one),
        Change::DropTable { table } => return Ok(one(Statement::new(format!("DROP TABLE {}", words.quoted(table))))),
        Change::RenameTable { table, to } => {
            let (from, to) = (words.quoted(table), words.quoted(to));
            return Ok(one(Statement::new(format!("RENAME TABLE {from} TO {to}"))));
        }
        Change::CreateView { view, query } => {
            let text = format!("CREATE OR REPLACE VIEW {} AS {query}", words.quoted(view));
            return Ok(one(Statement::new(text)));
        }
        Change::DropView { view } => return Ok(one(Statement::new(format!("DROP VIEW {}", words.quoted(view))))),
        Change::AddColumn { column, place, .. } => words.add_column(column, place)?,
        Change::DropColumn { column, .. } => words.drop_column(target()?, column),
        Change::RenameColumn { column, to, .. } => words.rename_column(target()?, column, to)?,
        Change::AlterColumn { column, alteration, .. } => words.alter_column(target()?, column, alteration)?,
        Change::SetComment { column: Some(column), comment, .. } => words.comment_column(target()?, column, comment)?,
        Change::SetComment { column: None, comment, .. } => {
            vec![format!("COMMENT = {}", bound::quoted(comment.as_deref().unwrap_or_default()))]
        }
        Change::SetTableOptions { options, columns, .. } => {
            words.set_table_options(target()?, options, columns.as_deref())?
        }
        Change::AddPrimaryKey { columns, .. } => vec![format!("ADD PRIMARY KEY {}", sql::names(&words, columns))],
        Change::DropPrimaryKey { .. } => words.drop_primary_key(target()?)?,
        Change::CreateIndex { index, .. } => vec![format!("ADD {}", words.index(index, &target()?.columns)?)],
        Change::DropIndex { index, .. } => words.drop_index(target()?, index),
        Change::RenameIndex { index, to, .. } => words.rename_index(target()?, index, to)?,
        Change::AddForeignKey { key, .. } => vec![format!("ADD {}", words.foreign_key(key)?)],
        Change::DropForeignKey { key, .. } => words.drop_foreign_key(target()?, key),
        Change::AddCheck { check, .. } => {
            words.need(server.has_checks(), "checks")?;
            vec![format!("ADD {}", sql::check(&words, check))]
        }
        Change::DropCheck { check, .. } => {
            let kind = if server.is_mariadb() { "CONSTRAINT" } else { "CHECK" };
            vec![format!("DROP {kind} {}", words.quoted(check))]
        }
        other => return Err(unsupported(format!("MySQL can't {other}"))),
    };
    let text = format!("ALTER TABLE {} {}", words.quoted(change.target()), actions.join(", "));
    Ok(one(Statement::new(text)))
}

/// How one server says things.
#[derive(Clone, Copy)]
struct Words {
    server: Server,
}

impl Spelling for Words {
    fn quoted(&self, name: &str) -> String {
        format!("`{}`", name.replace('`', "``"))
    }

    fn column_type(&self, kind: &ColumnType) -> Result<String, Error> {
        types::spelled(kind)
    }

    fn literal(&self, value: &Value, kind: &ColumnType) -> Result<String, Error> {
        defaults::spelled(&DefaultValue::Literal(value.clone()), kind)
    }

    fn numbered(&self) -> &'static str {
        "AUTO_INCREMENT"
    }
}

impl Words {
    fn need(self, has: bool, what: &str) -> Result<(), Error> {
        if has { Ok(()) } else { Err(unsupported(format!("this server has no {what}"))) }
    }

    fn foreign_key(self, key: &ForeignKey) -> Result<String, Error> {
        if [key.on_delete, key.on_update].contains(&OnTarget::SetDefault) {
            return Err(unsupported(format!("InnoDB can't set a default, as the foreign key {} wants it", key.name)));
        }
        Ok(sql::foreign_key(&self, key))
    }
}

fn one(statement: Statement) -> Vec<Statement> {
    vec![statement]
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message).hint("write the change as <sql> for the dialect mysql")
}

/// Whether names are the same: of columns and keys they are, in any case.
fn same(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}

/// Whether the index, or key, that is made of these columns begins with those.
fn begins_with(columns: &[&str], with: &[String]) -> bool {
    columns.len() >= with.len() && columns.iter().zip(with).all(|(column, wanted)| same(column, wanted))
}

/// The columns of the primary key, as those of an index.
fn key_columns(table: &Table) -> Vec<&str> {
    table.primary_key.iter().map(String::as_str).collect()
}
