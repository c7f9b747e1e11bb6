//! How a dialect gives the rows of a query.

use super::{Bench, TABLE, ensure, query, run};
use patchwright_hooks_api::{Error, Statement, Value};

pub(super) fn columns_are_named_without_rows(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let select = format!("SELECT * FROM {TABLE}");
    let rows = query(&mut *connection, &select)?;
    ensure(rows.columns == ["id", "name"] && rows.rows.is_empty(), || format!("the query gave {rows:?}"))?;
    run(&mut *connection, &format!("ALTER TABLE {TABLE} ADD later INTEGER"))?;
    run(&mut *connection, &format!("INSERT INTO {TABLE} (id, later) VALUES (1, 2)"))?;
    let rows = query(&mut *connection, &select)?;
    let grown = rows.columns == ["id", "name", "later"] && rows.rows.iter().all(|row| row.len() == 3);
    ensure(grown, || format!("after a column was added the query gave {rows:?}"))
}

pub(super) fn rows_are_one_text(bench: &Bench<'_>) -> Result<(), Error> {
    let mut connection = bench.with_table()?;
    let Some(all) = bench.dialect.plain_sql().rows_as_json else { return Ok(()) };
    let insert = |id: i64, name: Value| {
        Statement::with(format!("INSERT INTO {TABLE} (id, name) VALUES (?, ?)"), [Value::from(id), name])
    };
    connection.execute(&insert(1, "a \"quote\" é\n".into()))?;
    connection.execute(&insert(2, Value::Null))?;
    let all = all.replacen("{}", "id, name", 1);
    let rows = query(&mut *connection, &format!("SELECT {all} FROM {TABLE}"))?;
    let found = rows.scalar().and_then(Value::as_text).unwrap_or_default().replace(' ', "");
    let (one, other) = (r#"[1,"a\"quote\"é\n"]"#, "[2,null]");
    let expected = [format!("[{one},{other}]"), format!("[{other},{one}]")];
    ensure(expected.contains(&found), || format!("the rows are {found} in one text"))
}
