//! Nothing that is done to a database by hand stays unseen, and all of it is named.

use crate::database::{Database, run};
use patchwright_conformance::mutations;
use patchwright_hooks_api::{Connection, Schema};

const SCRIPT: &[&str] = &[
    "CREATE TABLE forum (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL DEFAULT 'x')",
    "CREATE TABLE item (id INT NOT NULL, forum INT, title VARCHAR(80) NOT NULL DEFAULT '' COMMENT 'in one line', \
     price DECIMAL(10, 2), made TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3), state ENUM('open', 'shut'), \
     votes INT UNSIGNED CHECK (votes < 100), note TEXT, twice INT GENERATED ALWAYS AS (forum * 2) VIRTUAL, PRIMARY KEY (id), \
     CONSTRAINT item_forum FOREIGN KEY (forum) REFERENCES forum (id) ON DELETE CASCADE, \
     CONSTRAINT item_priced CHECK (price > 0), UNIQUE KEY item_pair (title, forum), KEY item_note (note(20)), \
     KEY item_price (price, title)) COMMENT 'what people write'",
    "CREATE TABLE log (what TEXT)",
    "CREATE TRIGGER item_gone AFTER DELETE ON item FOR EACH ROW DELETE FROM log",
    "CREATE VIEW titles AS SELECT id, title FROM item",
    "CREATE SEQUENCE counter",
    "CREATE TRIGGER forum_gone AFTER DELETE ON forum FOR EACH ROW DELETE FROM log",
    "CREATE TRIGGER forum_gone_too AFTER DELETE ON forum FOR EACH ROW FOLLOWS forum_gone DELETE FROM log",
];

/// What somebody changes in the script, and what is then said.
const MUTATIONS: &[(&str, &str, &str)] = &[
    ("state ENUM('open', 'shut'), ", "", "item: the column state is missing"),
    ("note TEXT, ", "note TEXT, extra TEXT, ", "item: the column extra was not expected"),
    (
        "VARCHAR(80) NOT NULL DEFAULT ''",
        "VARCHAR(81) NOT NULL DEFAULT ''",
        "item: the column title is varchar(81), never null, default  and not varchar(80), never null, default ",
    ),
    (
        "price DECIMAL(10, 2)",
        "price DECIMAL(10, 3)",
        "item: the column price is decimal(10, 3), may be null and not decimal(10, 2), may be null",
    ),
    (
        "votes INT UNSIGNED",
        "votes INT",
        "item: the column votes is 32-bit integer, may be null and not 32-bit integer without sign, may be null",
    ),
    (
        "TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3)",
        "DATETIME(3) NULL DEFAULT CURRENT_TIMESTAMP(3)",
        "item: the column made is timestamp(3), may be null, default now and not timestamp(3) with time zone, may be null, default now",
    ),
    ("note TEXT", "note MEDIUMTEXT", "item: the column note is medium text, may be null and not text, may be null"),
    (
        "'open', 'shut'",
        "'open'",
        "item: the column state is enum(open), may be null and not enum(open, shut), may be null",
    ),
    (
        "NOT NULL DEFAULT 'x'",
        "DEFAULT 'x'",
        "forum: the column name is varchar(80), may be null, default x and not varchar(80), never null, default x",
    ),
    (
        "price DECIMAL(10, 2)",
        "price DECIMAL(10, 2) NOT NULL",
        "item: the column price is decimal(10, 2), never null and not decimal(10, 2), may be null",
    ),
    (
        "DEFAULT 'x'",
        "DEFAULT 'y'",
        "forum: the column name is varchar(80), never null, default y and not varchar(80), never null, default x",
    ),
    (
        " DEFAULT 'x'",
        "",
        "forum: the column name is varchar(80), never null and not varchar(80), never null, default x",
    ),
    (
        " DEFAULT CURRENT_TIMESTAMP(3)",
        "",
        "item: the column made is timestamp(3) with time zone, may be null and not timestamp(3) with time zone, may be null, default now",
    ),
    (
        "price DECIMAL(10, 2)",
        "price DECIMAL(10, 2) DEFAULT 1",
        "item: the column price is decimal(10, 2), may be null, default 1.00 and not decimal(10, 2), may be null",
    ),
    (
        " AUTO_INCREMENT",
        "",
        "forum: the column id is 32-bit integer, never null and not 32-bit integer, numbered, never null",
    ),
    (
        "(forum * 2)",
        "(forum * 3)",
        "item: the column twice is int(11) GENERATED ALWAYS AS (`forum` * 3) VIRTUAL, may be null and not int(11) GENERATED ALWAYS AS (`forum` * 2) VIRTUAL, may be null",
    ),
    (
        "(forum * 2) VIRTUAL",
        "(forum * 2) STORED",
        "item: the column twice is int(11) GENERATED ALWAYS AS (`forum` * 2) STORED, may be null and not int(11) GENERATED ALWAYS AS (`forum` * 2) VIRTUAL, may be null",
    ),
    ("id INT NOT NULL, forum INT, ", "forum INT, id INT NOT NULL, ", "item: its columns stand in another order"),
    ("PRIMARY KEY (id), ", "", "item: the primary key is none and not id"),
    ("PRIMARY KEY (id)", "PRIMARY KEY (id, title)", "item: the primary key is id, title and not id"),
    (
        " ON DELETE CASCADE",
        "",
        "item: the foreign key item_forum is (forum) to forum(id) and not (forum) to forum(id), on delete cascade",
    ),
    (
        "ON DELETE CASCADE",
        "ON DELETE CASCADE ON UPDATE CASCADE",
        "item: the foreign key item_forum is (forum) to forum(id), on delete cascade, on update cascade and not (forum) to forum(id), on delete cascade",
    ),
    (
        "CONSTRAINT item_forum FOREIGN KEY (forum) REFERENCES forum (id) ON DELETE CASCADE, ",
        "",
        "item: the foreign key item_forum is missing",
    ),
    ("CHECK (price > 0)", "CHECK (price > 1)", "item: the check item_priced is `price` > 1 and not `price` > 0"),
    ("CONSTRAINT item_priced CHECK (price > 0), ", "", "item: the check item_priced is missing"),
    ("CHECK (votes < 100)", "CHECK (votes < 99)", "item: the check votes is `votes` < 99 and not `votes` < 100"),
    (" CHECK (votes < 100)", "", "item: the check votes is missing"),
    ("UNIQUE KEY item_pair (title, forum), ", "", "item: the index item_pair is missing"),
    (
        "UNIQUE KEY item_pair",
        "KEY item_pair",
        "item: the index item_pair is (title, forum) and not unique (title, forum)",
    ),
    (
        "item_pair (title, forum)",
        "item_pair (forum, title)",
        "item: the index item_pair is unique (forum, title) and not unique (title, forum)",
    ),
    ("note(20)", "note(21)", "item: the index item_note is (note(21)) and not (note(20))"),
    (
        "KEY item_price (price, title)",
        "KEY item_price (price)",
        "item: the index item_price is (price) and not (price, title)",
    ),
    (
        "KEY item_price",
        "KEY item_priced",
        "item: the index item_price is missing; item: the index item_priced was not expected",
    ),
    (
        "AFTER DELETE",
        "BEFORE DELETE",
        "item: the trigger item_gone is CREATE TRIGGER `item_gone` BEFORE DELETE ON `item` FOR EACH ROW DELETE FROM log and not CREATE TRIGGER `item_gone` AFTER DELETE ON `item` FOR EACH ROW DELETE FROM log",
    ),
    (
        "FOR EACH ROW DELETE FROM log",
        "FOR EACH ROW DELETE FROM log WHERE what = ''",
        "item: the trigger item_gone is CREATE TRIGGER `item_gone` AFTER DELETE ON `item` FOR EACH ROW DELETE FROM log WHERE what = '' and not CREATE TRIGGER `item_gone` AFTER DELETE ON `item` FOR EACH ROW DELETE FROM log",
    ),
    (
        "TRIGGER item_gone",
        "TRIGGER item_left",
        "item: the trigger item_gone is missing; item: the trigger item_left was not expected",
    ),
    ("SELECT id, title", "SELECT title", "the view titles has another query"),
    ("TABLE log", "TABLE logs", "the table log is missing; the table logs was not expected"),
    ("'what people write'", "''", "item: it has another comment"),
    ("'in one line'", "'in two lines'", "item: the column title has another comment"),
    ("state ENUM", "mood ENUM", "item: the column state is missing; item: the column mood was not expected"),
    ("note TEXT", "note TEXT COLLATE utf8mb4_bin", "item: the column note is COLLATE utf8mb4_bin and not as usual"),
    (
        "name VARCHAR(80)",
        "name VARCHAR(80) CHARACTER SET latin1",
        "forum: the column name is COLLATE latin1_swedish_ci and not as usual",
    ),
    (
        "DEFAULT CURRENT_TIMESTAMP(3)",
        "DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)",
        "item: the column made is ON UPDATE CURRENT_TIMESTAMP(3) and not as usual",
    ),
    ("note TEXT", "note TEXT INVISIBLE", "item: the column note is INVISIBLE and not as usual"),
    (
        "votes INT UNSIGNED",
        "votes INT UNSIGNED ZEROFILL",
        "item: the column votes is int(10) unsigned zerofill, may be null and not 32-bit integer without sign, may be null",
    ),
    (
        "REFERENCES forum (id)",
        "REFERENCES item (id)",
        "item: the foreign key item_forum is (forum) to item(id), on delete cascade and not (forum) to forum(id), on delete cascade",
    ),
    (
        "CONSTRAINT item_priced",
        "CONSTRAINT item_cheap",
        "item: the check item_priced is missing; item: the check item_cheap was not expected",
    ),
    (
        "item_price (price, title)",
        "item_price (price DESC, title)",
        "item: the index item_price is (price descending, title) and not (price, title)",
    ),
    (
        "(price, title)",
        "(price, title) COMMENT 'for the shop' IGNORED",
        "item: the index item_price is COMMENT for the shop IGNORED and not as usual",
    ),
    (
        "KEY item_note (note(20))",
        "FULLTEXT KEY item_note (note)",
        "item: the index item_note is (note) and not (note(20))",
    ),
    (
        "CREATE TABLE log (what TEXT)",
        "CREATE TABLE log (what TEXT, FULLTEXT KEY words (what))",
        "log: the index words was not expected",
    ),
    (
        "CREATE TRIGGER forum_gone_too AFTER DELETE ON forum FOR EACH ROW FOLLOWS forum_gone DELETE FROM log",
        "",
        "forum: the trigger forum_gone_too is missing",
    ),
    (
        "FOLLOWS",
        "PRECEDES",
        "forum: the trigger forum_gone_too is as usual and not number 2 of its time; forum: the trigger forum_gone is number 2 of its time and not as usual",
    ),
    (
        "AS SELECT id, title FROM item",
        "AS SELECT id, title FROM item WITH CASCADED CHECK OPTION",
        "titles: the check option was not expected",
    ),
    ("VIEW titles", "SQL SECURITY INVOKER VIEW titles", "titles: the rights was not expected"),
    ("CREATE VIEW titles AS SELECT id, title FROM item", "", "the view titles is missing"),
    (
        "SEQUENCE counter",
        "SEQUENCE counter CYCLE",
        "the sequence counter is from 1 by 1 MINVALUE 1 MAXVALUE 9223372036854775806 CACHE 1000 CYCLE and not from 1 by 1 MINVALUE 1 MAXVALUE 9223372036854775806 CACHE 1000",
    ),
    ("CREATE SEQUENCE counter", "", "the sequence counter is missing"),
    ("(what TEXT)", "(what TEXT) ENGINE MyISAM", "log: the engine is MyISAM and not InnoDB"),
    (
        "(what TEXT)",
        "(what TEXT) CHARACTER SET latin1",
        "log: the charset is latin1 and not utf8mb4; log: the collation is latin1_swedish_ci and not utf8mb4_general_ci",
    ),
    ("(what TEXT)", "(what TEXT) ROW_FORMAT COMPRESSED", "the table log is row_format=COMPRESSED and not as usual"),
    ("(what TEXT)", "(what TEXT) WITH SYSTEM VERSIONING", "the table log is SYSTEM VERSIONED and not as usual"),
];

#[test]
fn what_somebody_did_to_the_database_by_hand_is_named_in_words() {
    // B3
    let database = Database::new();
    let mut line = database.connect();
    mutations(SCRIPT, MUTATIONS, |script| read(&mut *line, script));
}

/// What is read of a database that this script has made.
fn read(line: &mut dyn Connection, script: &[String]) -> Schema {
    for table in ["item", "forum", "log", "logs"] {
        run(line, &format!("DROP TABLE IF EXISTS {table}"));
    }
    run(line, "DROP VIEW IF EXISTS titles");
    run(line, "DROP SEQUENCE IF EXISTS counter");
    for text in script {
        run(line, text);
    }
    line.introspect(None).unwrap()
}
