//! A statement with its values written into it, and the way back from a place in it to the author's text.

use patchwright_hooks_api::statements::{LexicalRules, occurrences};
use patchwright_hooks_api::{Error, Statement, Value};
use std::fmt::Write;

/// A statement as it is sent.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) text: String,
    holes: Vec<Hole>,
}

/// A value that stands where a placeholder stood, in bytes.
#[derive(Debug)]
struct Hole {
    placeholder: usize,
    start: usize,
    length: usize,
}

impl Bound {
    /// Writes the statement's values where its placeholders are. A statement without values is sent as it stands.
    pub(crate) fn new(statement: &Statement, rules: &LexicalRules) -> Result<Self, Error> {
        let (text, parameters) = (&statement.text, &statement.parameters);
        if parameters.is_empty() {
            return Ok(Self { text: text.clone(), holes: Vec::new() });
        }
        let places = occurrences(text, rules, "?").map_err(|error| Error::invalid(error.to_string()))?;
        if places.len() != parameters.len() {
            let (wanted, given) = (places.len(), parameters.len());
            return Err(Error::wrong_values(wanted, given)
                .hint("give one value for each ?, or quote it if it is not a placeholder"));
        }
        let mut bound = Self { text: String::with_capacity(text.len() * 2), holes: Vec::with_capacity(places.len()) };
        let mut read = 0;
        for (place, parameter) in places.into_iter().zip(parameters) {
            bound.text.push_str(&text[read..place]);
            let start = bound.text.len();
            write_literal(&mut bound.text, parameter)?;
            bound.holes.push(Hole { placeholder: place, start, length: bound.text.len() - start });
            read = place + 1;
        }
        bound.text.push_str(&text[read..]);
        Ok(bound)
    }

    /// The byte of the author's text that stands at this one of the text that was sent.
    pub(crate) fn origin(&self, byte: usize) -> usize {
        match self.holes.iter().rfind(|hole| hole.start <= byte) {
            None => byte,
            Some(hole) if byte < hole.start + hole.length => hole.placeholder,
            Some(hole) => hole.placeholder + 1 + (byte - hole.start - hole.length),
        }
    }
}

/// The blank before it keeps the literal off a word or sign that would join it: `LIKE?`, `-?`.
fn write_literal(text: &mut String, value: &Value) -> Result<(), Error> {
    text.push(' ');
    match value {
        Value::Null => text.push_str("NULL"),
        Value::Integer(number) => write!(text, "{number}").expect("a string takes everything"),
        Value::Real(number) if !number.is_finite() => {
            return Err(Error::invalid(format!("MySQL has no number {number}")).hint("give NULL or a finite number"));
        }
        // With an exponent it is a floating number, and the shortest notation gives the same one again.
        Value::Real(number) => write!(text, "{number:e}").expect("a string takes everything"),
        Value::Text(content) => write_quoted(text, content),
        Value::Bytes(bytes) => {
            text.push_str("x'");
            bytes.iter().for_each(|byte| write!(text, "{byte:02x}").expect("a string takes everything"));
            text.push('\'');
        }
        other => return Err(Error::invalid(format!("MySQL has no such kind of value: {other:?}"))),
    }
    Ok(())
}

/// A text as a literal, in a session without `NO_BACKSLASH_ESCAPES`. Line breaks are escaped, so the lines that the server
/// counts are the author's.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_quoted(&mut out, text);
    out
}

fn write_quoted(out: &mut String, text: &str) {
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{1a}' => out.push_str("\\Z"),
            other => out.push(other),
        }
    }
    out.push('\'');
}

/// What the literal says that the text begins with, and what stands behind it; as the server writes literals.
pub(crate) fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut characters = text.strip_prefix('\'')?.char_indices().peekable();
    let mut said = String::new();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
                said.push('\'');
            }
            '\'' => return Some((said, &text[at + 2..])),
            '\\' => said.push(match characters.next()?.1 {
                '0' => '\0',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'Z' => '\u{1a}',
                other => other,
            }),
            other => said.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str, values: impl IntoIterator<Item = Value>) -> Result<Bound, Error> {
        Bound::new(&Statement::with(text, values), &LexicalRules::mysql())
    }

    #[test]
    fn values_stand_as_literals_where_placeholders_stood() {
        let text = "SELECT ?, ?, '?' LIKE?, ?, `?` -- ?";
        let values = [Value::Null, Value::from(-5), Value::from("it's \\\n"), Value::Bytes(vec![0, 255])];
        assert_eq!(
            bound(text, values).unwrap().text,
            "SELECT  NULL,  -5, '?' LIKE 'it''s \\\\\\n',  x'00ff', `?` -- ?"
        );
        assert_eq!(bound("?,?", [0.1, 1e300].map(Value::Real)).unwrap().text, " 1e-1, 1e300");
        assert!(bound("?", [Value::Real(f64::NAN)]).is_err());
    }

    #[test]
    fn a_literal_is_read_as_it_was_written() {
        for text in ["", "it's", "a\\'b", "\0\n\r\u{1a}", "漢𝄞", "''"] {
            let literal = format!("{} rest", quoted(text));
            assert_eq!(unquoted(&literal), Some((text.to_owned(), " rest")));
        }
        assert_eq!(unquoted("'open"), None);
        assert_eq!(unquoted("1"), None);
    }

    #[test]
    fn a_place_in_what_was_sent_leads_back_to_the_authors_text() {
        let text = "SELECT ?, é, ? FORM t";
        let sent = bound(text, [Value::from("äöü"), Value::from(1)]).unwrap();
        for word in ["SELECT", "é,", "FORM", "t"] {
            assert_eq!(sent.origin(sent.text.find(word).unwrap()), text.find(word).unwrap(), "{word}");
        }
        assert_eq!(sent.origin(sent.text.find("öü").unwrap()), text.find('?').unwrap());
    }
}
