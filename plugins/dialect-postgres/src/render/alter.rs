//! ALTER COLUMN: type, null and default in one statement, so that a table is written anew once at most.

use super::Renderer;
use super::words::{identifier, plain_type};
use crate::enumeration;
use patchwright_hooks_api::change::Alteration;
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::schema::{Column, ColumnType};
use patchwright_hooks_api::{Error, Statement};

impl Renderer<'_> {
    pub(super) fn alter_column(
        &self,
        table: &str,
        column: &str,
        alteration: &Alteration,
    ) -> Result<Vec<Statement>, Error> {
        let known = self.before.table(table).and_then(|known| Some((&known.name, known.column(column)?)));
        let (table, old) = known.ok_or_else(|| Error::missing(format!("the table {table} has no column {column}")))?;
        let new = alteration.applied_to(old);
        let actions = self.actions(table, old, &new, alteration.using.as_deref())?;
        if actions.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Statement::new(format!("ALTER TABLE {} {}", identifier(table), actions.join(", ")))])
    }

    /// A default is dropped before its column's type changes, and set after: PostgreSQL would have to find a cast for it, and
    /// the check of an enumeration likewise.
    fn actions(&self, table: &str, old: &Column, new: &Column, using: Option<&str>) -> Result<Vec<String>, Error> {
        let name = identifier(&old.name);
        let is_other_type = old.kind != new.kind || using.is_some();
        let mut actions = Vec::new();
        if is_other_type {
            if matches!(old.kind, ColumnType::Enum(_)) {
                let check = enumeration::check_name(table, &old.name);
                actions.push(format!("DROP CONSTRAINT {}", identifier(&check)));
            }
            if old.default.is_some() {
                actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
            }
            let kind = self.words.column_type(&new.kind)?;
            let using = using.map(str::to_owned).or_else(|| conversion(&name, &old.kind, &new.kind));
            let using = using.map_or_else(String::new, |using| format!(" USING {using}"));
            actions.push(format!("ALTER COLUMN {name} TYPE {kind}{using}"));
        }
        if is_other_type || old.default != new.default {
            match &new.default {
                Some(default) => {
                    let default = sql::default(&self.words, default, &new.kind)?;
                    actions.push(format!("ALTER COLUMN {name} SET DEFAULT {default}"));
                }
                None if old.default.is_some() && !is_other_type => {
                    actions.push(format!("ALTER COLUMN {name} DROP DEFAULT"));
                }
                None => {}
            }
        }
        if old.null != new.null {
            let action = if new.null { "DROP" } else { "SET" };
            actions.push(format!("ALTER COLUMN {name} {action} NOT NULL"));
        }
        if is_other_type && let ColumnType::Enum(words) = &new.kind {
            actions.push(format!("ADD {}", enumeration::check(&self.words, table, &old.name, words)));
        }
        Ok(actions)
    }
}

/// How old values become new ones where PostgreSQL doesn't do it by itself. Never a cast to a length: it would cut without a
/// word what does not fit, and what follows it refuses that.
fn conversion(name: &str, old: &ColumnType, new: &ColumnType) -> Option<String> {
    use ColumnType::{Binary, Blob, Boolean, Char, Decimal, Enum, Float, Integer, Text, Varchar};
    let is_text = |kind: &ColumnType| matches!(kind, Char(_) | Varchar(_) | Text(_) | Enum(_));
    match (old, new) {
        (from, to) if is_text(from) && is_text(to) => None,
        (from, Blob(_) | Binary(_)) if is_text(from) => Some(format!("pg_catalog.convert_to({name}, 'UTF8')")),
        (Blob(_) | Binary(_), to) if is_text(to) => Some(format!("pg_catalog.convert_from({name}, 'UTF8')")),
        (Integer { .. } | Decimal { .. } | Float { .. }, Boolean) => Some(format!("{name} <> 0")),
        (Boolean, Integer { .. } | Decimal { .. } | Float { .. }) => Some(format!("{name}::INTEGER")),
        (from, to) if is_text(from) => Some(format!("{name}::{}", plain_type(to))),
        (ColumnType::Native(_), to) => Some(format!("{name}::TEXT::{}", plain_type(to))),
        _ => None,
    }
}
