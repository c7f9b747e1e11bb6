//! One open PostgreSQL database: its transaction, its locks, and what is said on the line.

use crate::bound::{self, Bound};
use crate::catalog;
use crate::exclusion;
use crate::fault::{self, Fault};
use crate::guard::{self, StatementKind};
use crate::line::{Answer, Line};
use crate::location::Location;
use crate::session::{self, Session};
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{Connection, Error, Rows, Schema, ServerInfo, Statement, Value};

/// An open database.
pub(crate) struct PgDatabase {
    line: Line,
    session: Session,
    rules: LexicalRules,
    transaction: Transaction,
    /// The names of the locks that it holds.
    locks: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    None,
    Open,
    /// A commit or the way back to a savepoint failed: nothing of it is kept.
    Lost,
}

impl PgDatabase {
    /// Opens the database.
    pub(crate) fn open(location: Location) -> Result<Self, Error> {
        let mut line = Line::open(location)?;
        let asked = line.send_each(&format!("{};\n{}", session::SET_UP, session::ASK));
        let asked = asked.map_err(|fault| fault.opening(line.location()))?;
        let session = Session::read(&asked.last().map(|answer| answer.rows.clone()).unwrap_or_default())?;
        Ok(Self { line, session, rules: LexicalRules::postgres(), transaction: Transaction::None, locks: Vec::new() })
    }

    /// Sends one statement. Inside a transaction what has succeeded is kept by a savepoint, so that a failure takes nothing
    /// back but itself.
    ///
    /// The savepoint is renewed behind the statement and not before it: of a message that can't be parsed nothing runs, and
    /// the savepoint would be the one before the last success. The search path is set back with it: a function may have
    /// changed it, and the ledger would be out of sight.
    fn send(&mut self, text: &str) -> Result<Answer, Fault> {
        if self.transaction != Transaction::Open {
            return self.line.send(text);
        }
        let path = &self.session.search_path;
        let kept =
            format!("{text}\n;SET LOCAL search_path TO {path}; RELEASE SAVEPOINT patchwright; SAVEPOINT patchwright");
        let sent = self.line.send(&kept);
        self.kept(sent)
    }

    /// Asks several questions that only read, and gives an answer for each. In a transaction the way back to the savepoint takes
    /// the setting back: without it the server would plan the questions anew each time.
    fn look(&mut self, questions: &str) -> Result<Vec<Rows>, Fault> {
        let is_open = self.transaction == Transaction::Open;
        let end = if is_open { "; ROLLBACK TO SAVEPOINT patchwright" } else { "" };
        let sent = self.line.send_each(&format!("SET LOCAL plan_cache_mode TO force_generic_plan; {questions}{end}"));
        let mut answers = self.kept(sent)?;
        if is_open {
            answers.pop();
        }
        Ok(answers.into_iter().skip(1).map(|answer| answer.rows).collect())
    }

    /// After a failure inside a transaction, goes back to where the last statement had succeeded.
    fn kept<T>(&mut self, sent: Result<T, Fault>) -> Result<T, Fault> {
        if sent.is_err() && self.transaction == Transaction::Open {
            let back = self.line.send("ROLLBACK TO SAVEPOINT patchwright");
            if back.is_err() {
                self.transaction = Transaction::Lost;
            }
        }
        sent
    }

    /// Asks something of the dialect's own.
    pub(crate) fn ask(&mut self, text: &str) -> Result<Rows, Error> {
        self.check_whole()?;
        self.send(text).map(|answer| answer.rows).map_err(Fault::into_error)
    }

    fn check_whole(&self) -> Result<(), Error> {
        if self.transaction == Transaction::Lost { Err(fault::transaction_lost()) } else { Ok(()) }
    }

    /// Checks a statement, sends it, and gives its kind and its answer.
    fn run(&mut self, statement: &Statement) -> Result<(StatementKind, Answer, Bound), Error> {
        self.check_whole()?;
        let examined = guard::examine(&statement.text, &self.rules, self.transaction == Transaction::Open)?;
        let bound = Bound::new(&examined.text, statement, &self.rules)?;
        match self.send(&bound.text) {
            Ok(answer) => Ok((examined.kind, answer, bound)),
            Err(fault) => Err(fault.at(statement, &bound)),
        }
    }

    fn query_unplaced(&mut self, statement: &Statement) -> Result<Rows, Error> {
        let (_, answer, bound) = self.run(statement)?;
        let mut rows = answer.rows;
        if rows.rows.is_empty() {
            let asked = self.line.columns(&bound.text);
            rows.columns = self.kept(asked).map_err(|fault| fault.at(statement, &bound))?;
        }
        Ok(rows)
    }

    /// Begins a transaction and tries to take the lock that keeps others out of theirs.
    ///
    /// The lock stands before the savepoint, or the first way back would let go of it. Reads see what others have committed
    /// before them, as the engine's questions about what is there must.
    fn try_begin(&mut self) -> Result<bool, Error> {
        let (key, path) = (exclusion::transaction_key(), &self.session.search_path);
        let text = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout TO '5s'; \
             SET LOCAL search_path TO {path}; SELECT pg_catalog.pg_try_advisory_xact_lock({key}); SAVEPOINT patchwright"
        );
        let begun = self.line.send(&text).map(|answer| is_yes(&answer.rows));
        if !matches!(begun, Ok(true)) {
            // Where the line is broken there is nothing to take back; else nothing has happened yet.
            let _ = self.line.send("ROLLBACK");
        }
        begun.map_err(Fault::into_error)
    }

    fn refusal(&mut self, key: &str) -> Error {
        match self.ask(&exclusion::ask_for_holder(key)) {
            Ok(holder) => exclusion::refusal(&holder),
            Err(error) => error,
        }
    }
}

impl Connection for PgDatabase {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        Ok(self.session.server.clone())
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        match self.run(statement) {
            Ok((StatementKind::Rows, answer, _)) => Ok(answer.touched),
            Ok((StatementKind::Other, ..)) => Ok(0),
            Err(error) => Err(statement.placed(error, None)),
        }
    }

    fn execute_all(&mut self, statements: &[Statement]) -> Result<(), Error> {
        if statements.is_empty() {
            return Ok(());
        }
        self.check_whole()?;
        let mut texts = Vec::with_capacity(statements.len());
        for statement in statements {
            let examined = guard::examine(&statement.text, &self.rules, self.transaction == Transaction::Open)?;
            texts.push(Bound::new(&examined.text, statement, &self.rules)?.text);
        }
        // A text may end in a comment.
        self.send(&texts.join("\n;\n")).map(drop).map_err(Fault::into_error)
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.query_unplaced(statement).map_err(|error| statement.placed(error, None))
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        if self.locks.iter().any(|held| held == name) {
            return Ok(());
        }
        let key = exclusion::key(name)?;
        let ask = format!("SELECT pg_catalog.pg_try_advisory_lock({key})");
        if !exclusion::persist(|| self.ask(&ask).map(|rows| is_yes(&rows)))? {
            return Err(self.refusal(&key));
        }
        self.locks.push(name.to_owned());
        Ok(())
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        let Some(at) = self.locks.iter().position(|held| held == name) else { return Ok(()) };
        let key = exclusion::key(name)?;
        self.locks.remove(at);
        self.ask(&format!("SELECT pg_catalog.pg_advisory_unlock({key})")).map(drop)
    }

    fn begin(&mut self) -> Result<(), Error> {
        if self.transaction != Transaction::None {
            return Err(Error::transaction_open());
        }
        if !exclusion::persist(|| self.try_begin())? {
            return Err(self.refusal(&exclusion::transaction_key()));
        }
        self.transaction = Transaction::Open;
        Ok(())
    }

    /// PostgreSQL answers the COMMIT of a transaction that has failed by rolling it back, without an error: the statement
    /// before it would fail then. It gives the session the search path that it began with, too.
    fn commit(&mut self) -> Result<(), Error> {
        match self.transaction {
            Transaction::None => return Err(Error::no_transaction()),
            Transaction::Lost => return Err(fault::transaction_lost()),
            Transaction::Open => {}
        }
        let sent = self.line.send(&format!("SET SESSION search_path TO {}; COMMIT", self.session.search_path));
        self.transaction = if sent.is_ok() { Transaction::None } else { Transaction::Lost };
        sent.map(drop).map_err(Fault::into_error)
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        if self.transaction == Transaction::None {
            return Ok(());
        }
        self.transaction = Transaction::None;
        let sent = self.line.send("ROLLBACK");
        if sent.is_err() {
            // A line in an unknown state must not run another statement.
            self.line.close();
        }
        sent.map(drop).map_err(Fault::into_error)
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        if name.contains('\0') {
            return Ok(false);
        }
        let name = bound::quoted(name)?;
        let rows = self.ask(&format!(
            "SELECT 1 FROM pg_catalog.pg_class WHERE relname = {name}::text AND relkind IN ('r', 'p', 'v', 'm', 'f') \
             AND pg_catalog.pg_table_is_visible(oid) LIMIT 1"
        ))?;
        Ok(!rows.rows.is_empty())
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        self.check_whole()?;
        catalog::read(names, |questions| match self.look(questions) {
            Err(fault) if fault.is_unprepared() => {
                self.send(&catalog::preparation()).and_then(|_| self.look(questions)).map_err(Fault::into_error)
            }
            looked => looked.map_err(Fault::into_error),
        })
    }
}

fn is_yes(rows: &Rows) -> bool {
    rows.scalar().and_then(Value::as_integer) == Some(1)
}
