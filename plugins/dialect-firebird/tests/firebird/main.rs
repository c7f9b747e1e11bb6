//! The Firebird dialect against a real server, by itself and through the command.
//!
//! `PATCHWRIGHT_TEST_FIREBIRD` is what `tests/servers/firebird start DIR` prints. The command and the library are those that cargo has
//! built into the same target folder.

#![allow(clippy::unwrap_used, reason = "clippy takes the helpers of tests for code that ships")]

mod command;
mod contract;

use patchwright_dialect_firebird::Firebird;
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect};
use std::sync::atomic::{AtomicU32, Ordering};

/// A database of its own on the server that the environment names, dropped at the end.
struct Database {
    url: String,
}

impl Database {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("PATCHWRIGHT_TEST_FIREBIRD").expect(
            "PATCHWRIGHT_TEST_FIREBIRD names no server; `tests/servers/firebird start DIR` makes one and prints its URL",
        );
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        let url = format!("{server}/pw_{}_{since:x}_{count}.fdb", std::process::id());
        drop(Firebird.connect(&ConnectSpec { url: url.clone(), create: true }).unwrap());
        Self { url }
    }

    fn spec(&self) -> ConnectSpec {
        ConnectSpec { url: self.url.clone(), create: false }
    }

    fn connect(&self) -> Box<dyn Connection> {
        Firebird.connect(&self.spec()).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        patchwright_dialect_firebird::drop_database(&self.url).unwrap();
    }
}
