//! The step kind patcher: a new program, with the plugins that it comes with, takes the patcher's place (A18, B13).
//!
//! A patch brings a program for each platform that it is for. Which one is wanted is known on the site alone.

use patchwright_hooks_api::{
    Element, Error, ErrorKind, Finding, NewPatcher, PatcherFacts, Payload, Position, SiteEditor, SiteView, Step,
    StepKind, Version,
};
use std::collections::BTreeMap;

/// Reads `<patcher>`:
///
/// ```xml
/// <patcher version="0.2.0">
///   <program platform="x86_64-linux" payload="patcher/patchwright"/>
///   <plugin platform="x86_64-linux" name="firebird" payload="patcher/libdialect_firebird.so"/>
/// </patcher>
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PatcherSteps;

impl StepKind for PatcherSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["patcher"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        element.only(&["version"], &["program", "plugin"])?;
        element.no_text()?;
        let version =
            element.parsed("version")?.ok_or_else(|| element.error("<patcher> needs the attribute version"))?;
        let mut platforms: BTreeMap<String, Files> = BTreeMap::new();
        for part in element.children() {
            let (platform, member) = read_part(part, payload)?;
            let files = platforms.entry(platform.to_owned()).or_default();
            let taken = match part.name.as_str() {
                "program" => files.program.replace(member.to_owned()),
                _ => files.plugins.insert(part.required("name")?.to_owned(), member.to_owned()),
            };
            if taken.is_some() {
                return Err(part.error(format!("there is another <{}> of that name for {platform}", part.name)));
            }
        }
        match platforms.iter().find(|(_, files)| files.program.is_none()) {
            Some((platform, _)) => Err(element.error(format!("there is no program for {platform}, and a plugin"))),
            None if platforms.is_empty() => Err(element.error("<patcher> brings no program")),
            None => Ok(Box::new(Replace { version, platforms, position: element.position.clone() })),
        }
    }
}

/// The platform and the member of a program or a plugin.
fn read_part<'a>(part: &'a Element, payload: &dyn Payload) -> Result<(&'a str, &'a str), Error> {
    let attributes: &[&str] =
        if part.name == "program" { &["platform", "payload"] } else { &["platform", "payload", "name"] };
    part.only(attributes, &[])?;
    part.no_text()?;
    let (platform, member) = (part.required("platform")?, part.required("payload")?);
    match payload.entry(member) {
        Some(_) => Ok((platform, member)),
        None => Err(Error::missing(format!("the patch's archive has no member {member}")).at(&part.position)),
    }
}

/// What a patch brings for one platform.
#[derive(Debug, Default)]
struct Files {
    program: Option<String>,
    plugins: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Replace {
    version: Version,
    platforms: BTreeMap<String, Files>,
    position: Position,
}

/// What there is to do on a site.
enum Standing<'a> {
    /// This program does not let itself be replaced: an application that the engine is built into.
    NotReplaced,
    /// What the patch brings is not newer.
    AsNew(&'a PatcherFacts),
    /// This is to take its place.
    ToDo(NewPatcher),
}

impl Replace {
    fn standing<'a>(&self, site: &'a dyn SiteView) -> Result<Standing<'a>, Error> {
        let Some(patcher) = &site.facts().patcher else { return Ok(Standing::NotReplaced) };
        if self.version <= patcher.version {
            return Ok(Standing::AsNew(patcher));
        }
        let files = self.platforms.get(&patcher.platform);
        let (program, plugins) =
            files.and_then(|files| Some((files.program.clone()?, files.plugins.clone()))).ok_or_else(|| {
                let known: Vec<&str> = self.platforms.keys().map(String::as_str).collect();
                let why = format!("the patch has no patcher for {}, only for {}", patcher.platform, known.join(", "));
                Error::new(ErrorKind::Unsupported, why)
                    .hint(format!("ask the vendor for it, or install patchwright {} by hand first", self.version))
                    .at(&self.position)
            })?;
        Ok(Standing::ToDo(NewPatcher { version: self.version.clone(), program, plugins }))
    }
}

impl Step for Replace {
    fn summary(&self) -> String {
        let platforms: Vec<&str> = self.platforms.keys().map(String::as_str).collect();
        format!("patcher {} for {}", self.version, platforms.join(", "))
    }

    fn patcher(&self) -> Option<&Version> {
        Some(&self.version)
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let standing = match self.standing(site) {
            Ok(standing) => standing,
            Err(error) => return Ok(vec![Finding::from(error)]),
        };
        let message = match standing {
            Standing::NotReplaced => format!("the patcher {} is not for this program, and is left out", self.version),
            Standing::AsNew(patcher) => {
                format!("the patcher is at {} already, and stays; the patch brings {}", patcher.version, self.version)
            }
            Standing::ToDo(..) => return Ok(Vec::new()),
        };
        Ok(vec![Finding::notice(message).at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match self.standing(site.view())? {
            Standing::ToDo(new) => site.replace_patcher(&new).map_err(|error| error.at(&self.position)),
            Standing::NotReplaced | Standing::AsNew(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_conformance::{FakeSite, StepCase, parse_element, step_kind};

    const ELEMENT: &str = "<patcher version='0.2.0'>\
        <program platform='x86_64-linux' payload='p/x86'/><program platform='aarch64-linux' payload='p/arm'/>\
        <plugin platform='x86_64-linux' name='firebird' payload='p/fb'/></patcher>";

    fn site(patcher: Option<(&str, &str)>) -> FakeSite {
        let patcher = patcher.map(|(version, platform)| PatcherFacts {
            version: version.parse().unwrap(),
            platform: platform.to_owned(),
        });
        FakeSite::new().payload("p/x86", "x").payload("p/arm", "a").payload("p/fb", "f").with_facts(|facts| {
            facts.patcher = patcher;
        })
    }

    fn parse(xml: &str) -> Result<Box<dyn Step>, Error> {
        PatcherSteps.parse(&parse_element(xml), &site(None))
    }

    #[test]
    fn it_keeps_what_every_step_kind_must_keep() {
        step_kind(
            &PatcherSteps,
            &[
                StepCase::new(ELEMENT, || site(Some(("0.1.0", "x86_64-linux")))),
                StepCase::new(ELEMENT, || site(Some(("0.2.0", "x86_64-linux")))),
                StepCase::new(ELEMENT, || site(Some(("0.1.0", "riscv64-linux")))),
                StepCase::new(ELEMENT, || site(None)),
            ],
        );
    }

    #[test]
    fn the_program_for_the_sites_platform_takes_the_patchers_place_with_its_plugins() {
        // A18
        for (platform, program, plugins) in [("x86_64-linux", "p/x86", 1), ("aarch64-linux", "p/arm", 0)] {
            let mut site = site(Some(("0.1.0", platform)));
            parse(ELEMENT).unwrap().apply(&mut site).unwrap();
            let new = site.new_patcher().unwrap();
            assert_eq!((new.version.to_string().as_str(), new.program.as_str()), ("0.2.0", program));
            assert_eq!(new.plugins.len(), plugins);
        }
    }

    #[test]
    fn a_patcher_that_is_as_new_and_a_program_that_is_none_are_left_alone_and_that_is_said() {
        for facts in [None, Some(("0.2.0", "x86_64-linux")), Some(("1.0", "riscv64-linux"))] {
            let mut site = site(facts);
            let step = parse(ELEMENT).unwrap();
            assert_eq!(step.check(&site).unwrap().len(), 1, "{facts:?}");
            step.apply(&mut site).unwrap();
            assert_eq!(site.new_patcher(), None);
        }
    }

    #[test]
    fn a_platform_that_the_patch_has_nothing_for_is_named() {
        let [found] =
            parse(ELEMENT).unwrap().check(&site(Some(("0.1.0", "riscv64-linux")))).unwrap().try_into().unwrap();
        assert!(found.is_blocker());
        assert_eq!(found.message, "the patch has no patcher for riscv64-linux, only for aarch64-linux, x86_64-linux");
    }

    #[test]
    fn what_is_no_replacement_is_refused_with_its_place() {
        for (xml, why) in [
            ("<patcher version='0.2.0'/>", "brings no program"),
            ("<patcher><program platform='p' payload='p/x86'/></patcher>", "version"),
            ("<patcher version='1'><plugin platform='p' name='n' payload='p/fb'/></patcher>", "no program for p"),
            ("<patcher version='1'><program platform='p' payload='gone'/></patcher>", "no member gone"),
            ("<patcher version='1'><program platform='p' payload='p/x86' name='n'/></patcher>", "name"),
            (
                "<patcher version='1'><program platform='p' payload='p/x86'/><program platform='p' payload='p/arm'/></patcher>",
                "another <program>",
            ),
        ] {
            let error = parse(xml).unwrap_err();
            assert!(error.to_string().contains(why) && error.position.is_some(), "{xml}: {error}");
        }
    }
}
