//! The step of a portable change.

use patchwright_hooks_api::change::Standing;
use patchwright_hooks_api::{Change, Element, Error, Finding, Position, Preconditions, SiteEditor, SiteView, Step};

/// Makes one portable change, unless the database is as the change wants it already.
#[derive(Debug)]
pub(crate) struct Portable {
    change: Change,
    dialects: Option<Vec<String>>,
    preconditions: Preconditions,
    /// Whether its author would have an index made while others work.
    concurrently: bool,
    position: Position,
}

impl Portable {
    /// Reads the element of a change, with what all of them may have: `dialect` and preconditions.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        let (preconditions, element) = Preconditions::take(element)?;
        let dialects = element.dialects()?;
        let change = Change::read(&element)?;
        let concurrently = element.truth("concurrently")?.unwrap_or(false);
        Ok(Self { change, dialects, preconditions, concurrently, position: element.position })
    }

    /// The change on this site.
    fn on(&self, site: &dyn SiteView) -> Change {
        let facts = site.facts();
        self.change.clone().with_prefix(&facts.table_prefix, &facts.dialect.lexical)
    }
}

impl Step for Portable {
    fn summary(&self) -> String {
        self.change.to_string()
    }

    fn dialects(&self) -> Option<&[String]> {
        self.dialects.as_deref()
    }

    fn is_of_database(&self) -> bool {
        true
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let change = self.on(site);
        if let Some(finding) = self.preconditions.finding(site, &change, &self.position)? {
            return Ok(vec![finding]);
        }
        let rendered = site.rendered(&change)?;
        let finding = match rendered.standing {
            Standing::Impossible(why) => Finding::blocker(format!("can't {change}: {why}")),
            Standing::Done => {
                Finding::notice(format!("nothing to do, the database is as if it had been done: {change}"))
            }
            Standing::ToDo if rendered.inverse.is_none() => {
                Finding::notice(format!("no later rollback can undo this: {change}"))
                    .hint("have a backup of the database if you may want to go back")
            }
            // It would be no part of the patch's transaction, and there is nobody whom the plain way could keep waiting.
            Standing::ToDo if self.concurrently => {
                Finding::notice(format!("not concurrently, but with the patch, behind the shut gate: {change}"))
            }
            Standing::ToDo => return Ok(Vec::new()),
        };
        Ok(vec![finding.at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let change = self.on(site.view());
        let made = match self.preconditions.allow(site.view(), &change) {
            Ok(true) => site.change(&change),
            other => other.map(drop),
        };
        made.map_err(|error| error.at(&self.position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChangeSteps;
    use patchwright_conformance::{FakeSite, parse_element};
    use patchwright_hooks_api::schema::{Column, ColumnType, Table};
    use patchwright_hooks_api::{Severity, StepKind};

    fn step(xml: &str) -> Box<dyn Step> {
        ChangeSteps.parse(&parse_element(xml), &FakeSite::new()).unwrap()
    }

    fn site() -> FakeSite {
        let columns = vec![Column::new("id", ColumnType::Integer { bits: 32, unsigned: false }).not_null()];
        let table = Table { name: "cms_item".into(), columns, primary_key: vec!["id".into()], ..Table::default() };
        FakeSite::new().table(table).with_facts(|facts| facts.table_prefix = "cms_".into())
    }

    const ADD: &str = "<add-column table='item' name='state'><integer/></add-column>";

    #[test]
    fn a_change_is_made_once_with_the_prefix_and_what_takes_it_back() {
        // A12, D14
        let mut site = site();
        assert_eq!(step(ADD).check(&site).unwrap(), []);
        step(ADD).apply(&mut site).unwrap();
        step(ADD).apply(&mut site).unwrap();
        assert_eq!(site.executed_texts(), ["add the column state to cms_item"]);
        let inverse = site.executed()[0].inverse.as_ref().unwrap();
        assert_eq!(inverse[0].to_string(), "drop the column state of cms_item");
        assert!(site.schema().table("cms_item").unwrap().column("state").is_some());
    }

    #[test]
    fn what_is_there_already_is_a_notice_and_what_is_in_the_way_a_blocker() {
        let mut site = site();
        step(ADD).apply(&mut site).unwrap();
        assert_eq!(step(ADD).check(&site).unwrap()[0].severity, Severity::Notice);
        let other = step("<add-column table='item' name='state'><text/></add-column>");
        let finding = other.check(&site).unwrap().remove(0);
        assert!(finding.is_blocker() && finding.message.contains("32-bit integer"), "{}", finding.message);
        assert!(other.apply(&mut site).is_err());
    }

    #[test]
    fn what_no_rollback_can_undo_is_told_before_anything_happens() {
        let finding = step("<drop-table name='item'/>").check(&site()).unwrap().remove(0);
        assert_eq!(finding.severity, Severity::Notice);
        assert_eq!(finding.message, "no later rollback can undo this: drop the table cms_item");
    }

    #[test]
    fn an_index_is_made_with_the_patch_and_not_concurrently_and_the_plan_says_so() {
        // A12
        let xml = "<create-index table='item' name='item_id' concurrently='true'><column>id</column></create-index>";
        let finding = step(xml).check(&site()).unwrap().remove(0);
        assert_eq!(finding.severity, Severity::Notice);
        assert!(finding.message.starts_with("not concurrently"), "{}", finding.message);
        let neither = parse_element(&xml.replace("'true'", "'maybe'"));
        assert!(ChangeSteps.parse(&neither, &FakeSite::new()).unwrap_err().position.is_some());
        let mut site = site();
        step(xml).apply(&mut site).unwrap();
        assert_eq!(site.executed_texts(), ["create the index cms_item_id on cms_item"]);
    }

    #[test]
    fn a_change_whose_precondition_does_not_hold_is_left_out_with_a_notice_or_refuses_the_patch() {
        // A12
        let with = |attributes: &str| step(&ADD.replacen("><", &format!(" {attributes}><"), 1));
        let query = "if-query='SELECT count(*) FROM {prefix}item' equals";
        let answered = || {
            let count = vec![vec![patchwright_hooks_api::Value::from(3)]];
            site().rows("SELECT count(*) FROM cms_item", &["count"], count)
        };
        for holds in [
            "if-table='item'",
            "unless-table='other'",
            "if-column='item.ID'",
            "unless-column='item.state other.id'",
            "unless-index='item.by_id'",
            &format!("{query}='3'"),
            "if-row='SELECT count(*) FROM {prefix}item'",
            "if-server='sqlite >=3.35'",
            "if-server='&lt;4'",
        ] {
            let mut site = answered();
            assert_eq!(with(holds).check(&site).unwrap(), [], "{holds}");
            with(holds).apply(&mut site).unwrap();
            assert_eq!(site.executed().len(), 1, "{holds}");
        }
        for (fails, why) in [
            ("if-table='item other'", "there is no table cms_other"),
            ("unless-table='item'", "there is the table cms_item"),
            ("if-column='other.id'", "there is no column id in cms_other"),
            ("if-index='item.by_id'", "there is no index cms_by_id on cms_item"),
            (&format!("{query}='4'"), "3 and not 4 is the answer to SELECT count(*) FROM {prefix}item"),
            ("unless-row='SELECT count(*) FROM {prefix}item'", "a row is the answer to"),
            ("if-server='MariaDB'", "the server is SQLite 3.45.1"),
            ("if-server='SQLite >=3.50'", "the server is SQLite 3.45.1"),
        ] {
            let mut site = answered();
            let notice = with(fails).check(&site).unwrap().remove(0);
            assert!(notice.severity == Severity::Notice && notice.message.contains(why), "{fails}: {}", notice.message);
            with(fails).apply(&mut site).unwrap();
            assert_eq!(site.executed().len(), 0, "{fails}");
            let strict = with(&format!("{fails} otherwise='refuse'"));
            assert!(strict.check(&site).unwrap()[0].is_blocker(), "{fails}");
            assert!(strict.apply(&mut site).unwrap_err().position.is_some(), "{fails}");
        }
    }

    #[test]
    fn a_precondition_sees_what_the_steps_before_it_did() {
        let mut site = site();
        let drop = step("<drop-column table='item' name='state' if-column='item.state'/>");
        drop.apply(&mut site).unwrap();
        step(ADD).apply(&mut site).unwrap();
        drop.apply(&mut site).unwrap();
        assert_eq!(site.executed().len(), 2);
    }

    #[test]
    fn a_change_may_be_for_some_dialects_only() {
        // A11
        let step = step("<drop-table dialect='sqlite postgres' name='item'/>");
        assert_eq!(step.dialects(), Some(&["sqlite".to_owned(), "postgres".to_owned()][..]));
    }
}
