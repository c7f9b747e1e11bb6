//! What takes a change back.

use super::{Alteration, Change, Comparison, Condition, Match, OnConflict};
use crate::schema::{Column, Part, Schema, Table, TableOptions};
use crate::value::Value;

impl Change {
    /// The changes that take this one back on a database that was `before`, in the order in which they are to be made; or
    /// `None` if nothing does, because the change destroys what nobody knows afterwards.
    ///
    /// They are to be made on the structure that the change leaves. Rows that came in since are no obstacle but for what a
    /// narrower type or a key that was dropped can't hold: then the way back fails, and changes nothing.
    pub fn inverse(&self, before: &Schema) -> Option<Vec<Self>> {
        let table = || before.table(self.target());
        // What the database says of a part in words of its own, no change can say to bring it back. An index has its own text.
        let plain = |part: Part| table().filter(|table| !table.tells(&part));
        let inverse = match self.clone() {
            Self::CreateTable(table) => Self::DropTable { table: table.name },
            Self::RenameTable { table, to } => Self::RenameTable { table: to, to: table },
            Self::AddColumn { table, column, .. } => Self::DropColumn { table, column: column.name },
            Self::RenameColumn { table, column, to } => Self::RenameColumn { table, column: to, to: column },
            Self::AlterColumn { table: name, column, alteration } => {
                let old = table()?.column(&column)?;
                Self::AlterColumn { table: name, column, alteration: alteration.inverse(old)? }
            }
            Self::AddPrimaryKey { table: name, columns } => {
                let key = Self::DropPrimaryKey { table: name };
                return Some(std::iter::once(key).chain(null_again(table()?, &columns)).collect());
            }
            Self::DropPrimaryKey { table: name } => {
                let columns = &plain(Part::PrimaryKey)?.primary_key;
                let key = Self::AddPrimaryKey { table: name, columns: columns.clone() };
                // SQLite has keys that let null in.
                return Some(std::iter::once(key).chain(null_again(table()?, columns)).collect());
            }
            Self::CreateIndex { table, index } => Self::DropIndex { table, index: index.name },
            Self::DropIndex { table: name, index } => {
                Self::CreateIndex { table: name, index: table()?.index(&index)?.clone() }
            }
            Self::RenameIndex { table, index, to } => Self::RenameIndex { table, index: to, to: index },
            Self::AddForeignKey { table, key } => Self::DropForeignKey { table, key: key.name },
            Self::DropForeignKey { table: name, key } => {
                let old = plain(Part::ForeignKey(key.clone()))?.foreign_key(&key)?;
                Self::AddForeignKey { table: name, key: old.clone() }
            }
            Self::AddCheck { table, check } => Self::DropCheck { table, check: check.name },
            Self::DropCheck { table: name, check } => {
                let old = plain(Part::Check(check.clone()))?.check(&check)?;
                Self::AddCheck { table: name, check: old.clone() }
            }
            Self::CreateView { view, .. } | Self::DropView { view } => match before.view(&view) {
                Some(old) if old.has_details() => return None,
                Some(old) => Self::CreateView { view, query: old.query.clone() },
                None => Self::DropView { view },
            },
            Self::CreateSequence(sequence) => Self::DropSequence { sequence: sequence.name },
            Self::RenameSequence { sequence, to } => Self::RenameSequence { sequence: to, to: sequence },
            Self::SetComment { table: name, column, .. } => {
                let comment = match &column {
                    Some(column) => table()?.column(column)?.comment.clone(),
                    None => table()?.comment.clone(),
                };
                Self::SetComment { table: name, column, comment }
            }
            Self::SetTableOptions { table: name, options, .. } => {
                let Table { options: old, columns, .. } = table()?;
                let engine = old.engine.clone().filter(|_| options.engine.is_some());
                let mut back = TableOptions { engine, ..TableOptions::default() };
                if options.are_of_texts() {
                    (back.charset, back.collation) = (old.charset.clone(), old.collation.clone());
                }
                // Afterwards nothing tells these from a column that had the new collation by itself.
                let follows = |column: &&Column| column.collation.is_none();
                let columns = columns.iter().filter(follows).map(|column| column.name.clone()).collect();
                Self::SetTableOptions { table: name, options: back, columns: Some(columns) }
            }
            Self::InsertRows { columns, rows, on_conflict: OnConflict::Fail, .. } => {
                return delete_by_key(table()?, &columns, &rows);
            }
            Self::DropTable { .. }
            | Self::DropSequence { .. }
            | Self::RestartSequence { .. }
            | Self::TruncateTable { .. }
            | Self::DropColumn { .. }
            | Self::InsertRows { .. }
            | Self::UpdateRows { .. }
            | Self::DeleteRows { .. }
            | Self::CopyRows { .. } => return None,
        };
        Some(vec![inverse])
    }
}

impl Alteration {
    /// What makes the column as it was. An expression that made new values of the old ones tells nobody the way back.
    ///
    /// A default goes back with its type: the database may have made another of it for the new one.
    fn inverse(&self, old: &Column) -> Option<Self> {
        let has_other_default = self.default.is_some() || self.kind.is_some();
        self.using.is_none().then(|| Self {
            kind: self.kind.as_ref().map(|_| old.kind.clone()),
            null: self.null.map(|_| old.null),
            default: has_other_default.then(|| old.default.clone()),
            using: None,
        })
    }
}

/// Lets those of the columns be null that may be so in the table.
fn null_again(table: &Table, columns: &[String]) -> Vec<Change> {
    let was_null = |column: &&String| table.column(column).is_some_and(|column| column.null);
    let let_be_null = |column: &String| Change::AlterColumn {
        table: table.name.clone(),
        column: column.clone(),
        alteration: Alteration { null: Some(true), ..Alteration::default() },
    };
    columns.iter().filter(was_null).map(let_be_null).collect()
}

/// Deletes the rows by their primary key: known only if every row brings its own.
fn delete_by_key(table: &Table, columns: &[String], rows: &[Vec<Value>]) -> Option<Vec<Change>> {
    let place = |key: &String| columns.iter().position(|column| column.eq_ignore_ascii_case(key));
    let key: Vec<usize> = table.primary_key.iter().map(place).collect::<Option<_>>()?;
    if key.is_empty() {
        return None;
    }
    let delete = |row: &Vec<Value>| {
        let matches = key.iter().map(|&at| {
            let value = row.get(at).filter(|value| !value.is_null())?.clone();
            Some(Match { column: columns[at].clone(), comparison: Comparison::Equal, value })
        });
        let condition = Condition(matches.collect::<Option<_>>()?);
        Some(Change::DeleteRows { table: table.name.clone(), condition })
    };
    rows.iter().rev().map(delete).collect()
}
