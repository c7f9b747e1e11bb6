//! The step kinds for portable changes (A12): written once, said in the words of the site's database.
//!
//! How a change is written, what it does and how it stands to a database is the contract's
//! ([`Change`](patchwright_hooks_api::Change)), how it is said is the dialect's: nothing here knows SQL. `portable` is the step.

mod portable;
#[cfg(test)]
mod read_tests;

use patchwright_hooks_api::change::ELEMENTS;
use patchwright_hooks_api::{Element, Error, Payload, Step, StepKind};

/// Reads the elements of portable changes, `<create-table>` and the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChangeSteps;

impl StepKind for ChangeSteps {
    fn elements(&self) -> &'static [&'static str] {
        ELEMENTS
    }

    fn parse(&self, element: &Element, _payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        Ok(Box::new(portable::Portable::parse(element)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_conformance::{FakeSite, StepCase, step_kind};
    use patchwright_hooks_api::ErrorKind;
    use patchwright_hooks_api::schema::{Column, ColumnType, Table};

    /// A site that some of the examples suit, and in whose way others are.
    fn site() -> FakeSite {
        let column = |name: &&str| Column::new(*name, ColumnType::Varchar(80));
        let columns = ["b", "c", "d", "e"].iter().map(column).collect();
        FakeSite::new().table(Table { name: "a".into(), columns, ..Table::default() })
    }

    #[test]
    fn it_keeps_what_every_step_kind_must_keep() {
        let table = "<create-table name='a'><column name='b'><integer/></column></create-table>";
        let failing = || site().on_execute(|_| Err(Error::new(ErrorKind::Database, "disk I/O error")));
        let examples = read_tests::STRUCTURE.iter().chain(read_tests::ROWS).map(|(xml, _)| *xml);
        let mut cases: Vec<StepCase> = examples.map(|xml| StepCase::new(xml, site)).collect();
        cases.push(StepCase::new(table, FakeSite::new));
        cases.push(StepCase::new("<drop-table name='a'/>", failing));
        step_kind(&ChangeSteps, &cases);
    }
}
