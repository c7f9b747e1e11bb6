//! The one form of what MySQL can't tell apart: what is read back of a table once it is made.

use crate::{charset, defaults, types};
use patchwright_hooks_api::schema::{Column, ColumnType, ForeignKey, Index, IndexPart, Table};

/// How many characters of a long text an index takes where its author does not say: 764 bytes, which every row format can
/// hold, and four of them the usual one.
const BEGINNING: u32 = 191;
/// The most bytes of an index in the row format that is usual since MySQL 5.7 and MariaDB 10.2.
const MOST_BYTES: u32 = 3072;
/// The most bytes of a character.
const CHARACTER_BYTES: u32 = 4;

/// The table as it is read back.
pub(crate) fn stored(table: &Table) -> Table {
    let mut table = table.clone();
    let key = table.primary_key.clone();
    for column in &mut table.columns {
        if let Ok(text) = types::spelled(&column.kind) {
            // A generated column's type is its whole definition, and stays as it is.
            column.kind = types::read(&text);
        }
        column.default = column.default.take().and_then(|default| defaults::canonical(default, &column.kind));
        column.null &= !column.auto && !key.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
        column.comment = column.comment.take().filter(|comment| !comment.is_empty());
    }
    table.comment = table.comment.take().filter(|comment| !comment.is_empty());
    for name in [&mut table.options.charset, &mut table.options.collation].into_iter().flatten() {
        *name = charset::known(name);
    }
    let columns = std::mem::take(&mut table.columns);
    for index in &mut table.indexes {
        set_lengths(index, &columns);
    }
    table.columns = columns;
    let keys = std::mem::take(&mut table.foreign_keys);
    table.indexes.retain(|index| !keys.iter().any(|key| is_of_key(index, key)));
    table.foreign_keys = keys;
    table.sort();
    table
}

/// Whether it is the index that the server makes for a foreign key.
pub(crate) fn is_of_key(index: &Index, key: &ForeignKey) -> bool {
    let is_column = |(part, column): (&IndexPart, &String)| {
        part.length.is_none() && part.as_column().is_some_and(|name| name.eq_ignore_ascii_case(column))
    };
    !index.unique
        && index.name.eq_ignore_ascii_case(&key.name)
        && index.parts.len() == key.columns.len()
        && index.parts.iter().zip(&key.columns).all(is_column)
}

/// Gives each part the length that it has in the database: texts that are too long are indexed by their beginning, and a
/// length that takes in the whole column is none. Unique indexes are never shortened, as they would keep other rows out.
pub(crate) fn set_lengths(index: &mut Index, columns: &[Column]) {
    // What is no ordinary index, such as one for full-text search, knows no lengths.
    if index.text.is_some() {
        return;
    }
    let kind = |part: &IndexPart| {
        let name = part.as_column()?;
        columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).map(|column| column.kind.clone())
    };
    let unique = index.unique;
    for part in &mut index.parts {
        part.length = match (kind(part), part.length) {
            (Some(ColumnType::Char(size) | ColumnType::Varchar(size) | ColumnType::Binary(size)), Some(length)) => {
                Some(length).filter(|length| *length < size)
            }
            (Some(kind), None) if types::is_long(&kind) && !unique => Some(BEGINNING),
            (Some(kind), length) if types::is_long(&kind) => length,
            (Some(ColumnType::Native(text)), length) => length.filter(|_| types::has_a_beginning(&text)),
            (None, length) => length,
            (Some(_), _) => None,
        };
    }
    let bytes = |part: &IndexPart| match (kind(part), part.length) {
        (Some(ColumnType::Binary(size)), None) => size,
        (Some(ColumnType::Char(size) | ColumnType::Varchar(size)), None) | (_, Some(size)) => {
            size.saturating_mul(CHARACTER_BYTES)
        }
        _ => 0,
    };
    let all = index.parts.iter().map(bytes).fold(0, u32::saturating_add);
    let is_whole = |part: &IndexPart| part.length.is_none() && kind(part).is_some_and(|kind| types::is_long(&kind));
    if unique && (all > MOST_BYTES || index.parts.iter().any(is_whole)) {
        // MariaDB keeps such an index by a hash, which has no order.
        index.parts.iter_mut().for_each(|part| part.descending = false);
    }
    if unique || all <= MOST_BYTES {
        return;
    }
    for part in &mut index.parts {
        let is_text = matches!(kind(part), Some(ColumnType::Char(_) | ColumnType::Varchar(_) | ColumnType::Binary(_)));
        if is_text && part.length.is_none() && bytes(part) > BEGINNING * CHARACTER_BYTES {
            part.length = Some(BEGINNING);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Value;
    use patchwright_hooks_api::schema::{DefaultValue, OnTarget, Size};

    fn index(parts: &[(&str, Option<u32>)], unique: bool) -> Index {
        let part = |(name, length): &(&str, Option<u32>)| IndexPart { length: *length, ..IndexPart::column(*name) };
        Index {
            name: "i".into(),
            unique,
            parts: parts.iter().map(part).collect(),
            filter: None,
            constraint: false,
            text: None,
        }
    }

    fn lengths(parts: &[(&str, Option<u32>)], unique: bool) -> Vec<Option<u32>> {
        let columns = [
            Column::new("text", ColumnType::Text(Size::Normal)),
            Column::new("short", ColumnType::Varchar(80)),
            Column::new("wide", ColumnType::Varchar(1000)),
            Column::new("number", ColumnType::Integer { bits: 32, unsigned: false }),
            Column::new("medium", ColumnType::Native("mediumint(9)".into())),
            Column::new("latin", ColumnType::Native("VARCHAR(80) CHARACTER SET latin1".into())),
        ];
        let mut index = index(parts, unique);
        set_lengths(&mut index, &columns);
        index.parts.iter().map(|part| part.length).collect()
    }

    #[test]
    fn an_index_takes_as_much_of_a_text_as_the_server_can() {
        assert_eq!(lengths(&[("text", None), ("number", Some(4))], false), [Some(BEGINNING), None]);
        assert_eq!(lengths(&[("text", Some(20)), ("short", Some(80))], false), [Some(20), None]);
        assert_eq!(lengths(&[("wide", None), ("short", Some(8))], false), [Some(BEGINNING), Some(8)]);
        assert_eq!(lengths(&[("wide", None), ("text", None)], true), [None, None]);
        // A length that a column had when it was a text goes with it.
        assert_eq!(lengths(&[("medium", Some(191)), ("latin", Some(20))], false), [None, Some(20)]);
    }

    #[test]
    fn what_the_server_can_not_tell_apart_has_one_form_and_keeps_it() {
        let key = ForeignKey {
            name: "i".into(),
            columns: vec!["short".into()],
            table: "other".into(),
            targets: vec!["id".into()],
            on_delete: OnTarget::Refuse,
            on_update: OnTarget::Refuse,
        };
        let table = Table {
            name: "t".into(),
            columns: vec![
                Column::new("id", ColumnType::Native("INT(11)".into())),
                Column::new("short", ColumnType::Uuid),
                Column::new("price", ColumnType::Decimal { precision: 8, scale: 2 })
                    .with_default(DefaultValue::Literal(Value::from("1.5"))),
            ],
            primary_key: vec!["id".into()],
            indexes: vec![index(&[("short", None)], false)],
            foreign_keys: vec![key],
            comment: Some(String::new()),
            ..Table::default()
        };
        let once = stored(&table);
        assert_eq!(once.columns[0].kind, ColumnType::Integer { bits: 32, unsigned: false });
        assert!(!once.columns[0].null);
        assert_eq!(once.columns[1].kind, ColumnType::Char(36));
        assert_eq!(once.columns[2].default, Some(DefaultValue::Literal(Value::from("1.50"))));
        assert_eq!((once.indexes.len(), &once.comment), (0, &None));
        assert_eq!(stored(&once), once);
    }
}
