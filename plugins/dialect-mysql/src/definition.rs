//! What a table's own definition says of its columns beyond the model: a MODIFY that does not restate it loses it.

use crate::bound::unquoted;

/// What belongs to a column and is no part of the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// The character set, if it is not the table's.
    pub(crate) charset: Option<String>,
    /// The collation, likewise.
    pub(crate) collation: Option<String>,
    /// What every update sets it to.
    pub(crate) on_update: Option<String>,
    /// A check of this column alone (MariaDB), with its parentheses.
    pub(crate) check: Option<String>,
    /// Whether `SELECT *` leaves it out.
    pub(crate) invisible: bool,
}

/// The definition without the number that the next row gets: rows change it, and a structure must be the same with other rows.
pub(crate) fn without_counter(definition: &str) -> String {
    const COUNTER: &str = " AUTO_INCREMENT=";
    let options = definition.rfind("\n) ").unwrap_or(definition.len());
    let Some(start) = definition[options..].find(COUNTER).map(|at| options + at) else { return definition.to_owned() };
    let behind = definition[start + COUNTER.len()..].trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{}{behind}", &definition[..start])
}

/// What the definition, as SHOW CREATE TABLE prints it, says of a column; nothing if it does not know the column.
pub(crate) fn extras(definition: Option<&str>, column: &str) -> Extras {
    let mut extras = Extras::default();
    let Some(line) = definition.and_then(|text| line_of(text, column)) else { return extras };
    let tokens = tokens(line);
    let mut at = 0;
    let next = |at: usize| tokens.get(at).map(|token| (*token).to_owned());
    while let Some(token) = tokens.get(at) {
        match token.to_ascii_uppercase().as_str() {
            "CHARACTER" => extras.charset = next(at + 2),
            "COLLATE" => extras.collation = next(at + 1),
            "UPDATE" => {
                let arguments = next(at + 2).filter(|token| token.starts_with('('));
                extras.on_update = next(at + 1).map(|now| now + &arguments.unwrap_or_default());
            }
            "CHECK" => extras.check = next(at + 1),
            "INVISIBLE" => extras.invisible = true,
            _ => {}
        }
        at += 1;
    }
    extras
}

/// Whether the table has an index of this name, those that the server made for itself among them.
pub(crate) fn has_index(definition: &str, index: &str) -> bool {
    let key = format!("KEY {} (", quoted_name(index));
    definition.lines().any(|line| line.trim_start().starts_with(&key))
}

fn line_of<'a>(definition: &'a str, column: &str) -> Option<&'a str> {
    let name = quoted_name(column);
    definition.lines().find_map(|line| {
        let line = line.strip_prefix("  ")?;
        let same = line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(&name));
        same.then(|| &line[name.len()..])
    })
}

fn quoted_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Words, strings and whole parentheses.
fn tokens(line: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => unquoted(rest).map_or(rest.len(), |(_, behind)| rest.len() - behind.len()),
            '(' => parenthesis_length(rest),
            _ => rest[first.len_utf8()..]
                .find(|character: char| character.is_whitespace() || matches!(character, '(' | '\'' | ','))
                .map_or(rest.len(), |end| end + first.len_utf8()),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn parenthesis_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(character) = text[at..].chars().next() {
        match character {
            '\'' => {
                at = unquoted(&text[at..]).map_or(text.len(), |(_, behind)| text.len() - behind.len());
                continue;
            }
            '(' => depth += 1,
            ')' if depth == 1 => return at + 1,
            ')' => depth -= 1,
            _ => {}
        }
        at += character.len_utf8();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'CHECK (COLLATE x)',\n  \
        `a``b` varchar(30) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'it\\'s',\n  \
        `made` timestamp(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),\n  \
        `n` int(11) INVISIBLE DEFAULT 5 CHECK (`n` > 0 and `n` <> ')'),\n  \
        PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`n`),\n  KEY `k` (`made`)\n) ENGINE=InnoDB";

    #[test]
    fn what_the_model_leaves_out_is_found() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(extras(Some(TABLE), "id"), Extras::default());
        let expected = Extras { charset: text("latin1"), collation: text("latin1_bin"), ..Extras::default() };
        assert_eq!(extras(Some(TABLE), "A`B"), expected);
        assert_eq!(extras(Some(TABLE), "made").on_update, text("current_timestamp(3)"));
        let expected = Extras { check: text("(`n` > 0 and `n` <> ')')"), invisible: true, ..Extras::default() };
        assert_eq!(extras(Some(TABLE), "n"), expected);
        assert_eq!(extras(Some(TABLE), "absent"), Extras::default());
    }

    #[test]
    fn the_next_rows_number_is_no_part_of_a_structure() {
        let one = "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4";
        let expected =
            "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
        assert_eq!(without_counter(one), expected);
        assert_eq!(without_counter(expected), expected);
    }

    #[test]
    fn an_index_is_known_by_its_name() {
        assert!(has_index(TABLE, "k") && !has_index(TABLE, "made"));
    }
}
