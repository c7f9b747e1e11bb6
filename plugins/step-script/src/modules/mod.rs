//! The modules of functions that an upgrade script can call: one table, from which they are bound and checked.

pub(crate) mod db;
pub(crate) mod fs;
pub(crate) mod http;
pub(crate) mod ini;
pub(crate) mod json;
pub(crate) mod log;
pub(crate) mod patcher;
pub(crate) mod site;
pub(crate) mod text;
pub(crate) mod xml;

use crate::call::Function;
use rhai::{Engine, Module};

/// Every module by its name, with its functions.
const MODULES: [(&str, &[Function]); 10] = [
    ("db", db::FUNCTIONS),
    ("fs", fs::FUNCTIONS),
    ("text", text::FUNCTIONS),
    ("json", json::FUNCTIONS),
    ("ini", ini::FUNCTIONS),
    ("xml", xml::FUNCTIONS),
    ("site", site::FUNCTIONS),
    ("http", http::FUNCTIONS),
    ("patcher", patcher::FUNCTIONS),
    ("log", log::FUNCTIONS),
];

/// The names of the modules.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    MODULES.into_iter().map(|(name, _)| name)
}

/// Every function of every module.
pub(crate) fn functions() -> impl Iterator<Item = &'static Function> {
    MODULES.into_iter().flat_map(|(_, functions)| functions)
}

/// Makes the functions known to the engine.
pub(crate) fn bind(engine: &mut Engine) {
    for (name, functions) in MODULES {
        let mut module = Module::new();
        functions.iter().for_each(|function| function.bind(&mut module));
        engine.register_static_module(name, module.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference that script authors read.
    const REFERENCE: &str = include_str!("../../../../hooks-api/docs/script-functions.md");

    #[test]
    fn the_functions_in_the_reference_are_the_ones_that_are_bound() {
        let documented = REFERENCE.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        let documented: Vec<_> = documented.filter(|heading| heading.contains("::")).collect();
        let bound: Vec<_> = functions().map(Function::signature).collect();
        assert_eq!(documented, bound);
    }

    #[test]
    fn the_hooks_in_the_reference_are_the_ones_that_are_called() {
        let documented = REFERENCE.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'));
        let documented: Vec<_> = documented.filter(|heading| !heading.contains("::")).collect();
        assert_eq!(documented, crate::hook::Hook::ALL.map(crate::hook::Hook::call));
    }

    #[test]
    fn the_example_in_the_reference_is_a_script() {
        let (_, example) = REFERENCE.split_once("```rhai\n").unwrap();
        let (example, _) = example.split_once("```").unwrap();
        crate::script::Script::compile("upgrade.rhai", example, crate::script_element::Grants::default()).unwrap();
    }

    #[test]
    fn a_function_stands_in_the_module_that_its_name_says() {
        for (module, functions) in MODULES {
            for function in functions {
                assert!(function.name.starts_with(&format!("{module}::")), "{} in {module}", function.name);
            }
        }
    }
}
