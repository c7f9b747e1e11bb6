//! The module `log`: what a script tells the operator.

use crate::call::{Call, Function};
use crate::diagnose::Failure;
use patchwright_hooks_api::{Error, Level};
use rhai::Dynamic;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "log::debug", required: &["message"], optional: &[], run: |call| log(call, Level::Debug) },
    Function { name: "log::info", required: &["message"], optional: &[], run: |call| log(call, Level::Info) },
    Function { name: "log::warn", required: &["message"], optional: &[], run: |call| log(call, Level::Warn) },
];

fn log(call: &Call<'_>, level: Level) -> Result<Dynamic, Error> {
    let message = match call.argument(0) {
        Some(value) => match value.read_lock::<Failure>() {
            Some(failure) => failure.0.message.clone(),
            None => value.to_string(),
        },
        None => String::new(),
    };
    call.run.log(level, &message)?;
    Ok(Dynamic::UNIT)
}
