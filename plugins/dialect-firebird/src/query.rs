//! The exact values of a query.
//!
//! The driver makes floating numbers of decimals and gives days, times and timestamps as one kind. A query that has such
//! columns is asked a second time in the same transaction, around itself, for their text; beside each number stand a ten and
//! a one of the same type: a decimal has as many digits behind the point in both, a floating number as many in all.

use crate::session::{Session, Transaction, Wanted};
use crate::{names, values};
use patchwright_hooks_api::{Rows, Statement, Value};
use rsfbclient_core::{Column, FbError, SqlType};

/// The most bytes that one query may give: a query without its WHERE must not take the machine's memory.
pub(crate) const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;
/// What a query that gives more is answered with.
pub(crate) const TOO_LARGE: &str = "the query gives too much";
/// Runs a query.
pub(crate) fn rows(
    session: &mut Session,
    transaction: &mut Transaction,
    statement: &Statement,
    parameters: &[SqlType],
    shared: bool,
) -> Result<Rows, FbError> {
    let found = fetch(session, transaction, statement, parameters, shared)?;
    let Some(first) = found.first() else {
        return Ok(Rows { columns: named(session, transaction, statement, parameters), rows: Vec::new() });
    };
    let columns = first.iter().map(|column| names::told(&column.name)).collect();
    let blurs: Vec<Blur> = (0..first.len()).map(|at| Blur::of(found.iter().map(|row| &row[at]))).collect();
    let exact = if blurs.iter().any(|blur| *blur != Blur::None) {
        // What is no plain query can't be asked around, and is not asked twice.
        fetch(session, transaction, &Statement::new(around(&statement.text, &blurs)), parameters, shared).ok()
    } else {
        None
    };
    let rows = match exact {
        Some(exact) => found.into_iter().zip(exact).map(|(row, exact)| sharpened(row, exact, &blurs)).collect(),
        None => found.into_iter().map(|row| row.into_iter().map(values::value).collect()).collect(),
    };
    Ok(Rows { columns, rows })
}

/// What the driver may have lost of a column's values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blur {
    None,
    /// It is a floating number, or was a decimal.
    Number,
    /// It was a day, a time or both.
    Instant,
}

impl Blur {
    fn of<'a>(mut values: impl Iterator<Item = &'a Column>) -> Self {
        let found = values.find_map(|column| match column.value {
            SqlType::Floating(_) => Some(Self::Number),
            SqlType::Timestamp(_) => Some(Self::Instant),
            _ => None,
        });
        found.unwrap_or(Self::None)
    }
}

fn fetch(
    session: &mut Session,
    transaction: &mut Transaction,
    statement: &Statement,
    parameters: &[SqlType],
    shared: bool,
) -> Result<Vec<Vec<Column>>, FbError> {
    let mut bytes = 0;
    let mut each = |row: &[Column]| {
        bytes += row.iter().map(|column| values::size(&values::value(column.clone()))).sum::<usize>();
        if bytes > MAX_RESULT_BYTES { Err(FbError::Other(TOO_LARGE.to_owned())) } else { Ok(()) }
    };
    session.run(transaction, statement, parameters, shared, Wanted::Rows(&mut each)).map(|ran| ran.rows)
}

/// The names of the columns of a query without rows: the driver names columns in rows alone, so one is made of nothing. A query
/// whose columns have no names can't be asked so, and stays without.
fn named(
    session: &mut Session,
    transaction: &mut Transaction,
    statement: &Statement,
    parameters: &[SqlType],
) -> Vec<String> {
    let text = format!("SELECT Q.* FROM RDB$DATABASE LEFT JOIN ({}\n) Q ON 1 = 1", statement.text);
    let found = fetch(session, transaction, &Statement::new(text), parameters, true).unwrap_or_default();
    found.first().map(|row| row.iter().map(|column| names::told(&column.name)).collect()).unwrap_or_default()
}

/// The query around the query: for each blurred column its text, and for each number a ten and a one of its type.
fn around(text: &str, blurs: &[Blur]) -> String {
    let aliases: Vec<String> = (0..blurs.len()).map(|at| format!("C{at}")).collect();
    let columns = aliases.iter().zip(blurs).map(|(alias, blur)| match blur {
        Blur::None => format!("Q.{alias}"),
        Blur::Instant => format!("CAST(Q.{alias} AS VARCHAR(64))"),
        Blur::Number => {
            let of_its_type = |number| format!("CAST(CASE WHEN 1 = 0 THEN Q.{alias} ELSE {number} END AS VARCHAR(64))");
            format!("CAST(Q.{alias} AS VARCHAR(64)), {} || ' ' || {}", of_its_type(10), of_its_type(1))
        }
    });
    let columns: Vec<String> = columns.collect();
    format!("SELECT {} FROM ({text}\n) Q ({})", columns.join(", "), aliases.join(", "))
}

/// A row with exact text where the driver's value was blurred.
fn sharpened(row: Vec<Column>, exact: Vec<Column>, blurs: &[Blur]) -> Vec<Value> {
    let mut exact = exact.into_iter().map(values::value);
    let mut next = || exact.next().unwrap_or(Value::Null);
    let sharp = |(column, blur): (Column, &Blur)| match blur {
        Blur::None | Blur::Instant => next(),
        Blur::Number => {
            let (text, samples) = (next(), next());
            if is_floating(samples.as_text().unwrap_or_default()) { values::value(column) } else { text }
        }
    };
    row.into_iter().zip(blurs).map(sharp).collect()
}

/// Whether a ten and a one as text are floating numbers.
fn is_floating(samples: &str) -> bool {
    let digits = |sample: &str| sample.split_once('.').map_or(0, |(_, digits)| digits.len());
    samples.split_once(' ').is_some_and(|(ten, one)| digits(ten) != digits(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_has_the_same_digits_behind_the_point_in_every_number() {
        for (samples, floating) in [
            ("10.00000000000000 1.000000000000000", true),
            ("10.000000 1.0000000", true),
            ("10.00000000000000 1.00000000000000", false),
            ("10.00 1.00", false),
            ("10 1", false),
        ] {
            assert_eq!(is_floating(samples), floating, "{samples}");
        }
    }
}
