//! Prints the statements of a script as JSON, one a line, the way a patch would run them: `split DIALECT < SCRIPT`.

use std::io::{Read, Write, stdin, stdout};

use patchwright_hooks_api::statements::{LexicalRules, split};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rules = match std::env::args().nth(1).as_deref() {
        Some("sqlite") => LexicalRules::sqlite(),
        Some("postgres") => LexicalRules::postgres(),
        Some("mysql") => LexicalRules::mysql(),
        _ => return Err("usage: split sqlite|postgres|mysql < SCRIPT".into()),
    };
    let mut script = String::new();
    stdin().read_to_string(&mut script)?;
    let mut out = stdout().lock();
    for piece in split(&script, &rules)? {
        let shown = json!({ "offset": piece.offset, "line": piece.line, "column": piece.column, "text": piece.text });
        writeln!(out, "{shown}")?;
    }
    Ok(())
}
