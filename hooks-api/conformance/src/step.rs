//! What every step kind must keep, as checks on cases that its author writes.

use patchwright_hooks_api::element::{Attribute, Content};
use patchwright_hooks_api::{Element, Error, Finding, Severity, Step, StepKind};

use crate::{FakeSite, Snapshot, parse_element};

/// What no step kind has as an attribute or child element.
const UNKNOWN_NAME: &str = "no-step-kind-knows-this";

/// An element and a site to run it on. Cases that fail, ask or find nothing to do are as welcome as those that work.
#[derive(Clone, Debug)]
pub struct StepCase {
    /// The element as a manifest has it; the kind must accept it.
    pub xml: String,
    /// Makes the site, payload included, the same at every call.
    pub site: fn() -> FakeSite,
}

impl StepCase {
    /// A case.
    pub fn new(xml: impl Into<String>, site: fn() -> FakeSite) -> Self {
        Self { xml: xml.into(), site }
    }
}

type Check = fn(&Bench<'_>) -> Result<(), String>;

const CHECKS: &[(&str, Check)] = &[
    ("the kind reads the element that it is given", the_element_is_one_of_its_own),
    ("an unknown attribute is refused with its place", unknown_attributes_are_refused),
    ("an unknown child element is refused with its place", unknown_children_are_refused),
    ("the summary is one line", the_summary_is_one_line),
    ("a check changes nothing and finds the same again", a_check_is_repeatable),
    ("the same step on the same site does the same", applying_is_deterministic),
    ("what a check stops, applying refuses", applying_refuses_what_a_check_stops),
    ("a failure says where in the patch it comes from", a_failure_says_where),
];

/// Checks that `kind` keeps what the contract asks of it. To be called from a test, with a case for each of its
/// elements at least.
///
/// # Panics
/// When the kind breaks one of the rules, with the rule's name and the case; or when one of its elements has no case.
pub fn step_kind(kind: &dyn StepKind, cases: &[StepCase]) {
    let mut shown = Vec::new();
    for case in cases {
        let element = parse_element(&case.xml);
        let bench = Bench { kind, element: &element, site: case.site };
        for (name, check) in CHECKS {
            if let Err(why) = check(&bench) {
                panic!("the step kind does not keep this: {name}: {why}\nin the case {}", case.xml);
            }
        }
        shown.push(element.name);
    }
    for name in kind.elements() {
        assert!(shown.iter().any(|shown| shown == name), "no case shows the element <{name}>");
    }
}

/// One case.
struct Bench<'a> {
    kind: &'a dyn StepKind,
    element: &'a Element,
    site: fn() -> FakeSite,
}

impl Bench<'_> {
    fn step(&self) -> Result<Box<dyn Step>, String> {
        self.parse(self.element).map_err(|error| format!("it can't be read: {error}"))
    }

    fn parse(&self, element: &Element) -> Result<Box<dyn Step>, Error> {
        self.kind.parse(element, &(self.site)())
    }

    /// How a fresh step ends on a fresh site, and what it leaves.
    fn applied(&self) -> Result<(Result<(), Error>, Snapshot), String> {
        let mut site = (self.site)();
        let outcome = self.step()?.apply(&mut site);
        Ok((outcome, site.snapshot()))
    }

    fn refused(&self, element: &Element) -> Result<(), String> {
        match self.parse(element) {
            Ok(_) => Err("it is accepted".into()),
            Err(error) if error.position.is_none() => Err(format!("the refusal has no place: {error}")),
            Err(_) => Ok(()),
        }
    }
}

fn the_element_is_one_of_its_own(bench: &Bench<'_>) -> Result<(), String> {
    let name = bench.element.name.as_str();
    if !bench.kind.elements().contains(&name) {
        return Err(format!("{name} is not among its elements"));
    }
    bench.step().map(drop)
}

fn unknown_attributes_are_refused(bench: &Bench<'_>) -> Result<(), String> {
    let mut element = bench.element.clone();
    element.attributes.push(Attribute { name: UNKNOWN_NAME.into(), value: String::new() });
    bench.refused(&element)
}

fn unknown_children_are_refused(bench: &Bench<'_>) -> Result<(), String> {
    let mut element = bench.element.clone();
    let position = element.position.clone();
    let child = Element { name: UNKNOWN_NAME.into(), attributes: Vec::new(), content: Vec::new(), position };
    element.content.push(Content::Element(child));
    bench.refused(&element)
}

fn the_summary_is_one_line(bench: &Bench<'_>) -> Result<(), String> {
    let summary = bench.step()?.summary();
    if summary.trim().is_empty() || summary.chars().any(char::is_control) {
        return Err(format!("{summary:?}"));
    }
    Ok(())
}

fn a_check_is_repeatable(bench: &Bench<'_>) -> Result<(), String> {
    let site = (bench.site)();
    let before = site.snapshot();
    let step = bench.step()?;
    let (first, second) = (step.check(&site), step.check(&site));
    if first != second {
        return Err(format!("first {first:?}, then {second:?}"));
    }
    if site.snapshot() != before {
        return Err("the site has changed".into());
    }
    Ok(())
}

fn applying_is_deterministic(bench: &Bench<'_>) -> Result<(), String> {
    let (first, second) = (bench.applied()?, bench.applied()?);
    if first != second {
        return Err(format!("first {first:?}, then {second:?}"));
    }
    Ok(())
}

fn applying_refuses_what_a_check_stops(bench: &Bench<'_>) -> Result<(), String> {
    let findings = bench.step()?.check(&(bench.site)()).map_err(|error| error.to_string())?;
    let stops = |finding: &&Finding| !matches!(finding.severity, Severity::Notice);
    match (findings.iter().find(stops), bench.applied()?) {
        (Some(finding), (Ok(()), _)) => Err(format!("it is applied in spite of: {}", finding.message)),
        _ => Ok(()),
    }
}

fn a_failure_says_where(bench: &Bench<'_>) -> Result<(), String> {
    let site = (bench.site)();
    for finding in bench.step()?.check(&site).map_err(|error| error.to_string())? {
        if finding.position.is_none() {
            return Err(format!("the finding has no place: {}", finding.message));
        }
    }
    match bench.applied()? {
        (Err(error), _) if error.position.is_none() => Err(format!("the error has no place: {error}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use patchwright_hooks_api::{Payload, SiteEditor, SitePath, SiteView};

    use super::*;

    /// Touches a file, and breaks whichever rule it is told to.
    #[derive(Clone, Debug, Default)]
    struct Touch {
        accepts_anything: bool,
        summary: &'static str,
        ignores_its_check: bool,
        loses_the_place: bool,
    }

    impl StepKind for Touch {
        fn elements(&self) -> &'static [&'static str] {
            &["touch"]
        }

        fn parse(&self, element: &Element, _payload: &dyn Payload) -> Result<Box<dyn Step>, Error> {
            if !self.accepts_anything {
                element.only(&["path"], &[])?;
            }
            Ok(Box::new(TouchStep { kind: self.clone(), element: element.clone(), path: element.path("path")? }))
        }
    }

    #[derive(Debug)]
    struct TouchStep {
        kind: Touch,
        element: Element,
        path: SitePath,
    }

    impl Step for TouchStep {
        fn summary(&self) -> String {
            self.kind.summary.to_owned()
        }

        fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
            Ok(match site.metadata(&self.path)? {
                Some(_) => vec![Finding::blocker("it is there").at(&self.element.position)],
                None => Vec::new(),
            })
        }

        fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
            if self.kind.ignores_its_check || self.check(site.view())?.is_empty() {
                return site.write(&self.path, b"", None);
            }
            let error = Error::conflict("it is there");
            Err(if self.kind.loses_the_place { error } else { error.at(&self.element.position) })
        }
    }

    fn run(kind: &Touch) {
        let there = || FakeSite::new().file("a", "");
        let cases = [StepCase::new("<touch path='a'/>", FakeSite::new), StepCase::new("<touch path='a'/>", there)];
        step_kind(kind, &cases);
    }

    fn good() -> Touch {
        Touch { summary: "touch a", ..Touch::default() }
    }

    #[test]
    fn a_kind_that_keeps_the_rules_passes() {
        run(&good());
    }

    #[test]
    #[should_panic(expected = "an unknown attribute is refused")]
    fn a_kind_that_accepts_anything_is_caught() {
        run(&Touch { accepts_anything: true, ..good() });
    }

    #[test]
    #[should_panic(expected = "the summary is one line")]
    fn a_kind_with_an_empty_summary_is_caught() {
        run(&Touch { summary: "", ..good() });
    }

    #[test]
    #[should_panic(expected = "what a check stops, applying refuses")]
    fn a_kind_that_trusts_an_earlier_check_is_caught() {
        run(&Touch { ignores_its_check: true, ..good() });
    }

    #[test]
    #[should_panic(expected = "a failure says where")]
    fn a_kind_that_loses_the_place_is_caught() {
        run(&Touch { loses_the_place: true, ..good() });
    }

    #[test]
    #[should_panic(expected = "no case shows the element <touch>")]
    fn an_element_without_a_case_is_caught() {
        step_kind(&good(), &[]);
    }
}
