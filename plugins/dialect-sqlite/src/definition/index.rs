//! Reads CREATE INDEX, and the parts of keys.

use super::cursor::unquoted;
use super::table::direction;
use super::{Cursor, KeyPart};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::statements::TokenKind;
use std::ops::Range;

/// What a CREATE INDEX says.
#[derive(Debug)]
pub(crate) struct IndexDefinition {
    /// Where the index's name stands, quotes and all.
    pub(crate) name: Range<usize>,
    pub(crate) table: String,
    pub(crate) unique: bool,
    pub(crate) parts: Vec<KeyPart>,
    /// The condition behind WHERE.
    pub(crate) filter: Option<Range<usize>>,
}

impl IndexDefinition {
    /// Reads the text that `sqlite_schema` holds for an index.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let mut cursor = Cursor::new(text)?;
        cursor.expect("CREATE")?;
        let unique = cursor.take("UNIQUE");
        cursor.expect("INDEX")?;
        cursor.take("IF NOT EXISTS");
        let mut name = cursor.start()..cursor.start();
        cursor.name()?;
        if cursor.take_symbol(".") {
            cursor.name()?;
        }
        name.end = cursor.end();
        cursor.expect("ON")?;
        let table = cursor.name()?;
        let parts = key_parts(&mut cursor)?;
        let filter = if cursor.take("WHERE") {
            let start = cursor.start();
            while cursor.peek().is_some() {
                cursor.next();
            }
            Some(start..cursor.end())
        } else {
            None
        };
        Ok(Self { name, table, unique, parts, filter })
    }
}

/// The parts of a key or index, in parentheses.
pub(super) fn key_parts(cursor: &mut Cursor<'_>) -> Result<Vec<KeyPart>, Error> {
    cursor.expect_symbol("(")?;
    let mut parts = Vec::new();
    loop {
        parts.push(key_part(cursor)?);
        if !cursor.take_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok(parts)
}

fn key_part(cursor: &mut Cursor<'_>) -> Result<KeyPart, Error> {
    let mut range = cursor.start()..cursor.start();
    let mut tokens = 0;
    let mut only = None;
    while !cursor.sees_any(&["ASC", "DESC"]) && !cursor.sees_symbol(",") && !cursor.sees_symbol(")") {
        if cursor.sees_symbol("(") {
            cursor.parenthesised()?;
        } else {
            only = cursor.next();
        }
        tokens += 1;
        range.end = cursor.end();
        if cursor.peek().is_none() {
            return Err(cursor.unexpected(")"));
        }
    }
    let names = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String);
    let column = only.filter(|token| tokens == 1 && names(token.kind)).map(|token| unquoted(token.text));
    Ok(KeyPart { column, range, descending: direction(cursor) })
}
