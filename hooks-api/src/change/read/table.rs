//! Tables with what belongs to them: keys, indexes, checks.

use super::column::{TYPES, added_column};
use super::{name, named_by_text, optional_name, sql};
use crate::element::Element;
use crate::error::Error;
use crate::schema::{Check, ForeignKey, Index, IndexPart, OnTarget, PartSource, Table, TableOptions};
use std::collections::BTreeSet;

/// Reads `<create-table>`.
pub(super) fn create_table(element: &Element) -> Result<Table, Error> {
    let children = ["column", "primary-key", "index", "unique", "foreign-key", "check"];
    element.only(&["name", "comment", "dialect"], &children)?;
    element.no_text()?;
    let mut table = Table {
        name: name(element, "name")?,
        comment: element.attribute("comment").map(str::to_owned),
        ..Table::default()
    };
    for child in element.children() {
        match child.name.as_str() {
            "column" => {
                child.only(&["name", "comment"], TYPES)?;
                child.no_text()?;
                table.columns.push(added_column(child)?);
            }
            "primary-key" => {
                child.only(&[], &["column"])?;
                if !table.primary_key.is_empty() {
                    return Err(child.error("a table can have one primary key"));
                }
                table.primary_key = key_columns(child)?;
            }
            "index" => {
                child.only(&["name", "unique", "where"], &["column", "expression"])?;
                table.indexes.push(index_of(child)?);
            }
            "unique" => {
                child.only(&["name"], &["column"])?;
                table.indexes.push(Index { unique: true, ..index_of(child)? });
            }
            "foreign-key" => {
                child.only(&["name", "to", "on-delete", "on-update"], &["column"])?;
                table.foreign_keys.push(foreign_key(child)?);
            }
            _ => {
                child.only(&["name"], &[])?;
                table.checks.push(check_of(child)?);
            }
        }
    }
    check_table(element, &table)?;
    for column in &mut table.columns {
        column.null &= !table.primary_key.contains(&column.name);
    }
    table.sort();
    Ok(table)
}

/// What a whole table is set to.
pub(super) fn options(element: &Element) -> Result<TableOptions, Error> {
    let option = |attribute| super::optional_name(element, attribute);
    let options =
        TableOptions { charset: option("charset")?, collation: option("collation")?, engine: option("engine")? };
    if options.is_empty() {
        return Err(element.error("<set-table-options> sets nothing").hint("give it charset, collation or engine"));
    }
    Ok(options)
}

/// The columns of a key.
pub(super) fn key_columns(element: &Element) -> Result<Vec<String>, Error> {
    element.no_text()?;
    let column = |child: &Element| child.only(&[], &[]).and_then(|()| named_by_text(child));
    let columns: Vec<String> = element.children().map(column).collect::<Result<_, _>>()?;
    not_empty(element, columns)
}

/// An index with its parts.
pub(super) fn index_of(element: &Element) -> Result<Index, Error> {
    element.no_text()?;
    let parts = element.children().map(index_part).collect::<Result<Vec<_>, _>>()?;
    Ok(Index {
        name: name(element, "name")?,
        unique: element.truth("unique")?.unwrap_or(false),
        parts: not_empty(element, parts)?,
        filter: element.attribute("where").map(str::to_owned),
        constraint: false,
        text: None,
    })
}

fn index_part(element: &Element) -> Result<IndexPart, Error> {
    element.only(&["order", "length"], &[])?;
    let source = match element.name.as_str() {
        "expression" => PartSource::Expression(sql(element)?),
        _ => PartSource::Column(named_by_text(element)?),
    };
    let descending = match element.attribute("order") {
        None | Some("ascending") => false,
        Some("descending") => true,
        Some(other) => return Err(element.error(format!("the order {other:?} is neither ascending nor descending"))),
    };
    Ok(IndexPart { source, descending, length: element.parsed("length")? })
}

/// A foreign key: `to` is the table, and each column says which one it refers to.
pub(super) fn foreign_key(element: &Element) -> Result<ForeignKey, Error> {
    element.no_text()?;
    let mut columns = Vec::new();
    let mut targets = Vec::new();
    for child in element.children() {
        child.only(&["to"], &[])?;
        let column = named_by_text(child)?;
        targets.push(optional_name(child, "to")?.unwrap_or_else(|| column.clone()));
        columns.push(column);
    }
    Ok(ForeignKey {
        name: name(element, "name")?,
        columns: not_empty(element, columns)?,
        table: name(element, "to")?,
        targets,
        on_delete: on_target(element, "on-delete")?,
        on_update: on_target(element, "on-update")?,
    })
}

/// A check, with its condition as text.
pub(super) fn check_of(element: &Element) -> Result<Check, Error> {
    Ok(Check { name: name(element, "name")?, condition: sql(element)? })
}

fn on_target(element: &Element, attribute: &str) -> Result<OnTarget, Error> {
    Ok(match element.attribute(attribute) {
        None | Some("refuse") => OnTarget::Refuse,
        Some("cascade") => OnTarget::Cascade,
        Some("set-null") => OnTarget::SetNull,
        Some("set-default") => OnTarget::SetDefault,
        Some(other) => {
            return Err(element
                .error(format!("the attribute {attribute} of <{}> is {other:?}", element.name))
                .hint("one of refuse, cascade, set-null, set-default"));
        }
    })
}

fn not_empty<T>(element: &Element, parts: Vec<T>) -> Result<Vec<T>, Error> {
    if parts.is_empty() {
        return Err(element.error(format!("<{}> names no column", element.name)));
    }
    Ok(parts)
}

/// Whether the table makes sense by itself: what no database would take is told here, with the place in the manifest.
fn check_table(element: &Element, table: &Table) -> Result<(), Error> {
    if table.columns.is_empty() {
        return Err(element.error(format!("the table {} has no column", table.name)));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = table.columns.iter().find(|column| !seen.insert(column.name.to_lowercase())) {
        return Err(element.error(format!("the table {} has the column {} twice", table.name, twice.name)));
    }
    let in_indexes = table.indexes.iter().flat_map(|index| &index.parts).filter_map(IndexPart::as_column);
    let in_keys = table.foreign_keys.iter().flat_map(|key| &key.columns).map(String::as_str);
    let mut named = table.primary_key.iter().map(String::as_str).chain(in_indexes).chain(in_keys);
    if let Some(unknown) = named.find(|name| table.column(name).is_none()) {
        return Err(element.error(format!("the table {} has no column {unknown}", table.name)));
    }
    let numbered = table.columns.iter().filter(|column| column.auto).count();
    if numbered > 1 {
        return Err(element.error(format!("the table {} has {numbered} columns that the database numbers", table.name)));
    }
    Ok(())
}
