//! Statements in SQL, one at a time or the same one for many rows.

use crate::call::Call;
use crate::limits;
use crate::values;
use patchwright_hooks_api::{Error, ErrorKind, Inverse, Rows, SiteFacts, Statement, Value, statements};
use rhai::{Array, Dynamic, Map};

pub(super) fn execute(call: &Call<'_>) -> Result<Dynamic, Error> {
    let statement = statement(call)?;
    let undo = undo(call, 2)?;
    let touched = call.run.change(call.name(), move |site| {
        let statement = one_statement(statement, site.facts())?;
        let undo = inverse(undo, site.facts())?;
        site.execute(&statement, undo)
    })?;
    Ok(number(touched))
}

/// The same statement for each row of parameters; what takes them back stands with the first, and is run last.
pub(super) fn batch(call: &Call<'_>) -> Result<Dynamic, Error> {
    let statement = Statement::new(call.text(0)?).at(call.position.clone());
    let row = |(index, row): (usize, &Dynamic)| match row.read_lock::<Array>() {
        Some(row) => parameters(call, &row).map_err(|error| error.while_doing(format!("row {}", index + 1))),
        None => Err(call.wrong_type(1, "an array of arrays")),
    };
    let rows = call.array(1)?.iter().enumerate().map(row).collect::<Result<Vec<_>, _>>()?;
    let undo = undo(call, 2)?;
    call.run.count_questions(rows.len())?;
    let name = call.name();
    let touched = call.run.change(name, move |site| {
        let statement = one_statement(statement, site.facts())?;
        let mut undo = inverse(undo, site.facts())?;
        let mut touched = 0;
        for (index, parameters) in rows.into_iter().enumerate() {
            let statement = Statement { parameters, ..statement.clone() };
            let inverse = undo.as_mut().map(std::mem::take);
            touched += site
                .execute(&statement, inverse)
                .map_err(|error| error.while_doing(format!("{name}: row {}", index + 1)))?;
        }
        Ok(touched)
    })?;
    Ok(number(touched))
}

pub(super) fn query(call: &Call<'_>) -> Result<Dynamic, Error> {
    rows(call).map(Dynamic::from)
}

pub(super) fn one(call: &Call<'_>) -> Result<Dynamic, Error> {
    let mut rows = rows(call)?;
    if rows.len() > 1 {
        let message = format!("{}: the query gives {} rows, not one", call.name(), rows.len());
        return Err(Error::conflict(message).hint("take db::query for several rows"));
    }
    Ok(rows.pop().unwrap_or(Dynamic::UNIT))
}

pub(super) fn scalar(call: &Call<'_>) -> Result<Dynamic, Error> {
    let row = one(call)?;
    let Some(map) = row.read_lock::<Map>() else { return Ok(Dynamic::UNIT) };
    if map.len() != 1 {
        return Err(call.error(format!("the query gives {} columns, not one", map.len())));
    }
    Ok(map.values().next().cloned().unwrap_or(Dynamic::UNIT))
}

/// Hands the rows to a function of the script, one after the other: they are never all of them in the script.
pub(super) fn each_row(call: &Call<'_>) -> Result<Dynamic, Error> {
    let function = call.function(2)?;
    let rows = fetched(call, limits::EACH_ROWS)?;
    let count = rows.rows.len() as u64;
    for row in values::rows_to_script(rows).map_err(|why| call.error(why))? {
        call.call_back(&function, vec![row.map_err(|why| call.error(why))?])?;
    }
    Ok(number(count))
}

fn rows(call: &Call<'_>) -> Result<Array, Error> {
    let rows = values::rows_to_script(fetched(call, limits::ARRAY_ELEMENTS)?).map_err(|why| call.error(why))?;
    rows.collect::<Result<_, _>>().map_err(|why: String| call.error(why))
}

fn fetched(call: &Call<'_>, limit: usize) -> Result<Rows, Error> {
    let statement = statement(call)?;
    let rows = call.run.look(move |site| {
        let statement = one_statement(statement, site.facts())?;
        site.query(&statement)
    })?;
    if rows.rows.len() > limit {
        let message = format!("{}: the query gives {} rows; the limit is {limit}", call.name(), rows.rows.len());
        return Err(Error::new(ErrorKind::Limit, message).hint("fetch them in parts with LIMIT and WHERE"));
    }
    Ok(rows)
}

fn number(count: u64) -> Dynamic {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn statement(call: &Call<'_>) -> Result<Statement, Error> {
    Ok(Statement::with(call.text(0)?, parameters(call, &call.array(1)?)?).at(call.position.clone()))
}

fn parameters(call: &Call<'_>, values: &[Dynamic]) -> Result<Vec<Value>, Error> {
    let no_value = |index: usize, value: &Dynamic| {
        let kind = values::described(value.type_name());
        call.error(format!("parameter {} is {kind}, which a database can't hold", index + 1))
    };
    let value = |(index, value)| values::from_script(value).ok_or_else(|| no_value(index, value));
    values.iter().enumerate().map(value).collect()
}

/// The statements that take the call's own back, if it says: a text is one, an array several, an empty array says that there
/// is nothing to take back.
fn undo(call: &Call<'_>, index: usize) -> Result<Option<Vec<Statement>>, Error> {
    let Some(value) = call.argument(index) else { return Ok(None) };
    let texts = if value.is_string() { vec![value.clone()] } else { call.array(index)? };
    let statement = |text: Dynamic| match text.into_immutable_string() {
        Ok(text) => Ok(Statement::new(text.as_str()).at(call.position.clone())),
        Err(_) => Err(call.wrong_type(index, "text or an array of texts")),
    };
    texts.into_iter().map(statement).collect::<Result<_, _>>().map(Some)
}

fn inverse(undo: Option<Vec<Statement>>, facts: &SiteFacts) -> Result<Option<Vec<Inverse>>, Error> {
    let inverse = |statement| one_statement(statement, facts).map(Inverse::Statement);
    undo.map(|undo| undo.into_iter().map(inverse).collect()).transpose()
}

/// The statement with the table prefix in its place, if it is one alone and not a refused one.
fn one_statement(statement: Statement, facts: &SiteFacts) -> Result<Statement, Error> {
    let rules = &facts.dialect.lexical;
    let text = statements::substitute(&statement.text, rules, statements::PREFIX_PLACEHOLDER, &facts.table_prefix);
    let pieces = statements::split(&text, rules).map_err(|error| Error::invalid(format!("the statement, {error}")))?;
    let [piece] = pieces.as_slice() else {
        return Err(Error::invalid(format!("one statement is expected, and the text holds {}", pieces.len()))
            .hint("call the function once for each statement"));
    };
    if let Some(words) = statements::transaction_control(piece.text, rules) {
        return Err(Error::refused(format!("{words} is refused in a script"))
            .hint("the engine keeps the whole patch in one unit; leave transactions to it"));
    }
    if let Some(words) = facts.dialect.refuses(piece.text) {
        return Err(Error::refused(format!("{words} is refused in a patch for {}", facts.dialect.name)));
    }
    Ok(Statement { text: piece.text.to_owned(), ..statement })
}
