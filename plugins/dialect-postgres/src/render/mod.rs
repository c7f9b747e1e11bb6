//! Portable changes in PostgreSQL's words.

mod alter;
mod rows;
mod words;

pub(crate) use words::Words;

use crate::enumeration;
use crate::names;
use patchwright_hooks_api::change::sql::{self, Spelling, quoted_text};
use patchwright_hooks_api::schema::{Check, Column, ColumnType, Index, Table};
use patchwright_hooks_api::{Change, Error, Schema, Statement};

/// The statements that make a change on a schema that was `before`.
pub(crate) fn render(change: &Change, before: &Schema) -> Result<Vec<Statement>, Error> {
    names::check(change)?;
    Renderer { words: Words::new(before), before }.render(change)
}

/// What a change is rendered with.
struct Renderer<'a> {
    words: Words<'a>,
    before: &'a Schema,
}

impl Renderer<'_> {
    fn render(&self, change: &Change) -> Result<Vec<Statement>, Error> {
        let words = &self.words;
        let quoted = |name: &String| words.quoted(name);
        let alter = |table: &String, action: String| Statement::new(format!("ALTER TABLE {} {action}", quoted(table)));
        Ok(match change {
            Change::CreateTable(table) => return self.create_table(table),
            Change::DropTable { table } => vec![Statement::new(format!("DROP TABLE {}", quoted(table)))],
            Change::RenameTable { table, to } => self.rename_table(table, to),
            Change::AddColumn { table, column, .. } => self.add_column(table, column)?,
            Change::DropColumn { table, column } => vec![alter(table, format!("DROP COLUMN {}", quoted(column)))],
            Change::RenameColumn { table, column, to } => self.rename_column(table, column, to),
            Change::AlterColumn { table, column, alteration } => return self.alter_column(table, column, alteration),
            Change::AddPrimaryKey { table, columns } => {
                vec![alter(table, format!("ADD PRIMARY KEY {}", sql::names(words, columns)))]
            }
            Change::DropPrimaryKey { table } => vec![self.drop_primary_key(table)],
            Change::CreateIndex { table, index } => vec![self.create_index(table, index)],
            Change::DropIndex { table, index } => {
                let is_constraint = self.index(table, index).is_some_and(|index| index.constraint);
                vec![if is_constraint {
                    alter(table, format!("DROP CONSTRAINT {}", quoted(index)))
                } else {
                    Statement::new(format!("DROP INDEX {}", quoted(index)))
                }]
            }
            Change::RenameIndex { index, to, .. } => {
                vec![Statement::new(format!("ALTER INDEX {} RENAME TO {}", quoted(index), words::identifier(to)))]
            }
            Change::AddForeignKey { table, key } => {
                vec![alter(table, format!("ADD {}", sql::foreign_key(words, key)))]
            }
            Change::AddCheck { table, check } => vec![alter(table, format!("ADD {}", self.check(check)))],
            Change::DropForeignKey { table, key: name } | Change::DropCheck { table, check: name } => {
                vec![alter(table, format!("DROP CONSTRAINT {}", quoted(name)))]
            }
            Change::CreateView { view, query } => vec![self.create_view(view, query)],
            Change::DropView { view } => vec![Statement::new(format!("DROP VIEW {}", quoted(view)))],
            Change::CreateSequence(sequence) => vec![sql::create_sequence(words, sequence)],
            Change::DropSequence { sequence } => vec![Statement::new(format!("DROP SEQUENCE {}", quoted(sequence)))],
            Change::RenameSequence { sequence, to } => {
                let (old, new) = (quoted(sequence), words::identifier(to));
                vec![Statement::new(format!("ALTER SEQUENCE {old} RENAME TO {new}"))]
            }
            Change::RestartSequence { sequence, at } => {
                vec![Statement::new(format!("ALTER SEQUENCE {} RESTART WITH {at}", quoted(sequence)))]
            }
            Change::SetComment { table, column, comment } => {
                vec![self.comment(table, column.as_deref(), comment.as_deref())]
            }
            // PostgreSQL's tables are all alike.
            Change::SetTableOptions { .. } => Vec::new(),
            Change::InsertRows { table, columns, rows, on_conflict } => {
                return self.insert(table, columns, rows, *on_conflict);
            }
            Change::UpdateRows { table, set, condition, .. } => vec![sql::update(words, table, set, condition)],
            Change::DeleteRows { table, condition } => vec![sql::delete(words, table, condition)],
            Change::TruncateTable { table } => {
                vec![Statement::new(format!("TRUNCATE TABLE {} RESTART IDENTITY", quoted(table)))]
            }
            Change::CopyRows { from, table, set, condition } => self.copy(from, table, set, condition),
            other => {
                return Err(Error::new(
                    patchwright_hooks_api::ErrorKind::Unsupported,
                    format!("the dialect postgres can't {other}"),
                )
                .hint("write the change as <sql dialect=\"postgres\">"));
            }
        })
    }

    fn create_table(&self, table: &Table) -> Result<Vec<Statement>, Error> {
        let columns =
            table.columns.iter().map(|column| self.column(&table.name, column)).collect::<Result<_, Error>>()?;
        let mut statements = vec![sql::create_table_of(&self.words, table, columns)];
        statements.extend(table.indexes.iter().map(|index| self.create_index(&table.name, index)));
        if let Some(comment) = &table.comment {
            statements.push(self.comment(&table.name, None, Some(comment)));
        }
        for column in table.columns.iter().filter(|column| column.comment.is_some()) {
            statements.push(self.comment(&table.name, Some(&column.name), column.comment.as_deref()));
        }
        Ok(statements)
    }

    /// The checks of enumerations follow the table's name, by which they are known again.
    fn rename_table(&self, table: &str, to: &str) -> Vec<Statement> {
        let (old, new) = (self.words.quoted(table), words::identifier(to));
        let mut statements = vec![Statement::new(format!("ALTER TABLE {old} RENAME TO {new}"))];
        let known = self.before.table(table);
        let is_enumeration = |column: &&Column| matches!(column.kind, ColumnType::Enum(_));
        for column in known.iter().flat_map(|known| &known.columns).filter(is_enumeration) {
            let from = known.map_or(table, |known| &known.name);
            statements.extend(self.rename_check((to, from, &column.name), (to, &column.name)));
        }
        statements
    }

    fn rename_column(&self, table: &str, column: &str, to: &str) -> Vec<Statement> {
        let (place, old, new) = (self.words.quoted(table), self.words.quoted(column), words::identifier(to));
        let mut statements = vec![Statement::new(format!("ALTER TABLE {place} RENAME COLUMN {old} TO {new}"))];
        let known = self.before.table(table);
        if let Some((table, column)) = known.and_then(|known| Some((&known.name, known.column(column)?)))
            && matches!(column.kind, ColumnType::Enum(_))
        {
            statements.extend(self.rename_check((table, table, &column.name), (table, to)));
        }
        statements
    }

    /// From the name that `(table now, table before, column before)` gave to the one that `(table, column)` gives.
    fn rename_check(&self, from: (&str, &str, &str), to: (&str, &str)) -> Option<Statement> {
        let (old, new) = (enumeration::check_name(from.1, from.2), enumeration::check_name(to.0, to.1));
        let [table, old_name, new_name] = [from.0, &old, &new].map(words::identifier);
        (old != new).then(|| Statement::new(format!("ALTER TABLE {table} RENAME CONSTRAINT {old_name} TO {new_name}")))
    }

    fn add_column(&self, table: &str, column: &Column) -> Result<Vec<Statement>, Error> {
        let definition = self.column(table, column)?;
        let mut statements =
            vec![Statement::new(format!("ALTER TABLE {} ADD COLUMN {definition}", self.words.quoted(table)))];
        if let Some(comment) = &column.comment {
            statements.push(self.comment(table, Some(&column.name), Some(comment)));
        }
        Ok(statements)
    }

    fn column(&self, table: &str, column: &Column) -> Result<String, Error> {
        let mut definition = sql::column(&self.words, column)?;
        if let ColumnType::Enum(words) = &column.kind {
            let table = self.before.table(table).map_or(table, |known| &known.name);
            definition.push(' ');
            definition.push_str(&enumeration::check(&self.words, table, &column.name, words));
        }
        Ok(definition)
    }

    /// The name of a primary key is the table's affair, and no part of the contract.
    fn drop_primary_key(&self, table: &str) -> Statement {
        let table = quoted_text(&self.words.quoted(table));
        Statement::new(format!(
            "DO $patchwright$ BEGIN EXECUTE (SELECT pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', {table}, conname) \
             FROM pg_catalog.pg_constraint WHERE conrelid = {table}::regclass AND contype = 'p'); END $patchwright$"
        ))
    }

    /// What PostgreSQL once said of an index tells more than the portable model: its method, its classes of operators.
    fn create_index(&self, table: &str, index: &Index) -> Statement {
        let columns: Option<Vec<String>> = index.parts.iter().map(|part| part.as_column().map(str::to_owned)).collect();
        let said = |beginning: &str| index.text.as_deref().filter(|text| text.starts_with(beginning));
        match columns {
            Some(columns) if index.unique && index.constraint && index.filter.is_none() => {
                let unique = format!("UNIQUE {}", sql::names(&self.words, &columns));
                let definition = said("UNIQUE").unwrap_or(&unique);
                let [table, name] = [table, &index.name].map(|name| self.words.quoted(name));
                Statement::new(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))
            }
            _ => match said("CREATE ").filter(|text| text.contains(" USING ")) {
                Some(text) => Statement::new(text),
                None => sql::create_index(&self.words, table, index),
            },
        }
    }

    fn check(&self, check: &Check) -> String {
        if check.condition.starts_with("EXCLUDE ") {
            return format!("CONSTRAINT {} {}", self.words.quoted(&check.name), check.condition);
        }
        sql::check(&self.words, check)
    }

    /// A view that is replaced keeps its owner and who may read it. Only where its columns don't allow that it is made anew.
    fn create_view(&self, view: &str, query: &str) -> Statement {
        let name = self.words.quoted(view);
        if self.before.view(view).is_none() {
            return Statement::new(format!("CREATE VIEW {name} AS {query}"));
        }
        let tag = words::dollar_tag(query);
        Statement::new(format!(
            "DO {tag} BEGIN CREATE OR REPLACE VIEW {name} AS {query}\n; \
             EXCEPTION WHEN invalid_table_definition THEN DROP VIEW {name}; CREATE VIEW {name} AS {query}\n; END {tag}"
        ))
    }

    fn comment(&self, table: &str, column: Option<&str>, comment: Option<&str>) -> Statement {
        let table = self.words.quoted(table);
        let place = match column {
            Some(column) => format!("COLUMN {table}.{}", self.words.quoted(column)),
            None => format!("TABLE {table}"),
        };
        let comment = comment.map_or_else(|| "NULL".to_owned(), quoted_text);
        Statement::new(format!("COMMENT ON {place} IS {comment}"))
    }

    fn index(&self, table: &str, index: &str) -> Option<&Index> {
        self.before.table(table)?.index(index)
    }
}
