//! A database of its own for each test, on the server that `PATCHWRIGHT_TEST_POSTGRES` names.

use patchwright_dialect_postgres::Postgres;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, Error, Rows, Statement, Value};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const SERVER: &str = "PATCHWRIGHT_TEST_POSTGRES";
const DEFAULT_SERVER: &str = "postgres://postgres@127.0.0.1:5432/postgres";

/// A database that goes with it.
pub(crate) struct Database {
    server: String,
    pub(crate) name: String,
}

impl Database {
    pub(crate) fn new() -> Self {
        let server = std::env::var(SERVER).unwrap_or_else(|_| DEFAULT_SERVER.to_owned());
        let name = format!("patchwright_test_{:016x}", RandomState::new().build_hasher().finish());
        let database = Self { server, name };
        database.on_server(&format!("CREATE DATABASE {}", database.name));
        database
    }

    /// Its URL, with these parameters.
    pub(crate) fn url(&self, parameters: &str) -> String {
        let (address, more) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (server, _) = address.rsplit_once('/').unwrap();
        let parameters: Vec<&str> = [more, parameters].into_iter().filter(|part| !part.is_empty()).collect();
        let mark = if parameters.is_empty() { "" } else { "?" };
        format!("{server}/{}{mark}{}", self.name, parameters.join("&"))
    }

    pub(crate) fn spec(&self) -> ConnectSpec {
        ConnectSpec { url: self.url(""), create: false }
    }

    pub(crate) fn connect(&self) -> Box<dyn Connection> {
        Postgres.connect(&self.spec()).unwrap()
    }

    pub(crate) fn connect_with(&self, parameters: &str) -> Box<dyn Connection> {
        Postgres.connect(&ConnectSpec { url: self.url(parameters), create: false }).unwrap()
    }

    /// A connection that keeps the database as long as it lives.
    pub(crate) fn kept(self) -> Kept {
        Kept { connection: self.connect(), _database: self }
    }

    /// Ends all sessions, as an administrator would.
    pub(crate) fn end_sessions(&self) {
        let sessions =
            format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        self.on_server(&sessions);
    }

    fn on_server(&self, text: &str) {
        let spec = ConnectSpec { url: self.server.clone(), create: false };
        let mut connection = Postgres.connect(&spec).unwrap_or_else(|error| {
            panic!("{error}: these tests need a PostgreSQL server; tests/servers/postgres starts one, and {SERVER} names it")
        });
        run(&mut *connection, text).unwrap();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.on_server(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// A connection and its database, in the order in which they go.
pub(crate) struct Kept {
    connection: Box<dyn Connection>,
    _database: Database,
}

impl Deref for Kept {
    type Target = dyn Connection;

    fn deref(&self) -> &Self::Target {
        self.connection.as_ref()
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.connection.as_mut()
    }
}

/// A server of its own, made and ended by `tests/servers/postgres`.
pub(crate) struct Server {
    folder: TempDir,
    port: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        // Root's own folders are closed to the user that the server runs as.
        let folder = tempfile::Builder::new().permissions(open_to_all()).tempdir_in("/tmp").unwrap();
        let started = script("start", folder.path());
        let port = started.trim().rsplit_once(':').unwrap().1.split('/').next().unwrap().to_owned();
        Self { folder, port }
    }

    pub(crate) fn spec(&self, host: &str, parameters: &str) -> ConnectSpec {
        let url = format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port);
        ConnectSpec { url, create: false }
    }

    pub(crate) fn on_socket(&self) -> ConnectSpec {
        let folder = self.folder.path().join("server");
        let url = format!("postgres:///postgres?user=postgres&host={}&port={}", folder.display(), self.port);
        ConnectSpec { url, create: false }
    }

    /// The certificate that signed the server's.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("server/ca.crt")
    }

    /// Lets nobody in over TCP any more but with TLS.
    pub(crate) fn insist_on_tls(&self, patchwright: &dyn Dialect) {
        let rules = self.folder.path().join("server/data/pg_hba.conf");
        std::fs::write(rules, "local all all trust\nhostssl all all all trust\n").unwrap();
        let mut connection = patchwright.connect(&self.on_socket()).unwrap();
        assert_eq!(scalar(&mut *connection, "SELECT pg_reload_conf()"), Value::from(true));
        // The server reads them when it comes to it.
        while patchwright.connect(&self.spec("127.0.0.1", "sslmode=disable")).is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    pub(crate) fn stop(&self) {
        script("stop", self.folder.path());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.folder.path().join("server/data/postmaster.pid").exists() {
            self.stop();
        }
    }
}

fn open_to_all() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o755)
}

fn script(what: &str, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers/postgres");
    let done = Command::new(script).arg(what).arg(folder.join("server")).output().unwrap();
    assert!(done.status.success(), "tests/servers/postgres {what}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

pub(crate) fn run(connection: &mut dyn Connection, text: &str) -> Result<u64, Error> {
    connection.execute(&Statement::new(text))
}

pub(crate) fn query(connection: &mut dyn Connection, text: &str) -> Rows {
    connection.query(&Statement::new(text)).unwrap()
}

pub(crate) fn scalar(connection: &mut dyn Connection, text: &str) -> Value {
    query(connection, text).scalar().unwrap().clone()
}
