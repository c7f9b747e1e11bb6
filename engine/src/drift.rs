//! Drift: what of the database is otherwise than the patches in force left it.
//!
//! The ledger remembers how each table was left; here that is held against what is there now, and said in words. Only
//! structure counts: rows are the application's.

use crate::journal::Purpose;
use crate::ledger::{Ledger, Object, Remembered};
use crate::site::tree::sha256_of_json;
use patchwright_hooks_api::schema::{Difference, How, Part, compare};
use patchwright_hooks_api::{Error, Schema, Sha256};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The database's structure, compared with what the patches in force left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Structure {
    /// How many tables and views were looked at.
    pub checked: usize,
    /// Why they could not be compared, if they could not.
    pub not_compared: Option<String>,
    /// What is otherwise.
    pub drift: Vec<Drift>,
    /// One sum over the structure that was found: the same on two sites whose databases have the same structure.
    pub fingerprint: Option<Sha256>,
}

/// One thing that is otherwise than the patches in force left it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// What it is.
    #[serde(flatten)]
    pub difference: Difference,
    /// The patch that touched the table or view last; `None` for what no patch has touched.
    pub since: Option<String>,
    /// All that in words.
    pub message: String,
}

/// Compares the whole database with the ledger.
///
/// # Errors
/// When the database can't be asked, or the ledger can't be read.
pub(crate) fn compare_all(ledger: &Ledger<'_>, dialect: &str) -> Result<Structure, Error> {
    let not_compared = |why: String| Ok(Structure { not_compared: Some(why), ..Structure::default() });
    let Some(found) = ledger.site_schema(None)? else {
        return not_compared(format!("the dialect {dialect} doesn't read the structure of tables"));
    };
    if !ledger.remembers_structures()? {
        return not_compared(
            "the ledger comes from an engine that did not remember structures; the next command that changes the site \
             takes the structure as it is then"
                .to_owned(),
        );
    }
    let remembered = ledger.remembered(None)?;
    let checked = found.tables.len() + found.views.len() + found.sequences.len();
    let fingerprint = Some(fingerprint(&found));
    Ok(Structure { checked, not_compared: None, drift: drift(ledger, &remembered, found)?, fingerprint })
}

/// Compares some tables and views with the ledger.
///
/// # Errors
/// As [`compare_all`].
pub(crate) fn compare_some(ledger: &Ledger<'_>, names: &BTreeSet<String>) -> Result<Vec<Drift>, Error> {
    if names.is_empty() || !ledger.remembers_structures()? {
        return Ok(Vec::new());
    }
    let list: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(found) = ledger.site_schema(Some(&list))? else { return Ok(Vec::new()) };
    drift(ledger, &ledger.remembered(Some(names))?, found)
}

/// One sum over a structure, by what it means and not by how the database holds it.
pub fn fingerprint(schema: &Schema) -> Sha256 {
    let mut meant = schema.clone();
    for table in &mut meant.tables {
        table.text = None;
        for index in &mut table.indexes {
            index.text = None;
            index.constraint = false;
        }
    }
    sha256_of_json(&meant)
}

fn drift(ledger: &Ledger<'_>, remembered: &BTreeMap<String, Remembered>, found: Schema) -> Result<Vec<Drift>, Error> {
    let mut wanted = Schema::default();
    for Remembered { object, .. } in remembered.values() {
        match object.clone() {
            Some(Object::Table(table)) => wanted.tables.push(*table),
            Some(Object::View(view)) => wanted.views.push(view),
            Some(Object::Sequence(sequence)) => wanted.sequences.push(sequence),
            None => {}
        }
    }
    let found = found.worded_like(&wanted);
    let mut patches = BTreeMap::new();
    let mut told = Vec::new();
    for difference in compare(&wanted, &found) {
        let run = remembered.get(&difference.object.to_ascii_lowercase()).map(|known| known.run.as_str());
        let last = match run {
            None => Last::Unknown,
            Some(run) => match known_patch(ledger, &mut patches, run)? {
                None => Last::Baseline,
                Some((patch, Purpose::RollBack)) => Last::TakenBack(patch.clone()),
                Some((patch, _)) => Last::Patch(patch.clone()),
            },
        };
        let since = match &last {
            Last::Patch(patch) | Last::TakenBack(patch) => Some(patch.clone()),
            Last::Unknown | Last::Baseline => None,
        };
        let kind = if wanted.view(&difference.object).is_some() { "view" } else { "table" };
        let mut message = format!("{}{last}", words(kind, &difference));
        if let (Part::Table | Part::View | Part::Sequence, How::Missing) = (&difference.part, &difference.how) {
            message.push_str(&made_by(ledger, &difference.object, since.as_deref())?);
        }
        told.push(Drift { message, difference, since });
    }
    Ok(told)
}

/// The patch of a run, asked for once.
fn known_patch<'a, 'b>(
    ledger: &Ledger<'_>,
    known: &'b mut BTreeMap<&'a str, Option<(String, Purpose)>>,
    run: &'a str,
) -> Result<&'b Option<(String, Purpose)>, Error> {
    if !known.contains_key(run) {
        known.insert(run, ledger.patch_of(run)?);
    }
    Ok(known.entry(run).or_default())
}

/// Which patch made something; `last` is the one that was named already.
fn made_by(ledger: &Ledger<'_>, name: &str, last: Option<&str>) -> Result<String, Error> {
    let maker = ledger.maker_of(name)?.map(|run| ledger.patch_of(&run)).transpose()?.flatten();
    Ok(match maker {
        None => String::new(),
        Some((patch, _)) if Some(patch.as_str()) == last => ", which made it".to_owned(),
        Some((patch, _)) => format!("; {patch} made it"),
    })
}

/// Who touched something last.
enum Last {
    Unknown,
    Baseline,
    Patch(String),
    TakenBack(String),
}

impl fmt::Display for Last {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => Ok(()),
            Self::Baseline => f.write_str(" since the site was made known"),
            Self::Patch(patch) => write!(f, " since {patch}"),
            Self::TakenBack(patch) => write!(f, " since {patch} was taken back"),
        }
    }
}

/// What became of a part of the database, an object of that kind, such as `table item: the column x was added`.
fn words(kind: &str, difference: &Difference) -> String {
    let Difference { object, part, how } = difference;
    let what = part.named(object);
    let of = match part {
        Part::Table | Part::View | Part::Sequence => String::new(),
        _ => format!("{kind} {object}: "),
    };
    match (part, how) {
        (Part::ColumnComment(_) | Part::Comment, _) => format!("{of}{what} is described otherwise"),
        (Part::View, How::Other { .. }) => format!("{what} got another query"),
        (_, How::Missing) => format!("{of}{what} was dropped"),
        (_, How::Unexpected) => format!("{of}{what} was added"),
        (_, How::Other { wanted, found }) => format!("{of}{what} was {wanted} and became {found}"),
    }
}
