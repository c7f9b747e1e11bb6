//! What there is: tables, views and sequences of the current schema, read from the system catalog by a handful of questions in one
//! message.

mod assembly;
mod defaults;
mod questions;
mod types;
mod views;

pub(crate) use defaults::settled;

use crate::bound;
use assembly::Assembly;
use patchwright_hooks_api::{Error, ErrorKind, Rows, Schema, Value};
use questions::{COLUMNS, COLUMNS_ORDER, INDEXES, INDEXES_ORDER, KEYS, KEYS_ORDER, NAME_ORDER, RELATIONS, TRIGGERS};

/// Which relations are the site's: those of the current schema that no extension brought.
const OURS: &str = "\
c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = pg_catalog.current_schema())
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
        WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')";

/// The questions, each with the name under which the server keeps it prepared and the order of its rows. To plan them takes the
/// server several times as long as to answer them.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("patchwright_columns", COLUMNS, COLUMNS_ORDER),
    ("patchwright_keys", KEYS, KEYS_ORDER),
    ("patchwright_indexes", INDEXES, INDEXES_ORDER),
    ("patchwright_triggers", TRIGGERS, NAME_ORDER),
    ("patchwright_relations", RELATIONS, NAME_ORDER),
];

/// Reads these tables, views and sequences, or all of them. What is asked gives an answer for each of its statements, and may need what
/// [`preparation`] prepares.
pub(crate) fn read(
    names: Option<&[&str]>,
    mut ask: impl FnMut(&str) -> Result<Vec<Rows>, Error>,
) -> Result<Schema, Error> {
    let questions = match names {
        None => QUESTIONS.map(|(_, question, order)| format!("{question}\nAND {OURS}\n{order}")),
        Some(names) => {
            let found = ask(&format!("EXECUTE patchwright_found ({})", lower(names)?))?;
            let ids: Vec<String> = found.iter().flat_map(|rows| &rows.rows).filter_map(|row| id(row)).collect();
            if ids.is_empty() {
                return Ok(Schema::default());
            }
            QUESTIONS.map(|(name, ..)| format!("EXECUTE {name} (ARRAY[{}]::oid[])", ids.join(", ")))
        }
    };
    let answers = ask(&questions.join(";\n"))?;
    let [columns, keys, indexes, triggers, relations] = answers.as_slice() else {
        return Err(Error::new(ErrorKind::Database, "the server does not answer each question about its catalog"));
    };
    let mut assembly = Assembly::new(columns)?;
    assembly.add_keys(keys)?;
    assembly.add_indexes(indexes)?;
    assembly.add_relations(relations)?;
    assembly.add_triggers(triggers)?;
    Ok(assembly.into_schema())
}

/// What prepares the questions about single ones, once a session.
pub(crate) fn preparation() -> String {
    let found = format!(
        "PREPARE patchwright_found (text[]) AS SELECT c.oid::bigint FROM pg_catalog.pg_class c \
         WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S') AND {OURS} AND pg_catalog.lower(c.relname) = ANY ($1)"
    );
    let prepared = QUESTIONS
        .map(|(name, question, order)| format!("PREPARE {name} (oid[]) AS {question}\nAND c.oid = ANY ($1)\n{order}"));
    format!("{found};\n{}", prepared.join(";\n"))
}

/// Names compare without regard to case, as those do that an author doesn't quote.
fn lower(names: &[&str]) -> Result<String, Error> {
    let names = names.iter().filter(|name| !name.contains('\0'));
    let lower: Vec<String> = names.map(|name| bound::quoted(&name.to_lowercase())).collect::<Result<_, _>>()?;
    Ok(format!("ARRAY[{}]::text[]", lower.join(", ")))
}

fn id(row: &[Value]) -> Option<String> {
    row.first()?.as_integer().map(|id| id.to_string())
}
