//! The one open line to the site's database, and what may be said on it.

mod exclusion;
mod watch;

pub(crate) use exclusion::DatabaseLock;
use patchwright_hooks_api::change::{self, Change, Rendered};
use patchwright_hooks_api::schema::{Table, differences};
use patchwright_hooks_api::statements::{Target, first_keywords, target, transaction_control};
use patchwright_hooks_api::{
    Canceller, ConnectSpec, Connection, Dialect, DialectInfo, Error, ErrorKind, Inverse, PlainSql, Rows, Schema,
    ServerInfo, Statement,
};
use std::cell::{RefCell, RefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
pub(crate) use watch::Touched;

/// First keywords of statements that only read. PRAGMA and EXPLAIN are not among them: some forms of both change things.
const READING: [&str; 4] = ["SELECT", "VALUES", "SHOW", "DESCRIBE"];
/// Words that make a statement change the database although it begins with WITH.
const CHANGING: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];

/// The site's database: one connection, one transaction at a time.
pub struct Database {
    dialect: Arc<dyn Dialect>,
    info: DialectInfo,
    spec: ConnectSpec,
    /// Absent after the line broke and no new one could be had.
    line: RefCell<Option<Box<dyn Connection>>>,
    /// The name of the lock that is held on the line.
    locked: RefCell<Option<String>>,
    watch: RefCell<Touched>,
    /// Whether a statement is running, for who may have to end it.
    at_work: Arc<AtomicBool>,
    /// Whether the dialect comes from a library, and its claims are watched.
    is_foreign: bool,
}

impl Database {
    /// Opens the line.
    ///
    /// # Errors
    /// When the database can't be reached or refuses.
    pub fn connect(dialect: Arc<dyn Dialect>, spec: ConnectSpec) -> Result<Self, Error> {
        let line = RefCell::new(Some(dialect.connect(&spec)?));
        let at_work = Arc::default();
        Ok(Self {
            info: dialect.info(),
            dialect,
            spec,
            line,
            locked: RefCell::new(None),
            at_work,
            is_foreign: false,
            watch: RefCell::default(),
        })
    }

    /// The same, with a dialect that somebody else built.
    #[must_use]
    pub fn of_library(self) -> Self {
        Self { is_foreign: true, ..self }
    }

    /// What is so of every database of this kind.
    pub fn info(&self) -> &DialectInfo {
        &self.info
    }

    /// Whether one transaction can hold all that a patch does here, CREATE, ALTER and DROP too.
    pub fn is_transactional(&self) -> bool {
        self.info.transactional_ddl
    }

    /// The product and version at the other end, such as `SQLite 3.50.4`.
    ///
    /// # Errors
    /// When the line is broken.
    pub fn server(&self) -> Result<String, Error> {
        let server = self.server_info()?;
        Ok(format!("{} {}", server.product, server.version))
    }

    /// What the other end says of itself.
    ///
    /// # Errors
    /// When the line is broken.
    pub fn server_info(&self) -> Result<ServerInfo, Error> {
        self.line()?.server()
    }

    /// Gives the old line up and opens another, which takes the lock that the old one held. The database takes back what the
    /// old one left open; and where there is a lock, the new line has it only once the last statement of the old one has ended.
    ///
    /// # Errors
    /// When the database can't be reached, or another engine got the lock.
    pub fn reopen(&self) -> Result<(), Error> {
        self.line.take();
        let mut line = self.dialect.connect(&self.spec)?;
        if let Some(name) = self.locked.borrow().as_deref() {
            line.lock(name)?;
        }
        self.line.replace(Some(line));
        Ok(())
    }

    /// What ends a statement while it runs, and whether one does.
    pub(crate) fn canceller(&self) -> Option<(Canceller, Arc<AtomicBool>)> {
        let canceller = self.line().ok()?.canceller()?;
        Some((canceller, self.at_work.clone()))
    }

    /// The words in which this database differs from plain SQL.
    pub(crate) fn plain_sql(&self) -> PlainSql {
        self.dialect.plain_sql()
    }

    /// The structure before a transaction that is to be taken back, where a dialect from a library says that a transaction takes
    /// back changes of the structure. One that reads no structures is not watched.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub(crate) fn watched_structure(&self) -> Result<Option<Schema>, Error> {
        if !self.is_foreign || !self.info.transactional_ddl {
            return Ok(None);
        }
        match self.line()?.introspect(None) {
            Err(error) if error.kind == ErrorKind::Unsupported => Ok(None),
            other => other.map(Some),
        }
    }

    /// An error if the structure is not as it was before a transaction that was taken back.
    ///
    /// # Errors
    /// Then, with what is left of it; and when the database can't be asked.
    pub(crate) fn check_structure(&self, before: Option<&Schema>) -> Result<(), Error> {
        let Some(before) = before else { return Ok(()) };
        let after = self.line()?.introspect(None)?;
        let left = differences(before, &after).join("; ");
        if left.is_empty() {
            return Ok(());
        }
        let name = &self.info.name;
        Err(Error::conflict(format!(
            "the dialect {name} says that a transaction takes changes of the structure back, and it does not: {left}"
        ))
        .hint("put the database right by hand, and report this to the dialect's author: no patch is safe with it"))
    }

    /// Whether the other end still answers.
    pub fn answers(&self) -> bool {
        self.server().is_ok()
    }

    /// Runs a statement of the engine's own.
    ///
    /// # Errors
    /// When the database refuses it.
    pub fn execute(&self, statement: &Statement) -> Result<u64, Error> {
        self.at_work(|line| line.execute(statement))
    }

    /// Runs statements of the engine's own, all or none: whoever gets an error takes the transaction back.
    ///
    /// # Errors
    /// When the database refuses one.
    pub fn execute_all(&self, statements: &[Statement]) -> Result<(), Error> {
        self.at_work(|line| line.execute_all(statements))
    }

    /// Runs a query of the engine's own.
    ///
    /// # Errors
    /// When the database refuses it.
    pub fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.at_work(|line| line.query(statement))
    }

    /// Runs a statement that a patch brings.
    ///
    /// # Errors
    /// As [`Database::check_for_patch`], and when the database refuses it.
    pub fn execute_for_patch(&self, statement: &Statement) -> Result<u64, Error> {
        self.check_for_patch(statement)?;
        self.execute(statement)
    }

    /// An error unless a patch may bring this statement.
    ///
    /// # Errors
    /// When it would begin or end a transaction or reach beyond the site's database, or its probe does more than read.
    pub fn check_for_patch(&self, statement: &Statement) -> Result<(), Error> {
        if let Some(words) = transaction_control(&statement.text, &self.info.lexical) {
            return Err(refused(words, statement).hint("a patch is one transaction, which the engine begins and ends"));
        }
        if let Some(words) = self.info.refuses(&statement.text) {
            return Err(refused(words, statement).hint(format!(
                "{} can't take {words} back, or it reaches beyond the site's own database",
                self.info.name
            )));
        }
        statement.probe.as_ref().map_or(Ok(()), |probe| self.check_query(&Statement::new(probe)))
    }

    /// Whether the statement commits by itself, and is no part of any transaction: by its first words, or because of the tables
    /// whose rows it changes.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn commits_by_itself(&self, statement: &Statement) -> Result<bool, Error> {
        if self.is_transactional() || self.info.commits_by_itself(&statement.text) {
            return Ok(!self.is_transactional());
        }
        match target(&statement.text, &self.info.lexical) {
            Target::Rows(names) => Ok(!self.without_transactions(&names)?.is_empty()),
            _ => Ok(false),
        }
    }

    /// Those of these tables whose rows no transaction takes back.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn without_transactions(&self, names: &[String]) -> Result<Vec<String>, Error> {
        self.line()?.without_transactions(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The structure of these tables and views, as far as they are there.
    ///
    /// # Errors
    /// When the database can't be asked, or the dialect doesn't read structures.
    pub fn introspect(&self, names: &[&str]) -> Result<Schema, Error> {
        self.line()?.introspect(Some(names))
    }

    /// What a portable change comes to on this database if the structure of what it names is `before`. Changes nothing.
    ///
    /// # Errors
    /// When the line is broken, or the dialect can't do the change.
    pub fn rendered_for(&self, change: &Change, before: &Schema) -> Result<Rendered, Error> {
        let server = self.line()?.server()?;
        change::rendered_for(change, self.dialect.as_ref(), &server, before)
    }

    /// The form in which a table is read back once it is made.
    pub fn stored(&self, table: &Table) -> Table {
        self.dialect.stored(table)
    }

    /// What a portable change comes to on this database, as it is now. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be asked, or the dialect can't do the change.
    pub fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        change::rendered(change, self.dialect.as_ref(), &mut **self.line()?)
    }

    /// Runs what takes a patch's statement back.
    ///
    /// # Errors
    /// As [`Database::execute_for_patch`], and when a portable change finds something else than the patch left.
    pub fn execute_inverse(&self, inverse: &Inverse) -> Result<(), Error> {
        let change = match inverse {
            Inverse::Statement(statement) => return self.execute_for_patch(statement).map(drop),
            Inverse::Change(change) => change,
        };
        self.rendered(change)?.make(change, |statement, _| self.execute_for_patch(statement).map(drop))
    }

    /// Runs a query that a patch brings.
    ///
    /// # Errors
    /// When it is not one that only reads, or the database refuses it.
    pub fn query_for_patch(&self, statement: &Statement) -> Result<Rows, Error> {
        self.check_query(statement)?;
        self.query(statement)
    }

    /// An error unless a patch may ask this.
    ///
    /// # Errors
    /// When it is not a query that only reads.
    pub fn check_query(&self, statement: &Statement) -> Result<(), Error> {
        let keywords = first_keywords(&statement.text, &self.info.lexical);
        let word = keywords.into_iter().next().unwrap_or_default();
        if !only_reads(&word, &statement.text) {
            return Err(refused(&word, statement).hint("a query only reads; what changes the database is executed"));
        }
        Ok(())
    }

    /// Begins the transaction.
    ///
    /// # Errors
    /// When another holds the database.
    pub fn begin(&self) -> Result<(), Error> {
        self.line()?.begin()
    }

    /// Commits it.
    ///
    /// # Errors
    /// When it failed, or nobody knows whether it came through.
    pub fn commit(&self) -> Result<(), Error> {
        self.line()?.commit()
    }

    /// Takes it back.
    ///
    /// # Errors
    /// When the line is broken; the database then takes it back by itself.
    pub fn roll_back(&self) -> Result<(), Error> {
        drop(self.take_touched());
        self.line()?.roll_back()
    }

    /// Whether a table or view of that name exists.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn has_table(&self, name: &str) -> Result<bool, Error> {
        self.line()?.has_table(name)
    }

    /// Runs a statement, and says so while it lasts.
    fn at_work<T>(&self, run: impl FnOnce(&mut dyn Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut line = self.line()?;
        self.at_work.store(true, Ordering::Release);
        let result = run(&mut **line);
        self.at_work.store(false, Ordering::Release);
        result
    }

    fn line(&self) -> Result<RefMut<'_, Box<dyn Connection>>, Error> {
        RefMut::filter_map(self.line.borrow_mut(), Option::as_mut).map_err(|_| no_line())
    }
}

fn no_line() -> Error {
    Error::new(ErrorKind::Database, "the line to the database broke, and there is no new one")
}

/// Whether a statement with this first keyword only reads. A query is not recorded and has no inverse, so what might change
/// something is refused, even where one of the words stands in a string.
fn only_reads(first_keyword: &str, text: &str) -> bool {
    let is_changing = |word: &str| CHANGING.iter().any(|changing| word.eq_ignore_ascii_case(changing));
    let mut words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
    READING.contains(&first_keyword) || first_keyword == "WITH" && !words.any(is_changing)
}

fn refused(word: &str, statement: &Statement) -> Error {
    let error = Error::refused(format!("{word} is not allowed in a patch"));
    match &statement.position {
        Some(position) => error.at(position),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_might_change_something_is_no_query() {
        assert!(only_reads("SELECT", "SELECT updated FROM item"));
        assert!(only_reads("WITH", "WITH x AS (SELECT deleted_at FROM item) SELECT * FROM x"));
        for (first, text) in [
            ("WITH", "WITH x AS (SELECT 1) DELETE FROM item"),
            ("WITH", "with x as (select 1)insert into item select * from x"),
            ("PRAGMA", "PRAGMA user_version = 5"),
            ("EXPLAIN", "EXPLAIN ANALYZE DELETE FROM item"),
            ("DELETE", "DELETE FROM item RETURNING id"),
        ] {
            assert!(!only_reads(first, text), "{text} was taken for a query");
        }
    }
}
