//! Random databases: one table with all that can hang on a table, and a change of it.

use patchwright_hooks_api::change::{Alteration, Place};
use patchwright_hooks_api::schema::{
    Check, Column, ColumnType, DefaultValue, ForeignKey, Index, IndexPart, OnTarget, PartSource, Size,
};
use patchwright_hooks_api::{Change, Value};
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// What makes the database, and the change.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) statements: Vec<String>,
    pub(super) change: Change,
}

/// How the table is keyed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Key {
    None,
    Rowid,
    Numbered,
    NotRowid,
    OfTwo,
    WithoutRowid,
}

#[derive(Debug, Clone)]
struct ColumnText {
    kind: &'static str,
    collation: &'static str,
    null: &'static str,
    default: &'static str,
    more: &'static str,
    comment: &'static str,
    null_every: usize,
}

const KINDS: &[&str] = &[
    "",
    "INT",
    "INTEGER",
    "SMALLINT",
    "BIGINT",
    "VARCHAR(80)",
    "varchar (20)",
    "TEXT",
    "DECIMAL(10, 2)",
    "BOOLEAN",
    "DATETIME",
    "REAL",
    "BLOB",
    "\"my type\"",
    "UNSIGNED BIG INT",
];
const DEFAULTS: &[&str] = &[
    "",
    "",
    " DEFAULT 7",
    " DEFAULT -1.50",
    " DEFAULT 'it''s, (so)'",
    " DEFAULT NULL",
    " DEFAULT CURRENT_TIMESTAMP",
    " DEFAULT (1 + (2))",
    " DEFAULT x'00ff'",
    " DEFAULT TRUE",
];
const MORE: &[&str] = &[
    "",
    "",
    "",
    " UNIQUE",
    " CHECK (@ IS NOT 'no, (''')",
    " CONSTRAINT item_@_set CHECK (@ <> 'x')",
    " REFERENCES forum",
    " CONSTRAINT item_@_forum REFERENCES Forum (id) ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
];
const OF_TABLE: &[&str] = &[
    "CONSTRAINT item_pair UNIQUE (id, a COLLATE NOCASE)",
    "UNIQUE (a, id DESC) ON CONFLICT FAIL",
    "CONSTRAINT item_check CHECK (id IS NOT 77)",
    "CHECK (length(a) < 1000 OR a IS NULL)",
    "CONSTRAINT item_forum FOREIGN KEY (a) REFERENCES forum (id) ON DELETE CASCADE",
    "FOREIGN KEY (b) REFERENCES forum",
    "CONSTRAINT item_self FOREIGN KEY (b) REFERENCES item (id)",
];
const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX item_unique ON item (id, a DESC)",
    "CREATE INDEX item_some ON item (a DESC, id) WHERE a > 3 AND id IS NOT NULL",
    "CREATE INDEX item_lower ON item (lower(a), id COLLATE NOCASE)",
    "CREATE INDEX  \"item b\"  ON item(\"b\") -- b alone",
    "CREATE INDEX item_rtrim ON item (a COLLATE RTRIM DESC)",
];
const AROUND: &[&str] = &[
    "CREATE TRIGGER item_log AFTER INSERT ON item WHEN new.id > 0 BEGIN INSERT INTO log VALUES ('item;' || new.id); \
     SELECT CASE WHEN 1 THEN 2 END; END",
    "CREATE TRIGGER item_gone AFTER DELETE ON item BEGIN DELETE FROM log WHERE what = old.id; END",
    "CREATE TRIGGER forum_log AFTER DELETE ON forum BEGIN DELETE FROM item WHERE id = old.id; END",
    "CREATE VIEW titles AS SELECT id, a FROM item WHERE a IS NOT NULL",
    "CREATE VIEW numbers (n) AS SELECT i.id + 1 FROM item AS i",
];

/// Any world.
pub(super) fn world() -> impl Strategy<Value = World> {
    let key =
        select(vec![Key::None, Key::Rowid, Key::Numbered, Key::Numbered, Key::NotRowid, Key::OfTwo, Key::WithoutRowid]);
    let some = |of: &'static [&'static str]| subsequence(of, SizeRange::from(0..=of.len()));
    let options = (some(OF_TABLE), some(INDEXES), some(AROUND), any::<[bool; 4]>());
    (key, vec(column(), 2..5), options, 0..9_usize, change(), 0..4_usize).prop_map(
        |(key, columns, (of_table, indexes, around, flags), rows, change, at)| {
            let [generated, strict, child, multiline] = flags;
            let strict =
                strict && columns.iter().all(|column| STRICT_KINDS.contains(&column.kind)) && key != Key::NotRowid;
            let names: Vec<String> =
                ["a", "b", "c d", "order"][..columns.len()].iter().map(ToString::to_string).collect();
            let mut statements = vec![
                "CREATE TABLE forum (id INTEGER PRIMARY KEY, name TEXT)".to_owned(),
                "CREATE TABLE log (what)".to_owned(),
                "INSERT INTO forum VALUES (1, 'one'), (2, 'two'), (100, 'x')".to_owned(),
            ];
            statements.push(create(key, &names, &columns, &of_table, generated, strict, multiline));
            if child && matches!(key, Key::Rowid | Key::Numbered | Key::NotRowid) {
                statements.push(
                    "CREATE TABLE reply (id INTEGER PRIMARY KEY, item INTEGER REFERENCES item ON DELETE CASCADE)"
                        .into(),
                );
            }
            statements.extend((1..=rows).map(|row| insert(row, &names, &columns)));
            if statements.iter().any(|text| text.starts_with("CREATE TABLE reply")) {
                statements.push("INSERT INTO reply (item) SELECT id FROM item".to_owned());
            }
            if key == Key::Numbered {
                statements.push("DELETE FROM item WHERE id = 1003".to_owned());
            }
            statements.extend(indexes.iter().chain(&around).map(ToString::to_string));
            World { statements, change: on(change, &names[at % names.len()]) }
        },
    )
}

const STRICT_KINDS: [&str; 5] = ["INT", "INTEGER", "TEXT", "REAL", "BLOB"];

fn column() -> impl Strategy<Value = ColumnText> {
    let parts = (
        select(KINDS),
        select(&["", "", " COLLATE NOCASE"][..]),
        select(&["", "", " NOT NULL", " NULL"][..]),
        select(DEFAULTS),
        select(MORE),
        select(&["", "", " /* so, (it */", " -- a comment, with (\n"][..]),
        select(&[0, 0, 3][..]),
    );
    parts.prop_map(|(kind, collation, null, default, more, comment, null_every)| ColumnText {
        kind,
        collation,
        null,
        default,
        more,
        comment,
        null_every,
    })
}

fn create(
    key: Key,
    names: &[String],
    columns: &[ColumnText],
    of_table: &[&str],
    generated: bool,
    strict: bool,
    multiline: bool,
) -> String {
    let id = match key {
        Key::None | Key::OfTwo => "id INTEGER",
        Key::Rowid => "id INTEGER PRIMARY KEY",
        Key::Numbered => "id INTEGER PRIMARY KEY AUTOINCREMENT",
        Key::NotRowid | Key::WithoutRowid => "\"id\" INT PRIMARY KEY NOT NULL",
    };
    let mut items = vec![id.to_owned()];
    for (name, column) in names.iter().zip(columns) {
        let quoted = format!("\"{name}\"");
        let more = match name.contains(' ') {
            true => column.more.replace("_@_", "_cd_").replace('@', &quoted),
            false => column.more.replace("_@_", &format!("_{name}_")).replace('@', &quoted),
        };
        let kind = if column.kind.is_empty() { String::new() } else { format!(" {}", column.kind) };
        items.push(format!(
            "{quoted}{kind}{}{}{}{more}{}",
            column.null, column.default, column.collation, column.comment
        ));
    }
    if generated {
        items.push("twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL".to_owned());
    }
    if key == Key::OfTwo {
        items.push("PRIMARY KEY (id, \"a\")".to_owned());
    }
    // A key of two is none that others can refer to by one.
    let refers_to_itself = |text: &&&str| text.contains("item_self") && matches!(key, Key::None | Key::OfTwo);
    items.extend(of_table.iter().filter(|text| !refers_to_itself(text)).map(ToString::to_string));
    let mut options = Vec::new();
    if key == Key::WithoutRowid {
        options.push("WITHOUT ROWID");
    }
    if strict {
        options.push("STRICT");
    }
    let between = if multiline { ",\n    " } else { ", " };
    format!("CREATE TABLE item ({}\n) {}", items.join(between), options.join(", "))
}

/// A row whose values suit the types, are never the same, and are sometimes null.
fn insert(row: usize, names: &[String], columns: &[ColumnText]) -> String {
    let value = |column: &ColumnText| {
        let is_null = column.null_every > 0 && row.is_multiple_of(column.null_every) && column.null != " NOT NULL";
        match column.kind {
            _ if is_null => "NULL".to_owned(),
            "INT" | "INTEGER" | "SMALLINT" | "BIGINT" | "BOOLEAN" | "UNSIGNED BIG INT" => format!("{}", row * 7),
            "REAL" | "DECIMAL(10, 2)" => format!("{row}.25"),
            "BLOB" => format!("x'00{row:02x}'"),
            _ => format!("'text {row}'"),
        }
    };
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    // With gaps, so that rowids are not those that SQLite would give.
    let id = 1000 + row * row;
    format!("INSERT INTO item (id, {}) VALUES ({id}, {})", names.join(", "), values.join(", "))
}

/// A change of some column of the table.
fn change() -> impl Strategy<Value = Change> {
    let table = || "item".to_owned();
    let column = || "@".to_owned();
    let alter = move |alteration| Change::AlterColumn { table: table(), column: column(), alteration };
    let add = move |column| Change::AddColumn { table: table(), column, place: Place::Last };
    let integer = || ColumnType::Integer { bits: 64, unsigned: false };
    let kind = move |kind| alter(Alteration { kind: Some(kind), ..Alteration::default() });
    let index = |name: &str, unique, part: IndexPart| Index {
        name: name.to_owned(),
        unique,
        parts: vec![part],
        filter: None,
        constraint: false,
        text: None,
    };
    let named = |kind: fn(String, String) -> Change, name: &str| kind("item".to_owned(), name.to_owned());
    let drop_index: fn(String, String) -> Change = |table, index| Change::DropIndex { table, index };
    let drop_key: fn(String, String) -> Change = |table, key| Change::DropForeignKey { table, key };
    let drop_check: fn(String, String) -> Change = |table, check| Change::DropCheck { table, check };
    let rename_index: fn(String, String) -> Change =
        |table, index| Change::RenameIndex { table, index, to: "item_new_name".to_owned() };
    select(vec![
        Change::RenameTable { table: table(), to: "thing".to_owned() },
        Change::RenameColumn { table: table(), column: column(), to: "renamed".to_owned() },
        Change::RenameColumn { table: table(), column: "id".to_owned(), to: "number".to_owned() },
        Change::DropColumn { table: table(), column: column() },
        add(Column::new("new", ColumnType::Varchar(9))),
        add(Column::new("new", ColumnType::Enum(vec!["x".into(), "it's".into()]))
            .with_default(DefaultValue::Literal(Value::from("x")))
            .not_null()),
        add(Column::new("new", ColumnType::Timestamp { zone: false, precision: 3 }).with_default(DefaultValue::Now)),
        add(Column::new("new", integer()).with_default(DefaultValue::Expression("1 + 1".into())).not_null()),
        kind(ColumnType::Varchar(200)),
        kind(ColumnType::Text(Size::Long)),
        kind(integer()),
        kind(ColumnType::Enum(vec!["a".into(), "b".into()])),
        alter(Alteration { null: Some(false), ..Alteration::default() }),
        alter(Alteration { null: Some(true), ..Alteration::default() }),
        alter(Alteration { default: Some(None), ..Alteration::default() }),
        alter(Alteration { default: Some(Some(DefaultValue::Now)), ..Alteration::default() }),
        alter(Alteration {
            kind: Some(ColumnType::Varchar(30)),
            null: Some(false),
            default: Some(Some(DefaultValue::Literal(Value::from("it's")))),
            using: Some("coalesce(id, 'x') || '!'".into()),
        }),
        Change::AddPrimaryKey { table: table(), columns: vec!["id".into()] },
        Change::AddPrimaryKey { table: table(), columns: vec!["id".into(), column()] },
        Change::DropPrimaryKey { table: table() },
        Change::CreateIndex { table: table(), index: index("item_made", false, IndexPart::column("@")) },
        Change::CreateIndex { table: table(), index: index("item_made", true, IndexPart::column("id")) },
        Change::CreateIndex {
            table: table(),
            index: index(
                "item_made",
                false,
                IndexPart { source: PartSource::Expression("abs(id)".into()), descending: true, length: None },
            ),
        },
        named(drop_index, "item_unique"),
        named(drop_index, "item_some"),
        named(drop_index, "item_pair"),
        named(rename_index, "item_pair"),
        named(rename_index, "item_lower"),
        named(rename_index, "item b"),
        Change::AddForeignKey {
            table: table(),
            key: ForeignKey {
                name: "item_made".into(),
                columns: vec![column()],
                table: "forum".into(),
                targets: vec!["id".into()],
                on_delete: OnTarget::SetNull,
                on_update: OnTarget::Cascade,
            },
        },
        named(drop_key, "item_forum"),
        named(drop_key, "item_self"),
        named(drop_key, "item_a_forum"),
        Change::AddCheck {
            table: table(),
            check: Check { name: "item_made".into(), condition: "id IS NOT 'a, (b'".into() },
        },
        named(drop_check, "item_check"),
        named(drop_check, "item_b_set"),
        Change::DropTable { table: table() },
    ])
}

/// The change, of that column.
fn on(mut change: Change, name: &str) -> Change {
    let put = |column: &mut String| {
        if column == "@" {
            name.clone_into(column);
        }
    };
    match &mut change {
        Change::RenameColumn { column, .. }
        | Change::DropColumn { column, .. }
        | Change::AlterColumn { column, .. } => {
            put(column);
        }
        Change::AddPrimaryKey { columns, .. } => columns.iter_mut().for_each(put),
        Change::AddForeignKey { key, .. } => key.columns.iter_mut().for_each(put),
        Change::CreateIndex { index, .. } => {
            for part in &mut index.parts {
                if let PartSource::Column(column) = &mut part.source {
                    put(column);
                }
            }
        }
        _ => {}
    }
    change
}
