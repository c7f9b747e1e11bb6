//! What can be seen of a site: every path with its bytes, mode and owner, and every row of its database.

use crate::files::Files;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::site::disk::{Area, Owner};
use patchwright_hooks_api::{ConnectSpec, Dialect, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// A path's bytes (`None`: a directory), mode and owner.
type Seen = (Option<Arc<[u8]>>, u32, Owner);

/// A site as it can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// The files below the root.
    pub tree: BTreeMap<String, Seen>,
    /// The database.
    pub rows: Rows,
}

impl Picture {
    /// The application's own part, a line for each thing: the ledger tells what happened, and differs.
    pub fn application(&self) -> BTreeSet<String> {
        let files = self.tree.iter().map(|(path, (bytes, mode, owner))| {
            let text = bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes));
            format!("{path} {mode:o} {owner:?} {text:?}")
        });
        let rows = self.rows.lines().filter(|line| !line.contains("patches"));
        files.chain(rows.map(str::to_owned)).collect()
    }
}

/// A database's schema and rows, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows(Vec<String>);

/// The files below the root.
pub(crate) fn tree(files: &Files) -> BTreeMap<String, Seen> {
    let seen = |node: &crate::files::Node| (node.bytes.clone(), node.mode, node.owner);
    files.all(Area::Root).map(|(place, node)| (place.path.to_string(), seen(node))).collect()
}

/// The first path at which two trees differ, with both sides.
pub(crate) fn difference(expected: &BTreeMap<String, Seen>, found: &BTreeMap<String, Seen>) -> Option<String> {
    let paths = expected.keys().chain(found.keys());
    let differs = |path: &&String| expected.get(*path) != found.get(*path);
    let show = |seen: Option<&Seen>| match seen {
        None => "nothing".to_owned(),
        Some((bytes, mode, owner)) => {
            let what =
                bytes.as_ref().map_or("a directory".into(), |bytes| format!("{:?}", String::from_utf8_lossy(bytes)));
            format!("{what} (mode {mode:o}, owner {owner:?})")
        }
    };
    let path = paths.filter(differs).min()?;
    Some(format!("{path} should be {}, and is {}", show(expected.get(path)), show(found.get(path))))
}

impl Rows {
    /// All that is in the database in this file, but for the chain of the ledger: which links there are depends on how a run ended,
    /// and whether they are right is told by the audit.
    pub(crate) fn of(file: &Path) -> Self {
        let spec = ConnectSpec { url: format!("sqlite:{}", file.display()), create: false };
        let mut connection = Sqlite.connect(&spec).unwrap();
        let mut query = |text: &str| connection.query(&Statement::new(text)).unwrap().rows;
        let tables = query("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name");
        let mut lines: Vec<String> = tables.iter().map(|row| format!("{row:?}")).collect();
        let names = tables.iter().filter_map(|row| row.first().and_then(Value::as_text));
        for table in names.filter(|name| *name != "patches_chain") {
            let rows = query(&format!("SELECT * FROM \"{table}\" ORDER BY 1, 2"));
            lines.extend(rows.iter().map(|row| format!("{table}: {row:?}")));
        }
        Self(lines)
    }

    /// The same with an `after` hook that has failed counted as one that has not run: its patch is in force in both.
    pub(crate) fn with_hooks_pending(&self) -> Self {
        let pending = |line: &String| match line.starts_with("patches: ") {
            true => line.replace("Text(\"failed\")", "Text(\"pending\")"),
            false => line.clone(),
        };
        Self(self.0.iter().map(pending).collect())
    }

    /// Each line.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a run is under way in the database, or was cut off there.
    pub fn are_between(&self) -> bool {
        self.0.iter().any(|line| line.starts_with("patches_progress: "))
    }

    /// The lines that one has and the other has not.
    pub fn difference(&self, other: &Self) -> Vec<String> {
        let missing = self.0.iter().filter(|line| !other.0.contains(line)).map(|line| format!("- {line}"));
        let more = other.0.iter().filter(|line| !self.0.contains(line)).map(|line| format!("+ {line}"));
        missing.chain(more).collect()
    }
}
