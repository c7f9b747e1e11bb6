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
