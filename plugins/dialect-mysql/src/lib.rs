//! The dialect of MySQL and MariaDB, on sqlx.
//!
//! [`MySql`] is all that the engine's wiring needs. `connection` holds one open line and its transaction, `exclusion` keeps
//! other engines out; `catalog` reads what there is, and `render` says portable changes in MySQL's words.
//!
//! What is MySQL's own and a patch's author should know:
//!
//! - CREATE, ALTER and DROP commit by themselves. Each portable change of a structure is one statement, which the server does
//!   wholly or not at all (MySQL 8, MariaDB 10.6).
//! - Everything travels as text: each value comes back in the exact text of its type, and every statement can be run.
//! - The session is strict, in UTC and in UTF-8, whatever the server's own settings are. A statement that changes what the
//!   engine relies on is refused.
//! - A renamed table keeps its foreign keys, but views on it must be made anew: MySQL keeps the old name in them.

mod bound;
mod catalog;
mod cells;
mod charset;
mod connection;
mod defaults;
mod definition;
mod exclusion;
mod fault;
mod guard;
mod instant;
mod location;
mod render;
mod server;
mod session;
mod stored;
mod types;
mod values;
mod verbs;
mod views;

use connection::MySqlLine;
use location::Location;
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, PlainSql, Schema, ServerInfo, Statement,
};

/// MySQL from version 5.7.5 and MariaDB from version 10.2.7 on.
///
/// Every connection owns a small runtime and blocks its caller, so neither a connection nor its drop belongs on a
/// thread that drives an asynchronous runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct MySql;

impl Dialect for MySql {
    fn info(&self) -> DialectInfo {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        DialectInfo {
            name: "mysql".to_owned(),
            schemes: owned(&location::SCHEMES),
            lexical: LexicalRules::mysql(),
            quote: ('`', '`'),
            transactional_ddl: false,
            commits: owned(verbs::COMMITS),
            refused: owned(verbs::REFUSED),
        }
    }

    /// MySQL's TEXT ends at 64 KiB.
    fn plain_sql(&self) -> PlainSql {
        PlainSql { long_text: "LONGTEXT".to_owned(), ..PlainSql::default() }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(MySqlLine::open(&Location::parse(&to.url)?)?))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        render::render(change, server.into(), before)
    }

    fn stored(&self, table: &Table) -> Table {
        stored::stored(table)
    }
}
