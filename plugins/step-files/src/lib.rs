//! The step kinds add, overwrite and delete: whole files and directories, put in place or removed.
//!
//! A step describes a state to reach. Where the site is in that state already there is nothing to do; where it is in a
//! state that the patch's author did not know of, the operator decides (A16, C50).

mod add;
mod delete;
mod local;
mod new_file;
mod overwrite;
mod verdict;

use patchwright_hooks_api::{Element, Error, Payload, Reads, Step, StepKind};

/// Reads `<add>`, `<overwrite>` and `<delete>` (C22, C23, C24).
#[derive(Clone, Copy, Debug, Default)]
pub struct FileSteps;

impl StepKind for FileSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["add", "overwrite", "delete"]
    }

    fn reads(&self, element: &Element) -> Option<Reads> {
        Reads::of(element)
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        element.no_text()?;
        match element.name.as_str() {
            "add" => add::parse(element, payload),
            "overwrite" => Ok(Box::new(overwrite::Overwrite::parse(element, payload)?)),
            "delete" => delete::parse(element),
            _ => Err(element.error(format!("<{}> is neither add, overwrite nor delete", element.name))),
        }
    }
}

/// The attribute `directory`: whether the step is about a directory.
fn is_directory(element: &Element) -> Result<bool, Error> {
    Ok(element.parsed("directory")?.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use patchwright_conformance::{FakeSite, StepCase, md5, sha256, step_kind};

    use super::*;

    fn site() -> FakeSite {
        FakeSite::new().payload("files/a", "new")
    }

    #[test]
    fn it_keeps_what_every_step_kind_must_keep() {
        let (old, new) = (md5("old"), sha256("new"));
        let add = format!("<add path='a' sha256='{new}'/>");
        let overwrite = format!("<overwrite path='a' md5='{old}' sha256='{new}'/>");
        let delete = format!("<delete path='a' md5='{old}'/>");
        let sites: [fn() -> FakeSite; 7] = [
            site,
            || site().file("a", "old"),
            || site().file("a", "new"),
            || site().file("a", "mine"),
            || site().file("a", "mine").answer("local-change:a", "take").answer("exists:a", "take"),
            || site().file("a", "mine").answer("local-change:a", "keep").answer("exists:a", "keep"),
            || site().file("a/b", ""),
        ];
        let directories = ["<add path='a' directory='true'/>", "<delete path='a' directory='true'/>"];
        let elements = [add.as_str(), &overwrite, &delete].into_iter().chain(directories);
        let cases: Vec<_> = elements.flat_map(|xml| sites.map(|site| StepCase::new(xml, site))).collect();
        step_kind(&FileSteps, &cases);
    }
}
