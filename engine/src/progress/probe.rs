//! Probes: a look at what a statement changes, before it and after a crash. If nothing is otherwise it never happened.

use crate::database::Database;
use crate::ledger::Probe;
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::statements::{Target, target};
use patchwright_hooks_api::{Error, ErrorKind, Sha256, Statement};

/// What tells whether this statement has happened: what its author says, else what its words do.
pub(super) fn of(database: &Database, statement: &Statement) -> Probe {
    if let Some(query) = &statement.probe {
        return Probe::Query(query.clone());
    }
    match target(&statement.text, &database.info().lexical) {
        Target::Structure(names) => Probe::Structure(names),
        Target::AllRows(names) => Probe::Rows(names),
        Target::Rows(_) | Target::Unknown => Probe::Nothing,
    }
}

/// What the probe gives now; `None` if it tells nothing on this database.
///
/// # Errors
/// When the line is broken.
pub(super) fn taken(database: &Database, probe: &Probe) -> Result<Option<Sha256>, Error> {
    let given = match probe {
        Probe::Structure(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            database.introspect(&names).map(|schema| sha256_of_json(&schema))
        }
        Probe::Rows(names) => {
            let quoted = |name: &String| database.info().quoted(name);
            let counted = |name| database.query(&Statement::new(format!("SELECT COUNT(*) FROM {}", quoted(name))));
            names.iter().map(counted).collect::<Result<Vec<_>, _>>().map(|rows| sha256_of_json(&rows))
        }
        Probe::Query(text) => database.query_for_patch(&Statement::new(text)).map(|rows| sha256_of_json(&rows)),
        Probe::Again | Probe::Nothing => return Ok(None),
    };
    match given {
        Ok(sum) => Ok(Some(sum)),
        Err(error) if error.kind == ErrorKind::Unsupported => Ok(None),
        // That it is refused tells something too, such as that a table is not there.
        Err(_) if database.answers() => Ok(Some(sha256_of_json(&"refused"))),
        Err(error) => Err(error),
    }
}
