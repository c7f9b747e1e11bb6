//! The host's side of the talk: a dialect whose calls become requests.

use super::message::{Reply, Request};
use crate::change::Change;
use crate::dialect::{Canceller, ConnectSpec, Connection, Dialect, DialectInfo, PlainSql, ServerInfo, Statement};
use crate::error::{Error, ErrorKind};
use crate::schema::{Schema, Table};
use crate::value::Rows;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// How requests get to a plugin: by a function of a library, or to another process.
pub trait Transport: Send + Sync {
    /// Sends a request and gives the reply, both as JSON texts.
    ///
    /// # Errors
    /// When there is no reply: the plugin is broken, gone, or took too long.
    fn call(&self, request: &[u8]) -> Result<Vec<u8>, Error>;

    /// Sends the request that ends the one under way, which another thread waits for.
    ///
    /// # Errors
    /// When the plugin can't be asked while it is at work, or says that it can't.
    fn cancel(&self, request: &[u8]) -> Result<(), Error>;

    /// What a new connection's requests go through: the same, unless each connection has a process of its own.
    ///
    /// # Errors
    /// When there can be no further one.
    fn for_connection(self: Arc<Self>) -> Result<Arc<dyn Transport>, Error>;
}

/// A dialect at the other end of a [`Transport`].
pub struct RemoteDialect {
    transport: Arc<dyn Transport>,
    info: DialectInfo,
}

impl RemoteDialect {
    /// Asks who is there.
    ///
    /// # Errors
    /// When the plugin does not answer, or with something else than what it is.
    pub fn open(transport: Arc<dyn Transport>) -> Result<Self, Error> {
        let info = ask(transport.as_ref(), &Request::Info)?;
        Ok(Self { transport, info })
    }
}

impl Dialect for RemoteDialect {
    fn info(&self) -> DialectInfo {
        self.info.clone()
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        let transport = Arc::clone(&self.transport).for_connection()?;
        let number = ask(transport.as_ref(), &Request::Connect { to: to.clone() })?;
        Ok(Box::new(RemoteConnection { transport, number }))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        let request =
            Request::Render { change: Box::new(change.clone()), server: server.clone(), before: before.clone() };
        ask(self.transport.as_ref(), &request)
    }

    /// A plugin that can't say differs in nothing.
    fn plain_sql(&self) -> PlainSql {
        ask(self.transport.as_ref(), &Request::PlainSql).unwrap_or_default()
    }

    /// A plugin that can't say is taken to store tables as they are; comparisons then tell more differences than there are.
    fn stored(&self, table: &Table) -> Table {
        ask(self.transport.as_ref(), &Request::Stored { table: Box::new(table.clone()) })
            .unwrap_or_else(|_| table.clone())
    }
}

/// A connection at the other end.
struct RemoteConnection {
    transport: Arc<dyn Transport>,
    number: u64,
}

impl RemoteConnection {
    fn ask<T: DeserializeOwned>(&self, request: &Request) -> Result<T, Error> {
        ask(self.transport.as_ref(), request)
    }
}

impl Connection for RemoteConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        self.ask(&Request::Server { connection: self.number })
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.ask(&Request::Execute { connection: self.number, statement: statement.clone() })
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.ask(&Request::Query { connection: self.number, statement: statement.clone() })
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        nothing_if_unknown(self.ask(&Request::Lock { connection: self.number, name: name.to_owned() }))
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        nothing_if_unknown(self.ask(&Request::Unlock { connection: self.number, name: name.to_owned() }))
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.ask(&Request::Begin { connection: self.number })
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.ask(&Request::Commit { connection: self.number })
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        self.ask(&Request::RollBack { connection: self.number })
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        self.ask(&Request::HasTable { connection: self.number, name: name.to_owned() })
    }

    fn without_transactions(&mut self, names: &[&str]) -> Result<Vec<String>, Error> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        nothing_if_unknown(self.ask(&Request::WithoutTransactions { connection: self.number, names }))
    }

    fn canceller(&mut self) -> Option<Canceller> {
        let (transport, number) = (Arc::clone(&self.transport), self.number);
        Some(Arc::new(move || transport.cancel(&written(&Request::Cancel { connection: number })?)))
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        let names = names.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        self.ask(&Request::Introspect { connection: self.number, names })
    }
}

impl Drop for RemoteConnection {
    fn drop(&mut self) {
        // A plugin that is gone has closed the line with it.
        let _: Result<(), Error> = self.ask(&Request::Close { connection: self.number });
    }
}

/// A plugin that doesn't know a method that has a default does what the default does.
fn nothing_if_unknown<T: Default>(reply: Result<T, Error>) -> Result<T, Error> {
    match reply {
        Err(error) if error.kind == ErrorKind::Unsupported => Ok(T::default()),
        other => other,
    }
}

fn ask<T: DeserializeOwned>(transport: &dyn Transport, request: &Request) -> Result<T, Error> {
    read(&transport.call(&written(request)?)?)
}

fn written(request: &Request) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(request)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("a request to a plugin can't be written: {error}")))
}

/// What a reply says.
///
/// # Errors
/// The error that it is, or that it can't be read.
pub fn read<T: DeserializeOwned>(reply: &[u8]) -> Result<T, Error> {
    match serde_json::from_slice(reply) {
        Ok(Reply::Ok(value)) => Ok(value),
        Ok(Reply::Error(error)) => Err(error),
        Err(error) => {
            Err(Error::new(ErrorKind::Internal, format!("the plugin gave a reply that can't be read: {error}"))
                .hint("this is a fault of the plugin: report it to its author"))
        }
    }
}
