//! A site on Firebird through the command: the library is loaded, isolated and in the engine's process.

use super::Database;
use patchwright_dialect_firebird::Firebird;
use patchwright_hooks_api::{Dialect, Statement, Value};
use serde_json::Value as Json;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// One step of every kind. What is done to the database comes in every form: portable, as SQL, and from a script.
const STEPS: &str = r#"
    <create-table name="topic">
      <column name="id"><bigint auto="true"/></column>
      <column name="title"><varchar size="80" null="false" default=""/></column>
      <column name="price"><decimal precision="10" scale="2"/></column>
      <column name="sticky"><boolean null="false" default="false"/></column>
      <column name="body"><text/></column>
      <column name="made"><timestamp default-now="true"/></column>
      <primary-key><column>id</column></primary-key>
      <index name="topic_title"><column>title</column></index>
    </create-table>
    <add-column table="item" name="state"><integer null="false" default="0"/></add-column>
    <insert-rows table="topic">
      <row><set column="id">7</set><set column="title">it's "new"</set><set column="price">9.90</set><set column="sticky">true</set></row>
    </insert-rows>
    <sql dialect="firebird">
      INSERT INTO item (id, title, state) VALUES (3, 'third', 1);
      <undo>DELETE FROM item WHERE id = 3</undo>
    </sql>
    <add path="docs/new.txt"/>
    <delete path="old.txt" md5="814fa5ca98406a903e22b43d9b610105"/>
    <alter path="index.php"><replace><from>one</from><to>two</to></replace></alter>
    <script src="upgrade.rhai"/>
"#;
const SCRIPT: &str = r#"
fn upgrade() {
    fs::write("site.conf", text::replace_once(fs::read("site.conf"), "blue", "green"));
    db::execute("INSERT INTO log (line) VALUES (?)", ["upgraded to " + site::to()], "DELETE FROM log");
}
"#;

struct World {
    folder: TempDir,
    database: Database,
}

impl World {
    /// A site at 1.0.0 whose database is on the server.
    fn new(isolate: bool) -> Self {
        let world = Self { folder: TempDir::new().unwrap(), database: Database::new() };
        for (path, text) in
            [("index.php", "<?php echo 'one';\n"), ("old.txt", "old\n"), ("site.conf", "color = blue\n")]
        {
            world.write(&format!("public/{path}"), text);
        }
        let mut connection = world.database.connect();
        for text in [
            "CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, title VARCHAR(80) NOT NULL)",
            "CREATE TABLE log (line VARCHAR(200))",
            "INSERT INTO item VALUES (1, 'first')",
        ] {
            connection.execute(&Statement::new(text)).unwrap();
        }
        drop(connection);
        let library = built("libdialect_firebird.so");
        let made = world.command(&[
            "init",
            "--root",
            "public",
            "--product",
            "acme",
            "--version",
            "1.0.0",
            "--database",
            &world.database.url,
            "--dialect",
            library.to_str().unwrap(),
        ]);
        assert!(made.status.success(), "{made:?}");
        if !isolate {
            let config = fs::read_to_string(world.path("patchwright.toml")).unwrap();
            assert!(config.contains("isolate = true"));
            world.write("patchwright.toml", &config.replace("isolate = true", "isolate = false"));
        }
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    /// Packs a patch with these steps behind the reference's own.
    fn patch(&self, more: &str) {
        let xml = format!(
            "<patch format=\"1\" product=\"acme\" id=\"acme-1.1.0\" from=\"1.0.0\" to=\"1.1.0\" severity=\"important\">\n\
             <title>Every kind of step</title><changelog><change>Everything changes a little.</change></changelog>\n\
             <steps>{STEPS}{more}</steps></patch>\n"
        );
        self.write("patch/patch.xml", &xml);
        self.write("patch/upgrade.rhai", SCRIPT);
        self.write("patch/files/docs/new.txt", "new\n");
        let packed = self.command(&["pack", "patch", "-o", "acme-1.1.0.patch.tar.gz"]);
        assert!(packed.status.success(), "{packed:?}");
    }

    fn command(&self, words: &[&str]) -> Output {
        Command::new(built("patchwright")).args(words).current_dir(self.folder.path()).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> (Json, i32) {
        let said = self.command(&[words, &["--json"]].concat());
        let json = serde_json::from_slice(&said.stdout);
        (json.unwrap_or_else(|error| panic!("{error}: {said:?}")), said.status.code().unwrap())
    }

    /// The files, and the structure and rows of the application's own tables.
    fn picture(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.path(&format!("public/{name}"))).unwrap_or_default();
        let files: Vec<String> = ["index.php", "old.txt", "site.conf", "docs/new.txt"].map(read).into();
        let mut connection = self.database.connect();
        let schema = connection.introspect(Some(&["item", "log", "topic"])).unwrap();
        let mut rows = Vec::new();
        for (name, order) in [("item", "id"), ("log", "line"), ("topic", "id")] {
            if connection.has_table(name).unwrap() {
                let columns = if name == "topic" { "id, title, price, sticky, body" } else { "*" };
                let text = format!("SELECT {columns} FROM {name} ORDER BY {order}");
                rows.push(connection.query(&Statement::new(text)).unwrap().rows);
            }
        }
        format!("{files:?}\n{schema:?}\n{rows:?}")
    }
}

/// What cargo has built beside these tests.
fn built(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    let file = folder.join(name);
    assert!(file.is_file(), "{} is missing: build the command and the workspace of this dialect first", file.display());
    file
}

// A11, A12
#[test]
fn the_reference_patch_is_applied_and_taken_back() {
    for isolate in [true, false] {
        let world = World::new(isolate);
        world.patch("");
        let before = world.picture();
        let (said, code) = world.json(&["apply", "acme-1.1.0.patch.tar.gz", "--yes"]);
        assert_eq!(code, 0, "{said}");
        let mut connection = world.database.connect();
        let rows = connection.query(&Statement::new("SELECT id, title, price, sticky, body FROM topic")).unwrap();
        let row = [Value::from(7), Value::from("it's \"new\""), Value::from("9.90"), Value::from(1), Value::Null];
        assert_eq!((rows.columns[1].as_str(), rows.rows), ("title", vec![row.to_vec()]));
        let states = connection.query(&Statement::new("SELECT state FROM item ORDER BY id")).unwrap().rows;
        assert_eq!(states, [[Value::from(0)], [Value::from(1)]]);
        drop(connection);
        assert_eq!(fs::read_to_string(world.path("public/index.php")).unwrap(), "<?php echo 'two';\n");
        assert_eq!(world.json(&["status"]).0["version"], "1.1.0");
        let (said, code) = world.json(&["rollback", "--yes"]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(world.picture(), before);
        assert_eq!(world.json(&["status"]).0["version"], "1.0.0");
    }
}

// C41
#[test]
fn a_patch_that_fails_behind_changes_of_the_structure_is_taken_back() {
    for isolate in [true, false] {
        let world = World::new(isolate);
        // The rehearsal can't foresee it: the table was altered before.
        world.patch("<sql dialect=\"firebird\">INSERT INTO item (id, title) VALUES (1, 'again')<undo/></sql>");
        let before = world.picture();
        let (said, code) = world.json(&["apply", "acme-1.1.0.patch.tar.gz", "--yes"]);
        assert_eq!(code, 30, "{said}");
        assert!(said.to_string().contains("PRIMARY or UNIQUE KEY"), "{said}");
        assert_eq!(world.picture(), before);
        assert_eq!(world.json(&["status"]).0["version"], "1.0.0");
    }
}

#[test]
fn the_library_says_what_it_is_and_keeps_the_contract() {
    let world = World::new(true);
    let library = built("libdialect_firebird.so");
    let library = library.to_str().unwrap();
    let (said, code) = world.json(&["plugin", "inspect", library]);
    assert_eq!((code, &said["name"], &said["unwinds"]), (0, &"firebird".into(), &true.into()), "{said}");
    let (said, code) = world.json(&["plugin", "test", library, "--database", &world.database.url]);
    assert_eq!(code, 0, "{said}");
    let (said, code) = world.json(&["plugin", "list"]);
    assert_eq!((code, &said["dialects"][0]["name"]), (0, &"firebird".into()), "{said}");
    assert_eq!(Firebird.info().name, "firebird");
}
