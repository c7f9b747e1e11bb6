//! A table as the catalog reads it back.

use crate::{defaults, types};
use patchwright_hooks_api::schema::{Table, TableOptions};

/// The table in the form in which Firebird keeps it.
pub(crate) fn stored(table: &Table) -> Table {
    let mut table = Table { options: TableOptions::default(), ..table.clone() };
    for column in &mut table.columns {
        column.kind = types::stored(&column.kind);
        column.default = column.default.as_ref().and_then(|default| defaults::stored(default, &column.kind));
    }
    for part in table.indexes.iter_mut().flat_map(|index| &mut index.parts) {
        part.length = None;
    }
    table
}
