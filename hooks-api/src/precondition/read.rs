//! Preconditions, read from an element's attributes.

use super::{Fact, Otherwise, Preconditions, Thing};
use crate::change::is_portable_name;
use crate::element::Element;
use crate::error::Error;

/// The attributes that hold preconditions.
const ATTRIBUTES: [&str; 12] = [
    "if-table",
    "unless-table",
    "if-column",
    "unless-column",
    "if-index",
    "unless-index",
    "if-row",
    "unless-row",
    "if-query",
    "equals",
    "if-server",
    "otherwise",
];

impl Preconditions {
    /// Reads the preconditions of an element, and gives the rest of it.
    ///
    /// # Errors
    /// When one is not as the patch format has it; with the element's place.
    pub fn take(element: &Element) -> Result<(Self, Element), Error> {
        let mut rest = element.clone();
        rest.attributes.retain(|attribute| !ATTRIBUTES.contains(&attribute.name.as_str()));
        let mut facts = Vec::new();
        for (wanted, prefix) in [(true, "if"), (false, "unless")] {
            let words = |kind: &str| listed(element, &format!("{prefix}-{kind}"));
            for table in words("table")? {
                facts.push(Fact::There { thing: Thing::Table(name(element, table)?), wanted });
            }
            for column in words("column")? {
                let (table, column) = pair(element, column)?;
                facts.push(Fact::There { thing: Thing::Column(table, column), wanted });
            }
            for index in words("index")? {
                let (table, index) = pair(element, index)?;
                facts.push(Fact::There { thing: Thing::Index(table, index), wanted });
            }
            if let Some(query) = element.attribute(&format!("{prefix}-row")) {
                facts.push(Fact::Row { query: query.trim().to_owned(), wanted });
            }
        }
        match (element.attribute("if-query"), element.attribute("equals")) {
            (None, None) => {}
            (Some(query), Some(value)) => {
                facts.push(Fact::Equals { query: query.trim().to_owned(), value: value.to_owned() });
            }
            _ => return Err(element.error("if-query and equals belong together: a query, and the value that it gives")),
        }
        facts.extend(server(element)?);
        let otherwise = match element.attribute("otherwise") {
            Some(_) if facts.is_empty() => {
                return Err(element.error(format!("<{}> says otherwise, and has no precondition", element.name)));
            }
            None | Some("skip") => Otherwise::Skip,
            Some("refuse") => Otherwise::Refuse,
            Some(other) => {
                return Err(element
                    .error(format!("the attribute otherwise of <{}> is {other:?}", element.name))
                    .hint("one of skip, refuse"));
            }
        };
        Ok((Self { facts, otherwise }, rest))
    }
}

/// `MariaDB >=10.6`, or one of the two.
fn server(element: &Element) -> Result<Option<Fact>, Error> {
    let Some(text) = element.attribute("if-server") else { return Ok(None) };
    let text = text.trim();
    let end = text.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (product, versions) = text.split_at(end);
    let product = Some(product.to_owned()).filter(|product| !product.is_empty());
    let versions = match versions.trim() {
        "" => None,
        versions => Some(
            versions
                .parse()
                .map_err(|error| element.error(format!("the attribute if-server of <{}>: {error}", element.name)))?,
        ),
    };
    if product.is_none() && versions.is_none() {
        return Err(element
            .error(format!("the attribute if-server of <{}> is empty", element.name))
            .hint("write a product, a version, or both, as in MariaDB >=10.6"));
    }
    Ok(Some(Fact::Server { product, versions }))
}

/// The words of an attribute.
fn listed<'e>(element: &'e Element, attribute: &str) -> Result<Vec<&'e str>, Error> {
    let Some(text) = element.attribute(attribute) else { return Ok(Vec::new()) };
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() {
        return Err(element.error(format!("the attribute {attribute} of <{}> names nothing", element.name)));
    }
    Ok(words)
}

/// `table.part`.
fn pair(element: &Element, text: &str) -> Result<(String, String), Error> {
    let Some((table, part)) = text.split_once('.') else {
        return Err(element
            .error(format!("{text:?} doesn't say of which table"))
            .hint("write the table before it, as in item.state"));
    };
    Ok((name(element, table)?, name(element, part)?))
}

fn name(element: &Element, text: &str) -> Result<String, Error> {
    if is_portable_name(text) {
        return Ok(text.to_owned());
    }
    Err(element.error(format!("{text:?} can't be a name in a precondition")).hint("letters, digits and _"))
}
