//! What is checked of a script when it is compiled, before anything of it runs.

use crate::diagnose;
use crate::hook::Hook;
use crate::modules;
use crate::nearest::nearest;
use patchwright_hooks_api::{Error, Position};
use rhai::{AST, ASTFlags, ASTNode, Expr, FnCallExpr, Stmt};
use std::collections::BTreeMap;

/// Checks a compiled script and gives its hooks with the places of their bodies.
///
/// # Errors
/// When something would run at load, a hook has parameters, there is no hook, or a function of a module doesn't exist.
pub(crate) fn hooks(file: &str, script: &AST) -> Result<BTreeMap<Hook, Position>, Error> {
    nothing_runs_at_load(file, script)?;
    calls_exist(file, script)?;
    let mut hooks = BTreeMap::new();
    for function in script.iter_functions() {
        let Some(hook) = Hook::named(function.name) else { continue };
        let position = body_position(file, script, function.name, function.params.len());
        if !function.params.is_empty() {
            return Err(Error::invalid(format!("{} is a hook and takes no parameters", hook.call())).at(&position));
        }
        hooks.insert(hook, position);
    }
    if hooks.is_empty() {
        let names: Vec<_> = Hook::ALL.into_iter().map(Hook::call).collect();
        return Err(Error::invalid("the script has no hook, so nothing of it would ever run")
            .hint(format!("define at least one of {}", names.join(", ")))
            .at(&Position::new(file, 1, 1)));
    }
    Ok(hooks)
}

/// Outside functions there are constants alone, and their values are written out: a call there would run whenever any
/// hook is called.
fn nothing_runs_at_load(file: &str, script: &AST) -> Result<(), Error> {
    let is_constant = |statement: &Stmt| match statement {
        Stmt::Noop(_) => true,
        Stmt::Var(definition, flags, _) => flags.contains(ASTFlags::CONSTANT) && is_literal(&definition.1),
        _ => false,
    };
    match script.statements().iter().find(|statement| !is_constant(statement)) {
        None => Ok(()),
        Some(statement) => {
            Err(Error::invalid("only functions and constants with literal values stand outside functions")
                .hint("move this into a hook, such as fn upgrade() { … }")
                .at(&diagnose::position(file, statement.position())))
        }
    }
}

fn is_literal(value: &Expr) -> bool {
    match value {
        Expr::Array(elements, _) => elements.iter().all(is_literal),
        Expr::Map(entries, _) => entries.0.iter().all(|(_, value)| is_literal(value)),
        Expr::FnCall(..) | Expr::MethodCall(..) => false,
        other => other.is_constant(),
    }
}

fn calls_exist(file: &str, script: &AST) -> Result<(), Error> {
    let mut fault = None;
    script.walk(&mut |path: &[ASTNode<'_>]| {
        let call = match path.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, place)) | ASTNode::Stmt(Stmt::FnCall(call, place))) => (call, place),
            _ => return true,
        };
        fault = unknown_call(call.0).map(|error| error.at(&diagnose::position(file, *call.1)));
        fault.is_none()
    });
    fault.map_or(Ok(()), Err)
}

fn unknown_call(call: &FnCallExpr) -> Option<Error> {
    if call.namespace.is_empty() {
        return None;
    }
    let name = format!("{}::{}", call.namespace.root(), call.name);
    if let Some(function) = modules::functions().find(|function| function.name == name) {
        let count = call.args.len();
        let error = || Error::invalid(format!("{name} can't be called with {count} arguments"));
        return (!function.takes(count)).then(|| error().hint(format!("its form is {}", function.signature())));
    }
    let error = Error::invalid(format!("there is no function {name}"));
    Some(match nearest(&name, modules::functions().map(|function| function.name)) {
        Some(near) => error.hint(format!("did you mean {near}")),
        None => error,
    })
}

fn body_position(file: &str, script: &AST, name: &str, parameters: usize) -> Position {
    let function = script.shared_lib().get_script_fn(name, parameters);
    diagnose::position(file, function.map_or(rhai::Position::NONE, |function| function.body.start_position()))
}
