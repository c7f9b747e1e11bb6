//! A site in memory that keeps the contract of [`SiteView`] and [`SiteEditor`] to the letter and remembers what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use ::md5::Digest as _;
use patchwright_hooks_api::site::Sum;
use patchwright_hooks_api::statements::{LexicalRules, first_keywords};
use patchwright_hooks_api::{
    DialectInfo, Entry, EntryKind, Error, ErrorKind, Level, Md5, Metadata, Payload, PayloadEntry, Rows, Sha256,
    SiteEditor, SiteFacts, SitePath, SiteView, Statement, Value,
};

/// What a new file gets when nobody says otherwise.
const FILE_MODE: u32 = 0o644;
/// What the directories above a new file get.
const DIRECTORY_MODE: u32 = 0o755;
/// The first keywords of statements that begin or end a transaction, which is the engine's alone.
const TRANSACTION_KEYWORDS: [&str; 8] =
    ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"];

/// A site in memory, for the tests of step kinds.
///
/// It is a [`SiteEditor`] that keeps everything the contract says, and it is its own [`Payload`]. It is put together by
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
    queries: BTreeMap<String, Rows>,
    query: Option<Respond<Rows>>,
    execute: Option<Respond<u64>>,
    executed: Vec<Executed>,
    log: Mutex<Vec<(Level, String)>>,
}

/// A statement that was executed, with the inverse that it came with.
#[derive(Clone, Debug, PartialEq)]
pub struct Executed {
    /// What was executed.
    pub statement: Statement,
    /// What takes it back: `None` if nobody knows how, empty if there is nothing to take back.
    pub inverse: Option<Vec<Statement>>,
}

/// Everything about a site that a step can change, to be compared with another moment or another site.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    nodes: BTreeMap<SitePath, Node>,
    executed: Vec<Executed>,
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
                    refused: vec!["ATTACH".into(), "DETACH".into(), "VACUUM".into(), "PRAGMA".into()],
                },
                table_prefix: String::new(),
                settings: BTreeMap::new(),
            },
            nodes: BTreeMap::new(),
            payload: BTreeMap::new(),
            answers: BTreeMap::new(),
            queries: BTreeMap::new(),
            query: None,
            execute: None,
            executed: Vec::new(),
            log: Mutex::default(),
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

    /// What the operator was told so far, in order.
    pub fn logged(&self) -> Vec<(Level, String)> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that a step can change, as it is now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { nodes: self.nodes.clone(), executed: self.executed.clone() }
    }
}

impl Payload for FakeSite {
    fn entry(&self, name: &str) -> Option<PayloadEntry> {
        let bytes = self.payload.get(name)?;
        Some(PayloadEntry { size: bytes.len() as u64, sha256: sha256(bytes) })
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let missing = || Error::missing(format!("the patch's archive has no member {name}"));
        self.payload.get(name).cloned().ok_or_else(missing)
    }
}

impl SiteView for FakeSite {
    fn facts(&self) -> &SiteFacts {
        &self.facts
    }

    fn payload(&self) -> &dyn Payload {
        self
    }

    fn metadata(&self, path: &SitePath) -> Result<Option<Metadata>, Error> {
        self.no_link_above(path)?;
        Ok(self.nodes.get(path).map(Node::metadata))
    }

    fn read(&self, path: &SitePath) -> Result<Vec<u8>, Error> {
        self.bytes(path).cloned()
    }

    fn sha256(&self, path: &SitePath) -> Result<Sha256, Error> {
        self.bytes(path).map(sha256)
    }

    fn md5(&self, path: &SitePath) -> Result<Md5, Error> {
        self.bytes(path).map(md5)
    }

    fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        if let Some(path) = directory {
            match SiteView::metadata(self, path)? {
                None => return Err(nothing_at(path)),
                Some(Metadata { kind: EntryKind::Directory, .. }) => {}
                Some(metadata) => return Err(Error::conflict(format!("{path} is {}, not a directory", metadata.kind))),
            }
        }
        let children = self.nodes.iter().filter(|(path, _)| path.parent().as_ref() == directory);
        Ok(children.map(|(path, node)| Entry { path: path.clone(), metadata: node.metadata() }).collect())
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        match (self.queries.get(&statement.text), &self.query) {
            (Some(rows), _) => Ok(rows.clone()),
            (None, Some(respond)) => respond(statement),
            (None, None) => Err(Error::new(ErrorKind::Database, format!("no rows for the query {}", statement.text))),
        }
    }

    fn answer(&self, question: &str) -> Option<String> {
        self.answers.get(question).cloned()
    }

    fn log(&self, level: Level, message: &str) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push((level, message.to_owned()));
    }
}

impl SiteEditor for FakeSite {
    fn view(&self) -> &dyn SiteView {
        self
    }

    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        self.no_link_above(path)?;
        let old_mode = match self.nodes.get(path) {
            None => FILE_MODE,
            Some(Node::File { mode, .. }) => *mode,
            Some(node) => {
                return Err(Error::conflict(format!("can't write {path}: it is {}", node.metadata().kind)));
            }
        };
        self.make_parents(path)?;
        self.nodes.insert(path.clone(), Node::File { bytes: bytes.to_vec(), mode: mode.unwrap_or(old_mode) });
        Ok(())
    }

    fn install(&mut self, payload: &str, path: &SitePath, mode: Option<u32>) -> Result<(), Error> {
        let bytes = Payload::read(self, payload)?;
        self.write(path, &bytes, mode)
    }

    fn remove(&mut self, path: &SitePath) -> Result<(), Error> {
        self.no_link_above(path)?;
        match self.nodes.get(path) {
            None => return Err(nothing_at(path)),
            Some(Node::File { .. }) => {}
            Some(Node::Directory { .. }) if self.nodes.keys().any(|other| other.is_below(path)) => {
                return Err(Error::conflict(format!("can't remove {path}: the directory is not empty")));
            }
            Some(Node::Directory { .. }) => {}
            Some(node) => return Err(Error::conflict(format!("can't remove {path}: it is {}", node.metadata().kind))),
        }
        self.nodes.remove(path);
        Ok(())
    }

    fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.no_link_above(path)?;
        match self.nodes.get_mut(path) {
            None => Err(nothing_at(path)),
            Some(Node::File { mode: old, .. } | Node::Directory { mode: old }) => {
                *old = mode;
                Ok(())
            }
            Some(node) => Err(Error::conflict(format!("can't set the mode of {path}: it is {}", node.metadata().kind))),
        }
    }

    fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error> {
        self.no_link_above(path)?;
        match self.nodes.get(path) {
            Some(Node::Directory { .. }) => return Ok(()),
            Some(node) => {
                return Err(Error::conflict(format!(
                    "can't make the directory {path}: it is {}",
                    node.metadata().kind
                )));
            }
            None => {}
        }
        self.make_parents(path)?;
        self.nodes.insert(path.clone(), Node::Directory { mode });
        Ok(())
    }

    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Statement>>) -> Result<u64, Error> {
        let keywords = first_keywords(&statement.text, &self.facts.dialect.lexical);
        if let Some(keyword) = keywords.first().filter(|keyword| TRANSACTION_KEYWORDS.contains(&keyword.as_str())) {
            return Err(Error::refused(format!("{keyword} in a patch: the engine owns the transaction")));
        }
        let touched = self.execute.as_ref().map_or(Ok(1), |respond| respond(statement))?;
        self.executed.push(Executed { statement: statement.clone(), inverse });
        Ok(touched)
    }
}

impl FakeSite {
    fn bytes(&self, path: &SitePath) -> Result<&Vec<u8>, Error> {
        self.no_link_above(path)?;
        match self.nodes.get(path) {
            None => Err(nothing_at(path)),
            Some(Node::File { bytes, .. }) => Ok(bytes),
            Some(node) => Err(Error::conflict(format!("can't read {path}: it is {}", node.metadata().kind))),
        }
    }

    fn no_link_above(&self, path: &SitePath) -> Result<(), Error> {
        match path.ancestors().find(|above| self.nodes.get(above) == Some(&Node::Link)) {
            Some(link) => Err(Error::refused(format!("can't reach {path}: {link} is a symbolic link"))),
            None => Ok(()),
        }
    }

    /// Makes all the directories above or, when something else is in the way, none of them.
    fn make_parents(&mut self, path: &SitePath) -> Result<(), Error> {
        let mut missing = BTreeSet::new();
        for above in path.ancestors() {
            match self.nodes.get(&above) {
                None => {
                    missing.insert(above);
                }
                Some(Node::Directory { .. }) => {}
                Some(node) => {
                    let kind = node.metadata().kind;
                    return Err(Error::conflict(format!("can't write {path}: {above} is {kind}, not a directory")));
                }
            }
        }
        self.nodes.extend(missing.into_iter().map(|above| (above, Node::Directory { mode: DIRECTORY_MODE })));
        Ok(())
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

fn nothing_at(path: &SitePath) -> Error {
    Error::missing(format!("nothing stands at {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> SitePath {
        SitePath::new(text).unwrap()
    }

    #[test]
    fn writing_makes_the_directories_above_and_keeps_the_old_files_mode() {
        let mut site = FakeSite::new().file_with_mode("old.sh", "x", 0o755);
        site.write(&path("a/b/new.txt"), b"new", None).unwrap();
        site.write(&path("old.sh"), b"y", None).unwrap();
        assert_eq!(site.paths(), ["a", "a/b", "a/b/new.txt", "old.sh"]);
        assert_eq!(site.mode("a/b/new.txt"), Some(0o644));
        assert_eq!(site.mode("old.sh"), Some(0o755));
    }

    #[test]
    fn writing_over_a_directory_or_below_a_file_is_refused_and_changes_nothing() {
        let mut site = FakeSite::new().directory("dir").file("file", "");
        let before = site.snapshot();
        for target in ["dir", "file/below"] {
            assert_eq!(site.write(&path(target), b"", None).unwrap_err().kind, ErrorKind::Conflict);
        }
        assert_eq!(site.snapshot(), before);
    }

    #[test]
    fn a_link_on_the_way_is_never_followed() {
        let mut site = FakeSite::new().link("up");
        assert!(SiteView::metadata(&site, &path("up/x")).is_err());
        assert!(site.write(&path("up/x"), b"", None).is_err());
        assert!(site.remove(&path("up")).is_err());
    }

    #[test]
    fn only_an_empty_directory_is_removed() {
        let mut site = FakeSite::new().file("dir/file", "");
        assert_eq!(site.remove(&path("dir")).unwrap_err().kind, ErrorKind::Conflict);
        site.remove(&path("dir/file")).unwrap();
        site.remove(&path("dir")).unwrap();
        assert_eq!(site.remove(&path("dir")).unwrap_err().kind, ErrorKind::Missing);
    }

    #[test]
    fn a_directory_that_is_there_already_keeps_its_mode() {
        let mut site = FakeSite::new().directory("var");
        site.make_dir(&path("var"), 0o700).unwrap();
        site.make_dir(&path("var/cache"), 0o700).unwrap();
        assert_eq!((site.mode("var"), site.mode("var/cache")), (Some(0o755), Some(0o700)));
    }

    #[test]
    fn a_directory_lists_its_own_children_in_order() {
        let site = FakeSite::new().file("b/2", "").file("b/1", "").file("b/c/3", "").file("a", "");
        let names = |directory: Option<&SitePath>| -> Vec<String> {
            site.list(directory).unwrap().into_iter().map(|entry| entry.path.into()).collect()
        };
        assert_eq!(names(None), ["a", "b"]);
        assert_eq!(names(Some(&path("b"))), ["b/1", "b/2", "b/c"]);
        assert!(site.list(Some(&path("a"))).is_err());
    }

    #[test]
    fn a_statement_of_a_transaction_is_refused_and_not_recorded() {
        let mut site = FakeSite::new();
        assert_eq!(site.execute(&Statement::new("commit"), None).unwrap_err().kind, ErrorKind::Refused);
        site.execute(&Statement::new("DELETE FROM item"), Some(Vec::new())).unwrap();
        assert_eq!(site.executed_texts(), ["DELETE FROM item"]);
    }

    #[test]
    fn the_sums_are_the_published_ones() {
        assert_eq!(md5("abc").to_string(), "900150983cd24fb0d6963f7d28e17f72");
        assert!(sha256("abc").to_string().starts_with("ba7816bf8f01cfea"));
    }
}
