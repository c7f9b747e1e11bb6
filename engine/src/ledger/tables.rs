//! The ledger's tables: the seed's three (C34 to C36), one for runs, whose rows are the commit marks, one for the progress of
//! runs on databases that can't roll DDL back, and those that later engines added. Tables are added and never changed, so that
//! every engine reads the ledgers of those before it.

use patchwright_hooks_api::{DialectInfo, Statement};

/// The names of the ledger's tables on one site.
pub(super) struct Tables {
    names: [(&'static str, String, String); 7],
}

impl Tables {
    /// The tables' names with the site's prefix (D14), as the dialect quotes them.
    pub(super) fn new(dialect: &DialectInfo, prefix: &str) -> Self {
        let all = [
            "patches",
            "patches_files",
            "patches_files_actions",
            "patches_progress",
            "patches_runs",
            "patches_structures",
            "patches_sums",
        ];
        let names = all.map(|table| {
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

    /// Whether this is the name of one of them on this site.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.names.iter().any(|(_, known, _)| known.eq_ignore_ascii_case(name))
    }

    /// What makes each table, with its name on this site. That of the runs comes last: once it is there, all are.
    pub(super) fn create(&self, dialect: &DialectInfo) -> Vec<(&str, Vec<Statement>)> {
        let tables = [
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
            (
                "patches_progress",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, purpose VARCHAR(16) NOT NULL, \
                 patch VARCHAR(100) NOT NULL, takes_back INTEGER, state VARCHAR(16) NOT NULL, deed TEXT NOT NULL, \
                 inverse TEXT, probe TEXT NOT NULL, fingerprint VARCHAR(64), PRIMARY KEY (run, n)",
            ),
            (
                // How each run left what it touched: see `structures.rs`.
                "patches_structures",
                "n INTEGER NOT NULL PRIMARY KEY, run VARCHAR(80) NOT NULL, name VARCHAR(128) NOT NULL, \
                 kind VARCHAR(16) NOT NULL, structure TEXT NOT NULL",
            ),
            (
                // The sums of the content of the patch that a run brought: see `sums.rs`.
                "patches_sums",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, version INTEGER NOT NULL, scripts VARCHAR(64) NOT NULL, \
                 statements VARCHAR(64) NOT NULL, rest VARCHAR(64) NOT NULL",
            ),
            (
                "patches_runs",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, purpose VARCHAR(16) NOT NULL, patch VARCHAR(100) NOT NULL, \
                 at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, plan VARCHAR(64) NOT NULL",
            ),
        ];
        // Where one transaction holds a whole run, there is no progress to record.
        let wanted = tables.into_iter().filter(|(table, _)| *table != "patches_progress" || !dialect.transactional_ddl);
        let create = |(table, columns)| {
            let mut statements = vec![Statement::new(format!("CREATE TABLE {} ({columns})", self.quoted(table)))];
            // The thousandth patch finds the tables that it touched as fast as the first one does.
            if table == "patches_structures" {
                let index = dialect.quoted(&format!("{}_name", self.name(table)));
                statements.push(Statement::new(format!("CREATE INDEX {index} ON {} (name)", self.quoted(table))));
            }
            (self.name(table), statements)
        };
        wanted.map(create).collect()
    }

    fn find(&self, table: &str) -> &(&'static str, String, String) {
        self.names.iter().find(|(known, ..)| *known == table).expect("the ledger asks for its own tables alone")
    }
}
