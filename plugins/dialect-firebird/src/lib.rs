//! The Firebird dialect, on rsfbclient's pure Rust client: no Firebird library is needed on the site's machine.
//!
//! [`Firebird`] is all that a host needs. `session` is one attachment to a server, `connection` the contract's connection on
//! it, `exclusion` keeps other engines out; `catalog` reads what there is, and `render` says portable changes in Firebird's words.
//!
//! What is Firebird's own and a patch's author should know:
//!
//! - A table or column that a transaction makes can't be used before its commit, so no transaction can hold both a change of
//!   the structure and of the rows. Here every statement that changes the structure is a transaction of its own, as in Firebird's
//!   `isql`: it happens wholly or not at all, and commits by itself.
//! - A name without quotes is one in upper case. Names of portable changes in lower case are the same names as in the author's own
//!   SQL without quotes; results and schemas give them in lower case again.
//! - Names have at most 31 bytes. There are no partial indexes, and an index descends as a whole or not at all.
//! - A `;` inside a routine's declarations ends the statement for who splits a script: put `DELIMITER //` before such a
//!   statement, and `//` behind it.

mod catalog;
mod connection;
mod defaults;
mod exclusion;
mod fault;
mod guard;
mod location;
mod names;
mod query;
mod render;
mod session;
mod stored;
mod types;
mod values;

use connection::FirebirdConnection;
use location::Location;
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, PlainSql, Schema, ServerInfo, Statement,
};

/// Firebird from version 3 on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Firebird;

impl Dialect for Firebird {
    fn info(&self) -> DialectInfo {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        DialectInfo {
            name: "firebird".to_owned(),
            schemes: vec![location::SCHEME.to_owned()],
            lexical: rules(),
            quote: ('"', '"'),
            transactional_ddl: false,
            commits: owned(guard::COMMITS),
            refused: owned(guard::REFUSED),
        }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(FirebirdConnection::open(&Location::parse(&to.url)?, to.create)?))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        render::render(change, server, before)
    }

    fn plain_sql(&self) -> PlainSql {
        PlainSql { long_text: types::LONG_TEXT.to_owned(), many_rows: false, ..PlainSql::default() }
    }

    fn stored(&self, table: &Table) -> Table {
        stored::stored(table)
    }
}

/// Drops a database with all that is in it: for tests, which make their own.
///
/// # Errors
/// When it is not there, or somebody is connected to it.
pub fn drop_database(url: &str) -> Result<(), Error> {
    let mut session = session::Session::attach(&Location::parse(url)?).map_err(|error| fault::error(&error))?;
    session.drop_database().map_err(|error| fault::error(&error))
}

/// How Firebird's SQL is cut into statements.
pub(crate) fn rules() -> LexicalRules {
    LexicalRules {
        compound_bodies: ["TRIGGER", "PROCEDURE", "FUNCTION"].map(str::to_owned).to_vec(),
        delimiter_command: true,
        upper_case_names: true,
        ..LexicalRules::default()
    }
}
