//! The bare line to a server: a text is sent, and what comes back is read whole.

use crate::fault::{self, Fault};
use crate::location::Location;
use crate::values;
use patchwright_hooks_api::{Error, ErrorKind, Rows};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection as _, Either, Executor, Row, SqlSafeStr, Statement as _};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio::time::timeout;

/// How long a server may take to let somebody in, or to say goodbye.
const GREETING: Duration = Duration::from_secs(10);
/// After how long a silence the server's machine is looked for, and how often in vain before the line is given up: sqlx keeps
/// its socket to itself, so TCP's own keepalive can't be asked for on this side.
const SILENCE: Duration = Duration::from_secs(30);
const VAIN_LOOKS: u32 = 3;
/// The most bytes that one query may give: a query without its WHERE must not take the machine's memory.
const MAX_RESULT_BYTES: usize = 256 * 1024 * 1024;

/// An open line. It is never opened anew: what was said on it would be lost.
pub(crate) struct Line {
    runtime: Runtime,
    location: Location,
    /// Absent once it is broken.
    connection: Option<PgConnection>,
}

/// What a statement that was sent gave.
#[derive(Default)]
pub(crate) struct Answer {
    /// The server's count.
    pub(crate) touched: u64,
    /// The columns are named as soon as there is a row.
    pub(crate) rows: Rows,
}

impl Answer {
    fn and(mut self, next: Self) -> Self {
        self.touched += next.touched;
        if self.rows.columns.is_empty() {
            self.rows.columns = next.rows.columns;
        }
        self.rows.rows.extend(next.rows.rows);
        self
    }
}

impl Line {
    /// Opens it.
    pub(crate) fn open(location: Location) -> Result<Self, Error> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::new(ErrorKind::Io, format!("no runtime for the database: {error}")))?;
        // The timer is the runtime's, and has to be made inside it.
        let opened = runtime.block_on(async { timeout(GREETING, first_way(&location)).await });
        let connection = opened.map_err(|_| fault::silent(&location))?;
        let connection = connection.map_err(|error| Fault::from(error).opening(&location))?;
        Ok(Self { runtime, location, connection: Some(connection) })
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Sends a text as it stands, and gives the answers to its statements as one.
    pub(crate) fn send(&mut self, text: &str) -> Result<Answer, Fault> {
        let answers = self.send_each(text)?;
        Ok(answers.into_iter().reduce(Answer::and).unwrap_or_default())
    }

    /// Sends a text as it stands, and gives the answer to each of its statements.
    pub(crate) fn send_each(&mut self, text: &str) -> Result<Vec<Answer>, Fault> {
        let connection = self.connection.as_mut().ok_or_else(|| Fault::Silent(fault::closed()))?;
        let sent = self.runtime.block_on(watched(&self.location, answers(connection, text)));
        self.settled(sent)
    }

    /// The names of the columns that a query would give.
    pub(crate) fn columns(&mut self, text: &str) -> Result<Vec<String>, Fault> {
        let connection = self.connection.as_mut().ok_or_else(|| Fault::Silent(fault::closed()))?;
        let asked = self.runtime.block_on(watched(&self.location, async {
            let prepared = connection.prepare(AssertSqlSafe(text).into_sql_str()).await?;
            // A kept statement would keep its columns, and the table may grow.
            connection.clear_cached_statements().await?;
            Ok(prepared.columns().iter().map(|column| column.name().to_owned()).collect())
        }));
        self.settled(asked)
    }

    /// Closes it, and waits until the server has heard of it.
    pub(crate) fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            // The server takes an open transaction back on its own, whether it hears a goodbye or not.
            let _ = self.runtime.block_on(async { timeout(GREETING, connection.close()).await });
        }
    }

    fn settled<T>(&mut self, sent: Result<T, Fault>) -> Result<T, Fault> {
        if sent.as_ref().is_err_and(Fault::is_fatal) {
            self.connection = None;
        }
        sent
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.close();
    }
}

async fn answers(connection: &mut PgConnection, text: &str) -> Result<Vec<Answer>, Fault> {
    let mut results = connection.fetch_many(AssertSqlSafe(text).into_sql_str());
    let (mut answers, mut answer) = (Vec::new(), Answer::default());
    let mut bytes = 0;
    while let Some(result) = poll_fn(|context| results.as_mut().poll_next(context)).await {
        match result? {
            Either::Left(done) => {
                answer.touched = done.rows_affected();
                answers.push(std::mem::take(&mut answer));
            }
            Either::Right(row) => {
                if answer.rows.columns.is_empty() {
                    answer.rows.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                }
                let row = values::row(&row).map_err(Fault::Found)?;
                bytes += row.iter().map(values::size).sum::<usize>();
                if bytes > MAX_RESULT_BYTES {
                    return Err(Fault::Found(too_much()));
                }
                answer.rows.rows.push(row);
            }
        }
    }
    Ok(answers)
}

/// Waits as long as the server works, and no longer than its machine is there.
async fn watched<T>(location: &Location, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let mut work = pin!(work);
    let mut vain = 0;
    loop {
        if let Ok(done) = timeout(SILENCE, work.as_mut()).await {
            return done;
        }
        vain = if is_there(location).await { 0 } else { vain + 1 };
        if vain == VAIN_LOOKS {
            return Err(Fault::Silent(fault::silent(location)));
        }
    }
}

/// Whether the server's machine answers. Where its server is gone, it says so on the line itself.
async fn is_there(location: &Location) -> bool {
    match location.address() {
        Some(address) => timeout(GREETING, TcpStream::connect(address)).await.is_ok(),
        None => true,
    }
}

fn too_much() -> Error {
    Error::new(ErrorKind::Limit, format!("the query gives more than {MAX_RESULT_BYTES} bytes"))
        .hint("ask for fewer rows or columns at a time")
}

/// Opens the line in the first way that the server lets in; what it says to the last one counts.
async fn first_way(location: &Location) -> Result<PgConnection, sqlx::Error> {
    let mut ways = location.ways().into_iter().peekable();
    loop {
        let way = ways.next().expect("there is a way to each location");
        match way.connect().await {
            Err(error) if ways.peek().is_some() && fault::is_turned_away(&error) => {}
            ended => return ended,
        }
    }
}
