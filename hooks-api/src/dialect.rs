//! How one kind of database is spoken to.

use crate::change::Change;
use crate::error::{Error, ErrorKind, Position};
use crate::schema::{Schema, Table};
use crate::statements::line_and_column;
use crate::statements::{LexicalRules, first_keywords};
use crate::value::{Rows, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One kind of database, such as SQLite. Kept dumb: what happens in which order is the engine's business.
pub trait Dialect: Send + Sync {
    /// What is so of every database of this kind.
    fn info(&self) -> DialectInfo;

    /// Opens one line to a database. It stays one: no pool, no silent reconnect.
    ///
    /// # Errors
    /// When the database can't be reached or refuses.
    fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error>;

    /// Says a portable change in the words of this database, on a server of this kind, for a schema that is `before`: it
    /// holds at least what [`Change::names`] names. The change is to be done ([`Standing::ToDo`](crate::change::Standing)).
    ///
    /// The statements are run one after the other in the engine's transaction. A change that is nothing on this database,
    /// such as a comment where none is kept, gives none.
    ///
    /// # Errors
    /// When the database can't do it.
    fn render(&self, change: &Change, _server: &ServerInfo, _before: &Schema) -> Result<Vec<Statement>, Error> {
        Err(Error::new(ErrorKind::Unsupported, format!("the dialect {} can't {change}", self.info().name))
            .hint("write the change as <sql> for this dialect"))
    }

    /// The words in which this database differs where the engine's own tables speak plain SQL.
    fn plain_sql(&self) -> PlainSql {
        PlainSql::default()
    }

    /// The table as [`Connection::introspect`] reads it back once it is made: with what the database can't tell apart in
    /// one form. Applied twice it is the same as once.
    fn stored(&self, table: &Table) -> Table {
        table.clone()
    }
}

/// What is so of every database of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DialectInfo {
    /// The name that manifests use, such as `sqlite`.
    pub name: String,
    /// The URL schemes that it answers to, such as `sqlite`.
    pub schemes: Vec<String>,
    /// How its SQL is cut into statements.
    pub lexical: LexicalRules,
    /// The characters around a quoted identifier.
    pub quote: (char, char),
    /// Whether a transaction can take back CREATE, ALTER and DROP.
    pub transactional_ddl: bool,
    /// The first keywords of statements that commit whatever is open and can't be taken back by a transaction, such as `CREATE`
    /// on MySQL. Empty where [`DialectInfo::transactional_ddl`] is true.
    #[serde(default)]
    pub commits: Vec<String>,
    /// The first keywords of statements that it can't run inside a transaction or that reach beyond the site's own
    /// database, such as `ATTACH`; the engine refuses them in patches.
    pub refused: Vec<String>,
}

impl DialectInfo {
    /// The entry of [`DialectInfo::refused`] that the statement begins with, if there is one.
    pub fn refuses(&self, statement: &str) -> Option<&str> {
        self.beginning(&self.refused, statement)
    }

    /// Whether the statement commits by itself, and so is no part of any transaction.
    pub fn commits_by_itself(&self, statement: &str) -> bool {
        self.beginning(&self.commits, statement).is_some()
    }

    /// The entry, of one keyword or several, that the statement begins with.
    fn beginning<'a>(&self, entries: &'a [String], statement: &str) -> Option<&'a str> {
        let keywords = first_keywords(statement, &self.lexical);
        let begins = |entry: &&String| {
            let mut words = entry.split_whitespace().enumerate();
            words.all(|(at, word)| keywords.get(at).is_some_and(|keyword| keyword.eq_ignore_ascii_case(word)))
        };
        entries.iter().find(begins).map(String::as_str)
    }

    /// The name as a quoted identifier; in upper case where that is what an author's unquoted lower case means
    /// ([`LexicalRules::upper_case_names`]).
    pub fn quoted(&self, name: &str) -> String {
        let upper;
        let folds = self.lexical.upper_case_names && !name.contains(char::is_uppercase);
        let name = if folds {
            upper = name.to_uppercase();
            &upper
        } else {
            name
        };
        let (open, close) = self.quote;
        let mut quoted = String::with_capacity(name.len() + 2);
        quoted.push(open);
        for character in name.chars() {
            if character == close {
                quoted.push(close);
            }
            quoted.push(character);
        }
        quoted.push(close);
        quoted
    }
}

/// What a database says otherwise in otherwise plain SQL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlainSql {
    /// The type that holds a text of any length.
    pub long_text: String,
    /// Whether one INSERT takes several rows.
    pub many_rows: bool,
    /// What makes one text of all rows of a query, if the database has that: a JSON array with an array for each row, where `{}` stands
    /// for the list of columns, such as `json_group_array(json_array({}))`. Thousands of rows then are not as many messages.
    pub rows_as_json: Option<String>,
}

impl Default for PlainSql {
    fn default() -> Self {
        Self { long_text: "TEXT".to_owned(), many_rows: true, rows_as_json: None }
    }
}

/// Ends the statement that is running on a connection, from another thread. Without one it does nothing.
///
/// The statement then fails. Nothing else changes: the connection, its transaction and its lock stay as after any other failed
/// statement.
pub type Canceller = Arc<dyn Fn() -> Result<(), Error> + Send + Sync>;

/// Which database to open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectSpec {
    /// The URL, such as `sqlite:///srv/site/cms.db`. It may hold a password: never shown.
    pub url: String,
    /// Whether the database may be made if it is not there: only for the ledger that the engine keeps itself.
    pub create: bool,
}

impl std::fmt::Debug for ConnectSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = self.url.split(':').next().unwrap_or_default();
        f.debug_struct("ConnectSpec").field("url", &format!("{scheme}:…")).field("create", &self.create).finish()
    }
}

/// What the other end of a connection says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerInfo {
    /// The product, such as `SQLite`.
    pub product: String,
    /// Its version, such as `3.50.4`.
    pub version: String,
}

/// One open line to a database.
///
/// One transaction at a time: after [`Connection::begin`] everything belongs to it until [`Connection::commit`] or
/// [`Connection::roll_back`]. A connection that is dropped takes an open transaction back.
pub trait Connection: Send {
    /// What the other end says of itself.
    ///
    /// # Errors
    /// When the line is broken.
    fn server(&mut self) -> Result<ServerInfo, Error>;

    /// Runs one statement and gives the number of rows that it touched.
    ///
    /// # Errors
    /// When the database refuses it; with the place in the statement where the database names one.
    fn execute(&mut self, statement: &Statement) -> Result<u64, Error>;

    /// Runs statements one after the other, all or none: whoever gets an error takes the transaction back. A dialect that can
    /// say them in one message saves waiting for an answer to each.
    ///
    /// # Errors
    /// As [`Connection::execute`], for the first that is refused.
    fn execute_all(&mut self, statements: &[Statement]) -> Result<(), Error> {
        statements.iter().try_for_each(|statement| self.execute(statement).map(drop))
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// As [`Connection::execute`].
    fn query(&mut self, statement: &Statement) -> Result<Rows, Error>;

    /// Keeps every other engine away from this database until [`Connection::unlock`] or the end of this connection: a lock that
    /// dies with its holder can't get stuck. `name` says what is locked, and may be of any length.
    ///
    /// Until the server has ended a dead holder's last statement, the lock is still held: whoever gets it knows that the
    /// statement in flight has happened or never will. By default nothing is locked: enough where
    /// [`Connection::begin`] keeps others out and every statement is part of a transaction.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`], with who holds it, when another has it. It does not wait for longer than a dying holder needs.
    fn lock(&mut self, _name: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Gives the lock of that name back. Without one it does nothing.
    ///
    /// # Errors
    /// When the line is broken; the lock has then gone with it.
    fn unlock(&mut self, _name: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Begins a transaction that excludes every other writer that would conflict.
    ///
    /// # Errors
    /// When another holds the database for longer than the dialect is ready to wait.
    fn begin(&mut self) -> Result<(), Error>;

    /// Commits durably: once this returns, a power cut doesn't take it back.
    ///
    /// # Errors
    /// When it failed; whether it came through is then unknown until the database is asked.
    fn commit(&mut self) -> Result<(), Error>;

    /// Takes the transaction back. Without one it does nothing.
    ///
    /// # Errors
    /// When the line is broken; the transaction is then taken back by the database itself.
    fn roll_back(&mut self) -> Result<(), Error>;

    /// Whether a table or view of that name exists.
    ///
    /// # Errors
    /// When the database can't be asked.
    fn has_table(&mut self, name: &str) -> Result<bool, Error>;

    /// Those of these tables whose rows no transaction takes back, such as MyISAM's on MySQL: a statement that changes them
    /// commits by itself.
    ///
    /// # Errors
    /// When the database can't be asked.
    fn without_transactions(&mut self, _names: &[&str]) -> Result<Vec<String>, Error> {
        Ok(Vec::new())
    }

    /// What ends a statement of this connection while it runs; `None`: nothing does, and whoever wants to stop waits for its
    /// end.
    fn canceller(&mut self) -> Option<Canceller> {
        None
    }

    /// Reads the structure of these tables and views as far as they are there, or with `None` of all that belong to the
    /// site's database. Sees what the open transaction did.
    ///
    /// # Errors
    /// When the database can't be asked, or this dialect doesn't read schemas.
    fn introspect(&mut self, _names: Option<&[&str]>) -> Result<Schema, Error> {
        Err(Error::new(ErrorKind::Unsupported, "this dialect doesn't read the structure of tables"))
    }
}

/// One statement: its text, the values for its `?` placeholders, and where it comes from.
///
/// A statement without parameters goes to the database as it stands. One with parameters has a `?` for each; the dialect
/// turns them into its own notation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The text, without a final delimiter.
    pub text: String,
    /// The values for its placeholders, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Value>,
    /// Where it stands in the patch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// A query whose rows are others once it has happened, where a look at the tables that it names can't tell. For the engine
    /// alone: a connection passes over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<String>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), parameters: Vec::new(), position: None, probe: None }
    }

    /// A statement with a value for each `?`.
    pub fn with(text: impl Into<String>, parameters: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.into(), parameters: parameters.into_iter().collect(), position: None, probe: None }
    }

    /// An error of this statement, at its place in the patch: as exactly as the byte of the text that is at fault is known.
    pub fn placed(&self, error: Error, at: Option<usize>) -> Error {
        let Some(start) = &self.position else { return error };
        match at.and_then(|byte| line_and_column(&self.text, byte)) {
            Some((line, column)) => error.at(&start.offset_by(line, column)),
            None => error.at(start),
        }
    }

    /// Adds where it stands in the patch.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_entry_of_several_words_refuses_only_statements_that_begin_with_all_of_them() {
        let info = DialectInfo {
            name: "acme".into(),
            schemes: Vec::new(),
            lexical: LexicalRules::postgres(),
            quote: ('"', '"'),
            transactional_ddl: true,
            commits: Vec::new(),
            refused: vec!["VACUUM".into(), "CREATE DATABASE".into()],
        };
        assert_eq!(info.refuses("/* x */ create\n database a"), Some("CREATE DATABASE"));
        assert_eq!(info.refuses("vacuum full"), Some("VACUUM"));
        assert_eq!(info.refuses("CREATE TABLE database (a int)"), None);
    }

    #[test]
    fn a_name_is_quoted_as_the_database_means_it_without_quotes() {
        let mut info = DialectInfo {
            name: "acme".into(),
            schemes: Vec::new(),
            lexical: LexicalRules::default(),
            quote: ('"', '"'),
            transactional_ddl: true,
            commits: Vec::new(),
            refused: Vec::new(),
        };
        assert_eq!(info.quoted("a\"b"), "\"a\"\"b\"");
        info.lexical.upper_case_names = true;
        assert_eq!([info.quoted("item_1"), info.quoted("Item")], ["\"ITEM_1\"", "\"Item\""]);
    }

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        let spec = ConnectSpec { url: "postgres://cms:secret@db/cms".into(), create: false };
        assert!(!format!("{spec:?}").contains("secret"));
    }
}
