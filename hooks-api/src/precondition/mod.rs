//! What must be so before a step of the database does anything, as its author says by attributes that begin with `if-` and
//! `unless-`.
//!
//! They are looked at where the step's turn comes, in the rehearsal as in the run: each sees what the steps before it did. What the
//! rehearsal showed is held against the run by the engine, as with every step.

mod read;
#[cfg(test)]
mod tests;

use crate::dialect::Statement;
use crate::error::{Error, Position};
use crate::finding::Finding;
use crate::site::SiteView;
use crate::statements::{PREFIX_PLACEHOLDER, substitute};
use crate::value::Rows;
use crate::version::{Version, VersionRequirement};
use std::fmt;

/// What must be so, and what happens where it isn't. All of it must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preconditions {
    facts: Vec<Fact>,
    otherwise: Otherwise,
}

/// What happens where a precondition doesn't hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Otherwise {
    /// The step is left out.
    #[default]
    Skip,
    /// The patch is refused.
    Refuse,
}

/// One thing that is to be so.
#[derive(Clone, Debug, PartialEq)]
enum Fact {
    /// Something of the structure is there, or is not.
    There { thing: Thing, wanted: bool },
    /// A query gives a row, or none.
    Row { query: String, wanted: bool },
    /// A query gives this one value.
    Equals { query: String, value: String },
    /// The server is of this product, or in one of these versions.
    Server { product: Option<String>, versions: Option<VersionRequirement> },
}

/// Something of the structure, by names without the site's prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    Table(String),
    Column(String, String),
    Index(String, String),
}

/// What the preconditions of a step come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They hold.
    Holds,
    /// The step is to be left out, with the reason.
    Skip(String),
    /// The patch is to be refused, with the reason.
    Refuse(String),
}

impl Preconditions {
    /// What they come to on the site as it is now.
    ///
    /// # Errors
    /// When the database can't be asked, or what a query would give can't be foreseen.
    pub fn judge(&self, site: &dyn SiteView) -> Result<Verdict, Error> {
        for fact in &self.facts {
            if let Some(why) = fact.missed(site)? {
                return Ok(match self.otherwise {
                    Otherwise::Skip => Verdict::Skip(why),
                    Otherwise::Refuse => Verdict::Refuse(why),
                });
            }
        }
        Ok(Verdict::Holds)
    }

    /// Whether the step is to be done.
    ///
    /// # Errors
    /// As [`Preconditions::judge`], and when the patch is to be refused.
    pub fn allow(&self, site: &dyn SiteView, step: &dyn fmt::Display) -> Result<bool, Error> {
        match self.judge(site)? {
            Verdict::Holds => Ok(true),
            Verdict::Skip(_) => Ok(false),
            Verdict::Refuse(why) => Err(Error::conflict(format!("{step}: {why}"))),
        }
    }

    /// What the operator is told where they don't hold; `None` where they do.
    ///
    /// # Errors
    /// As [`Preconditions::judge`].
    pub fn finding(
        &self,
        site: &dyn SiteView,
        step: &dyn fmt::Display,
        place: &Position,
    ) -> Result<Option<Finding>, Error> {
        let finding = match self.judge(site)? {
            Verdict::Holds => return Ok(None),
            Verdict::Skip(why) => Finding::notice(format!("left out, since {why}: {step}")),
            Verdict::Refuse(why) => Finding::blocker(format!("the patch doesn't suit this site, since {why}: {step}")),
        };
        Ok(Some(finding.at(place)))
    }
}

impl Fact {
    /// Why it doesn't hold; `None` if it does.
    fn missed(&self, site: &dyn SiteView) -> Result<Option<String>, Error> {
        Ok(match self {
            Self::There { thing, wanted } => {
                let thing = thing.with_prefix(&site.facts().table_prefix);
                let is_there = thing.is_in(site)?;
                (is_there != *wanted).then(|| format!("there is {} {thing}", if is_there { "the" } else { "no" }))
            }
            Self::Row { query, wanted } => {
                let has_row = !ask(site, query)?.rows.is_empty();
                (has_row != *wanted)
                    .then(|| format!("{} is the answer to {query}", if has_row { "a row" } else { "no row" }))
            }
            Self::Equals { query, value } => {
                let found = one_value(&ask(site, query)?, query)?;
                (found != *value).then(|| format!("{found} and not {value} is the answer to {query}"))
            }
            Self::Server { product, versions } => {
                let server = site.server()?;
                let is_product = product.as_ref().is_none_or(|product| {
                    product.eq_ignore_ascii_case(&server.product)
                        || product.eq_ignore_ascii_case(&site.facts().dialect.name)
                });
                let is_version = match versions {
                    Some(versions) => versions.allows(&numbers(&server.version)?),
                    None => true,
                };
                let found = || format!("the server is {} {}", server.product, server.version);
                (!is_product || !is_version).then(found)
            }
        })
    }
}

impl Thing {
    fn with_prefix(&self, prefix: &str) -> Self {
        let prefixed = |name: &str| format!("{prefix}{name}");
        match self {
            Self::Table(table) => Self::Table(prefixed(table)),
            Self::Column(table, column) => Self::Column(prefixed(table), column.clone()),
            Self::Index(table, index) => Self::Index(prefixed(table), prefixed(index)),
        }
    }

    fn is_in(&self, site: &dyn SiteView) -> Result<bool, Error> {
        let (Self::Table(table) | Self::Column(table, _) | Self::Index(table, _)) = self;
        let schema = site.structure(&[table])?;
        let Some(found) = schema.table(table) else {
            return Ok(matches!(self, Self::Table(_)) && schema.view(table).is_some());
        };
        Ok(match self {
            Self::Table(_) => true,
            Self::Column(_, column) => found.column(column).is_some(),
            Self::Index(_, index) => found.index(index).is_some(),
        })
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "table {table}"),
            Self::Column(table, column) => write!(f, "column {column} in {table}"),
            Self::Index(table, index) => write!(f, "index {index} on {table}"),
        }
    }
}

fn ask(site: &dyn SiteView, query: &str) -> Result<Rows, Error> {
    let facts = site.facts();
    let text = substitute(query, &facts.dialect.lexical, PREFIX_PLACEHOLDER, &facts.table_prefix);
    site.query(&Statement::new(text)).map_err(|error| error.while_doing("a precondition"))
}

/// The only value of the only row, as text.
fn one_value(rows: &Rows, query: &str) -> Result<String, Error> {
    match rows.rows.as_slice() {
        [] => Ok("nothing".to_owned()),
        [row] if row.len() == 1 => Ok(row[0].to_string()),
        _ => Err(Error::invalid(format!("a precondition compares one value, and more are the answer to {query}"))),
    }
}

/// The version without what distributions put behind it, as in `10.11.14-MariaDB-0+deb12u2`.
fn numbers(version: &str) -> Result<Version, Error> {
    let end = version.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(version.len());
    let unread = |error| Error::invalid(format!("the server's version {version} can't be compared: {error}"));
    version[..end].trim_end_matches('.').parse().map_err(unread)
}
