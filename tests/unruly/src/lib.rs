//! SQLite under another name, which misbehaves when a statement tells it to: `/* unruly: abort */`.
//!
//! It stands for every bad plugin that somebody will write. A site with it works until a statement asks for trouble.
#![expect(clippy::print_stdout, reason = "a plugin that talks into the protocol is one of the things to stand")]

use patchwright_dialect_sqlite::Sqlite;
use patchwright_hooks_api::abi::export::log;
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::{
    Canceller, Change, ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Level, Rows, Schema,
    ServerInfo, Statement,
};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

patchwright_hooks_api::export_dialect!("unruly", Unruly);

struct Unruly;

/// How this build behaves. Tests write `fickle` over it: such a build refuses once there is a file `turned` beside the database.
static MANNER: [u8; 16] = *b"manner: constant";

/// A connection of SQLite's, which forgets what its transactions are for when it is told to.
struct UnrulyConnection {
    line: Box<dyn Connection>,
    keeps: bool,
}

impl Dialect for Unruly {
    fn info(&self) -> DialectInfo {
        DialectInfo { name: "unruly".to_owned(), schemes: vec!["unruly".to_owned()], ..Sqlite.info() }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        log(Level::Info, "unruly is here");
        let url = to.url.replacen("unruly", "sqlite", 1);
        let turned = url.strip_prefix("sqlite:").is_some_and(|file| Path::new(file).with_file_name("turned").exists());
        if turned && black_box(&MANNER).starts_with(b"manner: fickle") {
            return Err(Error::new(ErrorKind::Internal, "unruly has turned"));
        }
        let line = Sqlite.connect(&ConnectSpec { url, create: to.create })?;
        Ok(Box::new(UnrulyConnection { line, keeps: false }))
    }

    fn stored(&self, table: &Table) -> Table {
        Sqlite.stored(table)
    }

    fn render(&self, change: &Change, server: &ServerInfo, before: &Schema) -> Result<Vec<Statement>, Error> {
        Sqlite.render(change, server, before)
    }
}

impl Connection for UnrulyConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        self.line.server()
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        match trouble(&statement.text) {
            Some("panic") => panic!("somebody told me to"),
            Some("abort") => std::process::abort(),
            Some("exit") => std::process::exit(0),
            Some("hang") => std::thread::sleep(Duration::from_secs(3600)),
            Some("overflow") => drop(black_box(deeper(1))),
            Some("print") => println!("{{\"ok\": null}}"),
            Some("lie") => return Ok(7),
            Some("keep") => self.keeps = true,
            Some("long") => return self.line.query(&Statement::new(ENDLESS)).map(|_| 0),
            _ => {}
        }
        self.line.execute(statement)
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.line.query(statement)
    }

    fn begin(&mut self) -> Result<(), Error> {
        self.line.begin()
    }

    fn commit(&mut self) -> Result<(), Error> {
        self.line.commit()
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        if self.keeps { self.line.commit() } else { self.line.roll_back() }
    }

    fn canceller(&mut self) -> Option<Canceller> {
        self.line.canceller()
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        self.line.has_table(name)
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        self.line.introspect(names)
    }
}

/// A query that goes on until somebody ends it.
const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// What a statement asks for.
fn trouble(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("/* unruly: ")?;
    rest.split_once(" */").map(|(word, _)| word)
}

/// Recursion without an end, and with something to keep on the stack.
#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn deeper(depth: u64) -> u64 {
    let kept = black_box([depth; 512]);
    deeper(depth + 1) + kept[511]
}
