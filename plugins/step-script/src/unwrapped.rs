//! Hooks as the main part of their script, for the sake of places.
//!
//! Rhai gives a limit that is reached in a function the place of the function's call. A hook is called by the engine, from nowhere in the
//! script, so the place would be lost. Without `fn upgrade()` before it, the hook's block stands for itself, where it always stood: a
//! limit that it reaches has its own place, and one that a function reaches has the place at which the hook called it.

use crate::hook::Hook;
use patchwright_hooks_api::Position;
use regex_lite::Regex;
use rhai::{AST, Engine};
use std::collections::BTreeMap;

/// Each hook of the script without its head, with all the script's functions. One whose head is not as usual, with a comment in it perhaps,
/// is left out.
pub(crate) fn hooks(
    engine: &Engine,
    source: &str,
    code: &AST,
    hooks: &BTreeMap<Hook, Position>,
) -> BTreeMap<Hook, AST> {
    let unwrapped = |(hook, body): (&Hook, &Position)| {
        let without_head = without_head(source, *hook, body)?;
        let main_part = engine.compile(without_head).ok()?;
        // The hook itself is a function too, which others may call.
        Some((*hook, main_part.merge(&code.clone_functions_only())))
    };
    hooks.iter().filter_map(unwrapped).collect()
}

/// The source with blanks for the hook's head.
fn without_head(source: &str, hook: Hook, body: &Position) -> Option<String> {
    let line = source.split_inclusive('\n').take(usize::try_from(body.line).ok()?.checked_sub(1)?).map(str::len).sum();
    let column = usize::try_from(body.column).ok()?.checked_sub(1)?;
    let at = line + source[line..].char_indices().nth(column)?.0;
    let head = Regex::new(&format!(r"(private\s+)?\bfn\s+{}\s*\(\s*\)\s*$", hook.name())).ok()?;
    let start = head.find(&source[..at])?.start();
    let blank = |character: char| if character == '\n' || character == '\r' { character } else { ' ' };
    let head: String = source[start..at].chars().map(blank).collect();
    source[at..].starts_with('{').then(|| format!("{}{head}{}", &source[..start], &source[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_a_hook_is_blank_and_everything_stands_where_it_stood() {
        let source = "// fn upgrade() {}\nfn a() {}\n private fn\tupgrade( )\n  { ä }\n";
        let place = Position::new("x", 4, 3);
        let expected = "// fn upgrade() {}\nfn a() {}\n                      \n  { ä }\n";
        assert_eq!(without_head(source, Hook::Upgrade, &place).unwrap(), expected);
        assert_eq!(without_head(source, Hook::Upgrade, &Position::new("x", 2, 8)), None);
    }
}
