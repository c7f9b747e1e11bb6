//! Statements that fail when something is not as it should be.
//!
//! What a change may not break can only be asked by SQL, and the engine's transaction only be stopped by a statement that
//! fails: a check does, and SQLite's error gives its name, which says what is wrong.

use super::words::Words;
use patchwright_hooks_api::Statement;
use patchwright_hooks_api::change::sql::quoted_text;

/// A temporary table, which hides no other of that name and is gone after each proof.
const TABLE: &str = "temp.\"patchwright_proof\"";

/// That a count is none, or has not grown.
pub(super) struct Proof {
    /// What is wrong otherwise.
    wrong: String,
    /// The query that counts it.
    count: String,
}

impl Proof {
    /// That no row refers to a row of the table that is not there, but for those that did so before: sites exist that never
    /// enforced their keys. The keys of the table itself are looked at too.
    pub(super) fn references_to(table: &str) -> Self {
        let name = quoted_text(table);
        let count = format!(
            "SELECT count(*) FROM (SELECT DISTINCT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k \
             WHERE m.type = 'table' AND (k.\"table\" = {name} COLLATE NOCASE OR m.name = {name} COLLATE NOCASE)) AS c, \
             pragma_foreign_key_check(c.name) AS v \
             WHERE v.parent = {name} COLLATE NOCASE OR c.name = {name} COLLATE NOCASE"
        );
        Self { wrong: format!("rows with a foreign key to or from {table} would refer to nothing"), count }
    }

    /// That no trigger makes the view writable.
    pub(super) fn no_triggers_on(view: &str) -> Self {
        let name = quoted_text(view);
        let count =
            format!("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = {name} COLLATE NOCASE");
        Self { wrong: format!("the view {view} has triggers, which would be lost with it"), count }
    }

    /// That for no row of the table the condition holds.
    pub(super) fn no_row(table: &str, condition: &str, wrong: String) -> Self {
        Self { wrong, count: format!("SELECT count(*) FROM {} WHERE {condition}", Words::quoted(table)) }
    }

    /// The statements that fail if there is one now.
    pub(super) fn before(&self) -> Vec<Statement> {
        vec![self.begin(), Statement::new(format!("INSERT INTO {TABLE} {}", self.count)), end()]
    }

    /// The statements, between others that fail if there are more of them afterwards.
    pub(super) fn around(&self, statements: Vec<Statement>) -> Vec<Statement> {
        let count = &self.count;
        let mut all = vec![self.begin(), Statement::new(format!("INSERT INTO {TABLE} SELECT -({count})"))];
        all.extend(statements);
        all.push(Statement::new(format!("UPDATE {TABLE} SET \"wrong\" = \"wrong\" + ({count})")));
        all.push(end());
        all
    }

    fn begin(&self) -> Statement {
        let name = Words::quoted(&self.wrong);
        Statement::new(format!(
            "CREATE TEMPORARY TABLE \"patchwright_proof\" (\"wrong\" INTEGER CONSTRAINT {name} CHECK (\"wrong\" <= 0))"
        ))
    }
}

fn end() -> Statement {
    Statement::new(format!("DROP TABLE {TABLE}"))
}
