//! A dialect through the boundary and back, in one process.
#![expect(unsafe_code, reason = "the tests open a descriptor as a host does")]

use super::import::{Instance, describe};
use super::layout::{FLAG_UNWINDS, MAGIC, PluginV1};
use super::{Answering, RemoteDialect, Reply, Request, Transport};
use crate::dialect::{Canceller, ConnectSpec, Connection, Dialect, DialectInfo, PlainSql, ServerInfo, Statement};
use crate::error::{Error, ErrorKind, Position};
use crate::schema::Table;
use crate::site::Level;
use crate::statements::LexicalRules;
use crate::value::{Rows, Value};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A dialect that gives back what it is sent, and panics when it is told to.
struct Echo;

#[derive(Default)]
struct EchoConnection {
    cancelled: Arc<AtomicBool>,
}

impl Dialect for Echo {
    fn info(&self) -> DialectInfo {
        DialectInfo {
            name: "echo".into(),
            schemes: vec!["echo".into()],
            lexical: LexicalRules::postgres(),
            quote: ('"', '"'),
            transactional_ddl: true,
            commits: Vec::new(),
            refused: vec!["VACUUM".into()],
        }
    }

    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
        super::export::log(Level::Warn, "somebody connects");
        match to.url.as_str() {
            "echo:" => Ok(Box::<EchoConnection>::default()),
            other => Err(Error::missing(format!("there is no {other}")).hint("try echo:")),
        }
    }
}

impl Connection for EchoConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        Ok(ServerInfo { product: "Echo".into(), version: "1".into() })
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        match statement.text.as_str() {
            "panic" => panic!("I was told to"),
            "wait" => {
                while !self.cancelled.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
                Err(Error::new(ErrorKind::Cancelled, "I was told to stop"))
            }
            "fail" => Err(Error::new(ErrorKind::Database, "no").at(statement.position.as_ref().unwrap())),
            text => Ok(text.len() as u64),
        }
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        Ok(Rows { columns: vec!["a".into()], rows: vec![statement.parameters.clone()] })
    }

    fn begin(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn canceller(&mut self) -> Option<Canceller> {
        let cancelled = Arc::clone(&self.cancelled);
        Some(Arc::new(move || {
            cancelled.store(true, Ordering::Release);
            Ok(())
        }))
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        Ok(name == "there")
    }
}

mod library {
    crate::export_dialect!("echo", super::Echo);
}

use library::patchwright_plugin_v1 as ECHO;

type Said = Arc<Mutex<Vec<(Level, String)>>>;

fn opened() -> (RemoteDialect, Said) {
    let said = Said::default();
    let log = Arc::clone(&said);
    // SAFETY: the descriptor is this program's own.
    let instance = unsafe {
        describe(&raw const ECHO).unwrap();
        Instance::open(&ECHO, Box::new(move |level, text| log.lock().unwrap().push((level, text.to_owned()))))
    };
    (RemoteDialect::open(Arc::new(instance.unwrap())).unwrap(), said)
}

fn connected() -> Box<dyn Connection> {
    opened().0.connect(&ConnectSpec { url: "echo:".into(), create: false }).unwrap()
}

#[test]
fn a_dialect_is_the_same_on_the_other_side() {
    let (dialect, said) = opened();
    assert_eq!(dialect.info(), Echo.info());
    assert_eq!(dialect.stored(&Table::default()), Table::default());
    assert_eq!(dialect.plain_sql(), PlainSql::default());
    let error = dialect.connect(&ConnectSpec { url: "x:".into(), create: false }).err().unwrap();
    assert_eq!((error.kind, error.hint.as_deref()), (ErrorKind::Missing, Some("try echo:")));
    assert_eq!(*said.lock().unwrap(), [(Level::Warn, "somebody connects".to_owned())]);
}

#[test]
fn values_and_errors_cross_unharmed() {
    let mut connection = connected();
    let values = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::from("it's \"ä\"\n\u{0}𝄞"),
        Value::Bytes((0..=255).collect()),
    ];
    let rows = connection.query(&Statement::with("?", values.clone())).unwrap();
    assert_eq!(rows.rows, [values]);
    let place = Position::new("patch.xml", 7, 9);
    let error = connection.execute(&Statement::new("fail").at(place.clone())).unwrap_err();
    assert_eq!((error.kind, error.position), (ErrorKind::Database, Some(place)));
    assert_eq!(connection.has_table("there"), Ok(true));
    assert_eq!(connection.introspect(None).unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn a_panic_costs_the_connection_and_not_the_host() {
    let mut connection = connected();
    let error = connection.execute(&Statement::new("panic")).unwrap_err();
    assert!(error.message.contains("panicked: I was told to"), "{error}");
    let error = connection.execute(&Statement::new("x")).unwrap_err();
    assert!(error.message.contains("a panic cost it"), "{error}");
    assert!(connected().execute(&Statement::new("x")).is_ok());
}

#[test]
fn a_statement_is_ended_while_its_thread_waits_for_it() {
    let mut connection = connected();
    let cancel = connection.canceller().unwrap();
    let error = std::thread::scope(|scope| {
        scope.spawn(|| cancel().unwrap());
        connection.execute(&Statement::new("wait")).unwrap_err()
    });
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert_eq!(connection.execute(&Statement::new("x")), Ok(1));
}

#[test]
fn connections_answer_side_by_side() {
    let (dialect, _) = opened();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut connection = dialect.connect(&ConnectSpec { url: "echo:".into(), create: false }).unwrap();
                for length in 0..50 {
                    assert_eq!(connection.execute(&Statement::new("x".repeat(length))), Ok(length as u64));
                }
            });
        }
    });
}

#[test]
fn a_method_of_a_newer_host_is_unsupported_and_a_new_field_is_nothing() {
    let answering = Answering::new(Box::new(Echo));
    let reply =
        |request: &str| serde_json::from_slice::<Reply<serde_json::Value>>(&answering.answer(request.as_bytes()));
    let Reply::Error(error) = reply(r#"{"method": "dance", "with": 3}"#).unwrap() else { panic!("it danced") };
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(matches!(reply(r#"{"method": "info", "since": 2}"#).unwrap(), Reply::Ok(_)));
    for request in ["", "{", "[]", r#"{"method": "execute"}"#, r#"{"method": "begin", "connection": 99}"#] {
        assert!(matches!(reply(request).unwrap(), Reply::Error(_)), "{request}");
    }
}

#[test]
fn every_method_is_listed() {
    let table = Box::new(Table::default());
    for request in [Request::Info, Request::PlainSql, Request::Stored { table }, Request::Cancel { connection: 1 }] {
        let json = serde_json::to_value(&request).unwrap();
        assert!(super::METHODS.contains(&json["method"].as_str().unwrap()), "{json}");
    }
}

/// The descriptor with something wrong.
fn described(spoil: fn(&mut PluginV1)) -> Result<super::import::Description, Error> {
    // SAFETY: a descriptor is plain data, and the copy is not used beyond this function.
    let mut plugin = unsafe { std::ptr::read(&raw const ECHO) };
    spoil(&mut plugin);
    // SAFETY: it is whole, whatever its numbers say.
    unsafe { describe(&raw const plugin) }
}

#[test]
fn a_descriptor_that_is_none_or_another_is_refused_with_the_reason() {
    type Spoil = fn(&mut PluginV1);
    let spoiled: [(Spoil, &str); 7] = [
        (|plugin| plugin.magic = MAGIC.swap_bytes(), "it is no plugin"),
        (|plugin| plugin.struct_size = 8, "has 8 bytes"),
        (|plugin| plugin.abi_major = 2, "the plugin ABI 2"),
        (|plugin| plugin.kind_length = 4, "of the kind \"dial\""),
        (|plugin| plugin.name_length = 0, "a text of 0 bytes"),
        (|plugin| plugin.name = std::ptr::null(), "a text of"),
        (|plugin| plugin.version_length = usize::MAX, "a text of"),
    ];
    for (spoil, why) in spoiled {
        let error = described(spoil).unwrap_err();
        assert!(error.message.contains(why), "{error}");
    }
    let larger = described(|plugin| {
        plugin.struct_size += 64;
        plugin.abi_minor = 9;
        plugin.flags &= !FLAG_UNWINDS;
    });
    let larger = larger.unwrap();
    assert_eq!((larger.name.as_str(), larger.abi, larger.unwinds), ("echo", (1, 9), false));
}

#[test]
fn a_reply_that_makes_no_sense_is_an_error_of_the_plugin() {
    struct Garbage(&'static [u8]);
    impl Transport for Garbage {
        fn call(&self, _request: &[u8]) -> Result<Vec<u8>, Error> {
            Ok(self.0.to_vec())
        }

        fn cancel(&self, _request: &[u8]) -> Result<(), Error> {
            Ok(())
        }

        fn for_connection(self: Arc<Self>) -> Result<Arc<dyn Transport>, Error> {
            Ok(self)
        }
    }
    for garbage in [b"".as_slice(), b"\xff\xfe", b"{}", b"[[[[[[", br#"{"ok": 7}"#, br#"{"error": {"kind": "new"}}"#] {
        let error = RemoteDialect::open(Arc::new(Garbage(garbage))).err().unwrap();
        assert_eq!(error.kind, ErrorKind::Internal);
    }
}
