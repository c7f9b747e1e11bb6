//! The promise on a real MariaDB, which commits each CREATE, ALTER and DROP by itself: cut off before and after every statement, by
//! the death of the engine and by the server, the site is exactly before or exactly after.

use acceptance::{Archive, ArchiveBuilder, Cut, CutDialect, Says, told_in_full};
use patchwright_dialect_mysql::MySql;
use patchwright_engine::planning::order::Wanted;
use patchwright_engine::{Engine, Failure, Operator, Silent, SiteSpec, SiteState, Unwanted};
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Statement, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A database of its own on the server, and a site on it.
struct World {
    folder: TempDir,
    server: String,
    name: String,
}

/// Everything that can be seen of a site: files, structure, rows.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    files: BTreeMap<String, String>,
    schema: String,
    rows: Vec<String>,
}

impl World {
    fn new() -> Self {
        let server = std::env::var("PATCHWRIGHT_TEST_MARIADB").unwrap_or("mysql://root@127.0.0.1:3306/".into());
        let folder = tempfile::tempdir().unwrap();
        let unique = folder.path().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "");
        let world =
            Self { folder, server, name: format!("patchwright_cut_{}_{}", std::process::id(), unique.to_lowercase()) };
        world.admin(&[&format!("CREATE DATABASE {}", world.name)]);
        world.reset();
        world
    }

    fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.server.trim_end_matches('/'))
    }

    /// Runs statements that no patch may, such as CREATE DATABASE.
    fn admin(&self, statements: &[&str]) {
        let spec = ConnectSpec { url: self.url("mysql"), create: false };
        let mut line = MySql.connect(&spec).expect("a MariaDB server is needed: see PATCHWRIGHT_TEST_MARIADB");
        for statement in statements {
            line.execute(&Statement::new(*statement)).unwrap();
        }
    }

    fn line(&self) -> Box<dyn Connection> {
        MySql.connect(&ConnectSpec { url: self.url(&self.name), create: false }).unwrap()
    }

    /// The site before any patch.
    fn reset(&self) {
        let mut line = self.line();
        let tables = line.query(&Statement::new("SHOW FULL TABLES")).unwrap().rows;
        for row in &tables {
            let kind = if row[1].as_text() == Some("VIEW") { "VIEW" } else { "TABLE" };
            line.execute(&Statement::new(format!("DROP {kind} `{}`", row[0]))).unwrap();
        }
        for statement in [
            "CREATE TABLE item (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARCHAR(80) NOT NULL)",
            "INSERT INTO item (title) VALUES ('first'), ('second')",
            "CREATE TABLE visitor (name VARCHAR(80) NOT NULL PRIMARY KEY)",
        ] {
            line.execute(&Statement::new(statement)).unwrap();
        }
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
        let root = self.folder.path().join("public");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("index.php"), "one\n").unwrap();
        fs::write(root.join("old.php"), "old\n").unwrap();
        let spec = SiteSpec {
            folder: self.folder.path().to_owned(),
            root: "public".into(),
            product: "acme-cms".into(),
            version: "1.0.0".parse().unwrap(),
            components: BTreeMap::new(),
            database: Some(self.url(&self.name)),
            table_prefix: String::new(),
            by: "test".into(),
        };
        engine(CutDialect::new(MySql, None)).init(&spec).unwrap();
    }

    fn apply(&self, archive: &Archive, dialect: CutDialect<MySql>) -> Result<(), Failure> {
        let engine = engine(dialect);
        let site = engine.open(self.folder.path()).map_err(Failure::untouched)?;
        let session = site.begin(&Silent)?;
        let plan = session.plan(&[archive.path()], &Wanted::default(), &Silent)?;
        session.apply(&plan, "test", &Silent).failure.map_or(Ok(()), Err)
    }

    fn take_back(&self, operator: &dyn Operator, dialect: CutDialect<MySql>) -> Result<(), Failure> {
        let engine = engine(dialect);
        let site = engine.open(self.folder.path()).map_err(Failure::untouched)?;
        let session = site.begin(operator)?;
        let plan = site.plan_rollback(&Unwanted::Last, operator).map_err(Failure::untouched)?;
        session.roll_back(plan, "test", operator).map(drop)
    }

    /// Starts the engine anew, and gives the version at which the site stands.
    fn recovered(&self) -> String {
        let engine = engine(CutDialect::new(MySql, None));
        let site = engine.open(self.folder.path()).unwrap();
        drop(site.begin(&Silent).unwrap());
        let status = site.status().unwrap();
        assert!(status.gate.is_open() && !status.needs_recovery, "{status:?}");
        status.version.to_string()
    }

    fn picture(&self) -> Picture {
        let mut line = self.line();
        let mut schema = line.introspect(None).unwrap();
        schema.tables.retain(|table| !table.name.starts_with("patches"));
        let mut rows = Vec::new();
        for table in &schema.tables {
            let found = line.query(&Statement::new(format!("SELECT * FROM `{}` ORDER BY 1", table.name))).unwrap();
            rows.extend(found.rows.iter().map(|row| format!("{}: {row:?}", table.name)));
        }
        let progress = line.query(&Statement::new("SELECT COUNT(*) FROM patches_progress")).unwrap();
        assert_eq!(progress.scalar(), Some(&Value::Integer(0)), "rows of progress were left behind");
        let mut files = BTreeMap::new();
        read_tree(&self.folder.path().join("public"), &mut files);
        Picture { files, schema: format!("{schema:#?}"), rows }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.admin(&[&format!("DROP DATABASE {}", self.name)]);
    }
}

fn engine(dialect: CutDialect<MySql>) -> Engine {
    Engine::builder()
        .step_kind(patchwright_step_files::FileSteps)
        .step_kind(patchwright_step_sql::SqlSteps)
        .step_kind(patchwright_step_change::ChangeSteps)
        .step_kind(patchwright_step_script::ScriptSteps)
        .dialect(dialect)
        .build()
}

fn read_tree(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_tree(&path, files);
        } else {
            files.insert(path.to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap());
        }
    }
}

/// Five statements of structure, portable ones among them, with rows before, between and after them, and files.
fn patch() -> Archive {
    ArchiveBuilder::new("1.0.0", "1.1.0")
        .step("<sql>INSERT INTO item (id, title) VALUES (10, 'zero');<undo>DELETE FROM item WHERE id = 10</undo></sql>")
        .step("<create-table name='tag'><column name='id'><integer null='false'/></column><column name='name'><varchar size='40'/></column><primary-key><column>id</column></primary-key></create-table>")
        .step("<add-column table='item' name='state'><integer null='false' default='0'/></add-column>")
        .step(
            "<sql>UPDATE item SET state = 1 WHERE id = 1; ALTER TABLE item MODIFY title VARCHAR(200) NOT NULL;\
             <undo>ALTER TABLE item MODIFY title VARCHAR(80) NOT NULL; UPDATE item SET state = 0 WHERE id = 1</undo></sql>",
        )
        .overwrite("index.php", "one\n", "two\n", "")
        .delete("old.php", "old\n")
        .add("docs/new.txt", "new", "")
        .step("<sql>CREATE INDEX item_title ON item (title);<undo>DROP INDEX item_title ON item</undo></sql>")
        .step("<sql>RENAME TABLE visitor TO guest;<undo>RENAME TABLE guest TO visitor</undo></sql>")
        .step("<insert-rows table='tag'><row><set column='id'>1</set><set column='name'>news</set></row></insert-rows>")
        .archive()
}

#[test]
fn a_patch_on_mariadb_that_is_cut_off_at_any_statement_is_in_force_or_taken_back() {
    // A43
    let world = World::new();
    let archive = patch();
    let before = world.picture();
    let dialect = CutDialect::new(MySql, None);
    let count = dialect.counter();
    world.apply(&archive, dialect).unwrap();
    let (statements, after) = (count(), world.picture());
    assert_ne!(before, after);
    let (mut stories, mut in_force) = (0, 0);
    // Each statement is cut off in four ways, or with the sample in one of them, the next in turn; the last, which is the commit, in
    // all four.
    let sampled = |number: &usize| number % 4 == number / 4 % 4 || number / 4 + 1 == statements;
    for number in (0..statements * 4).filter(|number| told_in_full() || sampled(number)) {
        let cut = Cut { at: number / 4 + 1, after: number % 2 == 1, dies: number / 2 % 2 == 1 };
        world.reset();
        let failure = world.apply(&archive, CutDialect::new(MySql, Some(cut))).err();
        let version = world.recovered();
        let expected = match version.as_str() {
            "1.0.0" => &before,
            _ => &after,
        };
        assert_eq!(&world.picture(), expected, "{cut:?}: {failure:?}");
        // What the engine said, if it lived, is so.
        match failure.map(|failure| failure.state) {
            None => assert_eq!(version, "1.1.0", "{cut:?}"),
            Some(SiteState::TakenBack | SiteState::Untouched) => assert_eq!(version, "1.0.0", "{cut:?}"),
            Some(state) => assert!(cut.dies || state == SiteState::NeedsRecovery, "{cut:?}: {state:?}"),
        }
        stories += 1;
        in_force += usize::from(version == "1.1.0");
    }
    println!("{stories} stories at {statements} statements; {in_force} ended in force");
    assert!(in_force > 0 && in_force < stories);
}

/// A patch that changes rows without an undo; this takes it back. It looks for what to do, and changes structure and rows in turn.
fn patch_with_downgrade(downgrade: &str) -> Archive {
    let script = format!(
        "fn upgrade() {{ db::execute(\"UPDATE item SET title = UPPER(title)\"); }}\nfn downgrade() {{ {downgrade} }}\n"
    );
    ArchiveBuilder::new("1.0.0", "1.1.0")
        .step("<add-column table='item' name='state'><integer null='false' default='0'/></add-column>")
        .overwrite("index.php", "one\n", "two\n", "")
        .member("upgrade.rhai", &script)
        .step("<script src='upgrade.rhai'/>")
        .archive()
}

const DOWNGRADE: &str = r#"
    for item in db::query("SELECT id, title FROM item ORDER BY id") {
        db::execute("UPDATE item SET title = ? WHERE id = ?", [item.title.to_lower(), item.id],
                    "UPDATE item SET title = UPPER(title) WHERE id = " + item.id);
    }
    db::execute("CREATE TABLE went (id INT NOT NULL PRIMARY KEY, name VARCHAR(80))", [], "DROP TABLE went");
    db::execute("INSERT INTO went VALUES (1, 'acme-cms-1.1.0')", [], "DELETE FROM went");
    db::execute("ALTER TABLE visitor MODIFY name VARCHAR(60) NOT NULL", [],
                "ALTER TABLE visitor MODIFY name VARCHAR(80) NOT NULL");
    db::execute("INSERT INTO visitor VALUES ('Eve')", [], "DELETE FROM visitor WHERE name = 'Eve'");
"#;

#[test]
fn a_downgrade_hook_on_mariadb_that_is_cut_off_at_any_statement_has_taken_its_patch_back_or_has_not() {
    // A43, D2
    let world = World::new();
    let archive = patch_with_downgrade(DOWNGRADE);
    world.apply(&archive, CutDialect::new(MySql, None)).unwrap();
    let before = world.picture();
    let dialect = CutDialect::new(MySql, None);
    let count = dialect.counter();
    world.take_back(&Silent, dialect).unwrap();
    let (statements, after) = (count(), world.picture());
    assert!(after.rows.iter().any(|row| row.contains("first")) && after.schema.contains("went"), "{after:?}");
    let (mut stories, mut gone) = (0, 0);
    let sampled = |number: &usize| number % 4 == number / 4 % 4 || number / 4 + 1 == statements;
    for number in (0..statements * 4).filter(|number| told_in_full() || sampled(number)) {
        let cut = Cut { at: number / 4 + 1, after: number % 2 == 1, dies: number / 2 % 2 == 1 };
        world.reset();
        world.apply(&archive, CutDialect::new(MySql, None)).unwrap();
        let failure = world.take_back(&Silent, CutDialect::new(MySql, Some(cut))).err();
        let version = world.recovered();
        let expected = if version == "1.0.0" { &after } else { &before };
        assert_eq!(&world.picture(), expected, "{cut:?}: {failure:?}");
        match failure.map(|failure| failure.state) {
            None => assert_eq!(version, "1.0.0", "{cut:?}"),
            Some(SiteState::TakenBack | SiteState::Untouched) => assert_eq!(version, "1.1.0", "{cut:?}"),
            Some(state) => assert!(cut.dies || state == SiteState::NeedsRecovery, "{cut:?}: {state:?}"),
        }
        stories += 1;
        gone += usize::from(version == "1.0.0");
    }
    println!("{stories} stories at {statements} statements; in {gone} the patch is gone");
    assert!(gone > 0 && gone < stories);
}

#[test]
fn what_nothing_takes_back_of_a_downgrade_hook_is_asked_about_before_anything_goes() {
    // A43
    let world = World::new();
    world.apply(&patch_with_downgrade("db::execute(\"DROP TABLE visitor\");"), CutDialect::new(MySql, None)).unwrap();
    let before = world.picture();
    let undecided = world.take_back(&Silent, CutDialect::new(MySql, None)).unwrap_err();
    assert_eq!(undecided.state, SiteState::Undecided);
    let stopped = world.take_back(&Says("stop"), CutDialect::new(MySql, None)).unwrap_err();
    assert_eq!(stopped.state, SiteState::Untouched);
    assert_eq!(world.picture(), before);
    world.take_back(&Says("go-on"), CutDialect::new(MySql, None)).unwrap();
    assert!(!world.picture().schema.contains("visitor"));
}

#[test]
fn two_engines_at_one_mariadb_are_told_of_each_other() {
    let world = World::new();
    let one = engine(CutDialect::new(MySql, None));
    let site = one.open(world.folder.path()).unwrap();
    let session = site.begin(&Silent).unwrap();
    // The other machine has a state folder of its own.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir_all(elsewhere.path().join("public")).unwrap();
    fs::create_dir_all(elsewhere.path().join(".patchwright")).unwrap();
    fs::copy(world.folder.path().join("patchwright.toml"), elsewhere.path().join("patchwright.toml")).unwrap();
    let two = engine(CutDialect::new(MySql, None));
    let other = two.open(elsewhere.path()).unwrap();
    let refused = other.begin(&Silent).err().unwrap();
    assert_eq!(refused.state, SiteState::Busy);
    assert!(refused.error.message.contains("another run is active"), "{refused:?}");
    drop(session);
    assert!(other.begin(&Silent).is_ok());
}
