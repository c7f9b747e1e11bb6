//! A line that nobody can read, to a server that proves who it is.

use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, ErrorKind, Statement};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/servers/mariadb");

/// A server of the test's own, whose certificate is for `localhost`.
struct Server {
    folder: TempDir,
    port: String,
}

impl Server {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let started = Command::new(SCRIPT).arg("start").arg(folder.path()).stderr(Stdio::inherit()).output().unwrap();
        assert!(started.status.success(), "tests/servers/mariadb could not start a server");
        let url = String::from_utf8(started.stdout).unwrap();
        let port = url.trim_end().trim_end_matches('/').rsplit(':').next().unwrap().to_owned();
        Self { folder, port }
    }

    /// The cipher of a line to the server under this name.
    fn cipher(&self, host: &str, parameters: &str) -> Result<String, Error> {
        let url = format!("mysql://root@{host}:{}/mysql?{parameters}", self.port);
        let mut line = MySql.connect(&ConnectSpec { url, create: false })?;
        let rows = line.query(&Statement::new("SHOW SESSION STATUS LIKE 'Ssl_cipher'"))?.rows;
        Ok(rows[0][1].to_string())
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT).arg("stop").arg(self.folder.path()).status();
    }
}

#[test]
fn a_line_is_encrypted_where_the_server_can_and_checked_where_the_url_says_so() {
    let server = Server::start();
    let authority = server.file("ca.crt");
    assert_ne!(server.cipher("localhost", "").unwrap(), "");
    assert_eq!(server.cipher("localhost", "ssl-mode=DISABLED").unwrap(), "");
    let checked = format!("ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}");
    assert_ne!(server.cipher("localhost", &checked).unwrap(), "");
    // It is the same server, under a name that its certificate does not hold; and a server that nobody vouches for.
    for (host, parameters) in [("127.0.0.1", checked.as_str()), ("localhost", "ssl-mode=VERIFY_CA")] {
        let error = server.cipher(host, parameters).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{error}");
        assert!(error.hint.is_some(), "{error}");
    }
}
