//! Every limit that an upgrade script runs under, each with the attack it stops.
//!
//! The number of operations is the main one: it is the same on every machine, so a script that passes the rehearsal
//! passes on the site. The script's own time is the net below it, for operations that are few but each slow.

use rhai::Engine;
use std::time::Duration;

/// The longest script, in bytes. Stops a source that takes memory and time before anything of it runs.
pub(crate) const SOURCE_BYTES: u64 = 512 * 1024;
/// How many operations one hook may take. Stops the endless loop.
pub(crate) const OPERATIONS: u64 = 20_000_000;
/// How much time one hook may take by itself, the site's answers not counted. Stops loops over huge values.
pub(crate) const OWN_TIME: Duration = Duration::from_secs(60);
/// How deep function calls may nest. Stops endless recursion before it reaches the end of the stack.
pub(crate) const CALL_LEVELS: usize = 48;
/// How deep blocks and expressions may nest. Stops sources such as `((((…` that overflow parser and interpreter.
pub(crate) const EXPRESSION_DEPTH: usize = 48;
/// The longest text, in bytes, and the most text in one array or map. Stops texts that double until memory is full.
pub(crate) const TEXT_BYTES: usize = 4 * 1024 * 1024;
/// The most elements of an array, those of arrays within counted. Stops arrays that grow until memory is full, and
/// arrays nested so deep that copying one overflows the stack.
pub(crate) const ARRAY_ELEMENTS: usize = 20_000;
/// The most entries of a map, those of maps within counted; as [`ARRAY_ELEMENTS`], but a query's rows are maps.
pub(crate) const MAP_ENTRIES: usize = 200_000;
/// The most rows that one query hands to a function, one by one. Stops a query whose answer takes all memory.
pub(crate) const EACH_ROWS: usize = 500_000;
/// The most lines of a text that is merged. Stops texts whose comparison takes hours.
pub(crate) const MERGED_LINES: usize = 20_000;
/// The most variables of one function. Stops a source that multiplies the largest text by its variables.
pub(crate) const VARIABLES: usize = 128;
/// The most functions of a script. Stops sources that are all definitions.
pub(crate) const FUNCTIONS: usize = 256;
/// How many times one hook may ask the site. Stops loops that keep the database or the journal busy for hours: the time
/// of the answers isn't the script's own.
pub(crate) const QUESTIONS: u64 = 500_000;
/// How many bytes one hook may write into files. Stops a script that fills the disk, one small file at a time.
pub(crate) const WRITTEN_BYTES: u64 = 256 * 1024 * 1024;
/// How many requests to the web one hook may make. Stops a script that keeps an upgrade waiting, or floods who is asked.
pub(crate) const REQUESTS: u64 = 1_000;
/// How many lines one hook may log. Stops a script that drowns the operator's report.
pub(crate) const LOG_LINES: u64 = 2_000;
/// The longest line of the log, in characters; the rest is cut off. As [`LOG_LINES`].
pub(crate) const LOG_LINE_CHARS: usize = 2_000;
/// How many failures that the script caught are told. Stops a script that fails in a loop from drowning the report.
pub(crate) const CAUGHT_FAILURES: usize = 20;
/// The stack of the script's thread, in bytes: what calls, expressions and nested values within the limits above can
/// take, with a wide margin. It is address space, and becomes memory only where it is used.
pub(crate) const STACK_BYTES: usize = 128 * 1024 * 1024;

/// Puts the limits on an engine that Rhai keeps by itself.
pub(crate) fn confine(engine: &mut Engine) {
    engine
        .set_max_operations(OPERATIONS)
        .set_max_call_levels(CALL_LEVELS)
        .set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH)
        .set_max_string_size(TEXT_BYTES)
        .set_max_array_size(ARRAY_ELEMENTS)
        .set_max_map_size(MAP_ENTRIES)
        .set_max_variables(VARIABLES)
        .set_max_functions(FUNCTIONS)
        .set_max_modules(0);
}
