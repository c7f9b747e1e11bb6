//! What every dialect that does portable changes must keep, as checks against a real database.
//!
//! Each change is made and compared with the model ([`Change::applied_to`]) by introspection, found done, taken back by its
//! inverse and compared again; where the database can take structure back, by a rollback too.

mod cases;

use cases::{Case, cases};
use patchwright_hooks_api::change::{Place, Standing, rendered};
use patchwright_hooks_api::schema::{Schema, differences};
use patchwright_hooks_api::{Change, ConnectSpec, Connection, Dialect, Error, ErrorKind, Rows, Statement, Value};

/// What all names in the cases begin with.
const PREFIX: &str = "pw_change_";
/// What cases may leave when they fail, in an order in which they can be dropped.
const LEFTOVERS: [&str; 7] = ["titles", "item", "thing", "forum", "board", "ticket", "number"];

/// Checks that `dialect` does portable changes as the contract has it. To be called from a test.
///
/// `spec` names an existing database that the checks may write to. They make and drop tables, views and sequences whose names begin with
/// `pw_change_`, and leave the rest alone. A change that the dialect calls unsupported is left out; the checks give how many
/// there were, so that the test can say what it expects.
///
/// # Panics
/// When the dialect breaks one of the rules; with the case's name.
pub fn changes(dialect: &dyn Dialect, spec: &ConnectSpec) -> usize {
    let mut unsupported = 0;
    for case in cases() {
        let mut bench = Bench::open(dialect, spec);
        match bench.check(&case) {
            Ok(true) => {}
            Ok(false) => unsupported += 1,
            Err(why) => panic!("{}: {}: {why}", dialect.info().name, case.name),
        }
    }
    unsupported
}

/// One database that a case is tried on.
struct Bench<'a> {
    dialect: &'a dyn Dialect,
    connection: Box<dyn Connection>,
}

impl<'a> Bench<'a> {
    fn open(dialect: &'a dyn Dialect, spec: &ConnectSpec) -> Self {
        let connection = dialect.connect(spec).unwrap_or_else(|error| panic!("{}: {error}", dialect.info().name));
        Self { dialect, connection }
    }

    /// Whether the dialect does it, or what is wrong.
    fn check(&mut self, case: &Case) -> Result<bool, String> {
        self.clear()?;
        let transactional = self.dialect.info().transactional_ddl;
        if transactional {
            self.connection.begin().map_err(said)?;
        }
        let mut supported = true;
        for change in &case.before {
            supported = supported && self.make(change)?;
        }
        let supported = supported && self.check_change(&case.change)?;
        if transactional {
            self.connection.roll_back().map_err(said)?;
            let left = self.schema()?;
            expect("after the rollback", &Schema::default(), &left)?;
        }
        self.clear()?;
        Ok(supported)
    }

    fn check_change(&mut self, change: &Change) -> Result<bool, String> {
        let change = &prefixed(change, self.dialect);
        let (before, rows_before) = (self.schema()?, self.rows()?);
        let first = match rendered(change, self.dialect, self.connection.as_mut()) {
            Ok(first) => first,
            Err(error) if error.kind == ErrorKind::Unsupported => return Ok(false),
            Err(error) => return Err(said(error)),
        };
        let model = self.stored(change.applied_to(&before).map_err(said)?);
        // On some databases there is nothing to do, such as for a comment.
        if first.standing == Standing::Done {
            return expect("although there is nothing to do", &model, &before).map(|()| true);
        }
        self.run(change, &first.statements)?;
        let after = self.schema()?;
        let model = model.worded_like(&after);
        let model = if is_placed(change) { in_the_order_of(model, &after) } else { model };
        expect("after the change", &model, &after)?;
        if let Change::TruncateTable { table } = change {
            self.expect_empty(table)?;
        }
        if !change.is_of_rows() && !matches!(change, Change::CreateView { .. }) {
            let again = rendered(change, self.dialect, self.connection.as_mut()).map_err(said)?;
            ensure(again.standing == Standing::Done, || format!("a second time it is {:?}", again.standing))?;
        }
        let Some(inverse) = first.inverse else { return Ok(true) };
        for change in &inverse {
            let back = rendered(change, self.dialect, self.connection.as_mut()).map_err(said)?;
            ensure(back.standing == Standing::ToDo, || format!("the inverse, {change}, is {:?}", back.standing))?;
            self.run(change, &back.statements)?;
        }
        let back = self.schema()?;
        expect("after the inverse", &before, &back)?;
        let rows = self.rows()?;
        ensure(rows == rows_before, || format!("the rows are {rows:?} after the inverse and not {rows_before:?}"))?;
        Ok(true)
    }

    /// Makes a change that a case begins with, if the dialect can.
    fn make(&mut self, change: &Change) -> Result<bool, String> {
        let change = prefixed(change, self.dialect);
        match rendered(&change, self.dialect, self.connection.as_mut()) {
            Ok(rendered) => self.run(&change, &rendered.statements).map(|()| true),
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(false),
            Err(error) => Err(said(error)),
        }
    }

    fn run(&mut self, change: &Change, statements: &[Statement]) -> Result<(), String> {
        for statement in statements {
            self.connection.execute(statement).map_err(|error| format!("{change}: {error}, in {}", statement.text))?;
        }
        Ok(())
    }

    /// What there is of the cases' tables and views.
    fn schema(&mut self) -> Result<Schema, String> {
        let names: Vec<String> = LEFTOVERS.iter().map(|name| format!("{PREFIX}{name}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.connection.introspect(Some(&names)).map_err(said)
    }

    fn stored(&self, schema: Schema) -> Schema {
        let tables = schema.tables.iter().map(|table| self.dialect.stored(table)).collect();
        Schema { tables, ..schema }
    }

    /// The rows of all tables that there are.
    fn rows(&mut self) -> Result<Vec<Rows>, String> {
        let tables = self.schema()?.tables;
        let info = self.dialect.info();
        let rows = |table: &patchwright_hooks_api::schema::Table| {
            let mut columns: Vec<String> = table.columns.iter().map(|column| info.quoted(&column.name)).collect();
            columns.sort();
            let text = format!("SELECT {} FROM {} ORDER BY 1", columns.join(", "), info.quoted(&table.name));
            self.connection.query(&Statement::new(text)).map_err(said)
        };
        tables.iter().map(rows).collect()
    }

    /// No row is left, and one that brings no number gets the first.
    fn expect_empty(&mut self, table: &str) -> Result<(), String> {
        let info = self.dialect.info();
        let quoted = info.quoted(table);
        let count = self.connection.query(&Statement::new(format!("SELECT COUNT(*) FROM {quoted}"))).map_err(said)?;
        ensure(count.scalar() == Some(&Value::Integer(0)), || format!("there are rows left: {count:?}"))?;
        let schema = self.schema()?;
        let numbered = schema.table(table).and_then(|table| table.columns.iter().find(|column| column.auto));
        let Some(numbered) = numbered else { return Ok(()) };
        let (id, name) = (info.quoted(&numbered.name), info.quoted("name"));
        let insert = Statement::with(format!("INSERT INTO {quoted} ({name}) VALUES (?)"), [Value::from("first")]);
        self.connection.execute(&insert).map_err(said)?;
        let first = self.connection.query(&Statement::new(format!("SELECT {id} FROM {quoted}"))).map_err(said)?;
        ensure(first.scalar() == Some(&Value::Integer(1)), || format!("the first row has the number {first:?}"))
    }

    /// Drops what an earlier run may have left.
    fn clear(&mut self) -> Result<(), String> {
        let (info, left) = (self.dialect.info(), self.schema()?);
        for name in LEFTOVERS.map(|name| format!("{PREFIX}{name}")) {
            let kind = match (left.view(&name), left.sequence(&name), left.table(&name)) {
                (Some(_), ..) => "VIEW",
                (None, Some(_), _) => "SEQUENCE",
                (None, None, Some(_)) => "TABLE",
                (None, None, None) => continue,
            };
            let drop = Statement::new(format!("DROP {kind} {}", info.quoted(&name)));
            self.connection.execute(&drop).map_err(said)?;
        }
        Ok(())
    }
}

fn prefixed(change: &Change, dialect: &dyn Dialect) -> Change {
    change.clone().with_prefix(PREFIX, &dialect.info().lexical)
}

fn is_placed(change: &Change) -> bool {
    matches!(change, Change::AddColumn { place, .. } if *place != Place::Last)
}

/// The model with its columns where the database could put them.
fn in_the_order_of(mut model: Schema, found: &Schema) -> Schema {
    for table in &mut model.tables {
        let Some(found) = found.table(&table.name) else { continue };
        table.columns.sort_by_key(|column| found.columns.iter().position(|other| other.name == column.name));
    }
    model
}

fn expect(when: &str, wanted: &Schema, found: &Schema) -> Result<(), String> {
    let differences = differences(wanted, found);
    ensure(differences.is_empty(), || format!("{when}: {}", differences.join("; ")))
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

fn said(error: Error) -> String {
    match error.hint {
        Some(hint) => format!("{} ({hint})", error.message),
        None => error.message,
    }
}
