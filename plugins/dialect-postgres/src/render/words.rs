//! How PostgreSQL spells names, types and constants.

use crate::bound;
use crate::enumeration;
use patchwright_hooks_api::change::sql::Spelling;
use patchwright_hooks_api::schema::ColumnType;
use patchwright_hooks_api::{Error, ErrorKind, Schema, Value};

/// PostgreSQL's spelling, on a schema whose names are known.
///
/// PostgreSQL folds names that nobody quotes to lower case and compares quoted ones exactly, while a portable change speaks
/// of the same thing whatever the case: a name that is there in another case is that one.
pub(crate) struct Words<'a> {
    known: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn new(schema: &'a Schema) -> Self {
        let of_tables = schema.tables.iter().flat_map(|table| {
            let columns = table.columns.iter().map(|column| &column.name);
            let indexes = table.indexes.iter().map(|index| &index.name);
            let keys = table.foreign_keys.iter().map(|key| &key.name);
            let checks = table.checks.iter().map(|check| &check.name);
            [&table.name].into_iter().chain(columns).chain(indexes).chain(keys).chain(checks)
        });
        let of_others =
            schema.views.iter().map(|view| &view.name).chain(schema.sequences.iter().map(|sequence| &sequence.name));
        let names = of_tables.chain(of_others);
        Self { known: names.map(String::as_str).collect() }
    }
}

impl Spelling for Words<'_> {
    fn quoted(&self, name: &str) -> String {
        if self.known.contains(&name) {
            return identifier(name);
        }
        identifier(self.known.iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(&name))
    }

    fn column_type(&self, kind: &ColumnType) -> Result<String, Error> {
        let sized = |size: u32| format!("{}({size})", plain_type(kind));
        Ok(match kind {
            ColumnType::Decimal { precision, scale } => format!("NUMERIC({precision}, {scale})"),
            ColumnType::Char(size) | ColumnType::Varchar(size) => sized(*size),
            ColumnType::Enum(words) => format!("{}({})", plain_type(kind), enumeration::length(words)),
            ColumnType::Time { precision } => format!("TIME({precision})"),
            ColumnType::Timestamp { zone: false, precision } => format!("TIMESTAMP({precision})"),
            ColumnType::Timestamp { zone: true, precision } => format!("TIMESTAMP({precision}) WITH TIME ZONE"),
            kind => match plain_type(kind) {
                "" => {
                    return Err(Error::new(ErrorKind::Unsupported, format!("PostgreSQL has no type for {kind}"))
                        .hint("write the change as <sql dialect=\"postgres\">"));
                }
                plain => plain.to_owned(),
            },
        })
    }

    /// A quoted constant has no type of its own, and takes that of its column.
    fn literal(&self, value: &Value, _kind: &ColumnType) -> Result<String, Error> {
        bound::literal(value)
    }
}

/// A type without its sizes; empty for one that is not known.
pub(super) fn plain_type(kind: &ColumnType) -> &str {
    match kind {
        ColumnType::Integer { bits: 16, .. } => "SMALLINT",
        ColumnType::Integer { bits: 32, .. } => "INTEGER",
        ColumnType::Integer { bits: 64, .. } => "BIGINT",
        ColumnType::Boolean => "BOOLEAN",
        ColumnType::Decimal { .. } => "NUMERIC",
        ColumnType::Float { bits: 32 } => "REAL",
        ColumnType::Float { bits: 64 } => "DOUBLE PRECISION",
        ColumnType::Char(_) => "CHARACTER",
        ColumnType::Varchar(_) | ColumnType::Enum(_) => "VARCHAR",
        ColumnType::Text(_) => "TEXT",
        ColumnType::Blob(_) | ColumnType::Binary(_) => "BYTEA",
        ColumnType::Date => "DATE",
        ColumnType::Time { .. } => "TIME",
        ColumnType::Timestamp { zone: false, .. } => "TIMESTAMP",
        ColumnType::Timestamp { zone: true, .. } => "TIMESTAMP WITH TIME ZONE",
        ColumnType::Uuid => "UUID",
        ColumnType::Json => "JSONB",
        ColumnType::Native(text) => text,
        _ => "",
    }
}

/// A name as a quoted identifier, exactly so.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A dollar quote that doesn't stand in the text.
pub(super) fn dollar_tag(text: &str) -> String {
    let tags = (0..).map(|number| format!("$patchwright{number}$"));
    tags.into_iter().find(|tag| !text.contains(tag)).expect("a text holds finitely many tags")
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::schema::{Column, Table};

    #[test]
    fn a_name_that_is_there_in_another_case_is_that_one() {
        let columns = vec![Column::new("made", ColumnType::Date), Column::new("Made By", ColumnType::Uuid)];
        let tables = vec![Table { name: "Item".into(), columns, ..Table::default() }];
        let schema = Schema { tables, ..Schema::default() };
        let words = Words::new(&schema);
        for (name, quoted) in [
            ("Item", "\"Item\""),
            ("ITEM", "\"Item\""),
            ("Made", "\"made\""),
            ("made by", "\"Made By\""),
            ("New \"one\"", "\"New \"\"one\"\"\""),
        ] {
            assert_eq!(words.quoted(name), quoted);
        }
    }

    #[test]
    fn the_tag_of_a_quote_stands_nowhere_in_it() {
        assert_eq!(dollar_tag("SELECT '$patchwright0$'"), "$patchwright1$");
    }
}
