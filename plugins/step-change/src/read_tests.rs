//! What manifests say, and what becomes of it.

use patchwright_conformance::parse_element;
use patchwright_hooks_api::{Change, Error};

/// Changes of the structure, and how the ledger keeps them.
pub(crate) const STRUCTURE: &[(&str, &str)] = &[
    ("<drop-table name='a'/>", r#"{"drop-table":{"table":"a"}}"#),
    ("<rename-table name='a' to='b'/>", r#"{"rename-table":{"table":"a","to":"b"}}"#),
    (
        "<add-column table='a' name='b' after='c' comment='why'><varchar size='80' null='false' default='x'/></add-column>",
        r#"{"add-column":{"table":"a","column":{"name":"b","kind":{"varchar":80},"null":false,"default":{"literal":{"text":"x"}},"comment":"why"},"place":{"after":"c"}}}"#,
    ),
    (
        "<add-column table='a' name='b' first='true'><uuid/></add-column>",
        r#"{"add-column":{"table":"a","column":{"name":"b","kind":"uuid","null":true},"place":"first"}}"#,
    ),
    ("<drop-column table='a' name='b'/>", r#"{"drop-column":{"table":"a","column":"b"}}"#),
    ("<rename-column table='a' name='b' to='c'/>", r#"{"rename-column":{"table":"a","column":"b","to":"c"}}"#),
    (
        "<alter-column table='a' name='b' null='false' default='0'/>",
        r#"{"alter-column":{"table":"a","column":"b","alteration":{"null":false,"default":{"literal":{"text":"0"}}}}}"#,
    ),
    (
        "<alter-column table='a' name='b' drop-default='true' using='length(b)'><bigint/></alter-column>",
        r#"{"alter-column":{"table":"a","column":"b","alteration":{"kind":{"integer":{"bits":64,"unsigned":false}},"default":null,"using":"length(b)"}}}"#,
    ),
    (
        "<add-primary-key table='a'><column>b</column><column> c </column></add-primary-key>",
        r#"{"add-primary-key":{"table":"a","columns":["b","c"]}}"#,
    ),
    ("<drop-primary-key table='a'/>", r#"{"drop-primary-key":{"table":"a"}}"#),
    (
        "<create-index table='a' name='i' where='b &gt; 0'><column order='descending' length='20'>b</column><expression>lower(c)</expression></create-index>",
        r#"{"create-index":{"table":"a","index":{"name":"i","parts":[{"source":{"column":"b"},"descending":true,"length":20},{"source":{"expression":"lower(c)"}}],"filter":"b > 0"}}}"#,
    ),
    (
        "<add-unique table='a' name='i'><column>b</column></add-unique>",
        r#"{"create-index":{"table":"a","index":{"name":"i","unique":true,"parts":[{"source":{"column":"b"}}]}}}"#,
    ),
    ("<drop-unique table='a' name='i'/>", r#"{"drop-index":{"table":"a","index":"i"}}"#),
    ("<drop-index table='a' name='i' concurrently='true'/>", r#"{"drop-index":{"table":"a","index":"i"}}"#),
    ("<drop-index table='a' name='i'/>", r#"{"drop-index":{"table":"a","index":"i"}}"#),
    ("<rename-index table='a' name='i' to='j'/>", r#"{"rename-index":{"table":"a","index":"i","to":"j"}}"#),
    (
        "<add-foreign-key table='a' name='k' to='f' on-delete='set-null'><column to='id'>b</column><column>c</column></add-foreign-key>",
        r#"{"add-foreign-key":{"table":"a","key":{"name":"k","columns":["b","c"],"table":"f","targets":["id","c"],"on-delete":"set-null","on-update":"refuse"}}}"#,
    ),
    ("<drop-foreign-key table='a' name='k'/>", r#"{"drop-foreign-key":{"table":"a","key":"k"}}"#),
    (
        "<add-check table='a' name='c'> b &lt; 9 </add-check>",
        r#"{"add-check":{"table":"a","check":{"name":"c","condition":"b < 9"}}}"#,
    ),
    ("<drop-check table='a' name='c'/>", r#"{"drop-check":{"table":"a","check":"c"}}"#),
    (
        "<create-view name='v'>SELECT b FROM {prefix}a</create-view>",
        r#"{"create-view":{"view":"v","query":"SELECT b FROM {prefix}a"}}"#,
    ),
    (
        "<create-sequence name='s' start='1000' increment='10'/>",
        r#"{"create-sequence":{"name":"s","start":1000,"increment":10}}"#,
    ),
    ("<drop-sequence name='s'/>", r#"{"drop-sequence":{"sequence":"s"}}"#),
    ("<rename-sequence name='s' to='t'/>", r#"{"rename-sequence":{"sequence":"s","to":"t"}}"#),
    ("<restart-sequence name='s' at='7'/>", r#"{"restart-sequence":{"sequence":"s","at":7}}"#),
    ("<drop-view name='v'/>", r#"{"drop-view":{"view":"v"}}"#),
    (
        "<set-comment table='a' column='b'>what\n  it is</set-comment>",
        r#"{"set-comment":{"table":"a","column":"b","comment":"what it is"}}"#,
    ),
    (
        "<set-table-options table='a' charset='utf8mb4' collation='utf8mb4_bin' engine='InnoDB'/>",
        r#"{"set-table-options":{"table":"a","options":{"charset":"utf8mb4","collation":"utf8mb4_bin","engine":"InnoDB"}}}"#,
    ),
    ("<set-comment table='a'/>", r#"{"set-comment":{"table":"a","comment":null}}"#),
];

/// Changes of rows, likewise.
pub(crate) const ROWS: &[(&str, &str)] = &[
    (
        "<insert-rows table='a' on-conflict='ignore'><row><set column='b'> x </set><set column='c' null='true'/></row>\
             <row><set column='b'></set><set column='c' encoding='hex'>00ff</set></row></insert-rows>",
        r#"{"insert-rows":{"table":"a","columns":["b","c"],"rows":[[{"text":" x "},"null"],[{"text":""},{"bytes":[0,255]}]],"on-conflict":"ignore"}}"#,
    ),
    (
        "<update-rows table='a'><set column='b'>1</set><set column='c' from='d'/><where column='e' null='true'/></update-rows>",
        r#"{"update-rows":{"table":"a","set":[{"column":"b","source":{"value":{"text":"1"}}},{"column":"c","source":{"column":"d"}}],"condition":[{"column":"e","comparison":"equal","value":"null"}]}}"#,
    ),
    (
        "<update-rows table='a' all='true' batch='5000'><set column='b' null='true'/></update-rows>",
        r#"{"update-rows":{"table":"a","set":[{"column":"b","source":{"value":"null"}}],"condition":[],"batch":5000}}"#,
    ),
    (
        "<delete-rows table='a'><where column='b' is='at-least'>3</where><where column='c' is='like'>x%</where></delete-rows>",
        r#"{"delete-rows":{"table":"a","condition":[{"column":"b","comparison":"at-least","value":{"text":"3"}},{"column":"c","comparison":"like","value":{"text":"x%"}}]}}"#,
    ),
    ("<truncate-table name='a'/>", r#"{"truncate-table":{"table":"a"}}"#),
    ("<delete-rows table='a' all='true'/>", r#"{"delete-rows":{"table":"a","condition":[]}}"#),
    (
        "<copy-rows from='a' table='b' all='true'><set column='c' from='d'/></copy-rows>",
        r#"{"copy-rows":{"from":"a","table":"b","set":[{"column":"c","source":{"column":"d"}}],"condition":[]}}"#,
    ),
];

/// Reads an element, and gives the change in the notation of the ledger.
fn read(xml: &str) -> String {
    match Change::read(&parse_element(xml)) {
        Ok(change) => serde_json::to_string(&change).unwrap(),
        Err(error) => panic!("{xml}: {error}"),
    }
}

fn refusal(xml: &str) -> Error {
    match Change::read(&parse_element(xml)) {
        Ok(change) => panic!("{xml} was read as: {change}"),
        Err(error) => error,
    }
}

#[test]
fn each_change_of_the_structure_is_read() {
    // A12
    for (xml, expected) in STRUCTURE {
        assert_eq!(read(xml), *expected, "{xml}");
    }
}

#[test]
fn a_table_is_read_with_everything_that_belongs_to_it() {
    let xml = "<create-table name='item' comment='things'>
        <column name='id'><bigint auto='true'/></column>
        <column name='forum'><integer unsigned='true' null='false'/></column>
        <column name='made'><timestamp zone='true' precision='3' default-now='true'/></column>
        <column name='key'><char size='2' default-sql='upper(1)'/></column>
        <primary-key><column>id</column></primary-key>
        <index name='item_made'><column>made</column></index>
        <unique name='item_key'><column>key</column></unique>
        <foreign-key name='item_forum' to='forum'><column to='id'>forum</column></foreign-key>
        <check name='item_positive'>id &gt; 0</check>
    </create-table>";
    let expected = r#"{"create-table":{"name":"item","columns":[
        {"name":"id","kind":{"integer":{"bits":64,"unsigned":false}},"null":false,"auto":true},
        {"name":"forum","kind":{"integer":{"bits":32,"unsigned":true}},"null":false},
        {"name":"made","kind":{"timestamp":{"zone":true,"precision":3}},"null":true,"default":"now"},
        {"name":"key","kind":{"char":2},"null":true,"default":{"expression":"upper(1)"}}],
        "primary-key":["id"],
        "indexes":[{"name":"item_key","unique":true,"parts":[{"source":{"column":"key"}}]},
                   {"name":"item_made","parts":[{"source":{"column":"made"}}]}],
        "foreign-keys":[{"name":"item_forum","columns":["forum"],"table":"forum","targets":["id"],"on-delete":"refuse","on-update":"refuse"}],
        "checks":[{"name":"item_positive","condition":"id > 0"}],"comment":"things"}}"#;
    let expected: Change = serde_json::from_str(expected).unwrap();
    assert_eq!(Change::read(&parse_element(xml)), Ok(expected));
}

#[test]
fn every_type_is_read() {
    for (xml, expected) in [
        ("<smallint/>", "16-bit integer"),
        ("<integer/>", "32-bit integer"),
        ("<bigint unsigned='true'/>", "64-bit integer without sign"),
        ("<boolean/>", "boolean"),
        ("<decimal precision='10' scale='2'/>", "decimal(10, 2)"),
        ("<real/>", "32-bit float"),
        ("<double/>", "64-bit float"),
        ("<char size='2'/>", "char(2)"),
        ("<varchar size='255'/>", "varchar(255)"),
        ("<text/>", "text"),
        ("<text size='tiny'/>", "tiny text"),
        ("<blob size='long'/>", "long blob"),
        ("<binary size='16'/>", "binary(16)"),
        ("<date/>", "date"),
        ("<time precision='6'/>", "time(6)"),
        ("<timestamp/>", "timestamp(0)"),
        ("<timestamp zone='true'/>", "timestamp(0) with time zone"),
        ("<uuid/>", "uuid"),
        ("<json/>", "json"),
        ("<enum><word>a</word><word>b</word></enum>", "enum(a, b)"),
    ] {
        let added =
            Change::read(&parse_element(&format!("<add-column table='t' name='c'>{xml}</add-column>"))).unwrap();
        let Change::AddColumn { column, .. } = added else { panic!("{added} is another change") };
        assert_eq!(column.kind.to_string(), expected);
    }
}

#[test]
fn rows_are_read_as_they_stand() {
    for (xml, expected) in ROWS {
        assert_eq!(read(xml), *expected, "{xml}");
    }
}

#[test]
fn what_no_database_or_not_every_one_could_do_is_refused_with_its_place() {
    // C27
    for (xml, why) in [
        ("<drop-table name='a b'/>", "can't be a name in a portable change"),
        ("<drop-table name=''/>", "can't be a name"),
        ("<drop-table/>", "needs the attribute name"),
        ("<drop-table name='a' cascade='true'/>", "has no attribute cascade"),
        ("<create-table name='a'/>", "the table a has no column"),
        ("<create-table name='a'><column name='b'/></create-table>", "needs a type"),
        ("<create-table name='a'><column name='b'><int/></column></create-table>", "has no child element <int>"),
        (
            "<create-table name='a'><column name='b'><date/></column><column name='B'><date/></column></create-table>",
            "has the column B twice",
        ),
        (
            "<create-table name='a'><column name='b'><date/></column><primary-key><column>c</column></primary-key></create-table>",
            "the table a has no column c",
        ),
        ("<create-table name='a'><column name='b'><date auto='true'/></column></create-table>", "can't be numbered"),
        ("<create-table name='a'><column name='b'><date/></column>x</create-table>", "can't hold text"),
        ("<add-column table='a' name='b'><date/><time/></add-column>", "can have one type"),
        ("<add-column table='a' name='b' after='c' first='true'><date/></add-column>", "first and after another"),
        ("<add-column table='a' name='b'><integer default='x'/></add-column>", "is no 32-bit integer"),
        ("<add-column table='a' name='b'><integer default='1' default-sql='2'/></add-column>", "one too many"),
        ("<add-column table='a' name='b'><varchar/></add-column>", "needs the attribute size"),
        ("<add-column table='a' name='b'><varchar size='0'/></add-column>", "is 0"),
        ("<add-column table='a' name='b'><decimal precision='2' scale='3'/></add-column>", "out of reach"),
        ("<add-column table='a' name='b'><time precision='9'/></add-column>", "up to 6 digits"),
        ("<add-column table='a' name='b'><date null='no'/></add-column>", "not true or false"),
        ("<alter-column table='a' name='b'/>", "changes nothing"),
        ("<alter-column table='a' name='b' using='c'/>", "there is none"),
        ("<alter-column table='a' name='b' drop-default='true' default='1'/>", "dropped and given at once"),
        ("<create-index table='a' name='i'/>", "names no column"),
        ("<drop-unique table='a' name='i' concurrently='true'/>", "has no attribute concurrently"),
        ("<set-table-options table='a'/>", "sets nothing"),
        ("<set-table-options table='a' engine='x; y'/>", "can't be a name"),
        ("<create-sequence name='s' increment='0'/>", "by 0"),
        ("<restart-sequence name='s' at='x'/>", "the attribute at"),
        ("<create-view name='v'> </create-view>", "is empty"),
        ("<insert-rows table='a'/>", "has no <row>"),
        (
            "<insert-rows table='a'><row><set column='b'/></row><row><set column='c'/></row></insert-rows>",
            "sets other columns than the first",
        ),
        ("<delete-rows table='a'/>", "doesn't say which rows"),
        (
            "<delete-rows table='a' all='true'><where column='b'>1</where></delete-rows>",
            "for all rows and has a <where>",
        ),
        ("<delete-rows table='a'><where column='b' is='less' null='true'/></delete-rows>", "null can only be equal"),
        ("<update-rows table='a' all='true'/>", "has no <set>"),
        ("<update-rows table='a' all='true' batch='0'><set column='b'/></update-rows>", "never come to an end"),
        ("<update-rows table='a' all='true'><set column='b' encoding='hex'>0g</set></update-rows>", "hexadecimal"),
    ] {
        let error = refusal(xml);
        assert!(error.message.contains(why), "{xml}: {error}");
        assert!(error.position.is_some(), "{xml}");
    }
}
