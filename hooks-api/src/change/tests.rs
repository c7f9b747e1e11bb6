//! What holds of every portable change, whatever the dialect.

use super::*;
use crate::schema::{IndexPart, OnTarget, Part, PartSource, Schema, View, differences};
use crate::statements::LexicalRules;

fn integer() -> ColumnType {
    ColumnType::Integer { bits: 64, unsigned: false }
}

fn index(name: &str, column: &str) -> Index {
    Index {
        name: name.into(),
        unique: false,
        parts: vec![IndexPart::column(column)],
        filter: None,
        constraint: false,
        text: None,
    }
}

fn key(name: &str) -> ForeignKey {
    ForeignKey {
        name: name.into(),
        columns: vec!["parent".into()],
        table: "forum".into(),
        targets: vec!["id".into()],
        on_delete: OnTarget::Cascade,
        on_update: OnTarget::Refuse,
    }
}

fn check(name: &str) -> Check {
    Check { name: name.into(), condition: "id > 0".into() }
}

fn forum() -> Table {
    Table {
        name: "forum".into(),
        columns: vec![Column::new("id", integer()).numbered()],
        primary_key: vec!["id".into()],
        ..Table::default()
    }
}

fn item() -> Table {
    Table {
        name: "item".into(),
        columns: vec![
            Column::new("id", integer()).not_null(),
            Column::new("parent", integer()),
            Column::new("title", ColumnType::Varchar(80)).with_default(DefaultValue::Literal(Value::from("x"))),
        ],
        primary_key: vec!["id".into()],
        indexes: vec![index("item_title", "title")],
        foreign_keys: vec![key("item_forum")],
        checks: vec![check("item_positive")],
        options: TableOptions {
            charset: Some("latin1".into()),
            collation: Some("latin1_bin".into()),
            engine: Some("MyISAM".into()),
        },
        ..Table::default()
    }
}

fn schema() -> Schema {
    let counter = Sequence { name: "counter".into(), start: 1, increment: 1, details: None };
    Schema { tables: vec![forum(), item()], sequences: vec![counter], ..Schema::default() }
}

fn parsed(text: &str) -> Change {
    serde_json::from_str(text).unwrap()
}

/// One change of each kind that changes the structure, in the notation in which the ledger keeps them.
fn structural() -> Vec<Change> {
    let table = || "item".to_owned();
    let alteration = Alteration {
        kind: Some(ColumnType::Text(crate::schema::Size::Normal)),
        null: Some(false),
        default: Some(None),
        using: None,
    };
    vec![
        Change::CreateTable(Table { name: "new".into(), ..item() }),
        parsed(r#"{"rename-table": {"table": "forum", "to": "board"}}"#),
        Change::AddColumn { table: table(), column: Column::new("state", integer()), place: Place::After("id".into()) },
        parsed(r#"{"rename-column": {"table": "item", "column": "title", "to": "name"}}"#),
        Change::AlterColumn { table: table(), column: "title".into(), alteration },
        parsed(r#"{"drop-primary-key": {"table": "item"}}"#),
        Change::CreateIndex { table: table(), index: index("item_parent", "parent") },
        parsed(r#"{"drop-index": {"table": "item", "index": "item_title"}}"#),
        parsed(r#"{"rename-index": {"table": "item", "index": "item_title", "to": "item_name"}}"#),
        Change::AddForeignKey { table: table(), key: key("item_forum_too") },
        parsed(r#"{"drop-foreign-key": {"table": "item", "key": "item_forum"}}"#),
        Change::AddCheck { table: table(), check: check("item_large") },
        parsed(r#"{"drop-check": {"table": "item", "check": "item_positive"}}"#),
        parsed(r#"{"create-view": {"view": "titles", "query": "SELECT title FROM item"}}"#),
        parsed(r#"{"set-comment": {"table": "item", "column": "title", "comment": "what it is called"}}"#),
        parsed(r#"{"set-comment": {"table": "item", "comment": "things"}}"#),
        parsed(r#"{"create-sequence": {"name": "ticket", "start": 1000}}"#),
        parsed(r#"{"rename-sequence": {"sequence": "counter", "to": "numbers"}}"#),
        parsed(r#"{"set-table-options": {"table": "item", "options": {"charset": "utf8mb4", "engine": "InnoDB"}}}"#),
    ]
}

/// Those that nothing takes back.
fn destructive() -> Vec<Change> {
    vec![
        parsed(r#"{"drop-table": {"table": "item"}}"#),
        parsed(r#"{"drop-column": {"table": "item", "column": "parent"}}"#),
        parsed(r#"{"drop-sequence": {"sequence": "counter"}}"#),
    ]
}

fn standing(change: &Change, found: &Schema) -> Standing {
    change.standing(found, &Table::clone)
}

#[test]
fn a_change_is_to_be_done_once_and_then_it_is_done() {
    // A12
    for change in structural().into_iter().chain(destructive()) {
        assert_eq!(standing(&change, &schema()), Standing::ToDo, "{change}");
        let after = change.applied_to(&schema()).unwrap();
        assert_eq!(standing(&change, &after), Standing::Done, "{change}");
        assert_eq!(change.applied_to(&after).unwrap(), after, "{change} twice");
    }
}

#[test]
fn the_inverse_of_a_change_gives_the_schema_back() {
    for change in structural() {
        let mut now = change.applied_to(&schema()).unwrap();
        for inverse in change.inverse(&schema()).unwrap_or_else(|| panic!("{change} has no inverse")) {
            assert_eq!(standing(&inverse, &now), Standing::ToDo, "{inverse}");
            now = inverse.applied_to(&now).unwrap();
        }
        assert_eq!(differences(&schema(), &now), [] as [&str; 0], "{change}");
    }
}

#[test]
fn what_destroys_rows_or_columns_has_no_inverse() {
    let rows = [
        r#"{"update-rows": {"table": "item", "set": [], "condition": []}}"#,
        r#"{"delete-rows": {"table": "item", "condition": []}}"#,
        r#"{"truncate-table": {"table": "item"}}"#,
        r#"{"restart-sequence": {"sequence": "counter", "at": 7}}"#,
        r#"{"copy-rows": {"table": "item", "from": "forum", "set": [], "condition": []}}"#,
    ];
    for change in rows.into_iter().map(parsed).chain(destructive()) {
        assert_eq!(change.inverse(&schema()), None, "{change}");
    }
    let using = Alteration { kind: Some(integer()), using: Some("length(title)".into()), ..Alteration::default() };
    let change = Change::AlterColumn { table: "item".into(), column: "title".into(), alteration: using };
    assert_eq!(change.inverse(&schema()), None);
}

#[test]
fn what_a_database_says_in_its_own_words_no_change_brings_back() {
    let mut view = View::new("titles", "SELECT title FROM item");
    view.tell(Part::Trigger("insert_title".into()), "CREATE TRIGGER …");
    for (part, change) in [
        (Part::PrimaryKey, r#"{"drop-primary-key": {"table": "item"}}"#),
        (Part::ForeignKey("ITEM_FORUM".into()), r#"{"drop-foreign-key": {"table": "item", "key": "item_forum"}}"#),
        (Part::Check("item_positive".into()), r#"{"drop-check": {"table": "item", "check": "item_positive"}}"#),
    ] {
        let (mut before, change) = (schema(), parsed(change));
        assert!(change.inverse(&before).is_some(), "{change}");
        before.tables[1].tell(part, "DEFERRABLE");
        assert_eq!(change.inverse(&before), None, "{change}");
    }
    let before = Schema { views: vec![view], ..schema() };
    for change in [
        parsed(r#"{"drop-view": {"view": "titles"}}"#),
        parsed(r#"{"create-view": {"view": "titles", "query": "SELECT 1"}}"#),
    ] {
        assert_eq!(change.inverse(&before), None, "{change}");
    }
}

#[test]
fn a_default_goes_back_with_its_type() {
    let wider = Alteration { kind: Some(ColumnType::Varchar(200)), ..Alteration::default() };
    let change = Change::AlterColumn { table: "item".into(), column: "title".into(), alteration: wider };
    let mut after = change.applied_to(&schema()).unwrap();
    // As a database that keeps defaults by the type of their column.
    after.tables[1].columns[2].default = Some(DefaultValue::Expression("'x'::varchar".into()));
    let back = change.inverse(&schema()).unwrap().iter().try_fold(after, |now, inverse| inverse.applied_to(&now));
    assert_eq!(back.unwrap(), schema());
}

#[test]
fn only_the_columns_that_had_the_tables_collation_get_it_back() {
    let mut before = schema();
    before.tables[1].columns[2].collation = Some("latin1_swedish_ci".into());
    let change = parsed(r#"{"set-table-options": {"table": "item", "options": {"collation": "latin1_swedish_ci"}}}"#);
    let expected = parsed(
        r#"{"set-table-options": {"table": "item", "options": {"charset": "latin1", "collation": "latin1_bin"},
            "columns": ["id", "parent"]}}"#,
    );
    assert_eq!(change.inverse(&before), Some(vec![expected]));
}

#[test]
fn a_primary_key_that_made_columns_not_null_lets_them_be_null_again() {
    let mut before = schema();
    before.tables[1].primary_key.clear();
    before.tables[1].columns[0].null = true;
    let change = Change::AddPrimaryKey { table: "item".into(), columns: vec!["id".into()] };
    let after = change.applied_to(&before).unwrap();
    assert!(!after.tables[1].columns[0].null);
    let back = change.inverse(&before).unwrap().iter().try_fold(after, |now, inverse| inverse.applied_to(&now));
    assert_eq!(back.unwrap(), before);
}

#[test]
fn rows_that_bring_their_key_are_deleted_by_it_the_last_first() {
    let insert = |columns: &str, conflict: &str| {
        parsed(&format!(
            r#"{{"insert-rows": {{"table": "item", "columns": {columns}, "on-conflict": "{conflict}",
                "rows": [[{{"integer": 1}}, "null"], [{{"integer": 2}}, "null"]]}}}}"#
        ))
    };
    let inverse = insert(r#"["ID", "title"]"#, "fail").inverse(&schema()).unwrap();
    let expected = [2, 1].map(|id| {
        parsed(&format!(
            r#"{{"delete-rows": {{"table": "item",
                "condition": [{{"column": "ID", "comparison": "equal", "value": {{"integer": {id}}}}}]}}}}"#
        ))
    });
    assert_eq!(inverse, expected);
    assert_eq!(insert(r#"["parent", "title"]"#, "fail").inverse(&schema()), None, "a key that the database gave");
    assert_eq!(insert(r#"["title", "id"]"#, "fail").inverse(&schema()), None, "a key that is null");
    assert_eq!(insert(r#"["id", "title"]"#, "ignore").inverse(&schema()), None, "rows that may have been there");
}

#[test]
fn what_is_there_and_otherwise_is_never_replaced() {
    let other_column = Column::new("title", integer());
    let unique = Index { unique: true, ..index("item_title", "title") };
    let cases = [
        (
            Change::CreateTable(Table { columns: forum().columns, ..item() }),
            "the table item is there already, and otherwise",
        ),
        (
            Change::AddColumn { table: "item".into(), column: other_column, place: Place::Last },
            "the column title is there already, and otherwise: item: the column title is varchar(80)",
        ),
        (
            Change::CreateIndex { table: "item".into(), index: unique },
            "the index item_title is there already, and otherwise: item: the index item_title is (title) and not unique",
        ),
        (
            Change::AddPrimaryKey { table: "item".into(), columns: vec!["parent".into()] },
            "a primary key is there already",
        ),
        (
            Change::AddCheck { table: "item".into(), check: Check { condition: "1".into(), ..check("item_positive") } },
            "the check item_positive is there already",
        ),
    ];
    for (change, begins) in cases {
        match standing(&change, &schema()) {
            Standing::Impossible(why) => assert!(why.starts_with(begins), "{change}: {why}"),
            other => panic!("{change} is {other:?}"),
        }
    }
}

#[test]
fn what_speaks_of_something_that_is_not_there_says_so() {
    for (change, why) in [
        (r#"{"drop-column": {"table": "absent", "column": "a"}}"#, "there is no table absent"),
        (r#"{"delete-rows": {"table": "absent", "condition": []}}"#, "there is no table absent"),
        (r#"{"rename-table": {"table": "absent", "to": "gone"}}"#, "there is no table absent"),
        (r#"{"rename-table": {"table": "item", "to": "forum"}}"#, "there is a table forum already"),
        (r#"{"rename-column": {"table": "item", "column": "a", "to": "b"}}"#, "the table item has no column a"),
        (
            r#"{"rename-column": {"table": "item", "column": "id", "to": "title"}}"#,
            "the table item has a column title already",
        ),
        (r#"{"rename-index": {"table": "item", "index": "a", "to": "b"}}"#, "the table item has no index a"),
        (r#"{"rename-sequence": {"sequence": "a", "to": "b"}}"#, "the database has no sequence a"),
        (r#"{"restart-sequence": {"sequence": "item", "at": 2}}"#, "there is no sequence item"),
        (r#"{"add-primary-key": {"table": "item", "columns": ["a"]}}"#, "the table item has no column a"),
    ] {
        assert_eq!(standing(&parsed(change), &schema()), Standing::Impossible(why.into()), "{change}");
    }
}

#[test]
fn what_is_to_be_gone_and_is_not_there_is_done() {
    for change in [
        r#"{"drop-table": {"table": "absent"}}"#,
        r#"{"drop-column": {"table": "item", "column": "absent"}}"#,
        r#"{"drop-index": {"table": "item", "index": "absent"}}"#,
        r#"{"drop-primary-key": {"table": "item"}}"#,
        r#"{"drop-view": {"view": "absent"}}"#,
        r#"{"drop-sequence": {"sequence": "absent"}}"#,
    ] {
        let mut found = schema();
        found.tables[1].primary_key.clear();
        assert_eq!(standing(&parsed(change), &found), Standing::Done, "{change}");
    }
}

#[test]
fn a_renamed_column_keeps_its_place_in_keys_and_indexes() {
    let change = parsed(r#"{"rename-column": {"table": "item", "column": "title", "to": "name"}}"#);
    let after = change.applied_to(&schema()).unwrap();
    assert_eq!(after.tables[1].indexes[0].parts[0].source, PartSource::Column("name".into()));
}

#[test]
fn the_prefix_goes_before_every_name_and_into_the_authors_own_sql() {
    // D14
    let table = Table {
        checks: vec![Check { name: "positive".into(), condition: "id > (SELECT min(id) FROM {prefix}forum)".into() }],
        ..item()
    };
    let prefixed = Change::CreateTable(table).with_prefix("cms_", &LexicalRules::sqlite());
    let Change::CreateTable(table) = &prefixed else { panic!("{prefixed} is another change") };
    assert_eq!(table.name, "cms_item");
    assert_eq!(table.indexes[0].name, "cms_item_title");
    assert_eq!(
        (table.foreign_keys[0].name.as_str(), table.foreign_keys[0].table.as_str()),
        ("cms_item_forum", "cms_forum")
    );
    assert_eq!(table.checks[0].condition, "id > (SELECT min(id) FROM cms_forum)");
    assert_eq!(table.columns[0].name, "id");
    for change in structural().into_iter().chain(destructive()) {
        let prefixed = change.clone().with_prefix("cms_", &LexicalRules::sqlite());
        assert_eq!(prefixed.target(), format!("cms_{}", change.target()));
    }
}

#[test]
fn a_change_reads_back_from_what_the_ledger_keeps() {
    for change in structural().into_iter().chain(destructive()) {
        let kept = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<Change>(&kept).unwrap(), change, "{kept}");
    }
}

#[test]
fn values_take_the_kind_of_their_column() {
    let boolean = ColumnType::Boolean;
    let words = ColumnType::Enum(vec!["a".into(), "b".into()]);
    for (kind, text, value) in [
        (integer(), "-7", Value::Integer(-7)),
        (integer(), "18446744073709551615", Value::from("18446744073709551615")),
        (boolean.clone(), "true", Value::Integer(1)),
        (boolean.clone(), "0", Value::Integer(0)),
        (ColumnType::Float { bits: 64 }, "1e3", Value::Real(1000.0)),
        (ColumnType::Decimal { precision: 10, scale: 2 }, "0.10", Value::from("0.10")),
        (ColumnType::Varchar(3), "007", Value::from("007")),
        (words.clone(), "a", Value::from("a")),
    ] {
        assert_eq!(kind.value_of(text), Ok(value), "{kind}");
    }
    for (kind, text) in [(integer(), "1.5"), (boolean, "yes"), (ColumnType::Float { bits: 32 }, "inf"), (words, "c")] {
        assert!(kind.value_of(text).is_err(), "{text} was taken for a {kind}");
    }
}
