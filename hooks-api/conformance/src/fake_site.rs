//! A site in memory that keeps the contract to the letter and remembers what was done.

mod contract;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ::md5::Digest as _;
use patchwright_hooks_api::schema::{Schema, Table};
use patchwright_hooks_api::site::Sum;
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{
    DialectInfo, EntryKind, Error, Inverse, Level, Md5, Metadata, NewPatcher, Rows, Sha256, SiteFacts, SitePath,
    Statement, Value, Version, WebRequest,
};

/// What a new file gets when nobody says otherwise.
const FILE_MODE: u32 = 0o644;
/// What the directories above a new file get.
const DIRECTORY_MODE: u32 = 0o755;

/// A site in memory, for the tests of step kinds.
///
/// It is a [`SiteEditor`](patchwright_hooks_api::SiteEditor) that keeps everything the contract says, and it is its own
/// [`Payload`](patchwright_hooks_api::Payload). It is put together by
/// chaining, changed by the step under test, and then asked what happened:
///
/// ```
/// use patchwright_conformance::FakeSite;
///
/// let site = FakeSite::new().file("tools/create.php", "<?php").payload("files/create.php", "<?php // new");
/// assert_eq!(site.contents("tools/create.php"), Some("<?php".as_bytes()));
/// ```
///
/// The site is `acme-cms` 1.0.0 on its way to 1.0.1 with the patch `acme-cms-1.0.1`, and its dialect is `sqlite`.
pub struct FakeSite {
    facts: SiteFacts,
    nodes: BTreeMap<SitePath, Node>,
    payload: BTreeMap<String, Vec<u8>>,
    answers: BTreeMap<String, String>,
    components: BTreeMap<String, Version>,
    stored: Vec<Vec<u8>>,
    queries: BTreeMap<String, Rows>,
    query: Option<Respond<Rows>>,
    execute: Option<Respond<u64>>,
    executed: Vec<Executed>,
    schema: Schema,
    log: Mutex<Vec<(Level, String)>>,
    patcher: Option<NewPatcher>,
    commands_run: Vec<String>,
    requests: Vec<WebRequest>,
    notes: Vec<String>,
    progress: Mutex<Vec<(u64, u64, String)>>,
}

/// A statement that was executed, with the inverse that it came with.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// What was executed.
    pub statement: Statement,
    /// What takes it back: `None` if nobody knows how, empty if there is nothing to take back.
    pub inverse: Option<Vec<Inverse>>,
}

/// Everything about a site that a step can change, to be compared with another moment or another site.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    nodes: BTreeMap<SitePath, Node>,
    executed: Vec<Executed>,
    schema: Schema,
    patcher: Option<NewPatcher>,
    commands_run: Vec<String>,
    requests: Vec<WebRequest>,
    notes: Vec<String>,
}

#[derive(Clone, PartialEq, Debug)]
enum Node {
    File { bytes: Vec<u8>, mode: u32 },
    Directory { mode: u32 },
    Link,
    Other,
}

type Respond<T> = Box<dyn Fn(&Statement) -> Result<T, Error> + Send + Sync>;

/// How a site is put together. A path that is not one below the root is a fault of the test and panics.
impl FakeSite {
    /// An empty site.
    #[expect(clippy::new_without_default, reason = "a site that is empty is a starting point, not a default")]
    pub fn new() -> Self {
        let version = |text: &str| text.parse().expect("the version is written here");
        Self {
            facts: SiteFacts {
                product: "acme-cms".into(),
                version: version("1.0.0"),
                to: version("1.0.1"),
                patch: "acme-cms-1.0.1".into(),
                dialect: DialectInfo {
                    name: "sqlite".into(),
                    schemes: vec!["sqlite".into()],
                    lexical: LexicalRules::sqlite(),
                    quote: ('"', '"'),
                    transactional_ddl: true,
                    commits: Vec::new(),
                    refused: vec!["ATTACH".into(), "DETACH".into(), "VACUUM".into(), "PRAGMA".into()],
                },
                table_prefix: String::new(),
                settings: BTreeMap::new(),
                patcher: None,
                commands: Vec::new(),
                origins: Vec::new(),
                gate_flag: None,
            },
            nodes: BTreeMap::new(),
            payload: BTreeMap::new(),
            answers: BTreeMap::new(),
            components: BTreeMap::new(),
            stored: Vec::new(),
            queries: BTreeMap::new(),
            query: None,
            execute: None,
            executed: Vec::new(),
            schema: Schema::default(),
            log: Mutex::default(),
            patcher: None,
            commands_run: Vec::new(),
            requests: Vec::new(),
            notes: Vec::new(),
            progress: Mutex::default(),
        }
    }

    /// Adds a file with the mode 0644, and the directories above it.
    #[must_use]
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(path, bytes, FILE_MODE)
    }

    /// Adds a file with this mode, and the directories above it.
    #[must_use]
    pub fn file_with_mode(self, path: &str, bytes: impl AsRef<[u8]>, mode: u32) -> Self {
        self.node(path, Node::File { bytes: bytes.as_ref().to_vec(), mode })
    }

    /// Adds a directory with the mode 0755, and those above it.
    #[must_use]
    pub fn directory(self, path: &str) -> Self {
        self.node(path, Node::Directory { mode: DIRECTORY_MODE })
    }

    /// Adds a symbolic link. Where it leads makes no difference: it is never followed.
    #[must_use]
    pub fn link(self, path: &str) -> Self {
        self.node(path, Node::Link)
    }

    /// Adds something that is neither file nor directory nor link, such as a socket.
    #[must_use]
    pub fn special(self, path: &str) -> Self {
        self.node(path, Node::Other)
    }

    /// Adds a member of the patch's archive.
    #[must_use]
    pub fn payload(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.payload.insert(name.to_owned(), bytes.as_ref().to_vec());
        self
    }

    /// Answers a question.
    #[must_use]
    pub fn answer(mut self, question: &str, answer: &str) -> Self {
        self.answers.insert(question.to_owned(), answer.to_owned());
        self
    }

    /// Has a component of the product installed. A version that is none is a fault of the test and panics.
    #[must_use]
    pub fn component(mut self, name: &str, version: &str) -> Self {
        self.components.insert(name.to_owned(), version.parse().expect("a test names versions"));
        self
    }

    /// Keeps these bytes as what the vendor shipped once, or as what the operator gave.
    #[must_use]
    pub fn stored(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stored.push(bytes.as_ref().to_vec());
        self
    }

    /// Adds a setting of the site's owner.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.facts.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Changes the site's facts in any way.
    #[must_use]
    pub fn with_facts(mut self, change: impl FnOnce(&mut SiteFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    /// Gives these rows to the query with exactly this text, whatever its parameters.
    #[must_use]
    pub fn rows(mut self, query: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        self.queries.insert(query.to_owned(), Rows { columns, rows });
        self
    }

    /// Adds a table to the database, as far as portable changes look at it.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.schema.tables.push(table);
        self
    }

    /// Answers every query that has no canned rows. Without it such a query is refused.
    #[must_use]
    pub fn on_query(mut self, respond: impl Fn(&Statement) -> Result<Rows, Error> + Send + Sync + 'static) -> Self {
        self.query = Some(Box::new(respond));
        self
    }

    /// Decides how each statement ends. Without it every statement succeeds and touches one row.
    #[must_use]
    pub fn on_execute(mut self, respond: impl Fn(&Statement) -> Result<u64, Error> + Send + Sync + 'static) -> Self {
        self.execute = Some(Box::new(respond));
        self
    }

    fn node(mut self, path: &str, node: Node) -> Self {
        let path = site_path(path);
        self.make_parents(&path).expect("the test's own site has a file where it has a directory");
        self.nodes.insert(path, node);
        self
    }
}

/// What became of a site.
impl FakeSite {
    /// The file's bytes, if a file stands there.
    pub fn contents(&self, path: &str) -> Option<&[u8]> {
        match self.nodes.get(&site_path(path)) {
            Some(Node::File { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }

    /// The permission bits of what stands there.
    pub fn mode(&self, path: &str) -> Option<u32> {
        self.nodes.get(&site_path(path)).map(|node| node.metadata().mode)
    }

    /// Whether anything stands there.
    pub fn exists(&self, path: &str) -> bool {
        self.nodes.contains_key(&site_path(path))
    }

    /// Every path of the site, directories included, sorted.
    pub fn paths(&self) -> Vec<&str> {
        self.nodes.keys().map(SitePath::as_str).collect()
    }

    /// The statements executed so far, in order.
    pub fn executed(&self) -> &[Executed] {
        &self.executed
    }

    /// The texts of the statements executed so far, in order.
    pub fn executed_texts(&self) -> Vec<&str> {
        self.executed.iter().map(|executed| executed.statement.text.as_str()).collect()
    }

    /// The database's structure, as portable changes left it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The commands that were run, in order. This site runs what it grants, whether the patch is in force or not.
    pub fn commands_run(&self) -> &[String] {
        &self.commands_run
    }

    /// What was asked of the web, in order. This site reaches what it grants, whether the patch is in force or not.
    pub fn requests(&self) -> &[WebRequest] {
        &self.requests
    }

    /// What is to take the patcher's place.
    pub fn new_patcher(&self) -> Option<&NewPatcher> {
        self.patcher.as_ref()
    }

    /// What the operator was told so far, in order.
    pub fn logged(&self) -> Vec<(Level, String)> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was noted for the report, in order.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How far the operator was told that something has come, in order: so many things, of so many, and what is done.
    pub fn progressed(&self) -> Vec<(u64, u64, String)> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that a step can change, as it is now.
    pub fn snapshot(&self) -> Snapshot {
        let Self { nodes, executed, schema, patcher, commands_run, requests, notes, .. } = self;
        Snapshot {
            nodes: nodes.clone(),
            executed: executed.clone(),
            schema: schema.clone(),
            patcher: patcher.clone(),
            commands_run: commands_run.clone(),
            requests: requests.clone(),
            notes: notes.clone(),
        }
    }
}

impl Node {
    fn metadata(&self) -> Metadata {
        match self {
            Self::File { bytes, mode } => Metadata { kind: EntryKind::File, size: bytes.len() as u64, mode: *mode },
            Self::Directory { mode } => Metadata { kind: EntryKind::Directory, size: 0, mode: *mode },
            Self::Link => Metadata { kind: EntryKind::Link, size: 0, mode: 0o777 },
            Self::Other => Metadata { kind: EntryKind::Other, size: 0, mode: FILE_MODE },
        }
    }
}

/// The SHA-256 sum of these bytes, as a site would give it for a file that holds them.
pub fn sha256(bytes: impl AsRef<[u8]>) -> Sha256 {
    Sum(sha2::Sha256::digest(bytes).into())
}

/// The MD5 sum of these bytes, as a site would give it for a file that holds them.
pub fn md5(bytes: impl AsRef<[u8]>) -> Md5 {
    Sum(::md5::Md5::digest(bytes).into())
}

fn site_path(text: &str) -> SitePath {
    SitePath::new(text).expect("a test names paths below the root")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_are_the_published_ones() {
        assert_eq!(md5("abc").to_string(), "900150983cd24fb0d6963f7d28e17f72");
        assert!(sha256("abc").to_string().starts_with("ba7816bf8f01cfea"));
    }
}
