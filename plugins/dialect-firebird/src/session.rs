//! One attachment to a Firebird server, on which several transactions may be open at once.

use crate::location::Location;
use patchwright_hooks_api::{Statement, Value};
use rsfbclient_core::charset::UTF_8;
use rsfbclient_core::{
    Column, Dialect, FbError, FirebirdClientDbOps, FirebirdClientSqlOps, FreeStmtOp, SqlType, StmtType,
    TrDataAccessMode, TrIsolationLevel, TrLockResolution, TrOp, TrRecordVersion, TransactionConfiguration,
};
use rsfbclient_rust::{DbHandle, RustFbClient, TrHandle};

/// How long a writer waits for another one, in seconds: long enough for any request of a web site, short enough for an operator.
const WAIT_SECONDS: u32 = 10;
/// The page size of a database that is made: room for an index on 255 characters of four bytes.
const PAGE_SIZE: u32 = 8192;

/// An attachment.
pub(crate) struct Session {
    client: RustFbClient,
    database: DbHandle,
}

/// A transaction of a session.
pub(crate) type Transaction = TrHandle;

/// How a transaction sees others.
#[derive(Clone, Copy)]
pub(crate) enum Isolation {
    /// It sees one state of the database, and fails rather than write over a change that it has not seen.
    Snapshot,
    /// It sees what was committed last.
    Newest,
    /// As `Newest`, and it waits for nobody.
    Impatient,
}

/// What a statement gave.
pub(crate) struct Ran {
    /// How many rows it touched.
    pub touched: u64,
    /// Its rows, if it was asked for them.
    pub rows: Vec<Vec<Column>>,
}

/// What becomes of the rows of a statement.
pub(crate) enum Wanted<'a> {
    /// Nobody wants them.
    Nothing,
    /// Each is handed over; an error ends the statement.
    Rows(&'a mut dyn FnMut(&[Column]) -> Result<(), FbError>),
}

impl Session {
    /// Attaches to a database.
    pub(crate) fn attach(location: &Location) -> Result<Self, FbError> {
        let mut client = RustFbClient::new(UTF_8);
        let database = client.attach_database(location.config(), Dialect::D3, false)?;
        Ok(Self { client, database })
    }

    /// Makes a database, and attaches to it.
    pub(crate) fn create(location: &Location) -> Result<Self, FbError> {
        let mut client = RustFbClient::new(UTF_8);
        let database = client.create_database(location.config(), Some(PAGE_SIZE), Dialect::D3)?;
        let mut session = Self { client, database };
        session.alone(|session, transaction| {
            let charset = Statement::new("ALTER DATABASE SET DEFAULT CHARACTER SET UTF8");
            session.run(transaction, &charset, &[], false, Wanted::Nothing)
        })?;
        Ok(session)
    }

    /// Begins a transaction.
    pub(crate) fn begin(&mut self, isolation: Isolation) -> Result<Transaction, FbError> {
        let newest = TrIsolationLevel::ReadCommited(TrRecordVersion::RecordVersion);
        let (isolation, lock_resolution) = match isolation {
            Isolation::Snapshot => (TrIsolationLevel::Concurrency, TrLockResolution::Wait(Some(WAIT_SECONDS))),
            Isolation::Newest => (newest, TrLockResolution::Wait(Some(WAIT_SECONDS))),
            Isolation::Impatient => (newest, TrLockResolution::NoWait),
        };
        let data_access = TrDataAccessMode::ReadWrite;
        self.client
            .begin_transaction(&mut self.database, TransactionConfiguration { data_access, isolation, lock_resolution })
    }

    /// Commits a transaction.
    pub(crate) fn commit(&mut self, mut transaction: Transaction) -> Result<(), FbError> {
        self.client.transaction_operation(&mut transaction, TrOp::Commit)
    }

    /// Takes a transaction back.
    pub(crate) fn roll_back(&mut self, mut transaction: Transaction) -> Result<(), FbError> {
        self.client.transaction_operation(&mut transaction, TrOp::Rollback)
    }

    /// Does something in a transaction of its own, which is committed if it went well.
    pub(crate) fn alone<T>(
        &mut self,
        act: impl FnOnce(&mut Self, &mut Transaction) -> Result<T, FbError>,
    ) -> Result<T, FbError> {
        let mut transaction = self.begin(Isolation::Newest)?;
        match act(self, &mut transaction) {
            Ok(value) => self.commit(transaction).map(|()| value),
            Err(error) => {
                // The first error is the one to tell; a line that is broken fails here too.
                let _ = self.roll_back(transaction);
                Err(error)
            }
        }
    }

    /// Runs one statement. One that commits by itself is refused where others share the transaction.
    pub(crate) fn run(
        &mut self,
        transaction: &mut Transaction,
        statement: &Statement,
        parameters: &[SqlType],
        shared: bool,
        wanted: Wanted<'_>,
    ) -> Result<Ran, FbError> {
        let (kind, mut handle) =
            self.client.prepare_statement(&mut self.database, transaction, Dialect::D3, &statement.text)?;
        let ran = match kind {
            StmtType::Ddl | StmtType::SetGenerator if shared => Err(FbError::Other(COMMITS_BY_ITSELF.to_owned())),
            StmtType::StartTrans | StmtType::Commit | StmtType::Rollback | StmtType::Savepoint => {
                Err(FbError::Other("transactions are begun and ended by the engine".to_owned()))
            }
            // Its one row comes with the reply.
            StmtType::ExecProcedure if matches!(wanted, Wanted::Rows(_)) => self
                .client
                .execute2(&mut self.database, transaction, &mut handle, parameters.to_vec())
                .map(|row| Ran { touched: 0, rows: if row.is_empty() { Vec::new() } else { vec![row] } }),
            _ => self.execute(transaction, kind, &mut handle, parameters, wanted),
        };
        // The server hears of it with the next request; a line that is broken has lost the statement as well.
        let _ = self.client.free_statement(&mut handle, FreeStmtOp::Drop);
        ran
    }

    fn execute(
        &mut self,
        transaction: &mut Transaction,
        kind: StmtType,
        handle: &mut <RustFbClient as FirebirdClientSqlOps>::StmtHandle,
        parameters: &[SqlType],
        wanted: Wanted<'_>,
    ) -> Result<Ran, FbError> {
        let touched = self.client.execute(&mut self.database, transaction, handle, parameters.to_vec())?;
        let mut ran = Ran { touched: touched as u64, rows: Vec::new() };
        if let (Wanted::Rows(each), StmtType::Select | StmtType::SelectForUpd) = (wanted, kind) {
            while let Some(row) = self.client.fetch(&mut self.database, transaction, handle)? {
                each(&row)?;
                ran.rows.push(row);
            }
        }
        Ok(ran)
    }

    /// The attachment's own rows of a query that holds no value to be blurred: for questions of this plugin itself.
    pub(crate) fn ask(
        &mut self,
        transaction: &mut Transaction,
        text: &str,
        parameters: &[Value],
    ) -> Result<Vec<Vec<Value>>, FbError> {
        let parameters = crate::values::parameters(parameters).map_err(|error| FbError::Other(error.message))?;
        let ran = self.run(transaction, &Statement::new(text), &parameters, true, Wanted::Rows(&mut |_| Ok(())))?;
        Ok(ran.rows.into_iter().map(|row| row.into_iter().map(crate::values::value).collect()).collect())
    }

    /// Drops the database.
    pub(crate) fn drop_database(&mut self) -> Result<(), FbError> {
        self.client.drop_database(&mut self.database)
    }

    /// Leaves the database; the server takes back what is open.
    pub(crate) fn detach(&mut self) {
        // A line that is broken is left already.
        let _ = self.client.detach_database(&mut self.database);
    }
}

/// What a statement is answered with that can't share a transaction.
pub(crate) const COMMITS_BY_ITSELF: &str = "it commits by itself";
