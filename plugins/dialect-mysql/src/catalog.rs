//! Reads the structure of tables and views from `information_schema`: a few queries for all of them, whatever their number.

use crate::cells::{Cells, words_of};
use crate::connection::MySqlLine;
use crate::server::Server;
use crate::{charset, defaults, definition, stored, types, views};
use patchwright_hooks_api::schema::{
    Check, Column, ColumnType, ForeignKey, Index, IndexPart, OnTarget, Part, PartSource, Schema, Sequence, Table,
    TableOptions, Trigger, View,
};
use patchwright_hooks_api::{Error, Statement, Value};
use std::collections::BTreeMap;

/// Up to so many tables are looked up by name, each at once; for more the whole catalog is read.
const FEW: usize = 8;

/// Which tables are read.
#[derive(Clone, Copy)]
enum Scope<'a> {
    All,
    One(&'a str),
}

/// Reads these tables and views, or all.
pub(crate) fn introspect(line: &mut MySqlLine, names: Option<&[&str]>) -> Result<Schema, Error> {
    let mut schema = match names {
        Some(names) if names.len() <= FEW => {
            let mut schema = Schema::default();
            for (at, name) in names.iter().enumerate() {
                if !names[..at].contains(name) {
                    read_one(line, name, &mut schema)?;
                }
            }
            schema
        }
        Some(names) => {
            let mut schema = Catalog { line, scope: Scope::All }.read()?;
            schema.tables.retain(|table| names.contains(&table.name.as_str()));
            schema.views.retain(|view| names.contains(&view.name.as_str()));
            schema.sequences.retain(|sequence| names.contains(&sequence.name.as_str()));
            schema
        }
        None => Catalog { line, scope: Scope::All }.read()?,
    };
    schema.tables.sort_by(|a, b| a.name.cmp(&b.name));
    schema.views.sort_by(|a, b| a.name.cmp(&b.name));
    schema.sequences.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schema)
}

/// Those of these tables that lie in an engine without transactions, such as MyISAM.
pub(crate) fn without_transactions(line: &mut MySqlLine, names: &[&str]) -> Result<Vec<String>, Error> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let marks = vec!["?"; names.len()].join(", ");
    let text = format!(
        "SELECT T.TABLE_NAME FROM information_schema.TABLES T JOIN information_schema.ENGINES E ON E.ENGINE = T.ENGINE \
         WHERE T.TABLE_SCHEMA = DATABASE() AND T.TABLE_NAME IN ({marks}) AND COALESCE(E.TRANSACTIONS, 'NO') <> 'YES'"
    );
    let rows = line.query_own(&Statement::with(text, names.iter().map(|name| Value::from(*name))))?;
    Ok(rows.rows.iter().filter_map(|row| row.first()?.as_text().map(str::to_owned)).collect())
}

/// One table with its own definition: what is rendered for it must restate what the model leaves out.
fn read_one(line: &mut MySqlLine, name: &str, schema: &mut Schema) -> Result<(), Error> {
    let mut found = Catalog { line, scope: Scope::One(name) }.read()?;
    for table in &mut found.tables {
        let quoted = format!("`{}`", table.name.replace('`', "``"));
        let rows = line.query_own(&Statement::new(format!("SHOW CREATE TABLE {quoted}")))?;
        table.text = rows.rows.first().and_then(|row| row.get(1)?.as_text()).map(definition::without_counter);
    }
    schema.tables.append(&mut found.tables);
    schema.views.append(&mut found.views);
    schema.sequences.append(&mut found.sequences);
    Ok(())
}

/// What there is.
struct Relations {
    /// The tables, still empty.
    tables: BTreeMap<String, Table>,
    has_views: bool,
    /// The sequences' names.
    sequences: Vec<String>,
}

/// A reading of the catalog.
struct Catalog<'a> {
    line: &'a mut MySqlLine,
    scope: Scope<'a>,
}

impl Catalog<'_> {
    fn read(mut self) -> Result<Schema, Error> {
        let Relations { mut tables, has_views, sequences } = self.relations()?;
        let sequences = sequences.into_iter().map(|name| self.sequence(name)).collect::<Result<_, _>>()?;
        let views = if has_views { self.views()? } else { Vec::new() };
        if !tables.is_empty() {
            self.add_columns(&mut tables)?;
            self.add_foreign_keys(&mut tables)?;
            self.add_indexes(&mut tables)?;
            self.add_checks(&mut tables)?;
            self.add_triggers(&mut tables)?;
        }
        let tables = tables.into_values().map(|mut table| {
            table.sort();
            table
        });
        Ok(Schema { tables: tables.collect(), views, sequences })
    }

    /// The rows of a view of `information_schema` that belong to the site's database and to the scope.
    fn rows(&mut self, columns: &str, view: &str, owner: &str, table: &str, order: &str) -> Result<Vec<Cells>, Error> {
        let mut text = format!("SELECT {columns} FROM information_schema.{view} WHERE {owner} = ?");
        let mut values = vec![Value::from(self.line.database())];
        if let Scope::One(name) = self.scope {
            text.push_str(&format!(" AND {table} = ?"));
            values.push(name.into());
        }
        if !order.is_empty() {
            text.push_str(&format!(" ORDER BY {order}"));
        }
        let rows = self.line.query_own(&Statement::with(text, values))?;
        Ok(rows.rows.into_iter().map(Cells::of).collect())
    }

    fn server(&self) -> Server {
        self.line.server_facts()
    }

    /// The tables, the sequences, and whether there are views.
    fn relations(&mut self) -> Result<Relations, Error> {
        let columns = "TABLE_NAME, TABLE_TYPE, TABLE_COMMENT, ENGINE, TABLE_COLLATION, CREATE_OPTIONS";
        let rows = self.rows(columns, "TABLES", "TABLE_SCHEMA", "TABLE_NAME", "")?;
        let mut tables = BTreeMap::new();
        let mut has_views = false;
        let mut sequences = Vec::new();
        for mut row in rows {
            let (name, kind) = (row.text()?, row.text()?);
            match kind.as_str() {
                "BASE TABLE" | "SYSTEM VERSIONED" => {
                    let comment = row.optional().filter(|comment| !comment.is_empty());
                    let (engine, collation) = (row.optional(), row.optional().map(|name| charset::known(&name)));
                    let charset = collation.as_deref().map(|name| charset::of_collation(name).to_owned());
                    let options = TableOptions { charset, collation, engine };
                    let mut table = Table { name: name.clone(), comment, options, ..Table::default() };
                    table.tell(Part::Table, if kind == "BASE TABLE" { "" } else { kind.as_str() });
                    table.tell(Part::Table, row.optional().unwrap_or_default());
                    tables.insert(name, table);
                }
                "VIEW" => has_views = true,
                "SEQUENCE" => sequences.push(name),
                _ => {}
            }
        }
        Ok(Relations { tables, has_views, sequences })
    }

    /// A sequence is a table of one row.
    fn sequence(&mut self, name: String) -> Result<Sequence, Error> {
        let text = format!(
            "SELECT start_value, increment, CONCAT_WS(' ', CONCAT('MINVALUE ', minimum_value), CONCAT('MAXVALUE ', \
             maximum_value), CONCAT('CACHE ', cache_size), IF(cycle_option, 'CYCLE', NULL)) FROM `{}`",
            name.replace('`', "``")
        );
        let rows = self.line.query_own(&Statement::new(text))?;
        let mut row = Cells::of(rows.rows.into_iter().next().unwrap_or_default());
        Ok(Sequence { name, start: row.integer()?, increment: row.integer()?, details: Some(row.text()?) })
    }

    fn views(&mut self) -> Result<Vec<View>, Error> {
        let columns = "TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, SECURITY_TYPE";
        let rows = self.rows(columns, "VIEWS", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_NAME")?;
        let database = self.line.database().to_owned();
        let view = |mut row: Cells| {
            let name = row.text()?;
            let query = row.optional().unwrap_or_default();
            let mut view = View::new(name, views::plain(&query, &database));
            let (check, rights) = (row.text()?, row.text()?);
            view.tell(Part::Option("check option".to_owned()), if check == "NONE" { "" } else { check.as_str() });
            let rights = if rights == "DEFINER" { String::new() } else { format!("SQL SECURITY {rights}") };
            view.tell(Part::Option("rights".to_owned()), rights);
            Ok(view)
        };
        rows.into_iter().map(view).collect()
    }

    fn add_columns(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let columns = "TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT, \
                       GENERATION_EXPRESSION, COLLATION_NAME";
        let order = "TABLE_NAME, ORDINAL_POSITION";
        let is_mariadb = self.server().is_mariadb();
        for mut row in self.rows(columns, "COLUMNS", "TABLE_SCHEMA", "TABLE_NAME", order)? {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let (name, kind, null) = (row.text()?, row.text()?, row.text()? == "YES");
            let (default, extra) = (row.optional(), row.optional().unwrap_or_default());
            let comment = row.optional().filter(|comment| !comment.is_empty());
            let generated = row.optional().filter(|expression| !expression.is_empty());
            let kind = match generated {
                Some(expression) => {
                    let keeping = if extra.to_ascii_uppercase().contains("VIRTUAL") { "VIRTUAL" } else { "STORED" };
                    ColumnType::Native(format!("{kind} GENERATED ALWAYS AS ({expression}) {keeping}"))
                }
                None => types::read(&kind),
            };
            let default = default.and_then(|text| {
                if is_mariadb { defaults::read(&text, &kind) } else { defaults::read_mysql(&text, &extra, &kind) }
            });
            let collation = row.optional().map(|name| charset::known(&name));
            let collation = collation.filter(|collation| Some(collation) != table.options.collation.as_ref());
            let auto = extra.to_ascii_lowercase().contains("auto_increment");
            let part = Part::Column(name.clone());
            table.tell(part.clone(), words_of(&extra));
            table.tell(part, collation.as_ref().map(|name| format!("COLLATE {name}")).unwrap_or_default());
            table.columns.push(Column { name, kind, null, default, auto, comment, collation });
        }
        Ok(())
    }

    /// Comes after the foreign keys: their own indexes are left out.
    fn add_indexes(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let expression = if self.server().has_expression_indexes() { "EXPRESSION" } else { "NULL" };
        let ignored = self.server().ignored_indexes();
        let columns = format!(
            "TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, {expression}, \
             INDEX_COMMENT, {ignored}"
        );
        let order = "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX";
        for mut row in self.rows(&columns, "STATISTICS", "TABLE_SCHEMA", "TABLE_NAME", order)? {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let name = row.text()?;
            let unique = row.integer()? == 0;
            let (column, order, length) = (row.optional(), row.optional(), row.integer().ok());
            let (kind, expression) = (row.text()?, row.optional());
            let details = [
                if kind == "BTREE" { String::new() } else { kind.clone() },
                row.optional()
                    .filter(|comment| !comment.is_empty())
                    .map_or(String::new(), |it| format!("COMMENT {it}")),
                row.optional().filter(|ignored| ignored == "YES").map_or(String::new(), |_| "IGNORED".to_owned()),
            ];
            if name == "PRIMARY" {
                table.primary_key.extend(column);
                continue;
            }
            let source = match (column, expression) {
                (Some(column), _) => PartSource::Column(column),
                (None, expression) => PartSource::Expression(expression.unwrap_or_default().replace("\\'", "'")),
            };
            let length = length.and_then(|length| u32::try_from(length).ok());
            let part = IndexPart { source, descending: order.as_deref() == Some("D"), length };
            match table.indexes.last_mut().filter(|index| index.name == name) {
                Some(index) => index.parts.push(part),
                None => {
                    let text = matches!(kind.as_str(), "FULLTEXT" | "SPATIAL").then_some(kind);
                    let parts = vec![part];
                    details.into_iter().for_each(|text| table.tell(Part::Index(name.clone()), text));
                    table.indexes.push(Index { name, unique, parts, filter: None, constraint: false, text });
                }
            }
        }
        for table in tables.values_mut() {
            let keys = &table.foreign_keys;
            table.indexes.retain(|index| !keys.iter().any(|key| stored::is_of_key(index, key)));
        }
        Ok(())
    }

    fn add_foreign_keys(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let columns = "TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, \
                       REFERENCED_COLUMN_NAME";
        let order = "TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION";
        let mut any = false;
        for mut row in self.rows(columns, "KEY_COLUMN_USAGE", "TABLE_SCHEMA", "TABLE_NAME", order)? {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let (name, column, owner) = (row.text()?, row.text()?, row.optional());
            let (Some(owner), Some(target_table), Some(target)) = (owner, row.optional(), row.optional()) else {
                continue;
            };
            any = true;
            let target_table =
                if owner == self.line.database() { target_table } else { format!("{owner}.{target_table}") };
            match table.foreign_keys.last_mut().filter(|key| key.name == name) {
                Some(key) => {
                    key.columns.push(column);
                    key.targets.push(target);
                }
                None => table.foreign_keys.push(ForeignKey {
                    name,
                    columns: vec![column],
                    table: target_table,
                    targets: vec![target],
                    on_delete: OnTarget::Refuse,
                    on_update: OnTarget::Refuse,
                }),
            }
        }
        if any { self.add_rules(tables) } else { Ok(()) }
    }

    /// What happens to rows when what they refer to goes or changes.
    fn add_rules(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let columns = "TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE";
        for mut row in self.rows(columns, "REFERENTIAL_CONSTRAINTS", "CONSTRAINT_SCHEMA", "TABLE_NAME", "")? {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let name = row.text()?;
            let (on_delete, on_update) = (row.rule()?, row.rule()?);
            if let Some(key) = table.foreign_keys.iter_mut().find(|key| key.name == name) {
                (key.on_delete, key.on_update) = (on_delete, on_update);
            }
        }
        Ok(())
    }

    /// Checks. MariaDB calls those that stand with a column by the column's name, and says so that one holds JSON.
    fn add_checks(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let server = self.server();
        if !server.has_checks() {
            return Ok(());
        }
        let rows = if server.is_mariadb() {
            let columns = "TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, LEVEL";
            self.rows(columns, "CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA", "TABLE_NAME", "")?
        } else {
            let columns = "tc.TABLE_NAME, tc.CONSTRAINT_NAME, cc.CHECK_CLAUSE, 'Table'";
            let joined = "TABLE_CONSTRAINTS tc JOIN information_schema.CHECK_CONSTRAINTS cc USING (CONSTRAINT_SCHEMA, \
                          CONSTRAINT_NAME)";
            self.rows(columns, joined, "tc.TABLE_SCHEMA", "tc.TABLE_NAME", "")?
        };
        for mut row in rows {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let (name, condition, level) = (row.text()?, row.text()?, row.text()?);
            // The check keeps its name when the column gets another, so the column is told by what is checked.
            let of_json = |column: &&mut Column| level == "Column" && is_json_check(&condition, &column.name);
            if let Some(column) = table.columns.iter_mut().find(of_json) {
                column.kind = ColumnType::Json;
                continue;
            }
            let condition = if server.is_mariadb() { condition } else { condition.replace("\\'", "'") };
            table.checks.push(Check { name, condition: defaults::expression(condition) });
        }
        Ok(())
    }

    fn add_triggers(&mut self, tables: &mut BTreeMap<String, Table>) -> Result<(), Error> {
        let columns =
            "EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, ACTION_ORDER";
        for mut row in self.rows(columns, "TRIGGERS", "TRIGGER_SCHEMA", "EVENT_OBJECT_TABLE", "")? {
            let Some(table) = tables.get_mut(&row.text()?) else { continue };
            let (name, timing, event, body) = (row.text()?, row.text()?, row.text()?, row.text()?);
            let text = format!("CREATE TRIGGER `{name}` {timing} {event} ON `{}` FOR EACH ROW {body}", table.name);
            let order = row.integer()?;
            let order = if order > 1 { format!("number {order} of its time") } else { String::new() };
            table.tell(Part::Trigger(name.clone()), order);
            table.triggers.push(Trigger { name, text });
        }
        Ok(())
    }
}

/// Whether the check is the one by which MariaDB says that a column holds JSON.
fn is_json_check(condition: &str, column: &str) -> bool {
    let checked = condition.strip_prefix("json_valid(`").and_then(|rest| rest.strip_suffix("`)"));
    checked.is_some_and(|name| name.replace("``", "`") == column)
}
