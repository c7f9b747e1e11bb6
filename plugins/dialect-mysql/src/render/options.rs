//! What a whole table is set to.

use super::{Words, same, unsupported};
use crate::{charset, types};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::schema::{Column, Table, TableOptions};

impl Words {
    /// Sets a table's options in one statement. Its columns of text are stated anew, each with its own type.
    ///
    /// Never by CONVERT TO: that makes longer texts of texts when a character needs more bytes, and takes columns with a
    /// collation of their own along. A value that doesn't fit any more is refused by the server, and nothing is cut off.
    pub(super) fn set_table_options(
        self,
        table: &Table,
        options: &TableOptions,
        columns: Option<&[String]>,
    ) -> Result<Vec<String>, Error> {
        let spelled = |name: &Option<String>| name.as_ref().map(|name| charset::spelled(name, self.server));
        let (set, collation) = (spelled(&options.charset), spelled(&options.collation));
        let mut actions = Vec::new();
        if options.are_of_texts() {
            let set_words = set.as_ref().map(|set| format!(" CHARACTER SET {set}")).unwrap_or_default();
            let collation_words = collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
            actions.push(format!("DEFAULT{set_words}{collation_words}"));
            for column in table.columns.iter().filter(|column| follows(column, columns)) {
                refuse_key(table, column)?;
                actions.push(self.modify_text(table, column, set.as_ref(), collation.as_ref())?);
            }
        }
        if let Some(engine) = &options.engine {
            actions.push(format!("ENGINE = {engine}"));
        }
        Ok(actions)
    }
}

/// Whether the column gets what its table is set to: one of text, and with the table's collation until now or named.
fn follows(column: &Column, named: Option<&[String]>) -> bool {
    let is_named = match named {
        Some(named) => named.iter().any(|name| same(name, &column.name)),
        None => column.collation.is_none(),
    };
    is_named && types::is_textual(&column.kind)
}

/// The server lets no column be converted that a foreign key compares with another.
fn refuse_key(table: &Table, column: &Column) -> Result<(), Error> {
    let has_column = |columns: &[String]| columns.iter().any(|name| same(name, &column.name));
    match table.foreign_keys.iter().find(|key| has_column(&key.columns)) {
        None => Ok(()),
        Some(key) => Err(unsupported(format!(
            "MySQL can't convert {}, since the foreign key {} compares it with a column of {}",
            column.name, key.name, key.table
        ))
        .hint("drop the foreign key before, and add it again once both tables are converted")),
    }
}
