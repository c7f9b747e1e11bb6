//! Random tables, a random change of each: nothing but what the change speaks of may be otherwise afterwards.

mod world;

use crate::Sqlite;
use crate::definition::Definition;
use patchwright_hooks_api::change::{Rendered, Standing, rendered};
use patchwright_hooks_api::schema::{ColumnType, Schema, differences};
use patchwright_hooks_api::{Change, ConnectSpec, Connection, Dialect, Error, ErrorKind, Statement, Value};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cell::{Cell, RefCell};
use world::{World, world};

/// How many worlds the suite tries, and the variable that says another number.
const CASES: u32 = 400;
const CASES_VARIABLE: &str = "PATCHWRIGHT_TEST_CASES";

/// What SQLite may say to a change that the rows, or other objects, do not allow.
const REFUSALS: &[&str] = &[
    "NOT NULL constraint failed",
    "UNIQUE constraint failed",
    // The unnamed check of an enumeration, of which SQLite says the first word.
    "CHECK constraint failed: a (",
    "CHECK constraint failed: b (",
    "CHECK constraint failed: c d (",
    "CHECK constraint failed: order (",
    "CHECK constraint failed: values of",
    "CHECK constraint failed: rows of item have no value",
    "CHECK constraint failed: rows with a foreign key",
    "foreign key mismatch",
    "error in view",
    "error in trigger",
    "cannot store",
    "datatype mismatch",
];

#[test]
fn a_change_leaves_everything_else_as_it_is_and_its_inverse_brings_it_back() {
    // A12, C20
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("worlds.db").display());
    let mut connection = Sqlite.connect(&ConnectSpec { url, create: true }).unwrap();
    connection.query(&Statement::new("PRAGMA journal_mode = MEMORY")).unwrap();
    let connection = RefCell::new(connection);
    let cases = std::env::var(CASES_VARIABLE).map_or(CASES, |cases| cases.parse().unwrap());
    let done = Cell::new(0);
    let config = Config { cases, failure_persistence: None, max_global_rejects: cases * 10, ..Config::default() };
    let outcome = TestRunner::new(config).run(&world(), |world| {
        let mut connection = connection.borrow_mut();
        connection.begin().unwrap();
        let outcome = Trial { connection: connection.as_mut(), change: &world.change }.run(&world);
        connection.roll_back().unwrap();
        done.set(done.get() + u32::from(outcome?));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(done.get() * 3 > cases, "only {} of {cases} changes were done", done.get());
}

/// One change on one database.
struct Trial<'a> {
    connection: &'a mut dyn Connection,
    change: &'a Change,
}

/// Everything that SQLite itself says of a database and its rows.
#[derive(Debug, PartialEq)]
struct Facts {
    /// Name and text of every object that is no table.
    objects: Vec<(String, String)>,
    /// Every table's columns, the ones that are asked about, with rowids.
    rows: Vec<(String, Vec<Vec<Value>>)>,
    sequence: Vec<Vec<Value>>,
    /// Of every index: table, name, uniqueness, and of each part the place, name, direction and collation.
    indexes: Vec<Vec<Value>>,
    dangling: Vec<Vec<Value>>,
}

impl Trial<'_> {
    /// Whether the change was done.
    fn run(&mut self, world: &World) -> Result<bool, TestCaseError> {
        for statement in &world.statements {
            if let Err(error) = self.connection.execute(&Statement::new(statement)) {
                return Err(TestCaseError::reject(format!("{error}: {statement}")));
            }
        }
        let before = self.schema()?;
        self.reader_agrees_with_sqlite(&before)?;
        let facts_before = self.facts(&before)?;
        let Some(first) = self.done(self.change)? else { return Ok(false) };

        let after = self.schema()?;
        self.reader_agrees_with_sqlite(&after)?;
        let model = self.change.applied_to(&before).map_err(failed)?;
        let tables = model.tables.iter().map(|table| Sqlite.stored(table)).collect();
        let model = self.with_what_sqlite_renames(Schema { tables, ..model }, &after).worded_like(&after);
        same("after the change", &model, &after)?;
        self.definition_is_kept(&before, &after)?;
        self.facts_are_kept(&facts_before, &self.change.clone(), &after)?;
        if self.scalar("PRAGMA integrity_check")? != Value::from("ok") {
            return Err(TestCaseError::fail("the database is damaged"));
        }
        if self.scalar("PRAGMA legacy_alter_table")? != Value::from(0) {
            return Err(TestCaseError::fail("a setting was left"));
        }

        let Some(inverse) = first.inverse else { return Ok(true) };
        for change in &inverse {
            if self.done(change)?.is_none() {
                // Rows or other objects may be in the way of what takes it back.
                return Ok(true);
            }
        }
        let back = self.schema()?;
        let before = if is_rename(self.change) { self.with_what_sqlite_renames(before, &back) } else { before };
        same("after the inverse", &before, &back)?;
        self.facts_are_kept(&facts_before, &self.change.clone(), &back)?;
        Ok(true)
    }

    /// Makes a change; `None` if it has nothing to do or is refused in words that are known.
    fn done(&mut self, change: &Change) -> Result<Option<Rendered>, TestCaseError> {
        let rendered = match rendered(change, &Sqlite, self.connection) {
            Ok(rendered) if rendered.standing == Standing::ToDo => rendered,
            Ok(_) => return Ok(None),
            Err(error) if matches!(error.kind, ErrorKind::Unsupported | ErrorKind::Conflict) => {
                // What can't be edited is a fault of the editor.
                let is_fault = error.message.contains("can't be edited") && !forces_not_null(change);
                return if is_fault { Err(failed(error)) } else { Ok(None) };
            }
            Err(error) => return Err(failed(error)),
        };
        for statement in &rendered.statements {
            if let Err(error) = self.connection.execute(statement) {
                if REFUSALS.iter().any(|known| error.message.contains(known)) {
                    return Ok(None);
                }
                return Err(TestCaseError::fail(format!("{error}: {}", statement.text)));
            }
        }
        Ok(Some(rendered))
    }

    fn schema(&mut self) -> Result<Schema, TestCaseError> {
        self.connection.introspect(None).map_err(failed)
    }

    fn query(&mut self, text: &str) -> Result<Vec<Vec<Value>>, TestCaseError> {
        self.connection.query(&Statement::new(text)).map(|rows| rows.rows).map_err(failed)
    }

    fn scalar(&mut self, text: &str) -> Result<Value, TestCaseError> {
        Ok(self.query(text)?.remove(0).remove(0))
    }

    /// Compares what is read from texts with SQLite's own pragmas.
    fn reader_agrees_with_sqlite(&mut self, schema: &Schema) -> Result<(), TestCaseError> {
        for table in &schema.tables {
            let text =
                table.text.as_deref().ok_or_else(|| TestCaseError::fail(format!("{} is not read", table.name)))?;
            let definition = Definition::read(text).map_err(failed)?;
            let columns: Vec<Vec<Value>> = definition
                .columns
                .iter()
                .map(|column| {
                    let declared = text[column.kind.clone()].replace('"', "").replace("varchar (", "varchar(");
                    vec![Value::from(column.name.as_str()), Value::from(declared)]
                })
                .collect();
            let own = self.query(&format!(
                "SELECT name, replace(replace(type, '\"', ''), 'varchar (', 'varchar(') FROM pragma_table_xinfo('{}')",
                table.name
            ))?;
            expect_equal("the columns", &own, &columns)?;
            let own =
                self.query(&format!("SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk", table.name))?;
            let key: Vec<Vec<Value>> = table.primary_key.iter().map(|name| vec![Value::from(name.as_str())]).collect();
            expect_equal("the primary key", &own, &key)?;
            let own =
                self.scalar(&format!("SELECT count(*) FROM pragma_index_list('{}') WHERE origin <> 'pk'", table.name))?;
            // SQLite makes no index for a constraint that the primary key keeps as well.
            let known = Value::from(i64::try_from(table.indexes.len()).unwrap());
            if table.primary_key.is_empty() {
                expect_equal("the number of indexes", &own, &known)?;
            }
            let own =
                self.scalar(&format!("SELECT count(DISTINCT id) FROM pragma_foreign_key_list('{}')", table.name))?;
            let keys = i64::try_from(table.foreign_keys.len()).unwrap();
            expect_equal("the number of foreign keys", &own, &Value::from(keys))?;
        }
        Ok(())
    }

    fn facts(&mut self, schema: &Schema) -> Result<Facts, TestCaseError> {
        let mut rows = Vec::new();
        for table in &schema.tables {
            let names = table.columns.iter().filter(|column| self.is_kept(&table.name, &column.name));
            let columns: Vec<String> = names.map(|column| format!("typeof(\"{0}\"), \"{0}\"", column.name)).collect();
            let has_rowid = !table.text.as_ref().is_some_and(|text| text.contains("WITHOUT ROWID"));
            let rowid = if has_rowid && !self.changes_rowids() { "rowid" } else { "1" };
            let text = format!("SELECT {rowid}, {} FROM \"{}\" ORDER BY 1, 2, 3", columns.join(", "), table.name);
            rows.push((table.name.clone(), self.query(&text)?));
        }
        let objects =
            self.query("SELECT name, sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name")?;
        let objects = objects.into_iter().map(|mut row| {
            let text = row.pop().and_then(|text| text.as_text().map(str::to_owned)).unwrap_or_default();
            (row.pop().and_then(|name| name.as_text().map(str::to_owned)).unwrap_or_default(), text)
        });
        let objects = objects.collect();
        let has_sequence = self.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'")?;
        let sequence = if has_sequence == Value::from(1) {
            self.query("SELECT seq FROM sqlite_sequence WHERE seq > 0 ORDER BY seq")?
        } else {
            Vec::new()
        };
        let indexes = self.query(
            "SELECT l.\"unique\", l.origin, l.partial, group_concat(coalesce(x.name, x.cid) || ' ' || x.\"desc\" || ' ' || x.coll) AS parts \
             FROM sqlite_schema AS s, pragma_index_list(s.name) AS l, pragma_index_xinfo(l.name) AS x \
             WHERE s.type = 'table' AND x.key GROUP BY s.name, l.name ORDER BY 1, 2, 3, 4",
        )?;
        let dangling = self.query("SELECT count(*) FROM pragma_foreign_key_check").unwrap_or_default();
        Ok(Facts { objects, rows, sequence, indexes, dangling })
    }

    /// Whether the values of the column stay through the change.
    fn is_kept(&self, table: &str, column: &str) -> bool {
        let changed = match self.change {
            Change::AlterColumn { column, .. } | Change::DropColumn { column, .. } => Some(column.as_str()),
            Change::AddColumn { column, .. } => Some(column.name.as_str()),
            _ => None,
        };
        !(["item", "thing"].contains(&table) && changed == Some(column))
    }

    /// Whether rowids become another column's values.
    fn changes_rowids(&self) -> bool {
        matches!(self.change, Change::AddPrimaryKey { .. } | Change::DropPrimaryKey { .. })
    }

    /// What stays whatever the change is.
    fn facts_are_kept(&mut self, before: &Facts, change: &Change, schema: &Schema) -> Result<(), TestCaseError> {
        if matches!(change, Change::DropTable { .. }) {
            return Ok(());
        }
        let mut after = self.facts(schema)?;
        if let Change::RenameTable { .. } = change {
            // In the same order as before.
            for (name, _) in &mut after.rows {
                if name == "thing" {
                    "item".clone_into(name);
                }
            }
            after.rows.sort_by(|a, b| a.0.cmp(&b.0));
        }
        expect_equal("the rows", &before.rows, &after.rows)?;
        expect_equal("the counter", &before.sequence, &after.sequence)?;
        if !matches!(change, Change::DropForeignKey { .. }) {
            expect_equal("the dangling rows", &before.dangling, &after.dangling)?;
        }
        let is_of_index = matches!(
            change,
            Change::CreateIndex { .. }
                | Change::DropIndex { .. }
                | Change::RenameIndex { .. }
                | Change::AddPrimaryKey { .. }
                | Change::DropPrimaryKey { .. }
        );
        if !is_rename(change) && !is_of_index {
            expect_equal("the indexes, triggers and views", &before.objects, &after.objects)?;
            expect_equal("the parts of indexes", &before.indexes, &after.indexes)?;
        }
        Ok(())
    }

    /// Every other column's text, and every other constraint's, stays byte for byte.
    fn definition_is_kept(&self, before: &Schema, after: &Schema) -> Result<(), TestCaseError> {
        if is_rename(self.change) {
            return Ok(());
        }
        let (Some(old), Some(new)) = (before.table("item"), after.table("item")) else { return Ok(()) };
        let (old, new) = (old.text.as_deref().unwrap_or_default(), new.text.as_deref().unwrap_or_default());
        let (old_definition, new_definition) = (Definition::read(old).unwrap(), Definition::read(new).unwrap());
        let touched = |name: &str| {
            let of_key = self.changes_rowids()
                || matches!(
                    self.change,
                    Change::DropCheck { .. }
                        | Change::DropForeignKey { .. }
                        | Change::DropIndex { .. }
                        | Change::RenameIndex { .. }
                );
            of_key || !self.is_kept("item", name)
        };
        for column in &old_definition.columns {
            if touched(&column.name) {
                continue;
            }
            let text = new_definition.column(&column.name).map(|column| &new[column.range.clone()]);
            expect_equal("a column's text", &Some(&old[column.range.clone()]), &text)?;
        }
        expect_equal(
            "the options",
            &(old_definition.without_rowid, old_definition.strict),
            &(new_definition.without_rowid, new_definition.strict),
        )
    }

    /// SQLite follows a new name into SQL of other objects, and a column's own checks go with it.
    fn with_what_sqlite_renames(&self, mut model: Schema, after: &Schema) -> Schema {
        if let Change::DropColumn { .. } = self.change
            && let Some(found) = after.table("item")
        {
            for table in model.tables.iter_mut().filter(|table| table.name == "item") {
                table.checks.clone_from(&found.checks);
            }
        }
        if let Change::DropTable { .. } = self.change {
            // Nobody knows any more which columns a key meant that named none.
            for table in &mut model.tables {
                for key in table.foreign_keys.iter_mut().filter(|key| key.table == "item") {
                    let found = after.table(&table.name).and_then(|found| found.foreign_key(&key.name));
                    found.inspect(|found| key.targets.clone_from(&found.targets));
                }
            }
        }
        if !is_rename(self.change) {
            return model;
        }
        for view in &mut model.views {
            if let Some(found) = after.view(&view.name) {
                view.query.clone_from(&found.query);
            }
        }
        for table in &mut model.tables {
            let Some(found) = after.table(&table.name) else { continue };
            for (trigger, found) in table.triggers.iter_mut().zip(&found.triggers) {
                trigger.text.clone_from(&found.text);
            }
            for (check, found) in table.checks.iter_mut().zip(&found.checks) {
                check.condition.clone_from(&found.condition);
            }
            for (index, found) in table.indexes.iter_mut().zip(&found.indexes) {
                if index.name.starts_with("unique(") && index.name.contains('"') || index.name == found.name {
                    index.clone_from(found);
                }
            }
            for (key, found) in table.foreign_keys.iter_mut().zip(&found.foreign_keys) {
                key.targets.clone_from(&found.targets);
            }
            for (column, found) in table.columns.iter_mut().zip(&found.columns) {
                if matches!(column.kind, ColumnType::Native(_)) {
                    column.kind.clone_from(&found.kind);
                }
            }
        }
        model
    }
}

fn is_rename(change: &Change) -> bool {
    matches!(change, Change::RenameTable { .. } | Change::RenameColumn { .. })
}

/// A column of a primary key can't be made to take null.
fn forces_not_null(change: &Change) -> bool {
    matches!(change, Change::AlterColumn { alteration, .. } if alteration.null == Some(true))
}

fn same(when: &str, wanted: &Schema, found: &Schema) -> Result<(), TestCaseError> {
    let differences = differences(wanted, found);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(TestCaseError::fail(format!("{when}: {}", differences.join("; "))))
    }
}

fn expect_equal<T: PartialEq + std::fmt::Debug>(what: &str, wanted: &T, found: &T) -> Result<(), TestCaseError> {
    if wanted == found { Ok(()) } else { Err(TestCaseError::fail(format!("{what}: {found:?} and not {wanted:?}"))) }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can stand in map_err")]
fn failed(error: Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}
