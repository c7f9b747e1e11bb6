//! The few verbs that change a site. All that steps and scripts do comes down to these.

use crate::change::{Change, Rendered, Standing};
use crate::dialect::Statement;
use crate::error::{Error, ErrorKind};
use crate::patcher::NewPatcher;
use crate::path::SitePath;
use crate::site::SiteView;
use crate::web::{WebAnswer, WebRequest};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The site, to be changed: the rehearsal's picture of it or the journaled site itself, a step can't tell which.
///
/// Directories above a path that is written are made where they are missing. What is done is seen at once by everything
/// that comes after it, and is in force only when the whole patch is.
pub trait SiteEditor: SiteView {
    /// This site, to be looked at.
    fn view(&self) -> &dyn SiteView;

    /// Puts `bytes` at the path, as a new file or in place of an old one. `mode` holds permission bits; `None` keeps the
    /// old file's, or gives a new one 0644.
    ///
    /// # Errors
    /// When something other than a file stands there, or a directory above is not one.
    fn write(&mut self, path: &SitePath, bytes: &[u8], mode: Option<u32>) -> Result<(), Error>;

    /// Puts a member of the patch's archive at the path, without a copy through memory. Otherwise as
    /// [`SiteEditor::write`].
    ///
    /// # Errors
    /// As [`SiteEditor::write`], and when the archive has no such member.
    fn install(&mut self, payload: &str, path: &SitePath, mode: Option<u32>) -> Result<(), Error>;

    /// Removes a file, or a directory that is empty.
    ///
    /// # Errors
    /// When nothing stands there, or the directory is not empty.
    fn remove(&mut self, path: &SitePath) -> Result<(), Error>;

    /// Gives a file or directory other permission bits.
    ///
    /// # Errors
    /// When nothing stands there.
    fn set_mode(&mut self, path: &SitePath, mode: u32) -> Result<(), Error>;

    /// Makes a directory with these permission bits. One that is there already is left as it is.
    ///
    /// # Errors
    /// When something else stands there.
    fn make_dir(&mut self, path: &SitePath, mode: u32) -> Result<(), Error>;

    /// Runs one statement that changes the database, and gives the number of rows that it touched.
    ///
    /// `inverse` takes it back when the patch is rolled back later: `None` if nobody knows how, empty if there is
    /// nothing to take back. The engine owns the transaction; a statement that begins or ends one is refused.
    ///
    /// # Errors
    /// When the statement is refused, or the database fails it.
    fn execute(&mut self, statement: &Statement, inverse: Option<Vec<Inverse>>) -> Result<u64, Error>;

    /// Makes a portable change, unless the database is as the change wants it already.
    ///
    /// # Errors
    /// When the database holds something else in its place, the dialect can't do it, or the database fails it.
    fn change(&mut self, change: &Change) -> Result<(), Error> {
        let rendered = self.view().rendered(change)?;
        rendered.make(change, |statement, inverse| self.execute(statement, inverse).map(drop))
    }

    /// Notes something for the report of the patch: what the operator is to know or to do once it is in force. It is shown with the
    /// plan, kept in the ledger, and goes when the patch is taken back.
    ///
    /// # Errors
    /// When there is no patch to report on.
    fn note(&mut self, text: &str) -> Result<(), Error>;

    /// Runs a command that the site's owner lets patches run, and gives what it said. Nothing takes back what it does, so it can be run
    /// only once the patch is in force, in [`Step::after`](crate::Step::after).
    ///
    /// # Errors
    /// When the owner grants no such command, it fails, or the patch is not in force yet.
    fn run_command(&mut self, name: &str) -> Result<String, Error> {
        Err(too_early_for(&format!("run the command {name}")))
    }

    /// Asks an address of an origin that the site's owner lets patches reach, and gives what it answered; any status is an answer. What a
    /// request has done nothing takes back, and what is answered is another each time, so it can be made only once the patch is in
    /// force, in [`Step::after`](crate::Step::after).
    ///
    /// # Errors
    /// When the owner grants no such origin, nobody answers in time, or the patch is not in force yet.
    fn request(&mut self, request: &WebRequest) -> Result<WebAnswer, Error> {
        Err(too_early_for(&format!("ask {}", request.url)))
    }

    /// Has a new program take the patcher's place once the patch is in force, or new plugins that of its plugins; it then goes on with the
    /// plan. The operator is asked. A program that is not newer than the patcher is left where it is, and so are plugins that it has.
    ///
    /// # Errors
    /// When the archive has no such members, the patch replaces the patcher twice, or this site's patcher is not replaced by patches.
    fn replace_patcher(&mut self, new: &NewPatcher) -> Result<(), Error> {
        Err(not_replaced(new))
    }
}

/// Why the patcher of this site can't be replaced by a patch.
pub fn not_replaced(by: &NewPatcher) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the patcher can't be replaced by {by} here: this program is another one"),
    )
    .hint("apply the patch with the patchwright command, or leave this out of it")
}

/// Why something beyond the site can't be done before the patch is in force.
pub fn too_early_for(deed: &str) -> Error {
    Error::refused(format!("can't {deed} before the patch is in force"))
        .hint("nothing takes back what that does: do it in after()")
}

impl Rendered {
    /// Makes the change by executing its statements one after the other, each with what takes it back.
    ///
    /// # Errors
    /// When it can't be made on this database, or a statement fails.
    pub fn make(
        self,
        change: &Change,
        mut execute: impl FnMut(&Statement, Option<Vec<Inverse>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if let Standing::Impossible(why) = self.standing {
            return Err(Error::conflict(format!("can't {change}: {why}")));
        }
        // What takes the change back takes back all its statements, so it stands with the first.
        let mut inverse = self
            .inverse
            .map(|changes| changes.into_iter().map(|change| Inverse::Change(Box::new(change))).collect::<Vec<_>>());
        let total = self.statements.len();
        for (at, statement) in self.statements.iter().enumerate() {
            let taken = inverse.as_mut().map(std::mem::take);
            execute(statement, taken)
                .map_err(|error| error.while_doing(format!("can't {change}, statement {} of {total}", at + 1)))?;
        }
        Ok(())
    }
}

/// What takes a statement back when its patch is rolled back later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Inverse {
    /// Another statement, as the patch's author wrote it.
    Statement(Statement),
    /// A portable change: it is rendered when it is needed, for the table as it is then.
    Change(Box<Change>),
}

impl fmt::Display for Inverse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement(statement) => f.write_str(&statement.text),
            Self::Change(change) => write!(f, "{change}"),
        }
    }
}
