//! Tables in the form in which PostgreSQL gives them back.

use crate::catalog;
use patchwright_hooks_api::Value;
use patchwright_hooks_api::schema::{Column, ColumnType, DefaultValue, Size, Table, TableOptions};

/// The table as it is read back once it is made.
pub(crate) fn stored(table: &Table) -> Table {
    let mut table = table.clone();
    table.columns.iter_mut().for_each(store);
    for part in table.indexes.iter_mut().flat_map(|index| &mut index.parts) {
        part.length = None;
    }
    table.options = TableOptions::default();
    table.comment = table.comment.filter(|comment| !comment.is_empty());
    table
}

fn store(column: &mut Column) {
    match &mut column.kind {
        ColumnType::Integer { unsigned, .. } => *unsigned = false,
        ColumnType::Text(size) | ColumnType::Blob(size) => *size = Size::Normal,
        ColumnType::Binary(_) => column.kind = ColumnType::Blob(Size::Normal),
        _ => {}
    }
    if column.auto {
        (column.null, column.default) = (false, None);
    }
    column.default = match column.default.take() {
        Some(DefaultValue::Literal(Value::Null)) => None,
        Some(DefaultValue::Literal(value)) => Some(DefaultValue::Literal(catalog::settled(value, &column.kind))),
        other => other,
    };
    column.comment = column.comment.take().filter(|comment| !comment.is_empty());
}
