//! What a definition says, and where.

use super::*;

fn read(text: &str) -> Definition {
    Definition::read(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_part_of_a_table_is_found_where_it_stands() {
    let text = "CREATE TABLE \"it\"\"em\" (id INTEGER PRIMARY KEY AUTOINCREMENT, -- the number\n \
        [na me] VARCHAR (80) NOT NULL ON CONFLICT FAIL DEFAULT 'it''s' COLLATE NOCASE UNIQUE,\n \
        price DECIMAL(10, 2) CONSTRAINT cheap CHECK (price < (1 + 2) * 3), \
        forum REFERENCES forum(id) ON DELETE SET NULL ON UPDATE CASCADE NOT DEFERRABLE INITIALLY IMMEDIATE, \
        total INT GENERATED ALWAYS AS (price * 2) STORED, \
        CONSTRAINT both UNIQUE (price, forum DESC) ON CONFLICT IGNORE CHECK (id > 0), \
        FOREIGN KEY (price, forum) REFERENCES other) STRICT";
    let definition = read(text);
    assert_eq!(&text[definition.name.clone()], "\"it\"\"em\"");
    let names: Vec<&str> = definition.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["id", "na me", "price", "forum", "total"]);
    let kinds: Vec<&str> = definition.columns.iter().map(|column| &text[column.kind.clone()]).collect();
    assert_eq!(kinds, ["INTEGER", "VARCHAR (80)", "DECIMAL(10, 2)", "", "INT"]);
    assert_eq!(definition.primary_key(), Some((&["id".to_owned()][..], true)));
    assert!(definition.strict && !definition.without_rowid && definition.columns[4].is_generated());
    let rules: Vec<&str> =
        definition.columns[1].constraints.iter().map(|constraint| &text[constraint.range.clone()]).collect();
    assert_eq!(rules, ["NOT NULL ON CONFLICT FAIL", "DEFAULT 'it''s'", "COLLATE NOCASE", "UNIQUE"]);
    let constraints: Vec<&str> =
        definition.constraints.iter().map(|constraint| &text[constraint.range.clone()]).collect();
    assert_eq!(
        constraints,
        [
            "CONSTRAINT both UNIQUE (price, forum DESC) ON CONFLICT IGNORE",
            "CHECK (id > 0)",
            "FOREIGN KEY (price, forum) REFERENCES other"
        ]
    );
    let check = &definition.columns[2].constraints[0];
    assert_eq!(check.name.as_deref(), Some("cheap"));
    assert!(matches!(&check.rule, Rule::Check(range) if &text[range.clone()] == "price < (1 + 2) * 3"));
    let Rule::References(reference) = &definition.columns[3].constraints[0].rule else { panic!("no reference") };
    assert_eq!((reference.on_delete, reference.on_update), (OnTarget::SetNull, OnTarget::Cascade));
}

#[test]
fn a_default_ends_where_sqlite_ends_it() {
    for (default, rest) in [
        ("-1.5e-3", ""),
        ("+.5", ""),
        ("0x1F", ""),
        ("1_000", ""),
        ("x'00ff'", " NOT NULL"),
        ("'a'", "NOT NULL"),
        ("(1 + (2))", " NOT NULL"),
        ("CURRENT_TIMESTAMP", " NOT NULL"),
        ("\"so\"", ""),
        ("NULL", " UNIQUE"),
    ] {
        let text = format!("CREATE TABLE t(a DEFAULT {default}{rest}, b)");
        let definition = read(&text);
        let Rule::Default(range) = &definition.columns[0].constraints[0].rule else { panic!("no default: {text}") };
        assert_eq!(&text[range.clone()], default);
        assert_eq!(definition.columns[0].constraints.len(), 1 + usize::from(!rest.is_empty()), "{text}");
        assert_eq!(definition.columns[1].name, "b");
    }
}

#[test]
fn only_integer_is_another_name_for_the_rowid() {
    for (text, is_alias) in [
        ("CREATE TABLE t(a integer PRIMARY KEY)", true),
        ("CREATE TABLE t(a INTEGER, PRIMARY KEY (a DESC))", true),
        ("CREATE TABLE t(a INT PRIMARY KEY)", false),
        ("CREATE TABLE t(a INTEGER PRIMARY KEY DESC)", false),
        ("CREATE TABLE t(a INTEGER PRIMARY KEY) WITHOUT ROWID", false),
        ("CREATE TABLE t(a INTEGER, b, PRIMARY KEY (a, b))", false),
    ] {
        assert_eq!(read(text).rowid_alias(text).is_some(), is_alias, "{text}");
    }
}

#[test]
fn the_parts_of_an_index_are_columns_or_expressions() {
    let text = "CREATE UNIQUE INDEX \"i\" ON t (a, \"b c\" DESC, lower(d), e COLLATE NOCASE) WHERE a > 0 AND b";
    let index = IndexDefinition::read(text).unwrap();
    assert!(index.unique);
    assert_eq!(&text[index.name], "\"i\"");
    let columns: Vec<Option<&str>> = index.parts.iter().map(|part| part.column.as_deref()).collect();
    assert_eq!(columns, [Some("a"), Some("b c"), None, None]);
    assert_eq!(&text[index.parts[2].range.clone()], "lower(d)");
    assert!(index.parts[1].descending && !index.parts[0].descending);
    assert_eq!(&text[index.filter.unwrap()], "a > 0 AND b");
}

#[test]
fn what_is_no_definition_is_refused() {
    for text in
        ["", "CREATE TABLE", "CREATE TABLE t (a", "CREATE TABLE t (a DEFAULT)", "CREATE VIRTUAL TABLE t USING x(a)"]
    {
        assert!(Definition::read(text).is_err(), "{text}");
    }
}
