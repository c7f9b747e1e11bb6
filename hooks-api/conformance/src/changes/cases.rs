//! The cases: what there is before, and the change. In the notation in which the ledger keeps changes.

use patchwright_hooks_api::Change;

/// One change on a database with something in it.
pub(super) struct Case {
    pub name: &'static str,
    pub before: Vec<Change>,
    pub change: Change,
}

/// Two tables that know each other, as real schemas have them.
const FORUM: &str = r#"{"create-table": {"name": "forum", "primary-key": ["id"], "columns": [
    {"name": "id", "kind": {"integer": {"bits": 64, "unsigned": false}}, "null": false, "auto": true},
    {"name": "name", "kind": {"varchar": 80}, "null": false, "default": {"literal": {"text": "it's \"new\""}}}]}}"#;
const ITEM: &str = r#"{"create-table": {"name": "item", "primary-key": ["id"], "columns": [
    {"name": "id", "kind": {"integer": {"bits": 32, "unsigned": false}}, "null": false},
    {"name": "forum", "kind": {"integer": {"bits": 64, "unsigned": false}}, "null": true},
    {"name": "title", "kind": {"varchar": 80}, "null": false, "default": {"literal": {"text": ""}}},
    {"name": "state", "kind": {"integer": {"bits": 16, "unsigned": false}}, "null": true, "default": {"literal": {"integer": 1}}},
    {"name": "price", "kind": {"decimal": {"precision": 10, "scale": 2}}, "null": true}],
    "indexes": [{"name": "item_state", "parts": [{"source": {"column": "state"}}, {"source": {"column": "title"}}]},
                {"name": "item_title", "unique": true, "parts": [{"source": {"column": "title"}}]}],
    "foreign-keys": [{"name": "item_forum", "columns": ["forum"], "table": "forum", "targets": ["id"], "on-delete": "cascade"}],
    "checks": [{"name": "item_positive", "condition": "id > 0"}]}}"#;
const FORUMS: &str = r#"{"insert-rows": {"table": "forum", "columns": ["id", "name"], "rows": [
    [{"integer": 1}, {"text": "General"}], [{"integer": 2}, {"text": "it's \\ \"é\" 漢 ?"}]]}}"#;
const ITEMS: &str = r#"{"insert-rows": {"table": "item", "columns": ["id", "forum", "title", "state", "price"], "rows": [
    [{"integer": 1}, {"integer": 1}, {"text": "one"}, {"integer": 7}, {"text": "9.90"}],
    [{"integer": 2}, {"integer": 2}, {"text": "two"}, "null", "null"],
    [{"integer": 3}, "null", {"text": "three"}, {"integer": 7}, {"text": "0.05"}]]}}"#;

/// Every type, with what a default can be.
const EVERY_TYPE: &str = r#"{"create-table": {"name": "thing", "primary-key": ["id"], "comment": "one of each", "columns": [
    {"name": "id", "kind": {"integer": {"bits": 64, "unsigned": false}}, "null": false, "auto": true, "comment": "its number"},
    {"name": "a_smallint", "kind": {"integer": {"bits": 16, "unsigned": false}}, "null": true},
    {"name": "an_integer", "kind": {"integer": {"bits": 32, "unsigned": true}}, "null": false, "default": {"literal": {"integer": 0}}},
    {"name": "a_bigint", "kind": {"integer": {"bits": 64, "unsigned": false}}, "null": true, "default": {"literal": {"integer": -1}}},
    {"name": "a_boolean", "kind": "boolean", "null": false, "default": {"literal": {"integer": 1}}},
    {"name": "a_decimal", "kind": {"decimal": {"precision": 12, "scale": 3}}, "null": true, "default": {"literal": {"text": "0.500"}}},
    {"name": "a_real", "kind": {"float": {"bits": 32}}, "null": true},
    {"name": "a_double", "kind": {"float": {"bits": 64}}, "null": true, "default": {"literal": {"real": 0.25}}},
    {"name": "a_char", "kind": {"char": 2}, "null": true},
    {"name": "a_varchar", "kind": {"varchar": 255}, "null": true, "default": {"literal": {"text": "it's \\ \"x\""}}},
    {"name": "a_text", "kind": {"text": "normal"}, "null": true},
    {"name": "a_long_text", "kind": {"text": "long"}, "null": true},
    {"name": "a_blob", "kind": {"blob": "normal"}, "null": true},
    {"name": "a_binary", "kind": {"binary": 16}, "null": true},
    {"name": "a_date", "kind": "date", "null": true, "default": {"literal": {"text": "2024-02-29"}}},
    {"name": "a_time", "kind": {"time": {"precision": 0}}, "null": true},
    {"name": "a_timestamp", "kind": {"timestamp": {"zone": false, "precision": 0}}, "null": true, "default": {"literal": {"text": "2024-02-29 23:59:59"}}},
    {"name": "an_instant", "kind": {"timestamp": {"zone": true, "precision": 6}}, "null": true},
    {"name": "made", "kind": {"timestamp": {"zone": false, "precision": 0}}, "null": false, "default": "now"},
    {"name": "a_uuid", "kind": "uuid", "null": true},
    {"name": "a_json", "kind": "json", "null": true},
    {"name": "an_enum", "kind": {"enum": ["red", "green"]}, "null": true}]}}"#;
const EVERY_VALUE: &str = r#"{"insert-rows": {"table": "thing",
    "columns": ["id", "a_smallint", "an_integer", "a_bigint", "a_boolean", "a_decimal", "a_real", "a_double", "a_char", "a_varchar",
        "a_text", "a_blob", "a_date", "a_time", "a_timestamp", "an_instant", "a_uuid", "a_json", "an_enum"],
    "rows": [[{"text": "5"}, {"text": "-32768"}, {"text": "2147483647"}, {"text": "-9223372036854775808"}, {"text": "false"}, {"text": "-123456789.125"},
        {"text": "0.5"}, {"text": "1e300"}, {"text": "ab"}, {"text": "ä'\\"}, {"text": "long"}, {"bytes": [0, 255, 39, 92]}, {"text": "1999-12-31"},
        {"text": "23:59:59"}, {"text": "2024-02-29 12:00:00"}, {"text": "2024-02-29 12:00:00.123456+00:00"},
        {"text": "6f1c1a34-5c2f-4d0e-9c1e-0a1b2c3d4e5f"}, {"text": "{\"a\": [1, null]}"}, {"text": "green"}]]}}"#;

/// Each change once in a plain place, and again where databases are known to stumble.
const CASES: &[(&str, &[&str], &str)] = &[
    ("a table of every type is made", &[], EVERY_TYPE),
    ("a value of every type goes in", &[EVERY_TYPE], EVERY_VALUE),
    ("a table with keys, indexes and checks is made", &[FORUM], ITEM),
    ("a table with rows is dropped", &[FORUM, ITEM, ITEMS_ALONE], r#"{"drop-table": {"table": "item"}}"#),
    (
        "a table that others refer to gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-table": {"table": "forum", "to": "board"}}"#,
    ),
    (
        "a table with indexes gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-table": {"table": "item", "to": "thing"}}"#,
    ),
    (
        "a column is added",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-column": {"table": "item", "column": {"name": "note", "kind": {"text": "normal"}, "null": true}}}"#,
    ),
    (
        "a column with a default is added to rows",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-column": {"table": "item", "column": {"name": "seen", "kind": "boolean", "null": false, "default": {"literal": {"integer": 0}}}}}"#,
    ),
    (
        "a column that says when it was made is added to rows",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-column": {"table": "item", "column": {"name": "made", "kind": {"timestamp": {"zone": false, "precision": 0}}, "null": true, "default": "now"}}}"#,
    ),
    (
        "a column is added behind another",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-column": {"table": "item", "column": {"name": "note", "kind": {"varchar": 20}, "null": true}, "place": {"after": "forum"}}}"#,
    ),
    (
        "a column with a default that is no constant is added before all others",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-column": {"table": "item", "column": {"name": "made", "kind": {"timestamp": {"zone": false, "precision": 0}}, "null": true, "default": "now"}, "place": "first"}}"#,
    ),
    ("a column is dropped", &[FORUM, FORUMS, ITEM, ITEMS], r#"{"drop-column": {"table": "item", "column": "price"}}"#),
    (
        "a column gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-column": {"table": "item", "column": "price", "to": "cost"}}"#,
    ),
    (
        "a column of indexes gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-column": {"table": "item", "column": "title", "to": "name"}}"#,
    ),
    (
        "a column of a foreign key gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-column": {"table": "item", "column": "forum", "to": "board"}}"#,
    ),
    (
        "a column gets longer and keeps null, default and index",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "title", "alteration": {"kind": {"varchar": 200}}}}"#,
    ),
    (
        "a column gets a wider type under its default",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "state", "alteration": {"kind": {"integer": {"bits": 64, "unsigned": false}}}}}"#,
    ),
    (
        "a column gets another default",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "state", "alteration": {"default": {"literal": {"text": "2"}}}}}"#,
    ),
    (
        "a column gets a type that its default follows",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "state", "alteration": {"kind": {"varchar": 20}}}}"#,
    ),
    (
        "a column loses its default",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "state", "alteration": {"default": null}}}"#,
    ),
    (
        "a column may be null",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "title", "alteration": {"null": true}}}"#,
    ),
    (
        "a column may be null no more",
        &[FORUM, ITEM],
        r#"{"alter-column": {"table": "item", "column": "price", "alteration": {"null": false}}}"#,
    ),
    (
        "a column that others refer to gets another type",
        &[FORUM, FORUMS],
        r#"{"alter-column": {"table": "forum", "column": "name", "alteration": {"kind": {"text": "normal"}, "default": null}}}"#,
    ),
    (
        "a column gets type, null and default at once",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"alter-column": {"table": "item", "column": "price", "alteration": {"kind": {"varchar": 30}, "default": {"literal": {"text": "none"}}}}}"#,
    ),
    ("a primary key is dropped", &[FORUM, FORUMS, ITEM, ITEMS], r#"{"drop-primary-key": {"table": "item"}}"#),
    (
        "a primary key is added",
        &[FORUM, FORUMS, ITEM, ITEMS, r#"{"drop-primary-key": {"table": "item"}}"#],
        r#"{"add-primary-key": {"table": "item", "columns": ["id", "title"]}}"#,
    ),
    (
        "an index is made",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"create-index": {"table": "item", "index": {"name": "item_price", "parts": [{"source": {"column": "price"}, "descending": true}, {"source": {"column": "id"}}]}}}"#,
    ),
    (
        "a unique index is made",
        &[FORUM, FORUMS],
        r#"{"create-index": {"table": "forum", "index": {"name": "forum_name", "unique": true, "parts": [{"source": {"column": "name"}}]}}}"#,
    ),
    (
        "an index on the beginning of a text is made",
        &[EVERY_TYPE, EVERY_VALUE],
        r#"{"create-index": {"table": "thing", "index": {"name": "thing_text", "parts": [{"source": {"column": "a_text"}, "length": 20}]}}}"#,
    ),
    (
        "an index with a filter is made",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"create-index": {"table": "item", "index": {"name": "item_open", "parts": [{"source": {"column": "title"}}], "filter": "state > 0"}}}"#,
    ),
    (
        "an index on an expression is made",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"create-index": {"table": "item", "index": {"name": "item_lower", "parts": [{"source": {"expression": "lower(title)"}}]}}}"#,
    ),
    (
        "an index is dropped",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"drop-index": {"table": "item", "index": "item_state"}}"#,
    ),
    (
        "a unique index is dropped",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"drop-index": {"table": "item", "index": "item_title"}}"#,
    ),
    (
        "an index gets another name",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"rename-index": {"table": "item", "index": "item_state", "to": "item_condition"}}"#,
    ),
    (
        "a foreign key is added",
        &[FORUM, FORUMS, ITEM, ITEMS, r#"{"drop-foreign-key": {"table": "item", "key": "item_forum"}}"#],
        r#"{"add-foreign-key": {"table": "item", "key": {"name": "item_board", "columns": ["forum"], "table": "forum", "targets": ["id"], "on-delete": "set-null", "on-update": "cascade"}}}"#,
    ),
    (
        "a foreign key is dropped",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"drop-foreign-key": {"table": "item", "key": "item_forum"}}"#,
    ),
    (
        "a check is added",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"add-check": {"table": "item", "check": {"name": "item_cheap", "condition": "price < 100"}}}"#,
    ),
    (
        "a check is dropped",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"drop-check": {"table": "item", "check": "item_positive"}}"#,
    ),
    ("a view is made", &[FORUM, ITEM], VIEW),
    (
        "a view gets another query",
        &[FORUM, ITEM, VIEW],
        r#"{"create-view": {"view": "titles", "query": "SELECT id, title, state FROM {prefix}item WHERE state = 7"}}"#,
    ),
    ("a view is dropped", &[FORUM, ITEM, VIEW], r#"{"drop-view": {"view": "titles"}}"#),
    (
        "a table under a view gets a column",
        &[FORUM, FORUMS, ITEM, ITEMS, VIEW],
        r#"{"add-column": {"table": "item", "column": {"name": "note", "kind": {"varchar": 20}, "null": true}, "place": "first"}}"#,
    ),
    ("a sequence is made", &[], SEQUENCE),
    (
        "a sequence that counts down is made",
        &[],
        r#"{"create-sequence": {"name": "number", "start": -5, "increment": -5}}"#,
    ),
    ("a sequence gets another name", &[SEQUENCE], r#"{"rename-sequence": {"sequence": "ticket", "to": "number"}}"#),
    ("a sequence is dropped", &[SEQUENCE], r#"{"drop-sequence": {"sequence": "ticket"}}"#),
    ("a sequence goes on elsewhere", &[SEQUENCE], r#"{"restart-sequence": {"sequence": "ticket", "at": 5000}}"#),
    ("a table gets a comment", &[FORUM], r#"{"set-comment": {"table": "forum", "comment": "it's where people talk"}}"#),
    (
        "a column gets a comment and stays as it is",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"set-comment": {"table": "item", "column": "title", "comment": "what \\ it's called"}}"#,
    ),
    (
        "a table is set to another character set and engine",
        &[EVERY_TYPE, EVERY_VALUE],
        r#"{"set-table-options": {"table": "thing", "options": {"charset": "latin1", "engine": "MyISAM"}}}"#,
    ),
    (
        "a table with keys is set to another collation",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"set-table-options": {"table": "item", "options": {"collation": "utf8mb4_bin"}}}"#,
    ),
    (
        "rows go in where some are already",
        &[FORUM, FORUMS],
        r#"{"insert-rows": {"table": "forum", "columns": ["id", "name"], "on-conflict": "ignore",
            "rows": [[{"integer": 1}, {"text": "other"}], [{"integer": 3}, {"text": "third"}]]}}"#,
    ),
    (
        "rows go in over those that are there",
        &[FORUM, FORUMS],
        r#"{"insert-rows": {"table": "forum", "columns": ["id", "name"], "on-conflict": "update",
            "rows": [[{"integer": 1}, {"text": "other"}], [{"integer": 3}, {"text": "third"}]]}}"#,
    ),
    (
        "rows with their keys go in",
        &[FORUM, FORUMS],
        r#"{"insert-rows": {"table": "forum", "columns": ["name", "id"], "rows": [[{"text": "x"}, {"text": "8"}], [{"text": "y"}, {"text": "9"}]]}}"#,
    ),
    (
        "rows are changed",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"update-rows": {"table": "item", "set": [{"column": "state", "source": {"value": {"text": "9"}}}, {"column": "price", "source": {"column": "id"}}],
            "condition": [{"column": "state", "comparison": "other", "value": {"text": "8"}}, {"column": "title", "comparison": "like", "value": {"text": "t%"}}]}}"#,
    ),
    (
        "rows are deleted",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"delete-rows": {"table": "item", "condition": [{"column": "forum", "comparison": "equal", "value": "null"}]}}"#,
    ),
    ("a table that numbers its rows is emptied", &[FORUM, FORUMS], r#"{"truncate-table": {"table": "forum"}}"#),
    (
        "a table that refers to others is emptied",
        &[FORUM, FORUMS, ITEM, ITEMS],
        r#"{"truncate-table": {"table": "item"}}"#,
    ),
    (
        "rows are copied",
        &[FORUM, FORUMS, ITEM, ITEMS, EVERY_TYPE],
        r#"{"copy-rows": {"from": "item", "table": "thing", "condition": [{"column": "id", "comparison": "at-least", "value": {"integer": 2}}],
            "set": [{"column": "an_integer", "source": {"column": "id"}}, {"column": "a_varchar", "source": {"column": "title"}},
                {"column": "a_boolean", "source": {"value": {"text": "true"}}}]}}"#,
    ),
];

/// Rows of items that refer to nothing.
const ITEMS_ALONE: &str =
    r#"{"insert-rows": {"table": "item", "columns": ["id", "title"], "rows": [[{"integer": 1}, {"text": "one"}]]}}"#;
const SEQUENCE: &str = r#"{"create-sequence": {"name": "ticket", "start": 1000, "increment": 10}}"#;
const VIEW: &str =
    r#"{"create-view": {"view": "titles", "query": "SELECT id, title FROM {prefix}item WHERE state > 0"}}"#;

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    let change = |text: &&str| -> Change {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("the case is written wrong: {error}: {text}"))
    };
    let case = |(name, before, change_text): &(&'static str, &[&str], &str)| Case {
        name,
        before: before.iter().map(change).collect(),
        change: change(change_text),
    };
    CASES.iter().map(case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::Schema;
    use patchwright_hooks_api::change::Standing;

    #[test]
    fn every_case_begins_with_something_to_do() {
        for case in cases() {
            let before = case.before.iter().try_fold(Schema::default(), |schema, change| change.applied_to(&schema));
            assert_eq!(case.change.standing(&before.unwrap(), &Clone::clone), Standing::ToDo, "{}", case.name);
        }
    }
}
