//! Commands for a person's shell: what can be copied out of a message and run as it is.

/// The text as one word of a POSIX shell (POSIX.1-2017, Shell Command Language, 2.2.2).
pub fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
