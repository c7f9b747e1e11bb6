//! One open line to a MySQL or MariaDB server, and its transaction.

use crate::bound::Bound;
use crate::guard::{self, StatementKind};
use crate::location::Location;
use crate::server::{MARIADB, MYSQL, Server};
use crate::{fault, session, values};
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{Connection, Error, ErrorKind, Rows, Schema, ServerInfo, Statement, Value};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection as _, Either, Executor, Row, SqlSafeStr, Statement as _};
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::time::Duration;
use tokio::runtime::{self, Runtime};

/// How long a server may take to answer a new connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the end of a connection may take. A server that is gone must not hold the engine.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes that one query may give: a query without its WHERE must not take the machine's memory.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// An open line, its transaction and its locks.
pub(crate) struct MySqlLine {
    runtime: Runtime,
    /// Absent once the line is broken: a new one would have neither the transaction nor the locks.
    line: Option<MySqlConnection>,
    rules: LexicalRules,
    info: ServerInfo,
    database: String,
    /// The longest statement that the server takes.
    max_packet: usize,
    locks: BTreeSet<String>,
    in_transaction: bool,
    /// Set by errors after which the server has taken the whole transaction back: without this, the next statement would
    /// begin another.
    lost: bool,
}

impl MySqlLine {
    /// Opens the line and sets the session up.
    pub(crate) fn open(location: &Location) -> Result<Self, Error> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, format!("no runtime for the database: {error}")))?;
        let opened =
            runtime.block_on(async { tokio::time::timeout(CONNECT_TIMEOUT, location.options().connect()).await });
        let of_database = |error: Error| error.while_doing(format!("the database {location}"));
        let line = match opened {
            Ok(opened) => opened.map_err(|error| of_database(fault::error(&error)))?,
            Err(_) => {
                return Err(of_database(Error::new(ErrorKind::Io, "the server does not answer"))
                    .hint("see that the server is running and that the database URL of the site names it"));
            }
        };
        let mut connection = Self {
            runtime,
            line: Some(line),
            rules: LexicalRules::mysql(),
            info: ServerInfo { product: MYSQL.to_owned(), version: String::new() },
            database: String::new(),
            max_packet: usize::MAX,
            locks: BTreeSet::new(),
            in_transaction: false,
            lost: false,
        };
        connection.begin_session().map_err(of_database)?;
        Ok(connection)
    }

    fn begin_session(&mut self) -> Result<(), Error> {
        self.control(&session::setup())?;
        let facts = self.query_own(&Statement::new(session::FACTS))?;
        let fact = |at: usize| facts.rows.first().and_then(|row| row.get(at)).cloned().unwrap_or(Value::Null);
        let version = fact(0).to_string();
        let product = if version.contains(MARIADB) { MARIADB } else { MYSQL };
        let version = version.split('-').next().unwrap_or_default().to_owned();
        self.info = ServerInfo { product: product.to_owned(), version };
        self.database = fact(1).to_string();
        self.max_packet = fact(2).as_integer().and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        self.server_facts().check()?;
        // Neither is the session's to set on every server; where it is not, the server's own setting stays.
        for setting in [session::EXPLICIT_TIMESTAMPS, session::NO_STATEMENT_LIMIT] {
            if self.control(setting).is_err() && self.line.is_none() {
                return Err(fault::closed());
            }
        }
        Ok(())
    }

    /// The name of the site's database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// What the server can do.
    pub(crate) fn server_facts(&self) -> Server {
        Server::from(&self.info)
    }

    /// Runs a query of the dialect's own, in or outside a transaction.
    pub(crate) fn query_own(&mut self, statement: &Statement) -> Result<Rows, Error> {
        let bound = Bound::new(statement, &self.rules)?;
        self.rows(statement, &bound)
    }

    /// Runs a statement of the connection itself.
    fn control(&mut self, text: &str) -> Result<(), Error> {
        self.control_raw(text).map_err(|error| fault::error(&error))
    }

    fn control_raw(&mut self, text: &str) -> Result<(), sqlx::Error> {
        let Some(line) = self.line.as_mut() else { return Err(sqlx::Error::WorkerCrashed) };
        let result = self.runtime.block_on(line.execute(sqlx::raw_sql(AssertSqlSafe(text)))).map(drop);
        if result.as_ref().is_err_and(fault::breaks_line) {
            self.line = None;
        }
        result
    }

    /// Checks a statement of the engine or of a patch, and writes its values into it.
    fn prepare(&mut self, statement: &Statement) -> Result<(StatementKind, Bound), Error> {
        if self.line.is_none() {
            return Err(fault::closed());
        }
        if self.lost {
            return Err(fault::transaction_lost());
        }
        let kind = guard::examine(&statement.text, &self.rules)?;
        let bound = Bound::new(statement, &self.rules)?;
        if bound.text.len() >= self.max_packet {
            let (size, limit) = (bound.text.len(), self.max_packet);
            return Err(Error::new(
                ErrorKind::Limit,
                format!("the statement has {size} bytes, and the server takes {limit}"),
            )
            .hint("raise the server's max_allowed_packet, or make several statements of it"));
        }
        Ok((kind, bound))
    }

    /// Runs a statement, hands over each row, and gives the server's count of touched rows.
    fn run(
        &mut self,
        statement: &Statement,
        bound: &Bound,
        mut each: impl FnMut(&MySqlRow) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        let ran: Result<u64, Failure> = self.runtime.block_on(async {
            let mut results = line.fetch_many(sqlx::raw_sql(AssertSqlSafe(bound.text.as_str())));
            let mut touched = 0;
            while let Some(result) = poll_fn(|context| results.as_mut().poll_next(context)).await {
                match result.map_err(Failure::Server)? {
                    Either::Left(done) => touched += done.rows_affected(),
                    Either::Right(row) => each(&row).map_err(Failure::Caller)?,
                }
            }
            Ok(touched)
        });
        ran.map_err(|failure| match failure {
            Failure::Caller(error) => error,
            Failure::Server(error) => {
                self.note(&error);
                fault::statement_error(&error, statement, bound)
            }
        })
    }

    /// What an error means for the line and its transaction.
    fn note(&mut self, error: &sqlx::Error) {
        if fault::breaks_line(error) {
            self.line = None;
        } else if self.in_transaction && fault::loses_transaction(error) {
            self.lost = true;
        }
    }

    fn rows(&mut self, statement: &Statement, bound: &Bound) -> Result<Rows, Error> {
        let mut found = Rows::default();
        let mut bytes = 0;
        self.run(statement, bound, |row| {
            if found.columns.is_empty() {
                found.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
            }
            let row = values::row(row)?;
            bytes += row.iter().map(size).sum::<usize>();
            if bytes > MAX_RESULT_BYTES {
                let error = Error::new(ErrorKind::Limit, format!("the query gives more than {MAX_RESULT_BYTES} bytes"));
                return Err(error.hint("ask for fewer rows or columns at a time"));
            }
            found.rows.push(row);
            Ok(())
        })?;
        Ok(found)
    }

    /// The columns of a query that gave no row: sqlx names them with rows alone.
    fn columns(&mut self, bound: &Bound) -> Result<Vec<String>, Error> {
        let line = self.line.as_mut().ok_or_else(fault::closed)?;
        let prepared = self.runtime.block_on(line.prepare(AssertSqlSafe(bound.text.as_str()).into_sql_str()));
        match prepared {
            Ok(prepared) => Ok(prepared.columns().iter().map(|column| column.name().to_owned()).collect()),
            Err(error) => {
                self.note(&error);
                // Not everything that runs can be prepared: what gives no rows needs no columns then.
                if self.line.is_some() { Ok(Vec::new()) } else { Err(fault::error(&error)) }
            }
        }
    }

    fn execute_unplaced(&mut self, statement: &Statement) -> Result<u64, Error> {
        let (kind, bound) = self.prepare(statement)?;
        let touched = self.run(statement, &bound, |_| Ok(()));
        if kind == StatementKind::Session && self.line.is_some() {
            self.check_session()?;
        }
        touched.map(|touched| if kind == StatementKind::Rows { touched } else { 0 })
    }

    fn query_unplaced(&mut self, statement: &Statement) -> Result<Rows, Error> {
        let (_, bound) = self.prepare(statement)?;
        let mut rows = self.rows(statement, &bound)?;
        if rows.rows.is_empty() {
            rows.columns = self.columns(&bound)?;
        }
        Ok(rows)
    }

    /// Puts right what a statement has changed of the session and may not have.
    fn check_session(&mut self) -> Result<(), Error> {
        let said = self.query_own(&Statement::new(session::CHANGEABLE))?;
        let said: Vec<_> = said.rows.first().into_iter().flatten().map(Value::as_text).collect();
        if session::is_suitable(&said) {
            return Ok(());
        }
        self.control(&format!("SET NAMES utf8mb4, sql_mode = '{}', time_zone = '+00:00'", session::SQL_MODE))?;
        Err(Error::refused(
            "the statement changed the session's SQL mode, character set or time zone, which the engine needs",
        )
        .hint("leave it out: patches are in UTF-8, times are in UTC, and the mode is a strict one"))
    }

    /// Ends the transaction's bookkeeping and gives its lock back. After a commit nothing of this may fail: it is in force.
    fn end_transaction(&mut self) {
        self.in_transaction = false;
        self.lost = false;
        let ended = self.control("SET autocommit = 1").and_then(|()| self.unlock_transaction());
        if ended.is_err() {
            // The server ends what a line holds with the line.
            self.line = None;
        }
    }
}

impl Connection for MySqlLine {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        if self.line.is_none() {
            return Err(fault::closed());
        }
        Ok(self.info.clone())
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.execute_unplaced(statement).map_err(|error| statement.placed(error, None))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.query_unplaced(statement).map_err(|error| statement.placed(error, None))
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        if self.locks.contains(name) {
            return Ok(());
        }
        self.acquire(name)?;
        self.locks.insert(name.to_owned());
        Ok(())
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        if self.locks.remove(name) { self.release(name) } else { Ok(()) }
    }

    /// Without autocommit, what comes after a statement that commits by itself is in a transaction again.
    fn begin(&mut self) -> Result<(), Error> {
        if self.in_transaction {
            return Err(Error::transaction_open());
        }
        if self.line.is_none() {
            return Err(fault::closed());
        }
        self.lock_transaction()?;
        if let Err(error) = self.control("SET autocommit = 0") {
            // The first error is the one to tell; a lock that can't be given back goes with the line.
            let _ = self.unlock_transaction();
            return Err(error);
        }
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        if !self.in_transaction {
            return Err(Error::no_transaction());
        }
        if self.lost {
            return Err(fault::transaction_lost());
        }
        if self.line.is_none() {
            return Err(fault::closed());
        }
        if let Err(error) = self.control_raw("COMMIT") {
            let unknown = self.line.is_none();
            return Err(if unknown { fault::commit_unknown(&error) } else { fault::error(&error) });
        }
        self.end_transaction();
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        if !self.in_transaction {
            return Ok(());
        }
        if self.line.is_none() {
            self.in_transaction = false;
            self.lost = false;
            return Err(fault::closed());
        }
        let result = self.control("ROLLBACK");
        if result.is_err() {
            // A line in an unknown state must not run another statement; the server takes the transaction back with it.
            self.close();
        }
        self.end_transaction();
        result
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        let text = "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?";
        let rows = self.query_own(&Statement::with(text, [self.database.as_str().into(), name.into()]))?;
        Ok(!rows.rows.is_empty())
    }

    fn without_transactions(&mut self, names: &[&str]) -> Result<Vec<String>, Error> {
        crate::catalog::without_transactions(self, names)
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        crate::catalog::introspect(self, names)
    }
}

impl MySqlLine {
    /// Says good-bye, so that locks are free when the caller goes on.
    fn close(&mut self) {
        if let Some(line) = self.line.take() {
            // The server takes an open transaction back on its own; if even closing fails, the end of the line does it.
            let _ = self.runtime.block_on(async { tokio::time::timeout(CLOSE_TIMEOUT, line.close()).await });
        }
    }
}

impl Drop for MySqlLine {
    /// Takes back and gives back before the line ends: the server notices the end of a line only in its own time.
    fn drop(&mut self) {
        let Some(line) = self.line.as_mut() else { return };
        if self.in_transaction || !self.locks.is_empty() {
            for text in ["ROLLBACK", "DO RELEASE_ALL_LOCKS()"] {
                let ended = self.runtime.block_on(async {
                    tokio::time::timeout(CLOSE_TIMEOUT, line.execute(sqlx::raw_sql(AssertSqlSafe(text)))).await
                });
                if !matches!(ended, Ok(Ok(_))) {
                    break;
                }
            }
        }
        self.close();
    }
}

/// Who failed: the server, or what the caller does with its rows.
enum Failure {
    Server(sqlx::Error),
    Caller(Error),
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
