//! A view's query as its author would have written it. The server keeps no text: it prints its tree, with every name in full.

/// One piece of a query: a quoted name, or anything else.
enum Piece<'a> {
    Name(&'a str),
    Other(&'a str),
}

/// The query without the name of the database, without the name of the table where there is only one, and without `AS x`
/// behind a column that is called x anyhow.
pub(crate) fn plain(query: &str, database: &str) -> String {
    let pieces = without_database(&pieces(query), database);
    let pieces = match only_table(&pieces) {
        Some(table) => without_qualifier(&pieces, table),
        None => pieces,
    };
    let mut out = String::with_capacity(query.len());
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        write(&mut out, piece);
        at += 1;
        if let (Piece::Name(name), Some(Piece::Other(" AS ")), Some(Piece::Name(alias))) =
            (piece, pieces.get(at), pieces.get(at + 1))
            && name == alias
        {
            at += 2;
        }
    }
    out
}

fn pieces(query: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(['`', '\'', '"']) {
        let quote = rest.as_bytes()[start];
        let end = start + 1 + quoted_length(&rest[start + 1..], quote);
        let name_end = end.saturating_sub(1).max(start + 1);
        if quote == b'`' {
            pieces.push(Piece::Other(&rest[..start]));
            pieces.push(Piece::Name(&rest[start + 1..name_end]));
        } else {
            pieces.push(Piece::Other(&rest[..end]));
        }
        rest = &rest[end..];
    }
    pieces.push(Piece::Other(rest));
    pieces.retain(|piece| !matches!(piece, Piece::Other("")));
    pieces
}

/// How long a quoted text is from behind its first quote to behind its last.
fn quoted_length(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'\\' && quote != b'`' {
            at += 1;
        } else if byte == quote {
            if bytes.get(at) != Some(&quote) {
                return at;
            }
            at += 1;
        }
    }
    text.len()
}

fn without_database<'a>(pieces: &[Piece<'a>], database: &str) -> Vec<Piece<'a>> {
    without(pieces, database, |index| {
        !matches!(index.checked_sub(1).and_then(|at| pieces.get(at)), Some(Piece::Other(".")))
    })
}

fn without_qualifier<'a>(pieces: &[Piece<'a>], table: &str) -> Vec<Piece<'a>> {
    without(pieces, table, |_| true)
}

/// Leaves out `name.` wherever a name follows.
fn without<'a>(pieces: &[Piece<'a>], name: &str, at_place: impl Fn(usize) -> bool) -> Vec<Piece<'a>> {
    let mut kept = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let qualifies = matches!(piece, Piece::Name(known) if *known == name)
            && matches!(pieces.get(at + 1), Some(Piece::Other(".")))
            && matches!(pieces.get(at + 2), Some(Piece::Name(_)));
        if qualifies && at_place(at) {
            at += 2;
            continue;
        }
        kept.push(match piece {
            Piece::Name(name) => Piece::Name(name),
            Piece::Other(text) => Piece::Other(text),
        });
        at += 1;
    }
    kept
}

/// The table that the query reads, if it is one alone, under its own name.
fn only_table<'a>(pieces: &[Piece<'a>]) -> Option<&'a str> {
    let mut tables = pieces.windows(2).filter_map(|two| match two {
        [Piece::Other(before), Piece::Name(name)] if before.ends_with(" from ") || before.ends_with("from (") => {
            Some(*name)
        }
        _ => None,
    });
    let table = tables.next().filter(|_| tables.next().is_none())?;
    let is_joined = pieces.iter().any(|piece| matches!(piece, Piece::Other(text) if text.contains(" join ")));
    let at = pieces.windows(2).position(
        |two| matches!(two, [Piece::Other(before), Piece::Name(name)] if before.ends_with(" from ") && *name == table),
    )?;
    let has_alias = matches!(pieces.get(at + 2..at + 4), Some([Piece::Other(" "), Piece::Name(_)]));
    (!is_joined && !has_alias).then_some(table)
}

fn write(out: &mut String, piece: &Piece<'_>) {
    match piece {
        Piece::Name(name) => {
            out.push('`');
            out.push_str(name);
            out.push('`');
        }
        Piece::Other(text) => out.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_one_table_stands_without_what_the_server_added() {
        let printed = "select `cms`.`item`.`id` AS `id`,`cms`.`item`.`title` AS `name` from `cms`.`item` where `cms`.`item`.`state` > 0";
        assert_eq!(plain(printed, "cms"), "select `id`,`title` AS `name` from `item` where `state` > 0");
    }

    #[test]
    fn a_query_of_several_tables_keeps_their_names() {
        let printed = "select `i`.`id` AS `id`,`f`.`name` AS `n` from (`cms`.`item` `i` join `cms`.`forum` `f` on(`f`.`id` = `i`.`forum`))";
        let plain_text =
            "select `i`.`id`,`f`.`name` AS `n` from (`item` `i` join `forum` `f` on(`f`.`id` = `i`.`forum`))";
        assert_eq!(plain(printed, "cms"), plain_text);
    }

    #[test]
    fn strings_and_columns_that_are_called_like_the_database_stay() {
        let printed = "select `cms`.`cms`.`cms` AS `cms`,'`cms`.`x`' AS `s\\'` from `cms`.`cms`";
        assert_eq!(plain(printed, "cms"), "select `cms`,'`cms`.`x`' AS `s\\'` from `cms`");
        plain("select 'open", "cms");
        plain("select `", "cms");
    }
}
