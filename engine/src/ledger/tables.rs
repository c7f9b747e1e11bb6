//! The ledger's tables: the seed's three (C34 to C36), and one for runs, whose rows are the commit marks.

use patchwright_hooks_api::{DialectInfo, Statement};

/// The names of the ledger's tables on one site.
pub(super) struct Tables {
    names: [(&'static str, String, String); 4],
}

impl Tables {
    /// The tables' names with the site's prefix (D14), as the dialect quotes them.
    pub(super) fn new(dialect: &DialectInfo, prefix: &str) -> Self {
        let names = ["patches_runs", "patches", "patches_files", "patches_files_actions"].map(|table| {
            let name = format!("{prefix}{table}");
            let quoted = dialect.quoted(&name);
            (table, name, quoted)
        });
        Self { names }
    }

    /// The table's name on this site.
    pub(super) fn name(&self, table: &str) -> &str {
        &self.find(table).1
    }

    /// The table's name, quoted.
    pub(super) fn quoted(&self, table: &str) -> &str {
        &self.find(table).2
    }

    /// What makes the tables.
    pub(super) fn create(&self) -> Vec<Statement> {
        let tables = [
            (
                "patches_runs",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, purpose VARCHAR(16) NOT NULL, patch VARCHAR(100) NOT NULL, \
                 at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, plan VARCHAR(64) NOT NULL",
            ),
            (
                "patches",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, number INTEGER NOT NULL, patch VARCHAR(100) NOT NULL, \
                 product VARCHAR(100) NOT NULL, from_version VARCHAR(100) NOT NULL, to_version VARCHAR(100) NOT NULL, \
                 severity VARCHAR(16) NOT NULL, title TEXT NOT NULL, archive_sha256 VARCHAR(64) NOT NULL, \
                 status VARCHAR(16) NOT NULL, after_hook VARCHAR(16) NOT NULL, at VARCHAR(30) NOT NULL, \
                 approved_by VARCHAR(100) NOT NULL, statements TEXT NOT NULL, decisions TEXT NOT NULL",
            ),
            (
                "patches_files",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, path TEXT NOT NULL, action VARCHAR(16) NOT NULL, \
                 before_kind VARCHAR(16) NOT NULL, before_sha256 VARCHAR(64), before_mode INTEGER, before_uid BIGINT, \
                 before_gid BIGINT, before_size BIGINT, after_kind VARCHAR(16) NOT NULL, after_sha256 VARCHAR(64), \
                 after_mode INTEGER, after_uid BIGINT, after_gid BIGINT, after_size BIGINT, slot VARCHAR(120) NOT NULL, \
                 PRIMARY KEY (run, n)",
            ),
            (
                "patches_files_actions",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, action TEXT NOT NULL, PRIMARY KEY (run, n)",
            ),
        ];
        let create = |(table, columns)| Statement::new(format!("CREATE TABLE {} ({columns})", self.quoted(table)));
        tables.map(create).into()
    }

    fn find(&self, table: &str) -> &(&'static str, String, String) {
        self.names.iter().find(|(known, ..)| *known == table).expect("the ledger asks for its own tables alone")
    }
}
