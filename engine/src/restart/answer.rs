//! Whether an answer holds what a probe expects.

use crate::site::restarts::PLACEHOLDER;
use patchwright_hooks_api::Version;

/// Whether the answer holds the text, with the version in its placeholder's place. A fix may go by the version that it mends:
/// code at 1.0.0+fix.7 may call itself 1.0.0.
pub(super) fn holds(answer: &str, expected: &str, version: &Version) -> bool {
    let versions = [version.to_string(), version.without_patch_level().to_string()];
    versions.iter().any(|version| {
        let text = expected.replace(PLACEHOLDER, version);
        let (begins, ends) = (expected.starts_with(PLACEHOLDER), expected.ends_with(PLACEHOLDER));
        let is_whole = |at: usize| {
            let (before, behind) = (&answer[..at], &answer[at + text.len()..]);
            (!begins || !goes_on_before(before)) && (!ends || !goes_on_behind(behind))
        };
        answer.match_indices(text.as_str()).any(|(at, _)| is_whole(at))
    })
}

/// Whether a version that ends before this text is part of a longer one: 0.1 in 1.0.1.
fn goes_on_before(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_digit() || last == '.')
}

/// Whether a version that begins before this text is part of a longer one: 1.0.1 in 1.0.10 or 1.0.1-rc.1.
fn goes_on_behind(text: &str) -> bool {
    let is_of_word = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    let mut letters = text.chars();
    match letters.next() {
        Some('.' | '-' | '+') => is_of_word(letters.next()),
        first => is_of_word(first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(answer: &str, expected: &str, version: &str) -> bool {
        holds(answer, expected, &version.parse().unwrap())
    }

    #[test]
    fn an_answer_holds_the_version_wherever_it_stands() {
        for answer in ["1.0.1", "v1.0.1\n", "{\"version\":\"1.0.1\"}", "acme 1.0.1.", "up (1.0.1)", "1.0.10, no: 1.0.1"]
        {
            assert!(says(answer, "{version}", "1.0.1"), "{answer}");
        }
        assert!(says("acme is up, version=1.0.1;", "version={version};", "1.0.1"));
        assert!(says("OK", "OK", "1.0.1"));
    }

    #[test]
    fn a_longer_version_is_another_one() {
        for answer in ["1.0.10", "1.0.1.2", "1.0.1-rc.1", "1.0.1+fix.1", "21.0.1", "0.1.0.1", "1.0", ""] {
            assert!(!says(answer, "{version}", "1.0.1"), "{answer}");
        }
        assert!(!says("version=1.0.1", "version={version};", "1.0.1"));
    }

    #[test]
    fn a_fix_may_go_by_the_version_that_it_mends() {
        assert!(says("1.0.0", "{version}", "1.0.0+fix.7"));
        assert!(says("1.0.0+fix.7", "{version}", "1.0.0+fix.7"));
        assert!(!says("1.0.0+fix.6", "{version}", "1.0.0+fix.7"));
    }
}
