//! The step `sql`: statements for the site's database.

use patchwright_hooks_api::statements::{PREFIX_PLACEHOLDER, substitute};
use patchwright_hooks_api::{
    Element, Error, Finding, Inverse, Payload, Position, Preconditions, SiteEditor, SiteFacts, SiteView, Statement,
    Step,
};

use crate::script::Script;

/// How much of the script the summary shows, in characters.
const MAX_SUMMARY_CHARS: usize = 60;
/// What to do about a script without a statement.
const EMPTY_HINT: &str = "if a dialect needs nothing, name it in the attribute dialect";

/// Runs statements, each with what takes it back if the author says it (A10, A11, C20, C41).
///
/// ```xml
/// <sql dialect="sqlite postgres">
///   UPDATE {prefix}item SET state = 1 WHERE state IS NULL;
///   <undo>UPDATE {prefix}item SET state = NULL WHERE state = 1</undo>
/// </sql>
/// ```
///
/// Both texts may come from the archive instead: `<sql src="sql/001.sql"><undo src="sql/001-undo.sql"/></sql>`. An
/// empty `<undo/>` says that there is nothing to take back, and an empty `<sql dialect="sqlite"/>` that this change needs
/// nothing on that dialect: a product on several databases has releases that only some of them notice.
///
/// Where a statement commits by itself and the tables that it names don't show whether it has happened, as with a procedure, the
/// attribute `probe` holds a query whose rows do. It tells of one statement. Preconditions are those of every database step
/// ([`Preconditions`]).
#[derive(Debug)]
pub(crate) struct Sql {
    dialects: Option<Vec<String>>,
    script: Script,
    undo: Option<Script>,
    probe: Option<String>,
    preconditions: Preconditions,
    position: Position,
}

/// The step's statements on one site.
struct Run {
    statements: Vec<Statement>,
    /// `None` if the author doesn't say.
    undo: Option<Vec<Statement>>,
    left_out: Vec<Finding>,
}

impl Sql {
    /// Reads `<sql dialect? src? probe? preconditions>…<undo src?>…</undo></sql>`.
    pub(crate) fn parse(element: &Element, payload: &dyn Payload) -> Result<Self, Error> {
        let (preconditions, element) = &Preconditions::take(element)?;
        element.only(&["dialect", "src", "probe"], &["undo"])?;
        if let Some(second) = element.children().nth(1) {
            return Err(second.error("<sql> can have one <undo>"));
        }
        let script = Script::parse(element, payload)?;
        let dialects = element.dialects()?;
        if script.is_blank() && dialects.is_none() {
            return Err(element.error("<sql> holds no statement").hint(EMPTY_HINT));
        }
        let undo = element.child("undo").map(|undo| {
            undo.only(&["src"], &[])?;
            Script::parse(undo, payload)
        });
        let probe = element.attribute("probe").map(ToOwned::to_owned);
        let position = element.position.clone();
        let preconditions = preconditions.clone();
        Ok(Self { dialects, script, undo: undo.transpose()?, probe, preconditions, position })
    }

    /// The statements for this site, or everything that is wrong with them.
    fn run(&self, site: &dyn SiteView) -> Result<Run, Vec<Error>> {
        let mut prepared = self.script.prepare(site.facts());
        let undo = self.undo.as_ref().map(|undo| undo.prepare(site.facts()));
        let mut refused = prepared.refused;
        if prepared.statements.is_empty() && refused.is_empty() && self.dialects.is_none() {
            refused.push(Error::invalid("<sql> holds no statement to run").at(&self.position).hint(EMPTY_HINT));
        }
        if let Some(probe) = &self.probe {
            match prepared.statements.as_mut_slice() {
                [] => {}
                [statement] => {
                    let SiteFacts { dialect, table_prefix, .. } = site.facts();
                    statement.probe = Some(substitute(probe, &dialect.lexical, PREFIX_PLACEHOLDER, table_prefix));
                }
                several => refused.push(
                    Error::invalid(format!("the probe tells of one statement, and <sql> holds {}", several.len()))
                        .at(&self.position)
                        .hint("write an <sql> for each of them"),
                ),
            }
        }
        let mut left_out = prepared.left_out;
        let undo = undo.map(|undo| {
            refused.extend(undo.refused);
            left_out.extend(undo.left_out);
            undo.statements
        });
        if refused.is_empty() { Ok(Run { statements: prepared.statements, undo, left_out }) } else { Err(refused) }
    }
}

impl Step for Sql {
    fn summary(&self) -> String {
        if self.script.is_blank() {
            return "sql: nothing on this dialect".to_owned();
        }
        format!("sql: {}", first_words(self.script.text()))
    }

    fn dialects(&self) -> Option<&[String]> {
        self.dialects.as_deref()
    }

    fn scripts(&self) -> Vec<&str> {
        [Some(&self.script), self.undo.as_ref()].into_iter().flatten().map(Script::text).collect()
    }

    fn is_of_database(&self) -> bool {
        true
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        if let Some(finding) = self.preconditions.finding(site, &self.summary(), &self.position)? {
            return Ok(vec![finding]);
        }
        Ok(match self.run(site) {
            Ok(run) => run.left_out,
            Err(refused) => refused.into_iter().map(Finding::from).collect(),
        })
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let allowed = self.preconditions.allow(site.view(), &self.summary());
        if !allowed.map_err(|error| error.at(&self.position))? {
            return Ok(());
        }
        let run = self.run(site.view()).map_err(|refused| {
            let first = refused.into_iter().next();
            first.unwrap_or_else(|| Error::refused("the script can't run")).at(&self.position)
        })?;
        let total = run.statements.len();
        let mut undo = run.undo.map(|undo| undo.into_iter().map(Inverse::Statement).collect::<Vec<_>>());
        for (at, statement) in run.statements.iter().enumerate() {
            // The undo takes the whole step back, so it stands with the first statement and the others need none.
            let inverse = undo.as_mut().map(std::mem::take);
            site.execute(statement, inverse).map_err(|error| {
                let place = statement.position.as_ref().unwrap_or(&self.position);
                error.while_doing(format!("statement {} of {total}", at + 1)).at(place)
            })?;
        }
        Ok(())
    }
}

/// The beginning of a text on one line.
fn first_words(text: &str) -> String {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        for character in word.chars() {
            if length == MAX_SUMMARY_CHARS {
                line.push('…');
                return line;
            }
            line.push(character);
            length += 1;
        }
    }
    line
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
