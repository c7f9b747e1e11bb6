//! The Rhai engine that upgrade scripts are compiled and run in: a chosen vocabulary, the limits, and nothing else.

use crate::diagnose::{self, Failure};
use crate::limits;
use crate::modules;
use crate::run::{Run, out_of_time};
use patchwright_hooks_api::{ErrorKind, Level};
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicBlobPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, NativeCallContext, OptimizationLevel, Token};
use std::sync::Arc;

/// Words of Rhai that upgrade scripts don't have: code that was never checked, and code from elsewhere.
const SWITCHED_OFF: [&str; 3] = ["eval", "import", "export"];

/// How many operations pass between two looks at the clock: a look costs as much as an operation.
const OPERATIONS_PER_LOOK: u64 = 32;

/// The engine that scripts are compiled with.
///
/// It is put together from nothing. Left out on purpose: the time package and `sleep` (a rehearsal must find what the
/// run finds), `exit`, and everything that loads code.
pub(crate) fn engine() -> Engine {
    let mut engine = Engine::new_raw();
    ArithmeticPackage::new().register_into_engine(&mut engine);
    LogicPackage::new().register_into_engine(&mut engine);
    BasicMathPackage::new().register_into_engine(&mut engine);
    BasicStringPackage::new().register_into_engine(&mut engine);
    MoreStringPackage::new().register_into_engine(&mut engine);
    BasicIteratorPackage::new().register_into_engine(&mut engine);
    BasicArrayPackage::new().register_into_engine(&mut engine);
    BasicBlobPackage::new().register_into_engine(&mut engine);
    BasicMapPackage::new().register_into_engine(&mut engine);
    BasicFnPackage::new().register_into_engine(&mut engine);
    for word in SWITCHED_OFF {
        engine.disable_symbol(word);
    }
    free_debug(&mut engine);
    // Nothing is optimised away, so that the checks see the script as it was written.
    engine.set_optimization_level(OptimizationLevel::None).set_strict_variables(true);
    limits::confine(&mut engine);
    bind_failure(&mut engine);
    bind_replace(&mut engine);
    modules::bind(&mut engine);
    engine
}

/// The engine for one run: it knows whom the functions ask, and stops when the script's own time is over.
pub(crate) fn engine_for(run: &Arc<Run>) -> Engine {
    let mut engine = engine();
    engine.set_default_tag(Dynamic::from(Arc::clone(run)));
    let clock = Arc::clone(run);
    engine.on_progress(move |operations| {
        (operations.is_multiple_of(OPERATIONS_PER_LOOK) && clock.is_overdue())
            .then(|| Dynamic::from(Failure(out_of_time())))
    });
    let print = Arc::clone(run);
    // Too many lines logged ends the script at its next call to a module; print has no way to fail.
    engine.on_print(move |text| drop(print.log(Level::Info, text)));
    let debug = Arc::clone(run);
    engine.on_debug(move |text, _, _| drop(debug.log(Level::Debug, text)));
    engine
}

/// Rhai reserves the word `debug`; set free, it can name a function of the module `log`.
fn free_debug(engine: &mut Engine) {
    #[expect(deprecated, reason = "it is the one way to free a word; Rhai marks it so because it may change")]
    engine.on_parse_token(|token, _, _| match token {
        Token::Reserved(word) if *word == "debug" => Token::Identifier(word),
        other => other,
    });
}

/// What a script can ask of a failure that it caught.
fn bind_failure(engine: &mut Engine) {
    engine
        .register_type_with_name::<Failure>("Failure")
        .register_get("message", |failure: &mut Failure| failure.0.message.clone())
        .register_get("hint", |failure: &mut Failure| failure.0.hint.clone().map_or(Dynamic::UNIT, Dynamic::from))
        .register_get("kind", |failure: &mut Failure| kind_word(failure.0.kind))
        .register_fn("to_string", |failure: &mut Failure| failure.0.message.clone())
        .register_fn("to_debug", |failure: &mut Failure| failure.0.to_string())
        .register_fn("+", |text: &str, failure: Failure| format!("{text}{}", failure.0.message));
}

fn kind_word(kind: ErrorKind) -> String {
    format!("{kind:?}").to_lowercase()
}

/// Rhai's own `replace` makes its result before its size is checked: four megabytes of `a`, each replaced by four
/// megabytes, would take all memory. These stand before it.
fn bind_replace(engine: &mut Engine) {
    let replace = |context: &NativeCallContext<'_>, text: &mut ImmutableString, from: &str, to: &str| {
        match modules::text::replaced(text, from, to) {
            Ok(replaced) => *text = replaced.into(),
            // A limit keeps its place only if it says so itself: Rhai gives it that of the call around it.
            Err(error) => {
                let place = context.call_position();
                let run = context.tag().and_then(Dynamic::read_lock::<Arc<Run>>);
                let error = match run {
                    Some(run) => error.at(&diagnose::position(&run.script, place)),
                    None => error,
                };
                return Err(Failure(error).thrown(place));
            }
        }
        Ok(())
    };
    engine
        .register_fn(
            "replace",
            move |context: NativeCallContext<'_>, text: &mut ImmutableString, from: &str, to: &str| -> Fallible {
                replace(&context, text, from, to)
            },
        )
        .register_fn(
            "replace",
            move |context: NativeCallContext<'_>, text: &mut ImmutableString, from: char, to: &str| -> Fallible {
                replace(&context, text, from.encode_utf8(&mut [0; 4]), to)
            },
        );
}

type Fallible = Result<(), Box<EvalAltResult>>;
