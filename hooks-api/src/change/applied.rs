//! What a schema is after a change: the model that standing, inverses and the conformance checks go by.

use super::{Change, Place};
use crate::error::Error;
use crate::schema::{Check, Column, ForeignKey, Index, Schema, Sequence, Table, View};

impl Change {
    /// The tables, views and sequences that must be known before the change can be judged or rendered.
    pub fn names(&self) -> Vec<&str> {
        let mut names = vec![self.target()];
        match self {
            Self::RenameTable { to, .. } | Self::RenameSequence { to, .. } => names.push(to),
            Self::CopyRows { from, .. } => names.push(from),
            _ => {}
        }
        names
    }

    /// The schema after the change, whatever it was before: what is to be there is put there, what is to be gone is taken
    /// away. Applying it twice is the same as once. Changes of rows leave it as it is.
    ///
    /// # Errors
    /// When what the change speaks of is not there.
    pub fn applied_to(&self, schema: &Schema) -> Result<Schema, Error> {
        let mut after = schema.clone();
        match self {
            Self::CreateTable(table) => put_table(&mut after, table),
            Self::DropTable { table } => after.tables.retain(|known| !same(&known.name, table)),
            Self::RenameTable { table, to } => rename_table(&mut after, table, to)?,
            Self::CreateView { view, query } => {
                after.views.retain(|known| !same(&known.name, view));
                after.views.push(View::new(view, query));
            }
            Self::DropView { view } => after.views.retain(|known| !same(&known.name, view)),
            Self::CreateSequence(sequence) => put(&mut after.sequences, sequence),
            Self::DropSequence { sequence } => after.sequences.retain(|known| !same(&known.name, sequence)),
            Self::RenameSequence { sequence, to } => {
                rename(&mut after.sequences, "the database", sequence, to)?;
            }
            Self::RestartSequence { sequence, .. } => {
                let missing = || Error::missing(format!("there is no sequence {sequence}"));
                after.sequence(sequence).ok_or_else(missing)?;
            }
            _ => self.apply_to_table(table_of(&mut after, self.target())?)?,
        }
        after.views.sort_by(|a, b| a.name.cmp(&b.name));
        after.sequences.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(after)
    }

    /// Changes one table.
    fn apply_to_table(&self, table: &mut Table) -> Result<(), Error> {
        match self {
            Self::AddColumn { column, place, .. } => put_column(table, column, place)?,
            Self::DropColumn { column, .. } => table.columns.retain(|known| !same(&known.name, column)),
            Self::RenameColumn { column, to, .. } => rename_column(table, column, to)?,
            Self::AlterColumn { column, alteration, .. } => {
                let known = column_of(table, column)?;
                *known = alteration.applied_to(known);
            }
            Self::AddPrimaryKey { columns, .. } => {
                for column in columns {
                    // The columns of a primary key are never null (SQL:2023, 11.7).
                    column_of(table, column)?.null = false;
                }
                table.primary_key.clone_from(columns);
            }
            Self::DropPrimaryKey { .. } => table.primary_key.clear(),
            Self::CreateIndex { index, .. } => {
                for column in index.parts.iter().filter_map(|part| part.as_column()) {
                    column_of(table, column)?;
                }
                put(&mut table.indexes, index);
            }
            Self::DropIndex { index, .. } => table.indexes.retain(|known| !same(&known.name, index)),
            Self::RenameIndex { index, to, .. } => {
                rename(&mut table.indexes, &format!("the table {}", table.name), index, to)?;
            }
            Self::AddForeignKey { key, .. } => {
                for column in &key.columns {
                    column_of(table, column)?;
                }
                put(&mut table.foreign_keys, key);
            }
            Self::DropForeignKey { key, .. } => table.foreign_keys.retain(|known| !same(&known.name, key)),
            Self::AddCheck { check, .. } => put(&mut table.checks, check),
            Self::DropCheck { check, .. } => table.checks.retain(|known| !same(&known.name, check)),
            Self::SetComment { column: Some(column), comment, .. } => {
                column_of(table, column)?.comment.clone_from(comment);
            }
            Self::SetComment { column: None, comment, .. } => table.comment.clone_from(comment),
            Self::SetTableOptions { options, .. } => table.options = options.over(&table.options),
            // Changes of rows; and those of whole tables and views, which never come here.
            _ => {}
        }
        // What the database makes of it in its own words, nobody foresees.
        table.details = None;
        table.sort();
        Ok(())
    }
}

/// Something that is found by its name among its kind.
trait Named: Clone {
    /// What one such thing is called.
    const KIND: &'static str;

    fn name(&self) -> &str;

    fn set_name(&mut self, name: &str);
}

macro_rules! named {
    ($($type:ty => $kind:literal),+) => {$(
        impl Named for $type {
            const KIND: &'static str = $kind;

            fn name(&self) -> &str {
                &self.name
            }

            fn set_name(&mut self, name: &str) {
                name.clone_into(&mut self.name);
            }
        }
    )+};
}

named!(
    Column => "column", Index => "index", ForeignKey => "foreign key", Check => "check", Sequence => "sequence"
);

fn put<T: Named>(known: &mut Vec<T>, thing: &T) {
    known.retain(|other| !same(other.name(), thing.name()));
    known.push(thing.clone());
}

/// Gives one of the things in `owner` another name.
fn rename<T: Named>(known: &mut [T], owner: &str, from: &str, to: &str) -> Result<(), Error> {
    let find = |known: &[T], name: &str| known.iter().position(|thing| same(thing.name(), name));
    match (find(known, from), find(known, to)) {
        (Some(at), other) if other.is_none_or(|other| other == at) => {
            known[at].set_name(to);
            Ok(())
        }
        (Some(_), _) => Err(Error::conflict(format!("{owner} has a {} {to} already", T::KIND))),
        (None, Some(_)) => Ok(()),
        (None, None) => Err(Error::missing(format!("{owner} has no {} {from}", T::KIND))),
    }
}

/// What is not the author's to say, such as triggers, stays.
fn put_table(schema: &mut Schema, table: &Table) {
    let mut table = table.clone();
    if let Some(known) = schema.table(&table.name) {
        table.triggers.clone_from(&known.triggers);
    }
    for column in &mut table.columns {
        if table.primary_key.iter().any(|key| same(key, &column.name)) {
            column.null = false;
        }
    }
    table.sort();
    schema.tables.retain(|known| !same(&known.name, &table.name));
    schema.tables.push(table);
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
}

fn rename_table(schema: &mut Schema, from: &str, to: &str) -> Result<(), Error> {
    match (schema.table(from).is_some(), schema.table(to).is_some()) {
        (true, true) if !same(from, to) => return Err(Error::conflict(format!("there is a table {to} already"))),
        (false, false) => return Err(Error::missing(format!("there is no table {from}"))),
        (false, true) => return Ok(()),
        (true, _) => {}
    }
    for table in &mut schema.tables {
        if same(&table.name, from) {
            to.clone_into(&mut table.name);
            table.details = None;
        }
        for key in &mut table.foreign_keys {
            if same(&key.table, from) {
                to.clone_into(&mut key.table);
            }
        }
    }
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

fn put_column(table: &mut Table, column: &Column, place: &Place) -> Result<(), Error> {
    if let Some(known) = table.columns.iter_mut().find(|known| same(&known.name, &column.name)) {
        known.clone_from(column);
        return Ok(());
    }
    let at = match place {
        Place::Last => table.columns.len(),
        Place::First => 0,
        Place::After(name) => {
            let known = table.columns.iter().position(|known| same(&known.name, name));
            1 + known.ok_or_else(|| no_column(table, name))?
        }
    };
    table.columns.insert(at, column.clone());
    Ok(())
}

fn rename_column(table: &mut Table, from: &str, to: &str) -> Result<(), Error> {
    rename(&mut table.columns, &format!("the table {}", table.name), from, to)?;
    let renamed = |name: &mut String| {
        if same(name, from) {
            to.clone_into(name);
        }
    };
    table.primary_key.iter_mut().for_each(renamed);
    table.foreign_keys.iter_mut().flat_map(|key| &mut key.columns).for_each(renamed);
    for part in table.indexes.iter_mut().flat_map(|index| &mut index.parts) {
        if let crate::schema::PartSource::Column(name) = &mut part.source {
            renamed(name);
        }
    }
    Ok(())
}

fn table_of<'a>(schema: &'a mut Schema, name: &str) -> Result<&'a mut Table, Error> {
    let found = schema.tables.iter_mut().find(|table| same(&table.name, name));
    found.ok_or_else(|| Error::missing(format!("there is no table {name}")))
}

fn column_of<'a>(table: &'a mut Table, name: &str) -> Result<&'a mut Column, Error> {
    let missing = no_column(table, name);
    table.columns.iter_mut().find(|column| same(&column.name, name)).ok_or(missing)
}

fn no_column(table: &Table, name: &str) -> Error {
    Error::missing(format!("the table {} has no column {name}", table.name))
}

/// Names compare without regard to ASCII case, as databases do that don't quote them.
fn same(name: &str, other: &str) -> bool {
    name.eq_ignore_ascii_case(other)
}
