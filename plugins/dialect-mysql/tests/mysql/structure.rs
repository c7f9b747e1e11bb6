//! What a catalog holds beyond the model, and what must not be lost.

use crate::database::{Database, run};
use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::change::{Alteration, Standing, rendered};
use patchwright_hooks_api::schema::{Column, ColumnType, Index, IndexPart, Size, Table, TableOptions, differences};
use patchwright_hooks_api::{Change, Connection, Dialect, ErrorKind, Schema, Statement};

fn make(line: &mut dyn Connection, change: &Change) {
    let rendered = rendered(change, &MySql, line).unwrap_or_else(|error| panic!("{change}: {error}"));
    assert_eq!(rendered.standing, Standing::ToDo, "{change}");
    for statement in &rendered.statements {
        line.execute(statement).unwrap_or_else(|error| panic!("{change}: {error}: {}", statement.text));
    }
}

fn table(line: &mut dyn Connection, name: &str) -> Table {
    line.introspect(Some(&[name])).unwrap().tables.remove(0)
}

/// A table as sites have them that are older than this engine.
const OLD: &str = "CREATE TABLE old (id INT(11) NOT NULL AUTO_INCREMENT, \
    name VARCHAR(30) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s' COMMENT 'what it''s called', \
    made TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
    seen DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', \
    state TINYINT(4) NOT NULL DEFAULT '3' CHECK (state > 0), twice INT GENERATED ALWAYS AS (id * 2) VIRTUAL, \
    note TEXT DEFAULT 'x', PRIMARY KEY (id), KEY by_name (name(10)), FULLTEXT KEY words (note)) ENGINE=InnoDB";

#[test]
fn a_column_that_is_altered_keeps_what_the_change_does_not_name() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, OLD);
    let comment = |column: &str| Change::SetComment {
        table: "old".into(),
        column: Some(column.into()),
        comment: Some("it's new".into()),
    };
    for column in ["name", "made", "seen", "state", "twice", "note"] {
        make(&mut *line, &comment(column));
    }
    let wider = Alteration { kind: Some(ColumnType::Varchar(60)), ..Alteration::default() };
    make(&mut *line, &Change::AlterColumn { table: "old".into(), column: "name".into(), alteration: wider });
    let text = table(&mut *line, "old").text.unwrap();
    for kept in [
        "`name` varchar(60) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s' COMMENT 'it''s new'",
        "`made` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp() COMMENT",
        "`seen` datetime NOT NULL DEFAULT '0000-00-00 00:00:00' COMMENT",
        "`state` tinyint(4) NOT NULL DEFAULT 3 COMMENT 'it''s new' CHECK (`state` > 0)",
        "`twice` int(11) GENERATED ALWAYS AS (`id` * 2) VIRTUAL COMMENT",
        "KEY `by_name` (`name`(10))",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
}

#[test]
fn an_index_for_full_text_search_comes_back_as_one() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, OLD);
    let before = table(&mut *line, "old");
    let drop = Change::DropIndex { table: "old".into(), index: "words".into() };
    let inverse = rendered(&drop, &MySql, &mut *line).unwrap().inverse.unwrap();
    make(&mut *line, &drop);
    make(&mut *line, &inverse[0]);
    assert!(table(&mut *line, "old").text.unwrap().contains("FULLTEXT KEY `words`"));
    assert_eq!(table(&mut *line, "old").indexes, before.indexes);
}

#[test]
fn an_index_that_a_foreign_key_needs_may_be_dropped() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE a (id INT PRIMARY KEY)");
    run(
        &mut *line,
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, c INT, KEY both_columns (a, c), \
         CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id))",
    );
    make(&mut *line, &Change::DropIndex { table: "b".into(), index: "both_columns".into() });
    assert_eq!(table(&mut *line, "b").indexes, []);
    make(&mut *line, &Change::DropForeignKey { table: "b".into(), key: "b_a".into() });
    let text = table(&mut *line, "b").text.unwrap();
    assert!(!text.contains("b_a"), "the key's own index is left: {text}");
}

#[test]
fn a_dropped_column_takes_its_indexes_and_keys_along() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE a (id INT PRIMARY KEY)");
    run(
        &mut *line,
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, c INT, UNIQUE KEY both_columns (c, a), \
         CONSTRAINT b_a FOREIGN KEY (a) REFERENCES a (id))",
    );
    run(&mut *line, "INSERT INTO a VALUES (1), (2)");
    run(&mut *line, "INSERT INTO b VALUES (1, 1, 7), (2, 2, 7)");
    make(&mut *line, &Change::DropColumn { table: "b".into(), column: "a".into() });
    let found = table(&mut *line, "b");
    assert_eq!((found.indexes.len(), found.foreign_keys.len(), found.columns.len()), (0, 0, 2));
}

#[test]
fn a_text_that_is_indexed_can_become_a_long_one_and_back() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(80), KEY by_name (name))");
    let before = table(&mut *line, "t");
    let kind = |kind| Alteration { kind: Some(kind), ..Alteration::default() };
    let alter = |alteration| Change::AlterColumn { table: "t".into(), column: "name".into(), alteration };
    make(&mut *line, &alter(kind(ColumnType::Text(Size::Normal))));
    assert_eq!(table(&mut *line, "t").indexes[0].parts[0].length, Some(191));
    make(&mut *line, &alter(kind(ColumnType::Varchar(80))));
    assert_eq!(table(&mut *line, "t").indexes, before.indexes);
}

#[test]
fn a_long_text_can_be_unique_and_is_so_as_a_whole() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (id INT PRIMARY KEY, name TEXT)");
    let parts = vec![IndexPart::column("name")];
    let index = Index { name: "u".into(), unique: true, parts, filter: None, constraint: false, text: None };
    make(&mut *line, &Change::CreateIndex { table: "t".into(), index });
    run(&mut *line, "INSERT INTO t VALUES (1, CONCAT(REPEAT('a', 3000), 'x')), (2, CONCAT(REPEAT('a', 3000), 'y'))");
    assert_eq!(table(&mut *line, "t").indexes[0].parts[0].length, None);
}

#[test]
fn what_the_server_can_not_do_is_unsupported_and_changes_nothing() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80))");
    let column = Column::new("n", ColumnType::Integer { bits: 32, unsigned: false }).numbered();
    let using = Alteration { using: Some("1".into()), kind: Some(ColumnType::Date), ..Alteration::default() };
    for change in [
        Change::DropPrimaryKey { table: "t".into() },
        Change::AddColumn { table: "t".into(), column, place: Default::default() },
        Change::AlterColumn { table: "t".into(), column: "name".into(), alteration: using },
    ] {
        let error = rendered(&change, &MySql, &mut *line).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unsupported, "{error}");
        assert!(error.hint.is_some());
    }
}

#[test]
fn a_view_is_read_as_its_author_wrote_it_and_without_the_database() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (id INT, name VARCHAR(9))");
    let query = "SELECT id, name AS title FROM t WHERE id > 0 AND name <> 'x'";
    let create = Change::CreateView { view: "v".into(), query: query.into() };
    make(&mut *line, &create);
    assert_eq!(rendered(&create, &MySql, &mut *line).unwrap().standing, Standing::Done);
    let view = line.introspect(Some(&["v"])).unwrap().views.remove(0);
    assert!(!view.query.contains(database.name()), "{}", view.query);
}

#[test]
fn only_the_sites_own_database_is_read_and_what_is_read_is_in_its_stored_form() {
    let (database, other) = (Database::new(), Database::new());
    run(&mut *other.connect(), "CREATE TABLE elsewhere (id INT)");
    let mut line = database.connect();
    run(&mut *line, OLD);
    run(&mut *line, "CREATE TRIGGER r BEFORE INSERT ON old FOR EACH ROW SET NEW.name = 'x'");
    let schema = line.introspect(None).unwrap();
    assert_eq!(schema.tables.len(), 1);
    assert_eq!(
        schema.tables[0].triggers[0].text,
        "CREATE TRIGGER `r` BEFORE INSERT ON `old` FOR EACH ROW SET NEW.name = 'x'"
    );
    let mut stored = schema.clone();
    stored.tables = stored.tables.iter().map(|table| MySql.stored(table)).collect();
    assert_eq!(differences(&stored, &schema), [] as [&str; 0]);
}

#[test]
fn all_tables_are_read_by_a_few_queries_whatever_their_number() {
    let database = Database::new();
    let mut line = database.connect();
    let queries = |line: &mut dyn Connection| {
        let asked = |line: &mut dyn Connection| {
            let rows = line.query(&Statement::new("SHOW SESSION STATUS LIKE 'Questions'")).unwrap().rows;
            rows[0][1].to_string().parse::<u32>().unwrap()
        };
        let before = asked(line);
        let schema = line.introspect(None).unwrap();
        (asked(line) - before, schema.tables.len())
    };
    let create = |number: u32| {
        format!(
            "CREATE TABLE t{number} (id INT PRIMARY KEY, up INT, name VARCHAR(80) NOT NULL DEFAULT 'x', KEY by_name (name), \
             CONSTRAINT t{number}_up FOREIGN KEY (up) REFERENCES t{number} (id), CHECK (id > 0))"
        )
    };
    run(&mut *line, &create(0));
    let (for_one, _) = queries(&mut *line);
    for number in 1..20 {
        run(&mut *line, &create(number));
    }
    assert_eq!(queries(&mut *line), (for_one, 20));
    assert!(for_one < 10, "{for_one}");
}

/// A table of which a part was converted already, as updates of real products leave them.
const HALF: &str = "CREATE TABLE half (id INT NOT NULL PRIMARY KEY, \
    name VARCHAR(30) NOT NULL DEFAULT 'ä' COMMENT 'it''s', note TEXT, \
    token CHAR(8) CHARACTER SET ascii COLLATE ascii_bin, done VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci) \
    ENGINE=MyISAM DEFAULT CHARSET=latin1";

fn converted() -> Change {
    let said = |text: &str| Some(text.to_owned());
    let options =
        TableOptions { charset: said("utf8mb4"), collation: said("utf8mb4_unicode_ci"), engine: said("innodb") };
    Change::SetTableOptions { table: "half".into(), options, columns: None }
}

#[test]
fn a_table_that_is_converted_keeps_its_types_and_the_columns_with_a_collation_of_their_own() {
    // A12
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, HALF);
    run(&mut *line, "INSERT INTO half VALUES (1, 'öäü', REPEAT('é', 20000), 'x', 'y')");
    let before = table(&mut *line, "half");
    make(&mut *line, &converted());
    let after = table(&mut *line, "half");
    assert_eq!(after.options.charset.as_deref(), Some("utf8mb4"));
    assert_eq!(after.column("note").unwrap().kind, ColumnType::Text(Size::Normal));
    assert_eq!(after.column("token").unwrap().collation.as_deref(), Some("ascii_bin"));
    assert!(["name", "note", "done"].iter().all(|name| after.column(name).unwrap().collation.is_none()));
    assert!(after.text.unwrap().contains("DEFAULT 'ä' COMMENT 'it''s'"));
    let length = line.query(&Statement::new("SELECT CHAR_LENGTH(note) FROM half")).unwrap();
    assert_eq!(length.scalar().and_then(patchwright_hooks_api::Value::as_integer), Some(20_000));
    let schema = |table: Table| Schema { tables: vec![table], ..Schema::default() };
    for inverse in converted().inverse(&schema(before.clone())).unwrap() {
        make(&mut *line, &inverse);
    }
    assert_eq!(table(&mut *line, "half"), before, "the converted column keeps what it had before");
}

#[test]
fn a_text_that_fits_no_more_when_it_is_converted_is_refused_and_never_cut() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, HALF);
    run(&mut *line, "INSERT INTO half (id, note) VALUES (1, REPEAT('é', 60000))");
    let statements = rendered(&converted(), &MySql, &mut *line).unwrap().statements;
    assert!(line.execute(&statements[0]).is_err());
    assert_eq!(table(&mut *line, "half").options.charset.as_deref(), Some("latin1"));
}

#[test]
fn a_column_that_a_foreign_key_compares_is_not_converted() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE word (name VARCHAR(30) PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=latin1");
    run(
        &mut *line,
        "CREATE TABLE half (name VARCHAR(30), CONSTRAINT of_word FOREIGN KEY (name) REFERENCES word (name)) \
         ENGINE=InnoDB DEFAULT CHARSET=latin1",
    );
    let error = rendered(&converted(), &MySql, &mut *line).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.message.contains("of_word"), "{error}");
}
