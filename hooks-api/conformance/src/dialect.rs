//! What every dialect must keep, as checks against a real database.
//!
//! The engine's promise (all of a patch or nothing) rests on these few properties of a [`Connection`] and on no others.

mod reading;

use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Error, ErrorKind, Position, Rows, Statement, Value};
use reading::{columns_are_named_without_rows, rows_are_one_text};
use std::thread;
use std::time::Duration;

/// The table that the checks make and drop.
const TABLE: &str = "pw_conformance";
/// How long a second writer is watched: it must not get through as long as the first one is not done.
const WATCH: Duration = Duration::from_millis(300);

type Check = fn(&Bench<'_>) -> Result<(), Error>;

const CHECKS: &[(&str, Check)] = &[
    ("the dialect describes itself", it_describes_itself),
    ("a statement says how many rows it touched", touched_rows_are_counted),
    ("several statements are run in order, and none is passed over", several_are_run),
    ("a value of each kind comes back as it went in", values_come_back),
    ("a query names its columns even without rows", columns_are_named_without_rows),
    ("all rows in one text are the rows", rows_are_one_text),
    ("as many values as placeholders are asked for", a_missing_value_is_refused),
    ("two statements in one text are refused", two_statements_are_refused),
    ("a text can't end the transaction", a_text_can_not_end_the_transaction),
    ("an error carries the statement's place", errors_carry_the_place),
    ("has_table knows tables and views", tables_and_views_are_known),
    ("a commit is seen by another connection", a_commit_is_seen_by_others),
    ("a transaction is seen by nobody before its commit", an_open_transaction_is_not_seen),
    ("a transaction taken back leaves nothing", a_roll_back_leaves_nothing),
    ("a dropped connection takes its transaction back", a_drop_leaves_nothing),
    ("there is one transaction at a time", one_transaction_at_a_time),
    ("roll_back without a transaction does nothing", roll_back_without_a_transaction),
    ("commit without a transaction is an error", commit_without_a_transaction),
    ("a failed statement leaves no half transaction", a_failure_leaves_no_half),
    ("a second writer is kept out", a_second_writer_is_kept_out),
];

/// Checks that `dialect` keeps what the contract asks of it. To be called from a test.
///
/// `spec` names an existing database that the checks may write to. They make and drop the table `pw_conformance` and
/// the view `pw_conformance_view`, and leave the rest alone.
///
/// # Panics
/// When the dialect breaks one of the rules; with the rule's name.
pub fn dialect(dialect: &dyn Dialect, spec: &ConnectSpec) {
    let bench = Bench { dialect, spec };
    for (name, check) in CHECKS {
        if let Err(error) = bench.clear().and_then(|()| check(&bench)).and_then(|()| bench.clear()) {
            panic!("{} does not keep this: {name}: {error}", dialect.info().name);
        }
    }
}

/// The database that is checked.
struct Bench<'a> {
    dialect: &'a dyn Dialect,
    spec: &'a ConnectSpec,
}

impl Bench<'_> {
    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        self.dialect.connect(self.spec)
    }

    /// A connection to a database with the empty table.
    fn with_table(&self) -> Result<Box<dyn Connection>, Error> {
        let mut connection = self.connect()?;
        run(&mut *connection, &format!("CREATE TABLE {TABLE} (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100))"))?;
        Ok(connection)
    }

    fn clear(&self) -> Result<(), Error> {
        let mut connection = self.connect()?;
        let view = format!("{TABLE}_view");
        if connection.has_table(&view)? {
            run(&mut *connection, &format!("DROP VIEW {view}"))?;
        }
        if connection.has_table(TABLE)? {
            run(&mut *connection, &format!("DROP TABLE {TABLE}"))?;
        }
        Ok(())
    }

    /// The ids in the table as a fresh connection sees them.
    fn ids(&self) -> Result<Vec<i64>, Error> {
        let rows = query(&mut *self.connect()?, &format!("SELECT id FROM {TABLE} ORDER BY id"))?;
        Ok(rows.rows.iter().filter_map(|row| row.first()?.as_integer()).collect())
    }

    fn expect_ids(&self, expected: &[i64]) -> Result<(), Error> {
        let found = self.ids()?;
        ensure(found == expected, || format!("the table holds {found:?} instead of {expected:?}"))
    }
}

fn it_describes_itself(bench: &Bench<'_>) -> Result<(), Error> {
    let info = bench.dialect.info();
    ensure(!info.name.is_empty() && !info.schemes.is_empty(), || "the name or the URL schemes are empty".into())?;
    let scheme = bench.spec.url.split(':').next().unwrap_or_default();
    ensure(info.schemes.iter().any(|known| known == scheme), || format!("{scheme} is not among its URL schemes"))?;
    let is_keyword = |word: &String| !word.is_empty() && *word == word.to_uppercase();
    ensure(info.refused.iter().all(is_keyword), || "the refused keywords are not in upper case".into())?;
    let server = bench.connect()?.server()?;
    ensure(!server.product.is_empty() && !server.version.is_empty(), || format!("the server is {server:?}"))
}

fn touched_rows_are_counted(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    // Not every database takes several rows in one INSERT.
    let insert = |id: i64| Statement::with(format!("INSERT INTO {TABLE} (id) VALUES (?)"), [Value::from(id)]);
    let counts = [
        (connection.execute(&insert(1))?, 1, "INSERT"),
        (connection.execute(&insert(2))?, 1, "INSERT"),
        (connection.execute(&insert(3))?, 1, "INSERT"),
        (run(&mut *connection, &format!("UPDATE {TABLE} SET name = 'x' WHERE id > 1"))?, 2, "UPDATE"),
        (run(&mut *connection, &format!("DELETE FROM {TABLE} WHERE id = 9"))?, 0, "DELETE"),
        (run(&mut *connection, &format!("DELETE FROM {TABLE} WHERE id = 1"))?, 1, "DELETE"),
        (run(&mut *connection, &format!("CREATE VIEW {TABLE}_view AS SELECT id FROM {TABLE}"))?, 0, "CREATE VIEW"),
    ];
    for (counted, expected, what) in counts {
        ensure(counted == expected, || format!("{what} touched {expected} rows, not {counted}"))?;
    }
    Ok(())
}

fn several_are_run(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let insert = format!("INSERT INTO {TABLE} (id, name) VALUES (?, ?)");
    let awkward = "a;b'?--";
    let statements = [
        Statement::with(format!("{insert} -- one"), [Value::from(1), Value::from(awkward)]),
        Statement::with(&insert, [Value::from(2), Value::Null]),
        Statement::new(format!("UPDATE {TABLE} SET id = 3 WHERE id = 2")),
    ];
    connection.begin()?;
    connection.execute_all(&statements)?;
    connection.execute_all(&[])?;
    connection.commit()?;
    bench.expect_ids(&[1, 3])?;
    let found = query(&mut *connection, &format!("SELECT name FROM {TABLE} WHERE id = 1"))?;
    ensure(found.scalar() == Some(&Value::from(awkward)), || format!("{found:?} came back for {awkward}"))?;
    connection.begin()?;
    refused(connection.execute_all(&[statements[2].clone(), statements[0].clone()]), "a second row with the same key")?;
    let two = Statement::new(format!("DELETE FROM {TABLE}; DELETE FROM {TABLE}"));
    refused(connection.execute_all(&[two]), "a text of two statements among several")?;
    connection.roll_back()?;
    bench.expect_ids(&[1, 3])
}

fn values_come_back(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.connect()?;
    let create = |bytes: &str| {
        format!(
            "CREATE TABLE {TABLE} (id INTEGER, number BIGINT, ratio DOUBLE PRECISION, name VARCHAR(100), raw {bytes})"
        )
    };
    // No name for bytes is known to every database.
    run(&mut *connection, &create("BLOB")).or_else(|_| run(&mut *connection, &create("BYTEA")))?;
    let text = "it's \"ä\" ? \\ 漢字\n-- 𝄞";
    let bytes = Value::Bytes((0..=255).collect());
    let rows = [
        [Value::from(1), Value::from(i64::MAX), Value::Real(0.1), Value::from(text), bytes],
        [Value::from(2), Value::from(i64::MIN), Value::Real(-2.5e300), Value::from(""), Value::Bytes(Vec::new())],
        [Value::from(3), Value::Null, Value::Null, Value::Null, Value::Null],
    ];
    for row in &rows {
        let insert = format!("INSERT INTO {TABLE} (id, number, ratio, name, raw) VALUES (?, ?, ?, ?, ?)");
        connection.execute(&Statement::with(insert, row.clone()))?;
    }
    let found = query(&mut *connection, &format!("SELECT id, number, ratio, name, raw FROM {TABLE} ORDER BY id"))?;
    for (found, sent) in found.rows.iter().zip(&rows) {
        ensure(found.as_slice() == sent, || format!("sent {sent:?}, and {found:?} came back"))?;
    }
    ensure(found.rows.len() == rows.len(), || format!("{} rows came back", found.rows.len()))?;
    let chosen = Statement::with(format!("SELECT id FROM {TABLE} WHERE name = ?"), [Value::from(text)]);
    let chosen = connection.query(&chosen)?;
    ensure(chosen.scalar() == Some(&Value::from(1)), || "a query does not find the text that was sent".into())
}

fn a_missing_value_is_refused(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    for values in [vec![], vec![Value::from(1)], vec![Value::from(1), Value::from("a"), Value::from("b")]] {
        let count = values.len();
        let insert = Statement::with(format!("INSERT INTO {TABLE} (id, name) VALUES (?, ?)"), values);
        refused(connection.execute(&insert), &format!("{count} values for two placeholders"))?;
    }
    bench.expect_ids(&[])
}

fn two_statements_are_refused(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let two = Statement::new(format!("INSERT INTO {TABLE} (id) VALUES (1); INSERT INTO {TABLE} (id) VALUES (2)"));
    refused(connection.execute(&two), "a text of two statements")?;
    refused(connection.query(&two), "a query of two statements")?;
    let quoted = format!("INSERT INTO {TABLE} (id, name) VALUES (3, ';')");
    run(&mut *connection, &quoted)?;
    bench.expect_ids(&[3])
}

fn a_text_can_not_end_the_transaction(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    for text in ["COMMIT", "/* so */ commit", "ROLLBACK", "BEGIN"] {
        refused(connection.execute(&Statement::new(text)), text)?;
        refused(connection.query(&Statement::new(text)), text)?;
    }
    connection.roll_back()?;
    bench.expect_ids(&[])
}

fn errors_carry_the_place(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let start = Position::new("patch.xml", 10, 5);
    for text in ["SELEKT 1", "INSERT INTO pw_conformance_absent (id) VALUES (1)", "DELETE FROM a; DELETE FROM b"] {
        let statement = Statement::new(text).at(start.clone());
        for failed in [connection.execute(&statement).err(), connection.query(&statement).err()] {
            let Some(error) = failed else { return Err(broken(format!("{text} was accepted"))) };
            let place = error.position.as_ref().is_some_and(|place| place.file == start.file && *place >= start);
            ensure(place && !error.message.is_empty(), || format!("{text} failed at {:?}: {error}", error.position))?;
        }
    }
    Ok(())
}

fn tables_and_views_are_known(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let view = format!("{TABLE}_view");
    run(&mut *connection, &format!("CREATE VIEW {view} AS SELECT id FROM {TABLE}"))?;
    for (name, exists) in
        [(TABLE, true), (view.as_str(), true), ("pw_conformance_absent", false), ("'", false), ("%", false)]
    {
        let found = connection.has_table(name)?;
        ensure(found == exists, || format!("has_table({name:?}) is {found}"))?;
    }
    Ok(())
}

fn a_commit_is_seen_by_others(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    connection.commit()?;
    bench.expect_ids(&[1])?;
    connection.roll_back()?;
    drop(connection);
    bench.expect_ids(&[1])
}

fn an_open_transaction_is_not_seen(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    bench.expect_ids(&[])?;
    connection.roll_back()
}

fn a_roll_back_leaves_nothing(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    change_much(bench, &mut *connection)?;
    connection.roll_back()?;
    bench.expect_ids(&[])?;
    expect_no_view(bench)?;
    // The connection is as good as new.
    connection.begin()?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (5)"))?;
    connection.commit()?;
    bench.expect_ids(&[5])
}

fn a_drop_leaves_nothing(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    change_much(bench, &mut *connection)?;
    drop(connection);
    bench.expect_ids(&[])?;
    expect_no_view(bench)?;
    // Its locks are gone at once.
    let mut next = bench.connect()?;
    next.begin()?;
    next.roll_back()
}

fn one_transaction_at_a_time(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    refused(connection.begin(), "a second begin")?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    connection.roll_back()?;
    bench.expect_ids(&[])
}

fn roll_back_without_a_transaction(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    connection.roll_back()?;
    connection.roll_back()?;
    bench.expect_ids(&[1])
}

fn commit_without_a_transaction(bench: &Bench<'_>) -> Result<(), Error> {
    refused(bench.connect()?.commit(), "a commit without a transaction")
}

/// A database may go on after a failed statement, or refuse everything until the transaction is taken back (as
/// PostgreSQL does). It may not commit a part and call it a success.
fn a_failure_leaves_no_half(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    connection.begin()?;
    let insert = |id: i64| Statement::with(format!("INSERT INTO {TABLE} (id) VALUES (?)"), [Value::from(id)]);
    connection.execute(&insert(1))?;
    refused(connection.execute(&insert(1)), "a second row with the same primary key")?;
    let usable = connection.execute(&insert(2)).is_ok();
    if usable {
        connection.commit()?;
        return bench.expect_ids(&[1, 2]);
    }
    refused(connection.commit(), "the commit of a transaction that is lost")?;
    connection.roll_back()?;
    bench.expect_ids(&[])
}

/// The second writer may wait, or be told to come again: but it can't pass, and no change of either is lost.
fn a_second_writer_is_kept_out(bench: &Bench<'_>) -> Result<(), Error> {
    let mut first = bench.with_table()?;
    run(&mut *first, &format!("INSERT INTO {TABLE} (id, name) VALUES (1, '')"))?;
    let append = |letter: &str| format!("UPDATE {TABLE} SET name = '{letter}' WHERE id = 1 AND name = ''");
    first.begin()?;
    run(&mut *first, &append("a"))?;
    let (passed, touched) = thread::scope(|scope| {
        let second = scope.spawn(|| {
            let mut second = bench.connect()?;
            second.begin()?;
            let touched = run(&mut *second, &append("b"))?;
            second.commit().map(|()| touched)
        });
        thread::sleep(WATCH);
        let passed = second.is_finished();
        let committed = first.commit();
        let touched = second.join().map_err(|_| broken("the second writer panicked"));
        committed.and(touched).map(|touched| (passed && touched.is_ok(), touched))
    })?;
    ensure(!passed, || "a second writer committed while a transaction was open".into())?;
    ensure(!matches!(touched, Ok(1..)), || "a second writer wrote over a change that it had not seen".into())?;
    let name = query(&mut *first, &format!("SELECT name FROM {TABLE}"))?;
    ensure(name.scalar() == Some(&Value::from("a")), || format!("the first writer's change became {name:?}"))
}

/// Changes rows, and the schema as well where a transaction can take that back.
fn change_much(bench: &Bench<'_>, connection: &mut dyn Connection) -> Result<(), Error> {
    run(connection, &format!("INSERT INTO {TABLE} (id) VALUES (1)"))?;
    if bench.dialect.info().transactional_ddl {
        run(connection, &format!("ALTER TABLE {TABLE} ADD later INTEGER"))?;
        run(connection, &format!("CREATE VIEW {TABLE}_view AS SELECT id, later FROM {TABLE}"))?;
    }
    Ok(())
}

fn expect_no_view(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.connect()?;
    let found = connection.has_table(&format!("{TABLE}_view"))?;
    ensure(!found, || "a view outlived the transaction that made it".into())?;
    let columns = query(&mut *connection, &format!("SELECT * FROM {TABLE}"))?.columns;
    ensure(columns == ["id", "name"], || format!("the table has the columns {columns:?} after all"))
}

fn run(connection: &mut dyn Connection, text: &str) -> Result<u64, Error> {
    connection.execute(&Statement::new(text))
}

fn query(connection: &mut dyn Connection, text: &str) -> Result<Rows, Error> {
    connection.query(&Statement::new(text))
}

fn refused<T>(result: Result<T, Error>, what: &str) -> Result<(), Error> {
    result.err().map(drop).ok_or_else(|| broken(format!("{what} was accepted")))
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(broken(otherwise())) }
}

fn broken(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, message)
}
