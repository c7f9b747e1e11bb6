//! Where in a statement an error stands: a server names a word or a byte, and an author looks for a line and a column.

/// The byte at which a name stands in a text as a whole word, if it does exactly once; of several places it might be any.
pub fn only_place(text: &str, name: &str) -> Option<usize> {
    let in_word = |character: char| character.is_alphanumeric() || character == '_';
    let is_whole = |at: usize| {
        let joins_before = name.starts_with(in_word) && text[..at].ends_with(in_word);
        let joins_after = name.ends_with(in_word) && text[at + name.len()..].starts_with(in_word);
        !joins_before && !joins_after
    };
    let mut places = text.match_indices(name).map(|(at, _)| at).filter(|&at| is_whole(at));
    let place = places.next().filter(|_| !name.is_empty());
    place.filter(|_| places.next().is_none())
}

/// The line and the column (in characters), both from 1, of a byte of a text; `None` where no character begins there.
pub fn line_and_column(text: &str, byte: usize) -> Option<(u32, u32)> {
    let before = text.get(..byte)?;
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    Some((u32::try_from(line).ok()?, u32::try_from(column).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_stands_once_as_a_whole_word_has_a_place() {
        assert_eq!(only_place("SELECT 1", "SELECT"), Some(0));
        assert_eq!(only_place("SELECT selected FROM select_log WHERE elect", "elect"), Some(38));
    }

    #[test]
    fn a_name_that_stands_twice_or_is_none_has_no_certain_place() {
        assert_eq!(only_place("SELECT , , 1", ","), None);
        assert_eq!(only_place("SELECT 1", ""), None);
    }

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "SELECT 'é',\n  'ü' FORM t";
        assert_eq!(line_and_column(text, 0), Some((1, 1)));
        assert_eq!(line_and_column(text, text.find("FORM").unwrap()), Some((2, 7)));
        assert_eq!(line_and_column(text, text.len()), Some((2, 13)), "an error at the end of the text");
        assert_eq!(line_and_column(text, text.len() + 1), None);
        assert_eq!(line_and_column(text, text.find('é').unwrap() + 1), None, "in the middle of a character");
    }
}
