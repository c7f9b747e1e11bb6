//! What somebody does to a database by hand is seen, and named in words.

use patchwright_hooks_api::Schema;
use patchwright_hooks_api::schema::differences;

/// Checks that each mutation is found and named. Each says which words of the script somebody writes otherwise, how, and what is
/// then said, with a semicolon between several things; a statement of which nothing is left is left out. `read` makes a database
/// by a script, from nothing, and gives what is introspected of it. To be called from a test.
///
/// # Panics
/// When one is passed over or named otherwise, telling them all; and when a script that is as it was is found to differ.
pub fn mutations(script: &[&str], mutations: &[(&str, &str, &str)], mut read: impl FnMut(&[String]) -> Schema) {
    let script: Vec<String> = script.iter().map(ToString::to_string).collect();
    let wanted = read(&script);
    assert_eq!(differences(&wanted, &read(&script)), [] as [&str; 0]);
    let mut otherwise = Vec::new();
    for (from, to, said) in mutations {
        let at = script.iter().position(|text| text.contains(from)).unwrap_or_else(|| panic!("nothing has {from}"));
        let mut mutated = script.clone();
        mutated[at] = mutated[at].replacen(from, to, 1);
        mutated.retain(|text| !text.is_empty());
        let found = differences(&wanted, &read(&mutated)).join("; ");
        if found != *said {
            otherwise.push(format!("{from} became {to:?}: {found} and not {said}"));
        }
    }
    assert_eq!(otherwise, [] as [String; 0]);
}
