//! The module `db`: the site's database, one statement at a time.

use crate::call::{Call, Function};
use crate::limits;
use crate::values;
use patchwright_hooks_api::{Error, ErrorKind, Inverse, SiteFacts, Statement, Value, statements};
use rhai::{Array, Dynamic, Map};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "db::execute", required: &["sql"], optional: &["parameters", "undo"], run: execute },
    Function { name: "db::query", required: &["sql"], optional: &["parameters"], run: query },
    Function { name: "db::one", required: &["sql"], optional: &["parameters"], run: one },
    Function { name: "db::scalar", required: &["sql"], optional: &["parameters"], run: scalar },
];

fn execute(call: &Call<'_>) -> Result<Dynamic, Error> {
    let statement = statement(call)?;
    let undo = match call.argument(2) {
        None => None,
        Some(_) => Some(undo(call)?),
    };
    let touched = call.run.change(call.name(), move |site| {
        let checked = |statement| one_statement(statement, site.facts());
        let statement = checked(statement)?;
        let inverse = |statement| checked(statement).map(Inverse::Statement);
        let undo = undo.map(|undo| undo.into_iter().map(inverse).collect::<Result<Vec<_>, _>>()).transpose()?;
        site.execute(&statement, undo)
    })?;
    Ok(i64::try_from(touched).unwrap_or(i64::MAX).into())
}

fn query(call: &Call<'_>) -> Result<Dynamic, Error> {
    rows(call).map(Dynamic::from)
}

fn one(call: &Call<'_>) -> Result<Dynamic, Error> {
    let mut rows = rows(call)?;
    if rows.len() > 1 {
        let message = format!("{}: the query gives {} rows, not one", call.name(), rows.len());
        return Err(Error::conflict(message).hint("take db::query for several rows"));
    }
    Ok(rows.pop().unwrap_or(Dynamic::UNIT))
}

fn scalar(call: &Call<'_>) -> Result<Dynamic, Error> {
    let row = one(call)?;
    let Some(map) = row.read_lock::<Map>() else { return Ok(Dynamic::UNIT) };
    if map.len() != 1 {
        return Err(call.error(format!("the query gives {} columns, not one", map.len())));
    }
    Ok(map.values().next().cloned().unwrap_or(Dynamic::UNIT))
}

fn rows(call: &Call<'_>) -> Result<Array, Error> {
    let statement = statement(call)?;
    let rows = call.run.look(move |site| {
        let statement = one_statement(statement, site.facts())?;
        site.query(&statement)
    })?;
    if rows.rows.len() > limits::ARRAY_ELEMENTS {
        let message = format!(
            "{}: the query gives {} rows; the limit is {}",
            call.name(),
            rows.rows.len(),
            limits::ARRAY_ELEMENTS
        );
        return Err(Error::new(ErrorKind::Limit, message).hint("fetch them in parts with LIMIT and WHERE"));
    }
    values::rows_to_script(rows).map_err(|why| call.error(why))
}

fn statement(call: &Call<'_>) -> Result<Statement, Error> {
    Ok(Statement::with(call.text(0)?, parameters(call)?).at(call.position.clone()))
}

fn parameters(call: &Call<'_>) -> Result<Vec<Value>, Error> {
    let no_value = |index: usize, value: &Dynamic| {
        let kind = values::described(value.type_name());
        call.error(format!("parameter {} is {kind}, which a database can't hold", index + 1))
    };
    let parameters = call.array(1)?;
    let value = |(index, value)| values::from_script(value).ok_or_else(|| no_value(index, value));
    parameters.iter().enumerate().map(value).collect()
}

/// The statements that take the call's own back: a text is one, an array several, an empty array says that there is
/// nothing to take back.
fn undo(call: &Call<'_>) -> Result<Vec<Statement>, Error> {
    let Some(value) = call.argument(2) else { return Ok(Vec::new()) };
    let texts = if value.is_string() { vec![value.clone()] } else { call.array(2)? };
    let statement = |text: Dynamic| match text.into_immutable_string() {
        Ok(text) => Ok(Statement::new(text.as_str()).at(call.position.clone())),
        Err(_) => Err(call.wrong_type(2, "text or an array of texts")),
    };
    texts.into_iter().map(statement).collect()
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
