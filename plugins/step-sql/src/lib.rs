//! The step kind sql: statements written for one or several dialects.
//!
//! Where the statements end depends on the site's dialect, so a script is cut when it is checked and applied, by that
//! dialect's lexical rules, and not when the manifest is read.

mod script;
mod sql;

use patchwright_hooks_api::{Element, Error, Payload, Step, StepKind};

/// Reads `<sql>` (A10, A11, C20).
#[derive(Clone, Copy, Debug, Default)]
pub struct SqlSteps;

impl StepKind for SqlSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["sql"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        Ok(Box::new(sql::Sql::parse(element, payload)?))
    }
}

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, StepCase, step_kind};
    use patchwright_hooks_api::ErrorKind;

    use super::*;

    #[test]
    fn it_keeps_what_every_step_kind_must_keep() {
        let failing = || FakeSite::new().on_execute(|_| Err(Error::new(ErrorKind::Database, "disk I/O error")));
        let cases = [
            StepCase::new("<sql>BEGIN; A; B; COMMIT<undo>C</undo></sql>", FakeSite::new),
            StepCase::new("<sql>A; B</sql>", failing),
            StepCase::new("<sql>A; ROLLBACK</sql>", FakeSite::new),
            StepCase::new("<sql>A 'open</sql>", FakeSite::new),
        ];
        step_kind(&SqlSteps, &cases);
    }
}
