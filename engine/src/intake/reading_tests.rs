//! Manifests as they should and should not be.

use super::super::testing::{file, manifest, read, tar};
use super::super::{IntakeError, Patch, Severity};
use super::*;
use patchwright_hooks_api::{Position, Step, StepKind};
use proptest::prelude::*;

fn read_text(text: &str) -> Result<Patch, IntakeError> {
    read(&tar(&[file("patch.xml", text.as_bytes()), file("CHANGELOG.md", b"- fixes\n")]))
}

fn assert_refused(text: &str, why: &str) {
    let error = read_text(text).unwrap_err().to_string();
    assert!(error.contains(why), "{error:?} does not say {why:?}");
}

/// A manifest with this in place of `<title>Fix</title>`.
fn with(children: &str) -> String {
    manifest("<use/>").replace("<title>Fix</title>", children)
}

const FULL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<patch format="1" product="acme-cms" id="acme-cms-1.0.1" from="1.0.0" to="1.0.1" severity="security">
  <title>Closes a hole
    in the forum</title>
  <changelog href="CHANGELOG.md" more="https://acme.example/1.0.1">
    <change>Escapes names</change>
    <change>Speeds up the list</change>
  </changelog>
  <requires>
    <patch id="acme-cms-1.0.0+fix.1"/>
    <component name="forum" version=">=2.1, &lt;3"/>
    <engine version=">=0.1"/>
  </requires>
  <conflicts><patch id="acme-cms-beta"/></conflicts>
  <steps>
    <use>one</use>
    <use>two</use>
  </steps>
</patch>
"#;

#[test]
fn everything_that_is_wrong_with_a_manifest_is_told_at_once_and_in_order() {
    let text = FULL
        .replace("severity=\"security\"", "severity=\"bad\"")
        .replace("<conflicts>", "<conflict/><conflicts>")
        .replace("<use>one</use>", "<us/>\n<us>two</us>");
    let errors = read_text(&text).unwrap_err().errors();
    let places: Vec<u32> = errors.iter().map(|error| error.position.as_ref().unwrap().line).collect();
    assert_eq!(places, [2, 14, 16, 17], "{errors:#?}");
    assert!(errors.iter().all(|error| error.hint.is_some() || error.message.contains("severity")), "{errors:#?}");
}

#[test]
fn a_manifest_with_very_many_faults_tells_the_first_hundred() {
    let errors = read_text(&manifest(&"<us/>".repeat(1000))).unwrap_err().errors();
    assert_eq!(errors.len(), MAX_FAULTS + 1);
    assert_eq!(errors.last().unwrap().kind, ErrorKind::Limit);
}

#[test]
fn an_end_of_the_xml_is_told_after_the_faults_before_it() {
    let text = manifest("<us/>");
    let errors = read_text(text.trim_end().strip_suffix("</patch>").unwrap()).unwrap_err().errors();
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert!(errors[0].message.contains("unknown step <us>"), "{errors:#?}");
}

#[test]
fn a_full_manifest_is_read_with_all_it_says() {
    let patch = read_text(FULL).unwrap();
    let manifest = &patch.manifest;
    assert_eq!((manifest.product.as_str(), manifest.id.as_str()), ("acme-cms", "acme-cms-1.0.1"));
    assert_eq!(manifest.versions(), "1.0.0 to 1.0.1");
    assert_eq!(manifest.severity, Severity::Security);
    assert_eq!(manifest.title, "Closes a hole in the forum");
    assert_eq!(manifest.changelog.href.as_deref(), Some("CHANGELOG.md"));
    assert_eq!(manifest.changelog.more.as_deref(), Some("https://acme.example/1.0.1"));
    assert_eq!(manifest.changelog.changes, ["Escapes names", "Speeds up the list"]);
    assert_eq!(manifest.requires.patches, ["acme-cms-1.0.0+fix.1"]);
    assert_eq!(manifest.requires.components[0].1.as_ref().unwrap().as_str(), ">=2.1, <3");
    assert!(manifest.requires.engine.is_some());
    assert_eq!(manifest.conflicts, ["acme-cms-beta"]);
    assert_eq!(patch.steps[1].step.summary(), "two");
    assert_eq!(patch.steps[1].position, Position::new("patch.xml", 17, 5));
    let json = serde_json::to_string(manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), *manifest);
}

#[test]
fn a_patch_may_be_for_a_component_and_without_from_it_installs_it() {
    // B21 D7
    let requires = "<requires><product version='&gt;=1.2'/><component name='chat' absent='true'/></requires>";
    let of = |attributes: &str| {
        with(&format!("<title>x</title>{requires}"))
            .replace("product=\"acme\"", "product=\"acme\" component=\"forum\"")
            .replace("from=\"1.0.0\"", attributes)
    };
    let patch = read_text(&of("from=\"1.0.0\"")).unwrap();
    assert_eq!(patch.manifest.component.as_deref(), Some("forum"));
    assert_eq!(
        (patch.manifest.versions(), patch.manifest.target()),
        ("forum 1.0.0 to 1.0.1".into(), "forum 1.0.1".into())
    );
    assert_eq!(patch.manifest.requires.product.as_ref().unwrap().as_str(), ">=1.2");
    assert_eq!(patch.manifest.requires.components, [("chat".to_owned(), None)]);
    let json = serde_json::to_string(&patch.manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), patch.manifest);
    let patch = read_text(&of("")).unwrap();
    assert_eq!((patch.manifest.from, patch.manifest.component.is_some()), (None, true));
    assert_refused(&of("").replace("\"forum\"", "\"acme\""), "can't be a component of itself");
    assert_refused(&of("").replace("'chat'", "'forum'"), "requires a version of what it is for");
}

#[test]
fn the_format_is_looked_at_before_everything_else() {
    let error = read_text("<patch format=\"2\" unheard=\"of\"><new/></patch>").unwrap_err();
    assert!(error.to_string().contains("the patch format \"2\" is not known"), "{error}");
    assert!(error.hint().unwrap().contains("known formats: 1"));
    assert_refused("<patch/>", "<patch> needs the attribute format");
    assert_refused("<html/>", "the root element is <html>, not <patch>");
}

#[test]
fn every_attribute_of_the_patch_is_needed_and_checked() {
    let good = manifest("<use/>");
    for name in ["product", "id", "from", "to", "severity"] {
        assert_refused(&good.replace(&format!(" {name}="), " x="), "has no attribute x");
        let start = good.find(&format!(" {name}=")).unwrap();
        let end = start + good[start..].find("\" ").or(good[start..].find("\">")).unwrap() + 1;
        assert_refused(&format!("{}{}", &good[..start], &good[end..]), &format!("needs the attribute {name}"));
    }
    assert_refused(&good.replace("acme-1.0.1", "acme 1"), "the attribute id of <patch> is \"acme 1\"");
    assert_refused(&good.replace("acme-1.0.1", ""), "the attribute id of <patch> is \"\"");
    assert_refused(&good.replace("acme-1.0.1", &"a".repeat(101)), "the attribute id of <patch>");
    assert_refused(&good.replace("\"acme\"", "\"../acme\""), "the attribute product of <patch>");
    assert_refused(
        &good.replace("from=\"1.0.0\"", "from=\"first\""),
        "the attribute from of <patch>: \"first\" is not a version",
    );
}

#[test]
fn a_patch_that_does_not_update_the_version_is_refused() {
    // A3
    for to in ["1.0.0", "0.9", "1.0", "1.0.0rc1"] {
        assert_refused(
            &manifest("<use/>").replace("to=\"1.0.1\"", &format!("to=\"{to}\"")),
            "which is not a later version",
        );
    }
    read_text(&manifest("<use/>").replace("to=\"1.0.1\"", "to=\"1.0.0+fix.7\"")).unwrap();
}

#[test]
fn an_unknown_severity_is_refused_with_its_place() {
    // A37
    let text = manifest("<use/>").replace("\"critical\"", "\"urgent\"");
    assert_refused(
        &text,
        "patch.xml:1:1: the attribute severity of <patch>: \"urgent\" is not a severity; known: optional",
    );
}

// C27
#[test]
fn unknown_and_repeated_elements_are_refused_naming_the_known_ones() {
    let error = read_text(&manifest("<use/><move/>")).unwrap_err();
    assert!(error.to_string().contains("unknown step <move>"), "{error}");
    assert_eq!(error.hint(), Some("known steps: use"));
    let error = read_text(&with("<titel/>")).unwrap_err();
    assert!(error.to_string().contains("<patch> has no child element <titel>"), "{error}");
    assert_eq!(error.hint(), Some("known child elements: title, changelog, requires, conflicts, steps"));
    assert_refused(&with("<title>a</title><title>b</title>"), "<title> is there twice");
    assert_refused(&with("<title lang='en'>a</title>"), "<title> has no attribute lang");
    assert_refused(&with("<title>a<b/></title>"), "<title> has no child element <b>");
    assert_refused(&with("<title>a</title>text"), "<patch> can't hold text");
    assert_refused(&manifest("<use/>").replace("<steps>", "<steps order='any'>"), "<steps> has no attribute order");
    assert_refused(&manifest("<use/>and"), "<steps> can't hold text");
}

#[test]
fn a_title_and_at_least_one_step_are_needed() {
    assert_refused(&with(""), "<patch> needs the child element <title>");
    assert_refused(&with("<title> </title>"), "the text of <title> is empty");
    assert_refused(&with(&format!("<title>{}</title>", "x".repeat(201))), "longer than 200 characters");
    assert_refused(&with("<title>a&#x9b;31mb</title>"), "holds a control character");
    assert_refused(&manifest(""), "the patch has no steps");
    assert_refused(&manifest("").replace("<steps></steps>", ""), "<patch> needs the child element <steps>");
}

#[test]
fn the_changelog_leads_to_a_member_and_to_the_web_only() {
    let title = "<title>x</title>";
    assert_refused(&with(&format!("{title}<changelog href='NEWS'/>")), "the changelog \"NEWS\" is not in the archive");
    for address in ["javascript:alert(1)", "ftp://a/b", "https://", "https:///x", "https://a b", "https://a\"onclick="]
    {
        // A7
        let address = quick_xml::escape::escape(address);
        assert_refused(&with(&format!("{title}<changelog more='{address}'/>")), "not an http or https address");
    }
    assert_refused(
        &with(&format!("{title}<changelog><change> </change></changelog>")),
        "the text of <change> is empty",
    );
    let many = "<change>x</change>".repeat(1001);
    assert_refused(&with(&format!("{title}<changelog>{many}</changelog>")), "lists more than 1000 elements");
}

#[test]
fn requirements_that_can_not_hold_are_refused() {
    let title = "<title>x</title>";
    let cases = [
        ("<requires><patch id='acme-1.0.1'/></requires>", "requires or conflicts with itself"),
        ("<conflicts><patch id='acme-1.0.1'/></conflicts>", "requires or conflicts with itself"),
        (
            "<requires><patch id='a'/></requires><conflicts><patch id='a'/></conflicts>",
            "both requires and conflicts with a",
        ),
        ("<requires><engine version='~1'/></requires>", "the attribute version of <engine>"),
        ("<requires><engine version='1'/><engine version='2'/></requires>", "<engine> is there twice"),
        ("<requires><component name='forum'/></requires>", "<component> needs the attribute version"),
        (
            "<requires><component name='forum' version='2' absent='true'/></requires>",
            "that must not be there has no version",
        ),
        ("<requires><component name='acme' version='2'/></requires>", "acme is the product, and no component"),
        ("<requires><product version='1'/></requires>", "requires a version of what it is for"),
        ("<requires><php version='8'/></requires>", "<requires> has no child element <php>"),
        ("<conflicts><patch/></conflicts>", "<patch> needs the attribute id"),
    ];
    for (children, why) in cases {
        assert_refused(&with(&format!("{title}{children}")), why);
    }
}

#[test]
fn an_error_of_a_step_kind_has_the_place_of_the_element() {
    // A14
    assert_refused(&manifest("\n<use payload='files/gone'/>"), "patch.xml:2:1: no payload files/gone");
}

#[test]
fn an_editor_may_be_told_of_the_schema() {
    let schema = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='patch.xsd'";
    read_text(&manifest("<use/>").replace("<patch ", &format!("<patch {schema} "))).unwrap();
}

#[test]
fn twenty_thousand_steps_are_no_trouble() {
    assert_eq!(read_text(&manifest(&"<use>x</use>\n".repeat(20_000))).unwrap().steps.len(), 20_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    // A13
    #[test]
    fn steps_come_out_in_the_order_of_the_manifest(steps in proptest::collection::vec("[ -~äöü]{1,20}", 1..50)) {
        let text: String = steps.iter().map(|step| format!("<use>{}</use>\n", quick_xml::escape::escape(step))).collect();
        let patch = read_text(&manifest(&text)).unwrap();
        prop_assert_eq!(patch.steps.iter().map(|step| step.step.summary()).collect::<Vec<_>>(), steps);
        prop_assert!(patch.steps.windows(2).all(|pair| pair[0].position < pair[1].position));
    }
}

#[test]
fn what_the_steps_will_read_is_foreseen_up_to_the_first_error_and_never_fails() {
    struct Reader;
    impl StepKinds for Reader {
        fn kind(&self, element: &str) -> Option<&dyn StepKind> {
            (element == "use").then_some(self)
        }
        fn known(&self) -> Vec<&'static str> {
            vec!["use"]
        }
    }
    impl StepKind for Reader {
        fn elements(&self) -> &'static [&'static str] {
            &["use"]
        }
        fn reads(&self, element: &Element) -> Option<Reads> {
            Some(Reads { path: element.path("path").ok()?, md5: false })
        }
        fn parse(&self, _: &Element, _: &dyn Payload) -> Result<Box<dyn Step>, Error> {
            unreachable!("foreseeing makes no step")
        }
    }
    let paths = |xml: &str| -> Vec<String> {
        foresee(xml.as_bytes(), &Reader).into_iter().map(|reads| reads.path.to_string()).collect()
    };
    let steps = "<use path='a'/><other path='b'/><use path='../c'/><use path='d'/>";
    assert_eq!(paths(&manifest(steps)), ["a", "d"]);
    assert_eq!(paths(&manifest("<use path='a'/><use path='d'")), ["a"]);
    assert!(paths("no XML").is_empty());
}
