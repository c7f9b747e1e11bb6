//! A real server's dialect, cut off at a statement: the connection is killed by the server, or the engine dies.

use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{
    Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Rows, Schema, ServerInfo, Statement,
};
use std::sync::{Arc, Mutex};

/// What happens at one statement, counted from 1. Commits count as statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Which statement.
    pub at: usize,
    /// Whether the server runs it first.
    pub after: bool,
    /// Whether the engine dies. Otherwise the server kills the connection, and the engine may open another.
    pub dies: bool,
}

/// A dialect that is cut off where it is told.
pub struct CutDialect<D> {
    dialect: D,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    cut: Option<Cut>,
    count: usize,
    dead: bool,
}

impl<D: Dialect> CutDialect<D> {
    /// The dialect, to be cut off there, or nowhere.
    pub fn new(dialect: D, cut: Option<Cut>) -> Self {
        Self { dialect, state: Arc::new(Mutex::new(State { cut, ..State::default() })) }
    }

    /// Gives the number of statements so far, whenever it is asked.
    pub fn counter(&self) -> impl Fn() -> usize + use<D> {
        let state = self.state.clone();
        move || state.lock().unwrap().count
    }
}

impl<D: Dialect> Dialect for CutDialect<D> {
    fn info(&self) -> DialectInfo {
        self.dialect.info()
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        alive(&self.state)?;
        let mut connection = self.dialect.connect(to)?;
        let number = connection.query(&Statement::new("SELECT CONNECTION_ID()"))?;
        let killer = self.dialect.connect(to)?;
        let number = number.scalar().map(ToString::to_string).unwrap_or_default();
        Ok(Box::new(CutConnection { connection, killer, number, state: self.state.clone() }))
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        self.dialect.render(change, server, before)
    }

    fn stored(&self, table: &Table) -> Table {
        self.dialect.stored(table)
    }
}

struct CutConnection {
    connection: Box<dyn Connection>,
    killer: Box<dyn Connection>,
    number: String,
    state: Arc<Mutex<State>>,
}

impl CutConnection {
    fn counted<T>(&mut self, mut act: impl FnMut(&mut dyn Connection) -> Result<T, Error>) -> Result<T, Error> {
        let cut = {
            let mut state = self.state.lock().unwrap();
            if state.dead {
                return Err(dead());
            }
            state.count += 1;
            state.cut.filter(|cut| cut.at == state.count)
        };
        let Some(cut) = cut else { return act(self.connection.as_mut()) };
        if cut.after {
            act(self.connection.as_mut())?;
        }
        self.killer.execute(&Statement::new(format!("KILL CONNECTION {}", self.number)))?;
        self.state.lock().unwrap().dead = cut.dies;
        if cut.dies || cut.after {
            return Err(dead());
        }
        act(self.connection.as_mut())
    }
}

impl Connection for CutConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        alive(&self.state)?;
        self.connection.server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        self.counted(|connection| connection.execute(statement))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        alive(&self.state)?;
        self.connection.query(statement)
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        alive(&self.state)?;
        self.connection.lock(name)
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        alive(&self.state)?;
        self.connection.unlock(name)
    }

    fn begin(&mut self) -> Result<(), Error> {
        alive(&self.state)?;
        self.connection.begin()
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.counted(|connection| connection.commit())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        alive(&self.state)?;
        self.connection.roll_back()
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        alive(&self.state)?;
        self.connection.has_table(name)
    }

    fn without_transactions(&mut self, names: &[&str]) -> Result<Vec<String>, Error> {
        alive(&self.state)?;
        self.connection.without_transactions(names)
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        alive(&self.state)?;
        self.connection.introspect(names)
    }
}

fn alive(state: &Mutex<State>) -> Result<(), Error> {
    if state.lock().unwrap().dead { Err(dead()) } else { Ok(()) }
}

fn dead() -> Error {
    Error::new(ErrorKind::Database, "the line to the database broke")
}
