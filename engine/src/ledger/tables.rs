//! The ledger's tables: the seed's three (C34 to C36), one for runs, whose rows are the commit marks, and one for the
//! progress of runs on databases that can't roll DDL back.

use patchwright_hooks_api::{DialectInfo, Statement};

/// The names of the ledger's tables on one site.
pub(super) struct Tables {
    names: [(&'static str, String, String); 5],
}

impl Tables {
    /// The tables' names with the site's prefix (D14), as the dialect quotes them.
    pub(super) fn new(dialect: &DialectInfo, prefix: &str) -> Self {
        let all = ["patches", "patches_files", "patches_files_actions", "patches_progress", "patches_runs"];
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

    /// What makes each table, with its name on this site. That of the runs comes last: once it is there, all are.
    pub(super) fn create(&self, dialect: &DialectInfo) -> Vec<(&str, Statement)> {
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
                "patches_runs",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, purpose VARCHAR(16) NOT NULL, patch VARCHAR(100) NOT NULL, \
                 at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, plan VARCHAR(64) NOT NULL",
            ),
        ];
        // Where one transaction holds a whole run, there is no progress to record.
        let wanted = tables.into_iter().filter(|(table, _)| *table != "patches_progress" || !dialect.transactional_ddl);
        let create = |(table, columns)| {
            (self.name(table), Statement::new(format!("CREATE TABLE {} ({columns})", self.quoted(table))))
        };
        wanted.map(create).collect()
    }

    fn find(&self, table: &str) -> &(&'static str, String, String) {
        self.names.iter().find(|(known, ..)| *known == table).expect("the ledger asks for its own tables alone")
    }
}
