//! A database of a test's own on a real server.

use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Statement, Value};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// A database that is dropped with the test.
pub(crate) struct Database {
    name: String,
}

/// The server's URL, without a database.
pub(crate) fn server() -> String {
    let url = std::env::var("PATCHWRIGHT_TEST_MARIADB").unwrap_or_else(|_| "mysql://root@127.0.0.1:3306/".to_owned());
    url.trim_end_matches('/').to_owned()
}

/// A connection to the database in which servers keep their own tables.
fn administrator() -> Box<dyn Connection> {
    let spec = ConnectSpec { url: format!("{}/mysql", server()), create: false };
    MySql.connect(&spec).unwrap_or_else(|error| panic!("the tests need a MariaDB server, see tests/servers: {error}"))
}

impl Database {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
        let name = format!("pw_{}_{nanos}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        administrator().execute(&Statement::new(create)).unwrap();
        Self { name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn spec(&self) -> ConnectSpec {
        ConnectSpec { url: format!("{}/{}", server(), self.name), create: false }
    }

    pub(crate) fn connect(&self) -> Box<dyn Connection> {
        MySql.connect(&self.spec()).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = Statement::new(format!("DROP DATABASE {}", self.name));
        // A second panic would hide the first.
        let _ = administrator().execute(&drop);
    }
}

pub(crate) fn run(connection: &mut dyn Connection, text: &str) -> u64 {
    connection.execute(&Statement::new(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn scalar(connection: &mut dyn Connection, text: &str) -> Value {
    connection.query(&Statement::new(text)).unwrap().scalar().unwrap().clone()
}
