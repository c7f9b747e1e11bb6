//! Two schemas compared, in words that an operator can act on.

use super::{Schema, Table};
use std::fmt::Display;

/// What `found` has otherwise than `wanted`, one sentence each, such as `cms_item: the column state is missing`. Empty if
/// both mean the same. What a database keeps for itself, such as a table's text, is left out.
pub fn differences(wanted: &Schema, found: &Schema) -> Vec<String> {
    let mut said = Vec::new();
    for table in &wanted.tables {
        match found.table(&table.name) {
            Some(other) => said.extend(table_differences(table, other)),
            None => said.push(format!("the table {} is missing", table.name)),
        }
    }
    let unknown = found.tables.iter().filter(|table| wanted.table(&table.name).is_none());
    said.extend(unknown.map(|table| format!("the table {} was not expected", table.name)));
    for view in &wanted.views {
        match found.view(&view.name) {
            None => said.push(format!("the view {} is missing", view.name)),
            Some(other) if other.query != view.query => said.push(format!("the view {} has another query", view.name)),
            Some(_) => {}
        }
    }
    let unknown = found.views.iter().filter(|view| wanted.view(&view.name).is_none());
    said.extend(unknown.map(|view| format!("the view {} was not expected", view.name)));
    said
}

/// What the table `found` has otherwise than `wanted`, as [`differences`] says it.
pub fn table_differences(wanted: &Table, found: &Table) -> Vec<String> {
    let mut told = Told { table: &wanted.name, said: Vec::new() };
    told.parts("column", named(&wanted.columns, |column| &column.name), named(&found.columns, |column| &column.name));
    if told.said.is_empty() {
        let order = |table: &Table| table.columns.iter().map(|column| column.name.to_lowercase()).collect::<Vec<_>>();
        if order(wanted) != order(found) {
            told.say("its columns stand in another order");
        }
    }
    for (column, other) in wanted.columns.iter().filter_map(|column| Some((column, found.column(&column.name)?))) {
        if column.comment != other.comment {
            told.say(format!("the column {} has another comment", column.name));
        }
    }
    if wanted.primary_key != found.primary_key {
        let key = |columns: &[String]| if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
        let (wanted, found) = (key(&wanted.primary_key), key(&found.primary_key));
        told.say(format!("the primary key is {found} and not {wanted}"));
    }
    told.parts("index", named(&wanted.indexes, |index| &index.name), named(&found.indexes, |index| &index.name));
    let keys = |table: &Table| -> Vec<(String, String)> { named(&table.foreign_keys, |key| &key.name) };
    told.parts("foreign key", keys(wanted), keys(found));
    let checks = |table: &Table| -> Vec<(String, String)> {
        table.checks.iter().map(|check| (check.name.clone(), check.condition.clone())).collect()
    };
    told.parts("check", checks(wanted), checks(found));
    let triggers = |table: &Table| -> Vec<(String, String)> {
        table.triggers.iter().map(|trigger| (trigger.name.clone(), trigger.text.clone())).collect()
    };
    told.parts("trigger", triggers(wanted), triggers(found));
    if wanted.comment != found.comment {
        told.say("it has another comment");
    }
    told.said
}

/// What is said of one table.
struct Told<'a> {
    table: &'a str,
    said: Vec<String>,
}

impl Told<'_> {
    fn say(&mut self, what: impl Display) {
        self.said.push(format!("{}: {what}", self.table));
    }

    /// Compares things that have a name and a description.
    fn parts(&mut self, what: &str, wanted: Vec<(String, String)>, mut found: Vec<(String, String)>) {
        for (name, description) in wanted {
            let Some(at) = found.iter().position(|(other, _)| other.eq_ignore_ascii_case(&name)) else {
                self.say(format!("the {what} {name} is missing"));
                continue;
            };
            let (_, other) = found.swap_remove(at);
            if other != description {
                self.say(format!("the {what} {name} is {other} and not {description}"));
            }
        }
        found.sort();
        for (name, _) in found {
            self.say(format!("the {what} {name} was not expected"));
        }
    }
}

fn named<T: Display>(things: &[T], name: impl Fn(&T) -> &String) -> Vec<(String, String)> {
    things.iter().map(|thing| (name(thing).clone(), thing.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{
        Check, Column, ColumnType, DefaultValue, ForeignKey, Index, IndexPart, OnTarget, Trigger, View,
    };
    use crate::value::Value;

    fn table() -> Table {
        Table {
            name: "item".into(),
            columns: vec![
                Column::new("id", ColumnType::Integer { bits: 64, unsigned: false }).numbered(),
                Column::new("name", ColumnType::Varchar(80)).not_null(),
            ],
            primary_key: vec!["id".into()],
            indexes: vec![Index {
                name: "item_name".into(),
                unique: false,
                parts: vec![IndexPart::column("name")],
                filter: None,
                constraint: false,
                text: None,
            }],
            foreign_keys: vec![ForeignKey {
                name: "item_parent".into(),
                columns: vec!["id".into()],
                table: "parent".into(),
                targets: vec!["id".into()],
                on_delete: OnTarget::Cascade,
                on_update: OnTarget::Refuse,
            }],
            checks: vec![Check { name: "item_positive".into(), condition: "id > 0".into() }],
            triggers: vec![Trigger { name: "item_log".into(), text: "CREATE TRIGGER …".into() }],
            ..Table::default()
        }
    }

    #[test]
    fn every_single_difference_is_told_and_named() {
        // B3
        type Mutation = fn(&mut Table);
        let mutations: [(Mutation, &str); 14] = [
            (|table| drop(table.columns.pop()), "item: the column name is missing"),
            (|table| table.columns.push(Column::new("x", ColumnType::Uuid)), "item: the column x was not expected"),
            (
                |table| table.columns[1].kind = ColumnType::Varchar(81),
                "item: the column name is varchar(81), never null and not varchar(80), never null",
            ),
            (
                |table| table.columns[1].null = true,
                "item: the column name is varchar(80), may be null and not varchar(80), never null",
            ),
            (
                |table| table.columns[1].default = Some(DefaultValue::Literal(Value::from("x"))),
                "item: the column name is varchar(80), never null, default x and not varchar(80), never null",
            ),
            (|table| table.columns.swap(0, 1), "item: its columns stand in another order"),
            (|table| table.primary_key.clear(), "item: the primary key is none and not id"),
            (|table| table.indexes[0].unique = true, "item: the index item_name is unique (name) and not (name)"),
            (
                |table| table.indexes[0].parts[0].descending = true,
                "item: the index item_name is (name descending) and not (name)",
            ),
            (|table| table.indexes.clear(), "item: the index item_name is missing"),
            (
                |table| table.foreign_keys[0].on_delete = OnTarget::Refuse,
                "item: the foreign key item_parent is (id) to parent(id) and not (id) to parent(id), on delete cascade",
            ),
            (
                |table| table.checks[0].condition = "id > 1".into(),
                "item: the check item_positive is id > 1 and not id > 0",
            ),
            (|table| table.triggers.clear(), "item: the trigger item_log is missing"),
            (|table| table.columns[0].comment = Some("x".into()), "item: the column id has another comment"),
        ];
        for (mutate, said) in mutations {
            let mut other = table();
            mutate(&mut other);
            assert_eq!(table_differences(&table(), &other), [said]);
        }
    }

    #[test]
    fn how_a_database_holds_things_is_no_difference() {
        let mut other = table();
        other.text = Some("CREATE TABLE item (…)".into());
        other.indexes[0].text = Some("CREATE INDEX …".into());
        other.indexes[0].constraint = true;
        other.columns[0].name = "ID".into();
        assert_eq!(table_differences(&table(), &other), [] as [&str; 0]);
    }

    #[test]
    fn tables_and_views_that_are_missing_or_not_expected_are_named() {
        let view = |name: &str, query: &str| View { name: name.into(), query: query.into() };
        let wanted = Schema { tables: vec![table()], views: vec![view("a", "SELECT 1"), view("b", "SELECT 1")] };
        let other = Table { name: "other".into(), ..Table::default() };
        let found = Schema { tables: vec![other], views: vec![view("b", "SELECT 2"), view("c", "SELECT 1")] };
        let expected = [
            "the table item is missing",
            "the table other was not expected",
            "the view a is missing",
            "the view b has another query",
            "the view c was not expected",
        ];
        assert_eq!(differences(&wanted, &found), expected);
    }
}
