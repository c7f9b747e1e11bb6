//! Tables and changes at random: what is made is read back as the model has it, and what is taken back is as before.

use crate::database::Database;
use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::change::{Alteration, Place, Rendered, Standing, rendered};
use patchwright_hooks_api::schema::{
    Column, ColumnType, DefaultValue, Index, IndexPart, Schema, Size, Table, differences,
};
use patchwright_hooks_api::{Change, Connection, Dialect, Error, ErrorKind, Statement, Value};
use proptest::prelude::*;
use proptest::sample::{Index as Choice, select};
use proptest::test_runner::{Config, TestRunner};

/// How many tables and changes are tried; `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

/// A type, and a default that it can have.
fn kinds() -> impl Strategy<Value = (ColumnType, Option<DefaultValue>)> {
    let text = |text: &str| DefaultValue::Literal(Value::from(text));
    let integer = |bits, unsigned| ColumnType::Integer { bits, unsigned };
    let stamp = |zone, precision| ColumnType::Timestamp { zone, precision };
    let long = |size| (ColumnType::Text(size), text("it's \\ \"é\"\n漢"));
    let kinds = vec![
        (integer(16, false), DefaultValue::Literal(Value::from(-7))),
        (integer(32, true), DefaultValue::Literal(Value::from(0))),
        (integer(64, true), text("18446744073709551615")),
        (ColumnType::Boolean, DefaultValue::Literal(Value::from(1))),
        (ColumnType::Decimal { precision: 12, scale: 3 }, text("-0.5")),
        (ColumnType::Decimal { precision: 8, scale: 0 }, text("42")),
        (ColumnType::Float { bits: 32 }, DefaultValue::Literal(Value::Real(0.25))),
        (ColumnType::Float { bits: 64 }, DefaultValue::Literal(Value::Real(-1.5e-7))),
        (ColumnType::Char(3), text("a'b")),
        (ColumnType::Varchar(40), text("NULL")),
        (ColumnType::Varchar(1200), text("")),
        long(Size::Normal),
        long(Size::Long),
        (ColumnType::Blob(Size::Medium), DefaultValue::Literal(Value::Bytes(vec![0, 39, 92, 255]))),
        (ColumnType::Binary(16), DefaultValue::Literal(Value::Bytes(b"x'\\".to_vec()))),
        (ColumnType::Date, text("2024-02-29")),
        (ColumnType::Date, DefaultValue::Now),
        (ColumnType::Time { precision: 3 }, text("23:59:59.5")),
        (stamp(false, 0), DefaultValue::Now),
        (stamp(false, 6), text("2024-02-29 12:00:00.25")),
        (stamp(true, 3), DefaultValue::Now),
        (stamp(true, 0), text("2024-02-29 12:00:00+02:00")),
        (ColumnType::Uuid, text("6f1c1a34-5c2f-4d0e-9c1e-0a1b2c3d4e5f")),
        (ColumnType::Json, text("{\"a\": [1]}")),
        (ColumnType::Enum(vec!["red".into(), "it's".into(), "漢".into()]), text("it's")),
        (integer(32, false), DefaultValue::Expression("1 + 2".into())),
        (ColumnType::Native("mediumint(9)".into()), DefaultValue::Literal(Value::from(5))),
    ];
    (select(kinds), any::<bool>()).prop_map(|((kind, default), has)| (kind, has.then_some(default)))
}

fn column(name: String) -> impl Strategy<Value = Column> {
    (kinds(), any::<bool>(), prop::option::of(select(vec!["it's \\ a remark", "漢"]))).prop_map(
        move |((kind, default), null, comment)| Column {
            name: name.clone(),
            kind,
            null,
            default,
            auto: false,
            comment: comment.map(str::to_owned),
            collation: None,
        },
    )
}

fn tables() -> impl Strategy<Value = Table> {
    let columns: Vec<_> = (0..6).map(|number| column(format!("c{number}"))).collect();
    let indexes =
        prop::collection::vec((any::<bool>(), prop::collection::vec((0..6_usize, any::<bool>()), 1..3)), 0..4);
    (columns, 1..6_usize, indexes, any::<bool>()).prop_map(|(columns, count, indexes, numbered)| {
        let id = Column::new("id", ColumnType::Integer { bits: 64, unsigned: false });
        let mut table = Table {
            name: "thing".into(),
            columns: vec![if numbered { id.numbered() } else { id.not_null() }],
            primary_key: vec!["id".into()],
            comment: numbered.then(|| "numbered".to_owned()),
            ..Table::default()
        };
        table.columns.extend(columns.into_iter().take(count));
        for (number, (unique, parts)) in indexes.into_iter().enumerate() {
            let mut known: Vec<IndexPart> = Vec::new();
            for (column, descending) in parts {
                let name = format!("c{}", column % count);
                if !known.iter().any(|part| part.as_column() == Some(&name)) {
                    known.push(IndexPart { descending, ..IndexPart::column(name) });
                }
            }
            table.indexes.push(index(number, unique, known));
        }
        table
    })
}

/// A unique index on a wide text is kept by a hash, which has limits of its own: such ones are not made here.
fn index(number: usize, unique: bool, parts: Vec<IndexPart>) -> Index {
    Index {
        name: format!("i{number}"),
        unique: unique && parts.len() == 1 && number == 0,
        parts,
        filter: None,
        constraint: false,
        text: None,
    }
}

/// A change that could be made of the table.
fn change(table: &Table, which: usize, at: &Choice, new: &Column) -> Change {
    let name = table.name.clone();
    let column = at.get(&table.columns[1..]).name.clone();
    let some_index = (!table.indexes.is_empty()).then(|| at.get(&table.indexes).name.clone());
    let alter = |alteration| Change::AlterColumn { table: name.clone(), column: column.clone(), alteration };
    match (which, some_index) {
        (0, _) => {
            let place = if new.null { Place::After(column) } else { Place::First };
            Change::AddColumn { table: name, column: Column { name: "added".into(), ..new.clone() }, place }
        }
        (1, _) => Change::RenameColumn { table: name, column, to: "renamed".into() },
        (2, _) => alter(Alteration { null: Some(new.null), ..Alteration::default() }),
        (3, _) => alter(Alteration {
            kind: Some(new.kind.clone()),
            default: Some(new.default.clone()),
            null: Some(new.null),
            using: None,
        }),
        (4, _) => Change::SetComment { table: name, column: Some(column), comment: new.comment.clone() },
        (5, Some(index)) => Change::DropIndex { table: name, index },
        (6, Some(index)) => Change::RenameIndex { table: name, index, to: "renamed".into() },
        (7, _) => Change::RenameTable { table: name, to: "renamed".into() },
        (8, _) => Change::SetComment { table: name, column: None, comment: new.comment.clone() },
        (9, _) => alter(Alteration { default: Some(None), ..Alteration::default() }),
        _ => {
            let parts = vec![IndexPart::column(column), IndexPart::column("id")];
            Change::CreateIndex { table: name, index: index(9, false, parts) }
        }
    }
}

/// A database that is used again and again.
struct Bench {
    line: Box<dyn Connection>,
}

impl Bench {
    fn schema(&mut self) -> Schema {
        self.line.introspect(Some(&["thing", "renamed"])).unwrap()
    }

    /// Makes the change and compares with the model; what takes it back, or `None` if there was nothing to do.
    fn make(&mut self, change: &Change) -> Result<Option<Rendered>, TestCaseError> {
        let failed = |error: Error| TestCaseError::fail(format!("{change}: {error}"));
        let before = self.schema();
        let rendered = match rendered(change, &MySql, self.line.as_mut()) {
            Err(error) if error.kind == ErrorKind::Unsupported => return Ok(None),
            rendered => rendered.map_err(failed)?,
        };
        if rendered.standing == Standing::Done {
            return Ok(None);
        }
        for statement in &rendered.statements {
            let ran = self.line.execute(statement);
            ran.map_err(|error| TestCaseError::fail(format!("{error}: {}", statement.text)))?;
        }
        let after = self.schema();
        let mut model = change.applied_to(&before).map_err(failed)?;
        model.tables = model.tables.iter().map(|table| MySql.stored(table)).collect();
        let wrong = differences(&model.worded_like(&after), &after);
        prop_assert!(wrong.is_empty(), "after {}: {}", rendered.statements[0].text, wrong.join("; "));
        Ok(Some(rendered))
    }
}

// A12
#[test]
fn what_is_made_is_as_the_model_has_it_and_what_is_taken_back_is_as_before() {
    let database = Database::new();
    let bench = std::cell::RefCell::new(Bench { line: database.connect() });
    let tried = (tables(), 0..11_usize, any::<Choice>(), column("new".into()));
    let mut runner = TestRunner::new(Config { cases: cases(), failure_persistence: None, ..Config::default() });
    let result = runner.run(&tried, |(table, which, at, new)| {
        let mut bench = bench.borrow_mut();
        for name in ["thing", "renamed"] {
            bench.line.execute(&Statement::new(format!("DROP TABLE IF EXISTS {name}"))).unwrap();
        }
        if bench.make(&Change::CreateTable(table.clone()))?.is_none() {
            return Ok(());
        }
        let before = bench.schema();
        let change = change(&table, which, &at, &new);
        let Some(made) = bench.make(&change)? else { return Ok(()) };
        for back in made.inverse.unwrap_or_default() {
            bench.make(&back)?;
        }
        let wrong = differences(&before, &bench.schema());
        prop_assert!(wrong.is_empty(), "after the inverse of {}: {}", change, wrong.join("; "));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
