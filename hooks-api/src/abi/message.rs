//! What host and plugin say to each other: JSON texts, one request, one reply.
//!
//! Unknown fields are ignored and unknown methods answered with `unsupported`, so that either side may be newer.

use crate::change::Change;
use crate::dialect::{ConnectSpec, ServerInfo, Statement};
use crate::error::Error;
use crate::schema::{Schema, Table};
use serde::{Deserialize, Serialize};

/// The methods, as requests name them.
pub const METHODS: [&str; 18] = [
    "info",
    "connect",
    "render",
    "stored",
    "plain-sql",
    "server",
    "execute",
    "query",
    "lock",
    "unlock",
    "begin",
    "commit",
    "roll-back",
    "has-table",
    "without-transactions",
    "introspect",
    "cancel",
    "close",
];

/// What the host asks. A connection is named by the number that `connect` gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Request {
    /// [`Dialect::info`](crate::Dialect::info): a `DialectInfo`.
    Info,
    /// [`Dialect::connect`](crate::Dialect::connect): the connection's number.
    Connect {
        /// Which database.
        to: ConnectSpec,
    },
    /// [`Dialect::render`](crate::Dialect::render): statements.
    Render {
        /// The change.
        change: Box<Change>,
        /// The server that it is for.
        server: ServerInfo,
        /// The schema before it.
        before: Schema,
    },
    /// [`Dialect::stored`](crate::Dialect::stored): a table.
    Stored {
        /// The table.
        table: Box<Table>,
    },
    /// [`Dialect::plain_sql`](crate::Dialect::plain_sql): a `PlainSql`.
    PlainSql,
    /// [`Connection::server`](crate::Connection::server): a `ServerInfo`.
    Server {
        /// The connection.
        connection: u64,
    },
    /// [`Connection::execute`](crate::Connection::execute): the number of rows touched.
    Execute {
        /// The connection.
        connection: u64,
        /// The statement.
        statement: Statement,
    },
    /// [`Connection::query`](crate::Connection::query): rows.
    Query {
        /// The connection.
        connection: u64,
        /// The statement.
        statement: Statement,
    },
    /// [`Connection::lock`](crate::Connection::lock): nothing.
    Lock {
        /// The connection.
        connection: u64,
        /// What is locked.
        name: String,
    },
    /// [`Connection::unlock`](crate::Connection::unlock): nothing.
    Unlock {
        /// The connection.
        connection: u64,
        /// What was locked.
        name: String,
    },
    /// [`Connection::begin`](crate::Connection::begin): nothing.
    Begin {
        /// The connection.
        connection: u64,
    },
    /// [`Connection::commit`](crate::Connection::commit): nothing.
    Commit {
        /// The connection.
        connection: u64,
    },
    /// [`Connection::roll_back`](crate::Connection::roll_back): nothing.
    RollBack {
        /// The connection.
        connection: u64,
    },
    /// [`Connection::has_table`](crate::Connection::has_table): true or false.
    HasTable {
        /// The connection.
        connection: u64,
        /// The table or view.
        name: String,
    },
    /// [`Connection::without_transactions`](crate::Connection::without_transactions): names of tables.
    WithoutTransactions {
        /// The connection.
        connection: u64,
        /// The tables.
        names: Vec<String>,
    },
    /// [`Connection::introspect`](crate::Connection::introspect): a schema.
    Introspect {
        /// The connection.
        connection: u64,
        /// The tables and views; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        names: Option<Vec<String>>,
    },
    /// [`Connection::canceller`](crate::Connection::canceller): ends the statement that the connection runs. The one request
    /// that comes while another for the same connection is under way, from another thread. Nothing.
    Cancel {
        /// The connection.
        connection: u64,
    },
    /// Drops the connection; an open transaction is taken back. Nothing.
    Close {
        /// The connection.
        connection: u64,
    },
}

/// What comes back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply<T> {
    /// What was asked for; `null` where there is nothing to say.
    Ok(T),
    /// Why there is none.
    Error(Error),
}

impl Request {
    /// The connection that it is for, if it is for one.
    pub fn connection(&self) -> Option<u64> {
        match self {
            Self::Info | Self::Connect { .. } | Self::Render { .. } | Self::Stored { .. } | Self::PlainSql => None,
            Self::Server { connection }
            | Self::Execute { connection, .. }
            | Self::Query { connection, .. }
            | Self::Lock { connection, .. }
            | Self::Unlock { connection, .. }
            | Self::Begin { connection }
            | Self::Commit { connection }
            | Self::RollBack { connection }
            | Self::HasTable { connection, .. }
            | Self::WithoutTransactions { connection, .. }
            | Self::Introspect { connection, .. }
            | Self::Cancel { connection }
            | Self::Close { connection } => Some(*connection),
        }
    }
}
