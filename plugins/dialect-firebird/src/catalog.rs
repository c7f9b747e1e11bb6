//! Reads the structure of a database from Firebird's system tables: five questions, however many tables there are.

use crate::names::told;
use crate::session::{Session, Transaction};
use crate::{defaults, exclusion, types};
use patchwright_hooks_api::Value;
use patchwright_hooks_api::schema::{
    Check, Column, ForeignKey, Index, IndexPart, OnTarget, PartSource, Schema, Sequence, Table, Trigger, View,
};
use rsfbclient_core::FbError;
use std::collections::BTreeMap;

/// What `RDB$INDEX_TYPE` is for an index that descends.
const DESCENDING: i64 = 1;

/// Reads the tables and views of these names, or all.
pub(crate) fn schema(
    session: &mut Session,
    transaction: &mut Transaction,
    names: Option<&[&str]>,
) -> Result<Schema, FbError> {
    let mut catalog = Catalog { session, transaction, names };
    let mut schema = Schema::default();
    // By the name as Firebird has it, in its order.
    let mut tables = BTreeMap::new();
    for row in catalog.relations()? {
        let mut cells = Cells::of(&row);
        let (relation, view, comment) = (cells.text(), cells.some_text(), cells.some_text());
        match view {
            Some(query) => schema.views.push(View::new(told(&relation), query.trim())),
            None => {
                let table = Table { name: told(&relation), comment, ..Table::default() };
                tables.insert(relation, table);
            }
        }
    }
    for row in catalog.columns()? {
        let mut cells = Cells::of(&row);
        if let Some(table) = tables.get_mut(&cells.text()) {
            table.columns.push(column(&mut cells));
        }
    }
    for row in catalog.indexes()? {
        let mut cells = Cells::of(&row);
        if let Some(table) = tables.get_mut(&cells.text()) {
            add_segment(table, &mut cells);
        }
    }
    for row in catalog.checks()? {
        let mut cells = Cells::of(&row);
        if let Some(table) = tables.get_mut(&cells.text()) {
            let name = told(&cells.text());
            table.checks.push(Check { name, condition: condition(&cells.text()) });
        }
    }
    for row in catalog.triggers()? {
        let mut cells = Cells::of(&row);
        if let Some(table) = tables.get_mut(&cells.text()) {
            let (name, moment, position, source) = (cells.text(), cells.number(), cells.number(), cells.text());
            let text = format!("TYPE {moment} POSITION {position} {}", source.trim());
            table.triggers.push(Trigger { name: told(&name), text });
        }
    }
    for row in catalog.sequences()? {
        let mut cells = Cells::of(&row);
        let (name, initial, increment) = (told(&cells.text()), cells.number(), cells.number());
        let start = if is_before_4(&cells.text()) { initial + increment } else { initial };
        schema.sequences.push(Sequence { name, start, increment, details: None });
    }
    schema.sequences.sort_by(|a, b| a.name.cmp(&b.name));
    schema.tables = tables.into_values().collect();
    schema.tables.iter_mut().for_each(Table::sort);
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    schema.views.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schema)
}

struct Catalog<'a> {
    session: &'a mut Session,
    transaction: &'a mut Transaction,
    names: Option<&'a [&'a str]>,
}

impl Catalog<'_> {
    fn relations(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(R.RDB$RELATION_NAME), R.RDB$VIEW_SOURCE, R.RDB$DESCRIPTION FROM RDB$RELATIONS R \
             WHERE R.RDB$SYSTEM_FLAG = 0 AND COALESCE(R.RDB$RELATION_TYPE, 0) IN (0, 1)",
            "R.RDB$RELATION_NAME",
            "",
        )
    }

    fn columns(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(F.RDB$RELATION_NAME), TRIM(F.RDB$FIELD_NAME), T.RDB$FIELD_TYPE, T.RDB$FIELD_SUB_TYPE, \
             T.RDB$FIELD_LENGTH, T.RDB$CHARACTER_LENGTH, T.RDB$FIELD_PRECISION, T.RDB$FIELD_SCALE, \
             TRIM(C.RDB$CHARACTER_SET_NAME), COALESCE(F.RDB$NULL_FLAG, T.RDB$NULL_FLAG, 0), \
             COALESCE(F.RDB$DEFAULT_SOURCE, T.RDB$DEFAULT_SOURCE), F.RDB$IDENTITY_TYPE, F.RDB$DESCRIPTION, \
             T.RDB$COMPUTED_SOURCE \
             FROM RDB$RELATION_FIELDS F JOIN RDB$FIELDS T ON T.RDB$FIELD_NAME = F.RDB$FIELD_SOURCE \
             LEFT JOIN RDB$CHARACTER_SETS C ON C.RDB$CHARACTER_SET_ID = T.RDB$CHARACTER_SET_ID \
             WHERE F.RDB$SYSTEM_FLAG = 0",
            "F.RDB$RELATION_NAME",
            "ORDER BY F.RDB$RELATION_NAME, F.RDB$FIELD_POSITION",
        )
    }

    /// A row for each column of each index, the constraints' own among them.
    fn indexes(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(I.RDB$RELATION_NAME), TRIM(I.RDB$INDEX_NAME), COALESCE(I.RDB$UNIQUE_FLAG, 0), \
             COALESCE(I.RDB$INDEX_TYPE, 0), I.RDB$EXPRESSION_SOURCE, TRIM(S.RDB$FIELD_NAME), \
             TRIM(K.RDB$CONSTRAINT_TYPE), TRIM(K.RDB$CONSTRAINT_NAME), TRIM(O.RDB$RELATION_NAME), \
             TRIM(U.RDB$FIELD_NAME), TRIM(R.RDB$DELETE_RULE), TRIM(R.RDB$UPDATE_RULE) \
             FROM RDB$INDICES I LEFT JOIN RDB$INDEX_SEGMENTS S ON S.RDB$INDEX_NAME = I.RDB$INDEX_NAME \
             LEFT JOIN RDB$RELATION_CONSTRAINTS K ON K.RDB$INDEX_NAME = I.RDB$INDEX_NAME \
             LEFT JOIN RDB$REF_CONSTRAINTS R ON R.RDB$CONSTRAINT_NAME = K.RDB$CONSTRAINT_NAME \
             LEFT JOIN RDB$INDICES O ON O.RDB$INDEX_NAME = I.RDB$FOREIGN_KEY \
             LEFT JOIN RDB$INDEX_SEGMENTS U ON U.RDB$INDEX_NAME = I.RDB$FOREIGN_KEY \
             AND U.RDB$FIELD_POSITION = S.RDB$FIELD_POSITION \
             WHERE COALESCE(I.RDB$SYSTEM_FLAG, 0) = 0",
            "I.RDB$RELATION_NAME",
            "ORDER BY I.RDB$RELATION_NAME, I.RDB$INDEX_NAME, S.RDB$FIELD_POSITION",
        )
    }

    /// A check is two triggers; the one before INSERT stands for both.
    fn checks(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(K.RDB$RELATION_NAME), TRIM(K.RDB$CONSTRAINT_NAME), T.RDB$TRIGGER_SOURCE \
             FROM RDB$RELATION_CONSTRAINTS K JOIN RDB$CHECK_CONSTRAINTS C ON C.RDB$CONSTRAINT_NAME = K.RDB$CONSTRAINT_NAME \
             JOIN RDB$TRIGGERS T ON T.RDB$TRIGGER_NAME = C.RDB$TRIGGER_NAME \
             WHERE K.RDB$CONSTRAINT_TYPE = 'CHECK' AND T.RDB$TRIGGER_TYPE = 1",
            "K.RDB$RELATION_NAME",
            "",
        )
    }

    fn triggers(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(T.RDB$RELATION_NAME), TRIM(T.RDB$TRIGGER_NAME), T.RDB$TRIGGER_TYPE, T.RDB$TRIGGER_SEQUENCE, \
             T.RDB$TRIGGER_SOURCE FROM RDB$TRIGGERS T WHERE COALESCE(T.RDB$SYSTEM_FLAG, 0) = 0",
            "T.RDB$RELATION_NAME",
            "",
        )
    }

    /// Those that no column numbers its rows by.
    fn sequences(&mut self) -> Result<Vec<Vec<Value>>, FbError> {
        self.ask(
            "SELECT TRIM(G.RDB$GENERATOR_NAME), G.RDB$INITIAL_VALUE, G.RDB$GENERATOR_INCREMENT, \
             RDB$GET_CONTEXT('SYSTEM', 'ENGINE_VERSION') FROM RDB$GENERATORS G WHERE COALESCE(G.RDB$SYSTEM_FLAG, 0) = 0",
            "G.RDB$GENERATOR_NAME",
            "",
        )
    }

    fn ask(&mut self, text: &str, relation: &str, order: &str) -> Result<Vec<Vec<Value>>, FbError> {
        let mut text = format!("{text} AND {relation} <> '{}'", exclusion::TABLE);
        let mut parameters = Vec::new();
        if let Some(names) = self.names {
            // One that Firebird could not have is the name of nothing.
            parameters.extend(
                names
                    .iter()
                    .filter(|name| crate::names::check(name).is_ok())
                    .map(|name| Value::from(name.to_uppercase())),
            );
            if parameters.is_empty() {
                return Ok(Vec::new());
            }
            let places = vec!["?"; parameters.len()].join(", ");
            text.push_str(&format!(" AND UPPER(TRIM({relation})) IN ({places})"));
        }
        self.session.ask(self.transaction, &format!("{text} {order}"), &parameters)
    }
}

/// Firebird 3 keeps, and wants to be told, the number before a sequence's first one.
pub(crate) fn is_before_4(version: &str) -> bool {
    version.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major < 4)
}

fn column(cells: &mut Cells<'_>) -> Column {
    let name = told(&cells.text());
    let (kind, sub_type, length, characters, precision, scale) =
        (cells.number(), cells.number(), cells.number(), cells.number(), cells.number(), cells.number());
    let charset = cells.text();
    let kind = types::Field { kind, sub_type, length, characters, precision, scale, charset: &charset }.kind();
    let null = cells.number() == 0;
    let default = cells.some_text().and_then(|source| defaults::read(&source, &kind));
    let auto = cells.is_there();
    let comment = cells.some_text();
    // A computed column has a type, and no default that could say what it is.
    let default = match cells.some_text() {
        Some(computed) => Some(patchwright_hooks_api::schema::DefaultValue::Expression(computed)),
        None => default,
    };
    Column { name, kind, null, default, auto, comment, collation: None }
}

/// Adds one column of one index to what the index is: a primary key, a foreign key, or an index.
fn add_segment(table: &mut Table, cells: &mut Cells<'_>) {
    let (index, unique, direction) = (cells.text(), cells.number() == 1, cells.number());
    let (expression, segment) = (cells.some_text(), cells.some_text());
    let (constraint, constraint_name) = (cells.text(), cells.text());
    let column = segment.as_deref().map(told);
    match (constraint.as_str(), column) {
        ("PRIMARY KEY", Some(column)) => {
            table.primary_key.push(column);
            // By this name it is dropped.
            table.text = Some(constraint_name);
        }
        ("FOREIGN KEY", Some(column)) => {
            let name = told(&constraint_name);
            let (target, target_column) = (told(&cells.text()), told(&cells.text()));
            let mut rule = || OnTarget::from_sql(&cells.text()).unwrap_or_default();
            let (on_delete, on_update) = (rule(), rule());
            if table.foreign_key(&name).is_none() {
                let (columns, targets) = (Vec::new(), Vec::new());
                table.foreign_keys.push(ForeignKey {
                    name: name.clone(),
                    columns,
                    table: target,
                    targets,
                    on_delete,
                    on_update,
                });
            }
            if let Some(key) = table.foreign_keys.iter_mut().find(|key| key.name == name) {
                key.columns.push(column);
                key.targets.push(target_column);
            }
        }
        (constraint, column) => {
            let source = match (expression, column) {
                (Some(expression), _) => PartSource::Expression(without_parentheses(&expression).to_owned()),
                (None, Some(column)) => PartSource::Column(column),
                (None, None) => return,
            };
            let is_constraint = constraint == "UNIQUE";
            let name = told(if is_constraint { &constraint_name } else { &index });
            let part = IndexPart { source, descending: direction == DESCENDING, length: None };
            match table.indexes.iter_mut().find(|known| known.name == name) {
                Some(known) => known.parts.push(part),
                None => table.indexes.push(Index {
                    name,
                    unique,
                    parts: vec![part],
                    filter: None,
                    constraint: is_constraint,
                    text: None,
                }),
            }
        }
    }
}

/// What stands between the parentheses of `CHECK (…)`.
fn condition(source: &str) -> String {
    let source = source.trim();
    let rest = source.get(..5).filter(|word| word.eq_ignore_ascii_case("CHECK")).map_or(source, |_| &source[5..]);
    without_parentheses(rest).to_owned()
}

fn without_parentheses(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).map_or(text, str::trim)
}

/// The values of a row, one after the other.
struct Cells<'a>(std::slice::Iter<'a, Value>);

impl<'a> Cells<'a> {
    fn of(row: &'a [Value]) -> Self {
        Self(row.iter())
    }

    fn text(&mut self) -> String {
        self.some_text().unwrap_or_default()
    }

    fn some_text(&mut self) -> Option<String> {
        self.0.next()?.as_text().map(str::to_owned)
    }

    fn number(&mut self) -> i64 {
        self.0.next().and_then(Value::as_integer).unwrap_or_default()
    }

    fn is_there(&mut self) -> bool {
        self.0.next().is_some_and(|value| !value.is_null())
    }
}
