//! The module `log`: what a script tells the operator.

use crate::call::{Call, Function};
use crate::diagnose::Failure;
use crate::hook::Hook;
use patchwright_hooks_api::{Error, Level};
use rhai::Dynamic;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "log::debug", required: &["message"], optional: &[], run: |call| log(call, Level::Debug) },
    Function { name: "log::info", required: &["message"], optional: &[], run: |call| log(call, Level::Info) },
    Function { name: "log::warn", required: &["message"], optional: &[], run: |call| log(call, Level::Warn) },
    Function { name: "log::note", required: &["message"], optional: &[], run: note },
    Function { name: "log::progress", required: &["done", "of"], optional: &["doing"], run: progress },
];

/// What is said of progress where the script doesn't say what is being done.
const DOING: &str = "the script is at work";

fn log(call: &Call<'_>, level: Level) -> Result<Dynamic, Error> {
    call.run.log(level, &message(call))?;
    Ok(Dynamic::UNIT)
}

/// A line of the report on the patch, kept in the ledger. A way back has no report of its own: there it is told, and no more.
fn note(call: &Call<'_>) -> Result<Dynamic, Error> {
    let message = message(call);
    if call.run.hook == Hook::Downgrade {
        call.run.log(Level::Info, &message)?;
    } else {
        let message = call.run.counted(&message)?.replace('\n', " ");
        call.run.change(call.name(), move |site| site.note(&message))?;
    }
    Ok(Dynamic::UNIT)
}

fn progress(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (done, of) = (call.count(0)?, call.count(1)?);
    let doing = if call.argument(2).is_some() { call.text(2)? } else { DOING.to_owned() };
    call.run.progress(done as u64, of as u64, &doing)?;
    Ok(Dynamic::UNIT)
}

fn message(call: &Call<'_>) -> String {
    match call.argument(0) {
        Some(value) => match value.read_lock::<Failure>() {
            Some(failure) => failure.0.message.clone(),
            None => value.to_string(),
        },
        None => String::new(),
    }
}
