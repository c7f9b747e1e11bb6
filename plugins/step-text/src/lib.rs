//! The step kind alter: literal replacements inside a text file.
//!
//! It is the step for files that sites change locally: as long as every chunk is still found exactly as often as the
//! patch's author expects, what stands around the chunks makes no difference and is kept to the byte.

mod alter;
mod document;
pub mod edit;

use patchwright_hooks_api::{Element, Error, Payload, Step, StepKind};

/// Reads `<alter>` (C25).
#[derive(Clone, Copy, Debug, Default)]
pub struct TextSteps;

impl StepKind for TextSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["alter"]
    }

    fn parse(&self, element: &Element, _payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        Ok(Box::new(alter::Alter::parse(element)?))
    }
}
