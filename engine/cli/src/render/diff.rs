//! A unified diff, as people read it.

use super::count;
use console::style;

/// The diff with what goes in red and what comes in green, where colours are on.
pub(crate) fn coloured(diff: &str) -> String {
    let line = |line: &str| {
        let line = match line.as_bytes().first() {
            Some(b'@') => style(line).cyan(),
            Some(b'+') => style(line).green(),
            Some(b'-') => style(line).red(),
            _ => style(line),
        };
        format!("{line}\n")
    };
    diff.lines().map(line).collect()
}

/// How much differs, in words.
pub(crate) fn size(diff: &str) -> String {
    let is_head = |line: &&str| !line.starts_with("+++ ") && !line.starts_with("--- ");
    let changed = diff.lines().filter(is_head).filter(|line| line.starts_with(['+', '-'])).count();
    count(changed, "line")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_a_diff_is_what_goes_and_comes() {
        assert_eq!(size("--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n+more\n"), "3 lines");
    }
}
