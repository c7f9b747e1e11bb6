//! The site that the stories are about, and the patches for it: one that uses every kind of step, and a chain of three.

use crate::archive::{Archive, ArchiveBuilder};

/// The site's files before any patch: path, bytes, permission bits. A path that ends in `/` is a directory.
pub fn initial_files() -> Vec<(&'static str, &'static str, u32)> {
    vec![
        ("bin/", "", 0o755),
        ("config.php", "<?php $debug = true;\n", 0o644),
        ("counter.txt", "0\n", 0o644),
        ("data/", "", 0o775),
        ("data/legacy.txt", "from long ago\n", 0o640),
        ("index.php", "<?php echo 'one';\n", 0o644),
        ("lang/", "", 0o775),
        ("lang/en.txt", "hello\n", 0o644),
        ("old/", "", 0o770),
        ("old/readme.txt", "do not read me\n", 0o600),
        ("theme", "plain\n", 0o644),
        ("tools/", "", 0o755),
        ("tools/create_test.php", "<?php\r\nif ($a < $b) {\r\n  debug();\r\n}\r\n", 0o644),
        ("tools/results_csv.php", "<?php // nobody uses this\n", 0o644),
        ("tools/run.sh", "#!/bin/sh\necho one\n", 0o755),
    ]
}

/// The application's own tables before any patch.
pub(crate) const INITIAL_TABLES: [&str; 4] = [
    "CREATE TABLE item (id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
    "INSERT INTO item (title) VALUES ('first'), ('second')",
    "CREATE TABLE visitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO visitor (name) VALUES ('Ada')",
];

/// A patch that uses every kind of step, and changes paths in every way in which a path can change.
pub fn reference() -> Archive {
    let files: std::collections::BTreeMap<_, _> =
        initial_files().into_iter().map(|(path, bytes, _)| (path, bytes)).collect();
    ArchiveBuilder::new("1.0.0", "1.1.0")
        .step(
            "<sql dialect='sqlite'>ALTER TABLE item ADD COLUMN state INTEGER NOT NULL DEFAULT 0; \
             INSERT INTO item (title, state) VALUES ('third', 1);\
             <undo>DELETE FROM item WHERE title = 'third'; ALTER TABLE item DROP COLUMN state</undo></sql>",
        )
        .add("docs/2026/calendar.gif", "GIF89a", "")
        .add("bin/tool", "#!/bin/sh\n", "mode='755'")
        .step("<add path='var/cache' directory='true' mode='770'/>")
        .overwrite("index.php", files["index.php"], "<?php echo 'two';\n", "")
        .overwrite("tools/run.sh", files["tools/run.sh"], "#!/bin/sh\necho two\n", "mode='750'")
        .delete("tools/results_csv.php", files["tools/results_csv.php"])
        .delete("old/readme.txt", files["old/readme.txt"])
        .step("<delete path='old' directory='true'/>")
        // A file becomes a directory, and a directory a file.
        .delete("theme", files["theme"])
        .add("theme/default.css", "body {}\n", "")
        .delete("lang/en.txt", files["lang/en.txt"])
        .step("<delete path='lang' directory='true'/>")
        .add("lang", "en\n", "mode='600'")
        .step(
            "<alter path='tools/create_test.php'><replace><from>$a &lt; $b</from><to>$a &lt;= $b</to></replace>\
             <delete>  debug();\n</delete></alter>",
        )
        .member("upgrade.rhai", SCRIPT)
        .step("<script src='upgrade.rhai'/>")
        .archive()
}

const SCRIPT: &str = r#"
fn upgrade() {
    fs::write("data/generated.txt", "draft");
    fs::write("data/generated.txt", "made from " + db::scalar("SELECT COUNT(*) FROM item") + " items\n");
    fs::remove("data/legacy.txt");
    fs::set_mode("config.php", 0o640);
    db::execute("UPDATE item SET state = 2 WHERE title = 'first'", [], "UPDATE item SET state = 0 WHERE title = 'first'");
    db::execute("UPDATE visitor SET name = 'Ada L.' WHERE name = 'Ada'");
}
fn downgrade() { db::execute("UPDATE visitor SET name = 'Ada' WHERE name = 'Ada L.'"); }
fn verify() { fs::exists("data/generated.txt") && fs::read("lang") == "en\n" }
fn after() {
    fs::write("assets/style.css", "compiled from " + fs::read("theme/default.css"));
    fs::write("index.php", fs::read("index.php") + "// warm\n");
    db::execute("INSERT INTO item (title) VALUES ('asset')", [], "DELETE FROM item WHERE title = 'asset'");
}
"#;

/// A patch for a database on which every CREATE, ALTER and DROP commits by itself: five of them, rows before, between and after them,
/// one undo for several statements, and files.
pub fn stepwise() -> Archive {
    let files: std::collections::BTreeMap<_, _> =
        initial_files().into_iter().map(|(path, bytes, _)| (path, bytes)).collect();
    ArchiveBuilder::new("1.0.0", "1.1.0")
        .step(
            "<sql dialect='sqlite'>INSERT INTO item (title) VALUES ('zero');\
             <undo>DELETE FROM item WHERE title = 'zero'</undo></sql>",
        )
        .step(
            "<sql dialect='sqlite'>CREATE TABLE tag (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\
             <undo>DROP TABLE tag</undo></sql>",
        )
        .overwrite("index.php", files["index.php"], "<?php echo 'two';\n", "")
        .step(
            "<sql dialect='sqlite'>ALTER TABLE item ADD COLUMN state INTEGER NOT NULL DEFAULT 0; \
             INSERT INTO item (title, state) VALUES ('third', 1); CREATE INDEX item_state ON item (state);\
             <undo>DROP INDEX item_state ON item; DELETE FROM item WHERE title = 'third'; \
             ALTER TABLE item DROP COLUMN state</undo></sql>",
        )
        .add("docs/2026/calendar.gif", "GIF89a", "")
        .delete("tools/results_csv.php", files["tools/results_csv.php"])
        .member("upgrade.rhai", STEPWISE_SCRIPT)
        .step("<script src='upgrade.rhai'/>")
        .step(
            "<sql dialect='sqlite'>ALTER TABLE tag RENAME TO label;<undo>ALTER TABLE label RENAME TO tag</undo></sql>",
        )
        .step("<sql dialect='sqlite'>CREATE VIEW items AS SELECT title FROM item;<undo>DROP VIEW items</undo></sql>")
        .step(
            "<sql dialect='sqlite'>INSERT INTO label (name) VALUES ('new');\
             <undo>DELETE FROM label WHERE name = 'new'</undo></sql>",
        )
        .archive()
}

const STEPWISE_SCRIPT: &str = r#"
fn upgrade() {
    fs::write("data/generated.txt", "made for " + db::scalar("SELECT COUNT(*) FROM visitor") + " visitors\n");
    db::execute("UPDATE item SET state = 2 WHERE title = 'first'", [], "UPDATE item SET state = 0 WHERE title = 'first'");
}
fn verify() { db::scalar("SELECT state FROM item WHERE title = 'first'") == 2 }
fn after() {
    db::execute("CREATE INDEX item_title ON item (title)", [], "DROP INDEX item_title ON item");
    fs::write("assets/style.css", "compiled");
    db::execute("INSERT INTO item (title) VALUES ('asset')", [], "DELETE FROM item WHERE title = 'asset'");
}
"#;

/// Three patches, each of which builds on the one before it.
pub fn chain() -> Vec<Archive> {
    let versions = ["1.0.0", "1.0.1", "1.0.2", "1.0.3"];
    let link = |number: usize| {
        let (from, to) = (versions[number], versions[number + 1]);
        let counter = |number: usize| format!("{number}\n");
        let patch = ArchiveBuilder::new(from, to)
            .step(format_args!(
                "<sql dialect='sqlite'>INSERT INTO item (title) VALUES ('{to}');<undo>DELETE FROM item WHERE title = '{to}'</undo></sql>"
            ))
            .overwrite("counter.txt", &counter(number), &counter(number + 1), "")
            .add(&format!("news/{to}.txt"), to, "");
        match number {
            0 => patch,
            _ => patch.delete(&format!("news/{from}.txt"), from),
        }
    };
    (0..3).map(|number| link(number).archive()).collect()
}
