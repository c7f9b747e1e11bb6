//! The simulated machine's database: SQLite, whose commits are events of the story.

use crate::machine::Machine;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::{
    ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Rows, Schema, ServerInfo, Statement,
};
use std::path::PathBuf;
use std::sync::Arc;

/// SQLite on a machine.
pub(crate) struct SimDialect {
    pub(crate) machine: Arc<Machine>,
    /// The database's file.
    pub(crate) file: PathBuf,
}

impl Dialect for SimDialect {
    fn info(&self) -> DialectInfo {
        Sqlite.info()
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        alive(&self.machine)?;
        let connection = Sqlite.connect(to)?;
        let (machine, file) = (self.machine.clone(), self.file.clone());
        Ok(Box::new(SimConnection { connection, machine, file, in_transaction: false }))
    }
}

struct SimConnection {
    connection: Box<dyn Connection>,
    machine: Arc<Machine>,
    file: PathBuf,
    in_transaction: bool,
}

impl SimConnection {
    /// Lets something happen that makes a transaction durable, if the machine's fault lets it.
    fn commit_by<T>(&mut self, act: impl FnOnce(&mut dyn Connection) -> Result<T, Error>) -> Result<T, Error> {
        let (comes_about, outcome) = self.machine.inner().begin_commit();
        let lost = |kind| Error::new(ErrorKind::Database, format!("the line to the database broke: {kind}"));
        if !comes_about {
            outcome.map_err(lost)?;
        }
        let done = act(self.connection.as_mut())?;
        let bytes = std::fs::read(&self.file).map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        self.machine.inner().committed(bytes.into());
        outcome.map(|()| done).map_err(lost)
    }
}

impl Connection for SimConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        alive(&self.machine)?;
        self.connection.server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        alive(&self.machine)?;
        if self.in_transaction {
            return self.connection.execute(statement);
        }
        self.commit_by(|connection| connection.execute(statement))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        alive(&self.machine)?;
        self.connection.query(statement)
    }

    fn begin(&mut self) -> Result<(), Error> {
        alive(&self.machine)?;
        self.connection.begin()?;
        self.in_transaction = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.commit_by(|connection| connection.commit())?;
        self.in_transaction = false;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        self.in_transaction = false;
        self.connection.roll_back()
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        alive(&self.machine)?;
        self.connection.has_table(name)
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        alive(&self.machine)?;
        self.connection.introspect(names)
    }
}

fn alive(machine: &Machine) -> Result<(), Error> {
    if machine.inner().database_lives() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Database, "the database can't be reached"))
}
