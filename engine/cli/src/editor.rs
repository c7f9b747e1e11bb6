//! The operator's own editor, in which he finishes a text.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::Write;
use std::process::Command;

/// The operator's editor, if one is set: `$VISUAL` goes before `$EDITOR`.
pub(crate) fn editor() -> Option<String> {
    let set = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    set.into_iter().find(|editor| !editor.trim().is_empty())
}

/// Opens the editor on a text, in a file whose name ends like the one it is for, and gives what the operator made of it.
///
/// # Errors
/// When the editor can't be started or fails.
pub(crate) fn edit(editor: &str, text: &[u8], path: &str) -> Result<Vec<u8>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut file = tempfile::Builder::new().prefix("conflict-").suffix(&format!("-{name}")).tempfile()?;
    file.write_all(text)?;
    // The variable may hold arguments, so a shell reads it.
    let status = Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(file.path()).status();
    let status = status.with_context(|| format!("the editor {editor:?} can't be started"))?;
    if !status.success() {
        bail!("the editor {editor:?} failed ({status})");
    }
    // Many editors put another file in its place, so it is read by its name.
    fs::read(file.path()).with_context(|| format!("what the editor {editor:?} wrote can't be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_gets_the_text_and_what_it_writes_is_taken() {
        // C50
        let merged = edit("sed -i s/theirs/both/", b"theirs\n", "tools/create.php").unwrap();
        assert_eq!(merged, b"both\n");
    }

    #[test]
    fn an_editor_that_fails_gives_nothing() {
        // C50
        assert!(edit("false", b"theirs\n", "a").unwrap_err().to_string().contains("failed"));
    }
}
