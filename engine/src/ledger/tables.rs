//! The ledger's tables: the seed's three (C34 to C36), one for runs, whose rows are the commit marks, one for the progress of
//! runs on databases that can't roll DDL back, and those that later engines added. Tables are added and never changed, so that
//! every engine reads the ledgers of those before it.

use patchwright_hooks_api::{DialectInfo, PlainSql, Statement};

/// With these the thousandth patch finds the end of the ledger, patches by their ids and archives, and the tables that it touched as fast
/// as the first one does. A ledger of an earlier engine does without the one or the other.
const INDEXES: [(&str, &str); 4] =
    [("patches", "number"), ("patches", "patch"), ("patches", "archive_sha256"), ("patches_structures", "name")];

/// The names of the ledger's tables on one site.
pub(super) struct Tables {
    names: [(&'static str, String, String); 13],
    dialect: DialectInfo,
    plain: PlainSql,
}

impl Tables {
    /// The tables' names with the site's prefix (D14), as the dialect quotes them.
    pub(super) fn new(dialect: &DialectInfo, plain: PlainSql, prefix: &str) -> Self {
        let all = [
            "patches",
            "patches_chain",
            "patches_components",
            "patches_files",
            "patches_files_actions",
            "patches_format",
            "patches_notes",
            "patches_permissions",
            "patches_progress",
            "patches_requirements",
            "patches_runs",
            "patches_structures",
            "patches_sums",
        ];
        let names = all.map(|table| {
            let name = format!("{prefix}{table}");
            let quoted = dialect.quoted(&name);
            (table, name, quoted)
        });
        Self { names, dialect: dialect.clone(), plain }
    }

    /// Whether one INSERT takes several rows.
    pub(super) fn take_many_rows(&self) -> bool {
        self.plain.many_rows
    }

    /// What makes one text of all rows of a query for these columns, if the database has that.
    pub(super) fn rows_as_json(&self, columns: &str) -> Option<String> {
        self.plain.rows_as_json.as_ref().map(|whole| whole.replacen("{}", columns, 1))
    }

    /// The columns of a list such as `run, at`, quoted: some are words of some database's own.
    pub(super) fn columns(&self, list: &str) -> String {
        list.split(", ").map(|column| self.dialect.quoted(column)).collect::<Vec<_>>().join(", ")
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
    pub(super) fn create(&self) -> Vec<(&str, Vec<Statement>)> {
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
                 PRIMARY KEY (run,n)",
            ),
            (
                "patches_files_actions",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, action TEXT NOT NULL, PRIMARY KEY (run,n)",
            ),
            (
                "patches_progress",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, purpose VARCHAR(16) NOT NULL, \
                 patch VARCHAR(100) NOT NULL, takes_back INTEGER, state VARCHAR(16) NOT NULL, deed TEXT NOT NULL, \
                 inverse TEXT, probe TEXT NOT NULL, fingerprint VARCHAR(64), PRIMARY KEY (run,n)",
            ),
            (
                // How each run left what it touched: see `structures.rs`.
                "patches_structures",
                "n INTEGER NOT NULL PRIMARY KEY, run VARCHAR(80) NOT NULL, name VARCHAR(128) NOT NULL, \
                 kind VARCHAR(16) NOT NULL, structure TEXT NOT NULL",
            ),
            (
                // How a run moved a component: see `components.rs`.
                "patches_components",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, component VARCHAR(100) NOT NULL, \
                 from_version VARCHAR(100), to_version VARCHAR(100) NOT NULL, PRIMARY KEY (run,n)",
            ),
            (
                // The sums of the content of the patch that a run brought: see `sums.rs`.
                "patches_sums",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, version INTEGER NOT NULL, scripts VARCHAR(64) NOT NULL, \
                 statements VARCHAR(64) NOT NULL, rest VARCHAR(64) NOT NULL",
            ),
            (
                // What binds the rows of each run to all before it: see `chain.rs`.
                "patches_chain",
                "n INTEGER NOT NULL PRIMARY KEY, run VARCHAR(80) NOT NULL, digest VARCHAR(64) NOT NULL, \
                 chain VARCHAR(64) NOT NULL, seals TEXT NOT NULL",
            ),
            (
                // What patches require of others: see `requirements.rs`.
                "patches_requirements",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, subject VARCHAR(16) NOT NULL, name VARCHAR(100) NOT NULL, \
                 version TEXT, PRIMARY KEY (run,n)",
            ),
            (
                // What was made writable for a patch: see `permissions.rs`.
                "patches_permissions",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, path TEXT NOT NULL, mode INTEGER NOT NULL, PRIMARY KEY (run,n)",
            ),
            (
                // What a patch's scripts note for the report: see `notes.rs`.
                "patches_notes",
                "run VARCHAR(80) NOT NULL, n INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (run,n)",
            ),
            (
                // Which engines may write here: see `format.rs`.
                "patches_format",
                "n INTEGER NOT NULL PRIMARY KEY, format INTEGER NOT NULL, engine VARCHAR(100) NOT NULL",
            ),
            (
                "patches_runs",
                "run VARCHAR(80) NOT NULL PRIMARY KEY, purpose VARCHAR(16) NOT NULL, patch VARCHAR(100) NOT NULL, \
                 at VARCHAR(30) NOT NULL, approved_by VARCHAR(100) NOT NULL, plan VARCHAR(64) NOT NULL",
            ),
        ];
        // Where one transaction holds a whole run, there is no progress to record.
        let wanted =
            tables.into_iter().filter(|(table, _)| *table != "patches_progress" || !self.dialect.transactional_ddl);
        let create = |(table, columns): (&str, &str)| {
            let columns: Vec<String> = columns.split(", ").map(|column| self.definition(column)).collect();
            let text = format!("CREATE TABLE {} ({})", self.quoted(table), columns.join(", "));
            let mut statements = vec![Statement::new(text)];
            for (_, column) in INDEXES.into_iter().filter(|(indexed, _)| *indexed == table) {
                let index = self.dialect.quoted(&format!("{}_{column}", self.name(table)));
                let text = format!("CREATE INDEX {index} ON {} ({})", self.quoted(table), self.columns(column));
                statements.push(Statement::new(text));
            }
            (self.name(table), statements)
        };
        wanted.map(create).collect()
    }

    /// One column's definition in this database's words.
    fn definition(&self, text: &str) -> String {
        match text.split_once(' ') {
            Some((column, rest)) if column != "PRIMARY" => {
                format!("{} {}", self.dialect.quoted(column), rest.replacen("TEXT", &self.plain.long_text, 1))
            }
            _ => text.to_owned(),
        }
    }

    fn find(&self, table: &str) -> &(&'static str, String, String) {
        self.names.iter().find(|(known, ..)| *known == table).expect("the ledger asks for its own tables alone")
    }
}
