//! A site whose database is MariaDB, from its first day to its third version.

use crate::world::World;
use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Statement, Value};
use std::time::SystemTime;

/// A database of the test's own, dropped with it.
pub(crate) struct Database {
    name: String,
}

fn server() -> String {
    let url = std::env::var("PATCHWRIGHT_TEST_MARIADB").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/".to_owned());
    url.trim_end_matches('/').to_owned()
}

fn connect(database: &str) -> Box<dyn Connection> {
    let spec = ConnectSpec { url: format!("{}/{database}", server()), create: false };
    MySql.connect(&spec).unwrap_or_else(|error| panic!("the tests need a MariaDB server, see tests/servers: {error}"))
}

impl Database {
    /// With what the application keeps in it.
    pub(crate) fn of_a_site() -> Self {
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("pw_cli_{}_{nanos}", std::process::id());
        connect("mysql").execute(&Statement::new(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"))).unwrap();
        let database = Self { name };
        for text in [
            "CREATE TABLE cms_visits (page VARCHAR(20) PRIMARY KEY, n INT NOT NULL)",
            "INSERT INTO cms_visits VALUES ('home', 1)",
        ] {
            connect(&database.name).execute(&Statement::new(text)).unwrap();
        }
        database
    }

    fn url(&self) -> String {
        format!("{}/{}", server(), self.name)
    }

    pub(crate) fn run(&self, text: &str) {
        connect(&self.name).execute(&Statement::new(text)).unwrap();
    }

    pub(crate) fn rows(&self, query: &str) -> Vec<Vec<Value>> {
        connect(&self.name).query(&Statement::new(query)).unwrap().rows
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A second panic would hide the first.
        let _ = connect("mysql").execute(&Statement::new(format!("DROP DATABASE {}", self.name)));
    }
}

pub(crate) fn site(database: &Database) -> World {
    let world = World::new();
    world.write("public/index.php", "<?php echo 'hello';\n");
    let url = database.url();
    let words =
        ["init", "--root", "public", "--product", "acme", "--version", "1.0.0", "--table-prefix", "cms_", "--database"];
    let made = world.command(&[&words[..], &[url.as_str()]].concat());
    assert!(made.status.success(), "{made:?}");
    world
}

pub(crate) const TABLE: &str = "<create-table name='item'>\
    <column name='id'><bigint auto='true' null='false'/></column><column name='title'><varchar size='80' null='false'/></column>\
    <column name='note'><text/></column><primary-key><column>id</column></primary-key>\
    <index name='item_title'><column>title</column></index></create-table>";

#[test]
fn a_site_on_mariadb_comes_from_its_first_version_to_its_third() {
    // A11 B10 C21
    let database = Database::of_a_site();
    let world = site(&database);
    let files = [("files/docs/a.txt", "a\n")];
    world.patch("1.0.0", "1.0.1", &format!("{TABLE}<add path='docs/a.txt'/>"), &files);
    let steps = "<sql dialect='sqlite postgres'>this is for others</sql>\
        <sql dialect='mysql'>INSERT INTO {prefix}item (title, note) VALUES ('it\\'s \"new\"', '漢 {prefix}'); # a remark\n\
        UPDATE {prefix}visits SET n = n + 1</sql>\
        <insert-rows table='visits'><row><set column='page'>news</set><set column='n'>7</set></row></insert-rows>\
        <alter path='docs/a.txt'><replace><from>a</from><to>b</to></replace></alter>";
    world.patch("1.0.1", "1.0.2", steps, &[]);

    let (applied, code) = world.json("apply patches --yes");
    assert_eq!((applied["receipts"].as_array().map(Vec::len), code), (Some(2), 0), "{applied}");

    assert_eq!(world.read("public/docs/a.txt"), "b\n");
    let text = Value::from;
    assert_eq!(database.rows("SELECT title, note FROM cms_item"), [[text("it's \"new\""), text("漢 {prefix}")]]);
    let visits = database.rows("SELECT page, n FROM cms_visits ORDER BY page");
    assert_eq!(visits, [[text("home"), 2.into()], [text("news"), 7.into()]]);
    let ledger = database.rows("SELECT patch, to_version FROM cms_patches ORDER BY number");
    assert_eq!(
        ledger,
        [[text("baseline"), text("1.0.0")], [text("acme-1.0.1"), text("1.0.1")], [text("acme-1.0.2"), text("1.0.2")]]
    );
    let (status, code) = world.json("verify");
    assert_eq!(code, 0, "{status}");
}

#[test]
fn a_patch_that_forgot_the_database_is_refused_before_anything_happens() {
    // A11
    let database = Database::of_a_site();
    let world = site(&database);
    let steps =
        format!("{TABLE}<sql dialect='sqlite postgres'>UPDATE {{prefix}}visits SET n = 9</sql><add path='a.txt'/>");
    world.patch("1.0.0", "1.0.1", &steps, &[("files/a.txt", "a\n")]);
    let refused = world.command(&["apply", "patches", "--yes"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(20), "{said}");
    assert!(said.contains("mysql"), "{said}");
    assert_eq!(database.rows("SHOW TABLES LIKE 'cms_item'"), [] as [Vec<Value>; 0]);
    assert_eq!(database.rows("SELECT n FROM cms_visits"), [[Value::from(1)]]);
    assert!(!world.path("public/a.txt").exists());
}
