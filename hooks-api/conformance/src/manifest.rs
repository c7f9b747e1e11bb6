//! Elements for tests, read from XML text as they stand in a manifest.

use patchwright_hooks_api::Element;

/// The element that the XML text holds, with places as if the text were the file `patch.xml`.
///
/// # Panics
/// When the text is not one well-formed element.
pub fn parse_element(xml: &str) -> Element {
    patchwright_xml::element("patch.xml", xml).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Position;

    #[test]
    fn an_element_knows_its_attributes_its_text_and_its_place() {
        let element = parse_element("<!-- ä -->\n  <add path=\"a &amp; b\" mode='644'/>");
        assert_eq!((element.name.as_str(), element.attribute("path")), ("add", Some("a & b")));
        assert_eq!(element.position, Position::new("patch.xml", 2, 3));
    }

    #[test]
    fn entities_and_cdata_become_one_text_with_the_place_where_it_begins() {
        // C33
        let element = parse_element("<sql>\nä &lt;&gt;&amp;&quot;&apos;&#65;&#x42;<![CDATA[<b>]]> end</sql>");
        assert_eq!(element.text(), "\nä <>&\"'AB<b> end");
        assert_eq!(element.text_position(), &Position::new("patch.xml", 1, 6));
        assert_eq!(element.content.len(), 1);
    }

    #[test]
    fn text_in_cdata_begins_after_its_mark() {
        let element = parse_element("<sql><![CDATA[SELECT 1]]></sql>");
        assert_eq!(element.text_position(), &Position::new("patch.xml", 1, 15));
    }

    #[test]
    fn children_and_the_text_between_them_keep_their_order() {
        let element = parse_element("<a>1<b/>2<b c=''>3</b></a>");
        assert_eq!(element.text(), "12");
        let places: Vec<_> = element.children().map(|child| child.position.column).collect();
        assert_eq!(places, [5, 10]);
    }
}
