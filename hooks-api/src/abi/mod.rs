//! The boundary that a dialect from a shared library crosses: a C layout, and JSON messages through one function.
//!
//! A library exports one symbol, [`SYMBOL`], a [`PluginV1`](layout::PluginV1). The host opens an instance and sends it requests; replies go to a
//! sink of the host's, so that no allocator crosses. `docs/dialect-abi.md` is the reference for authors in any language;
//! authors in Rust write a [`Dialect`](crate::Dialect) and [`export_dialect!`](crate::export_dialect).
//!
//! `layout` is what both sides agree on, `message` what they say, `answering` the library's side of the talk, `remote` the
//! host's. `export` and `import` tie them to the C functions and are, with the engine's loader, the only unsafe code there is.

mod answering;
pub mod export;
pub mod import;
pub mod layout;
mod message;
mod remote;
#[cfg(test)]
mod tests;

pub use answering::Answering;
pub use layout::{ABI_MAJOR, ABI_MINOR, MAGIC, SYMBOL};
pub use message::{METHODS, Reply, Request};
pub use remote::{RemoteDialect, Transport, read};
