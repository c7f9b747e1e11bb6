//! A change in one line, as plans and messages name it.

use super::Change;
use std::fmt;

/// One line for the plan, such as `add the column state to item`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateTable(table) => write!(f, "create the table {}", table.name),
            Self::DropTable { table } => write!(f, "drop the table {table}"),
            Self::RenameTable { table, to } => write!(f, "rename the table {table} to {to}"),
            Self::AddColumn { table, column, .. } => write!(f, "add the column {} to {table}", column.name),
            Self::DropColumn { table, column } => write!(f, "drop the column {column} of {table}"),
            Self::RenameColumn { table, column, to } => write!(f, "rename the column {column} of {table} to {to}"),
            Self::AlterColumn { table, column, .. } => write!(f, "alter the column {column} of {table}"),
            Self::AddPrimaryKey { table, columns } => {
                write!(f, "add the primary key ({}) to {table}", columns.join(", "))
            }
            Self::DropPrimaryKey { table } => write!(f, "drop the primary key of {table}"),
            Self::CreateIndex { table, index } => {
                write!(f, "create the {}index {} on {table}", if index.unique { "unique " } else { "" }, index.name)
            }
            Self::DropIndex { table, index } => write!(f, "drop the index {index} of {table}"),
            Self::RenameIndex { table, index, to } => write!(f, "rename the index {index} of {table} to {to}"),
            Self::AddForeignKey { table, key } => {
                write!(f, "add the foreign key {} from {table} to {}", key.name, key.table)
            }
            Self::DropForeignKey { table, key } => write!(f, "drop the foreign key {key} of {table}"),
            Self::AddCheck { table, check } => write!(f, "add the check {} to {table}", check.name),
            Self::DropCheck { table, check } => write!(f, "drop the check {check} of {table}"),
            Self::CreateView { view, .. } => write!(f, "create the view {view}"),
            Self::DropView { view } => write!(f, "drop the view {view}"),
            Self::CreateSequence(sequence) => write!(f, "create the sequence {}", sequence.name),
            Self::DropSequence { sequence } => write!(f, "drop the sequence {sequence}"),
            Self::RenameSequence { sequence, to } => write!(f, "rename the sequence {sequence} to {to}"),
            Self::RestartSequence { sequence, at } => write!(f, "let the sequence {sequence} go on at {at}"),
            Self::SetComment { table, column: Some(column), .. } => write!(f, "comment the column {column} of {table}"),
            Self::SetComment { table, column: None, .. } => write!(f, "comment the table {table}"),
            Self::SetTableOptions { table, options, .. } => {
                let said = options.named().into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?)));
                write!(f, "set the table {table} to {}", said.collect::<Vec<_>>().join(", "))
            }
            Self::InsertRows { table, rows, .. } => write!(f, "insert {} into {table}", count(rows.len())),
            Self::UpdateRows { table, .. } => write!(f, "update rows of {table}"),
            Self::DeleteRows { table, .. } => write!(f, "delete rows of {table}"),
            Self::TruncateTable { table } => write!(f, "empty the table {table}"),
            Self::CopyRows { from, table, .. } => write!(f, "copy rows of {from} to {table}"),
        }
    }
}

fn count(rows: usize) -> String {
    if rows == 1 { "a row".to_owned() } else { format!("{rows} rows") }
}
