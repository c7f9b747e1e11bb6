//! The contract between the Patchwright engine and its plugins: traits and plain data, no I/O.
//!
//! This crate is the ground floor. The engine and every plugin depend on it; it depends on neither, and on no crate
//! but serde and serde_json. Who writes a step kind implements [`StepKind`] and [`Step`]; who writes a dialect
//! implements [`Dialect`] and [`Connection`]. Everything that crosses is plain data.
//!
//! A step never touches the disk or the database itself: it asks the [`SiteEditor`] for a handful of verbs. That is
//! why the engine can rehearse a patch, journal it and take it back without any step knowing of it.

pub mod abi;
pub mod change;
pub mod dialect;
pub mod editor;
pub mod element;
pub mod error;
pub mod finding;
pub mod location;
pub mod patcher;
pub mod path;
pub mod payload;
pub mod precondition;
pub mod schema;
pub mod site;
pub mod statements;
pub mod step;
pub mod value;
pub mod version;
pub mod web;

pub use change::Change;
pub use dialect::{Canceller, ConnectSpec, Connection, Dialect, DialectInfo, PlainSql, ServerInfo, Statement};
pub use editor::{Inverse, SiteEditor};
pub use element::Element;
pub use error::{Error, ErrorKind, Position};
pub use finding::{Finding, Question, Severity};
pub use location::check_parameters;
pub use patcher::{NewPatcher, NewProgram, PatcherFacts};
pub use path::SitePath;
pub use payload::{Payload, PayloadEntry};
pub use precondition::Preconditions;
pub use schema::Schema;
pub use site::{Entry, EntryKind, KnownSum, Level, Md5, Metadata, Sha256, SiteFacts, SiteView};
pub use step::{Reads, Step, StepKind};
pub use value::{Rows, Value};
pub use version::{Version, VersionRequirement};
pub use web::{Origin, WebAnswer, WebMethod, WebRequest};

/// The number of this contract. It grows by one when a trait here changes in a way that an existing plugin notices.
pub const API_VERSION: u32 = 1;
