//! The PostgreSQL dialect, on sqlx.
//!
//! [`Postgres`] is all that the engine's wiring needs. `connection` holds one open line and its transaction, `exclusion` keeps
//! other engines out; `catalog` reads what there is, and `render` says portable changes in PostgreSQL's words.
//!
//! What is PostgreSQL's own and a patch's author should know:
//!
//! - Everything travels by the simple query protocol: each value comes back in the exact text of its type.
//! - A patch is one transaction, so `CREATE INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY` and `REINDEX … CONCURRENTLY` run
//!   without that word: the gate is shut, and there is nobody whom the plain form could keep waiting.
//! - A statement that changes `search_path`, the role or another setting that the engine relies on is refused.

mod bound;
mod catalog;
mod connection;
mod enumeration;
mod exclusion;
mod fault;
mod guard;
mod line;
mod location;
mod names;
mod render;
mod session;
mod stored;
mod values;

use connection::PgDatabase;
use location::Location;
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, Schema, ServerInfo, Statement,
};

/// Statements that can't run inside a transaction, or reach beyond the site's own database.
const REFUSED: [&str; 21] = [
    "ALTER DATABASE",
    "ALTER SUBSCRIPTION",
    "ALTER SYSTEM",
    "ALTER TABLESPACE",
    "CHECKPOINT",
    // Rows come from a stream or a server's file, and sqlx would wait for ever for an end that nobody sends.
    "COPY",
    "CREATE DATABASE",
    "CREATE SUBSCRIPTION",
    "CREATE TABLESPACE",
    "DISCARD",
    "DROP DATABASE",
    "DROP SUBSCRIPTION",
    "DROP TABLESPACE",
    "LISTEN",
    "LOAD",
    "REINDEX DATABASE",
    "REINDEX SCHEMA",
    "REINDEX SYSTEM",
    "RESET ALL",
    "UNLISTEN",
    "VACUUM",
];

/// PostgreSQL, from version 12 on.
///
/// Every connection owns a small runtime and blocks its caller, so neither a connection nor its drop belongs on a
/// thread that drives an asynchronous runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Postgres;

impl Dialect for Postgres {
    fn info(&self) -> DialectInfo {
        DialectInfo {
            name: "postgres".to_owned(),
            schemes: location::SCHEMES.map(str::to_owned).to_vec(),
            lexical: LexicalRules::postgres(),
            quote: ('"', '"'),
            transactional_ddl: true,
            commits: Vec::new(),
            refused: REFUSED.map(str::to_owned).to_vec(),
        }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(PgDatabase::open(Location::parse(&to.url)?)?))
    }

    fn render(&self, change: &Change, _server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        render::render(change, before)
    }

    fn stored(&self, table: &Table) -> Table {
        stored::stored(table)
    }
}
