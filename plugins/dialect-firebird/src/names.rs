//! Names between Firebird, where those without quotes are in upper case, and everybody else.

use patchwright_hooks_api::{Error, ErrorKind};

/// The longest name in Firebird 3, in bytes.
const MAX_NAME_BYTES: usize = 31;

/// A name as Firebird has it: one in lower case is meant without quotes.
pub(crate) fn stored(name: &str) -> String {
    if name.contains(char::is_uppercase) { name.to_owned() } else { name.to_uppercase() }
}

/// A name as everybody else writes it.
pub(crate) fn told(name: &str) -> String {
    let name = name.trim_end();
    if name.contains(char::is_lowercase) { name.to_owned() } else { name.to_lowercase() }
}

/// A name as a quoted identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", stored(name).replace('"', "\"\""))
}

/// Refuses a new name that Firebird would cut off or refuse in words of its own.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    if name.len() <= MAX_NAME_BYTES {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!("the name {name} has {} bytes, and Firebird takes {MAX_NAME_BYTES}", name.len()),
    )
    .hint("choose a shorter name"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_lower_case_is_one_without_quotes_and_any_other_is_taken_as_it_is() {
        for (portable, firebird) in [("item_1", "ITEM_1"), ("Item", "Item"), ("größe", "GRÖSSE")] {
            assert_eq!(stored(portable), firebird);
        }
        for (firebird, portable) in [("ITEM  ", "item"), ("Item", "Item")] {
            assert_eq!(told(firebird), portable);
        }
        assert_eq!(quoted("a\"b"), "\"A\"\"B\"");
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        assert!(check(&"x".repeat(31)).is_ok());
        assert!(check(&"ä".repeat(16)).is_err());
    }
}
