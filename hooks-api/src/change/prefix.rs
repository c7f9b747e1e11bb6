//! The site's table prefix (D14) in portable changes: one place, so that it is everywhere or nowhere.

use super::Change;
use crate::schema::{Check, DefaultValue, ForeignKey, Index, PartSource, Sequence, Table};
use crate::statements::{LexicalRules, PREFIX_PLACEHOLDER, substitute};

impl Change {
    /// The change on a site whose tables' names begin with `prefix`: names of tables, views, indexes and constraints get it,
    /// and in the author's own SQL it takes the place of `{prefix}`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str, rules: &LexicalRules) -> Self {
        let site = Prefix { prefix, rules };
        match &mut self {
            Self::CreateTable(table) => site.table(table),
            Self::RenameTable { table, to } | Self::RenameSequence { sequence: table, to } => {
                [table, to].into_iter().for_each(|name| site.name(name));
            }
            Self::AddColumn { table, column, .. } => {
                site.name(table);
                site.default(&mut column.default);
            }
            Self::AlterColumn { table, alteration, .. } => {
                site.name(table);
                alteration.using.iter_mut().for_each(|using| site.sql(using));
                alteration.default.iter_mut().for_each(|default| site.default(default));
            }
            Self::CreateIndex { table, index } => {
                site.name(table);
                site.index(index);
            }
            Self::DropIndex { table, index: name }
            | Self::DropForeignKey { table, key: name }
            | Self::DropCheck { table, check: name } => [table, name].into_iter().for_each(|name| site.name(name)),
            Self::RenameIndex { table, index, to } => [table, index, to].into_iter().for_each(|name| site.name(name)),
            Self::AddForeignKey { table, key } => {
                site.name(table);
                site.foreign_key(key);
            }
            Self::AddCheck { table, check } => {
                site.name(table);
                site.check(check);
            }
            Self::CreateView { view, query } => {
                site.name(view);
                site.sql(query);
            }
            Self::CopyRows { from, table, .. } => [from, table].into_iter().for_each(|name| site.name(name)),
            Self::CreateSequence(Sequence { name, .. })
            | Self::DropSequence { sequence: name }
            | Self::RestartSequence { sequence: name, .. }
            | Self::DropView { view: name }
            | Self::DropTable { table: name }
            | Self::TruncateTable { table: name }
            | Self::DropColumn { table: name, .. }
            | Self::RenameColumn { table: name, .. }
            | Self::AddPrimaryKey { table: name, .. }
            | Self::DropPrimaryKey { table: name }
            | Self::SetComment { table: name, .. }
            | Self::SetTableOptions { table: name, .. }
            | Self::InsertRows { table: name, .. }
            | Self::UpdateRows { table: name, .. }
            | Self::DeleteRows { table: name, .. } => site.name(name),
        }
        self
    }
}

/// One site's prefix.
struct Prefix<'a> {
    prefix: &'a str,
    rules: &'a LexicalRules,
}

impl Prefix<'_> {
    fn name(&self, name: &mut String) {
        name.insert_str(0, self.prefix);
    }

    fn sql(&self, text: &mut String) {
        *text = substitute(text, self.rules, PREFIX_PLACEHOLDER, self.prefix);
    }

    fn table(&self, table: &mut Table) {
        self.name(&mut table.name);
        table.columns.iter_mut().for_each(|column| self.default(&mut column.default));
        table.indexes.iter_mut().for_each(|index| self.index(index));
        table.foreign_keys.iter_mut().for_each(|key| self.foreign_key(key));
        table.checks.iter_mut().for_each(|check| self.check(check));
    }

    fn default(&self, default: &mut Option<DefaultValue>) {
        if let Some(DefaultValue::Expression(text)) = default {
            self.sql(text);
        }
    }

    fn index(&self, index: &mut Index) {
        self.name(&mut index.name);
        index.filter.iter_mut().for_each(|filter| self.sql(filter));
        for part in &mut index.parts {
            if let PartSource::Expression(text) = &mut part.source {
                self.sql(text);
            }
        }
    }

    fn foreign_key(&self, key: &mut ForeignKey) {
        self.name(&mut key.name);
        self.name(&mut key.table);
    }

    fn check(&self, check: &mut Check) {
        self.name(&mut check.name);
        self.sql(&mut check.condition);
    }
}
