//! The step of a portable change.

use crate::read;
use patchwright_hooks_api::change::Standing;
use patchwright_hooks_api::{Change, Element, Error, Finding, Position, SiteEditor, SiteView, Step};

/// Makes one portable change, unless the database is as the change wants it already.
#[derive(Debug)]
pub(crate) struct Portable {
    change: Change,
    dialects: Option<Vec<String>>,
    position: Position,
}

impl Portable {
    /// Reads the element of a change, with the attribute `dialect` that all of them may have.
    pub(crate) fn parse(element: &Element) -> Result<Self, Error> {
        let dialects = element.dialects()?;
        let change = read::change(element)?;
        Ok(Self { change, dialects, position: element.position.clone() })
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
            Standing::ToDo => return Ok(Vec::new()),
        };
        Ok(vec![finding.at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let change = self.on(site.view());
        site.change(&change).map_err(|error| error.at(&self.position))
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
    fn a_change_may_be_for_some_dialects_only() {
        // A11
        let step = step("<drop-table dialect='sqlite postgres' name='item'/>");
        assert_eq!(step.dialects(), Some(&["sqlite".to_owned(), "postgres".to_owned()][..]));
    }
}
