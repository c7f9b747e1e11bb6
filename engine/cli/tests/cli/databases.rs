//! A site on a database server, from `init` to `rollback`.

use crate::world::World;
use patchwright_dialect_postgres::Postgres;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Statement, Value};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

const SERVER: &str = "PATCHWRIGHT_TEST_POSTGRES";
const DEFAULT_SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// The site's tables, then what the patch makes of them: the author's own SQL, then portable changes, then a file.
pub(crate) const STEPS: &str = "\
<sql dialect='postgres'>
  -- ; in a comment, and in strings
  CREATE TABLE {prefix}log (id serial PRIMARY KEY, line text NOT NULL);
  INSERT INTO {prefix}log (line) VALUES ('a; b'), ('{prefix}');
  DELETE FROM {prefix}log WHERE line = 'absent';
  CREATE INDEX CONCURRENTLY {prefix}log_line ON {prefix}log (line);
  <undo>DROP TABLE {prefix}log</undo>
</sql>
<create-table name='item'>
  <column name='id'><bigint auto='true' null='false'/></column>
  <column name='title'><varchar size='80' null='false' default=''/></column>
  <primary-key><column>id</column></primary-key>
  <index name='item_title'><column>title</column></index>
</create-table>
<insert-rows table='item'><row><set column='id'>7</set><set column='title'>it's \\ here</set></row></insert-rows>
<add-column table='item' name='state'><smallint null='false' default='1'/></add-column>
<add path='docs/a.txt'/>";

/// A database that goes with it.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| DEFAULT_SERVER.to_owned());
        let database =
            Self { server, name: format!("patchwright_cli_{:016x}", RandomState::new().build_hasher().finish()) };
        database.run(&database.server, &format!("CREATE DATABASE {}", database.name));
        database
    }

    pub(crate) fn url(&self) -> String {
        let (address, parameters) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (server, _) = address.rsplit_once('/').unwrap();
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("{server}/{}{mark}{parameters}", self.name)
    }

    pub(crate) fn connect(&self, url: &str) -> Box<dyn Connection> {
        Postgres.connect(&ConnectSpec { url: url.to_owned(), create: false }).unwrap_or_else(|error| {
            panic!(
                "{error}: this test needs a PostgreSQL server; tests/servers/postgres starts one, and {SERVER} names it"
            )
        })
    }

    pub(crate) fn run(&self, url: &str, text: &str) {
        self.connect(url).execute(&Statement::new(text)).unwrap();
    }

    pub(crate) fn rows(&self, text: &str) -> Vec<Vec<Value>> {
        self.connect(&self.url()).query(&Statement::new(text)).unwrap().rows
    }

    /// The site's tables and views, those of the ledger left out.
    fn tables(&self) -> Vec<String> {
        let schema = self.connect(&self.url()).introspect(None).unwrap();
        let names = schema.tables.into_iter().map(|table| table.name);
        names.filter(|name| !name.starts_with("cms_patches")).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.run(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The site `acme 1.0.0` on this database, whose tables begin with `cms_`.
pub(crate) fn site_on(database: &Database) -> World {
    let world = World::new();
    world.write("public/index.php", "<?php echo 'hello';\n");
    let url = database.url();
    let known = ["--product", "acme", "--version", "1.0.0", "--database", &url, "--table-prefix", "cms_"];
    let made = world.command(&[&["init", "--root", "public"], &known[..]].concat());
    assert!(made.status.success(), "{made:?}");
    world
}

#[test]
fn a_site_on_postgres_is_upgraded_and_taken_back() {
    // A11 B10 C20 C21
    let database = Database::new();
    let world = site_on(&database);
    world.patch("1.0.0", "1.0.1", STEPS, &[("files/docs/a.txt", "a\n")]);
    let (applied, code) = world.json("apply patches --yes");
    assert_eq!(code, 0, "{applied}");
    assert_eq!(world.read("public/docs/a.txt"), "a\n");
    assert_eq!(database.tables(), ["cms_item", "cms_log"]);
    let log = database.rows("SELECT line FROM cms_log ORDER BY id");
    assert_eq!(log, [[Value::from("a; b")], [Value::from("{prefix}")]]);
    let item = database.rows("INSERT INTO cms_item (title) VALUES ('next') RETURNING id, state");
    assert_eq!(item, [[Value::from(8), Value::from(1)]]);
    assert_eq!(database.rows("SELECT title FROM cms_item WHERE id = 7"), [[Value::from("it's \\ here")]]);
    let ledger = "SELECT from_version, to_version, status FROM cms_patches ORDER BY number";
    let told = |row: [&str; 3]| row.map(Value::from).to_vec();
    assert_eq!(database.rows(ledger)[1], told(["1.0.0", "1.0.1", "applied"]));
    assert_eq!(
        database.rows("SELECT path FROM cms_patches_files"),
        [[Value::from("docs")], [Value::from("docs/a.txt")]]
    );

    let (taken_back, code) = world.json("rollback --yes");
    assert_eq!(code, 0, "{taken_back}");
    assert!(database.tables().is_empty() && !world.path("public/docs").exists());
    assert_eq!(database.rows(ledger)[1], told(["1.0.0", "1.0.1", "taken-back"]));
}

#[test]
fn a_statement_that_postgres_refuses_is_named_by_its_line_and_changes_nothing() {
    // A11 C41
    let database = Database::new();
    let world = site_on(&database);
    let steps =
        "<sql>CREATE TABLE {prefix}log (id int);\n  SELECT 1\n  FORM {prefix}log;<undo/></sql><add path='a.txt'/>";
    world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a")]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("patch.xml:7:8") && said.contains("syntax error at or near"), "{said}");
    assert!(database.tables().is_empty() && !world.path("public/a.txt").exists());
}

#[test]
fn what_only_the_commit_finds_out_takes_the_whole_patch_back() {
    // C41
    let database = Database::new();
    let world = site_on(&database);
    // No rehearsal commits, so none meets a key that is checked at the end.
    let steps = "<sql>CREATE TABLE {prefix}log (id int PRIMARY KEY, up int REFERENCES {prefix}log DEFERRABLE INITIALLY DEFERRED);\n\
                 INSERT INTO {prefix}log VALUES (1, 9);<undo>DROP TABLE {prefix}log</undo></sql><add path='a.txt'/>";
    world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a")]);
    let failed = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert_eq!(failed.status.code(), Some(30), "{said}");
    assert!(said.contains("Key (up)=(9) is not present"), "{said}");
    assert!(database.tables().is_empty() && !world.path("public/a.txt").exists());
    assert_eq!(world.json("status").0["version"], "1.0.0");
}

#[test]
fn a_dialect_that_a_patch_forgot_is_told_before_anything_happens() {
    // A11
    let database = Database::new();
    let world = site_on(&database);
    let steps = "<add path='a.txt'/><sql dialect='sqlite mysql'>CREATE TABLE t (id int)<undo/></sql>";
    world.patch("1.0.0", "1.0.1", steps, &[("files/a.txt", "a")]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("postgres"), "{said}");
    assert!(!world.path("public/a.txt").exists());
}
