//! A statement with its values written into it, and the way back from a place in it to the author's text.
//!
//! sqlx can't send a value without a type, and a value with the wrong one is refused by PostgreSQL: `1` is no boolean, a text
//! no date. A quoted literal has no type of its own and becomes what its place asks for.

use patchwright_hooks_api::statements::{LexicalRules, occurrences};
use patchwright_hooks_api::{Error, Statement, Value};
use std::fmt::Write;

/// A statement as it is sent.
pub(crate) struct Bound {
    pub(crate) text: String,
    holes: Vec<Hole>,
}

/// A value that stands where a placeholder stood. Counted in characters, as PostgreSQL counts.
struct Hole {
    placeholder: usize,
    start: usize,
    length: usize,
}

impl Bound {
    /// Writes the statement's values where its placeholders are. A statement without values is sent as it stands, `?` being
    /// an operator of PostgreSQL.
    pub(crate) fn new(text: &str, statement: &Statement, rules: &LexicalRules) -> Result<Self, Error> {
        let parameters = &statement.parameters;
        if parameters.is_empty() {
            return Ok(Self { text: text.to_owned(), holes: Vec::new() });
        }
        let places = occurrences(text, rules, "?").map_err(|error| Error::invalid(error.to_string()))?;
        if places.len() != parameters.len() {
            let (wanted, given) = (places.len(), parameters.len());
            return Err(Error::wrong_values(wanted, given)
                .hint("give one value for each ?; for the operator ? write jsonb_exists(…)"));
        }
        let mut bound = Self { text: String::with_capacity(text.len() * 2), holes: Vec::new() };
        let (mut read, mut read_chars, mut written_chars) = (0, 0, 0);
        for (place, parameter) in places.into_iter().zip(parameters) {
            let between = &text[read..place];
            bound.text.push_str(between);
            let passed = between.chars().count();
            (read_chars, written_chars) = (read_chars + passed, written_chars + passed);
            let at = bound.text.len();
            // The blank keeps the constant off a word such as LIKE, whose last letter would change its meaning.
            bound.text.push(' ');
            bound.text.push_str(&literal(parameter)?);
            let length = bound.text[at..].chars().count();
            bound.holes.push(Hole { placeholder: read_chars, start: written_chars, length });
            (read, read_chars, written_chars) = (place + 1, read_chars + 1, written_chars + length);
        }
        bound.text.push_str(&text[read..]);
        Ok(bound)
    }

    /// The character of the author's text, from 0, that stands at this one of the text that was sent.
    pub(crate) fn origin(&self, character: usize) -> usize {
        match self.holes.iter().rfind(|hole| hole.start <= character) {
            None => character,
            Some(hole) if character < hole.start + hole.length => hole.placeholder,
            Some(hole) => hole.placeholder + 1 + (character - hole.start - hole.length),
        }
    }
}

/// A value as a quoted constant, which has no type of its own.
pub(crate) fn literal(value: &Value) -> Result<String, Error> {
    Ok(match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(number) => format!("'{number}'"),
        Value::Real(number) if number.is_infinite() => {
            format!("'{}Infinity'", if *number < 0.0 { "-" } else { "" })
        }
        // The shortest notation that gives the same number.
        Value::Real(number) => format!("'{number:?}'"),
        Value::Text(content) => quoted(content)?,
        Value::Bytes(bytes) => {
            let mut hexadecimal = String::with_capacity(bytes.len() * 2 + 4);
            hexadecimal.push_str("'\\x");
            for byte in bytes {
                write!(hexadecimal, "{byte:02x}").expect("a string takes everything");
            }
            hexadecimal.push('\'');
            hexadecimal
        }
        other => return Err(Error::invalid(format!("PostgreSQL has no such kind of value: {other:?}"))),
    })
}

/// A text as a literal that means the same whatever `standard_conforming_strings` is.
pub(crate) fn quoted(text: &str) -> Result<String, Error> {
    if text.contains('\0') {
        return Err(Error::invalid("a text holds a NUL character, which PostgreSQL can't keep")
            .hint("leave it out, or keep such content in a column for bytes"));
    }
    let doubled = text.replace('\'', "''");
    Ok(if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(text: &str, values: impl IntoIterator<Item = Value>) -> Result<Bound, Error> {
        Bound::new(text, &Statement::with(text, values), &LexicalRules::postgres())
    }

    #[test]
    fn values_stand_as_literals_where_placeholders_stood() {
        let text = "SELECT ?, ?, '?' LIKE?, ? -- ?";
        let values = [Value::Null, Value::from(-5), Value::from("it's \\"), Value::Bytes(vec![0, 255])];
        assert_eq!(bound(text, values).unwrap().text, "SELECT  NULL,  '-5', '?' LIKE E'it''s \\\\',  '\\x00ff' -- ?");
        let numbers = [0.1, 1e300, f64::NEG_INFINITY, f64::NAN].map(Value::Real);
        assert_eq!(bound("?,?,?,?", numbers).unwrap().text, " '0.1', '1e300', '-Infinity', 'NaN'");
    }

    #[test]
    fn a_place_in_what_was_sent_leads_back_to_the_authors_text() {
        let text = "SELECT ?, é, ? FORM t";
        let sent = bound(text, [Value::from("äöü"), Value::from(1)]).unwrap();
        let at = |text: &str, word: &str| text[..text.find(word).unwrap()].chars().count();
        for word in ["SELECT", "é,", "FORM", "t"] {
            assert_eq!(sent.origin(at(&sent.text, word)), at(text, word), "{word}");
        }
        assert_eq!(sent.origin(at(&sent.text, "öü")), at(text, "?"));
    }

    #[test]
    fn a_nul_character_is_refused_and_an_operator_is_left_alone() {
        assert!(bound("SELECT ?", [Value::from("a\0b")]).is_err());
        assert_eq!(bound("SELECT data ? 'a'", []).unwrap().text, "SELECT data ? 'a'");
        assert!(bound("SELECT data ? 'a', ?", [Value::from(1)]).is_err());
    }
}
