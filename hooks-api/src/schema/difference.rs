//! Two schemas compared, as values and in words that an operator can act on.

use super::{Schema, Table};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Display};

/// One thing that two schemas have otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The table or view that it is about.
    pub object: String,
    /// What of it.
    #[serde(flatten)]
    pub part: Part,
    /// How the one that was found differs.
    #[serde(flatten)]
    pub how: How,
}

/// What of a table or view differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", content = "name", rename_all = "kebab-case")]
pub enum Part {
    /// The table itself.
    Table,
    /// The view itself, or its query.
    View,
    /// The sequence itself.
    Sequence,
    /// The column of this name.
    Column(String),
    /// The order of its columns.
    ColumnOrder,
    /// Its primary key.
    PrimaryKey,
    /// The index of this name.
    Index(String),
    /// The foreign key of this name.
    ForeignKey(String),
    /// The check of this name.
    Check(String),
    /// The trigger of this name.
    Trigger(String),
    /// What is said of the column of this name.
    ColumnComment(String),
    /// What is said of the table.
    Comment,
    /// What the table as a whole is set to, such as its `engine`.
    Option(String),
}

/// How what was found differs from what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum How {
    /// It is not there.
    Missing,
    /// It is there and was not wanted.
    Unexpected,
    /// It is otherwise; both in words, where there are words for it.
    Other {
        /// What was wanted.
        #[serde(skip_serializing_if = "String::is_empty")]
        wanted: String,
        /// What was found.
        #[serde(skip_serializing_if = "String::is_empty")]
        found: String,
    },
}

/// What `found` has otherwise than `wanted`, one sentence each, such as `cms_item: the column state is missing`. Empty if
/// both mean the same. What a database keeps for itself, such as a table's text, is left out.
pub fn differences(wanted: &Schema, found: &Schema) -> Vec<String> {
    compare(wanted, found).iter().map(ToString::to_string).collect()
}

/// What the table `found` has otherwise than `wanted`, as [`differences`] says it.
pub fn table_differences(wanted: &Table, found: &Table) -> Vec<String> {
    compare_tables(wanted, found).iter().map(ToString::to_string).collect()
}

/// What `found` has otherwise than `wanted`. Empty if both mean the same.
pub fn compare(wanted: &Schema, found: &Schema) -> Vec<Difference> {
    let of = |object: &str, part: Part, how: How| Difference { object: object.to_owned(), part, how };
    let mut told = Vec::new();
    for table in &wanted.tables {
        match found.table(&table.name) {
            Some(other) => told.extend(compare_tables(table, other)),
            None => told.push(of(&table.name, Part::Table, How::Missing)),
        }
    }
    let unknown = found.tables.iter().filter(|table| wanted.table(&table.name).is_none());
    told.extend(unknown.map(|table| of(&table.name, Part::Table, How::Unexpected)));
    for view in &wanted.views {
        match found.view(&view.name) {
            None => told.push(of(&view.name, Part::View, How::Missing)),
            Some(other) if other.query != view.query => {
                let how = How::Other { wanted: view.query.clone(), found: other.query.clone() };
                told.push(of(&view.name, Part::View, how));
            }
            Some(other) => told.extend(view.other_details(other)),
        }
    }
    let unknown = found.views.iter().filter(|view| wanted.view(&view.name).is_none());
    told.extend(unknown.map(|view| of(&view.name, Part::View, How::Unexpected)));
    for sequence in &wanted.sequences {
        match found.sequence(&sequence.name) {
            None => told.push(of(&sequence.name, Part::Sequence, How::Missing)),
            Some(other) if other.differs_from(sequence) => {
                let how = How::Other { wanted: sequence.to_string(), found: other.to_string() };
                told.push(of(&sequence.name, Part::Sequence, how));
            }
            Some(_) => {}
        }
    }
    let unknown = found.sequences.iter().filter(|sequence| wanted.sequence(&sequence.name).is_none());
    told.extend(unknown.map(|sequence| of(&sequence.name, Part::Sequence, How::Unexpected)));
    told
}

/// What the table `found` has otherwise than `wanted`.
pub fn compare_tables(wanted: &Table, found: &Table) -> Vec<Difference> {
    let mut told = Told { table: &wanted.name, differences: Vec::new() };
    let columns = |table: &Table| named(&table.columns, |column| &column.name);
    told.parts(Part::Column, columns(wanted), columns(found));
    if told.differences.is_empty() {
        let order = |table: &Table| table.columns.iter().map(|column| column.name.to_lowercase()).collect::<Vec<_>>();
        let (wanted, found) = (order(wanted), order(found));
        if wanted != found {
            told.other(Part::ColumnOrder, wanted.join(", "), found.join(", "));
        }
    }
    for (column, other) in wanted.columns.iter().filter_map(|column| Some((column, found.column(&column.name)?))) {
        if column.comment != other.comment {
            told.comments(Part::ColumnComment(column.name.clone()), &column.comment, &other.comment);
        }
    }
    if wanted.primary_key != found.primary_key {
        let key = |columns: &[String]| if columns.is_empty() { "none".to_owned() } else { columns.join(", ") };
        told.other(Part::PrimaryKey, key(&wanted.primary_key), key(&found.primary_key));
    }
    let indexes = |table: &Table| named(&table.indexes, |index| &index.name);
    told.parts(Part::Index, indexes(wanted), indexes(found));
    let keys = |table: &Table| named(&table.foreign_keys, |key| &key.name);
    told.parts(Part::ForeignKey, keys(wanted), keys(found));
    let checks = |table: &Table| -> Vec<(String, String)> {
        table.checks.iter().map(|check| (check.name.clone(), check.condition.clone())).collect()
    };
    told.parts(Part::Check, checks(wanted), checks(found));
    let triggers = |table: &Table| -> Vec<(String, String)> {
        table.triggers.iter().map(|trigger| (trigger.name.clone(), trigger.text.clone())).collect()
    };
    told.parts(Part::Trigger, triggers(wanted), triggers(found));
    if wanted.comment != found.comment {
        told.comments(Part::Comment, &wanted.comment, &found.comment);
    }
    // What nobody has said is no difference.
    for ((name, wanted), (_, found)) in wanted.options.named().into_iter().zip(found.options.named()) {
        let is_so = |wanted: &str| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted));
        if let Some(wanted) = wanted.filter(|wanted| !is_so(wanted)) {
            told.other(Part::Option(name.to_owned()), wanted.to_owned(), found.unwrap_or("not known").to_owned());
        }
    }
    let details = wanted.other_details(found, &told.differences);
    told.differences.extend(details);
    told.differences
}

/// What is told of one table.
struct Told<'a> {
    table: &'a str,
    differences: Vec<Difference>,
}

impl Told<'_> {
    fn tell(&mut self, part: Part, how: How) {
        self.differences.push(Difference { object: self.table.to_owned(), part, how });
    }

    fn other(&mut self, part: Part, wanted: String, found: String) {
        self.tell(part, How::Other { wanted, found });
    }

    fn comments(&mut self, part: Part, wanted: &Option<String>, found: &Option<String>) {
        self.other(part, wanted.clone().unwrap_or_default(), found.clone().unwrap_or_default());
    }

    /// Compares things that have a name and a description.
    fn parts(&mut self, part: fn(String) -> Part, wanted: Vec<(String, String)>, mut found: Vec<(String, String)>) {
        for (name, description) in wanted {
            let Some(at) = found.iter().position(|(other, _)| other.eq_ignore_ascii_case(&name)) else {
                self.tell(part(name), How::Missing);
                continue;
            };
            let (_, other) = found.swap_remove(at);
            if other != description {
                self.other(part(name), description, other);
            }
        }
        found.sort();
        for (name, _) in found {
            self.tell(part(name), How::Unexpected);
        }
    }
}

fn named<T: Display>(things: &[T], name: impl Fn(&T) -> &String) -> Vec<(String, String)> {
    things.iter().map(|thing| (name(thing).clone(), thing.to_string())).collect()
}

impl Part {
    /// The name of a part that has one of its own.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Column(name)
            | Self::Index(name)
            | Self::ForeignKey(name)
            | Self::Check(name)
            | Self::Trigger(name)
            | Self::ColumnComment(name)
            | Self::Option(name) => Some(name),
            _ => None,
        }
    }

    /// What it is, with its name, such as `the column state`; the object itself has the name of the object.
    pub fn named(&self, object: &str) -> String {
        match self {
            Self::Table => format!("the table {object}"),
            Self::View => format!("the view {object}"),
            Self::Sequence => format!("the sequence {object}"),
            Self::Column(name) | Self::ColumnComment(name) => format!("the column {name}"),
            Self::ColumnOrder => "the order of its columns".to_owned(),
            Self::PrimaryKey => "the primary key".to_owned(),
            Self::Index(name) => format!("the index {name}"),
            Self::ForeignKey(name) => format!("the foreign key {name}"),
            Self::Check(name) => format!("the check {name}"),
            Self::Trigger(name) => format!("the trigger {name}"),
            Self::Comment => "the comment".to_owned(),
            Self::Option(name) => format!("the {name}"),
        }
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.part, Part::Table | Part::View | Part::Sequence) {
            write!(f, "{}: ", self.object)?;
        }
        match (&self.part, &self.how) {
            (Part::ColumnOrder, _) => return f.write_str("its columns stand in another order"),
            (Part::Comment, _) => return f.write_str("it has another comment"),
            (Part::View, How::Other { .. }) => return write!(f, "the view {} has another query", self.object),
            _ => f.write_str(&self.part.named(&self.object))?,
        }
        match &self.how {
            _ if matches!(self.part, Part::ColumnComment(_)) => f.write_str(" has another comment"),
            How::Missing => f.write_str(" is missing"),
            How::Unexpected => f.write_str(" was not expected"),
            How::Other { wanted, found } => write!(f, " is {found} and not {wanted}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{
        Check, Column, ColumnType, DefaultValue, ForeignKey, Index, IndexPart, OnTarget, Sequence, TableOptions,
        Trigger, View,
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
            options: TableOptions { engine: Some("InnoDB".into()), ..TableOptions::default() },
            triggers: vec![Trigger { name: "item_log".into(), text: "CREATE TRIGGER …".into() }],
            ..Table::default()
        }
    }

    #[test]
    fn every_single_difference_is_told_and_named() {
        // B3
        type Mutation = fn(&mut Table);
        let mutations: [(Mutation, &str); 15] = [
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
            (|table| table.options.engine = Some("MyISAM".into()), "item: the engine is MyISAM and not InnoDB"),
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
        other.columns[1].collation = Some("utf8mb4_bin".into());
        other.options.engine = Some("INNODB".into());
        other.options.charset = Some("utf8mb4".into());
        assert_eq!(table_differences(&table(), &other), [] as [&str; 0]);
    }

    #[test]
    fn tables_views_and_sequences_that_are_missing_or_not_expected_are_named() {
        let view = |name: &str, query: &str| View::new(name, query);
        let counter = |name: &str, start| Sequence { name: name.into(), start, increment: 1, details: None };
        let wanted = Schema {
            tables: vec![table()],
            views: vec![view("a", "SELECT 1"), view("b", "SELECT 1")],
            sequences: vec![counter("q", 1), counter("r", 1)],
        };
        let other = Table { name: "other".into(), ..Table::default() };
        let found = Schema {
            tables: vec![other],
            views: vec![view("b", "SELECT 2"), view("c", "SELECT 1")],
            sequences: vec![counter("R", 5), counter("s", 1)],
        };
        let expected = [
            "the table item is missing",
            "the table other was not expected",
            "the view a is missing",
            "the view b has another query",
            "the view c was not expected",
            "the sequence q is missing",
            "the sequence r is from 5 by 1 and not from 1 by 1",
            "the sequence s was not expected",
        ];
        assert_eq!(differences(&wanted, &found), expected);
    }
}
