//! A change against a live database: how it stands, what would run, and what takes it back.

use super::{Change, Standing};
use crate::dialect::{Connection, Dialect, ServerInfo, Statement};
use crate::error::Error;
use crate::schema::Schema;
use serde::{Deserialize, Serialize};

/// What a change comes to on one database, as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rendered {
    /// How it stands to what the database is already.
    pub standing: Standing,
    /// The statements that do it; none unless it is to be done.
    pub statements: Vec<Statement>,
    /// The changes that take it back, `None` if nothing does, empty if there is nothing to take back.
    pub inverse: Option<Vec<Change>>,
}

/// Looks at the database, and says the change in its words. Changes nothing.
///
/// # Errors
/// When the database can't be asked, a value does not suit its column, or the dialect can't do the change.
pub fn rendered(change: &Change, dialect: &dyn Dialect, connection: &mut dyn Connection) -> Result<Rendered, Error> {
    let before = connection.introspect(Some(&change.names()))?;
    rendered_for(change, dialect, &connection.server()?, &before)
}

/// Says the change in the words of a server, for a schema that holds at least what [`Change::names`] names as far as it is there.
///
/// # Errors
/// When a value does not suit its column, or the dialect can't do the change.
pub fn rendered_for(
    change: &Change,
    dialect: &dyn Dialect,
    server: &ServerInfo,
    before: &Schema,
) -> Result<Rendered, Error> {
    let change = match before.table(change.target()) {
        Some(table) => change.typed_by(table)?,
        None => change.clone(),
    };
    let standing = change.standing(before, &|table| dialect.stored(table));
    if standing != Standing::ToDo {
        return Ok(Rendered { standing, statements: Vec::new(), inverse: Some(Vec::new()) });
    }
    let statements = dialect.render(&change, server, before)?;
    let inverse = if statements.is_empty() { Some(Vec::new()) } else { change.inverse(before) };
    Ok(Rendered { standing, statements, inverse })
}
