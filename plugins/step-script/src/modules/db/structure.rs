//! Portable changes, and what the database holds.

use super::with_prefix;
use crate::call::Call;
use patchwright_hooks_api::schema::{Column, Table};
use patchwright_hooks_api::{Change, Element, Error, Preconditions, SiteView};
use rhai::{Array, Dynamic, Map};

/// Makes a change that is written as manifests write it, unless its precondition says otherwise.
pub(super) fn change(call: &Call<'_>) -> Result<Dynamic, Error> {
    let xml = call.string(0)?;
    let (preconditions, change) = read(&xml).map_err(|error| placed_within(call, error))?;
    call.run.change(call.name(), move |site| {
        let facts = site.facts();
        let change = change.with_prefix(&facts.table_prefix, &facts.dialect.lexical);
        if preconditions.allow(site.view(), &change)? {
            site.change(&change)?;
        }
        Ok(())
    })?;
    Ok(Dynamic::UNIT)
}

fn read(xml: &str) -> Result<(Preconditions, Change), Error> {
    let element = patchwright_xml::element("the change", xml)?;
    not_for_a_dialect(&element)?;
    let (preconditions, element) = Preconditions::take(&element)?;
    Ok((preconditions, Change::read(&element)?))
}

fn not_for_a_dialect(element: &Element) -> Result<(), Error> {
    match element.attribute("dialect") {
        None => Ok(()),
        Some(_) => Err(element
            .error("a change that a script makes has no dialect")
            .hint("ask site::dialect() which one it is, and make the change or not")),
    }
}

/// The place within the argument goes into the message: the script knows the place of the call.
fn placed_within(call: &Call<'_>, error: Error) -> Error {
    let place = error.position.as_ref().map(|at| format!("line {}, column {} of the change: ", at.line, at.column));
    let message = format!("{}: {}{}", call.name(), place.unwrap_or_default(), error.message);
    Error { message, position: None, ..error }
}

pub(super) fn table_exists(call: &Call<'_>) -> Result<Dynamic, Error> {
    table(call).map(|table| table.is_some().into())
}

pub(super) fn column_exists(call: &Call<'_>) -> Result<Dynamic, Error> {
    let column = call.string(1)?;
    table(call).map(|table| table.is_some_and(|table| table.column(&column).is_some()).into())
}

pub(super) fn columns(call: &Call<'_>) -> Result<Dynamic, Error> {
    let name = call.text(0)?;
    let missing = || {
        Error::missing(format!("db::columns: there is no table {name}"))
            .hint("write its name with {prefix}, as in statements; look with db::table_exists first")
    };
    let table = table(call)?.ok_or_else(missing)?;
    Ok(table.columns.iter().map(column).collect::<Array>().into())
}

fn column(column: &Column) -> Dynamic {
    let mut map = Map::new();
    map.insert("name".into(), column.name.clone().into());
    map.insert("type".into(), column.kind.to_string().into());
    map.insert("nullable".into(), column.null.into());
    map.insert("auto".into(), column.auto.into());
    map.insert("default_value".into(), column.default.as_ref().map_or(Dynamic::UNIT, |value| value.to_string().into()));
    map.into()
}

fn table(call: &Call<'_>) -> Result<Option<Table>, Error> {
    let name = call.text(0)?;
    call.run.look(move |site: &dyn SiteView| {
        let name = with_prefix(&name, site.facts());
        Ok(site.structure(&[&name])?.table(&name).cloned())
    })
}

/// A name in the quotes of the site's dialect.
pub(super) fn quote(call: &Call<'_>) -> Result<Dynamic, Error> {
    let name = call.text(0)?;
    if name.is_empty() || name.contains(char::is_control) {
        return Err(call.error(format!("{name:?} can't be a name in a database")));
    }
    call.run.look(move |site| Ok(site.facts().dialect.quoted(&with_prefix(&name, site.facts())))).map(Dynamic::from)
}
