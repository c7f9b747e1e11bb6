//! The library's side of the talk: requests become calls of a dialect and its connections.

use super::message::{METHODS, Reply, Request};
use crate::dialect::{Canceller, Connection, Dialect};
use crate::error::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// A dialect that answers requests. Threads may use it side by side; requests for one connection wait for each other.
pub struct Answering {
    dialect: Box<dyn Dialect>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    open: BTreeMap<u64, Line>,
    last: u64,
}

/// An open connection. What cancels its statement is reached while the statement holds the rest.
#[derive(Clone)]
struct Line {
    connection: Arc<Mutex<Box<dyn Connection>>>,
    canceller: Option<Canceller>,
}

impl Answering {
    /// Answers for this dialect.
    pub fn new(dialect: Box<dyn Dialect>) -> Self {
        Self { dialect, connections: Mutex::default() }
    }

    /// The reply to a request, both as JSON texts. A panic of the dialect is an error too, and costs the connection that it
    /// came from: nobody knows what state it is in.
    pub fn answer(&self, request: &[u8]) -> Vec<u8> {
        let request: Request = match serde_json::from_slice(request) {
            Ok(request) => request,
            Err(error) => return written::<()>(Err(misunderstood(request, &error))),
        };
        let connection = request.connection();
        catch_unwind(AssertUnwindSafe(|| self.reply(request))).unwrap_or_else(|panic| {
            if let Some(connection) = connection {
                self.forget(connection);
            }
            written::<()>(Err(panicked(panic.as_ref())))
        })
    }

    fn reply(&self, request: Request) -> Vec<u8> {
        match request {
            Request::Info => written(Ok(self.dialect.info())),
            Request::Connect { to } => written(self.dialect.connect(&to).map(|connection| self.keep(connection))),
            Request::Render { change, server, before } => written(self.dialect.render(&change, &server, &before)),
            Request::Stored { table } => written(Ok(self.dialect.stored(&table))),
            Request::PlainSql => written(Ok(self.dialect.plain_sql())),
            Request::Server { connection } => written(self.on(connection, |line| line.server())),
            Request::Execute { connection, statement } => written(self.on(connection, |line| line.execute(&statement))),
            Request::Query { connection, statement } => written(self.on(connection, |line| line.query(&statement))),
            Request::Lock { connection, name } => written(self.on(connection, |line| line.lock(&name))),
            Request::Unlock { connection, name } => written(self.on(connection, |line| line.unlock(&name))),
            Request::Begin { connection } => written(self.on(connection, |line| line.begin())),
            Request::Commit { connection } => written(self.on(connection, |line| line.commit())),
            Request::RollBack { connection } => written(self.on(connection, |line| line.roll_back())),
            Request::HasTable { connection, name } => written(self.on(connection, |line| line.has_table(&name))),
            Request::WithoutTransactions { connection, names } => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                written(self.on(connection, |line| line.without_transactions(&names)))
            }
            Request::Introspect { connection, names } => {
                let names: Option<Vec<&str>> = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
                written(self.on(connection, |line| line.introspect(names.as_deref())))
            }
            Request::Cancel { connection } => written(self.cancel(connection)),
            Request::Close { connection } => {
                self.forget(connection);
                written(Ok(()))
            }
        }
    }

    fn keep(&self, mut connection: Box<dyn Connection>) -> u64 {
        let canceller = connection.canceller();
        let line = Line { connection: Arc::new(Mutex::new(connection)), canceller };
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.last += 1;
        let number = connections.last;
        connections.open.insert(number, line);
        number
    }

    fn on<T>(&self, number: u64, ask: impl FnOnce(&mut dyn Connection) -> Result<T, Error>) -> Result<T, Error> {
        let line = self.line(number)?;
        let mut connection = line.connection.lock().unwrap_or_else(PoisonError::into_inner);
        ask(connection.as_mut())
    }

    fn cancel(&self, number: u64) -> Result<(), Error> {
        match self.line(number)?.canceller {
            Some(canceller) => canceller(),
            None => Err(Error::new(ErrorKind::Unsupported, "this dialect can't end a statement while it runs")),
        }
    }

    fn line(&self, number: u64) -> Result<Line, Error> {
        let line = self.connections.lock().unwrap_or_else(PoisonError::into_inner).open.get(&number).cloned();
        line.ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                format!("there is no connection {number}: it was closed, or a panic cost it"),
            )
        })
    }

    /// Drops a connection, which may panic as well.
    fn forget(&self, number: u64) {
        let line = self.connections.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&number);
        let _ = catch_unwind(AssertUnwindSafe(move || drop(line)));
    }
}

fn written<T: Serialize>(result: Result<T, Error>) -> Vec<u8> {
    let reply = match result {
        Ok(value) => Reply::Ok(value),
        Err(error) => Reply::Error(error),
    };
    serde_json::to_vec(&reply).unwrap_or_else(|error| {
        let error = Error::new(ErrorKind::Internal, format!("the reply can't be written: {error}"));
        serde_json::to_vec(&Reply::<()>::Error(error)).expect("an error is plain text")
    })
}

/// A newer host may know more methods than this library.
fn misunderstood(request: &[u8], error: &serde_json::Error) -> Error {
    #[derive(Deserialize)]
    struct Method {
        method: String,
    }
    match serde_json::from_slice::<Method>(request) {
        Ok(Method { method }) if !METHODS.contains(&method.as_str()) => {
            Error::new(ErrorKind::Unsupported, format!("this plugin doesn't know the method {method}"))
        }
        _ => Error::new(ErrorKind::Internal, format!("the plugin was sent a request that it can't read: {error}")),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let what = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Internal, format!("the plugin panicked: {}", what.unwrap_or("it doesn't say why")))
        .hint("this is a fault of the plugin: report it to its author")
}
