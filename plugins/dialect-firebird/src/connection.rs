//! One open Firebird database.

use crate::exclusion::Exclusion;
use crate::location::Location;
use crate::session::{COMMITS_BY_ITSELF, Isolation, Ran, Session, Transaction, Wanted};
use crate::{catalog, fault, guard, query, values};
use patchwright_hooks_api::statements::LexicalRules;
use patchwright_hooks_api::{Canceller, Connection, Error, ErrorKind, Rows, Schema, ServerInfo, Statement, Value};
use rsfbclient_core::{FbError, SqlType};
use std::sync::Arc;

/// An open database, its transaction, and the lock beside it.
pub(crate) struct FirebirdConnection {
    location: Location,
    session: Session,
    rules: LexicalRules,
    transaction: Option<Transaction>,
    exclusion: Option<Exclusion>,
    /// The server's number of the attachment (`CURRENT_CONNECTION`).
    number: i64,
}

impl FirebirdConnection {
    /// Opens the database; with `create` it is made if it is not there.
    pub(crate) fn open(location: &Location, create: bool) -> Result<Self, Error> {
        let attached = match Session::attach(location) {
            Err(missing) if create && fault::is_missing(&missing) => Session::create(location),
            other => other,
        };
        let of = |error: FbError| fault::error(&error).while_doing(format!("the database {}", location.shown()));
        let mut session = attached.map_err(of)?;
        let number = session.alone(|session, transaction| {
            let rows = session.ask(transaction, "SELECT CURRENT_CONNECTION FROM RDB$DATABASE", &[])?;
            Ok(rows.first().and_then(|row| row.first()?.as_integer()).unwrap_or_default())
        });
        let number = number.map_err(of)?;
        Ok(Self {
            location: location.clone(),
            session,
            rules: crate::rules(),
            transaction: None,
            exclusion: None,
            number,
        })
    }

    /// Does something in the open transaction, or else in one of its own. `shared` says which.
    fn within<T>(
        &mut self,
        act: impl FnOnce(&mut Session, &mut Transaction, bool) -> Result<T, FbError>,
    ) -> Result<T, FbError> {
        match &mut self.transaction {
            Some(transaction) => act(&mut self.session, transaction, true),
            None => self.session.alone(|session, transaction| act(session, transaction, false)),
        }
    }

    fn checked(&self, statement: &Statement) -> Result<Vec<SqlType>, Error> {
        guard::examine(&statement.text, &self.rules)
            .and_then(|()| values::parameters(&statement.parameters))
            .map_err(|error| statement.placed(error, None))
    }

    fn ask(&mut self, text: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>, Error> {
        self.within(|session, transaction, _| session.ask(transaction, text, parameters))
            .map_err(|error| fault::error(&error))
    }
}

impl Connection for FirebirdConnection {
    fn server(&mut self) -> Result<ServerInfo, Error> {
        let rows = self.ask("SELECT RDB$GET_CONTEXT('SYSTEM', 'ENGINE_VERSION') FROM RDB$DATABASE", &[])?;
        let version = rows.first().and_then(|row| row.first()?.as_text()).unwrap_or("unknown").to_owned();
        Ok(ServerInfo { product: "Firebird".to_owned(), version })
    }

    fn execute(&mut self, statement: &Statement) -> Result<u64, Error> {
        let parameters = self.checked(statement)?;
        let ran = self.within(|session, transaction, shared| {
            session.run(transaction, statement, &parameters, shared, Wanted::Nothing)
        });
        ran.map(|Ran { touched, .. }| touched).map_err(|error| told(&error, statement))
    }

    fn query(&mut self, statement: &Statement) -> Result<Rows, Error> {
        let parameters = self.checked(statement)?;
        let rows = self
            .within(|session, transaction, shared| query::rows(session, transaction, statement, &parameters, shared));
        rows.map_err(|error| told(&error, statement))
    }

    fn lock(&mut self, name: &str) -> Result<(), Error> {
        if let Some(held) = &self.exclusion {
            return if held.is_of(name) {
                Ok(())
            } else {
                Err(Error::new(ErrorKind::Internal, "this connection holds another lock already"))
            };
        }
        self.exclusion = Some(Exclusion::take(&mut self.session, name)?);
        Ok(())
    }

    fn unlock(&mut self, name: &str) -> Result<(), Error> {
        match self.exclusion.take_if(|held| held.is_of(name)) {
            Some(held) => held.give_back(&mut self.session),
            None => Ok(()),
        }
    }

    /// A snapshot fails rather than write over what another has committed since.
    fn begin(&mut self) -> Result<(), Error> {
        if self.transaction.is_some() {
            return Err(Error::transaction_open());
        }
        self.transaction = Some(self.session.begin(Isolation::Snapshot).map_err(|error| fault::error(&error))?);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        let transaction = self.transaction.ok_or_else(Error::no_transaction)?;
        self.session.commit(transaction).map_err(|error| fault::error(&error))?;
        self.transaction = None;
        Ok(())
    }

    fn roll_back(&mut self) -> Result<(), Error> {
        match self.transaction.take() {
            Some(transaction) => self.session.roll_back(transaction).map_err(|error| fault::error(&error)),
            None => Ok(()),
        }
    }

    fn has_table(&mut self, name: &str) -> Result<bool, Error> {
        let text =
            "SELECT FIRST 1 1 FROM RDB$RELATIONS WHERE RDB$SYSTEM_FLAG = 0 AND UPPER(TRIM(RDB$RELATION_NAME)) = ?";
        // A name that Firebird could not have is the name of nothing; compared with one it would be an error.
        if crate::names::check(name).is_err() {
            return Ok(false);
        }
        Ok(!self.ask(text, &[name.to_uppercase().into()])?.is_empty())
    }

    /// Asks the server, on a line of its own, to end what this one is doing.
    fn canceller(&mut self) -> Option<Canceller> {
        let (location, number) = (self.location.clone(), self.number);
        Some(Arc::new(move || {
            let mut session = Session::attach(&location).map_err(|error| fault::error(&error))?;
            let ended = session.alone(|session, transaction| {
                let text = "DELETE FROM MON$STATEMENTS WHERE MON$ATTACHMENT_ID = ? AND MON$STATE = 1";
                let parameters = [SqlType::Integer(number)];
                session.run(transaction, &Statement::new(text), &parameters, false, Wanted::Nothing)
            });
            session.detach();
            ended.map(drop).map_err(|error| fault::error(&error))
        }))
    }

    fn introspect(&mut self, names: Option<&[&str]>) -> Result<Schema, Error> {
        self.within(|session, transaction, _| catalog::schema(session, transaction, names))
            .map_err(|error| fault::error(&error))
    }
}

fn told(error: &FbError, statement: &Statement) -> Error {
    match error {
        FbError::Other(message) if message == COMMITS_BY_ITSELF => statement.placed(fault::commits_by_itself(), None),
        FbError::Other(message) if message == query::TOO_LARGE => {
            let error =
                Error::new(ErrorKind::Limit, format!("the query gives more than {} bytes", query::MAX_RESULT_BYTES));
            statement.placed(error.hint("ask for fewer rows or columns at a time"), None)
        }
        _ => fault::statement_error(error, statement),
    }
}

impl Drop for FirebirdConnection {
    fn drop(&mut self) {
        // The server takes back what is open by itself; if it can't be told, it has noticed.
        let _ = self.roll_back();
        if let Some(held) = self.exclusion.take() {
            let _ = held.give_back(&mut self.session);
        }
        self.session.detach();
    }
}
