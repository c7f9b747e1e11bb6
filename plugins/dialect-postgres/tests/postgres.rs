//! The PostgreSQL dialect against a real server: what every dialect must keep, and what is PostgreSQL's own.

#![expect(clippy::unwrap_used, reason = "a database that can't be made fails its test")]

#[path = "postgres/database.rs"]
mod database;

#[path = "postgres/conformance.rs"]
mod conformance;
#[path = "postgres/connecting.rs"]
mod connecting;
#[path = "postgres/drift.rs"]
mod drift;
#[path = "postgres/excluding.rs"]
mod excluding;
#[path = "postgres/introspecting.rs"]
mod introspecting;
#[path = "postgres/rendering.rs"]
mod rendering;
#[path = "postgres/statements.rs"]
mod statements;
#[path = "postgres/transactions.rs"]
mod transactions;
