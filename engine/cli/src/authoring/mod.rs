//! What vendors need: a patch from two releases ([`build`]) or from a folder written by hand ([`pack`]).
//!
//! Nothing here talks to a terminal or to a site. Both ways end in [`archive`], which writes the same bytes for the same
//! input, so that anyone can build a patch again and compare.

mod archive;
pub(crate) mod build;
mod diff;
mod digest;
mod manifest;
pub(crate) mod pack;
#[cfg(test)]
mod testing;
mod text;
