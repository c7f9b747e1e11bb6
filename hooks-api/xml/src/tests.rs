//! Text as elements: places, text verbatim, and everything that is refused (C33).

use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Result<Element, Error> {
    element("patch.xml", text)
}

fn assert_refused(text: &str, why: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert!(error.contains(why), "{error:?} does not say {why:?}");
}

fn place(position: &Position) -> (u32, u32) {
    (position.line, position.column)
}

#[test]
fn every_element_and_text_has_its_place_in_characters() {
    let root =
        parse("<?xml version=\"1.0\"?>\r\n<ä>\r  <b/>ü<c>\n x<![CDATA[y]]></c>\n<d><![CDATA[z]]></d></ä>\n").unwrap();
    assert_eq!(place(&root.position), (2, 1));
    assert_eq!(place(&root.child("b").unwrap().position), (3, 3));
    assert_eq!(place(&root.child("c").unwrap().position), (3, 8));
    assert_eq!(place(root.child("c").unwrap().text_position()), (3, 11));
    assert_eq!(place(root.child("d").unwrap().text_position()), (5, 13), "where the content of CDATA begins");
}

#[test]
fn text_comes_through_verbatim_but_for_line_ends() {
    // C33
    let root = parse(
        "<a>  1 &lt;&gt;&amp;&apos;&quot; &#228;&#x20AC;<!-- no -->\r\n<![CDATA[<b> &amp; ]]]]><![CDATA[>]]>\t</a>",
    )
    .unwrap();
    assert_eq!(root.content.len(), 1, "one text, whatever it was written with");
    assert_eq!(root.text(), "  1 <>&'\" ä€\n<b> &amp; ]]>\t");
    let root = parse("<a x='&lt;&#10;&quot;' y=\"it's\"/>").unwrap();
    assert_eq!(root.attribute("x"), Some("<\n\""));
    assert_eq!(root.attribute("y"), Some("it's"));
}

#[test]
fn children_keep_their_order_between_texts() {
    let root = parse("<a>1<b>2<c/></b>3<d/></a>").unwrap();
    assert_eq!(root.children().map(|child| child.name.as_str()).collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!(root.text(), "13");
    assert_eq!(root.child("b").unwrap().text(), "2");
    assert!(root.child("b").unwrap().child("c").is_some());
}

// C33
#[test]
fn what_a_manifest_has_no_use_for_is_refused() {
    assert_refused("<!DOCTYPE a [<!ENTITY b \"bomb\">]><a>&b;</a>", "patch.xml:1:1: a DOCTYPE is refused");
    assert_refused("<a>&nbsp;</a>", "patch.xml:1:4: the entity &nbsp; is not known");
    assert_refused("<a b='&nbsp;'/>", "nbsp");
    assert_refused("<a><?php echo 1 ?></a>", "patch.xml:1:4: processing instructions");
    assert_refused("<a/><?xml version='1.0'?>", "processing instructions");
    assert_refused("<a>&#0;</a>", "&#0; is no character");
    assert_refused("<a>&#x1B;</a>", "&#x1B; is no character");
    assert_refused("<a b='&#x1B;'/>", "U+001B is not allowed");
    assert_refused("<a>&#xD800;</a>", "is no character");
}

#[test]
fn tags_that_do_not_match_are_told_with_both_places() {
    assert_refused("<a>\n  <b>\n</a>", "patch.xml:3:1: </a> does not end <b>, opened at line 2 column 3");
    assert_refused("<a>\n<b>", "patch.xml:2:4: the text ends, but <b> of line 2 is still open");
    assert_refused("</a>", "patch.xml:1:1: ");
    assert_refused("<a/></a>", "patch.xml:1:5: ");
}

#[test]
fn text_that_is_not_well_formed_is_refused() {
    for text in [
        "",
        "text",
        "<a/>text",
        "<a/><b/>",
        "<a b='1' b='2'/>",
        "<a b='<'/>",
        "<a b/>",
        "<a b=1/>",
        "<a",
        "<a>&amp</a>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><![CDATA[</a>",
        "< a/>",
        "<1/>",
        "<>",
        "&amp;<a/>",
        "<![CDATA[x]]><a/>",
    ] {
        assert!(parse(text).is_err(), "{text:?} was accepted");
    }
}

#[test]
fn depth_and_attributes_are_limited() {
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    parse(&nested(16)).unwrap();
    assert_refused(&nested(17), "nested more than 16 deep");
    assert_refused(&nested(100_000), "nested more than 16 deep");
    let attributes = |count: usize| format!("<a {}/>", (0..count).map(|at| format!("a{at}='' ")).collect::<String>());
    parse(&attributes(32)).unwrap();
    assert_refused(&attributes(33), "more than 32 attributes");
}

#[test]
fn children_are_pulled_one_by_one() {
    let mut xml = XmlReader::new("patch.xml", "<a> <b>1</b><!-- --> <c/> </a>");
    xml.root().unwrap();
    let child = xml.child().unwrap().unwrap();
    assert_eq!(xml.whole(child).unwrap().text(), "1");
    let child = xml.child().unwrap().unwrap();
    assert_eq!(xml.whole(child).unwrap().name, "c");
    assert!(xml.child().unwrap().is_none());
    xml.finish().unwrap();
    let mut xml = XmlReader::new("patch.xml", "<a> x</a>");
    xml.root().unwrap();
    assert_eq!(xml.child().unwrap_err().to_string(), "patch.xml:1:4: <a> can't hold text");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "(<|>|/|a|b|=|'|\"| |&|;|#|x|!|\\[|\\]|CDATA|-|\\?|xml|ä|\r|\n){0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn escaped_text_comes_back(text in "[ -~äöü€\n\t]{0,60}") {
        let escaped = quick_xml::escape::escape(&text);
        prop_assert_eq!(parse(&format!("<a>{escaped}</a>")).unwrap().text(), text);
    }
}

#[test]
fn what_is_not_one_element_is_refused_with_its_place() {
    for (xml, at) in [
        ("", (1, 1)),
        ("text", (1, 1)),
        ("<a>", (1, 4)),
        ("<a></b>", (1, 4)),
        ("<a/>\n<b/>", (2, 1)),
        ("<a x=1/>", (1, 1)),
        ("<a>&x;</a>", (1, 4)),
        ("<!DOCTYPE a><a/>", (1, 1)),
        ("<?xml version='1.0'?><?x y?><a/>", (1, 22)),
    ] {
        let error = parse(xml).unwrap_err();
        assert_eq!(place(error.position.as_ref().unwrap()), at, "{xml}: {error}");
    }
}
