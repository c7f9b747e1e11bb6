//! The step kind patcher: a new program, with the plugins that it comes with, takes the patcher's place (A18, B13).
//!
//! A patch brings a program for each platform that it is for. Which one is wanted is known on the site alone.

use patchwright_hooks_api::{
    Element, Error, ErrorKind, Finding, NewPatcher, NewProgram, PatcherFacts, Payload, Position, SiteEditor, SiteView,
    Step, StepKind, Version,
};
use std::collections::{BTreeMap, BTreeSet};

/// Reads `<patcher>`:
///
/// ```xml
/// <patcher version="0.2.0">
///   <program platform="x86_64-linux" payload="patcher/patchwright"/>
///   <plugin platform="x86_64-linux" name="firebird" payload="patcher/libdialect_firebird.so"/>
/// </patcher>
/// ```
///
/// Without a version and programs, plugins alone take the place of those that the site has of these names.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatcherSteps;

impl StepKind for PatcherSteps {
    fn elements(&self) -> &'static [&'static str] {
        &["patcher"]
    }

    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        element.only(&["version"], &["program", "plugin"])?;
        element.no_text()?;
        let version: Option<Version> = element.parsed("version")?;
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
        let lacks = platforms.iter().find(|(_, files)| files.program.is_none());
        let has = platforms.iter().find(|(_, files)| files.program.is_some());
        match (&version, lacks, has) {
            (Some(_), None, None) => Err(element.error("<patcher> brings no program")),
            (None, None, None) => Err(element.error("<patcher> brings neither a program nor a plugin")),
            (Some(_), Some((platform, _)), _) => {
                Err(element.error(format!("there is no program for {platform}, and a plugin")))
            }
            (None, _, Some(_)) => Err(element.error("<patcher> with a program needs the attribute version")),
            _ => Ok(Box::new(Replace { version, platforms, position: element.position.clone() })),
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
    /// That of the programs; nothing where there are plugins alone.
    version: Option<Version>,
    platforms: BTreeMap<String, Files>,
    position: Position,
}

/// What there is to do on a site.
enum Standing<'a> {
    /// This program does not let itself be replaced: an application that the engine is built into.
    NotReplaced,
    /// The program that the patch brings, of this version, is not newer.
    AsNew(&'a PatcherFacts, &'a Version),
    /// The site has none of the plugins, or has these.
    NoOtherPlugins,
    /// This is to take its place.
    ToDo(NewPatcher),
}

impl Replace {
    fn standing<'a>(&'a self, site: &'a dyn SiteView) -> Result<Standing<'a>, Error> {
        let Some(patcher) = &site.facts().patcher else { return Ok(Standing::NotReplaced) };
        if let Some(version) = self.version.as_ref().filter(|version| **version <= patcher.version) {
            return Ok(Standing::AsNew(patcher, version));
        }
        if self.version.is_none() && !self.has_other_plugins(patcher, site.payload()) {
            return Ok(Standing::NoOtherPlugins);
        }
        let files = self.platforms.get(&patcher.platform).ok_or_else(|| self.not_for(patcher))?;
        let program = self.version.clone().zip(files.program.clone());
        let program = program.map(|(version, member)| NewProgram { version, member });
        Ok(Standing::ToDo(NewPatcher { program, plugins: files.plugins.clone() }))
    }

    /// Whether the site has one of the plugins, and as another one. For a platform that the patch has nothing for it is enough that the
    /// site has one of that name.
    fn has_other_plugins(&self, patcher: &PatcherFacts, payload: &dyn Payload) -> bool {
        let sum = |member: &String| payload.entry(member).map(|entry| entry.sha256);
        match self.platforms.get(&patcher.platform) {
            Some(files) => files.plugins.iter().any(|(name, member)| patcher.has_other_plugin(name, sum(member))),
            None => {
                self.platforms.values().any(|files| files.plugins.keys().any(|name| patcher.plugins.contains_key(name)))
            }
        }
    }

    fn not_for(&self, patcher: &PatcherFacts) -> Error {
        let known: Vec<&str> = self.platforms.keys().map(String::as_str).collect();
        let (what, by_hand) = match &self.version {
            Some(version) => ("patcher", format!("install patchwright {version} by hand first")),
            None => ("plugins", "name the plugins in the site's configuration by hand".to_owned()),
        };
        let why = format!("the patch has no {what} for {}, only for {}", patcher.platform, known.join(", "));
        Error::new(ErrorKind::Unsupported, why).hint(format!("ask the vendor for it, or {by_hand}")).at(&self.position)
    }

    /// What the patch brings, in a few words.
    fn what(&self) -> String {
        match &self.version {
            Some(version) => format!("patcher {version}"),
            None => {
                let names: BTreeSet<&str> =
                    self.platforms.values().flat_map(|files| files.plugins.keys()).map(String::as_str).collect();
                format!("plugins {}", names.into_iter().collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Step for Replace {
    fn summary(&self) -> String {
        let platforms: Vec<&str> = self.platforms.keys().map(String::as_str).collect();
        format!("{} for {}", self.what(), platforms.join(", "))
    }

    fn patcher(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        let standing = match self.standing(site) {
            Ok(standing) => standing,
            Err(error) => return Ok(vec![Finding::from(error)]),
        };
        let message = match standing {
            Standing::NotReplaced => format!("the {} is not for this program, and is left out", self.what()),
            Standing::AsNew(patcher, version) => {
                format!("the patcher is at {} already, and stays; the patch brings {version}", patcher.version)
            }
            Standing::NoOtherPlugins => format!("the site has no other {}, and nothing takes their place", self.what()),
            Standing::ToDo(..) => return Ok(Vec::new()),
        };
        Ok(vec![Finding::notice(message).at(&self.position)])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        match self.standing(site.view())? {
            Standing::ToDo(new) => site.replace_patcher(&new).map_err(|error| error.at(&self.position)),
            Standing::NotReplaced | Standing::AsNew(..) | Standing::NoOtherPlugins => Ok(()),
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
            plugins: BTreeMap::from([("firebird".to_owned(), patchwright_hooks_api::site::Sum([1; 32]))]),
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
            let is = new.program.as_ref().unwrap();
            assert_eq!((is.version.to_string().as_str(), is.member.as_str()), ("0.2.0", program));
            assert_eq!(new.plugins.len(), plugins);
        }
    }

    #[test]
    fn plugins_alone_take_the_place_of_those_that_the_site_has_of_the_same_names() {
        // A18
        let element = "<patcher><plugin platform='x86_64-linux' name='firebird' payload='p/fb'/></patcher>";
        let mut site = site(Some(("0.1.0", "x86_64-linux")));
        let step = parse(element).unwrap();
        assert_eq!((step.summary().as_str(), step.patcher()), ("plugins firebird for x86_64-linux", None));
        step.apply(&mut site).unwrap();
        let new = site.new_patcher().unwrap();
        assert_eq!((new.program.is_none(), new.plugins["firebird"].as_str()), (true, "p/fb"));
    }

    #[test]
    fn plugins_that_the_site_has_no_others_of_are_left_out_and_that_is_said() {
        let has = |name: &str, sum| BTreeMap::from([(name.to_owned(), sum)]);
        let element = "<patcher><plugin platform='x86_64-linux' name='firebird' payload='p/fb'/></patcher>";
        let own = site(None).entry("p/fb").unwrap().sha256;
        for plugins in [BTreeMap::new(), has("oracle", own), has("firebird", own)] {
            let mut site = site(Some(("0.1.0", "x86_64-linux")))
                .with_facts(|facts| facts.patcher.as_mut().unwrap().plugins = plugins);
            let step = parse(element).unwrap();
            assert_eq!(step.check(&site).unwrap().len(), 1);
            step.apply(&mut site).unwrap();
            assert_eq!(site.new_patcher(), None);
        }
        let elsewhere = parse(element).unwrap().check(&site(Some(("0.1.0", "riscv64-linux")))).unwrap();
        assert!(elsewhere[0].is_blocker(), "{elsewhere:?}");
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
            ("<patcher/>", "neither a program nor a plugin"),
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
