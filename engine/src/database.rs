//! The one open line to the site's database, and what may be said on it.

use patchwright_hooks_api::change::{self, Change, Rendered, Standing};
use patchwright_hooks_api::statements::{first_keywords, transaction_control};
use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, DialectInfo, Error, Inverse, Rows, Statement};
use std::cell::RefCell;
use std::sync::Arc;

/// First keywords of statements that only read. PRAGMA and EXPLAIN are not among them: some forms of both change things.
const READING: [&str; 4] = ["SELECT", "VALUES", "SHOW", "DESCRIBE"];
/// Words that make a statement change the database although it begins with WITH.
const CHANGING: [&str; 5] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"];

/// The site's database: one connection, one transaction at a time.
pub struct Database {
    dialect: Arc<dyn Dialect>,
    info: DialectInfo,
    spec: ConnectSpec,
    connection: RefCell<Box<dyn Connection>>,
}

impl Database {
    /// Opens the line.
    ///
    /// # Errors
    /// When the database can't be reached or refuses.
    pub fn connect(dialect: Arc<dyn Dialect>, spec: ConnectSpec) -> Result<Self, Error> {
        let connection = RefCell::new(dialect.connect(&spec)?);
        Ok(Self { info: dialect.info(), dialect, spec, connection })
    }

    /// What is so of every database of this kind.
    pub fn info(&self) -> &DialectInfo {
        &self.info
    }

    /// The product and version at the other end, such as `SQLite 3.50.4`.
    ///
    /// # Errors
    /// When the line is broken.
    pub fn server(&self) -> Result<String, Error> {
        let server = self.connection.borrow_mut().server()?;
        Ok(format!("{} {}", server.product, server.version))
    }

    /// Another line to the same database: to ask how a transaction ended when this one is broken.
    ///
    /// # Errors
    /// When the database can't be reached.
    pub fn reconnect(&self) -> Result<Self, Error> {
        Self::connect(self.dialect.clone(), self.spec.clone())
    }

    /// Runs a statement of the engine's own.
    ///
    /// # Errors
    /// When the database refuses it.
    pub fn execute(&self, statement: &Statement) -> Result<u64, Error> {
        self.connection.borrow_mut().execute(statement)
    }

    /// Runs a query of the engine's own.
    ///
    /// # Errors
    /// When the database refuses it.
    pub fn query(&self, statement: &Statement) -> Result<Rows, Error> {
        self.connection.borrow_mut().query(statement)
    }

    /// Runs a statement that a patch brings.
    ///
    /// # Errors
    /// When it would begin or end a transaction or reach beyond the site's database, or the database refuses it.
    pub fn execute_for_patch(&self, statement: &Statement) -> Result<u64, Error> {
        if let Some(words) = transaction_control(&statement.text, &self.info.lexical) {
            return Err(refused(words, statement).hint("a patch is one transaction, which the engine begins and ends"));
        }
        if let Some(words) = self.info.refuses(&statement.text) {
            return Err(refused(words, statement).hint(format!(
                "{} can't take {words} back, or it reaches beyond the site's own database",
                self.info.name
            )));
        }
        self.execute(statement)
    }

    /// What a portable change comes to on this database, as it is now. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be asked, or the dialect can't do the change.
    pub fn rendered(&self, change: &Change) -> Result<Rendered, Error> {
        change::rendered(change, self.dialect.as_ref(), self.connection.borrow_mut().as_mut())
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
        let rendered = self.rendered(change)?;
        if let Standing::Impossible(why) = rendered.standing {
            return Err(Error::conflict(format!("can't {change}: {why}")));
        }
        rendered.statements.iter().try_for_each(|statement| self.execute_for_patch(statement).map(drop))
    }

    /// Runs a query that a patch brings.
    ///
    /// # Errors
    /// When it is not one that only reads, or the database refuses it.
    pub fn query_for_patch(&self, statement: &Statement) -> Result<Rows, Error> {
        let keywords = first_keywords(&statement.text, &self.info.lexical);
        let word = keywords.into_iter().next().unwrap_or_default();
        if !only_reads(&word, &statement.text) {
            return Err(refused(&word, statement).hint("a query only reads; what changes the database is executed"));
        }
        self.query(statement)
    }

    /// Begins the transaction.
    ///
    /// # Errors
    /// When another holds the database.
    pub fn begin(&self) -> Result<(), Error> {
        self.connection.borrow_mut().begin()
    }

    /// Commits it.
    ///
    /// # Errors
    /// When it failed, or nobody knows whether it came through.
    pub fn commit(&self) -> Result<(), Error> {
        self.connection.borrow_mut().commit()
    }

    /// Takes it back.
    ///
    /// # Errors
    /// When the line is broken; the database then takes it back by itself.
    pub fn roll_back(&self) -> Result<(), Error> {
        self.connection.borrow_mut().roll_back()
    }

    /// Whether a table or view of that name exists.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub fn has_table(&self, name: &str) -> Result<bool, Error> {
        self.connection.borrow_mut().has_table(name)
    }
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
