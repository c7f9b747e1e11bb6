//! Any text, cut by the rules of each dialect: no panic, no byte lost, and each statement is cut into itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use patchwright_hooks_api::statements::{LexicalRules, split, substitute};

fuzz_target!(|script: &str| {
    for mut rules in [LexicalRules::sqlite(), LexicalRules::postgres(), LexicalRules::mysql()] {
        assert_eq!(substitute(script, &rules, "#__", "#__"), script);
        let Ok(pieces) = split(script, &rules) else { continue };
        let mut end = 0;
        rules.delimiter_command = false;
        for piece in pieces {
            assert!(end <= piece.offset && &script[piece.range()] == piece.text);
            assert!(split(&script[end..piece.offset], &rules).is_ok_and(|between| between.is_empty()) || has_command(script));
            end = piece.range().end;
        }
    }
});

/// A `DELIMITER` command lies between statements too, and so does the delimiter that it names.
fn has_command(script: &str) -> bool {
    script.to_ascii_uppercase().contains("DELIMITER")
}
