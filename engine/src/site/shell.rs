//! Commands for a person's shell: what can be copied out of a message and run as it is.

/// The text as one word of a POSIX shell (POSIX.1-2017, Shell Command Language, 2.2.2).
pub fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The words as one line, each quoted only where it must be.
pub fn line(words: &[String]) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "%+,-./:=@_".contains(letter);
    let quoted = |text: &String| match !text.is_empty() && text.chars().all(is_plain) {
        true => text.clone(),
        false => word(text),
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_quotes_what_a_shell_would_take_apart_and_nothing_else() {
        let words = ["sh", "-c", "echo $HOME; it's", "", "--user=www"].map(str::to_owned);
        assert_eq!(line(&words), r"sh -c 'echo $HOME; it'\''s' '' --user=www");
    }
}
