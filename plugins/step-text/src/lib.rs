//! The step kind alter: literal replacements inside a text file.
//!
//! It is the step for files that sites change locally: as long as every chunk is still found exactly as often as the
//! patch's author expects, what stands around the chunks is kept to the byte. Where the file is known to be another than the
//! author saw, the operator is asked first (C45).

mod alter;
mod document;
pub mod edit;

use patchwright_hooks_api::{Element, Error, Payload, Reads, Step, StepKind};

/// Reads `<alter>` (C25).
#[derive(Clone, Copy, Debug, Default)]
pub struct TextSteps;

impl StepKind for TextSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["alter"]
    }

    fn reads(&self, element: &Element) -> Option<Reads> {
        Reads::of(element)
    }

    fn parse(&self, element: &Element, _payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        Ok(Box::new(alter::Alter::parse(element)?))
    }
}

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, StepCase, md5, step_kind};

    use super::*;

    #[test]
    fn it_keeps_what_every_step_kind_must_keep() {
        let sum = md5("old");
        let xml = format!("<alter path='a' md5='{sum}'><replace><from>old</from><to>new</to></replace></alter>");
        let sites: [fn() -> FakeSite; 7] = [
            FakeSite::new,
            || FakeSite::new().file("a", "old"),
            || FakeSite::new().file("a", "mine, old"),
            || FakeSite::new().file("a", "old old"),
            || FakeSite::new().file("a", "mine, old").answer("local-change:a", "merge"),
            || FakeSite::new().file("a", "mine").stored("old").answer("local-change:a", "take"),
            || FakeSite::new().file("a", "mine").stored("old").answer("local-change:a", "keep"),
        ];
        step_kind(&TextSteps, &sites.map(|site| StepCase::new(&xml, site)));
    }
}
