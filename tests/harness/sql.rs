//! The simulated machine's database: SQLite, whose commits are events of the story. In one variant DDL commits by itself, as on
//! MySQL, and every such statement is an event too.

use crate::machine::Machine;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Rows, Schema, ServerInfo, Statement,
};
use std::path::PathBuf;
use std::sync::Arc;

/// What CREATE, ALTER and DROP are to a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ddl {
    /// A part of it.
    RollsBack,
    /// Its end: they commit what is open, and then themselves.
    Commits,
}

/// SQLite on a machine.
pub(crate) struct SimDialect {
    pub(crate) machine: Arc<Machine>,
    /// The database's file.
    pub(crate) file: PathBuf,
    pub(crate) ddl: Ddl,
}

impl Dialect for SimDialect {
    fn info(&self) -> DialectInfo {
        match self.ddl {
            Ddl::RollsBack => Sqlite.info(),
            Ddl::Commits => DialectInfo {
                transactional_ddl: false,
                commits: ["CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"].map(str::to_owned).to_vec(),
                ..Sqlite.info()
            },
        }
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        Sqlite.render(change, server, before)
    }

    fn stored(&self, table: &Table) -> Table {
        Sqlite.stored(table)
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        alive(&self.machine)?;
        let connection = Sqlite.connect(to)?;
        let (machine, file) = (self.machine.clone(), self.file.clone());
        let number = machine.inner().fresh_node();
        Ok(Box::new(SimConnection { connection, machine, file, info: self.info(), number, in_transaction: false }))
    }
}

struct SimConnection {
    connection: Box<dyn Connection>,
    machine: Arc<Machine>,
    file: PathBuf,
    info: DialectInfo,
    /// Tells who holds the lock.
    number: u64,
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
        if self.in_transaction && self.info.commits_by_itself(&statement.text) {
            self.commit()?;
        }
        let statement = &in_sqlite(statement);
        if self.in_transaction {
            return self.connection.execute(statement);
        }
        self.commit_by(|connection| connection.execute(statement))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        alive(&self.machine)?;
        self.connection.query(statement)
    }

    fn lock(&mut self, _name: &str) -> Result<(), Error> {
        alive(&self.machine)?;
        match &mut self.machine.inner().database_holder {
            Some(holder) if *holder != self.number => {
                Err(Error::new(ErrorKind::Busy, format!("connection {holder} holds the lock")))
            }
            holder => {
                *holder = Some(self.number);
                Ok(())
            }
        }
    }

    fn unlock(&mut self, _name: &str) -> Result<(), Error> {
        let holder = &mut self.machine.inner().database_holder;
        *holder = holder.filter(|holder| *holder != self.number);
        Ok(())
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

impl Drop for SimConnection {
    fn drop(&mut self) {
        let _ = self.unlock("");
    }
}

/// Where DDL commits by itself an index is dropped as MySQL does it, with the name of its table.
fn in_sqlite(statement: &Statement) -> Statement {
    match statement.text.split_once(" ON ") {
        Some((index, _)) if index.starts_with("DROP INDEX ") => Statement::new(index),
        _ => statement.clone(),
    }
}

fn alive(machine: &Machine) -> Result<(), Error> {
    if machine.inner().database_lives() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Database, "the database can't be reached"))
}
