//! Edits the text of a CREATE TABLE: what the change doesn't speak of keeps every byte.

use super::unsupported;
use super::words::Words;
use crate::definition::{ColumnDefinition, Constraint, Cursor, Definition, Rule};
use crate::{schema, types};
use patchwright_hooks_api::change::sql;
use patchwright_hooks_api::schema::{Column, ColumnType, Table};
use patchwright_hooks_api::{Change, Error};
use std::ops::Range;

/// The text of the table as the change wants it to be.
pub(super) fn edited(
    change: &Change,
    text: &str,
    definition: &Definition,
    before: &Table,
    after: &Table,
) -> Result<String, Error> {
    let mut edit = Edit { text, definition, words: Words::of(before), changes: Vec::new() };
    match change {
        Change::AddColumn { column, .. } => {
            let known = after.column(&column.name).unwrap_or(column);
            edit.add_column(known)?;
        }
        Change::DropColumn { column, .. } => edit.remove_column(column),
        Change::AlterColumn { column, .. } => {
            if edit.definition.column(column).is_some_and(ColumnDefinition::is_generated) {
                return Err(unsupported(change, "its values are computed from others"));
            }
            edit.alter_column(column, before, after)?;
        }
        Change::AddPrimaryKey { columns, .. } => {
            for column in columns {
                edit.never_null(column, after);
            }
            let names: Vec<String> = columns.iter().map(|name| Words::quoted(name)).collect();
            edit.add_constraint(&format!("PRIMARY KEY ({})", names.join(", ")));
        }
        Change::DropPrimaryKey { .. } => {
            if definition.primary_key().is_some_and(|(_, auto)| auto) {
                return Err(unsupported(change, "SQLite numbers the rows by it"));
            }
            if definition.without_rowid {
                return Err(unsupported(change, "the table is WITHOUT ROWID"));
            }
            for column in &before.primary_key {
                edit.never_null(column, after);
            }
            edit.remove_constraints(|constraint| matches!(constraint.rule, Rule::PrimaryKey { .. }));
        }
        Change::AddForeignKey { key, .. } => edit.add_constraint(&sql::foreign_key(&Words::LOOSE, key)),
        Change::AddCheck { check, .. } => edit.add_constraint(&sql::check(&Words::LOOSE, check)),
        Change::DropForeignKey { key, .. } => edit.remove_named(key, |rule| matches!(rule, Rule::References(_))),
        Change::DropCheck { check, .. } => {
            let ranges = schema::checks(text, definition).into_iter();
            let ranges: Vec<Range<usize>> =
                ranges.filter(|(name, _)| name.eq_ignore_ascii_case(check)).map(|(_, range)| range).collect();
            edit.remove_constraints(|constraint| ranges.contains(&constraint.range));
        }
        Change::DropIndex { index, .. } => edit.remove_named(index, |rule| matches!(rule, Rule::Unique(_))),
        Change::RenameIndex { index, to, .. } => edit.rename_unique(index, to)?,
        _ => return Err(unsupported(change, "no table is made anew for it")),
    }
    Ok(edit.done())
}

/// A text and what is to be changed in it.
struct Edit<'a> {
    text: &'a str,
    definition: &'a Definition,
    words: Words,
    changes: Vec<(Range<usize>, String)>,
}

impl Edit<'_> {
    fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        self.changes.push((range, with.into()));
    }

    fn done(mut self) -> String {
        // Stable: what is put at one place stays in order.
        self.changes.sort_by_key(|(range, _)| (range.start, range.end));
        let mut text = String::with_capacity(self.text.len() + 200);
        let mut reached = 0;
        for (range, with) in &self.changes {
            text.push_str(&self.text[reached..range.start.max(reached)]);
            text.push_str(with);
            reached = reached.max(range.end);
        }
        text.push_str(&self.text[reached..]);
        text
    }

    fn add_column(&mut self, column: &Column) -> Result<(), Error> {
        let end = self.definition.columns.last().map_or(0, |last| last.range.end);
        let text = self.words.column(column)?;
        self.replace(end..end, format!(", {text}"));
        Ok(())
    }

    fn remove_column(&mut self, name: &str) {
        if let Some(column) = self.definition.column(name) {
            self.remove_item(column.range.clone());
        }
    }

    fn alter_column(&mut self, name: &str, before: &Table, after: &Table) -> Result<(), Error> {
        let definition = self.definition;
        let (Some(known), Some(old), Some(new)) = (definition.column(name), before.column(name), after.column(name))
        else {
            return Ok(());
        };
        let mut behind_type = String::new();
        if old.kind != new.kind {
            if let ColumnType::Enum(_) = old.kind {
                // Its words are an unnamed check of the column.
                let text = self.text;
                self.remove_of_column(known, |constraint| schema::is_enum_check(text, known, constraint));
            }
            let declared = types::declared(&new.kind, self.words.is_strict());
            let blank = if known.kind.is_empty() { " " } else { "" };
            self.replace(known.kind.clone(), format!("{blank}{declared}"));
            behind_type.push_str(&types::enum_check(&Words::quoted(&known.name), &new.kind));
        }
        if old.default != new.default {
            self.remove_of_column(known, |constraint| matches!(constraint.rule, Rule::Default(_)));
            if let Some(default) = &new.default {
                behind_type.push_str(&format!(" DEFAULT {}", sql::default(&self.words, default, &new.kind)?));
            }
        }
        if new.null {
            self.remove_of_column(known, |constraint| constraint.rule == Rule::NotNull);
        } else if known.constraint(|rule| *rule == Rule::NotNull).is_none() {
            behind_type.push_str(" NOT NULL");
        }
        self.replace(known.kind.end..known.kind.end, behind_type);
        Ok(())
    }

    /// Says of a column that it is never null, if it is not so said and the table is to be so.
    fn never_null(&mut self, name: &str, after: &Table) {
        let Some(known) = self.definition.column(name) else { return };
        let wanted = after.column(name).is_some_and(|column| !column.null);
        if wanted && known.constraint(|rule| *rule == Rule::NotNull).is_none() {
            self.replace(known.kind.end..known.kind.end, " NOT NULL");
        }
    }

    fn add_constraint(&mut self, text: &str) {
        let end = self.items().last().map_or(0, |last| last.end);
        self.replace(end..end, format!(", {text}"));
    }

    /// Removes constraints by the name that the schema gives them.
    fn remove_named(&mut self, name: &str, is_kind: impl Fn(&Rule) -> bool) {
        let said = |constraint: &Constraint| schema::name_of(self.text, self.definition, constraint);
        let found: Vec<Range<usize>> = self
            .definition
            .all_constraints()
            .filter(|constraint| is_kind(&constraint.rule))
            .filter(|constraint| said(constraint).is_some_and(|known| known.eq_ignore_ascii_case(name)))
            .map(|constraint| constraint.range.clone())
            .collect();
        self.remove_constraints(|constraint| found.contains(&constraint.range));
    }

    fn rename_unique(&mut self, name: &str, to: &str) -> Result<(), Error> {
        let definition = self.definition;
        let unique = definition.all_constraints().find(|constraint| {
            matches!(constraint.rule, Rule::Unique(_))
                && constraint.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(name))
        });
        let Some(unique) = unique else { return Ok(()) };
        let text = &self.text[unique.range.clone()];
        let mut cursor = Cursor::new(text)?;
        cursor.expect("CONSTRAINT")?;
        let start = cursor.start();
        cursor.name()?;
        let name = unique.range.start + start..unique.range.start + cursor.end();
        self.replace(name, Words::quoted(to));
        Ok(())
    }

    fn remove_constraints(&mut self, which: impl Fn(&Constraint) -> bool) {
        let definition = self.definition;
        for column in &definition.columns {
            self.remove_of_column(column, &which);
        }
        for constraint in definition.constraints.iter().filter(|constraint| which(constraint)) {
            self.remove_item(constraint.range.clone());
        }
    }

    fn remove_of_column(&mut self, column: &ColumnDefinition, which: impl Fn(&Constraint) -> bool) {
        for constraint in column.constraints.iter().filter(|constraint| which(constraint)) {
            let start = self.without_blanks_before(constraint.range.start);
            self.replace(start..constraint.range.end, "");
        }
    }

    /// Columns and constraints, each from its first to its last word.
    fn items(&self) -> impl DoubleEndedIterator<Item = Range<usize>> {
        let columns = self.definition.columns.iter().map(|column| column.range.clone());
        columns.chain(self.definition.constraints.iter().map(|constraint| constraint.range.clone()))
    }

    /// Removes a column or constraint with one of its commas; comments stay.
    fn remove_item(&mut self, item: Range<usize>) {
        let before = self.items().take_while(|other| other.start < item.start).last();
        let behind = self.items().find(|other| other.start > item.start);
        let comma = match (&before, &behind) {
            (_, Some(behind)) => self.comma_in(item.end..behind.start),
            (Some(before), None) => self.comma_in(before.end..item.start),
            (None, None) => None,
        };
        if let Some(comma) = comma {
            self.replace(comma..comma + 1, "");
        }
        let start = self.without_blanks_before(item.start);
        self.replace(start..item.end, "");
    }

    fn comma_in(&self, gap: Range<usize>) -> Option<usize> {
        let mut cursor = Cursor::new(&self.text[gap.clone()]).ok()?;
        while let Some(token) = cursor.next() {
            if token.text == "," {
                return Some(gap.start + token.start);
            }
        }
        None
    }

    /// Where the blanks before that byte begin. A line's end stays: it may end a comment.
    fn without_blanks_before(&self, byte: usize) -> usize {
        self.text[..byte].trim_end_matches([' ', '\t']).len()
    }
}
