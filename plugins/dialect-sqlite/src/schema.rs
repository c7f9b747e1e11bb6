//! What SQLite's own definitions say, in the words that all databases share.
//!
//! Where SQLite needs no name one is made up that no manifest can say, such as `unique(a, b)`: it follows from what it
//! names, so that it stays the same from one look to the next, and [`stored`] can make it anew when a column is renamed.

use crate::definition::{ColumnDefinition, Constraint, Cursor, Definition, IndexDefinition, KeyPart, Reference, Rule};
use crate::types;
use patchwright_hooks_api::schema::{
    Check, Column, ColumnType, DefaultValue, ForeignKey, Index, IndexPart, Part, PartSource, Table, TableOptions,
};
use patchwright_hooks_api::statements::TokenKind;
use patchwright_hooks_api::{Error, Value};
use std::ops::Range;

/// How made-up names begin.
const UNIQUE: &str = "unique(";
const FOREIGN_KEY: &str = "foreign key(";

/// What a CREATE TABLE says: columns, primary key, unique constraints, foreign keys and checks. Targets of a foreign key that
/// means the primary key stay empty.
pub(crate) fn table(name: &str, text: &str, definition: &Definition) -> Table {
    let key = definition.primary_key().map_or(&[][..], |(columns, _)| columns);
    let mut table = Table {
        name: name.to_owned(),
        columns: definition.columns.iter().map(|known| column(text, definition, known)).collect(),
        primary_key: key.iter().map(|name| as_declared(definition, name)).collect(),
        text: Some(text.to_owned()),
        ..Table::default()
    };
    let options = [(definition.strict, "STRICT"), (definition.without_rowid, "WITHOUT ROWID")];
    let options: Vec<&str> = options.into_iter().filter_map(|(is_so, words)| is_so.then_some(words)).collect();
    table.tell(Part::Table, options.join(", "));
    for (owner, constraint) in with_owners(definition) {
        let part = match &constraint.rule {
            Rule::Unique(parts) => {
                let index = unique(text, definition, constraint.name.as_deref(), parts);
                let part = Part::Index(index.name.clone());
                // SQLite, too, makes one index of two constraints that want the same.
                if table.index(&index.name).is_none() {
                    table.indexes.push(index);
                }
                Some(part)
            }
            Rule::References(reference) => {
                let key = foreign_key(definition, constraint.name.as_deref(), reference, &table.foreign_keys);
                let part = Part::ForeignKey(key.name.clone());
                table.foreign_keys.push(key);
                Some(part)
            }
            Rule::Check(condition) if owner.is_none_or(|owner| !is_enum_check(text, owner, constraint)) => {
                let unnamed = table.checks.iter().filter(|check| check.name.starts_with("check ")).count() + 1;
                let name = constraint.name.clone().unwrap_or_else(|| format!("check {unnamed}"));
                let part = Part::Check(name.clone());
                table.checks.push(Check { name, condition: text[condition.clone()].to_owned() });
                Some(part)
            }
            Rule::PrimaryKey { .. } => Some(Part::PrimaryKey),
            _ => owner.map(|owner| Part::Column(owner.name.clone())),
        };
        if let Some(part) = part {
            table.tell(part, constraint.aside.as_str());
        }
    }
    table.sort();
    table
}

/// The unnamed checks of a CREATE TABLE and the named ones, with the names that [`table`] gives them, and their ranges.
pub(crate) fn checks(text: &str, definition: &Definition) -> Vec<(String, Range<usize>)> {
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    for (owner, constraint) in with_owners(definition) {
        if !matches!(constraint.rule, Rule::Check(_))
            || owner.is_some_and(|owner| is_enum_check(text, owner, constraint))
        {
            continue;
        }
        let unnamed = found.iter().filter(|(name, _)| name.starts_with("check ")).count() + 1;
        let name = constraint.name.clone().unwrap_or_else(|| format!("check {unnamed}"));
        found.push((name, constraint.range.clone()));
    }
    found
}

/// The name that [`table`] gives to a unique constraint or a foreign key.
pub(crate) fn name_of(text: &str, definition: &Definition, constraint: &Constraint) -> Option<String> {
    let mut before = Vec::new();
    for (_, known) in with_owners(definition) {
        match &known.rule {
            Rule::References(reference) => {
                let key = foreign_key(definition, known.name.as_deref(), reference, &before);
                if known.range == constraint.range {
                    return Some(key.name);
                }
                before.push(key);
            }
            Rule::Unique(parts) if known.range == constraint.range => {
                return Some(unique(text, definition, known.name.as_deref(), parts).name);
            }
            _ => {}
        }
    }
    None
}

/// What a CREATE INDEX says.
pub(crate) fn index(name: &str, text: &str) -> Result<Index, Error> {
    let definition = IndexDefinition::read(text)?;
    let parts = definition.parts.iter().map(|part| index_part(text, part)).collect();
    let filter = definition.filter.map(|filter| text[filter].to_owned());
    let text = Some(text.to_owned());
    Ok(Index { name: name.to_owned(), unique: definition.unique, parts, filter, constraint: false, text })
}

/// The query of a CREATE VIEW. Names that it gives to its columns become part of the query.
pub(crate) fn view_query(text: &str) -> Result<String, Error> {
    let mut cursor = Cursor::new(text)?;
    cursor.expect("CREATE")?;
    let _ = cursor.take("TEMP") || cursor.take("TEMPORARY");
    cursor.expect("VIEW")?;
    cursor.take("IF NOT EXISTS");
    let start = cursor.start();
    cursor.name()?;
    let name = &text[start..cursor.end()];
    let columns = if cursor.sees_symbol("(") { Some(cursor.parenthesised()?) } else { None };
    cursor.expect("AS")?;
    let query = text[cursor.start()..].trim_end();
    Ok(match columns {
        Some(columns) => format!("WITH {name} ({}) AS ({query}) SELECT * FROM {name}", &text[columns]),
        None => query.to_owned(),
    })
}

/// The table as it is read back once it is made.
pub(crate) fn stored(table: &Table) -> Table {
    let mut table = table.clone();
    let strict =
        table.text.as_deref().and_then(|text| Definition::read(text).ok()).is_some_and(|definition| definition.strict);
    table.comment = None;
    table.options = TableOptions::default();
    for column in &mut table.columns {
        column.comment = None;
        column.kind = types::stored(&column.kind, strict);
        if column.auto {
            column.kind = ColumnType::Integer { bits: 64, unsigned: false };
        }
        column.default = column.default.as_ref().map(|default| types::stored_default(default, &column.kind));
    }
    for index in &mut table.indexes {
        index.parts.iter_mut().for_each(|part| part.length = None);
        if index.name.starts_with(UNIQUE) {
            index.name = made_up_unique(&index.parts);
        }
    }
    for at in 0..table.foreign_keys.len() {
        if table.foreign_keys[at].name.starts_with(FOREIGN_KEY) {
            let (before, _) = table.foreign_keys.split_at(at);
            let name = made_up_foreign_key(&table.foreign_keys[at].columns, before);
            table.foreign_keys[at].name = name;
        }
    }
    table.sort();
    table
}

/// Every constraint, with the column that it belongs to.
fn with_owners(definition: &Definition) -> impl Iterator<Item = (Option<&ColumnDefinition>, &Constraint)> {
    let of_columns = definition
        .columns
        .iter()
        .flat_map(|column| column.constraints.iter().map(move |constraint| (Some(column), constraint)));
    of_columns.chain(definition.constraints.iter().map(|constraint| (None, constraint)))
}

fn column(text: &str, definition: &Definition, known: &ColumnDefinition) -> Column {
    let declared = &text[known.kind.clone()];
    let (key, auto) = definition.primary_key().unwrap_or((&[], false));
    let in_key = key.iter().any(|name| name.eq_ignore_ascii_case(&known.name));
    let is_alias = definition.rowid_alias(text).is_some_and(|alias| std::ptr::eq(alias, known));
    // A primary key alone lets null in, by an old mistake of SQLite's that is now a promise.
    let key_refuses_null = is_alias || in_key && (definition.without_rowid || definition.strict);
    let has_not_null = known.constraint(|rule| *rule == Rule::NotNull).is_some();
    let auto = auto && is_alias;
    let kind = match enum_words(text, known) {
        _ if auto => ColumnType::Integer { bits: 64, unsigned: false },
        Some(words) => ColumnType::Enum(words),
        None if known.is_generated() => ColumnType::Native(generated(text, known)),
        None => types::read(declared, definition.strict),
    };
    let default = known.constraints.iter().find_map(|constraint| match &constraint.rule {
        Rule::Default(range) => default(&text[range.clone()], &kind),
        _ => None,
    });
    Column {
        name: known.name.clone(),
        kind,
        null: !has_not_null && !key_refuses_null,
        default,
        auto,
        comment: None,
        collation: None,
    }
}

/// The type of a generated column, with what it is computed from.
fn generated(text: &str, column: &ColumnDefinition) -> String {
    let rule = column.constraint(|rule| *rule == Rule::Generated);
    let rule = rule.map_or("", |constraint| &text[constraint.range.clone()]);
    format!("{} {rule}", &text[column.kind.clone()]).trim_start().to_owned()
}

/// The words of an enumeration: a TEXT that an unnamed check keeps to them.
fn enum_words(text: &str, column: &ColumnDefinition) -> Option<Vec<String>> {
    if !text[column.kind.clone()].eq_ignore_ascii_case("TEXT") {
        return None;
    }
    column.constraints.iter().find_map(|constraint| match &constraint.rule {
        Rule::Check(condition) if constraint.name.is_none() => words_of(&text[condition.clone()], &column.name),
        _ => None,
    })
}

/// Whether the check is what keeps an enumeration to its words.
pub(crate) fn is_enum_check(text: &str, column: &ColumnDefinition, check: &Constraint) -> bool {
    check.name.is_none()
        && text[column.kind.clone()].eq_ignore_ascii_case("TEXT")
        && matches!(&check.rule, Rule::Check(condition) if words_of(&text[condition.clone()], &column.name).is_some())
}

/// The words of `column IN ('a', 'b')`.
fn words_of(condition: &str, column: &str) -> Option<Vec<String>> {
    let mut cursor = Cursor::new(condition).ok()?;
    if !cursor.name().ok()?.eq_ignore_ascii_case(column) || !cursor.take("IN") {
        return None;
    }
    cursor.expect_symbol("(").ok()?;
    let mut words = Vec::new();
    loop {
        if cursor.peek()?.kind != TokenKind::String {
            return None;
        }
        words.push(cursor.name().ok()?);
        if !cursor.take_symbol(",") {
            break;
        }
    }
    cursor.expect_symbol(")").ok()?;
    cursor.peek().is_none().then_some(words)
}

/// What a default says; `NULL` is what there is without one.
fn default(text: &str, kind: &ColumnType) -> Option<DefaultValue> {
    let stored = |default| Some(types::stored_default(&default, kind));
    let expression = || stored(DefaultValue::Expression(unparenthesised(text).to_owned()));
    let literal = |value| stored(DefaultValue::Literal(value));
    let first = text.chars().next()?;
    match first {
        '\'' | '"' => return literal(Value::Text(crate::definition::unquoted(text))),
        '(' => return expression(),
        'x' | 'X' if text.ends_with('\'') => {
            return bytes(text).map_or_else(expression, |bytes| literal(Value::Bytes(bytes)));
        }
        _ => {}
    }
    let number = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = number.parse::<i64>() {
        return literal(Value::Integer(number));
    }
    if first.is_ascii_digit() || "+-.".contains(first) {
        return number.parse::<f64>().map_or_else(|_| expression(), |number| literal(Value::Real(number)));
    }
    match text.to_ascii_uppercase().as_str() {
        "NULL" => None,
        "TRUE" => literal(Value::Integer(1)),
        "FALSE" => literal(Value::Integer(0)),
        "CURRENT_TIMESTAMP" => Some(DefaultValue::Now),
        "CURRENT_DATE" if *kind == ColumnType::Date => Some(DefaultValue::Now),
        "CURRENT_TIME" if matches!(kind, ColumnType::Time { .. }) => Some(DefaultValue::Now),
        _ => expression(),
    }
}

/// The text without the parentheses around all of it.
pub(crate) fn unparenthesised(text: &str) -> &str {
    let inner = Cursor::new(text).ok().and_then(|mut cursor| {
        let inner = cursor.parenthesised().ok()?;
        cursor.peek().is_none().then(|| &text[inner])
    });
    inner.unwrap_or(text)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.get(2..text.len().checked_sub(1)?)?.as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (digits.len() % 2 == 0).then(|| digits.chunks(2).map(pair).collect())?
}

fn unique(text: &str, definition: &Definition, name: Option<&str>, parts: &[KeyPart]) -> Index {
    let part = |part: &KeyPart| match &part.column {
        Some(column) => IndexPart { descending: part.descending, ..IndexPart::column(as_declared(definition, column)) },
        None => index_part(text, part),
    };
    let parts: Vec<IndexPart> = parts.iter().map(part).collect();
    let name = name.map_or_else(|| made_up_unique(&parts), str::to_owned);
    Index { name, unique: true, parts, filter: None, constraint: true, text: None }
}

fn index_part(text: &str, part: &KeyPart) -> IndexPart {
    let source = match &part.column {
        Some(column) => PartSource::Column(column.clone()),
        None => PartSource::Expression(unparenthesised(&text[part.range.clone()]).to_owned()),
    };
    IndexPart { source, descending: part.descending, length: None }
}

fn foreign_key(
    definition: &Definition,
    name: Option<&str>,
    reference: &Reference,
    before: &[ForeignKey],
) -> ForeignKey {
    let columns: Vec<String> = reference.columns.iter().map(|name| as_declared(definition, name)).collect();
    ForeignKey {
        name: name.map_or_else(|| made_up_foreign_key(&columns, before), str::to_owned),
        columns,
        table: reference.table.clone(),
        targets: reference.targets.clone(),
        on_delete: reference.on_delete,
        on_update: reference.on_update,
    }
}

fn made_up_unique(parts: &[IndexPart]) -> String {
    let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
    format!("{UNIQUE}{})", parts.join(", "))
}

/// Two keys of the same columns are told apart by a number.
fn made_up_foreign_key(columns: &[String], before: &[ForeignKey]) -> String {
    let same = |key: &&ForeignKey| key.name.starts_with(FOREIGN_KEY) && key.columns == columns;
    match before.iter().filter(same).count() {
        0 => format!("{FOREIGN_KEY}{})", columns.join(", ")),
        others => format!("{FOREIGN_KEY}{}) {}", columns.join(", "), others + 1),
    }
}

/// The name as the table's own column has it: names compare without regard to case.
fn as_declared(definition: &Definition, name: &str) -> String {
    definition.column(name).map_or(name, |column| &column.name).to_owned()
}
