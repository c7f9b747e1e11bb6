//! One open SQLite database.

use crate::fault;
use crate::guard::{self, StatementKind};
use crate::introspect;
use crate::journal::Journal;
use crate::location::Location;
use crate::placeholders;
use crate::values;
use patchwright_hooks_api::schema::Schema;
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{Canceller, Connection, Error, ErrorKind, Rows, ServerInfo, Statement, Value};
use sqlx::sqlite::{
    SqliteArguments, SqliteColumn, SqliteConnectOptions, SqliteRow, SqliteStatement, SqliteSynchronous,
};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection as _, Either, Executor, Row as _, SqlSafeStr, SqlStr,
    Statement as _,
};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::{self, Runtime};

/// How long a writer waits for another one: long enough for any request of a web site, short enough for an operator.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes that one query may give: a query without its WHERE must not take the machine's memory.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// The most placeholders in one statement (`SQLITE_MAX_VARIABLE_NUMBER`), said before SQLite is asked.
const MAX_PARAMETERS: usize = 32_766;

/// How many operations SQLite does between two looks at whether somebody wants the statement ended: about a millisecond.
const OPERATIONS_PER_LOOK: i32 = 100_000;

/// Only the statement prepared last is kept, for it to run and, as a bulk insert does, to run again.
const KEPT_STATEMENTS: usize = 1;

/// How many rows may wait to be taken: each time there is none, two threads wait for each other.
const WAITING_ROWS: usize = 1000;

/// An open database and its transaction.
pub(crate) struct SqliteConnection {
    runtime: Runtime,
    /// Absent once a failed rollback has closed it.
    line: Option<sqlx::SqliteConnection>,
    rules: LexicalRules,
    in_transaction: bool,
    /// What sqlx keeps prepared.
    kept: String,
    pub(crate) journal: Journal,
    /// Set by SQLite's own hook. Some errors (full disk, RAISE(ROLLBACK)) take the whole transaction back; without
    /// this the next statement would commit by itself.
    rolled_back: Arc<AtomicBool>,
    /// Set by whoever wants the running statement ended; SQLite's own hook looks at it.
    cancelled: Arc<AtomicBool>,
}

impl SqliteConnection {
    /// Opens the database.
    pub(crate) fn open(location: &Location, create: bool) -> Result<Self, Error> {
        location.check(create)?;
        let runtime = runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, format!("no runtime for the database: {error}")))?;
        let opened = runtime.block_on(options(location, create).connect());
        let line = opened.map_err(|error| fault::opening(fault::error(&error), location.path()))?;
        let rolled_back = Arc::new(AtomicBool::new(false));
        let rules = LexicalRules::sqlite();
        let cancelled = Arc::new(AtomicBool::new(false));
        let mut connection = Self {
            runtime,
            line: Some(line),
            rules,
            in_transaction: false,
            kept: String::new(),
            journal: Journal::Unknown,
            rolled_back,
            cancelled,
        };
        connection.set_hooks().map_err(|error| fault::opening(error, location.path()))?;
        connection.check_encoding().map_err(|error| fault::opening(error, location.path()))?;
        Ok(connection)
    }

    fn set_hooks(&mut self) -> Result<(), Error> {
        let (rolled_back, cancelled) = (Arc::clone(&self.rolled_back), Arc::clone(&self.cancelled));
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        let mut handle = self.runtime.block_on(line.lock_handle()).map_err(|error| fault::error(&error))?;
        handle.set_rollback_hook(move || rolled_back.store(true, Ordering::Release));
        handle.set_progress_handler(OPERATIONS_PER_LOOK, move || !cancelled.load(Ordering::Acquire));
        Ok(())
    }

    /// Also the first look into the file: whether it is a database at all.
    fn check_encoding(&mut self) -> Result<(), Error> {
        let rows = self.query(&Statement::new("PRAGMA encoding"))?;
        match rows.scalar().and_then(Value::as_text) {
            Some("UTF-8") => Ok(()),
            other => Err(Error::new(
                ErrorKind::Unsupported,
                format!("its text is {}, not UTF-8", other.unwrap_or("unknown")),
            )
            .hint("copy it into a database with PRAGMA encoding = 'UTF-8'")),
        }
    }

    fn lost(&self) -> bool {
        self.in_transaction && self.rolled_back.load(Ordering::Acquire)
    }

    /// Runs a statement of the connection itself.
    pub(crate) fn control(&mut self, text: &'static str) -> Result<(), Error> {
        self.cancelled.store(false, Ordering::Release);
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        self.runtime.block_on(line.execute(text)).map(drop).map_err(|error| fault::error(&error))
    }

    /// Checks and prepares a statement, and gives what is to be bound.
    fn prepare(&mut self, statement: &Statement) -> Result<Prepared, Error> {
        let kind = self.examine(statement)?;
        self.prepare_examined(statement, kind)
    }

    fn examine(&self, statement: &Statement) -> Result<StatementKind, Error> {
        let count = statement.parameters.len();
        if count > MAX_PARAMETERS {
            return Err(Error::new(ErrorKind::Limit, format!("the statement has {count} parameters"))
                .hint(format!("SQLite takes at most {MAX_PARAMETERS}; make several statements of it")));
        }
        guard::examine(&statement.text, &self.rules, self.in_transaction)
    }

    fn prepare_examined(&mut self, statement: &Statement, kind: StatementKind) -> Result<Prepared, Error> {
        if self.lost() {
            return Err(fault::transaction_lost());
        }
        // What was to be ended before has ended.
        self.cancelled.store(false, Ordering::Release);
        self.kept.clone_from(&statement.text);
        let text = AssertSqlSafe(statement.text.as_str()).into_sql_str();
        let arguments = values::arguments(&statement.parameters)?;
        let mut prepared = Prepared { kind, text, arguments, columns: None };
        let given = statement.parameters.len();
        // Each message to SQLite's thread is waited for: what can be counted here is not asked for.
        if let Some(wanted) = placeholders::counted(&statement.text, &self.rules) {
            placeholders::check(wanted, given)?;
        } else {
            let found = self.asked(prepared.text.clone(), statement)?;
            placeholders::check(placeholders::found(&found).unwrap_or(given), given)?;
            prepared.columns = Some(names(found.columns()));
        }
        Ok(prepared)
    }

    /// Has SQLite understand a statement, and say what it is.
    fn asked(&mut self, text: SqlStr, statement: &Statement) -> Result<SqliteStatement, Error> {
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        let asked = self.runtime.block_on(line.prepare(text));
        asked.map_err(|error| fault::statement_error(&error, statement))
    }

    /// Runs a prepared statement, hands over each row, and gives SQLite's count of touched rows.
    fn run(
        &mut self,
        prepared: Prepared,
        statement: &Statement,
        mut each: impl FnMut(SqliteRow) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        self.runtime.block_on(async {
            let mut results = line.fetch_many(sqlx::query_with(prepared.text, prepared.arguments));
            let mut touched = 0;
            while let Some(result) = poll_fn(|context| results.as_mut().poll_next(context)).await {
                match result.map_err(|error| fault::statement_error(&error, statement))? {
                    Either::Left(done) => touched += done.rows_affected(),
                    Either::Right(row) => each(row)?,
                }
            }
            Ok(touched)
        })
    }

    fn execute_unplaced(&mut self, statement: &Statement) -> Result<u64, Error> {
        let prepared = self.prepare(statement)?;
        match prepared.kind {
            StatementKind::Rows => self.run(prepared, statement, |_| Ok(())),
            StatementKind::Other => self.run(prepared, statement, |_| Ok(())).map(|_| 0),
            StatementKind::With => {
                let before = self.total_changes()?;
                let touched = self.run(prepared, statement, |_| Ok(()))?;
                Ok(if self.total_changes()? == before { 0 } else { touched })
            }
        }
    }

    fn query_unplaced(&mut self, statement: &Statement) -> Result<Rows, Error> {
        // sqlx gives a kept statement the columns that it had when it was prepared, and fails if the table has grown.
        if self.kept == statement.text {
            let line = self.line.as_mut().ok_or_else(fault::closed)?;
            self.runtime.block_on(line.clear_cached_statements()).map_err(|error| fault::error(&error))?;
        }
        let prepared = self.prepare(statement)?;
        let (text, mut columns) = (prepared.text.clone(), prepared.columns.clone());
        let mut rows = Vec::new();
        let mut bytes = 0;
        self.run(prepared, statement, |row| {
            columns.get_or_insert_with(|| names(row.columns()));
            let row = values::row(&row)?;
            bytes += row.iter().map(size).sum::<usize>();
            if bytes > MAX_RESULT_BYTES {
                return Err(Error::new(
                    ErrorKind::Limit,
                    format!("the query gives more than {MAX_RESULT_BYTES} bytes"),
                )
                .hint("ask for fewer rows or columns at a time"));
            }
            rows.push(row);
            Ok(())
        })?;
        let columns = match columns {
            Some(columns) => columns,
            None => names(self.asked(text, statement)?.columns()),
        };
        Ok(Rows { columns, rows })
    }

    fn total_changes(&mut self) -> Result<Option<i64>, Error> {
        let rows = self.query(&Statement::new("SELECT total_changes()"))?;
        Ok(rows.scalar().and_then(Value::as_integer))
    }
}

impl Connection for SqliteConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        let rows = self.query(&Statement::new("SELECT sqlite_version()"))?;
        let version = rows.scalar().and_then(Value::as_text).unwrap_or("unknown").to_owned();
        Ok(ServerInfo { product: "SQLite".to_owned(), version })
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.execute_unplaced(statement).map_err(|error| statement.placed(error, None))
    }

    fn execute_all(&mut self, statements: &[Statement]) -> Result<(), Error> {
        if statements.is_empty() {
            return Ok(());
        }
        statements.iter().try_for_each(|statement| self.examine(statement).map(drop))?;
        // A text may end in a comment.
        let text = statements.iter().map(|statement| statement.text.as_str()).collect::<Vec<_>>().join("\n;\n");
        let values = statements.iter().flat_map(|statement| statement.parameters.iter().cloned());
        let all = Statement::with(text, values);
        let prepared = self.prepare_examined(&all, StatementKind::Other)?;
        self.run(prepared, &all, |_| Ok(())).map(drop)
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.query_unplaced(statement).map_err(|error| statement.placed(error, None))
    }

    /// IMMEDIATE takes the write lock now: a transaction that began by reading could fail at its first write.
    fn begin(&mut self) -> Result<(), Error> {
        if self.in_transaction {
            return Err(Error::transaction_open());
        }
        self.keep_journal()?;
        // A table that is made anew turns it on for one statement; where that failed, it is still on.
        self.control("PRAGMA legacy_alter_table = OFF; BEGIN IMMEDIATE")?;
        self.rolled_back.store(false, Ordering::Release);
        self.in_transaction = true;
        Ok(())
    }

    /// A commit that finds the database busy leaves the transaction open: it may be tried again, or taken back.
    fn commit(&mut self) -> Result<(), Error> {
        if !self.in_transaction {
            return Err(Error::no_transaction());
        }
        if self.lost() {
            return Err(fault::transaction_lost());
        }
        self.control("COMMIT")?;
        self.in_transaction = false;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        if !self.in_transaction {
            return Ok(());
        }
        let lost = self.lost();
        self.in_transaction = false;
        if lost {
            return Ok(());
        }
        let result = self.control("ROLLBACK");
        if result.is_err() {
            // Closing takes the transaction back too; a line in an unknown state must not run another statement.
            self.close();
        }
        result
    }

    fn canceller(&mut self) -> Option<Canceller> {
        let cancelled = Arc::clone(&self.cancelled);
        Some(Arc::new(move || {
            cancelled.store(true, Ordering::Release);
            Ok(())
        }))
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        // Names of tables compare without regard to case in SQLite, for ASCII letters, as NOCASE does.
        let text = "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE LIMIT 1";
        let rows = self.query(&Statement::with(text, [Value::from(name)]))?;
        Ok(!rows.rows.is_empty())
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        introspect::introspect(self, names)
    }
}

impl SqliteConnection {
    /// Waits until the database is closed, so that its locks and files are free when the caller goes on.
    fn close(&mut self) {
        if let Some(line) = self.line.take() {
            // SQLite takes an open transaction back on its own; if even closing fails, the next who opens does it.
            let _ = self.runtime.block_on(line.close());
        }
    }
}

impl Drop for SqliteConnection {
    fn drop(&mut self) {
        // Closing takes it back too; but the journal is given up outside of a transaction alone.
        let _ = self.roll_back().and_then(|()| self.forget_journal());
        self.close();
    }
}

/// A statement that may run, and what is to be bound to it.
struct Prepared {
    kind: StatementKind,
    text: SqlStr,
    arguments: SqliteArguments,
    /// The names of its columns, if SQLite was asked.
    columns: Option<Vec<String>>,
}

fn options(location: &Location, create: bool) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(location.path())
        .create_if_missing(create)
        .busy_timeout(BUSY_TIMEOUT)
        .statement_cache_capacity(KEPT_STATEMENTS)
        .row_buffer_size(WAITING_ROWS)
        // Where the rollback journal is deleted, which is the commit, FULL leaves that to a directory that is not synced: a
        // power cut could bring the journal back and with it the old state.
        .synchronous(SqliteSynchronous::Extra)
        // As SQLite itself has it by default. Whether keys are enforced is the site's decision, and a table that is
        // rebuilt in a transaction must not delete the rows that refer to it.
        .foreign_keys(false)
        .disable_statement_logging()
}

fn names(columns: &[SqliteColumn]) -> Vec<String> {
    columns.iter().map(|column| column.name().to_owned()).collect()
}

/// What a value takes in memory.
fn size(value: &Value) -> usize {
    let content = match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        _ => 0,
    };
    size_of::<Value>() + content
}
