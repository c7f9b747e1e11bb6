//! The lock that keeps other engines away from a database, on the line on which everything is executed.

use super::{Database, no_line};
use patchwright_hooks_api::{Error, ErrorKind};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How often who waits for the lock is asked whether to go on.
const INTERVAL: Duration = Duration::from_millis(50);

/// Keeps every other engine away from the database while it lives. The lock is the connection's: it dies with its holder.
#[must_use = "the lock is given back when this is dropped"]
pub struct DatabaseLock<'a>(&'a Database);

impl Drop for DatabaseLock<'_> {
    fn drop(&mut self) {
        if let Some(name) = self.0.locked.take() {
            // A line that is broken has lost its lock with it.
            let _ = self.0.line().and_then(|mut line| line.unlock(&name));
        }
    }
}

impl Database {
    /// Keeps every other engine away from this database, on the line on which everything is executed.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] when another engine has it, with who it is.
    pub fn lock(&self, name: &str) -> Result<DatabaseLock<'_>, Error> {
        self.line()?.lock(name)?;
        Ok(self.held(name))
    }

    /// As [`Database::lock`], for who may be called off while a server is asked for the lock, which takes seconds where another
    /// engine has it. The line is then given up, and with it what it may get yet.
    ///
    /// # Errors
    /// As [`Database::lock`]; [`ErrorKind::Cancelled`] when it was called off.
    pub fn lock_unless(&self, name: &str, called_off: &dyn Fn() -> bool) -> Result<DatabaseLock<'_>, Error> {
        let mut line = self.line.take().ok_or_else(no_line)?;
        let (give, given) = mpsc::channel();
        let wanted = name.to_owned();
        thread::spawn(move || {
            let locked = line.lock(&wanted);
            // Nobody takes it who was called off.
            let _ = give.send((line, locked));
        });
        let (line, locked) = loop {
            match given.recv_timeout(INTERVAL) {
                Ok(answer) => break answer,
                Err(RecvTimeoutError::Timeout) if called_off() => {
                    return Err(Error::new(ErrorKind::Cancelled, "called off while another engine has the database"));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(ErrorKind::Internal, "the dialect failed while it was asked for its lock"));
                }
            }
        };
        self.line.replace(Some(line));
        locked?;
        Ok(self.held(name))
    }

    fn held(&self, name: &str) -> DatabaseLock<'_> {
        self.locked.replace(Some(name.to_owned()));
        DatabaseLock(self)
    }
}
