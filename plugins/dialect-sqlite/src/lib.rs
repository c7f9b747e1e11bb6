//! The SQLite dialect, on sqlx.
//!
//! [`Sqlite`] is all that the engine's wiring needs; `connection` holds one open database, `journal` its rollback journal.
//! `definition` reads SQLite's own text of a table, which `introspect` and `schema` turn into the words of the contract, and
//! which `render` edits.

mod connection;
mod definition;
mod fault;
mod guard;
mod introspect;
mod journal;
mod location;
mod placeholders;
mod render;
mod schema;
mod types;
mod values;

use connection::SqliteConnection;
use location::Location;
use patchwright_hooks_api::schema::{Schema, Table};
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, PlainSql, ServerInfo, Statement,
};

/// SQLite 3: databases that are one file.
///
/// Every connection owns a small runtime and blocks its caller, so neither a connection nor its drop belongs on a
/// thread that drives an asynchronous runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

impl Dialect for Sqlite {
    fn info(&self) -> DialectInfo {
        DialectInfo {
            name: "sqlite".to_owned(),
            schemes: vec![location::SCHEME.to_owned()],
            lexical: LexicalRules::sqlite(),
            quote: ('"', '"'),
            transactional_ddl: true,
            commits: Vec::new(),
            // VACUUM can't run in a transaction, and VACUUM INTO writes any file; the other two reach other databases.
            refused: ["ATTACH", "DETACH", "VACUUM"].map(str::to_owned).to_vec(),
        }
    }

    fn plain_sql(&self) -> PlainSql {
        PlainSql { rows_as_json: Some("json_group_array(json_array({}))".to_owned()), ..PlainSql::default() }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        let location = Location::parse(&to.url)?;
        Ok(Box::new(SqliteConnection::open(&location, to.create)?))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        render::render(change, server, before)
    }

    fn stored(&self, table: &Table) -> Table {
        schema::stored(table)
    }
}
