//! Reads CREATE TABLE.

use super::index::key_parts;
use super::{ColumnDefinition, Constraint, Cursor, Definition, Reference, Rule};
use patchwright_hooks_api::Error;
use patchwright_hooks_api::schema::OnTarget;
use patchwright_hooks_api::statements::{Token, TokenKind};
use std::ops::Range;

/// What a constraint of a table begins with; no column can be called so without quotes.
const OF_TABLE: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
/// What ends a column's type.
const OF_COLUMN: [&str; 13] = [
    "CONSTRAINT",
    "PRIMARY",
    "NOT",
    "NULL",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "GENERATED",
    "AS",
    "DEFERRABLE",
    "FOREIGN",
];

impl Definition {
    /// Reads the text that `sqlite_schema` holds for a table.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let mut cursor = Cursor::new(text)?;
        cursor.expect("CREATE")?;
        let _ = cursor.take("TEMP") || cursor.take("TEMPORARY");
        cursor.expect("TABLE")?;
        cursor.take("IF NOT EXISTS");
        let mut name = cursor.start()..cursor.start();
        cursor.name()?;
        if cursor.take_symbol(".") {
            cursor.name()?;
        }
        name.end = cursor.end();
        cursor.expect_symbol("(")?;
        let mut definition =
            Self { name, columns: Vec::new(), constraints: Vec::new(), without_rowid: false, strict: false };
        while definition.constraints.is_empty() && !cursor.sees_any(&OF_TABLE) {
            definition.columns.push(column(&mut cursor)?);
            if !cursor.take_symbol(",") {
                break;
            }
        }
        // SQLite wants no commas between constraints.
        while !cursor.take_symbol(")") {
            if !definition.constraints.is_empty() {
                cursor.take_symbol(",");
            }
            definition.constraints.push(constraint_of_table(&mut cursor)?);
        }
        while cursor.peek().is_some() {
            if cursor.take("WITHOUT ROWID") {
                definition.without_rowid = true;
            } else if cursor.take("STRICT") {
                definition.strict = true;
            } else if !cursor.take_symbol(",") {
                return Err(cursor.unexpected("an option of the table"));
            }
        }
        Ok(definition)
    }
}

fn column(cursor: &mut Cursor<'_>) -> Result<ColumnDefinition, Error> {
    let start = cursor.start();
    let name = cursor.name()?;
    let kind = declared_type(cursor)?;
    let mut constraints = Vec::new();
    while cursor.peek().is_some() && !cursor.sees_symbol(",") && !cursor.sees_symbol(")") {
        constraints.push(constraint_of_column(cursor, &name)?);
    }
    Ok(ColumnDefinition { name, range: start..cursor.end(), kind, constraints })
}

fn declared_type(cursor: &mut Cursor<'_>) -> Result<Range<usize>, Error> {
    let mut range = cursor.end()..cursor.end();
    while let Some(token) = cursor.peek() {
        let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String);
        if !is_name || cursor.sees_any(&OF_COLUMN) {
            break;
        }
        if range.is_empty() {
            range.start = token.start;
        }
        cursor.name()?;
        range.end = cursor.end();
    }
    if !range.is_empty() && cursor.sees_symbol("(") {
        cursor.parenthesised()?;
        range.end = cursor.end();
    }
    Ok(range)
}

fn constraint_of_column(cursor: &mut Cursor<'_>, column: &str) -> Result<Constraint, Error> {
    let start = cursor.start();
    let name = constraint_name(cursor)?;
    let rule = rule_of_column(cursor, column)?;
    Ok(Constraint { name, rule, range: start..cursor.end(), aside: cursor.take_aside() })
}

fn constraint_name(cursor: &mut Cursor<'_>) -> Result<Option<String>, Error> {
    let mut name = None;
    while cursor.take("CONSTRAINT") {
        name = Some(cursor.name()?);
    }
    Ok(name)
}

fn rule_of_column(cursor: &mut Cursor<'_>, column: &str) -> Result<Rule, Error> {
    if cursor.take("NOT NULL") {
        conflict_clause(cursor)?;
        return Ok(Rule::NotNull);
    }
    if cursor.take("DEFAULT") {
        return default(cursor).map(Rule::Default);
    }
    if cursor.take("PRIMARY KEY") {
        let descending = key_direction(cursor);
        conflict_clause(cursor)?;
        let auto = cursor.take("AUTOINCREMENT");
        return Ok(Rule::PrimaryKey { columns: vec![column.to_owned()], auto, descending });
    }
    if cursor.take("UNIQUE") {
        conflict_clause(cursor)?;
        let part = super::KeyPart { column: Some(column.to_owned()), range: 0..0, descending: false };
        return Ok(Rule::Unique(vec![part]));
    }
    if cursor.take("CHECK") {
        return cursor.parenthesised().map(Rule::Check);
    }
    if cursor.take("REFERENCES") {
        return reference(cursor, vec![column.to_owned()]).map(Rule::References);
    }
    if cursor.take("GENERATED ALWAYS AS") || cursor.take("AS") {
        cursor.parenthesised()?;
        let _ = cursor.take("STORED") || cursor.take("VIRTUAL");
        return Ok(Rule::Generated);
    }
    let start = cursor.start();
    if cursor.take("COLLATE") {
        cursor.name()?;
        cursor.set_aside(start);
    } else if cursor.take("NULL") {
        conflict_clause(cursor)?;
    } else if !deferral(cursor)? && !cursor.sees_symbol(",") && !cursor.sees_symbol(")") {
        return Err(cursor.unexpected("a constraint of a column"));
    }
    Ok(Rule::Other)
}

fn constraint_of_table(cursor: &mut Cursor<'_>) -> Result<Constraint, Error> {
    let start = cursor.start();
    let name = constraint_name(cursor)?;
    let rule = if cursor.take("PRIMARY KEY") {
        let (columns, auto) = primary_key_columns(cursor)?;
        conflict_clause(cursor)?;
        Rule::PrimaryKey { columns, auto, descending: false }
    } else if cursor.take("UNIQUE") {
        let parts = key_parts(cursor)?;
        conflict_clause(cursor)?;
        Rule::Unique(parts)
    } else if cursor.take("CHECK") {
        let condition = cursor.parenthesised()?;
        conflict_clause(cursor)?;
        Rule::Check(condition)
    } else if cursor.take("FOREIGN KEY") {
        let columns = cursor.names()?;
        cursor.expect("REFERENCES")?;
        Rule::References(reference(cursor, columns)?)
    } else if name.is_some() {
        Rule::Other
    } else {
        return Err(cursor.unexpected("a constraint of the table"));
    };
    Ok(Constraint { name, rule, range: start..cursor.end(), aside: cursor.take_aside() })
}

/// `(a DESC, b COLLATE NOCASE)`, and AUTOINCREMENT inside the parentheses.
fn primary_key_columns(cursor: &mut Cursor<'_>) -> Result<(Vec<String>, bool), Error> {
    cursor.expect_symbol("(")?;
    let mut columns = Vec::new();
    let mut auto = false;
    loop {
        columns.push(cursor.name()?);
        let start = cursor.start();
        if cursor.take("COLLATE") {
            cursor.name()?;
            cursor.set_aside(start);
        }
        key_direction(cursor);
        auto |= cursor.take("AUTOINCREMENT");
        if !cursor.take_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")")?;
    Ok((columns, auto))
}

/// Whether it is from high to low.
pub(super) fn direction(cursor: &mut Cursor<'_>) -> bool {
    let descending = cursor.take("DESC");
    cursor.take("ASC");
    descending
}

/// The direction of a part of the primary key, which is no word of the contract.
fn key_direction(cursor: &mut Cursor<'_>) -> bool {
    let start = cursor.start();
    let descending = direction(cursor);
    if descending {
        cursor.set_aside(start);
    }
    descending
}

fn conflict_clause(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    let start = cursor.start();
    if cursor.take("ON CONFLICT") {
        cursor.name()?;
        cursor.set_aside(start);
    }
    Ok(())
}

fn reference(cursor: &mut Cursor<'_>, columns: Vec<String>) -> Result<Reference, Error> {
    let table = cursor.name()?;
    let targets = if cursor.sees_symbol("(") { cursor.names()? } else { Vec::new() };
    let mut reference = Reference { columns, table, targets, on_delete: OnTarget::Refuse, on_update: OnTarget::Refuse };
    loop {
        let start = cursor.start();
        if cursor.take("ON DELETE") {
            reference.on_delete = action(cursor, start)?;
        } else if cursor.take("ON UPDATE") {
            reference.on_update = action(cursor, start)?;
        } else if cursor.take("ON INSERT") {
            action(cursor, cursor.start())?;
            cursor.set_aside(start);
        } else if cursor.take("MATCH") {
            cursor.name()?;
            cursor.set_aside(start);
        } else {
            break;
        }
    }
    deferral(cursor)?;
    Ok(reference)
}

/// What happens then; RESTRICT is one word with NO ACTION to others, and comes at once even where a key is deferred.
fn action(cursor: &mut Cursor<'_>, start: usize) -> Result<OnTarget, Error> {
    let words = ["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"];
    let found = words.into_iter().find(|words| cursor.take(words));
    if found == Some("RESTRICT") {
        cursor.set_aside(start);
    }
    found.and_then(OnTarget::from_sql).ok_or_else(|| cursor.unexpected("an action"))
}

/// Whether `[NOT] DEFERRABLE [INITIALLY …]` came.
fn deferral(cursor: &mut Cursor<'_>) -> Result<bool, Error> {
    let start = cursor.start();
    if !cursor.take("NOT DEFERRABLE") && !cursor.take("DEFERRABLE") {
        return Ok(false);
    }
    if cursor.take("INITIALLY") {
        cursor.name()?;
    }
    cursor.set_aside(start);
    Ok(true)
}

/// What stands behind DEFAULT: in parentheses, or one constant.
fn default(cursor: &mut Cursor<'_>) -> Result<Range<usize>, Error> {
    let start = cursor.start();
    if cursor.sees_symbol("(") {
        cursor.parenthesised()?;
        return Ok(start..cursor.end());
    }
    let _ = cursor.take_symbol("-") || cursor.take_symbol("+");
    let token = *cursor.peek().ok_or_else(|| cursor.unexpected("a default"))?;
    let is_number = token.text.starts_with(|character: char| character.is_ascii_digit() || character == '.');
    // Bytes, `x'00ff'`, are two tokens, and so are the parts of a number.
    let is_bytes = cursor.peek_second().is_some_and(|second| {
        token.text.eq_ignore_ascii_case("x") && second.kind == TokenKind::String && second.start == token.end()
    });
    let end = match token.kind {
        _ if is_number => token.start + number_length(&cursor.text()[token.start..]),
        _ if is_bytes => cursor.peek_second().map_or(token.end(), Token::end),
        TokenKind::Symbol | TokenKind::Delimiter => return Err(cursor.unexpected("a default")),
        _ => token.end(),
    };
    cursor.skip_to(end);
    Ok(start..end)
}

/// How long the number is that the text begins with.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while let Some(byte) = bytes.get(end) {
        let is_exponent_sign =
            matches!(byte, b'+' | b'-') && end > 0 && matches!(bytes[end - 1], b'e' | b'E') && !text.starts_with("0x");
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || is_exponent_sign) {
            break;
        }
        end += 1;
    }
    end
}
