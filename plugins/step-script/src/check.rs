//! What is checked of a script when it is compiled, before anything of it runs.

use crate::diagnose;
use crate::hook::Hook;
use crate::modules;
use crate::nearest::nearest;
use crate::vocabulary;
use patchwright_hooks_api::{Error, Position};
use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// Checks a compiled script and gives its hooks with the places of their bodies.
///
/// # Errors
/// Everything that is wrong with it, in the order of the source: something would run at load, a function that is called doesn't
/// exist, a hook has parameters, there is no hook.
pub(crate) fn hooks(file: &str, script: &AST) -> Result<BTreeMap<Hook, Position>, Vec<Error>> {
    let mut faults: Vec<Error> = at_load(file, script).chain(unknown_calls(file, script)).collect();
    let mut hooks = BTreeMap::new();
    for function in script.iter_functions() {
        let Some(hook) = Hook::named(function.name) else { continue };
        let position = body_position(file, script, function.name, function.params.len());
        if !function.params.is_empty() {
            faults.push(Error::invalid(format!("{} is a hook and takes no parameters", hook.call())).at(&position));
        }
        hooks.insert(hook, position);
    }
    if hooks.is_empty() {
        let names: Vec<_> = Hook::ALL.into_iter().map(Hook::call).collect();
        let mut error = Error::invalid("the script has no hook, so nothing of it would ever run")
            .hint(format!("define at least one of {}", names.join(", ")))
            .at(&Position::new(file, 1, 1));
        // A hook whose name is misspelt is a function like any other.
        let near = script
            .iter_functions()
            .find_map(|function| Some((function.name.to_owned(), nearest(function.name, Hook::ALL.map(Hook::name))?)));
        if let Some((name, hook)) = near {
            error = error.hint(format!("did you mean fn {hook}() by fn {name}()"));
        }
        faults.push(error);
    }
    faults.sort_by(|one, other| one.position.cmp(&other.position));
    if faults.is_empty() { Ok(hooks) } else { Err(faults) }
}

/// Outside functions there are constants alone, and their values are written out: a call there would run whenever any
/// hook is called.
fn at_load(file: &str, script: &AST) -> impl Iterator<Item = Error> {
    let is_constant = |statement: &Stmt| match statement {
        Stmt::Noop(_) => true,
        Stmt::Var(definition, flags, _) => flags.contains(ASTFlags::CONSTANT) && is_literal(&definition.1),
        _ => false,
    };
    script.statements().iter().filter(move |statement| !is_constant(statement)).map(move |statement| {
        Error::invalid("only functions and constants with literal values stand outside functions")
            .hint("move this into a hook, such as fn upgrade() { … }")
            .at(&diagnose::position(file, statement.position()))
    })
}

fn is_literal(value: &Expr) -> bool {
    match value {
        Expr::Array(elements, _) => elements.iter().all(is_literal),
        Expr::Map(entries, _) => entries.0.iter().all(|(_, value)| is_literal(value)),
        Expr::FnCall(..) | Expr::MethodCall(..) => false,
        other => other.is_constant(),
    }
}

/// Calls of functions that don't exist, or not with so many arguments. What a call's arguments are is known when it runs.
fn unknown_calls(file: &str, script: &AST) -> Vec<Error> {
    let mut own: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for function in script.iter_functions() {
        own.entry(function.name).or_default().insert(function.params.len());
    }
    let mut faults = Vec::new();
    script.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, place)) | ASTNode::Stmt(Stmt::FnCall(call, place))) = path.last() {
            let fault = if call.namespace.is_empty() { unknown_function(call, &own) } else { unknown_in_module(call) };
            faults.extend(fault.map(|error| error.at(&diagnose::position(file, *place))));
        }
        true
    });
    faults
}

/// A function of the script itself, or of Rhai.
fn unknown_function(call: &FnCallExpr, own: &BTreeMap<&str, BTreeSet<usize>>) -> Option<Error> {
    let name = call.name.as_str();
    let is_operator = call.op_token.is_some() || !name.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if is_operator || vocabulary::knows(name) {
        return None;
    }
    let count = call.args.len();
    match own.get(name) {
        Some(counts) if counts.contains(&count) => None,
        Some(counts) => {
            let known: Vec<_> = counts.iter().map(ToString::to_string).collect();
            Some(
                Error::invalid(format!("{name} can't be called with {}", arguments(count)))
                    .hint(format!("{name} takes other arguments: it is defined with {} of them", known.join(" or "))),
            )
        }
        None => Some(diagnose::no_function(name, &format!("{name}()"), own.keys().copied())),
    }
}

fn unknown_in_module(call: &FnCallExpr) -> Option<Error> {
    let name = format!("{}::{}", call.namespace.root(), call.name);
    if let Some(function) = modules::functions().find(|function| function.name == name) {
        let count = call.args.len();
        let error = || Error::invalid(format!("{name} can't be called with {}", arguments(count)));
        return (!function.takes(count)).then(|| error().hint(format!("its form is {}", function.signature())));
    }
    let error = Error::invalid(format!("there is no function {name}"));
    Some(match nearest(&name, modules::functions().map(|function| function.name)) {
        Some(near) => error.hint(format!("did you mean {near}")),
        None => {
            let module = format!("{}::", call.namespace.root());
            let of_module = modules::functions().filter_map(|function| function.name.strip_prefix(&module));
            error.hint(format!("{} has {}", call.namespace.root(), of_module.collect::<Vec<_>>().join(", ")))
        }
    })
}

fn arguments(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

fn body_position(file: &str, script: &AST, name: &str, parameters: usize) -> Position {
    let function = script.shared_lib().get_script_fn(name, parameters);
    diagnose::position(file, function.map_or(rhai::Position::NONE, |function| function.body.start_position()))
}
