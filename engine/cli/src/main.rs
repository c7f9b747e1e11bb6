//! The command.

mod authoring;

fn main() {}
