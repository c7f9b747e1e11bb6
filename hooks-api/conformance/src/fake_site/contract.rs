//! The contract as the site in memory keeps it, verb by verb.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use patchwright_hooks_api::change::{Rendered, Standing};
use patchwright_hooks_api::schema::Table;
use patchwright_hooks_api::statements::transaction_control;
use patchwright_hooks_api::{
    Change, Entry, EntryKind, Error, ErrorKind, Inverse, KnownSum, Level, Md5, Metadata, NewPatcher, Payload,
    PayloadEntry, Rows, Schema, ServerInfo, Sha256, SiteEditor, SiteFacts, SitePath, SiteView, Statement, Version,
    WebAnswer, WebRequest,
};

use super::{DIRECTORY_MODE, Executed, FILE_MODE, FakeSite, Node, md5, sha256};

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
        self.reachable(path)?;
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

    fn stored(&self, _: &SitePath, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        let suits = |bytes: &&Vec<u8>| sum.is_one_of(sha256(bytes), md5(bytes));
        Ok(self.stored.iter().find(suits).cloned())
    }

    fn list(&self, directory: Option<&SitePath>) -> Result<Vec<Entry>, Error> {
        if let Some(path) = directory {
            match SiteView::metadata(self, path)? {
                None => return Err(nothing_at(path)),
                Some(Metadata { kind: EntryKind::Directory, .. }) => {}
                Some(metadata) => return Err(Error::conflict(format!("{path} is {}, not a directory", metadata.kind))),
            }
        }
        let is_own = |path: &SitePath| self.facts.refuse_own(path).is_err();
        let children = self.nodes.iter().filter(|(path, _)| path.parent().as_ref() == directory && !is_own(path));
        Ok(children.map(|(path, node)| Entry { path: path.clone(), metadata: node.metadata() }).collect())
    }

    fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        match (self.queries.get(&statement.text), &self.query) {
            (Some(rows), _) => Ok(rows.clone()),
            (None, Some(respond)) => respond(statement),
            (None, None) => Err(Error::new(ErrorKind::Database, format!("no rows for the query {}", statement.text))),
        }
    }

    fn structure(&self, names: &[&str]) -> Result<Schema, Error> {
        let is_named = |name: &str| names.iter().any(|other| other.eq_ignore_ascii_case(name));
        let mut found = self.schema.clone();
        found.tables.retain(|table| is_named(&table.name));
        found.views.retain(|view| is_named(&view.name));
        found.sequences.retain(|sequence| is_named(&sequence.name));
        Ok(found)
    }

    fn server(&self) -> Result<ServerInfo, Error> {
        Ok(ServerInfo { product: "SQLite".into(), version: "3.45.1".into() })
    }

    /// A change of the structure comes to a statement that names it; the model knows what is left of it.
    fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        let standing = change.standing(&self.schema, &Table::clone);
        if standing != Standing::ToDo {
            return Ok(Rendered { standing, statements: Vec::new(), inverse: Some(Vec::new()) });
        }
        let typed = self.schema.table(change.target()).map(|table| change.typed_by(table)).transpose()?;
        let inverse = typed.as_ref().unwrap_or(change).inverse(&self.schema);
        Ok(Rendered { standing, statements: vec![Statement::new(change.to_string())], inverse })
    }

    fn components(&self) -> Result<BTreeMap<String, Version>, Error> {
        Ok(self.components.clone())
    }

    fn answer(&self, question: &str) -> Option<String> {
        self.answers.get(question).cloned()
    }

    fn log(&self, level: Level, message: &str) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push((level, message.to_owned()));
    }

    fn progress(&self, done: u64, of: u64, doing: &str) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).push((done, of, doing.to_owned()));
    }
}

impl SiteEditor for FakeSite {
    fn view(&self) -> &dyn SiteView {
        self
    }

    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error> {
        self.reachable(path)?;
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
        self.reachable(path)?;
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
        self.reachable(path)?;
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
        self.reachable(path)?;
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

    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Inverse>>) -> Result<u64, Error> {
        if let Some(words) = transaction_control(&statement.text, &self.facts.dialect.lexical) {
            return Err(Error::refused(format!("{words} in a patch: the engine owns the transaction")));
        }
        let touched = self.execute.as_ref().map_or(Ok(1), |respond| respond(statement))?;
        self.executed.push(Executed { statement: statement.clone(), inverse });
        Ok(touched)
    }

    /// As the contract has it; and the model follows, so that later steps see what this one did.
    fn change(&mut self, change: &Change) -> Result<(), Error> {
        let rendered = self.rendered(change)?;
        if let Standing::Impossible(why) = rendered.standing {
            return Err(Error::conflict(format!("can't {change}: {why}")));
        }
        let inverse = rendered
            .inverse
            .map(|changes| changes.into_iter().map(|change| Inverse::Change(Box::new(change))).collect());
        for statement in &rendered.statements {
            self.execute(statement, inverse.clone())?;
        }
        self.schema = change.applied_to(&self.schema)?;
        Ok(())
    }

    fn note(&mut self, text: &str) -> Result<(), Error> {
        self.notes.push(text.to_owned());
        Ok(())
    }

    fn run_command(&mut self, name: &str) -> Result<String, Error> {
        if !self.facts.commands.iter().any(|granted| granted == name) {
            return Err(Error::refused(format!("the site's owner grants no command {name}")));
        }
        self.commands_run.push(name.to_owned());
        Ok(format!("{name} ran"))
    }

    /// Each address answers with what was asked of it.
    fn request(&mut self, request: &WebRequest) -> Result<WebAnswer, Error> {
        if !self.facts.origins.iter().any(|origin| origin.covers(&request.url)) {
            return Err(Error::refused(format!("the site's owner lets no patch reach {}", request.url)));
        }
        self.requests.push(request.clone());
        Ok(WebAnswer { status: 200, text: format!("{} {}", request.method, request.url), is_whole: true })
    }

    fn replace_patcher(&mut self, new: &NewPatcher) -> Result<(), Error> {
        for member in new.members() {
            Payload::read(self, member)?;
        }
        match self.patcher.replace(new.clone()) {
            None => Ok(()),
            Some(_) => Err(Error::conflict("the patch replaces the patcher twice")),
        }
    }
}

impl FakeSite {
    fn bytes(&self, path: &SitePath) -> Result<&Vec<u8>, Error> {
        self.reachable(path)?;
        match self.nodes.get(path) {
            None => Err(nothing_at(path)),
            Some(Node::File { bytes, .. }) => Ok(bytes),
            Some(node) => Err(Error::conflict(format!("can't read {path}: it is {}", node.metadata().kind))),
        }
    }

    fn reachable(&self, path: &SitePath) -> Result<(), Error> {
        self.facts.refuse_own(path)?;
        match path.ancestors().find(|above| self.nodes.get(above) == Some(&Node::Link)) {
            Some(link) => Err(Error::refused(format!("can't reach {path}: {link} is a symbolic link"))),
            None => Ok(()),
        }
    }

    /// Makes all the directories above or, when something else is in the way, none of them.
    pub(super) fn make_parents(&mut self, path: &SitePath) -> Result<(), Error> {
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
}
