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
mod tests {
    use patchwright_conformance::{FakeSite, parse_element};
    use patchwright_hooks_api::statements::LexicalRules;
    use patchwright_hooks_api::{ErrorKind, Severity, StepKind};

    use super::*;
    use crate::SqlSteps;

    fn site() -> FakeSite {
        FakeSite::new().with_facts(|facts| facts.table_prefix = "cms_".into())
    }

    fn sql(xml: &str) -> Box<dyn Step> {
        SqlSteps.parse(&parse_element(xml), &site()).unwrap()
    }

    fn refusal(xml: &str) -> Error {
        SqlSteps.parse(&parse_element(xml), &site()).unwrap_err()
    }

    fn executed(xml: &str) -> Vec<String> {
        let mut site = site();
        sql(xml).apply(&mut site).unwrap();
        site.executed_texts().into_iter().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn every_statement_is_executed_once_in_order_with_its_place() {
        // A10, C20
        let mut site = site();
        let step = sql(
            "<sql>\n  DELETE FROM a WHERE t = ';';\n  -- a comment; with one\n  CREATE INDEX i ON a (t); DROP INDEX j\n</sql>",
        );
        assert_eq!(step.check(&site).unwrap(), []);
        step.apply(&mut site).unwrap();
        let expected =
            [("DELETE FROM a WHERE t = ';'", 2, 3), ("CREATE INDEX i ON a (t)", 4, 3), ("DROP INDEX j", 4, 28)];
        let found: Vec<_> = site
            .executed()
            .iter()
            .map(|executed| {
                let position = executed.statement.position.as_ref().unwrap();
                (executed.statement.text.as_str(), position.line, position.column)
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_table_prefix_goes_in_everywhere_but_into_strings() {
        // C20
        let found = executed("<sql>UPDATE {prefix}a SET t = '{prefix}' WHERE \"{prefix}a\".i = 1</sql>");
        assert_eq!(found, ["UPDATE cms_a SET t = '{prefix}' WHERE \"cms_a\".i = 1"]);
    }

    #[test]
    fn where_a_statement_ends_depends_on_the_sites_dialect() {
        // A11
        let xml = r"<sql>INSERT INTO a VALUES ('\'); DELETE FROM a WHERE t = ';')</sql>";
        let count = |lexical: LexicalRules| {
            let mut site = FakeSite::new().with_facts(|facts| facts.dialect.lexical = lexical);
            sql(xml).apply(&mut site).map(|()| site.executed().len())
        };
        assert_eq!(count(LexicalRules::sqlite()), Ok(2));
        assert!(count(LexicalRules::mysql()).is_err());
    }

    #[test]
    fn the_dialects_are_named_by_the_author_or_all() {
        // A11
        assert_eq!(
            sql("<sql dialect='sqlite  postgres'>x</sql>").dialects(),
            Some(&["sqlite".into(), "postgres".into()][..])
        );
        assert_eq!(sql("<sql>x</sql>").dialects(), None);
        assert!(refusal("<sql dialect=' '>x</sql>").position.is_some());
    }

    #[test]
    fn the_undo_stands_with_the_first_statement_and_the_others_need_none() {
        let mut site = site();
        sql("<sql>A; B;<undo>C; D {prefix}</undo></sql>").apply(&mut site).unwrap();
        let inverses: Vec<Vec<String>> = site
            .executed()
            .iter()
            .map(|executed| executed.inverse.as_ref().unwrap().iter().map(ToString::to_string).collect())
            .collect();
        assert_eq!(inverses, [vec!["C", "D cms_"], vec![]]);
    }

    #[test]
    fn without_an_undo_nobody_knows_the_inverse_and_an_empty_one_says_there_is_none() {
        for (undo, expected) in [("", None), ("<undo/>", Some(Vec::new()))] {
            let mut site = site();
            sql(&format!("<sql>A; B{undo}</sql>")).apply(&mut site).unwrap();
            assert!(site.executed().iter().all(|executed| executed.inverse == expected));
        }
    }

    #[test]
    fn a_probe_goes_with_its_one_statement_and_the_prefix_goes_into_it() {
        let mut site = site();
        sql("<sql probe='SELECT 1 FROM {prefix}routine'>CREATE PROCEDURE p() BEGIN END</sql>")
            .apply(&mut site)
            .unwrap();
        assert_eq!(site.executed()[0].statement.probe.as_deref(), Some("SELECT 1 FROM cms_routine"));
        let finding = sql("<sql probe='SELECT 1'>A; B</sql>").check(&site).unwrap().remove(0);
        assert!(finding.is_blocker());
    }

    #[test]
    fn an_authors_transaction_is_left_out_with_a_notice() {
        let xml = "<sql>BEGIN;\nA;\nCOMMIT; start transaction; B; end transaction</sql>";
        assert_eq!(executed(xml), ["A", "B"]);
        let findings = sql(xml).check(&site()).unwrap();
        assert!(findings.iter().all(|finding| finding.severity == Severity::Notice));
        assert_eq!(findings.len(), 4);
        assert_eq!(findings[1].message, "line 3: COMMIT is left out, the engine owns the transaction");
    }

    #[test]
    fn statements_that_no_patch_may_run_are_blockers_with_their_lines_and_nothing_is_executed() {
        let step = sql("<sql>A;\nROLLBACK;\nSAVEPOINT s; RELEASE s;\nattach 'x' AS y;<undo>\nPRAGMA z</undo></sql>");
        let mut site = site();
        let findings = step.check(&site).unwrap();
        assert!(findings.iter().all(Finding::is_blocker));
        let lines: Vec<_> = findings.iter().map(|finding| finding.position.as_ref().unwrap().line).collect();
        assert_eq!(lines, [2, 3, 3, 4, 5]);
        assert_eq!(findings[3].message, "ATTACH is refused in patches for sqlite");
        assert_eq!(step.apply(&mut site).unwrap_err().kind, ErrorKind::Refused);
        assert_eq!(site.executed(), []);
    }

    #[test]
    fn a_dialect_may_refuse_by_more_than_one_keyword() {
        let site = FakeSite::new().with_facts(|facts| facts.dialect.refused = vec!["CREATE DATABASE".into()]);
        assert!(sql("<sql>create database x</sql>").check(&site).unwrap()[0].is_blocker());
        assert_eq!(sql("<sql>create table x (i int)</sql>").check(&site).unwrap(), []);
    }

    #[test]
    fn a_block_that_begins_like_a_transaction_is_run() {
        let xml = "<sql>BEGIN NOT ATOMIC A; B; END; C</sql>";
        let mut site = FakeSite::new().with_facts(|facts| facts.dialect.lexical = LexicalRules::mysql());
        assert_eq!(sql(xml).check(&site).unwrap(), []);
        sql(xml).apply(&mut site).unwrap();
        assert_eq!(site.executed_texts(), ["BEGIN NOT ATOMIC A; B; END", "C"]);
    }

    #[test]
    fn a_script_that_can_not_be_cut_is_a_blocker_with_its_place() {
        let finding = sql("<sql>A;\n INSERT 'x</sql>").check(&site()).unwrap().remove(0);
        assert!(finding.is_blocker());
        assert_eq!(finding.position, Some(Position::new("patch.xml", 2, 9)));
    }

    #[test]
    fn a_failure_of_the_database_names_the_statement_and_its_place() {
        // C41
        let fail = |statement: &Statement| match statement.text.as_str() {
            "B" => Err(Error::new(ErrorKind::Database, "no such table")),
            _ => Ok(0),
        };
        let error = sql("<sql>A;\nB;\nC</sql>").apply(&mut site().on_execute(fail)).unwrap_err();
        assert_eq!(error.to_string(), "patch.xml:2:1: statement 2 of 3: no such table");
        assert_eq!(error.kind, ErrorKind::Database);
    }

    #[test]
    fn a_script_may_lie_in_the_archive_and_places_are_its_own() {
        let site = || FakeSite::new().payload("a.sql", "\u{feff}A;\nB").payload("undo.sql", "C");
        let xml = "<sql src='a.sql'><undo src='undo.sql'/></sql>";
        let mut site = { site() };
        SqlSteps.parse(&parse_element(xml), &site).unwrap().apply(&mut site).unwrap();
        assert_eq!(site.executed_texts(), ["A", "B"]);
        assert_eq!(site.executed()[1].statement.position, Some(Position::new("a.sql", 2, 1)));
        let Inverse::Statement(undo) = &site.executed()[0].inverse.as_ref().unwrap()[0] else { panic!("no statement") };
        assert_eq!(undo.position, Some(Position::new("undo.sql", 1, 1)));
    }

    #[test]
    fn a_script_in_the_archive_must_be_there_and_be_utf_8() {
        let site = FakeSite::new().payload("latin.sql", b"A;\n'\xe9'");
        let parse = |xml: &str| SqlSteps.parse(&parse_element(xml), &site).unwrap_err();
        assert_eq!(parse("<sql src='x.sql'/>").kind, ErrorKind::Missing);
        assert_eq!(parse("<sql src='latin.sql'/>").position, Some(Position::new("latin.sql", 2, 2)));
    }

    #[test]
    fn an_empty_script_and_one_in_pieces_and_what_is_unknown_are_refused() {
        // C27
        for xml in [
            "<sql/>",
            "<sql>\n </sql>",
            "<sql><undo>A</undo></sql>",
            "<sql>A;<undo>B</undo>C</sql>",
            "<sql>A<undo/><undo/></sql>",
            "<sql db='sqlite'>A</sql>",
            "<sql>A<redo/></sql>",
            "<sql>A<undo>B<undo/></undo></sql>",
        ] {
            assert!(refusal(xml).position.is_some(), "{xml}");
        }
        let comment = sql("<sql>-- nothing</sql>");
        assert!(comment.check(&site()).unwrap()[0].is_blocker());
    }

    #[test]
    fn a_dialect_that_needs_nothing_is_named_with_an_empty_script() {
        // A11
        for xml in ["<sql dialect='sqlite'/>", "<sql dialect='sqlite'>-- empty</sql>"] {
            assert_eq!(sql(xml).check(&site()).unwrap(), [], "{xml}");
            assert!(executed(xml).is_empty(), "{xml}");
        }
        assert_eq!(sql("<sql dialect='sqlite'/>").summary(), "sql: nothing on this dialect");
    }

    #[test]
    fn a_script_whose_precondition_does_not_hold_is_left_out_or_refuses_the_patch() {
        // A12
        let mut site = site();
        let script =
            |otherwise: &str| sql(&format!("<sql if-table='item' {otherwise}>DELETE FROM {{prefix}}item</sql>"));
        let notice = script("").check(&site).unwrap().remove(0);
        assert_eq!(notice.severity, Severity::Notice);
        assert_eq!(notice.message, "left out, since there is no table cms_item: sql: DELETE FROM {prefix}item");
        script("").apply(&mut site).unwrap();
        assert_eq!(site.executed(), []);
        assert!(script("otherwise='refuse'").check(&site).unwrap()[0].is_blocker());
        assert!(script("otherwise='refuse'").apply(&mut site).unwrap_err().position.is_some());
    }

    #[test]
    fn the_summary_is_the_beginning_on_one_line() {
        assert_eq!(sql("<sql>\n  DELETE\n  FROM a;\n</sql>").summary(), "sql: DELETE FROM a;");
        let long = sql(&format!("<sql>{}</sql>", "é".repeat(100))).summary();
        assert_eq!(long, format!("sql: {}…", "é".repeat(60)));
    }
}
