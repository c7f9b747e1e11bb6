//! Turns whatever ends a script into an error with its place: mistakes in the source, failures of the site, limits.

use crate::hook::Hook;
use crate::limits;
use crate::modules;
use crate::nearest::nearest;
use crate::run::Run;
use crate::values;
use crate::vocabulary;
use patchwright_hooks_api::{Error, ErrorKind, Position};
use rhai::{Dynamic, EvalAltResult, ParseError, ParseErrorType};

/// A failed call, as a script sees it when it catches one: it has `message`, `hint` and `kind`.
#[derive(Clone)]
pub(crate) struct Failure(pub(crate) Error);

impl Failure {
    /// The failure as Rhai carries it. What a script must not go on after can't be caught.
    pub(crate) fn thrown(self, place: rhai::Position) -> Box<EvalAltResult> {
        let final_kind = matches!(self.0.kind, ErrorKind::Limit | ErrorKind::Cancelled | ErrorKind::Internal);
        let value = Dynamic::from(self);
        Box::new(match final_kind {
            true => EvalAltResult::ErrorTerminated(value, place),
            false => EvalAltResult::ErrorRuntime(value, place),
        })
    }
}

/// A place in the script, in the contract's words. Rhai gives no column for the beginning of a line.
pub(crate) fn position(file: &str, place: rhai::Position) -> Position {
    let number = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1).max(1);
    Position::new(file, number(place.line()), number(place.position()))
}

/// Why the source is not a script.
pub(crate) fn compile_error(file: &str, source: &str, error: &ParseError) -> Error {
    let said = match error.err_type() {
        ParseErrorType::VariableUndefined(name) => unknown_variable(name, source),
        ParseErrorType::ModuleUndefined(name) => unknown_module(name),
        ParseErrorType::ExprTooDeep => Error::new(ErrorKind::Limit, "blocks and expressions are nested too deeply")
            .hint(format!("the limit is {}; move the inner parts into functions", limits::EXPRESSION_DEPTH)),
        ParseErrorType::TooManyFunctions => {
            Error::new(ErrorKind::Limit, format!("a script has a limit of {} functions", limits::FUNCTIONS))
        }
        ParseErrorType::Reserved(word) => not_available(word),
        other => match reserved_word(&other.to_string()) {
            Some(word) => not_available(&word),
            None => Error::invalid(lower_case_start(&other.to_string())),
        },
    };
    let place = if error.position().is_none() { end_of(source) } else { error.position() };
    said.at(&position(file, place))
}

/// Why a hook ended. `hook_at` is where the hook is defined: the place of last resort.
pub(crate) fn run_error(run: &Run, hook_at: &Position, functions: &[String], error: &EvalAltResult) -> Error {
    let inner = error.unwrap_inner();
    let mut said = match inner {
        EvalAltResult::ErrorRuntime(value, _) | EvalAltResult::ErrorTerminated(value, _) => thrown(&run.script, value),
        EvalAltResult::ErrorFunctionNotFound(signature, _) => unknown_function(signature, functions),
        _ => match limit(inner) {
            Some(message) => Error::new(ErrorKind::Limit, message),
            None => Error::invalid(message_of(inner)),
        },
    };
    if said.position.is_none() {
        said = placed(run, hook_at, inner.position(), said);
    }
    said.while_doing(format_args!("in {}", call_chain(run.hook, error)))
}

/// What the script threw: a failure of the site, a text, or a map with `message` and perhaps `hint`.
fn thrown(file: &str, value: &Dynamic) -> Error {
    if let Some(failure) = value.read_lock::<Failure>() {
        return failure.0.clone();
    }
    let Some(map) = value.read_lock::<rhai::Map>() else { return Error::conflict(value.to_string()) };
    let text = |key: &str| map.get(key).map(ToString::to_string);
    let mut error = Error::conflict(text("message").unwrap_or_else(|| value.to_string()));
    if let Some(hint) = text("hint") {
        error = error.hint(hint);
    }
    // An error of Rhai's own that was caught and thrown again says where it arose.
    let number = |key: &str| map.get(key).and_then(|value| value.as_int().ok()).and_then(|at| u32::try_from(at).ok());
    match (number("line"), number("position")) {
        (Some(line), column) => error.at(&Position::new(file, line, column.unwrap_or(1).max(1))),
        (None, _) => error,
    }
}

/// Gives the error its place, or the best that is known: Rhai can't always say where a limit was reached.
fn placed(run: &Run, hook_at: &Position, place: rhai::Position, error: Error) -> Error {
    if !place.is_none() {
        return error.at(&position(&run.script, place));
    }
    match run.last_call() {
        Some((function, last)) => error
            .at(&last)
            .hint(format!("the script's last call to a module was {function}, at this place; look from there on")),
        None => error.at(hook_at).hint("the place is the hook's: the script had called no module yet"),
    }
}

fn limit(error: &EvalAltResult) -> Option<String> {
    Some(match error {
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("the script ran for more than {} operations, perhaps in an endless loop", limits::OPERATIONS)
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("function calls are nested deeper than {}, perhaps in endless recursion", limits::CALL_LEVELS)
        }
        EvalAltResult::ErrorTooManyVariables(_) => format!("a function has more than {} variables", limits::VARIABLES),
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("string") => {
            format!("a text is too long; the limit is {} bytes", limits::TEXT_BYTES)
        }
        EvalAltResult::ErrorDataTooLarge(what, _) if what.contains("map") => {
            format!("a map is too large; the limit is {} entries, those of maps within counted", limits::MAP_ENTRIES)
        }
        EvalAltResult::ErrorDataTooLarge(..) => format!(
            "an array or a blob is too large; the limit is {} elements, those of arrays within counted",
            limits::ARRAY_ELEMENTS
        ),
        EvalAltResult::ErrorTooManyModules(_) => "a script can't load modules".to_owned(),
        _ => return None,
    })
}

/// The functions that were being run, outermost first, each with the place that it was called at:
/// `upgrade() → fix() at 2:3`.
fn call_chain(hook: Hook, error: &EvalAltResult) -> String {
    let mut chain = hook.call();
    let mut error = error;
    while let EvalAltResult::ErrorInFunctionCall(name, _, inner, place) = error {
        let called = if name.starts_with("anon$") { "a closure".to_owned() } else { format!("{name}()") };
        chain.push_str(&format!(" → {called}"));
        if let Some(line) = place.line() {
            chain.push_str(&format!(" at {line}:{}", place.position().unwrap_or(1)));
        }
        error = inner;
    }
    chain
}

fn unknown_variable(name: &str, source: &str) -> Error {
    let error = Error::invalid(format!("there is no variable {name}"));
    if source.contains(&format!("const {name}")) {
        return error.hint(format!("inside a function a constant of the script is written global::{name}"));
    }
    match nearest(name, declared(source).filter(|known| *known != name)) {
        Some(near) => error.hint(format!("did you mean {near}")),
        None => error,
    }
}

/// The names that the source gives to variables and parameters.
fn declared(source: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let word = move |text: &'_ str| text.find(|character| !is_part(character)).unwrap_or(text.len());
    let after = move |keyword: &'static str| {
        source.split(keyword).skip(1).map(move |rest| {
            let rest = rest.trim_start();
            &rest[..word(rest)]
        })
    };
    let lists = source.split(['(', '|']).skip(1).filter_map(|rest| rest.split([')', '|']).next());
    let parameters = lists.flat_map(|list| list.split(',')).map(str::trim);
    let names = after("let ").chain(after("for ")).chain(parameters);
    names.filter(move |name| !name.is_empty() && name.chars().all(is_part))
}

fn unknown_module(name: &str) -> Error {
    let error = Error::invalid(format!("there is no module {name}"));
    match nearest(name, modules::names()) {
        Some(near) => error.hint(format!("did you mean {near}")),
        None => error.hint(format!("the modules are {}", modules::names().collect::<Vec<_>>().join(", "))),
    }
}

/// `signature` is Rhai's: the name, then the types of the arguments in brackets.
fn unknown_function(signature: &str, functions: &[String]) -> Error {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
    let types: Vec<_> =
        types.trim_end_matches(')').split(", ").filter(|kind| !kind.is_empty()).map(described).collect();
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        return Error::invalid(format!("{name} has no meaning for {}", types.join(" and ")));
    }
    let own = functions.iter().map(String::as_str);
    let shown = format!("{name}({})", types.join(", "));
    if let Some(near) = own.clone().find(|known| *known == name) {
        return Error::invalid(format!("there is no function {shown}")).hint(format!("{near} takes other arguments"));
    }
    if vocabulary::knows(name) {
        return Error::invalid(format!("{name} has no meaning for {}", types.join(" and ")));
    }
    no_function(name, &shown, own)
}

/// A function that nobody knows, with the name that was probably meant.
pub(crate) fn no_function<'a>(name: &str, shown: &str, own: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::invalid(format!("there is no function {shown}"));
    let in_module = modules::functions().find(|function| function.name.rsplit("::").next() == Some(name));
    match in_module
        .map(|function| function.name)
        .or_else(|| nearest(name, own.chain(vocabulary::all().map(|name| -> &'a str { name }))))
    {
        Some(near) => error.hint(format!("did you mean {near}")),
        None => error,
    }
}

/// Rhai names a text by all the types that one can have.
fn described(kind: &str) -> &str {
    if kind.contains("String") || kind.contains("str") { "text" } else { values::described(kind) }
}

fn not_available(word: &str) -> Error {
    Error::refused(format!("{word} is not available in an upgrade script"))
        .hint("a script reaches the site through the modules alone; see the reference of script functions")
}

/// The word of Rhai's message that a keyword is reserved or switched off.
fn reserved_word(message: &str) -> Option<String> {
    let (_, rest) = message.split_once('\'')?;
    let (word, rest) = rest.split_once('\'')?;
    (rest.contains("reserved") || rest.contains("disabled")).then(|| word.to_owned())
}

fn message_of(error: &EvalAltResult) -> String {
    let message = error.to_string();
    // Rhai puts the place behind its message; here it has a field of its own.
    let message = message.rsplit_once(" (line ").map_or(message.as_str(), |(message, _)| message);
    lower_case_start(message)
}

fn lower_case_start(message: &str) -> String {
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn end_of(source: &str) -> rhai::Position {
    let line = source.lines().count().max(1);
    let column = source.lines().last().map_or(0, |last| last.chars().count()) + 1;
    let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    rhai::Position::new(number(line), number(column))
}
