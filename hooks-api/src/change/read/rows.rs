//! Rows: what is inserted, and which are changed.

use super::name;
use crate::change::Change;
use crate::change::{Assignment, Comparison, Condition, Match, OnConflict, Source};
use crate::element::Element;
use crate::error::Error;
use crate::value::Value;

/// Reads `<insert-rows>`.
pub(super) fn inserted_rows(element: &Element) -> Result<Change, Error> {
    let on_conflict = match element.attribute("on-conflict") {
        None | Some("fail") => OnConflict::Fail,
        Some("ignore") => OnConflict::Ignore,
        Some("update") => OnConflict::Update,
        Some(other) => {
            return Err(element
                .error(format!("the attribute on-conflict of <insert-rows> is {other:?}"))
                .hint("one of fail, ignore, update"));
        }
    };
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::new();
    for row in element.children() {
        row.only(&[], &["set"])?;
        row.no_text()?;
        let cells: Vec<(String, Value)> = row.children().map(cell).collect::<Result<_, _>>()?;
        let (names, values): (Vec<String>, Vec<Value>) = cells.into_iter().unzip();
        if names.is_empty() {
            return Err(row.error("<row> sets no column"));
        }
        match &columns {
            None => columns = Some(names),
            Some(first) if *first != names => {
                return Err(row
                    .error("this <row> sets other columns than the first")
                    .hint("all rows of one <insert-rows> set the same columns in the same order"));
            }
            Some(_) => {}
        }
        rows.push(values);
    }
    let columns = columns.ok_or_else(|| element.error("<insert-rows> has no <row>"))?;
    Ok(Change::InsertRows { table: name(element, "table")?, columns, rows, on_conflict })
}

/// Reads `<update-rows>`.
pub(super) fn updated_rows(element: &Element) -> Result<Change, Error> {
    let batch: Option<u32> = element.parsed("batch")?;
    if batch == Some(0) {
        return Err(element.error("a batch of 0 rows would never come to an end"));
    }
    Ok(Change::UpdateRows {
        table: name(element, "table")?,
        set: assignments(element)?,
        condition: condition(element)?,
        batch,
    })
}

/// Reads `<delete-rows>`.
pub(super) fn deleted_rows(element: &Element) -> Result<Change, Error> {
    Ok(Change::DeleteRows { table: name(element, "table")?, condition: condition(element)? })
}

/// Reads `<copy-rows>`.
pub(super) fn copied_rows(element: &Element) -> Result<Change, Error> {
    let (from, table) = (name(element, "from")?, name(element, "table")?);
    Ok(Change::CopyRows { from, table, set: assignments(element)?, condition: condition(element)? })
}

/// The column and value of `<set>` in a row.
fn cell(element: &Element) -> Result<(String, Value), Error> {
    element.only(&["column", "null", "encoding"], &[])?;
    Ok((name(element, "column")?, value(element)?))
}

fn assignments(element: &Element) -> Result<Vec<Assignment>, Error> {
    let assignment = |set: &Element| {
        set.only(&["column", "null", "encoding", "from"], &[])?;
        let source = if set.attribute("from").is_some() {
            set.no_text()?;
            Source::Column(name(set, "from")?)
        } else {
            Source::Value(value(set)?)
        };
        Ok(Assignment { column: name(set, "column")?, source })
    };
    let set: Vec<Assignment> =
        element.children().filter(|child| child.name == "set").map(assignment).collect::<Result<_, Error>>()?;
    if set.is_empty() {
        return Err(element.error(format!("<{}> has no <set>", element.name)));
    }
    Ok(set)
}

/// Which rows. Every row is meant only if the author says so: a forgotten `<where>` empties a table.
fn condition(element: &Element) -> Result<Condition, Error> {
    let wanted = |condition: &Element| {
        condition.only(&["column", "is", "null", "encoding"], &[])?;
        let comparison = comparison(condition)?;
        let value = value(condition)?;
        if value.is_null() && !matches!(comparison, Comparison::Equal | Comparison::Other) {
            return Err(condition.error("null can only be equal or other"));
        }
        Ok(Match { column: name(condition, "column")?, comparison, value })
    };
    let all: Vec<Match> =
        element.children().filter(|child| child.name == "where").map(wanted).collect::<Result<_, Error>>()?;
    match (all.is_empty(), element.truth("all")?.unwrap_or(false)) {
        (true, false) => Err(element
            .error(format!("<{}> doesn't say which rows", element.name))
            .hint("add <where>, or all=\"true\" if every row is meant")),
        (false, true) => Err(element.error(format!("<{}> is for all rows and has a <where>", element.name))),
        _ => Ok(Condition(all)),
    }
}

fn comparison(element: &Element) -> Result<Comparison, Error> {
    Ok(match element.attribute("is") {
        None | Some("equal") => Comparison::Equal,
        Some("other") => Comparison::Other,
        Some("less") => Comparison::Less,
        Some("at-most") => Comparison::AtMost,
        Some("more") => Comparison::More,
        Some("at-least") => Comparison::AtLeast,
        Some("like") => Comparison::Like,
        Some(other) => {
            return Err(element
                .error(format!("the attribute is of <where> is {other:?}"))
                .hint("one of equal, other, less, at-most, more, at-least, like"));
        }
    })
}

/// An element's text as it stands, null, or bytes in hexadecimal digits.
fn value(element: &Element) -> Result<Value, Error> {
    let text = element.text();
    match (element.truth("null")?.unwrap_or(false), element.attribute("encoding")) {
        (true, _) if !text.trim().is_empty() => {
            Err(element.error(format!("<{}> is null and has a text", element.name)))
        }
        (true, _) => Ok(Value::Null),
        (false, None) => Ok(Value::Text(text)),
        (false, Some("hex")) => bytes(text.trim()).map(Value::Bytes).ok_or_else(|| {
            element.error(format!("<{}> holds something else than pairs of hexadecimal digits", element.name))
        }),
        (false, Some(other)) => {
            Err(element.error(format!("the encoding {other:?} is not known")).hint("the only one is hex"))
        }
    }
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok().filter(|_| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    digits.as_bytes().chunks(2).map(pair).collect()
}
