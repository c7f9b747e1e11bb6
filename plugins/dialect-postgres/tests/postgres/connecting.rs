//! Getting to a database, and being told why not.

use crate::database::{Database, Server, run, scalar};
use patchwright_dialect_postgres::Postgres;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, ErrorKind, Value};

fn refusal(url: &str) -> Error {
    let refused = Postgres.connect(&ConnectSpec { url: url.to_owned(), create: false }).err();
    refused.unwrap_or_else(|| panic!("{url} was opened"))
}

#[test]
fn a_database_that_is_not_there_is_named_and_not_made() {
    let database = Database::new();
    let url = database.url("").replace(&database.name, "patchwright_absent");
    let error = refusal(&url);
    assert_eq!(error.kind, ErrorKind::Missing);
    assert!(error.message.contains("patchwright_absent") && error.hint.is_some(), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let error = refusal("postgres://cms:secret@127.0.0.1:1/cms");
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.message.starts_with("the database cms on 127.0.0.1:1: "), "{error}");
    assert!(error.hint.is_some() && !format!("{error:?}").contains("secret"), "{error:?}");
}

#[test]
fn tls_is_spoken_as_the_url_asks() {
    let server = Server::start();
    let authority = format!("sslrootcert={}", server.authority().display());
    let encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for (parameters, expected) in [
        ("sslmode=disable".to_owned(), false),
        ("sslmode=prefer".to_owned(), true),
        ("sslmode=require".to_owned(), true),
        (format!("sslmode=verify-ca&{authority}"), true),
    ] {
        let mut connection = Postgres.connect(&server.spec("127.0.0.1", &parameters)).unwrap();
        assert_eq!(scalar(&mut *connection, encrypted), Value::from(expected), "{parameters}");
    }
    let verified = format!("sslmode=verify-full&{authority}");
    let mut connection = Postgres.connect(&server.spec("localhost", &verified)).unwrap();
    assert_eq!(scalar(&mut *connection, encrypted), Value::from(true));
    // The certificate is for localhost alone, and no authority of this machine signed it.
    for (host, parameters) in [("127.0.0.1", verified.as_str()), ("localhost", "sslmode=verify-full")] {
        let error = refusal(&server.spec(host, parameters).url);
        assert!(error.message.contains("no encrypted connection"), "{error}");
        assert!(error.hint.unwrap().contains("sslrootcert"));
    }
}

#[test]
fn on_this_machine_a_url_that_says_nothing_of_tls_gets_it_only_where_the_server_insists() {
    let server = Server::start();
    let encrypted = || {
        let mut connection = Postgres.connect(&server.spec("127.0.0.1", "")).unwrap();
        scalar(&mut *connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    };
    assert_eq!(encrypted(), Value::from(false));
    server.insist_on_tls(&Postgres);
    assert_eq!(encrypted(), Value::from(true));
}

#[test]
fn a_unix_socket_is_named_by_its_folder() {
    let server = Server::start();
    let mut connection = Postgres.connect(&server.on_socket()).unwrap();
    assert_eq!(run(&mut *connection, "CREATE TABLE t (id int)"), Ok(0));
    assert_eq!(scalar(&mut *connection, "SELECT inet_client_addr()::text"), Value::Null);
}

#[test]
fn a_server_that_goes_away_is_told_and_nothing_hangs() {
    let server = Server::start();
    let mut connection = Postgres.connect(&server.spec("127.0.0.1", "")).unwrap();
    run(&mut *connection, "CREATE TABLE t (id int)").unwrap();
    connection.begin().unwrap();
    server.stop();
    let error = run(&mut *connection, "INSERT INTO t VALUES (1)").unwrap_err();
    assert!(error.hint.is_some(), "{error}");
    connection.roll_back().unwrap_err();
}
