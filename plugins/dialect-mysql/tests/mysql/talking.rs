//! Opening a line, values, errors and what is refused.

use crate::database::{Database, run, scalar, server};
use patchwright_dialect_mysql::MySql;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, ErrorKind, Position, Statement, Value};

fn refusal(url: String) -> Error {
    MySql.connect(&ConnectSpec { url, create: false }).err().expect("the database was opened")
}

#[test]
fn a_database_or_server_that_is_not_there_is_named_and_no_password_shown() {
    let error = refusal(format!("{}/pw_absent", server()));
    assert_eq!(error.kind, ErrorKind::Missing);
    assert!(error.message.contains("pw_absent") && error.hint.is_some(), "{error}");
    let error = refusal("mysql://cms:secret@127.0.0.1:1/cms".to_owned());
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.message.contains("127.0.0.1:1") && !format!("{error:?}").contains("secret"), "{error}");
    let login = server().split_once('@').map(|(_, host)| format!("mysql://nobody:secret@{host}/x")).unwrap();
    let error = refusal(login);
    assert!(
        error.message.contains("Access denied") && error.hint.is_some() && !format!("{error:?}").contains("secret"),
        "{error}"
    );
}

#[test]
fn the_session_is_strict_in_utc_and_in_utf_8_whatever_the_server_is() {
    let database = Database::new();
    let mut line = database.connect();
    assert_eq!(scalar(&mut *line, "SELECT @@time_zone"), Value::from("+00:00"));
    assert_eq!(scalar(&mut *line, "SELECT @@character_set_client"), Value::from("utf8mb4"));
    run(&mut *line, "CREATE TABLE t (a TINYINT, b VARCHAR(2))");
    for text in ["INSERT INTO t (a) VALUES (1000)", "INSERT INTO t (b) VALUES ('long')"] {
        line.execute(&Statement::new(text)).expect_err(text);
    }
    let server = line.server().unwrap();
    assert_eq!(server.product, "MariaDB");
}

#[test]
fn a_statement_may_change_the_session_but_not_what_the_engine_relies_on() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "SET FOREIGN_KEY_CHECKS = 0");
    run(&mut *line, "SET SQL_MODE = 'NO_AUTO_VALUE_ON_ZERO'");
    for text in ["SET NAMES latin1", "SET sql_mode = 'ANSI'", "SET time_zone = 'SYSTEM'", "SET sql_mode = 4"] {
        let error = line.execute(&Statement::new(text)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{text}");
    }
    assert_eq!(scalar(&mut *line, "SELECT \"a\", @@time_zone"), Value::from("a"));
}

#[test]
fn each_value_comes_in_the_exact_text_of_its_type() {
    let database = Database::new();
    let mut line = database.connect();
    run(
        &mut *line,
        "CREATE TABLE t (a DECIMAL(30,10), b DATE, c DATETIME(6), d TIME, e BIGINT UNSIGNED, f BIT(12), g YEAR, h JSON, \
         i ENUM('x'), j SET('x','y'), k VARCHAR(9) CHARACTER SET latin1, l VARCHAR(9) COLLATE utf8mb4_bin, m BINARY(2), \
         n TINYINT(1), o DATE)",
    );
    run(
        &mut *line,
        "INSERT INTO t VALUES (12345678901234567890.1234567891, '2024-02-29', '2024-02-29 23:59:59.000001', '-838:59:59', \
         18446744073709551615, b'101', 2024, '{\"a\": 1}', 'x', 'x,y', 'é', 'É', x'00ff', 1, '0000-00-00')",
    );
    let row = line.query(&Statement::new("SELECT * FROM t")).unwrap().rows.remove(0);
    let text = Value::from;
    assert_eq!(
        row,
        [
            text("12345678901234567890.1234567891"),
            text("2024-02-29"),
            text("2024-02-29 23:59:59.000001"),
            text("-838:59:59"),
            text("18446744073709551615"),
            Value::from(5),
            Value::from(2024),
            text("{\"a\": 1}"),
            text("x"),
            text("x,y"),
            text("é"),
            text("É"),
            Value::Bytes(vec![0, 255]),
            Value::from(1),
            text("0000-00-00"),
        ]
    );
}

// C41
#[test]
fn an_error_is_in_the_servers_own_words_and_at_the_word_that_it_names() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (title INT)");
    let mut failing = |text: &str, values: &[Value]| {
        let statement = Statement::with(text, values.to_vec()).at(Position::new("patch.xml", 12, 9));
        line.execute(&statement).unwrap_err()
    };
    let error = failing("SELECT 1\n  FORM t", &[]);
    let place = |error: &Error| error.position.as_ref().map(|place| (place.line, place.column));
    assert_eq!(place(&error), Some((13, 8)), "{error}");
    assert!(error.message.ends_with("(error 1064, SQLSTATE 42000)"), "{error}");
    let error = failing("SELECT titel\nFROM t", &[]);
    assert_eq!(place(&error), Some((12, 16)), "{error}");
    let error = failing("INSERT INTO t (title)\n SELECT ? FROM absent", &[Value::from("a\nb")]);
    assert_eq!(place(&error), Some((13, 16)), "{error}");
    let error = failing("CREATE TABLE u (a INT", &[]);
    assert_eq!(place(&error), Some((12, 30)), "{error}");
}

#[test]
fn a_statement_that_is_too_long_is_refused_before_it_is_sent() {
    let database = Database::new();
    let mut line = database.connect();
    let limit = scalar(&mut *line, "SELECT @@max_allowed_packet").as_integer().unwrap();
    let long = Value::Bytes(vec![0; usize::try_from(limit).unwrap() / 2]);
    let error = line.query(&Statement::with("SELECT length(?)", [long])).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit);
    assert_eq!(scalar(&mut *line, "SELECT 1"), Value::from(1));
}

#[test]
fn a_trigger_with_a_body_is_one_statement() {
    let database = Database::new();
    let mut line = database.connect();
    run(&mut *line, "CREATE TABLE t (a INT, b INT)");
    run(
        &mut *line,
        "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.b = 1; SET NEW.b = NEW.b + NEW.a; END",
    );
    run(&mut *line, "INSERT INTO t (a) VALUES (4)");
    assert_eq!(scalar(&mut *line, "SELECT b FROM t"), Value::from(5));
}
