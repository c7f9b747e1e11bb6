//! The laws of splitting that hold for any text.

use super::tests::dialects;
use super::*;
use proptest::prelude::*;

/// Fragments that the rules give a meaning, so that random scripts reach deep into them.
fn scripts() -> impl Strategy<Value = String> {
    let fragments = vec![
        "SELECT 1",
        ";",
        " ",
        "\n",
        "'",
        "''",
        "'a;b'",
        "\\",
        "\"",
        "`",
        "[",
        "]",
        "E'",
        "$$",
        "$a$",
        "$1",
        "--",
        "-- ",
        "#",
        "#__",
        "/*",
        "*/",
        "/*!50003",
        "/*M!",
        "DELIMITER //\n",
        "DELIMITER ;\n",
        "//",
        "CREATE ",
        "ALTER ",
        "TRIGGER ",
        "PROCEDURE ",
        "FUNCTION ",
        "RULE ",
        "BEGIN ",
        "ATOMIC ",
        "NOT ",
        "END",
        "END;",
        " IF ",
        " CASE ",
        "DEFINER=",
        "@",
        "(",
        ")",
        ".",
        ":",
        "é",
        "\u{feff}",
        "\0",
        "\r\n",
        "p ",
    ];
    proptest::collection::vec(proptest::sample::select(fragments), 0..40).prop_map(|parts| parts.concat())
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => scripts(), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn statements_and_what_lies_between_give_the_script_again(script in any_text()) {
        for rules in dialects() {
            let Ok(pieces) = split(&script, &rules) else { continue };
            let mut rebuilt = String::new();
            for piece in &pieces {
                prop_assert!(!piece.text.is_empty());
                prop_assert_eq!(&script[piece.range()], piece.text);
                prop_assert!(rebuilt.len() <= piece.offset, "pieces come in order");
                rebuilt += &script[rebuilt.len()..piece.offset];
                rebuilt += piece.text;
            }
            rebuilt += &script[rebuilt.len()..];
            prop_assert_eq!(&rebuilt, &script);
        }
    }

    #[test]
    fn nothing_that_runs_lies_between_statements(script in any_text()) {
        for rules in dialects() {
            let rules = LexicalRules { delimiter_command: false, ..rules };
            let Ok(pieces) = split(&script, &rules) else { continue };
            let starts = pieces.iter().map(|piece| piece.offset).chain([script.len()]);
            let ends = std::iter::once(0).chain(pieces.iter().map(|piece| piece.range().end));
            for (end, start) in ends.zip(starts) {
                let between = &script[end..start];
                prop_assert_eq!(split(between, &rules), Ok(vec![]), "{:?}", between);
            }
        }
    }

    #[test]
    fn a_statement_splits_into_itself(script in any_text()) {
        for rules in dialects() {
            let rules = LexicalRules { delimiter_command: false, ..rules };
            for piece in split(&script, &rules).unwrap_or_default() {
                let terminated = format!("{};", piece.text);
                let again = split(&terminated, &rules).unwrap();
                prop_assert_eq!(again.len(), 1);
                prop_assert_eq!(again[0].text, piece.text);
            }
        }
    }

    #[test]
    fn lines_and_columns_are_those_of_the_offset(script in any_text()) {
        for rules in dialects() {
            for piece in split(&script, &rules).unwrap_or_default() {
                let before = script[..piece.offset].replace('\u{feff}', "");
                prop_assert_eq!(piece.line, before.split('\n').count());
                prop_assert_eq!(piece.column, 1 + before.split('\n').next_back().map_or(0, |line| line.chars().count()));
            }
        }
    }

    #[test]
    fn a_placeholder_replaced_by_itself_changes_nothing(script in any_text()) {
        for rules in dialects() {
            for placeholder in ["#__", "/*", "p", "é", "'", "$"] {
                prop_assert_eq!(&substitute(&script, &rules, placeholder, placeholder), &script);
            }
        }
    }

    #[test]
    fn no_text_makes_the_reading_of_keywords_panic(script in any_text()) {
        for rules in dialects() {
            prop_assert!(first_keywords(&script, &rules).len() <= MAX_FIRST_KEYWORDS);
        }
    }
}
